"""Media packets by stream, within limits: many at once as columns, or one by one.

Of a stream the octets of the first packets are kept; of one that goes on, a sample of what follows (`sampling.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.capture.block import Ints
from analyzer.decode.ip import text
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTCP_TYPES
from analyzer.sampling import Sampler, mki_place

MAX_KEPT = 20_000  # packets of one stream whose octets are kept to be verified
MAX_KEPT_OCTETS = 64 * 1024 * 1024  # of all streams together
MAX_SAMPLERS = 64  # streams that more than the beginning is kept of
MAX_STREAMS = 4096  # destinations × SSRC that are told apart
NEAR = 8  # so close to a limit it matters which stream came first

StreamKey = tuple[str, int, int, bool]  # destination, port, SSRC, is RTCP


@dataclass(slots=True)
class Stream:
    """Packets of one SSRC to one destination; octets are kept of the first MAX_KEPT, and of a sample of the others.

    `seen` is how many each probe saw, by its capture point, with the times of the first and the last. The sample is
    of what one of them saw.
    """

    destination: str
    port: int
    ssrc: int
    rtcp: bool
    seen: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    kept: list[MediaPacket] = field(default_factory=list, repr=False)
    sampler: Sampler | None = field(default=None, repr=False)
    first: int = 0
    last: int = 0

    @property
    def key(self) -> StreamKey:
        return self.destination, self.port, self.ssrc, self.rtcp

    @property
    def packets(self) -> int:
        """How many there are: of probes that saw the stream at the same time, those of the one that saw most."""
        total, most, until = 0, 0, 0
        for packets, first, last in sorted(self.seen.values(), key=lambda seen: seen[1]):
            if first > until:
                total, most = total + most, 0
            most, until = max(most, packets), max(until, last)
        return total + most

    @property
    def is_kept(self) -> bool:
        """Whether the octets of all packets are there."""
        return sum(packets for packets, _, _ in self.seen.values()) == len(self.kept)


def key_of(packet: MediaPacket) -> StreamKey:
    """Return the stream that a packet belongs to."""
    rtcp = packet.data[1] in RTCP_TYPES
    ssrc = int.from_bytes(packet.data[4:8] if rtcp else packet.data[8:12], "big")
    return packet.dst, packet.dport, ssrc, rtcp


def key_in(columns: MediaColumns, own: Ints) -> StreamKey:
    """Return the stream that some rows of columns are of."""
    at = int(own[0])
    return text(columns.destinations[at].tobytes()), int(columns.ports[at]), int(columns.ssrcs[at]), False


@dataclass(slots=True)
class MediaLog:
    """Takes media packets and keeps them by stream; only counts them where it `keeps` none.

    `points` has the capture point of each capture, its own where it is empty. One that is `apart` is of a stretch of a
    capture, to be joined to that of all: it keeps samples only, and `apart` says where the MKI stands.
    """

    keeps: bool = True
    points: Sequence[int] = ()
    apart: Mapping[StreamKey, int] | None = None
    streams: dict[StreamKey, Stream] = field(default_factory=dict)
    octets: int = 0
    samplers: int = 0
    dropped: int = 0  # packets of streams beyond MAX_STREAMS

    def add(self, packet: MediaPacket) -> None:
        """Take one packet, RTP or RTCP."""
        stream = self._count(key_of(packet), packet.capture, 1, packet.time, packet.time)
        if stream is None:
            return
        if self._room(stream):
            self._keep(stream, (packet,))
        elif (sampler := self._sampler(stream, packet.capture)) is not None:
            sampler.add(packet)

    def add_columns(self, columns: MediaColumns) -> None:
        """Take many RTP packets at once; only those that are kept become objects."""
        times = columns.block.times[columns.rows]
        for own in columns.streams():
            first, last = int(times[own[0]]), int(times[own[-1]])
            stream = self._count(key_in(columns, own), columns.block.capture, len(own), first, last)
            if stream is None:
                continue
            kept = self._keep(stream, columns.packets(own[: self._room(stream)]))
            if kept < len(own) and (sampler := self._sampler(stream, columns.block.capture)) is not None:
                sampler.add_columns(columns, own[kept:])

    @property
    def full(self) -> bool:
        """Whether no octets of further streams are kept."""
        return self.octets >= MAX_KEPT_OCTETS

    @property
    def is_settled(self) -> bool:
        """Whether there may be streams of which a sample at most is kept from now on."""
        return not self.keeps or self.full or any(stream.sampler is not None for stream in self.streams.values())

    def settled(self) -> dict[StreamKey, int]:
        """Return the streams of which a sample at most is kept from now on, and where the MKI stands in them."""
        more = self.samplers < MAX_SAMPLERS
        return {
            key: stream.sampler.place if stream.sampler is not None else _place(stream.kept if more else [])
            for key, stream in self.streams.items()
            if not self._room(stream)
        }

    def takes(self, other: MediaLog, capture: int) -> bool:
        """Say whether a log of a stretch of a capture has what this one would have kept of it."""
        new = len(other.streams.keys() - self.streams.keys())
        if other.dropped or (new and len(self.streams) + new > MAX_STREAMS - NEAR):
            return False
        samplers = self.samplers
        for key, own in other.streams.items() if self.keeps else ():
            stream = self.streams.get(key)
            if not self.full if stream is None else self._room(stream):
                return False
            sampler = None if stream is None else stream.sampler
            if sampler is None and samplers >= MAX_SAMPLERS:
                continue
            samplers += sampler is None
            place = sampler.place if sampler is not None else _place(() if stream is None else stream.kept)
            listens = sampler is None or sampler.point == self._point(capture)
            if listens and (own.sampler is None or own.sampler.place != place):
                return False
        return samplers == self.samplers or samplers <= MAX_SAMPLERS - NEAR

    def join(self, other: MediaLog, capture: int, frames: int) -> None:
        """Take the log of a stretch of a capture that so many frames are before; `takes` has said that it can be."""
        for key, own in other.streams.items():
            stream = self._count(key, capture, own.packets, own.first, own.last)
            sampler = None if stream is None else self._sampler(stream, capture)
            if sampler is not None and own.sampler is not None:
                sampler.join(own.sampler, frames)

    def _count(self, key: StreamKey, capture: int, packets: int, first: int, last: int) -> Stream | None:
        stream = self.streams.get(key)
        if stream is None:
            if len(self.streams) >= MAX_STREAMS:
                self.dropped += packets
                return None
            stream = self.streams[key] = Stream(*key, first=first, last=last)
        point = self._point(capture)
        before, began, ended = stream.seen.get(point, (0, first, last))
        stream.seen[point] = before + packets, min(began, first), max(ended, last)
        stream.first, stream.last = min(stream.first, first), max(stream.last, last)
        return stream

    def _point(self, capture: int) -> int:
        return self.points[capture] if self.points else capture

    def _room(self, stream: Stream) -> int:
        """Return how many more packets of a stream may be kept."""
        if not self.keeps or stream.sampler is not None or self.full or self.apart is not None:
            return 0
        return MAX_KEPT - len(stream.kept)

    def _keep(self, stream: Stream, packets: Sequence[MediaPacket] | Iterator[MediaPacket]) -> int:
        """Keep packets while there is room; return how many."""
        before = len(stream.kept)
        for packet in packets:
            if not self._room(stream):
                break
            stream.kept.append(packet)
            self.octets += len(packet.data)
        return len(stream.kept) - before

    def _sampler(self, stream: Stream, capture: int) -> Sampler | None:
        """Return what samples a stream, where this probe is the one that it listens to."""
        if not self.keeps:
            return None
        point = self._point(capture)
        if stream.sampler is None and self.samplers < MAX_SAMPLERS:
            self.samplers += 1
            last = next((packet for packet in reversed(stream.kept) if self._point(packet.capture) == point), None)
            sequence = None if last is None else int.from_bytes(last.data[2:4], "big")
            place = _place(stream.kept)
            if self.apart is not None:
                place = self.apart.get(stream.key, place)
            stream.sampler = Sampler(point, sequence, place)
        return stream.sampler if stream.sampler is not None and stream.sampler.point == point else None


def _place(kept: Sequence[MediaPacket]) -> int:
    return mki_place([packet.data for packet in kept])
