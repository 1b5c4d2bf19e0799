"""The key arithmetic of the samples against published vectors and the self made chain."""

import pytest

from sample_pcaps import forge_keys as keys

IMPI = "user1_private@home1.net"


def test_milenage_gives_the_published_sets(vectors):
    for entry in vectors("milenage")["sets"]:
        k, rand, sqn, amf = (bytes.fromhex(entry[name]) for name in ("k", "rand", "sqn", "amf"))
        opc = keys.opc_of(k, bytes.fromhex(entry["op"]))
        vector = keys.milenage(k, opc, rand, sqn, amf)
        assert opc.hex() == entry["opc"]
        assert (vector.res.hex(), vector.ck.hex(), vector.ik.hex()) == (entry["res"], entry["ck"], entry["ik"])
        assert vector.autn[:6] == keys.xor(sqn, bytes.fromhex(entry["ak"]))
        assert vector.autn[8:].hex() == entry["f1"]
        assert keys.f1(k, opc, rand, sqn, amf)[1].hex() == entry["f1_star"]


def test_auts_is_the_one_of_the_chain(vectors, value):
    first = vectors("milenage")["sets"][0]
    k, opc, rand, sqn = (bytes.fromhex(first[name]) for name in ("k", "opc", "rand", "sqn"))
    assert keys.auts(k, opc, rand, sqn) == value("AUTS (SQN_MS = SQN of set 1)")


@pytest.mark.parametrize(
    ("case", "fqdn", "ua_id"),
    [
        ("http", "bmsc.home1.net", keys.UA_HTTP_BASED),
        ("sip", "scf1.home1.net", keys.UA_SIP_BASED),
        ("mbms", "bmsc.home1.net", keys.UA_MBMS),
    ],
)
def test_naf_keys_and_mrk_are_those_of_the_chain(value, case, fqdn, ua_id):
    ks, rand = value("Ks = CK||IK"), value("RAND")
    ks_naf = keys.naf_key(ks, rand, IMPI, fqdn, ua_id)
    assert ks_naf == value(f"{case}: Ks_NAF / Ks_ext_NAF")
    assert keys.naf_key(ks, rand, IMPI, fqdn, ua_id, "gba-u") == value(f"{case}: Ks_int_NAF (gba-u)")
    assert keys.mrk_of(ks_naf) == value(f"{case}: MRK (from Ks_NAF/Ks_ext_NAF)")


def test_b_tid_is_that_of_the_chain(chain, value):
    assert keys.b_tid_of(value("RAND"), "bsf.home1.net") == chain["values"]["B-TID"]


def test_psk_keys_are_those_of_the_chain(value):
    found = keys.psk_keys(value("MSK msg: PSK = MUK (10.4.1 Ks_NAF)"), 0xC0FFEE01, bytes(range(16)))
    assert found.encr_key == value("MSK msg: encr_key")
    assert found.auth_key == value("MSK msg: auth_key")
    assert found.salt == value("MSK msg: salt")


def test_aes_counter_gives_the_key_stream_of_rfc_3711(vectors):
    told = vectors("srtp")["rfc3711_b2"]
    key, iv = bytes.fromhex(told["key"]), bytes.fromhex(told["iv"])
    assert keys.aes_counter(key, iv, bytes(48)).hex() == told["first_blocks"]


def test_made_up_octets_are_the_same_each_time_and_differ_by_name():
    assert keys.made_up("one", 40) == keys.made_up("one", 40)
    assert len(keys.made_up("one", 40)) == 40
    assert keys.made_up("one", 16) != keys.made_up("two", 16)
