"""Diameter of the forge."""

from sample_pcaps import forge_diameter as diameter


def test_avps_are_padded_and_zn_ones_carry_the_vendor():
    assert diameter.avp(1, b"abc").hex() == "000000014000000b" + "61626300"
    assert diameter.avp(401, b"abcd").hex() == "00000191c0000010000028af" + "61626364"
    assert diameter.avp(diameter.PRODUCT, b"").hex() == "0000010d00000008"


def test_experimental_result_nests_vendor_and_code():
    code, data = diameter.experimental(5403)
    assert code == 297
    assert data.hex() == "0000010a4000000c000028af" + "0000012a4000000c0000151b"


def test_time_counts_from_1900():
    assert int.from_bytes(diameter.time_of(0), "big") == 2208988800


def test_message_has_length_flags_and_command():
    found = diameter.message([(1, b"abcd")], command=310, app=diameter.APP_ZN, request=True, hop_by_hop=2, end_to_end=3)
    assert found[:20].hex() == "01000020" + "c0000136" + "01000004" + "00000002" + "00000003"
    assert len(found) == 32


def test_capabilities_of_the_base_are_not_proxiable():
    found = diameter.capabilities("a", "b", "2001:db8::1", request=False)
    assert found[4] == 0
    assert diameter.avp(diameter.RESULT_CODE, diameter.number(2001)) in found
    assert b"\0\x02\x20\x01\x0d\xb8" in found
