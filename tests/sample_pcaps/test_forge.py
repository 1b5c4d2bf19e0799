"""Layers 2 to 4 and the files of the forge."""

import struct

import pytest

from sample_pcaps import forge
from sample_pcaps.forge import ACK, FIN, SYN, Connection, Tape


def pseudo(src, dst, protocol, length):
    if len(src) == 16:
        return src + dst + struct.pack("!IHBB", length, 0, 0, protocol)
    return src + dst + struct.pack("!BBH", 0, protocol, length)


@pytest.mark.parametrize(("src", "dst"), [("10.0.0.1", "239.1.2.3"), ("2001:db8::1", "ff0e::1")])
def test_udp_checksums_come_out_right(src, dst):
    packet = forge.udp(src, 1, dst, 2269, b"odd")
    if packet[0] >> 4 == 4:
        assert forge.checksum(packet[:20]) == 0
        ends, segment = (packet[12:16], packet[16:20]), packet[20:]
    else:
        ends, segment = (packet[8:24], packet[24:40]), packet[40:]
    assert forge.checksum(pseudo(*ends, 17, len(segment)) + segment) == 0
    assert segment == struct.pack("!HHHH", 1, 2269, 11, int.from_bytes(segment[6:8], "big")) + b"odd"


def test_multicast_goes_to_the_link_address_of_its_group():
    assert forge.mac_of("239.129.2.3").hex() == "01005e010203"
    assert forge.mac_of("ff0e::1:2:3").hex() == "333300020003"
    assert forge.mac_of("10.1.0.11")[0] & 1 == 0


def test_packet_beyond_the_mtu_is_refused():
    with pytest.raises(ValueError, match="more than 1500"):
        forge.udp("10.0.0.1", 1, "10.0.0.2", 2, bytes(1480))


def segments(tape):
    found = []
    for time, frame in tape.sorted():
        sport, _, seq, ack, offset, flags = struct.unpack("!HHIIBB", frame[34:48])
        found.append((time, sport, seq, ack, flags, frame[34 + (offset >> 4) * 4 :]))
    return found


def test_connection_counts_its_octets_and_acknowledges_those_of_the_other_end():
    tape = Tape()
    connection = Connection(tape, "10.0.0.1", 40000, "10.0.0.2", 80)
    now = connection.open(0)
    now = connection.send(now, bytes(forge.MSS + 1), by_client=True)
    now = connection.send(now + 1, b"answer", by_client=False)
    connection.close(now + 1)
    found = segments(tape)
    assert [flags for _, _, _, _, flags, _ in found[:3]] == [SYN, SYN | ACK, ACK]
    asked = [item for item in found if item[1] == 40000 and item[5]]
    assert [len(item[5]) for item in asked] == [forge.MSS, 1]
    answer = next(item for item in found if item[5] == b"answer")
    assert answer[3] == asked[-1][2] + 1
    assert [flags for _, _, _, _, flags, _ in found[-3:]] == [FIN | ACK, FIN | ACK, ACK]
    assert [item[0] for item in found] == sorted(item[0] for item in found)


def test_tape_is_sorted_by_time_and_stable():
    tape = Tape([(2, b"b"), (1, b"a"), (2, b"c")])
    assert [frame for _, frame in tape.sorted()] == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("options", "magic", "unit"),
    [
        ({}, "d4c3b2a1", 1000),
        ({"nanoseconds": True}, "4d3cb2a1", 1),
        ({"big_endian": True}, "a1b2c3d4", 1000),
        ({"nanoseconds": True, "big_endian": True}, "a1b23c4d", 1),
    ],
)
def test_pcap_has_its_magic_and_its_times(options, magic, unit):
    found = forge.pcap([(3_000_000_123, b"frame")], **options)
    order = ">" if options.get("big_endian") else "<"
    assert found[:4].hex() == magic
    assert struct.unpack(f"{order}IIII", found[24:40]) == (3, 123 // unit, 5, 5)
    assert found[40:] == b"frame"


def test_pcapng_blocks_frame_themselves():
    found = forge.pcapng([(1 << 33 | 7, b"frame"), (1 << 34, b"next")])
    kinds = []
    while found:
        kind, size = struct.unpack("<II", found[:8])
        assert size % 4 == 0
        assert found[size - 4 : size] == found[4:8]
        kinds.append(kind)
        if kind == 6:
            last = struct.unpack("<IIIII", found[8:28])
        found = found[size:]
    assert kinds == [0x0A0D0D0A, 1, 6, 6]
    assert last == (0, 4, 0, 4, 4)
