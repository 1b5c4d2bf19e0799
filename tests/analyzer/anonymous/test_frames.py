"""Frames with other addresses and payloads: lengths stay, checksums are right again, or wrong as they were."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous.frames import Frames, filled
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.rewrite import checksum
from sample_pcaps import forge
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
        filled(frames.streams, [((*ENDS[:1], 1, ENDS[1], 2), octets[10:95], octets[10:95][::-1])], {}, Counter()) == 15
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
