import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import mikey

VECTORS = Path(__file__).parents[2] / "vectors"
HMACS = json.loads((VECTORS / "hmac.json").read_text())
WRAPS = json.loads((VECTORS / "keywrap.json").read_text())
MIKEY_RAND = bytes(range(16))
MSK = bytes(range(0xA0, 0xB0))
MTK = bytes(range(0xC0, 0xD0))
MSK_CSB, MTK_CSB = 0xC0FFEE01, 0x0BADCAFE
MSK_MESSAGE = "MSK msg: complete UDP payload (217 octets)"
MTK_MESSAGE = "MTK msg: complete UDP payload (96 octets)"


@pytest.mark.parametrize("hmac", HMACS, ids=[h["source"] for h in HMACS])
def test_mac_is_hmac(hmac):
    mac = mikey.kemac_mac(
        auth_key=bytes.fromhex(hmac["key"]), covered=bytes.fromhex(hmac["data"]), mac_alg=hmac["mac_alg"]
    )
    assert mac.hex() == hmac["mac"]


def test_null_mac_is_empty():
    assert mikey.kemac_mac(auth_key=b"k", covered=b"x", mac_alg=0) == b""


@pytest.mark.parametrize("wrap", WRAPS, ids=[w["source"] for w in WRAPS])
def test_key_wrap(wrap):
    keys = mikey.PskKeys(bytes.fromhex(wrap["key"]), b"", bytes.fromhex(wrap["iv"]))
    of = {"keys": keys, "encr_alg": mikey.ENCR_AES_KW_128, "csb_id": 0, "t": 0}
    data, wrapped = bytes.fromhex(wrap["data"]), bytes.fromhex(wrap["wrapped"])
    assert mikey.encrypt(**of, data=data) == wrapped
    assert mikey.decrypt(**of, data=wrapped) == data
    with pytest.raises(mikey.UndecryptableError):
        mikey.decrypt(**of, data=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    for length in range(len(wrapped)):
        with pytest.raises(mikey.UndecryptableError):
            mikey.decrypt(**of, data=wrapped[:length])


def test_msk_message_of_the_chain(value):
    keys = mikey.psk_keys(psk=value("http: Ks_NAF / Ks_ext_NAF"), csb_id=MSK_CSB, rand=MIKEY_RAND)
    assert keys.encr_key == value("MSK msg: encr_key")
    assert keys.auth_key == value("MSK msg: auth_key")
    assert keys.auth_key == mikey.psk_auth_key(
        psk=value("http: Ks_NAF / Ks_ext_NAF"), csb_id=MSK_CSB, rand=MIKEY_RAND
    )  # fmt: skip
    assert keys.salt == value("MSK msg: salt")
    assert mikey.iv(salt=keys.salt, csb_id=MSK_CSB, t=7) == value("MSK msg: IV")
    message = value(MSK_MESSAGE)
    assert mikey.kemac_mac(auth_key=keys.auth_key, covered=message[:-20]) == message[-20:] == value("MSK msg: MAC")
    encrypted, plain = value("MSK msg: encr data"), value("MSK msg: plaintext key data")
    of = {"keys": keys, "encr_alg": mikey.ENCR_AES_CM_128, "csb_id": MSK_CSB, "t": 7}
    assert mikey.decrypt(**of, data=encrypted) == plain
    assert mikey.encrypt(**of, data=plain) == encrypted


def test_solicited_pull_of_the_chain(value):
    message = value("Solicited pull complete")
    keys = mikey.psk_keys(psk=value("http: Ks_NAF / Ks_ext_NAF"), csb_id=0xC0FFEE02, rand=bytes(range(0x10, 0x20)))
    assert mikey.kemac_mac(auth_key=keys.auth_key, covered=message[:-20]) == message[-20:]


def test_mtk_message_of_the_chain(value):
    keys = mikey.psk_keys(psk=MSK, csb_id=MTK_CSB, rand=MIKEY_RAND)
    assert keys.encr_key == value("MTK msg: encr_key (from MSK, MIKEY-RAND of MSK msg, own CSB ID)")
    assert keys.auth_key == value("MTK msg: auth_key")
    assert keys.salt == value("MTK msg: salt")
    plain = value("MTK msg: plaintext key data")
    message = value(MTK_MESSAGE)
    assert mikey.kemac_mac(auth_key=keys.auth_key, covered=message[:-20]) == message[-20:]
    encrypted = message[-21 - len(plain) : -21]
    assert mikey.decrypt(keys=keys, encr_alg=1, csb_id=MTK_CSB, t=1, data=encrypted) == plain


def test_download_message_of_the_chain(value):
    keys = mikey.psk_keys(psk=MSK, csb_id=MTK_CSB, rand=MIKEY_RAND)
    message = value("MTK msg download (TGK) complete")
    assert mikey.kemac_mac(auth_key=keys.auth_key, covered=message[:-20]) == message[-20:]
    plain = mikey.decrypt(keys=keys, encr_alg=1, csb_id=MTK_CSB, t=1, data=message[-21 - 20 : -21])
    assert plain == bytes.fromhex("00000010") + MTK


@pytest.mark.parametrize(("cs_id", "name"), [(mikey.CS_IDS[0], "1 octet 00"), (mikey.CS_IDS[1], "4 octets 00000000")])
def test_download_keys_of_the_chain(cs_id, name, value):
    keys = mikey.tgk_keys(tgk=MTK, cs_id=cs_id, csb_id=MTK_CSB, rand=MIKEY_RAND)
    assert keys.auth_key == value(f"Download auth key 160 bit (cs_id {name})")
    assert keys.encr_key == value(f"Download enc key 128 bit (cs_id {name})")


def test_verification_message_of_the_chain(chain, value):
    covered = value("Verification msg without ver data")
    message = value("Verification msg complete (variant raw IDs + 4-octet T)")
    idi, idr = b"bmsc.home1.net", chain["values"]["B-TID"].encode()
    macs = dict(
        mikey.verification_macs(
            auth_key=value("MSK msg: auth_key"),
            covered=covered,
            idi=idi,
            idr=idr,
            idi_payload=b"\x06\x00" + len(idi).to_bytes(2, "big") + idi,
            idr_payload=b"\x0a\x00" + len(idr).to_bytes(2, "big") + idr,
            t4=(7).to_bytes(4, "big"),
            t8=(7).to_bytes(8, "big"),
        )
    )
    assert len(macs) == 8
    assert len(set(macs.values())) == 8
    for name in ("raw IDs + 4-octet T", "raw IDs + 8-octet T", "type+len+data IDs + 4-octet T"):
        assert macs[name] == value(f"Verification MAC, variant {name}")
    assert message == covered + macs["raw IDs + 4-octet T"]


def test_verification_without_ids_does_not_raise():
    macs = mikey.verification_macs(
        auth_key=b"k", covered=b"", idi=b"", idr=b"", idi_payload=b"", idr_payload=b"", t4=b"", t8=b""
    )
    assert len(list(macs)) == 8


def test_prf_of_a_short_key_is_one_hmac_chain():
    # RFC 3830 4.1.2 by hand: one block, so P alone
    import hmac

    a1 = hmac.digest(b"key", b"label", "sha1")
    a2 = hmac.digest(b"key", a1, "sha1")
    expected = hmac.digest(b"key", a1 + b"label", "sha1") + hmac.digest(b"key", a2 + b"label", "sha1")
    assert mikey.prf(inkey=b"key", label=b"label", length=30) == expected[:30]


def test_prf_of_a_long_key_joins_its_blocks():
    one, two = bytes(range(32)), bytes(range(32, 48))
    parts = [mikey.prf(inkey=block, label=b"l", length=20) for block in (one, two)]
    assert mikey.prf(inkey=one + two, label=b"l", length=20) == bytes(a ^ b for a, b in zip(*parts, strict=True))


@settings(max_examples=50)
@given(
    inkey=st.binary(max_size=80),
    label=st.binary(max_size=40),
    length=st.integers(1, 64),
    algorithm=st.sampled_from([0, 1]),
)
def test_prf_is_a_stream(inkey, label, length, algorithm):
    long = mikey.prf(inkey=inkey, label=label, length=80, algorithm=algorithm)
    assert mikey.prf(inkey=inkey, label=label, length=length, algorithm=algorithm) == long[:length]


@settings(max_examples=100)
@given(
    psk=st.binary(max_size=64),
    rand=st.binary(max_size=40),
    csb_id=st.integers(0, 0xFFFFFFFF),
    t=st.integers(0, 2**64 - 1),
    encr_alg=st.sampled_from(sorted(mikey.ENCR_LENGTHS)),
    prf=st.sampled_from([0, 1]),
    mac_alg=st.sampled_from(sorted(mikey.MAC_LENGTHS)),
    blocks=st.integers(2, 6),
    fill=st.integers(0, 255),
)
def test_what_is_encrypted_decrypts(psk, rand, csb_id, t, encr_alg, prf, mac_alg, blocks, fill):
    keys = mikey.psk_keys(psk=psk, csb_id=csb_id, rand=rand, prf=prf, encr_alg=encr_alg, mac_alg=mac_alg)
    assert (len(keys.encr_key), len(keys.salt)) == mikey.ENCR_LENGTHS[encr_alg]
    assert len(keys.auth_key) == mikey.MAC_LENGTHS[mac_alg]
    of = {"keys": keys, "encr_alg": encr_alg, "csb_id": csb_id, "t": t}
    data = bytes([fill]) * 8 * blocks
    encrypted = mikey.encrypt(**of, data=data)
    assert (encrypted == data) is (encr_alg == mikey.ENCR_NULL)
    assert mikey.decrypt(**of, data=encrypted) == data


def test_where_the_counter_stands_matters():
    keys = mikey.psk_keys(psk=MSK, csb_id=1, rand=MIKEY_RAND)
    right = mikey.encrypt(keys=keys, encr_alg=1, csb_id=1, t=7, data=bytes(16))
    assert mikey.encrypt(keys=keys, encr_alg=1, csb_id=1, t=7 << 32, data=bytes(16)) != right


@pytest.mark.parametrize("wrong", [{"prf": 2}, {"encr_alg": 4}, {"encr_alg": 255}, {"mac_alg": 3}])
def test_unknown_algorithms_are_refused(wrong):
    with pytest.raises(mikey.UnsupportedError):
        mikey.psk_keys(psk=MSK, csb_id=1, rand=MIKEY_RAND, **wrong)


@pytest.mark.parametrize("call", [mikey.decrypt, mikey.encrypt])
def test_unknown_encryption_is_refused(call):
    with pytest.raises(mikey.UnsupportedError):
        call(keys=mikey.PskKeys(b"", b"", b""), encr_alg=9, csb_id=0, t=0, data=b"")


def test_unknown_mac_is_refused():
    with pytest.raises(mikey.UnsupportedError):
        mikey.kemac_mac(auth_key=b"", covered=b"", mac_alg=7)


@pytest.mark.parametrize("length", [0, 8, 17])
def test_key_wrap_takes_whole_blocks(length):
    keys = mikey.psk_keys(psk=MSK, csb_id=1, rand=MIKEY_RAND, encr_alg=mikey.ENCR_AES_KW_128)
    with pytest.raises(ValueError, match="whole blocks"):
        mikey.encrypt(keys=keys, encr_alg=mikey.ENCR_AES_KW_128, csb_id=1, t=1, data=bytes(length))
