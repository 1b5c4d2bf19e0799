import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.decode import link
from analyzer.decode.link import ip_offset
from analyzer.decode.packets import Broken

MACS = bytes(12)
IP4, IP6, ARP, VLAN, QINQ, MPLS = (bytes.fromhex(h) for h in ("0800", "86dd", "0806", "8100", "88a8", "8847"))
TAG = b"\x00\x05"
SLL = bytes(14)
LINK_TYPES = (0, 1, 9, 12, 14, 101, 108, 113, 228, 229, 276, 127)


@pytest.mark.parametrize(
    ("link_type", "header"),
    [
        (linktypes.EN10MB, MACS + IP4),
        (linktypes.EN10MB, MACS + IP6),
        (linktypes.EN10MB, MACS + VLAN + TAG + IP4),
        (linktypes.EN10MB, MACS + QINQ + TAG + VLAN + TAG + IP6),
        (linktypes.EN10MB, MACS + b"\x00\x40" + b"\xaa\xaa\x03\x00\x00\x00" + IP4),
        (linktypes.LINUX_SLL, SLL + IP4),
        (linktypes.LINUX_SLL, SLL + VLAN + TAG + IP6),
        (linktypes.LINUX_SLL2, IP6 + bytes(18)),
        (linktypes.LINUX_SLL2, VLAN + bytes(18) + TAG + IP4),
        (linktypes.RAW, b""),
        (linktypes.IPV4, b""),
        (linktypes.IPV6, b""),
        (12, b""),
        (14, b""),
        (linktypes.NULL, b"\x02\x00\x00\x00"),
        (linktypes.NULL, b"\x00\x00\x00\x02"),
        (linktypes.NULL, b"\x1e\x00\x00\x00"),
        (linktypes.LOOP, b"\x00\x00\x00\x18"),
        (linktypes.PPP, b"\xff\x03\x00\x21"),
        (linktypes.PPP, b"\x00\x57"),
    ],
)
def test_the_packet_begins_after_the_header(link_type: int, header: bytes) -> None:
    assert ip_offset(link_type, header + b"\x45" + bytes(19)) == len(header)


@pytest.mark.parametrize(
    ("link_type", "data", "reason"),
    [
        (linktypes.EN10MB, MACS + ARP, "arp"),
        (linktypes.EN10MB, MACS + MPLS, "ethertype 0x8847"),
        (linktypes.EN10MB, MACS + b"\x00\x26\x42\x42\x03", "llc"),
        (linktypes.EN10MB, MACS + (VLAN + TAG) * 9 + IP4, f"more than {link.MAX_TAGS} VLAN tags"),
        (linktypes.NULL, b"\x07\x00\x00\x00", "address family 7"),
        (linktypes.PPP, b"\xc0\x21", "ppp protocol 0xc021"),
        (127, b"", "link type IEEE802_11_RADIO"),
        (9999, b"", "link type DLT_9999"),
    ],
)
def test_other_frames_say_why_not(link_type: int, data: bytes, reason: str) -> None:
    assert ip_offset(link_type, data) == reason


@pytest.mark.parametrize("link_type", [linktypes.EN10MB, linktypes.LINUX_SLL, linktypes.LINUX_SLL2, 0, 9])
def test_an_empty_frame_is_broken_at_its_type(link_type: int) -> None:
    with pytest.raises(Broken) as told:
        ip_offset(link_type, b"")
    assert "needs" in told.value.reason


@given(st.sampled_from(LINK_TYPES), st.binary(max_size=64))
def test_no_octets_raise_anything_else(link_type: int, data: bytes) -> None:
    try:
        found = ip_offset(link_type, data)
    except Broken:
        return
    assert isinstance(found, str) or 0 <= found <= len(data) + 20
