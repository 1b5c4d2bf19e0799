"""Captures as networks give them: lost, repeated, cut and mixed packets, several interfaces and files; verdicts stay."""

import gzip
import lzma
import random
import struct
from io import BytesIO
from ipaddress import ip_address

import pytest

from analyzer.anonymous import judged, leaks
from analyzer.capture.case import find_cases
from analyzer.capture.reader import open_capture
from sample_pcaps import forge, forge_tunnels
from tests.analyzer.anonymous.conftest import SAMPLES

TCP, PUSH_AND_FIN = 6, 0x09
SECOND = 10**9


class Segment:
    """A frame of TCP in IPv4 or IPv6 in Ethernet, read for the tests alone."""

    def __init__(self, frame):
        packet = frame[14:]
        v4 = packet[0] >> 4 == 4
        size, ends = (4, (12, 16)) if v4 else (16, (8, 24))
        self.packet, self.is_tcp = packet, packet[9 if v4 else 6] == TCP
        self.src, self.dst = (str(ip_address(packet[at : at + size])) for at in ends)
        segment = packet[20 if v4 else 40 :]
        if self.is_tcp:
            self.sport, self.dport, self.seq, self.ack = struct.unpack_from("!HHII", segment)
            self.flags, self.data = segment[13], segment[(segment[12] >> 4) * 4 :]

    def again(self, at=0, data=b"", flags=None):
        flags = self.flags if flags is None else flags
        return forge_tunnels.frame(
            forge.tcp(
                self.src,
                self.sport,
                self.dst,
                self.dport,
                seq=(self.seq + at) % 2**32,
                ack=self.ack,
                flags=flags,
                payload=data,
            )
        )


def segments_of(size):
    """Cut what segments carry into pieces of so many octets at most."""

    def change(frames, drawn):
        for time, frame in frames:
            segment = Segment(frame)
            if not segment.is_tcp or not segment.data:
                yield time, frame
                continue
            at = 0
            while at < len(segment.data):
                piece = segment.data[at : at + drawn.randint(1, size)]
                last = at + len(piece) == len(segment.data)
                yield time + at, segment.again(at, piece, segment.flags if last else segment.flags & ~PUSH_AND_FIN)
                at += len(piece)

    return change


def mixed(frames, drawn):
    """Let segments of one message overtake each other."""
    found = list(segments_of(300)(frames, drawn))
    for at in range(len(found) - 1):
        (time, one), (after, other) = found[at : at + 2]
        if Segment(one).is_tcp and one[26:34] == other[26:34] and after - time < 1000 and drawn.random() < 0.5:
            found[at : at + 2] = [(time, other), (after, one)]
    return found


def repeated(frames, drawn):
    for time, frame in frames:
        yield time, frame
        if drawn.random() < 0.4:
            yield time + 1000, frame


def kept_alive(frames, drawn):
    for time, frame in frames:
        yield time, frame
        segment = Segment(frame)
        if segment.is_tcp and segment.flags == 0x10:
            yield time + 5, segment.again(len(segment.data) - 1, b"\0")


def in_fragments(frames, drawn):
    for number, (time, frame) in enumerate(frames, 1):
        pieces = forge_tunnels.fragments(frame[14:], drawn.choice((64, 128, 256)), number)
        drawn.shuffle(pieces)
        yield from ((time + at, frame[:14] + piece) for at, piece in enumerate(pieces))


CHANGES = {
    "segments": segments_of(7),
    "mixed": mixed,
    "repeated": repeated,
    "kept alive": kept_alive,
    "in fragments": in_fragments,
    "lost": lambda frames, drawn: [each for each in frames if drawn.random() > 0.05],
    "begun late": lambda frames, drawn: frames[len(frames) // 4 :],
    "ended early": lambda frames, drawn: frames[: len(frames) * 3 // 5],
}


def frames_of(name):
    return [(frame.time, frame.data) for frame in open_capture(str(SAMPLES / name / "capture.pcapng"), 0)]


def pcap(frames, snaplen=262144):
    head = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, 1)
    return head + b"".join(
        struct.pack("<IIII", *divmod(time, SECOND), min(len(data), snaplen), len(data)) + data[:snaplen]
        for time, data in frames
    )


def case_of(folder, sample, files):
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    (folder / "keyring.toml").write_bytes((SAMPLES / sample / "keyring.toml").read_bytes())
    (folder / "keyring.toml").chmod(0o600)
    (case,) = find_cases([str(folder)])
    return case


def same(both, least):
    assert judged(both.after.report) == judged(both.before.report)
    assert sum(judged(both.before.report).values()) >= least
    assert leaks(BytesIO(both.written), both.anonymiser.secrets()) == 0


@pytest.mark.parametrize("sample", ["http_good", "over_http2", "ipv6"])
@pytest.mark.parametrize("change", CHANGES)
def test_verdicts_stay(anonymise, tmp_path, sample, change):
    frames = list(CHANGES[change](frames_of(sample), random.Random(5)))
    same(anonymise(case_of(tmp_path, sample, {"capture.pcap": pcap(frames)})), 80)


@pytest.mark.parametrize("snaplen", [60, 100, 200, 400])
def test_captures_that_were_cut(anonymise, tmp_path, snaplen):
    same(anonymise(case_of(tmp_path, "http_good", {"capture.pcap": pcap(frames_of("http_good"), snaplen)})), 0)


@pytest.mark.parametrize(("name", "pack"), [("capture.pcap.gz", gzip.compress), ("capture.pcap.xz", lzma.compress)])
def test_compressed_captures(anonymise, tmp_path, name, pack):
    same(anonymise(case_of(tmp_path, "http_good", {name: pack(pcap(frames_of("http_good")))})), 200)


@pytest.mark.parametrize("sample", ["http_good", "over_http2"])
def test_a_message_that_goes_on_in_the_next_file(anonymise, tmp_path, sample):
    frames = list(segments_of(40)(frames_of(sample), random.Random(5)))
    third = len(frames) // 3
    files = {
        f"probe_{number:05}_20260101000000.pcap": pcap(frames[at : at + third + 3])
        for number, at in enumerate(range(0, len(frames), third + 3), 1)
    }
    assert len(files) == 3
    found = anonymise(case_of(tmp_path, sample, files))
    same(found, 150)
    assert not any("TCP" in what for what in found.anonymiser.counts)


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


def option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def test_what_pcapng_says_besides_frames_is_gone(anonymise, tmp_path):
    secret = b"SECRET of Alice"
    told = block(
        0x0A0D0D0A,
        struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(option(code, secret) for code in (1, 2, 3, 4)) + bytes(4),
    )
    for number in range(3):
        options = b"".join(option(code, secret + b"%d" % number) for code in (1, 2, 3, 12, 15)) + option(
            11, b"\0" + secret
        )
        told += block(1, struct.pack("<HHI", 1, 0, 0) + options + option(9, b"\x09") + bytes(4))
    told += block(4, struct.pack("<HH", 1, 4 + len(secret) + 1) + b"\x0a\0\0\1" + secret + b"\0" + bytes(4))
    told += block(0xA, struct.pack("<II", 0x544C534B, len(secret)) + secret)
    told += block(0xBAD, struct.pack("<I", 0) + secret)
    for number, (time, data) in enumerate(frames_of("http_good")):
        head = struct.pack("<IIIII", number % 3, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
        told += block(6, head + data + bytes(-len(data) % 4) + option(1, secret) + bytes(4))
    told += block(5, struct.pack("<III", 0, 0, 0) + option(1, secret) + bytes(4))
    found = anonymise(case_of(tmp_path, "http_good", {"capture.pcapng": told}))
    same(found, 200)
    assert b"SECRET" in told
    assert b"SECRET" not in found.written
    assert b"Alice" not in found.written
