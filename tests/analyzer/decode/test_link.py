import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.decode.link import AROUND, NO_PACKET, NO_PAYLOAD, READERS, SEVERAL, ip_offsets
from analyzer.decode.packets import Broken
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import udp

PACKETS = (udp("10.0.0.1", 1000, "10.0.0.2", 2269, b"hello"), udp("2001:db8::1", 1000, "2001:db8::2", 2269, b"hello"))
LLC = b"\x00\x04" + forge.LLC_SNAP
PKTAP_OF_NOTHING = forge.pktap(1, b"")[:4] + bytes(4) + forge.pktap(1, b"")[8:]


def pktap(size: int, inner: int = linktypes.RAW) -> bytes:
    return struct.pack("<I", size) + forge.pktap(inner, PACKETS[0])[4:]


@pytest.mark.parametrize("packet", PACKETS)
@pytest.mark.parametrize(
    ("link_type", "wrapped"),
    [
        (linktypes.EN10MB, forge.frame),
        (linktypes.LINUX_SLL, forge.sll),
        (linktypes.LINUX_SLL, lambda packet: forge.sll(packet)[:14] + LLC + forge.ethertype_of(packet) + packet),
        (linktypes.LINUX_SLL2, forge.sll2),
        (linktypes.LINUX_SLL2, lambda packet: b"\x81\x00" + forge.sll2(packet)[2:20] + b"\x00\x05" + forge.ethertype_of(packet) + packet),
        (linktypes.LINUX_SLL2, lambda packet: LLC[:2] + forge.sll2(packet)[2:20] + LLC[2:] + forge.ethertype_of(packet) + packet),
        *((number, bytes) for number in (linktypes.RAW, linktypes.IPV4, linktypes.IPV6, 12, 14)),
        (linktypes.NULL, forge.null),
        (linktypes.NULL, lambda packet: forge.null(packet, order=">")),
        (linktypes.LOOP, lambda packet: forge.null(packet, order=">")),
        (linktypes.PPP, forge.ppp),
        (linktypes.PPP, lambda packet: forge.ppp(packet, address=False)),
        (linktypes.PPP_SERIAL, forge.ppp),
        (linktypes.PPP_SERIAL, forge.hdlc),
        (linktypes.PPP_ETHER, forge.pppoe),
        (linktypes.C_HDLC, forge.hdlc),
        (linktypes.EN10MB, lambda packet: forge.backbone(forge.frame(packet))),
        (linktypes.FRELAY, forge.frame_relay),
        (linktypes.FRELAY, lambda packet: forge.frame_relay(packet, cisco=True)),
        (linktypes.FRELAY, lambda packet: forge.frame_relay(packet, snap=True)),
        (linktypes.FRELAY, lambda packet: b"\x18\x40\x00\x01" + forge.frame_relay(packet)[2:]),  # a longer address
        (linktypes.FRELAY, lambda packet: b"\x18\x41\x03\x00\x80\x00\x80\xc2\x00\x07" + forge.frame(packet)),
        (linktypes.NFLOG, forge.nflog),
        (linktypes.NFLOG, lambda packet: forge.nflog(packet, order=">")),
        (linktypes.PPI, lambda packet: forge.ppi(linktypes.EN10MB, forge.frame(packet))),
        (linktypes.PPI, lambda packet: forge.ppi(linktypes.IEEE802_11, forge.wlan(packet))),
        (linktypes.PPI, lambda packet: forge.ppi(12, packet)),
        (linktypes.IEEE802_11, forge.wlan),
        (linktypes.IEEE802_11_RADIO, lambda packet: forge.radiotap(forge.wlan(packet))),
        (linktypes.PKTAP, lambda packet: forge.pktap(linktypes.EN10MB, forge.frame(packet))),
        (linktypes.PKTAP, lambda packet: forge.pktap(12, packet)),
    ],
)  # fmt: skip
def test_the_packet_begins_after_the_header(link_type, wrapped, packet) -> None:  # type: ignore[no-untyped-def]
    data = wrapped(packet)
    (begin,) = ip_offsets(link_type, data)
    assert isinstance(begin, int)
    assert data[begin:].removesuffix(b"\0" * (len(data) - begin - len(packet))) == packet


@pytest.mark.parametrize(
    ("link_type", "data", "reason"),
    [
        (linktypes.EN10MB, bytes(12) + b"\x08\x06", "arp"),
        (linktypes.LINUX_SLL, bytes(14) + b"\x00\x04\x42\x42\x03", "llc"),
        (linktypes.NULL, b"\x07\x00\x00\x00", "address family 7"),
        (linktypes.PPP, b"\xc0\x21", "ppp protocol 0xc021"),
        (linktypes.PKTAP, PKTAP_OF_NOTHING, NO_PACKET),
        (linktypes.FRELAY, b"\x18\x41\x03\xcf\x00", "frame relay protocol 0xcf"),
        (linktypes.FRELAY, b"\x18\x41\x03\x00\x80\x00\x80\xc2\x00\x0e", "frame relay bridged, of kind 14"),
        (linktypes.FRELAY, b"\x18\x41\x03\x00\x80\x00\x00\x01\x00\x0e", "frame relay of an organisation's own"),
        (linktypes.FRELAY, b"\x18\x41\x08\x06", "arp"),
        (linktypes.NFLOG, b"\x02\x00\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00", NO_PAYLOAD),
        (linktypes.NFLOG, b"\x07\x00\x00\x05\x08\x00\x09\x00\x00\x00\x00\x00", "address family 7"),
        (linktypes.NFLOG, bytes(4) + b"\x04\x00\x01\x00" * 65, NO_PAYLOAD),
        (linktypes.PPI, forge.ppi(linktypes.PPI, b""), "link type PPI, which `--engine tshark` may read"),
        (189, b"", "link type USB_LINUX, which `--engine tshark` may read"),
        (9999, b"", "link type DLT_9999, which `--engine tshark` may read"),
        (linktypes.PKTAP, pktap(108, linktypes.PKTAP), "link type PKTAP, which `--engine tshark` may read"),
    ],
)
def test_other_frames_say_why_not(link_type: int, data: bytes, reason: str) -> None:
    assert list(ip_offsets(link_type, data)) == [reason]


@pytest.mark.parametrize(
    "link_type",
    [
        linktypes.EN10MB,
        linktypes.LINUX_SLL,
        linktypes.LINUX_SLL2,
        0,
        9,
        50,
        51,
        104,
        105,
        107,
        127,
        linktypes.PPI,
        linktypes.PKTAP,
    ],
)
def test_an_empty_frame_is_broken_at_its_type(link_type: int) -> None:
    with pytest.raises(Broken) as told:
        list(ip_offsets(link_type, b""))
    assert "needs" in told.value.reason


@pytest.mark.parametrize("size", [0, 107, 10_000])
def test_a_pktap_header_that_cannot_be_is_broken(size: int) -> None:
    with pytest.raises(Broken) as told:
        list(ip_offsets(linktypes.PKTAP, pktap(size)))
    assert told.value.field == "pktap.hdrlen"


@pytest.mark.parametrize("size", [0, 7, 10_000])
def test_a_ppi_header_that_cannot_be_is_broken(size: int) -> None:
    with pytest.raises(Broken) as told:
        list(ip_offsets(linktypes.PPI, forge.ppi(1, PACKETS[0])[:2] + struct.pack("<H", size) + bytes(100)))
    assert told.value.field == "ppi.length"


@pytest.mark.parametrize("size", [0, 3, 9])
@pytest.mark.parametrize("order", ["<", ">"])
def test_an_attribute_of_nflog_that_cannot_be_is_broken(size: int, order: str) -> None:
    with pytest.raises(Broken) as told:
        list(ip_offsets(linktypes.NFLOG, bytes(4) + struct.pack(f"{order}HHI", size, 9, 0)))
    assert told.value.field == "nflog.tlv_length"


@given(st.sampled_from((*READERS, *SEVERAL, *AROUND)), st.binary(max_size=64))
def test_no_octets_raise_anything_else(link_type: int, data: bytes) -> None:
    for octets in (data, pktap(108, link_type)[:108] + data):
        try:
            found = list(ip_offsets(linktypes.PKTAP if octets is not data else link_type, octets))
        except Broken:
            continue
        assert all(isinstance(one, str) or 0 <= one <= len(octets) + 20 for one in found)
        assert found
