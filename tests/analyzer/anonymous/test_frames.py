"""Frames with other addresses and payloads: lengths stay, checksums are right again, or wrong as they were."""

from collections import Counter
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous.frames import Frames
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.rewrite import checksum
from sample_pcaps import forge
from sample_pcaps import forge_tunnels as tunnels
from sample_pcaps.forge_tunnels import data_chunk, sctp

NAMES = Pseudonyms(b"secret")
ENDS = ("10.0.0.1", "10.0.0.2")


def framed(packet, link_type=linktypes.EN10MB):
    data = forge.ethernet(*ENDS, packet) if link_type == linktypes.EN10MB else packet
    return _frame(data, link_type)


def _frame(data, link_type):
    return Frame(capture=0, number=1, time=10**18, interface=0, link_type=link_type, data=data, length=len(data))


def made(packet, datagram=lambda data: data[::-1]):
    frames = Frames(NAMES, datagram)
    data = frames.made(framed(packet))
    return data, frames.counts


def test_a_datagram():
    packet = forge.udp(ENDS[0], 1000, ENDS[1], 2000, b"hello")
    data, counts = made(packet)
    new = [NAMES.address(each) for each in ENDS]
    assert data[14:] == forge.udp(new[0], 1000, new[1], 2000, b"olleh")
    assert data[:12] != framed(packet).data[:12]
    assert counts == {}


def test_what_nothing_stands_for_is_blanked_and_counted():
    data, counts = made(forge.udp(*ENDS[:1], 1, ENDS[1], 2, b"secret"), lambda data: None)
    assert data.endswith(bytes(6))
    assert counts == {"octets of datagrams that nobody reads blanked": 6}


def test_wrong_checksums_stay_wrong():
    packet = bytearray(forge.udp(ENDS[0], 1000, ENDS[1], 2000, b"hello"))
    packet[26] ^= 0xFF
    data, _ = made(bytes(packet))
    new = [NAMES.address(each) for each in ENDS]
    assert data[14:] != forge.udp(new[0], 1000, new[1], 2000, b"olleh")
    assert checksum(data[14:34]) == 0


def test_pieces_of_a_stream_in_any_order_and_again():
    octets = bytes(range(100))
    segments = [(seq, octets[seq - 1 : seq + 29]) for seq in (31, 1, 61, 31, 91)]
    packets = [
        framed(forge.tcp(ENDS[0], 1, ENDS[1], 2, seq=seq, ack=0, flags=0x10, payload=data)) for seq, data in segments
    ]
    frames = Frames(NAMES, lambda data: None)
    for packet in packets:
        frames.look(packet)
    assert (
        frames.streams.fill([((*ENDS[:1], 1, ENDS[1], 2), octets[10:95], octets[10:95][::-1])], {}, bytes, Counter())
        == 15
    )
    expected = bytes(10) + octets[10:95][::-1] + bytes(5)
    for packet, (seq, data) in zip(packets, segments, strict=True):
        out = frames.made(packet)
        assert out[-len(data) :] == expected[seq - 1 : seq - 1 + len(data)]
        assert len(out) == len(packet.data)


def test_sctp_has_its_checksum():
    packet = sctp(ENDS[0], 1, ENDS[1], 2, data_chunk(1, b"hello"))
    data, _ = made(packet)
    new = [NAMES.address(each) for each in ENDS]
    assert data[14:] == sctp(new[0], 1, new[1], 2, data_chunk(1, b"olleh"))


@pytest.mark.parametrize("link_type", [linktypes.RAW, linktypes.EN10MB, linktypes.LINUX_SLL])
@given(data=st.binary(max_size=120))
def test_octets_of_any_kind_keep_their_number(link_type, data):
    frames = Frames(NAMES, lambda data: data)
    frame = _frame(data, link_type)
    frames.look(frame)
    assert len(frames.made(frame)) == len(data)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 60))
def test_damaged_packets_keep_their_number_of_octets(noise, at):
    packet = bytearray(forge.tcp(ENDS[0], 1, ENDS[1], 2, seq=1, ack=0, flags=0x10, payload=b"a payload that is long"))
    packet[at : at + len(noise)] = noise
    frames = Frames(NAMES, lambda data: data)
    frames.look(framed(bytes(packet)))
    assert len(frames.made(framed(bytes(packet)))) == len(packet) + 14


SECRET = b"what nobody may know"
V6 = ("2001:db8::1", "2001:db8::2")


def behind(packet, size):
    """A packet whose header says that so many octets of it are none of its own."""
    made = bytearray(packet)
    made[2:4] = (len(packet) - size).to_bytes(2, "big")
    return bytes(made)


def udp_of(length):
    packet = bytearray(forge.udp(*ENDS[:1], 1, ENDS[1], 2, SECRET))
    packet[24:26] = length.to_bytes(2, "big")
    return bytes(packet)


def tcp_with(options):
    segment = bytearray(forge.tcp(ENDS[0], 1, ENDS[1], 2, seq=1, ack=0, flags=0x10, payload=options)[20:])
    segment[12] = (20 + len(options)) // 4 << 4
    return forge.ip_packet(*ENDS, 6, bytes(segment))


def short_header():
    packet = bytearray(forge.udp(*ENDS[:1], 1, ENDS[1], 2, SECRET))
    packet[0] = 0x42
    return bytes(packet)


@pytest.mark.parametrize(
    "packet",
    [
        forge.udp(*ENDS[:1], 1, ENDS[1], 2, b"") + SECRET,  # behind the packet, as in a trailer
        udp_of(8),  # behind the datagram
        udp_of(3),
        short_header(),
        tunnels.ip_in_ip(behind(forge.udp(*ENDS[:1], 1, ENDS[1], 2, SECRET), 20)),
        tunnels.in_udp(2152, tunnels.gtp(behind(forge.udp(*ENDS[:1], 1, ENDS[1], 2, SECRET), 20))),
        tunnels.in_udp(2152, tunnels.gtp(b"\x00" + SECRET)),
        tunnels.in_udp(4789, tunnels.vxlan(tunnels.typed(0x0806, SECRET))),
        forge.ip_packet(*ENDS, 1, b"\x08\0\0\0\0\1\0\1" + SECRET),  # echoes: of Windows, and such as look like IP
        forge.ip_packet(*ENDS, 1, b"\x08\0\0\0\0\1\0\1" + b"\x45" + SECRET * 2),
        forge.ip_packet(*V6, 58, b"\x80\0\0\0\0\1\0\1" + b"\x60" + SECRET * 3),
        forge.ip_packet(*V6, 58, b"\x88\0\0\0\0\0\0\0" + SECRET),  # a neighbour's advertisement
        forge.ip_packet(*ENDS, 1, b"\x05\0\0\0" + SECRET),  # a redirect
        tunnels.icmp_error(*ENDS, 3, 3, forge.udp(*ENDS[:1], 1, ENDS[1], 2, b"") + SECRET),
        tcp_with(b"\x1e\x16" + SECRET + b"\0\0"),  # MPTCP, which has addresses
        tcp_with(b"\x01\x01\x22\x12" + SECRET[:16]),  # a cookie of fast open
        tcp_with(b"\x1e\x40" + SECRET + b"\0\0"),  # longer than the header
        tcp_with(b"\0" + SECRET + b"\0\0\0"),  # behind the end of options
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(4, SECRET)),  # HEARTBEAT
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(10, SECRET)),  # COOKIE ECHO
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(1, bytes(16) + SECRET)),  # INIT
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(6, SECRET)),  # ABORT
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(200, SECRET)),
        sctp(ENDS[0], 1, ENDS[1], 2, b"\x03\0\0\3" + SECRET),  # a chunk shorter than its header
        sctp(ENDS[0], 1, ENDS[1], 2, data_chunk(1, SECRET, flags=2)),  # its other chunks are missing
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(8, b"") + SECRET[:3]),
        sctp(ENDS[0], 1, ENDS[1], 2, tunnels.chunk(4, SECRET), udp_port=9899),
        forge.ip_packet(*V6, 60, bytes((17, 2, 0xC9, 16)) + SECRET),  # the home address of mobile IPv6
        forge.ip_packet(*V6, 135, SECRET),
        forge.ip_packet(*ENDS, 47, b"\x40\0\x08\0" + SECRET),
        forge.ip_packet(*ENDS, 112, SECRET),
    ],
)
def test_octets_that_nobody_reads_are_gone(packet):
    data, _ = made(packet, lambda octets: None)
    assert len(data) == len(packet) + 14
    for at in range(len(SECRET) - 3):
        assert SECRET[at : at + 4] not in data


def test_addresses_in_icmp_are_others():
    gateway = ip_address("10.0.0.9").packed
    data, _ = made(forge.ip_packet(*ENDS, 1, b"\x05\1\0\0" + gateway + forge.udp(*ENDS[:1], 1, ENDS[1], 2, b"hello")))
    assert gateway not in data
    assert data[38:42] == NAMES.packed(gateway)
    assert data[54:58] == ip_address(NAMES.address(ENDS[0])).packed


def test_ordinary_options_of_tcp_stay():
    options = bytes.fromhex("020405b4 0402 080a0000000100000002 01 030307".replace(" ", ""))
    data, _ = made(tcp_with(options))
    assert data[-20:] == options


def test_a_message_of_sctp_in_several_chunks():
    octets = bytes(range(100))
    parts = [(2, 0xFFFFFFFF, octets[:40]), (0, 0, octets[40:80]), (1, 1, octets[80:])]
    packets = [sctp(ENDS[0], 1, ENDS[1], 2, data_chunk(number, data, flags=flags)) for flags, number, data in parts]
    frames = Frames(NAMES, lambda data: data[::-1] if data == octets else None)
    for packet in (packets[2], packets[0], packets[1]):
        frames.look(framed(packet))
    again = [sctp(*(NAMES.address(ENDS[0]), 1, NAMES.address(ENDS[1]), 2), data_chunk(number, data, flags=flags))
             for (flags, number, _), data in zip(parts, (octets[::-1][:40], octets[::-1][40:80], octets[::-1][80:]), strict=True)]  # fmt: skip
    assert [frames.made(framed(packet))[14:] for packet in packets] == again
    assert frames.counts == {}
