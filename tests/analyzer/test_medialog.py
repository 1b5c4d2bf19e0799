import pytest

from analyzer import medialog
from analyzer.capture.reader import open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from analyzer.medialog import MediaLog
from sample_pcaps import forge

SECOND = 10**9
START = 1_767_225_600 * SECOND


def rtp(sequence, ssrc=0xAABBCCDD):
    return b"\x80\x60" + sequence.to_bytes(2, "big") + bytes(4) + ssrc.to_bytes(4, "big") + b"picture"


def packet(sequence, ssrc=0xAABBCCDD, time=0, dst="239.1.2.3", data=None):
    return MediaPacket(0, sequence + 1, time, "10.0.0.1", dst, 5000, rtp(sequence, ssrc) if data is None else data)


@pytest.fixture
def columns(tmp_path):
    """Write packets to a capture, and return the media of it as columns."""

    def made(packets):
        path = tmp_path / "x.pcapng"
        written = [
            forge.ethernet("10.0.0.1", dst, forge.udp("10.0.0.1", 49152, dst, 5000, data)) for dst, data in packets
        ]
        written.append(bytes(200))  # so that no media packet is the last
        path.write_bytes(forge.pcapng([(START + index * SECOND, frame) for index, frame in enumerate(written)]))
        (block,) = open_capture(str(path)).blocks()
        return Decoder().sift(block)[1]

    return made


def told(log):
    return {key: (s.packets, s.first, s.last, [p.data for p in s.kept]) for key, s in log.streams.items()}


def test_columns_and_packets_come_to_the_same(columns):
    sent = [
        ("239.1.2.3", rtp(1)),
        ("239.1.2.3", rtp(2)),
        ("239.1.2.4", rtp(3)),
        ("239.1.2.3", rtp(4, ssrc=7)),
        ("239.1.2.3", rtp(5)),
    ]
    by_columns, by_packets = MediaLog(), MediaLog()
    for found in columns(sent):
        by_columns.add_columns(found)
    for index, (dst, data) in enumerate(sent):
        by_packets.add(packet(index, time=START + index * SECOND, dst=dst, data=data))
    assert told(by_columns) == told(by_packets)
    assert by_columns.streams["239.1.2.3", 5000, 0xAABBCCDD, False].packets == 3


def test_ipv6(columns):
    log = MediaLog()
    written = forge.ethernet("2001:db8::1", "ff0e::1", forge.udp("2001:db8::1", 49152, "ff0e::1", 5000, rtp(1)))
    assert written[12:14] == b"\x86\xdd"
    log.add(packet(1, dst="ff0e::1"))
    assert list(log.streams) == [("ff0e::1", 5000, 0xAABBCCDD, False)]


def test_rtcp_is_a_stream_of_its_own():
    log = MediaLog()
    log.add(packet(1))
    log.add(packet(2, data=b"\x80\xc8\x00\x06" + (0xAABBCCDD).to_bytes(4, "big") + bytes(20)))
    assert sorted(rtcp for *_, rtcp in log.streams) == [False, True]


def test_octets_are_kept_of_the_first_only(columns, monkeypatch):
    monkeypatch.setattr(medialog, "MAX_KEPT", 2)
    log = MediaLog()
    for found in columns([("239.1.2.3", rtp(n)) for n in range(5)]):
        log.add_columns(found)
    log.add(packet(9))
    (stream,) = log.streams.values()
    assert stream.packets == 6
    assert [p.data[3] for p in stream.kept] == [0, 1]


@pytest.mark.parametrize(
    ("points", "times", "packets"),
    [
        ((), {0: (1, 2, 3), 1: (1, 2)}, 3),  # two probes at once
        ((), {0: (1, 2, 3), 1: (4, 5)}, 5),  # one after the other
        ((), {0: (1, 2, 3), 1: (3, 4), 2: (9,)}, 4),
        ((0, 0), {0: (1, 2, 3), 1: (3, 4)}, 5),  # files of one probe
        ((0, 1, 1), {0: (1, 9), 1: (1, 2), 2: (3, 4, 5)}, 5),
    ],
)
def test_what_several_probes_saw_at_once_counts_once(points, times, packets):
    log = MediaLog(points=points)
    for capture, seen in times.items():
        for time in seen:
            log.add(packet(time, time=time)._replace(capture=capture))
    (stream,) = log.streams.values()
    assert stream.packets == packets
    assert stream.is_kept


def test_octets_of_all_streams_are_limited(monkeypatch):
    monkeypatch.setattr(medialog, "MAX_KEPT_OCTETS", 30)
    log = MediaLog()
    for sequence in range(4):
        log.add(packet(sequence, ssrc=sequence))
    assert sum(len(stream.kept) for stream in log.streams.values()) == 2
    assert sum(stream.packets for stream in log.streams.values()) == 4


def test_streams_beyond_the_limit_are_counted(columns, monkeypatch):
    monkeypatch.setattr(medialog, "MAX_STREAMS", 1)
    log = MediaLog()
    for found in columns([("239.1.2.3", rtp(1)), ("239.1.2.4", rtp(2)), ("239.1.2.4", rtp(3))]):
        log.add_columns(found)
    assert len(log.streams) == 1
    assert log.dropped == 2
