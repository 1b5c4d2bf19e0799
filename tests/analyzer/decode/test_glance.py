"""Marks of packets: the same for the same packet, wherever it is seen, and for no other."""

from pathlib import Path

import pytest

from analyzer.capture.reader import open_capture
from analyzer.decode import glance as glances
from analyzer.decode.glance import MARK, Glance
from sample_pcaps import forge
from sample_pcaps import forge_tunnels as tunnels
from sample_pcaps.forge import tcp, udp

SIP = b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n\r\n"
MIKEY = bytes.fromhex("010005000000000900000002000000010000")
ENDS = ("10.0.0.1", 5060, "10.0.0.2", 5060)
TCP = {"seq": 7, "ack": 9, "flags": 0x18, "payload": bytes(range(64))}


def marks(tmp_path: Path, *packets: bytes):
    path = tmp_path / "capture.pcap"
    path.write_bytes(forge.pcap((n * 1000, tunnels.frame(packet)) for n, packet in enumerate(packets)))
    glance = Glance()
    return [mark for block in open_capture(str(path)).blocks() for mark in glance.marks(block)]


def in_gtp(packet: bytes) -> bytes:
    return tunnels.in_udp(2152, tunnels.gtp(packet))


@pytest.mark.parametrize(
    "packet",
    [udp(*ENDS, SIP), udp("10.0.0.1", 9, "10.0.0.2", 2269, MIKEY), tcp(*ENDS, **TCP)],
    ids=["sip", "mikey", "tcp"],
)
def test_a_packet_has_one_mark_inside_a_tunnel_and_outside(tmp_path, packet):
    (one, first), (other, second) = marks(tmp_path, packet, in_gtp(packet))
    assert one == other
    assert len(one) == MARK
    assert (first, second) == (0, 1000)


def test_a_datagram_has_it_behind_an_address_translator_too(tmp_path):
    (one, _), (other, _) = marks(tmp_path, udp(*ENDS, SIP), udp("192.0.2.1", 1, "192.0.2.2", 5060, SIP))
    assert one == other


@pytest.mark.parametrize("other", [{"seq": 8}, {"ack": 10}, {"payload": bytes(64)}])
def test_another_segment_has_another(tmp_path, other):
    found = marks(tmp_path, tcp(*ENDS, **TCP), tcp(*ENDS, **TCP | other))
    assert len({mark for mark, _ in found}) == 2


def test_what_says_little_has_none(tmp_path):
    mere = tcp(*ENDS, **TCP | {"payload": b"x" * 31})
    assert marks(tmp_path, mere, udp(*ENDS, b"\r\n\r\n"), tcp(*ENDS, **TCP | {"payload": b""})) == []


def test_octets_of_the_network_raise_nothing(tmp_path):
    assert marks(tmp_path, tcp(*ENDS, **TCP)[:30], b"\x45\x00", b"\x60" * 40) == []


def rtp(sequence: int) -> bytes:
    return b"\x80\x60" + sequence.to_bytes(2, "big") + bytes(4) + b"SSRC" + sequence.to_bytes(4, "big") * 8


def media(*sequences: int, **ends: str) -> list[bytes]:
    return [udp(ends.get("src", "10.4.0.1"), 5000, "239.1.2.3", 5000, rtp(sequence)) for sequence in sequences]


def test_media_have_marks_too(tmp_path):
    found = marks(tmp_path, *media(*range(40)))
    assert len({mark for mark, _ in found}) == len(found) == 40
    assert found == marks(tmp_path, *media(*range(40), src="10.9.9.9"))


def test_of_many_media_some_are_marked_and_the_same_everywhere(tmp_path, monkeypatch):
    monkeypatch.setattr(glances, "MEDIA_ALL", 10)
    few = marks(tmp_path, *media(*range(1000)))
    assert 10 < len(few) < 40
    later = {mark for mark, _ in marks(tmp_path, *media(*range(500, 1000)))}
    assert {mark for mark, time in few if time >= 500_000} <= later
    monkeypatch.setattr(glances, "MEDIA_MOST", 12)
    assert len(marks(tmp_path, *media(*range(1000)))) == 12
