import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import ip
from analyzer.decode.ip import begins_ip, read_ip, upper
from analyzer.decode.packets import Broken
from sample_pcaps.forge import ip_packet
from sample_pcaps.forge_tunnels import v4_options

V4 = ip_packet("10.0.0.1", "10.0.0.2", 17, b"payload!")
V6 = ip_packet("fd00::1", "fd00::2", 17, b"payload!")


def v6(following: int, body: bytes) -> bytes:
    return struct.pack("!IHBB", 6 << 28, len(body), following, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + body


def option(following: int, octets: int = 8) -> bytes:
    return bytes((following, octets // 8 - 1)) + bytes(octets - 2)


def test_a_version_4_packet() -> None:
    packet = read_ip(V4 + b"ethernet padding")
    assert (packet.version, packet.src, packet.dst, packet.protocol) == (4, "10.0.0.1", "10.0.0.2", 17)
    assert (packet.data, packet.lost, packet.ident) == (b"payload!", 0, -1)


def test_a_version_6_packet() -> None:
    packet = read_ip(V6 + b"padding")
    assert (packet.version, packet.src, packet.dst, packet.protocol) == (6, "fd00::1", "fd00::2", 17)
    assert (packet.data, packet.lost) == (b"payload!", 0)


def test_options_of_version_4_are_passed() -> None:
    data = bytearray(V4[:20] + bytes(8) + V4[20:])
    data[0], data[2:4] = 0x47, struct.pack("!H", len(data))
    assert read_ip(bytes(data)).data == b"payload!"


def test_a_length_of_zero_means_all_there_is() -> None:
    data = bytearray(V4)
    data[2:4] = bytes(2)
    assert read_ip(bytes(data)).data == b"payload!"


def test_what_was_not_captured_is_counted() -> None:
    assert (read_ip(V4[:-3]).data, read_ip(V4[:-3]).lost) == (b"paylo", 3)
    assert (read_ip(V6[:-3]).data, read_ip(V6[:-3]).lost) == (b"paylo", 3)


def test_extension_headers_are_passed() -> None:
    chain = option(60) + option(43, 24) + option(51) + b"\x11\x02" + bytes(14)  # hop-by-hop, options, routing, AH
    packet = read_ip(v6(0, chain + b"payload!"))
    assert (packet.protocol, packet.data) == (17, b"payload!")


def test_a_fragment_of_version_6() -> None:
    body = option(44) + struct.pack("!BxHI", 17, 16 | 1, 0xABCDEF01) + b"eight by"
    packet = read_ip(v6(0, body))
    assert (packet.ident, packet.offset, packet.more, packet.data) == (0xABCDEF01, 16, True, b"eight by")


def test_a_fragment_header_on_a_whole_packet() -> None:
    packet = read_ip(v6(44, struct.pack("!BxHI", 17, 0, 5) + b"payload!"))
    assert (packet.ident, packet.protocol, packet.data) == (-1, 17, b"payload!")


def test_a_fragment_of_version_4() -> None:
    data = bytearray(V4)
    data[4:8] = struct.pack("!HH", 77, 0x2000 | 3)
    packet = read_ip(bytes(data))
    assert (packet.ident, packet.offset, packet.more) == (77, 24, True)


def test_authentication_header_of_version_4_is_passed() -> None:
    data = ip_packet("10.0.0.1", "10.0.0.2", 51, b"\x11\x04" + bytes(22) + b"payload!")
    assert (read_ip(data).protocol, read_ip(data).data) == (17, b"payload!")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "ip.version"),
        (b"\x75" + bytes(40), "ip.version"),
        (V4[:19], "ip.hdr_len"),
        (b"\x44" + V4[1:], "ip.hdr_len"),
        (b"\x4f" + V4[1:], "ip.hdr_len"),
        (V4[:2] + b"\x00\x13" + V4[4:], "ip.len"),
        (V6[:39], "ipv6.plen"),
        (v6(44, b"\x11\x00\x00"), "ipv6.fraghdr"),
        (v6(0, b"\x11\x01" + bytes(6)), "ipv6.nxt"),
        (v6(0, b"\x11"), "ipv6.nxt"),
        (v6(60, option(60) * (ip.MAX_HEADERS + 1)), "ipv6.nxt"),
    ],
)
def test_broken_headers_say_which_field(data: bytes, field: str) -> None:
    with pytest.raises(Broken) as told:
        read_ip(data)
    assert told.value.field == field


def test_upper_stops_at_what_is_no_extension() -> None:
    assert upper(17, b"") == (17, 0)
    assert upper(60, option(6) + b"tcp") == (6, 8)


@given(st.binary(max_size=120).map(lambda data: bytes((0x45 if data[:1] < b"\x80" else 0x60,)) + data))
def test_no_octets_raise_anything_else(data: bytes) -> None:
    try:
        packet = read_ip(data)
    except Broken:
        return
    assert len(packet.data) <= len(data)
    assert packet.lost >= 0


@pytest.mark.parametrize("packet", [V4, v4_options(V4), V4[:20], V6, V6 + b"padding"])
def test_where_ip_begins_is_told_without_a_hint(packet: bytes) -> None:
    assert begins_ip(packet, 0)
    assert begins_ip(b"before" + packet, 6)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x45", V4[:19], V4[:10] + b"\0\0" + V4[12:], bytes(40), v4_options(V4)[:24], b"\x44" + V4[1:],
     V6[:39], V6[:-1], V6[:4] + b"\0\0" + V6[6:], b"\x75" + V4[1:]],
)  # fmt: skip
def test_where_it_does_not_begin(data: bytes) -> None:
    assert not begins_ip(data, 0)
    assert not begins_ip(data, len(data))


@given(st.binary(max_size=60), st.integers(0, 70))
def test_no_octets_raise_from_a_guess(data: bytes, at: int) -> None:
    assert begins_ip(b"\x46" + data, at) in (True, False)
    assert begins_ip(b"\x60" + data, at) in (True, False)
