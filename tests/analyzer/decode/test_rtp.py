import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import rtp
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import MediaFilter, is_rtcp, is_rtp

GROUP, HOST = "239.1.2.3", "10.0.0.9"


def packet(sequence: int = 1, kind: int = 96, first: int = 0x80, ssrc: int = 7) -> bytes:
    return struct.pack("!BBHII", first, kind, sequence, 0, ssrc) + b"media"


def media(data: bytes, dst: str = GROUP, port: int = 5000, frame: int = 1) -> MediaPacket:
    return MediaPacket(0, frame, 0, "10.0.0.1", dst, port, data)


REPORT = struct.pack("!BBHI", 0x80, 200, 6, 7) + bytes(20)


@pytest.mark.parametrize(
    "data",
    [
        packet(),
        packet(kind=96 | 0x80),
        packet(kind=0),
        packet(first=0x81)[:12] + bytes(4),
        packet(first=0x90)[:12] + b"\xbe\xde\x00\x01" + bytes(4),
    ],
)
def test_rtp(data: bytes) -> None:
    assert is_rtp(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        packet()[:11],
        packet(first=0x40),
        packet(first=0xC0),
        packet(kind=72),
        packet(first=0x8F),
        packet(first=0x90)[:12],
        packet(first=0x90)[:12] + b"\xbe\xde\xff\xff",
    ],
)
def test_no_rtp(data: bytes) -> None:
    assert not is_rtp(data)


def test_rtcp() -> None:
    assert is_rtcp(REPORT)
    assert is_rtcp(REPORT + bytes(20))  # index, MKI and tag of SRTCP
    assert not is_rtcp(REPORT[:-1])
    assert not is_rtcp(b"\x80\xc8\x00\x01")
    assert not is_rtcp(b"\x80\xdf" + REPORT[2:])
    assert not is_rtcp(b"")


def test_one_packet_to_a_group_is_enough() -> None:
    for data in (packet(), REPORT):
        assert list(MediaFilter().media(media(data), 5000) or ()) == [media(data)]
    assert list(MediaFilter().media(media(packet(), "ff3e::1"), 5000) or ()) == [media(packet(), "ff3e::1")]


def test_to_a_host_it_takes_two_in_sequence_and_none_is_lost() -> None:
    found = MediaFilter()
    one, two, three = (media(packet(n), HOST, frame=n) for n in (65535, 65536 % 65536, 1))
    assert found.media(one, 5000) is None
    assert list(found.media(two, 5000) or ()) == [one, two]
    assert list(found.media(three, 5000) or ()) == [three]


def test_to_a_host_packets_out_of_sequence_are_no_media() -> None:
    found = MediaFilter()
    assert [found.media(media(packet(n), HOST), 5000) for n in (1, 9_000, 300, 300)] == [None] * 4


@pytest.mark.parametrize("port", [53, 123, 443, 2269, 2152, 2123, 4500, 5060, 5353])
def test_ports_of_other_protocols_carry_no_media(port: int) -> None:
    assert MediaFilter().media(media(packet(), port=port), 5000) is None
    assert MediaFilter().media(media(packet()), port) is None


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtp, "MAX_PROBATION", 5)
    found = MediaFilter()
    for ssrc in range(20):
        found.media(media(packet(1, ssrc=ssrc), HOST), 5000)
        found.media(media(packet(2, ssrc=ssrc), HOST), 5000)
        found.media(media(packet(1, ssrc=100 + ssrc), HOST), 5000)
    assert (len(found._probation), len(found._streams)) == (5, 5)


@given(st.binary(max_size=40))
def test_no_octets_raise(data: bytes) -> None:
    found = MediaFilter().media(media(data), 5000)
    assert found is None or list(found)[-1].data == data
    assert not (is_rtp(data) and is_rtcp(data))
