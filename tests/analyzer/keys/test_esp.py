"""ESP with keys: what the forge sealed, the vector of an RFC, and what does not fit."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode import esp as packets
from analyzer.decode.decoder import Decoder
from analyzer.decode.esp import Layout, Refused
from analyzer.keys import esp
from analyzer.keys.keyring import EspSa
from sample_pcaps import forge_esp
from sample_pcaps.forge import tcp, udp
from sample_pcaps.forge_esp import Sa

UE, CSCF = "10.0.0.1", "10.0.0.2"
SPI = 0x10001
CK, IK = bytes(range(0x10, 0x20)), bytes(range(0x20, 0x30))
CK3 = CK + CK[:8]
SALT = b"\xca\xfe\xba\xbe"
SIP = b"OPTIONS sip:cscf SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"

# How the forge seals, what the keyring says, and what the facts say
SUITES = {
    "md5": (Sa(SPI, mac="md5", mac_key=IK), ("null", b"", "hmac-md5-96", IK), "NULL encryption, HMAC-MD5-96 verified"),
    "sha1": (
        Sa(SPI, mac="sha1", mac_key=IK + bytes(4)),
        ("null", b"", "hmac-sha-1-96", IK + bytes(4)),
        "NULL encryption, HMAC-SHA-1-96 verified",
    ),
    "gmac": (
        Sa(SPI, mac="gmac", mac_key=IK + SALT),
        ("null", b"", "aes-gmac", IK + SALT),
        "NULL encryption, AES-GMAC verified",
    ),
    "nothing": (Sa(SPI), ("null", b"", "null", b""), "NULL encryption, no ICV"),
    "aes md5": (
        Sa(SPI, "aes-cbc", CK, "md5", IK),
        ("aes-cbc", CK, "hmac-md5-96", IK),
        "AES-CBC, HMAC-MD5-96 verified",
    ),
    "aes-256": (
        Sa(SPI, "aes-cbc", CK + IK, "sha1", IK),
        ("aes-cbc", CK + IK, "hmac-sha-1-96", IK),
        "AES-CBC, HMAC-SHA-1-96 verified",
    ),
    "3des sha1": (
        Sa(SPI, "des-ede3-cbc", CK3, "sha1", IK + bytes(4)),
        ("des-ede3-cbc", CK3, "hmac-sha-1-96", IK + bytes(4)),
        "DES-EDE3-CBC, HMAC-SHA-1-96 verified",
    ),
    "gcm": (Sa(SPI, "aes-gcm", CK + SALT), ("aes-gcm", CK + SALT, "null", b""), "AES-GCM verified"),
    "aes alone": (Sa(SPI, "aes-cbc", CK), ("aes-cbc", CK, "null", b""), "AES-CBC, no ICV"),
}  # fmt: skip
suites = pytest.mark.parametrize("name", SUITES)


def made(name, **changes):
    """One packet of a suite, and the association that the keyring has for it."""
    sa, entry, how = SUITES[name]
    packet = forge_esp.esp(sa, 1, *forge_esp.inner(udp(UE, 5100, CSCF, 6100, SIP)))
    encryption, encryption_key, integrity, integrity_key = entry
    keys = {"encryption_key": encryption_key, "integrity_key": integrity_key} | changes
    return packet, EspSa(SPI, encryption=encryption, integrity=integrity, **keys), how


@suites
def test_each_suite_opens(name):
    packet, sa, how = made(name)
    plain = esp.open_packet(sa, UE, CSCF, packet)
    assert plain is not None
    assert (plain.protocol, plain.data[8:], plain.how) == (17, SIP, how)
    assert (plain.layout is None) == (sa.encryption != "null")
    assert plain.layout in (None, *packets.LAYOUTS)


@pytest.mark.parametrize(
    ("name", "which"),
    [
        (name, which)
        for name in SUITES
        for which in ("encryption_key", "integrity_key")
        if getattr(made(name)[1], which)
    ],
)
def test_a_wrong_key_opens_nothing(name, which):
    packet, sa, _ = made(name)
    key = getattr(sa, which)
    _, wrong, _ = made(name, **{which: bytes([key[0] ^ 2]) + key[1:]})
    assert esp.open_packet(wrong, UE, CSCF, packet) is None


def test_the_salt_counts():
    for name, which in (("gcm", "encryption_key"), ("gmac", "integrity_key")):
        key = getattr(made(name)[1], which)
        packet, sa, _ = made(name, **{which: key[:-4] + b"salt"})
        assert esp.open_packet(sa, UE, CSCF, packet) is None


@suites
def test_cut_at_every_octet(name):
    packet, sa, _ = made(name)
    for end in range(10, len(packet)):
        assert esp.open_packet(sa, UE, CSCF, packet[:end]) is None


@suites
def test_flipped_at_every_octet(name):
    packet, sa, _ = made(name)
    for at in range(8, len(packet)):
        plain = esp.open_packet(sa, UE, CSCF, packet[:at] + bytes([packet[at] ^ 0x80]) + packet[at + 1 :])
        if "verified" in made(name)[2]:
            assert plain is None
        elif plain is not None:  # without an ICV a change of what is carried goes through, never one of its frame
            assert len(plain.data) == len(SIP) + 8


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SUITES)), st.binary(min_size=10, max_size=100))
def test_no_octets_raise_or_open(name, octets):
    assert esp.open_packet(made(name)[1], UE, CSCF, octets) is None


def test_keys_as_aka_makes_them():
    # TS 33.203 Annex I: IK || 32 zero bits, CK1 || CK2 || CK1
    packet, sa, _ = made("3des sha1", encryption_key=CK, integrity_key=IK)
    plain = esp.open_packet(sa, UE, CSCF, packet)
    assert plain is not None
    assert plain.data[8:] == SIP


def test_the_packet_of_rfc_3602():
    # RFC 3602 4, case 5: a ping in transport mode
    packet = bytes.fromhex(
        "0000432100000001e96e8c08ab465763fd098d45dd3ff893"
        "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db080b59ec3a8e4b7e52"
        "775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6"
    )
    sa = EspSa(0x4321, encryption="aes-cbc", encryption_key=bytes.fromhex("90d382b410eeba7ad938c46cec1a82bf"))
    clear = esp.decrypt(sa, packet)
    assert clear is not None
    assert packets.strip(packet[:8] + clear, Layout(0, 0)) == (
        1,
        bytes.fromhex(
            "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
            "202122232425262728292a2b2c2d2e2f3031323334353637"
        ),
    )


@pytest.mark.parametrize(
    ("encryption", "key", "body"),
    [("aes-cbc", CK, 16), ("aes-cbc", CK, 33), ("des-ede3-cbc", CK3, 8), ("aes-gcm", CK + SALT, 23), ("aes-gcm", CK + SALT, 0)],
)  # fmt: skip
def test_bodies_that_are_no_ciphertext(encryption, key, body):
    assert esp.decrypt(EspSa(1, encryption=encryption, encryption_key=key), bytes(8 + body)) is None


def test_the_association_is_chosen_by_spi_and_addresses_and_then_by_what_fits():
    packet, right, how = made("aes md5")
    wrong = EspSa(SPI, integrity="hmac-md5-96", integrity_key=CK)
    other = EspSa(SPI, "10.9.9.9", None, right.encryption, CK, right.integrity, IK)
    assert esp.opener([])(UE, CSCF, packet) is None
    assert esp.opener([EspSa(7)])(UE, CSCF, packet) is None
    assert esp.opener([other])(UE, CSCF, packet) is None
    assert isinstance(esp.opener([wrong])(UE, CSCF, packet), Refused)
    for sas in ([right], [wrong, right, other], [EspSa(SPI, UE, CSCF, "aes-cbc", CK, "hmac-md5-96", IK)]):
        plain = esp.opener(sas)(UE, CSCF, packet)
        assert isinstance(plain, packets.Plain)
        assert plain.how == how


def test_only_so_many_associations_of_one_spi_are_tried():
    packet, right, _ = made("md5")
    others = [EspSa(SPI, integrity="hmac-md5-96", integrity_key=bytes(15) + bytes((n,))) for n in range(esp.MAX_TRIED)]
    assert isinstance(esp.opener([right, *others])(UE, CSCF, packet), Refused)
    assert isinstance(esp.opener([*others, right])(UE, CSCF, packet), packets.Plain)


def test_no_key_octet_is_shown():
    _, sa, _ = made("aes md5")
    assert CK.hex() not in repr(sa)
    assert repr(CK) not in repr(sa)


@suites
def test_sip_over_udp_and_tcp_comes_out_of_the_decoder(name):
    sa, (encryption, encryption_key, integrity, integrity_key), how = SUITES[name]
    entry = EspSa(SPI, None, CSCF, encryption, encryption_key, integrity, integrity_key)
    decoder = Decoder(opener=esp.opener([entry]))
    carried = (
        udp(UE, 5100, CSCF, 6100, SIP),
        tcp(UE, 5101, CSCF, 6100, seq=1, ack=0, flags=2),
        tcp(UE, 5101, CSCF, 6100, seq=2, ack=9, flags=24, payload=SIP),
    )
    found = []
    for number, packet in enumerate(carried, 1):
        data = forge_esp.transport(sa, number, packet, UE, CSCF)
        found += decoder.feed(Frame(0, number, number, linktypes.RAW, data, len(data)))
    found += decoder.finish()
    assert [(item.transport, item.data) for item in found] == [("udp", SIP), ("tcp", SIP)]
    assert decoder.facts.opened == {f"ESP with {how}, SPI 0x00010001": 3}


def test_random_packets_are_refused():
    chance = random.Random(5)
    keys = esp.opener([sa for _, sa, _ in map(made, SUITES)])
    for _ in range(300):
        data = SPI.to_bytes(4, "big") + chance.randbytes(chance.randrange(6, 200))
        assert isinstance(keys(UE, CSCF, data), Refused)


@suites
def test_what_is_opened_can_be_sealed_again(name):
    packet, sa, _ = made(name)
    iv, clear = esp.unsealed(sa, packet)
    assert clear[8 : 8 + len(SIP)] == SIP
    assert esp.sealed(sa, packet[:8], iv, clear) == packet
