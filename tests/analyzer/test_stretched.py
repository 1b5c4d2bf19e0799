"""Long captures by stretches: whoever gleans which of them, and whatever lies in them, it comes to the same."""

import gzip
import pickle
import struct
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import gleaning, medialog, sampling, stretched
from analyzer.capture import source, stretch
from analyzer.capture.case import CaseFiles
from analyzer.gleaning import Gleaned, Gleaning
from analyzer.reading import begin

WINDOW = 2048
BEGIN = 1_800_000_000
GROUP, HOST, PROBE = "239.1.1.1", "10.0.0.7", "10.0.0.1"


@pytest.fixture(autouse=True)
def little():
    """Little is much: a few kB are a long capture, a few packets a huge stream."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "WINDOW", WINDOW)
        patch.setattr(source, "MARGIN", 1024)
        for module in (stretch, stretched):
            patch.setattr(module, "STRETCH", 4 * WINDOW)
        patch.setattr(medialog, "NEAR", 0)
        patch.setattr(stretched, "FEWEST", 1)
        patch.setattr(gleaning, "MOST", 4 * WINDOW)
        patch.setattr(medialog, "MAX_KEPT", 12)
        patch.setattr(medialog, "MAX_KEPT_OCTETS", 4000)
        patch.setattr(medialog, "MAX_SAMPLERS", 3)
        for name, value in (("MAX_SHARE", 8), ("LAST", 4), ("BATCH", 5)):
            patch.setattr(sampling, name, value)
        yield


# ------------------------------------------------------------------------------------------------- captures


def ip(payload, protocol=17, dst=GROUP, src=PROBE, fragment=0, ident=7, options=b""):
    ends = b"".join(bytes(map(int, address.split("."))) for address in (src, dst))
    first = 0x45 + len(options) // 4
    head = struct.pack("!BBHHHBBH", first, 0, 20 + len(options) + len(payload), ident, fragment, 64, protocol, 0)
    return bytes(12) + b"\x08\x00" + head + ends + options + payload


def udp(data, port=5000):
    return struct.pack("!HHHH", 40_000, port, 8 + len(data), 0) + data


def rtp(number, ssrc, size):
    mki = (number // 9).to_bytes(6, "big")
    return (
        struct.pack("!BBHII", 0x80, 96, number & 0xFFFF, number, ssrc) + bytes([number & 0xFF]) * size + mki + bytes(14)
    )


def tcp(sequence, data):
    return struct.pack("!HHIIBBHHH", 33_000, 80, sequence, 1, 0x50, 0x18, 1000, 0, 0) + data


REQUEST = b"POST /keymanagement HTTP/1.1\r\nHost: bm-sc\r\nContent-Length: 30\r\n\r\n" + b"x" * 30


class Maker:
    """Frames of one kind after the other, each stream with its own numbers."""

    def __init__(self):
        self.numbers = {}
        self.sequence = 1

    def number(self, kind, step=1):
        self.numbers[kind] = self.numbers.get(kind, 65_500) + step
        return self.numbers[kind]

    def frames(self, kind, size):
        if kind == "group":
            return [ip(udp(rtp(self.number(kind), 0xA, size)))]
        if kind == "lossy":
            return [ip(udp(rtp(self.number(kind, 3), 0xB, size), 5002))]
        if kind == "host":
            return [ip(udp(rtp(self.number(kind), 0xC, size)), dst=HOST)]
        if kind == "control":
            return [ip(udp(struct.pack("!BBHI", 0x80, 200, 6, 0xA) + bytes(20), 5001))]
        if kind == "options":  # media of the first stream that columns do not tell
            return [ip(udp(rtp(self.number("group"), 0xA, size)), options=bytes(4))]
        if kind == "fragments":
            whole = udp(rtp(self.number("group"), 0xA, size + 40))
            return [ip(whole[:40], fragment=0x2000), ip(whole[40:], fragment=5)]
        if kind == "half":
            return [ip(udp(rtp(self.number("group"), 0xA, size + 40))[:40], fragment=0x2000, ident=9)]
        if kind == "sip":
            return [ip(udp(b"OPTIONS sip:a@b SIP/2.0\r\nCSeq: %d OPTIONS\r\n\r\n" % self.number(kind), 5060), dst=HOST)]
        if kind == "tcp":
            at, self.sequence = self.sequence, self.sequence + len(REQUEST)
            return [ip(tcp(at, REQUEST[:50]), 6, HOST), ip(tcp(at + 50, REQUEST[50:]), 6, HOST)]
        if kind == "empty":
            return [b""]
        return [bytes(12) + b"\x08\x06" + bytes(size)]


MEDIA = ("group", "lossy", "host")
ODD = ("control", "options", "fragments", "half", "sip", "tcp", "arp", "empty")
LINES = st.lists(
    st.tuples(st.sampled_from((*MEDIA, *MEDIA, *ODD)), st.integers(1, 120), st.integers(0, 90)), min_size=4, max_size=24
)


def frames(lines):
    maker = Maker()
    return [frame for kind, times, size in lines for _ in range(times if kind in MEDIA else 1 + times // 60)
            for frame in maker.frames(kind, size)]  # fmt: skip


def pcap(packets):
    records = [
        struct.pack("<IIII", BEGIN + at // 500, at % 500 * 2000, len(data), len(data)) + data
        for at, data in enumerate(packets)
    ]
    return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 1) + b"".join(records)


def block(kind, body):
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size


INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0))


def pcapng(packets, others=()):
    """One with two interfaces; `others` are put in front of packets, by their number."""
    made = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), INTERFACE, INTERFACE]
    others = dict(others)
    for at, data in enumerate(packets):
        made.append(others.get(at, b""))
        time = BEGIN * 10**6 + at * 2000
        head = struct.pack("<IIIII", at % 2, time >> 32, time & 0xFFFFFFFF, len(data), len(data))
        made.append(block(6, head + data + bytes(-len(data) % 4)))
    return b"".join(made)


# --------------------------------------------------------------------------------------------------- reading


class Answer:
    def __init__(self, octets, ready):
        self.octets, self.ready = octets, ready

    def done(self):
        return self.ready

    def result(self):
        return self.octets


class Others:
    """Helpers of this process, some of which are slow, and some lost; `gleaned` is what they found."""

    def __init__(self, count=1, slow=(), lost=()):
        self.count, self.slow, self.lost = count, slow, lost
        self.asked, self.gleaned = 0, []

    @contextmanager
    def helping(self):
        yield self.ask

    def ask(self, part):
        self.asked += 1
        octets = pickle.dumps(pickle.loads(part).follow())
        self.gleaned.append(pickle.loads(octets))
        return Answer(None if self.asked in self.lost else octets, self.asked not in self.slow)


def read(case, helpers=None, keep=True):
    """Return all that reading tells."""
    reading = begin(case, keep_media=keep, helpers=helpers)
    payloads = list(reading.payloads(lambda: ()))
    streams = {
        key: (stream.seen, stream.kept, stream.first, stream.last, stream.packets,
              stream.sampler and [tuple(one) for one in stream.sampler.sample()])
        for key, stream in reading.media.streams.items()
    }  # fmt: skip
    decoded = reading.decoder.facts
    facts = [capture.facts for capture in reading.captures]
    return payloads, streams, facts, decoded.counts, decoded.problems, reading.window()


def case(folder, *files):
    paths = []
    for number, octets in enumerate(files):
        path = folder / f"{number}.pcap"
        path.write_bytes(octets)
        paths.append(str(path))
    return CaseFiles("long", tuple(paths), points=(0,) * len(paths))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=LINES, slow=st.sets(st.integers(1, 12)), lost=st.sets(st.integers(1, 12), max_size=3),
    count=st.integers(1, 3), keep=st.booleans(), form=st.sampled_from((pcap, pcapng)), cut=st.integers(0, 300),
)  # fmt: skip
def test_it_comes_to_the_same_whoever_gleans(tmp_path_factory, lines, slow, lost, count, keep, form, cut):
    octets = form(frames(lines))
    whole = case(tmp_path_factory.mktemp("long"), octets[: max(len(octets) - cut, 200)])
    assert read(whole, Others(count, slow, lost), keep) == read(whole, None, keep)


def media(count, size=60):
    return frames([("group", count, size)])


def test_helpers_do_their_part(tmp_path):
    """The first stretches are read here, until no more octets of the stream are kept."""
    helpers = Others(2)
    long = case(tmp_path, pcap(media(1000)))
    assert read(long, helpers) == read(long)
    assert len([one for one in helpers.gleaned if one is not None]) >= 10
    assert {len(one.blocks) for one in helpers.gleaned[:-1]} == {4}
    assert sum(len(small) for one in helpers.gleaned for small in one.blocks) == 0


def test_who_waits_gleans_too(tmp_path, monkeypatch):
    here = []
    follow = Gleaning.follow
    monkeypatch.setattr(Gleaning, "follow", lambda self: here.append(self.stretch) or follow(self))
    helpers = Others(1, slow=range(100))
    long = case(tmp_path, pcap(media(1000)))
    assert read(long, helpers) == read(long)
    assert len(here) > helpers.asked > 1


@pytest.mark.parametrize(("packets", "fewest"), [(50, 1), (1000, 2)])
def test_little_is_read_by_one_and_one_helper_is_of_no_use(tmp_path, monkeypatch, packets, fewest):
    monkeypatch.setattr(stretched, "FEWEST", fewest)
    helpers = Others(1)
    given = case(tmp_path, pcap(media(packets)))
    assert read(given, helpers) == read(given)
    assert not helpers.asked


def test_files_that_follow_on_one_another_are_gleaned_whole(tmp_path):
    helpers = Others(2)
    packets = media(800)
    files = [pcap(packets[at : at + 40]) for at in range(0, 800, 40)]
    rolling = case(tmp_path, *files, pcapng([]), pcapng(packets[:30]))
    assert read(rolling, helpers) == read(rolling)
    assert sum(isinstance(one, Gleaned) for one in helpers.gleaned) >= 10


def test_compressed_files_among_them_are_read_here(tmp_path):
    helpers = Others(2)
    packets = media(1000)
    files = [pcap(packets[at : at + 200]) for at in range(0, 1000, 200)]
    mixed = case(tmp_path, *(gzip.compress(file) if number == 2 else file for number, file in enumerate(files)))
    assert read(mixed, helpers) == read(mixed)
    assert {one.facts.path for one in helpers.gleaned if one is not None} >= {mixed.captures[at] for at in (1, 3, 4)}


def test_media_of_a_host_are_known_from_the_stretches_before(tmp_path):
    packets = frames([("group", 150, 60), ("host", 3, 60), *[("group", 40, 60), ("host", 40, 60)] * 10])
    helpers = Others()
    long = case(tmp_path, pcap(packets))
    assert read(long, helpers) == read(long)
    assert any(one is not None and one.media for one in helpers.gleaned)


def test_a_packet_of_another_source_of_a_stream_is_not_put_behind_it(tmp_path):
    """The other source was told to be media before, of which who gleans its one packet knows nothing."""
    own, other = media(1000), [ip(udp(rtp(number, 0xA, 60), 5000), dst=HOST) for number in range(400)]
    host = [ip(udp(rtp(number, 0xA, 60), 5000), dst=HOST, src="10.0.0.9") for number in (1, 2, 900)]
    packets = [*own[:100], *host[:2], *other[:300], host[2], *other[300:], *own[100:400]]
    helpers = Others(2)
    long = case(tmp_path, pcap(packets))
    assert read(long, helpers) == read(long)


@pytest.mark.parametrize("other", [
    block(5, struct.pack("<III", 0, 0, 0) + struct.pack("<HHQ", 5, 8, 3) + bytes(4)),  # counts of drops
    block(4, struct.pack("<HH", 1, 9) + bytes((10, 0, 0, 7)) + b"ue.a\0" + bytes(3) + bytes(4)),  # names
    INTERFACE,
    block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + INTERFACE * 2,  # another section, alike
    block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    + block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3x", 9, 1, 9) + bytes(4)) + INTERFACE,  # in ns
    block(3, struct.pack("<I", 60) + ip(udp(rtp(1, 0xA, 0)))[:60]),  # a packet without a time
    block(6, struct.pack("<IIIII", 7, 0, 0, 0, 0)),  # of no interface
    block(0x0BAD, bytes(8)),
    b"\x06\0\0\0\x11\0\0\0" + bytes(16),  # damage, after which nothing can be read
    block(6, struct.pack("<IIIII", 0, BEGIN * 10**6 >> 32, 0, 0, 0) + struct.pack("<HH5s3x", 1, 5, b"hello") + bytes(4)),
    block(6, struct.pack("<IIIII", 0, BEGIN * 10**6 >> 32, 0, 0, 0) + struct.pack("<HHQ", 4, 8, 5) + bytes(4)),
], ids=['drops', 'names', 'interface', 'section', 'section-in-ns', 'no-time', 'no-interface', 'custom', 'damage', 'comment', 'drops-before'])  # fmt: skip
@pytest.mark.parametrize("at", [1, 333, 640, 999])
def test_what_else_a_capture_has_is_found_where_it_is(tmp_path, other, at):
    long = case(tmp_path, pcapng(media(1000), {at: other}))
    helpers = Others(2)
    told = read(long, helpers)
    assert told == read(long)
    assert helpers.asked or at == 1
    assert told != read(case(tmp_path, pcapng(media(1000))))


@pytest.mark.parametrize("at", [300, 333, 640])
def test_damage_in_the_midst_ends_it_where_it_is(tmp_path, at):
    packets = media(1000)
    octets = pcap(packets[:at]) + struct.pack("<IIII", BEGIN, 0, 2**31, 2**31) + pcap(packets[at:])[24:]
    long = case(tmp_path, octets)
    helpers = Others(2)
    told = read(long, helpers)
    assert told == read(long)
    assert told[2][0].packets == at
    assert len(told[2][0].problems) == 1


def test_what_looks_like_records_within_a_packet_is_not_taken_for_them(tmp_path):
    """A stretch begins in a packet that carries a capture."""
    inner = pcap([b"inner" * 4] * 60)
    packets = [*media(300), *[ip(udp(inner))] * 12, *media(300)]
    long = case(tmp_path, pcap(packets))
    assert read(long, Others(2)) == read(long)


def test_what_cannot_be_gleaned_any_more_is_read_here(tmp_path, monkeypatch):
    monkeypatch.setattr(stretch, "open_capture", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    long = case(tmp_path, pcap(media(1000)))
    helpers = Others(2)
    assert read(long, helpers) == read(long)
    assert helpers.gleaned
    assert not any(helpers.gleaned)


def test_much_signalling_is_not_sent_around(tmp_path, monkeypatch):
    long = case(tmp_path, pcap(frames([("group", 200, 60), *[("tcp", 110, 0), ("group", 20, 60)] * 20])))
    found = []
    for most in (gleaning.MOST, 600):
        monkeypatch.setattr(gleaning, "MOST", most)
        helpers = Others(2)
        assert read(long, helpers) == read(long)
        found.append(sum(one is not None for one in helpers.gleaned))
    assert found[0] > 10
    assert found[1] <= 2
