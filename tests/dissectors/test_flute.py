"""FLUTE packets by hand: header, extensions, objects within, and what tshark says."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, told
from dissectors.cursor import Cursor, Recorder
from dissectors.flute import Transmission

PORT = 9999
FDT = b'<FDT-Instance Expires="3900000000"><File TOI="1" Content-Location="a"/></FDT-Instance>'
EXT_FDT = bytes.fromhex("c0100007")
# Sizes that tshark shows in octets; what stands in extensions it shows over all of an extension
UNLIKE = frozenset(
    {
        "alc.version", "rmt-lct.fsize", "rmt-lct.fsize.cci", "rmt-lct.fsize.tsi", "rmt-lct.fsize.toi", "rmt-lct.flags",
        "rmt-lct.hlen", "rmt-lct.ext", "rmt-lct.hec.type", "rmt-lct.flute_version", "rmt-lct.fdt_instance_id",
    }
)  # fmt: skip
IDS = {0: 4, 1: 4, 5: 4, 6: 4, 128: 8, 129: 8, 130: 4}  # octets of the FEC payload ID


def packet(payload=b"piece", toi=1, extensions=b"", codepoint=0, flags=0xA0, block=b"", tsi=42):
    half, toi_size = bool(flags & 0x10), 4 * (flags >> 5 & 3) + 2 * bool(flags & 0x10)
    numbers = tsi.to_bytes(4 * (flags >> 7) + 2 * half, "big") + toi.to_bytes(toi_size, "big")
    times = bytes(4 * (flags >> 3 & 1) + 4 * (flags >> 2 & 1))
    header = bytes(4) + numbers + times + extensions
    assert len(header) % 4 == 0
    return bytes((0x10, flags, 1 + len(header) // 4, codepoint)) + header + (block or bytes(IDS[codepoint])) + payload


def fti(octets: int, codepoint: int = 0) -> bytes:
    if codepoint == 6:
        rest = octets.to_bytes(5, "big") + struct.pack("!BHBHB2x", 0, 1400, 1, 2, 4)
    elif codepoint == 5:
        rest = octets.to_bytes(6, "big") + struct.pack("!HBB", 1400, 64, 80)
    else:
        ends = {1: struct.pack("!HBB", 1, 2, 4), 129: struct.pack("!HH", 64, 80)}.get(codepoint, struct.pack("!I", 64))
        rest = octets.to_bytes(6, "big") + struct.pack("!HH", 0, 1400) + ends
    return bytes((64, (2 + len(rest)) // 4)) + rest


def at_port(payload, data):
    return payload(data, dport=PORT)._replace(named="flute")


def test_piece_of_an_object(read):
    body = read(packet(flags=0xA3, block=b"\0\2\0\3"))
    assert (body.tsi, body.toi, body.codepoint) == (42, 1, 0)
    assert (body.close_session, body.close_object) == (True, True)
    assert (body.block, body.symbol, body.payload, body.is_whole) == (2, 3, b"piece", False)


@pytest.mark.parametrize("flags", [0x10, 0xA0, 0xB0, 0x90, 0xC0, 0xE0, 0xF0, 0xAC])
def test_numbers_of_every_size(payload, leaves, flags):
    message = dissect(at_port(payload, packet(flags=flags, toi=5, tsi=6)))
    assert (message.error, message.body.tsi, message.body.toi) == (None, 6 if flags & 0x90 else 0, 5)
    leaves(message)


@pytest.mark.parametrize("codepoint", IDS)
def test_what_is_said_of_objects(payload, read, leaves, codepoint):
    data = packet(extensions=fti(5, codepoint), codepoint=codepoint)
    block = {1: 0, 6: 0}.get(codepoint, 64)
    body = read(data)
    assert (body.transmission, body.payload, body.is_whole) == (Transmission(5, 1400, block), b"piece", True)
    leaves(dissect(at_port(payload, data)))


def test_other_schemes_and_extensions(read):
    data = packet(b"", extensions=bytes.fromhex("c1030000 02020000 00000000"), block=b"x")[:-1]
    data = data[:3] + b"\x7f" + data[4:]
    body = read(data + b"opaque")
    assert (body.encoding, body.block, body.symbol, body.payload) == (3, -1, -1, b"opaque")


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (packet(FDT, 0, EXT_FDT), True),
        (packet(FDT, 0, EXT_FDT + fti(len(FDT))), True),
        (packet(FDT, 0, EXT_FDT + fti(len(FDT) + 1)), False),
        (packet(FDT, 0, EXT_FDT, block=b"\0\0\0\1"), False),
        (packet(b"", 0, EXT_FDT), False),
    ],
)
def test_packets_that_hold_their_object(read, data, whole):
    assert read(data).is_whole is whole


def test_only_on_a_port_that_was_named(payload):
    data = packet(FDT, 0, EXT_FDT)
    assert told(at_port(payload, data)) == "flute"
    assert told(payload(data, dport=PORT)) is None
    assert told(payload(data, "tcp", dport=PORT)._replace(named="flute")) is None


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "rmt-lct.version", 0),
        (b"\x20" + packet()[1:], "rmt-lct.version", 0),
        (packet()[:2] + b"\0" + packet()[3:], "flute.hlen", 2),
        (packet()[:2] + b"\2" + packet()[3:], "flute.hlen", 2),
        (packet()[:2] + b"\xff" + packet()[3:16], "rmt-lct.hec.type", 16),
        (packet(extensions=b"\1\0\0\0"), "rmt-lct.hec.len", 17),
        (packet(extensions=b"\1\2\0\0"), "rmt-lct.hec.len", 17),
        (packet(extensions=b"\x40\1\0\0"), "rmt-fec.fti.transfer_length", 18),
        (packet(block=b"\0"), "rmt-fec.esi", 18),
    ],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data[:19] if field == "rmt-fec.esi" else data)
    assert (error.field, error.offset) == (field, offset)


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits(outcome, bit):
    whole = packet(FDT, 0, EXT_FDT + fti(len(FDT)))
    for at in range(len(whole)):
        data = bytearray(whole)
        data[at] ^= 1 << bit
        assert outcome(Cursor(bytes(data))) == outcome(Recorder(bytes(data)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(sorted(IDS)), st.integers(0, 255))
def test_hostile_octets_raise_malformed_only(outcome, noise, codepoint, length):
    outcome(Cursor(bytes((0x10, 0xA0, length, codepoint)) + noise))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=50), st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
def test_what_is_written_is_what_is_read(read, content, toi, block, symbol):
    body = read(packet(content, toi, block=struct.pack("!HH", block, symbol)))
    assert (body.toi, body.block, body.symbol, body.payload) == (toi, block, symbol, content)


@pytest.mark.parametrize("codepoint", [0, 1, 128, 129, 130])
def test_packets_read_as_in_tshark(payload, oracle, agrees, codepoint):
    sent = at_port(payload, packet(FDT, 0, EXT_FDT + fti(len(FDT), codepoint), codepoint))
    ((_, shown),) = oracle("alc", [sent], "-d", f"udp.port=={PORT},alc")
    agrees(dissect(sent), shown, UNLIKE)
