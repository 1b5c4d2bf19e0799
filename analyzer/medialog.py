"""Media packets by stream, within limits: many at once as columns, or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from analyzer.decode.ip import text
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTCP_TYPES
from analyzer.decode.sift import MediaColumns

MAX_KEPT = 20_000  # packets of one stream whose octets are kept to be verified
MAX_KEPT_OCTETS = 64 * 1024 * 1024  # of all streams together
MAX_STREAMS = 4096  # destinations × SSRC that are told apart

StreamKey = tuple[str, int, int, bool]  # destination, port, SSRC, is RTCP


@dataclass(slots=True)
class Stream:
    """Packets of one SSRC to one destination; octets are kept of the first MAX_KEPT.

    `seen` is how many each probe saw, by its capture point, with the times of the first and the last.
    """

    destination: str
    port: int
    ssrc: int
    rtcp: bool
    seen: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    kept: list[MediaPacket] = field(default_factory=list, repr=False)
    first: int = 0
    last: int = 0

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


@dataclass(slots=True)
class MediaLog:
    """Takes media packets and keeps them by stream; only counts them where it `keeps` none.

    `points` has the capture point of each capture, its own where it is empty.
    """

    keeps: bool = True
    points: Sequence[int] = ()
    streams: dict[StreamKey, Stream] = field(default_factory=dict)
    octets: int = 0
    dropped: int = 0  # packets of streams beyond MAX_STREAMS

    def add(self, packet: MediaPacket) -> None:
        """Take one packet, RTP or RTCP."""
        data = packet.data
        rtcp = data[1] in RTCP_TYPES
        ssrc = int.from_bytes(data[4:8] if rtcp else data[8:12], "big")
        key = (packet.dst, packet.dport, ssrc, rtcp)
        stream = self._count(key, packet.capture, 1, packet.time, packet.time)
        if stream is not None:
            self._keep(stream, packet)

    def add_columns(self, columns: MediaColumns) -> None:
        """Take many RTP packets at once; only those that are kept become objects."""
        times = columns.block.times[columns.rows]
        for own in columns.streams():
            at = int(own[0])
            key = (text(columns.destinations[at].tobytes()), int(columns.ports[at]), int(columns.ssrcs[at]), False)
            stream = self._count(key, columns.block.capture, len(own), int(times[at]), int(times[own[-1]]))
            if stream is not None:
                for packet in columns.packets(own[: self._room(stream)]):
                    self._keep(stream, packet)

    def _count(self, key: StreamKey, capture: int, packets: int, first: int, last: int) -> Stream | None:
        stream = self.streams.get(key)
        if stream is None:
            if len(self.streams) >= MAX_STREAMS:
                self.dropped += packets
                return None
            stream = self.streams[key] = Stream(*key, first=first, last=last)
        point = self.points[capture] if self.points else capture
        before, began, ended = stream.seen.get(point, (0, first, last))
        stream.seen[point] = before + packets, min(began, first), max(ended, last)
        stream.first, stream.last = min(stream.first, first), max(stream.last, last)
        return stream

    def _room(self, stream: Stream) -> int:
        """Return how many more packets of a stream may be kept."""
        return MAX_KEPT - len(stream.kept) if self.keeps and self.octets < MAX_KEPT_OCTETS else 0

    def _keep(self, stream: Stream, packet: MediaPacket) -> None:
        if self._room(stream):
            stream.kept.append(packet)
            self.octets += len(packet.data)
