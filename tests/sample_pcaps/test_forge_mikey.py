"""MIKEY messages of the forge against the octets of the self made chain."""

import pytest

from sample_pcaps import forge_mikey as mikey

RAND = bytes(range(16))
FQDN, B_TID = "bmsc.home1.net", "I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
DOMAIN, MSK_ID = bytes.fromhex("32f451"), bytes.fromhex("00010002")
IDS = ((mikey.KEY_DOMAIN, DOMAIN), (mikey.MSK_ID, MSK_ID))
MSK = bytes(range(0xA0, 0xB0))
CSB = 0xC0FFEE01


@pytest.fixture
def keys(value):
    return mikey.keys_of(value("MSK msg: PSK = MUK (10.4.1 Ks_NAF)"), CSB, RAND)


def msk_payloads():
    return [
        (mikey.T, mikey.timestamp(7)),
        (mikey.RAND, mikey.rand_payload(RAND)),
        (mikey.ID, mikey.identity(FQDN)),
        (mikey.ID, mikey.identity(B_TID)),
        (mikey.SP, mikey.policy()),
        (mikey.EXT, mikey.key_ids(*IDS)),
    ]


def msk_message(keys, **more):
    plain = mikey.key_data(MSK, key_type=mikey.TEK, interval=(b"\0\x01", b"\0\xff"))
    given = {"data": plain, "v": True, "cs_count": 1, "map_type": 0, "map_info": mikey.srtp_id(0x11223344)} | more
    return mikey.protected(msk_payloads(), keys=keys, csb_id=CSB, t=7, **given)


def test_msk_message_has_the_octets_of_the_chain(value, keys):
    assert msk_message(keys) == value("MSK msg: complete UDP payload (217 octets)")


def test_verification_has_the_octets_of_the_chain(value, keys):
    found = mikey.verification(keys=keys, csb_id=CSB, t=7, idi=FQDN, idr=B_TID)
    assert found == value("Verification msg complete (variant raw IDs + 4-octet T)")


def test_solicited_pull_has_the_octets_of_the_chain(value):
    rand, csb = bytes(range(0x10, 0x20)), 0xC0FFEE02
    ids = mikey.key_ids((mikey.KEY_DOMAIN, DOMAIN), (mikey.MSK_ID, bytes.fromhex("00010000")))
    payloads = [
        (mikey.T, mikey.timestamp(8)),
        (mikey.RAND, mikey.rand_payload(rand)),
        (mikey.ID, mikey.identity(FQDN)),
        (mikey.ID, mikey.identity(B_TID)),
        (mikey.EXT, ids),
    ]
    keys = mikey.keys_of(value("MSK msg: PSK = MUK (10.4.1 Ks_NAF)"), csb, rand)
    found = mikey.protected(payloads, keys=keys, csb_id=csb, t=8, data=b"", cs_count=0, map_type=1)
    assert found == value("Solicited pull complete")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("MTK msg: complete UDP payload (96 octets)", {"key_type": 3, "salt": bytes(range(0xD0, 0xDE))}),
        ("MTK msg download (TGK) complete", {"key_type": 0}),
    ],
)
def test_mtk_message_has_the_octets_of_the_chain(value, name, plain):
    payloads = [(mikey.T, mikey.timestamp(1)), (mikey.EXT, mikey.key_ids(*IDS, (mikey.MTK_ID, b"\0\x05")))]
    keys = mikey.keys_of(MSK, 0x0BADCAFE, RAND)
    data = mikey.key_data(bytes(range(0xC0, 0xD0)), **plain)
    found = mikey.protected(payloads, keys=keys, csb_id=0x0BADCAFE, t=1, data=data, cs_count=0, map_type=1)
    assert found == value(name)


def test_arrange_changes_payloads_under_the_mac(keys):
    without = msk_message(keys, arrange=lambda payloads: [p for p in payloads if p[0] != mikey.RAND])
    assert len(without) == 217 - 18
    assert without[-20:] != msk_message(keys)[-20:]


def test_broken_mac_leaves_all_else(keys):
    assert msk_message(keys, break_mac=True) == msk_message(keys)[:-20] + bytes(20)


def test_null_algorithms_leave_the_key_in_the_clear_and_the_mac_away(keys):
    found = msk_message(keys, encr_alg=mikey.ENCR_NULL, mac_alg=mikey.MAC_NULL)
    assert MSK in found
    assert found[-1] == 0


def test_ntp_timestamps_take_eight_octets():
    assert mikey.timestamp(5, ts_type=0) == b"\0" + bytes(7) + b"\x05"


def test_error_message_ends_in_its_number():
    assert mikey.error(csb_id=1, t=2, number=3).hex() == "01060500000000010001" + "0c0200000002" + "00030000"
