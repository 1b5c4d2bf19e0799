import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode.tunnels import MAX_EXTENSIONS, gtp_payload
from sample_pcaps.forge import udp

INNER = udp("10.45.0.2", 1000, "10.0.0.2", 2269, b"hello")


def gtp(first: int, optional: bytes = b"", kind: int = 255, inner: bytes = INNER) -> bytes:
    return struct.pack("!BBHI", first, kind, len(optional) + len(inner), 1) + optional + inner


@pytest.mark.parametrize(
    "data",
    [
        gtp(0x30),
        gtp(0x32, b"\x00\x01\x00\x00"),
        gtp(0x34, b"\x00\x00\x00\x85" + b"\x01\x10\x09\x00"),
        gtp(0x34, b"\x00\x00\x00\x85" + b"\x01\x10\x09\xc0" + b"\x02" + bytes(7)),
    ],
)
def test_the_inner_packet_of_a_g_pdu(data: bytes) -> None:
    assert gtp_payload(data) == INNER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        gtp(0x30)[:7],
        gtp(0x30, kind=1),
        gtp(0x48),
        gtp(0x30, inner=b""),
        gtp(0x30, inner=b"\x00\x01not IP"),
        gtp(0x34, b"\x00\x00\x00\x85" + b"\x00" * 4),
        gtp(0x34, b"\x00\x00\x00\x85\x40", inner=b""),
        gtp(0x34, b"\x00\x00\x00\x85" + b"\x01\x00\x00\x85" * (MAX_EXTENSIONS + 1), inner=b""),
    ],
)
def test_anything_else_is_none(data: bytes) -> None:
    assert gtp_payload(data) is None


@given(st.binary(max_size=64).map(lambda data: b"\x34\xff" + data))
def test_no_octets_raise(data: bytes) -> None:
    found = gtp_payload(data)
    assert found is None or data.endswith(found)
