"""Keys of ESP from IMS AKA: where CK and IK come from, what the headers agree on, and what comes out of the capture."""

import base64
import struct
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import agreements
from analyzer.keys.agreements import agreed, may_agree
from analyzer.keys.keyring import EspSa, GbaRun, Keyring, UeKeys
from dissectors import Payload, dissect
from sample_pcaps import forge_diameter as diameter
from sample_pcaps.forge import Connection, Tape, udp
from sample_pcaps.forge_esp import Sa, transport
from sample_pcaps.forge_keys import milenage, opc_of

UE, CSCF, HSS = "10.0.0.1", "10.0.0.2", "10.0.0.3"
IMPI = "user1_private@home1.net"
K, OP = bytes(range(16)), bytes(16)
OPC = opc_of(K, OP)
RAND = bytes(range(0x40, 0x50))
AKA = milenage(K, OPC, RAND, bytes(6))
CK, IK = AKA.ck, AKA.ik
NONCE = base64.b64encode(RAND + AKA.autn).decode()
OTHER = bytes(16)

UE_C, UE_S, CSCF_C, CSCF_S = 1001, 1002, 2001, 2002
MIB = 10**9


def offer(name, spi_c, spi_s, alg="hmac-sha-1-96", ealg="aes-cbc", more=""):
    spis = f"spi-c={spi_c};spi-s={spi_s};port-c=5100;port-s=6100"
    return f"{name}: ipsec-3gpp;q=0.5;prot=esp;mod=trans;{spis};alg={alg}{f';ealg={ealg}' if ealg else ''}{more}\r\n"


CLIENT = offer("Security-Client", UE_C, UE_S)
SERVER = offer("Security-Server", CSCF_C, CSCF_S)


def register(headers=CLIENT, nonce="", call=1):
    auth = (
        f'Authorization: Digest username="{IMPI}",realm="home1.net",nonce="{nonce}",uri="sip:home1.net",response=""\r\n'
    )
    return f"REGISTER sip:home1.net SIP/2.0\r\nCall-ID: {call}\r\nCSeq: 1 REGISTER\r\n{auth}{headers}Content-Length: 0\r\n\r\n".encode()


def challenge(headers=SERVER, nonce=NONCE, keys="", call=1):
    auth = f'WWW-Authenticate: Digest realm="home1.net",nonce="{nonce}",algorithm=AKAv1-MD5{keys}\r\n'
    return f"SIP/2.0 401 Unauthorized\r\nCall-ID: {call}\r\nCSeq: 1 REGISTER\r\n{auth}{headers}Content-Length: 0\r\n\r\n".encode()


def maa(rand=RAND, ck=CK, ik=IK):
    """A Multimedia-Auth-Answer of Cx (TS 29.229 6.1.8)."""
    inner = ((609, rand + AKA.autn), (610, AKA.res), (625, ck), (626, ik))
    item = b"".join(diameter.avp(code, data, vendor=diameter.VENDOR_3GPP) for code, data in inner)
    body = diameter.avp(612, item, vendor=diameter.VENDOR_3GPP)
    head = struct.pack("!IIII", 0x0100_0000 | 20 + len(body), 0x4000_0000 | 303, 16777216, 1)
    return head + struct.pack("!I", 1) + body


@dataclass
class Wire:
    """Messages that follow one another."""

    time: int = 0

    def say(self, data, src, dst, transport="udp", sport=5060, dport=5060):
        self.time += 1
        message = dissect(Payload(data, transport, src, sport, dst, dport, 0, self.time, self.time, (self.time,)))
        assert message is not None
        assert message.error is None
        return message

    def up(self, data):
        return self.say(data, UE, CSCF)

    def down(self, data):
        return self.say(data, CSCF, UE)

    def cx(self, data):
        return self.say(data, HSS, CSCF, "tcp", 3868, 40000)


def registration(*, cx=True, client=CLIENT, server=SERVER, **challenged):
    wire = Wire()
    told = [wire.cx(maa())] if cx else []
    return [wire.up(register(client)), *told, wire.down(challenge(server, **challenged))]


NOTHING = Keyring()
EXPECTED = (
    EspSa(CSCF_C, UE, CSCF, "aes-cbc", CK, "hmac-sha-1-96", IK + bytes(4)),
    EspSa(CSCF_S, UE, CSCF, "aes-cbc", CK, "hmac-sha-1-96", IK + bytes(4)),
    EspSa(UE_C, CSCF, UE, "aes-cbc", CK, "hmac-sha-1-96", IK + bytes(4)),
    EspSa(UE_S, CSCF, UE, "aes-cbc", CK, "hmac-sha-1-96", IK + bytes(4)),
)


def test_keys_of_cx_with_what_the_headers_agree_on():
    assert agreed(registration(), NOTHING) == EXPECTED


def test_the_order_in_which_messages_come_does_not_matter():
    assert agreed(reversed(registration()), NOTHING) == EXPECTED


def test_keys_that_the_s_cscf_hands_on():
    keys = f',ck="{CK.hex()}",ik="{IK.hex()}"'
    assert agreed(registration(cx=False, keys=keys), NOTHING) == EXPECTED


@pytest.mark.parametrize(
    "ue",
    [
        UeKeys(IMPI, k=K, opc=OPC),
        UeKeys(IMPI, gba=(GbaRun(rand=RAND, ck=CK, ik=IK),)),
        UeKeys(IMPI, gba=(GbaRun(ks=CK + IK),)),
    ],
)
def test_keys_of_the_keyring(ue):
    assert agreed(registration(cx=False), Keyring(ues=(ue,))) == EXPECTED


@pytest.mark.parametrize(
    "ue",
    [
        UeKeys("another@home1.net", k=K, opc=OPC),
        UeKeys(IMPI, k=OTHER, opc=OPC),  # the MAC of the AUTN does not fit
        UeKeys(IMPI, gba=(GbaRun(rand=OTHER, ck=CK, ik=IK),)),
        UeKeys(IMPI, gba=(GbaRun(b_tid="x@bsf", ck=CK, ik=IK),)),
        UeKeys(IMPI),
    ],
)
def test_keys_of_others_are_not_taken(ue):
    assert agreed(registration(cx=False), Keyring(ues=(ue,))) == ()


def test_the_answer_inside_esp_shows_both_sides_too():
    wire = Wire()
    verify = offer("Security-Verify", CSCF_C, CSCF_S)
    answer = wire.up(register(CLIENT + verify, NONCE))
    assert agreed([wire.cx(maa()), answer], NOTHING) == EXPECTED


def test_nothing_is_agreed_without_keys_or_server_or_nonce():
    assert agreed([], NOTHING) == ()
    assert agreed(registration(cx=False), NOTHING) == ()
    assert agreed(registration(server=""), NOTHING) == ()
    assert agreed(registration(nonce="bm9uY2U="), NOTHING) == ()
    assert agreed(registration(client=""), NOTHING) == EXPECTED[:2]


@pytest.mark.parametrize(
    ("alg", "ealg", "encryption", "encryption_key", "integrity", "integrity_key"),
    [
        ("hmac-md5-96", "", "null", b"", "hmac-md5-96", IK),
        ("HMAC-MD5-96", "null", "null", b"", "hmac-md5-96", IK),
        ("hmac-sha-1-96", "des-ede3-cbc", "des-ede3-cbc", CK + CK[:8], "hmac-sha-1-96", IK + bytes(4)),
    ],
)
def test_keys_are_expanded_for_each_algorithm(alg, ealg, encryption, encryption_key, integrity, integrity_key):
    server = offer("Security-Server", CSCF_C, CSCF_S, alg, ealg)
    (first, *_) = agreed(registration(server=server), NOTHING)
    assert first == EspSa(CSCF_C, UE, CSCF, encryption, encryption_key, integrity, integrity_key)


def test_gcm_and_gmac_get_a_salt_that_differs():
    # TS 33.203 Annex I: the last octets of the KDF of TS 33.220 with FC 0x59 and 0x58
    gcm, *_ = agreed(registration(server=offer("Security-Server", 7, 8, "null", "aes-gcm")), NOTHING)
    gmac, *_ = agreed(registration(server=offer("Security-Server", 7, 8, "aes-gmac", "null")), NOTHING)
    assert (gcm.encryption, gcm.encryption_key[:16], len(gcm.encryption_key)) == ("aes-gcm", CK, 20)
    assert (gmac.integrity, gmac.integrity_key[:16], len(gmac.integrity_key)) == ("aes-gmac", IK, 20)
    assert gcm.encryption_key[16:] != gmac.integrity_key[16:]


@pytest.mark.parametrize(
    "server",
    [
        "Security-Server: tls;q=0.2\r\n",
        "Security-Server: ipsec-3gpp;alg=hmac-md5-96\r\n",
        "Security-Server: ipsec-3gpp;alg=hmac-md5-96;spi-c=0;spi-s=x\r\n",
        offer("Security-Server", 1, 2, alg="rot13"),
        offer("Security-Server", 1, 2, ealg="rot13"),
    ],
)
def test_mechanisms_of_no_use(server):
    assert agreed(registration(server=server), NOTHING) == ()


def test_of_several_mechanisms_each_may_have_been_chosen():
    both = (
        offer("Security-Server", 7, 8, "hmac-md5-96", "null").replace("\r\n", ", ")
        + "ipsec-3gpp;spi-c=7;spi-s=8;alg=hmac-sha-1-96\r\n"
    )
    found = agreed(registration(client="", server=both), NOTHING)
    assert [(sa.spi, sa.integrity) for sa in found] == [
        (7, "hmac-md5-96"), (8, "hmac-md5-96"), (7, "hmac-sha-1-96"), (8, "hmac-sha-1-96"),
    ]  # fmt: skip


def test_what_was_agreed_on_last_is_kept(monkeypatch):
    monkeypatch.setattr(agreements, "MAX_ASSOCIATIONS", 2)
    assert agreed(registration(), NOTHING) == EXPECTED[-2:]


def test_cx_answers_without_keys_or_with_short_ones():
    wire = Wire()
    for answer in (maa(ck=b""), maa(ik=IK[:8]), maa(ck=CK + IK)):
        assert agreed([*registration(cx=False), wire.cx(answer)], NOTHING) == ()


def test_keys_are_not_shown():
    pair = agreements.Keys(CK, IK)
    assert repr(CK) not in repr(pair)
    assert repr(IK) not in repr(pair)


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=80), st.text(max_size=40))
def test_no_header_raises(value, nonce):
    wire = Wire()
    server = f"Security-Server: {value}\r\nSecurity-Client: ipsec-3gpp;{value}\r\n"
    messages = []
    for data in (
        challenge(server, nonce.replace('"', "").replace("\r", "").replace("\n", "")),
        register(server, value),
    ):
        message = dissect(Payload(data, "udp", UE, 1, CSCF, 2, 0, 1, 1, (1,)))
        messages += [] if message is None else [message]
    agreed([*messages, wire.cx(maa())], Keyring(ues=(UeKeys(IMPI, k=K, opc=OPC),)))


# ---------------------------------------------------------------------------------------------- whole captures


def capture(suite, alg, ealg, *, cx=True):
    """A registration: the challenge in the clear, all after it in ESP, a re-registration with new SPIs within it."""
    tape = Tape()
    if cx:
        diameter_leg = Connection(tape, CSCF, 40000, HSS, 3868)
        diameter_leg.send(diameter_leg.open(MIB), maa(), by_client=False)
    tape.add_udp(2 * MIB, UE, 5060, CSCF, 5060, register(offer("Security-Client", UE_C, UE_S, alg, ealg)))
    tape.add_udp(3 * MIB, CSCF, 5060, UE, 5060, challenge(offer("Security-Server", CSCF_C, CSCF_S, alg, ealg)))
    up, down = (Sa(spi, *suite) for spi in (CSCF_S, UE_S))
    new_client, new_server = (
        offer("Security-Client", 3001, 3002, alg, ealg),
        offer("Security-Server", 4001, 4002, alg, ealg),
    )
    inner = [
        (4, up, udp(UE, 5100, CSCF, 6100, register(nonce=NONCE, call=2)), UE, CSCF),
        (5, down, udp(CSCF, 5100, UE, 6100, b"SIP/2.0 200 OK\r\nCall-ID: 2\r\nCSeq: 2 REGISTER\r\nContent-Length: 0\r\n\r\n"), CSCF, UE),
        (6, up, udp(UE, 5100, CSCF, 6100, register(new_client, NONCE, call=3)), UE, CSCF),
        (7, down, udp(CSCF, 5100, UE, 6100, challenge(new_server, call=3)), CSCF, UE),
        (8, Sa(4002, *suite), udp(UE, 5100, CSCF, 6100, register(nonce=NONCE, call=4)), UE, CSCF),
    ]  # fmt: skip
    for time, sa, packet, src, dst in inner:
        tape.add(time * MIB, transport(sa, time, packet, src, dst), src, dst)
    return tape.sorted()


SUITES = [
    (("aes-cbc", CK, "sha1", IK + bytes(4)), "hmac-sha-1-96", "aes-cbc", "AES-CBC, HMAC-SHA-1-96 verified"),
    (("des-ede3-cbc", CK + CK[:8], "md5", IK), "hmac-md5-96", "des-ede3-cbc", "DES-EDE3-CBC, HMAC-MD5-96 verified"),
    (("null", b"", "md5", IK), "hmac-md5-96", "null", "NULL encryption, HMAC-MD5-96 verified"),
]  # fmt: skip


@pytest.mark.parametrize(("suite", "alg", "ealg", "how"), SUITES)
def test_a_capture_that_shows_the_keys_is_read_to_its_end(tell_merged, suite, alg, ealg, how):
    analysis = tell_merged([capture(suite, alg, ealg)])
    calls = [message.body.call_id for message in analysis.messages if message.protocol == "sip"]
    assert calls == ["1", "1", "2", "2", "3", "3", "4"]
    assert analysis.decoded.opened == {
        f"ESP with {how}, SPI 0x{CSCF_S:08x}": 2, f"ESP with {how}, SPI 0x{UE_S:08x}": 2, f"ESP with {how}, SPI 0x{4002:08x}": 1,
    }  # fmt: skip
    assert analysis.decoded.counts == {}


def test_a_capture_without_keys_keeps_what_is_encrypted(tell_merged):
    suite, alg, ealg, _ = SUITES[0]
    analysis = tell_merged([capture(suite, alg, ealg, cx=False)])
    assert [message.body.call_id for message in analysis.messages if message.protocol == "sip"] == ["1", "1"]
    assert (analysis.decoded.opened, list(analysis.decoded.counts.values())) == ({}, [5])
    ring = f'[[ue]]\nimpi = "{IMPI}"\nk = "{K.hex()}"\nopc = "{OPC.hex()}"\n'
    analysis = tell_merged([capture(suite, alg, ealg, cx=False)], ring)
    assert len([message for message in analysis.messages if message.protocol == "sip"]) == 7


def test_what_may_agree_is_told_without_reading():
    """No message that keys come from is left out, and others are not read for nothing."""
    keys = f',ck="{CK.hex()}",ik="{IK.hex()}"'
    for messages in (registration(), registration(cx=False, keys=keys)):
        assert all(map(may_agree, messages))
    other = Wire().up(b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n")
    assert not may_agree(other)
    assert not may_agree(Wire().cx(struct.pack("!IIIII", 0x0100_0014, 0x8000_0000 | 280, 0, 1, 1)))
