"""TCP: segments sorted by connection and direction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping

from dpkt import tcp as dpkt_tcp

from analyzer.decode.acknowledged import Acknowledged
from analyzer.decode.held import Ends
from analyzer.decode.ip import IpPacket
from analyzer.decode.layers import FRAMINGS, Layers
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from analyzer.decode.stream import DROPPED, Stream
from dissectors import DISSECTORS, Dissector, Payload

MAX_STREAMS = 16_384  # directions of connections that are told apart
MAX_SEGMENTS = 8192  # the last, that are told when they come again
MAX_TOTAL_OCTETS = 32 * 1024 * 1024  # that all of them hold back

HEADER = 20

STREAMING = tuple(dissector for dissector in (*DISSECTORS, *FRAMINGS) if dissector.length is not None)


class Connections:
    """Takes TCP segments and gives messages; `ports` says which protocols to try first where."""

    def __init__(self, facts: DecodeFacts, ports: Mapping[str, tuple[int, ...]]) -> None:
        self._facts = facts
        self._ports = ports
        self._streams: OrderedDict[Ends, Stream] = OrderedDict()
        self._acknowledged = Acknowledged(facts)
        self._layers = Layers(facts, self._stream)
        self._octets = 0
        self._segments: dict[tuple[Ends, int, int], Origin] = {}  # by ends, sequence number and size

    def add(self, packet: IpPacket, origin: Origin) -> Iterator[Payload]:
        """Take one segment; yields the messages that it completes, raises Broken."""
        data = packet.data
        if len(data) < HEADER:
            raise Broken("tcp", "tcp.hdr_len", 0, f"needs {HEADER} octets, {len(data)} left")
        header = (data[12] >> 4) * 4
        if header < HEADER or len(data) < header:
            raise Broken("tcp", "tcp.hdr_len", 12, f"a header of {header} octets, {len(data)} left")
        ends = (packet.src, data[0] << 8 | data[1], packet.dst, data[2] << 8 | data[3])
        sequence = int.from_bytes(data[4:8], "big")
        flags = data[13]
        acknowledged = int.from_bytes(data[8:12], "big") if flags & dpkt_tcp.TH_ACK else None
        body = data[header:]
        if flags & dpkt_tcp.TH_SYN:
            sequence = (sequence + 1) & 0xFFFF_FFFF
            yield from self._begin(ends, sequence, acknowledged, origin)
        if acknowledged is not None:
            back = (ends[2], ends[3], ends[0], ends[1])
            self._acknowledged.note(back, acknowledged)
            other = self._streams.get(back)
            if body and (other is None or other.synchronised):
                self._acknowledged.expect(back, acknowledged, None if other is None else other.reached, origin)
        fin = bool(flags & (dpkt_tcp.TH_FIN | dpkt_tcp.TH_RST))
        if flags & dpkt_tcp.TH_RST:
            body = b""  # RFC 9293 3.5.3: what it carries is a diagnostic
            if ends not in self._streams:
                return
        if body or packet.lost or fin:
            if body:
                self._note((ends, sequence, len(body)), origin)
            stream = self._stream(ends)
            before = stream.octets
            yield from self._layers.add(stream, stream.add(sequence, body, packet.lost, fin, origin))
            self._octets += stream.octets - before
            if stream.reached is not None:
                self._acknowledged.reach(ends, stream.reached, origin)
            yield from self._shrink()

    def finish(self) -> Iterator[Payload]:
        """Yield what can still be read of the streams that are open."""
        for ends, stream in list(self._streams.items()):
            yield from self._layers.add(stream, stream.finish())
            yield from self._layers.end(ends)
        for ends in self._acknowledged.directions():
            self._close(ends, self._streams.get(ends))
        self._streams.clear()
        self._octets = 0

    def _note(self, segment: tuple[Ends, int, int], origin: Origin) -> None:
        """Remember a segment, or tell that it came again: on another leg, or sent again."""
        first = self._segments.setdefault(segment, origin)
        if first is not origin:
            self._facts.repeat(first, origin)
        elif len(self._segments) > MAX_SEGMENTS:
            del self._segments[next(iter(self._segments))]

    def _begin(self, ends: Ends, sequence: int, acknowledged: int | None, origin: Origin) -> Iterator[Payload]:
        """Take a SYN; one that does not fit what is there opens the ports anew."""
        if self._stream(ends).begin(sequence, origin):
            return
        back = (ends[2], ends[3], ends[0], ends[1])
        other = self._streams.get(back)
        if other is None:
            self._close(back, None)
        elif not (other.synchronised and other.base == acknowledged):
            yield from self._end(back)
        yield from self._end(ends)
        self._stream(ends).begin(sequence, origin)

    def _stream(self, ends: Ends) -> Stream:
        stream = self._streams.get(ends)
        if stream is None:
            stream = self._streams[ends] = Stream(ends, self._order(ends), self._facts)
        else:
            self._streams.move_to_end(ends)
        return stream

    def _order(self, ends: Ends) -> tuple[Dissector, ...]:
        """All dissectors of streams, those first that the user named for one of the ports."""
        named = {name for name, ports in self._ports.items() if ends[1] in ports or ends[3] in ports}
        return tuple(sorted(STREAMING, key=lambda one: one.protocol not in named)) if named else STREAMING

    def _end(self, ends: Ends) -> Iterator[Payload]:
        stream = self._streams.pop(ends)
        self._octets -= stream.octets
        yield from self._layers.add(stream, stream.finish())
        yield from self._layers.end(ends)
        self._close(ends, stream)

    def _close(self, ends: Ends, stream: Stream | None) -> None:
        self._acknowledged.close(ends, None if stream is None else stream.reached)

    def _shrink(self) -> Iterator[Payload]:
        """Give up the streams that were silent longest until all is within the limits again."""
        while len(self._streams) > MAX_STREAMS or (self._octets > MAX_TOTAL_OCTETS and len(self._streams) > 1):
            oldest = next(iter(self._streams))
            if self._streams[oldest].octets:
                self._facts.count(DROPPED)
            yield from self._end(oldest)
