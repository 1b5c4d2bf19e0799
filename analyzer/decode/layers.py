"""What lies between TCP and messages on some connections, told and put together: HTTP/2, WebSocket, TLS; tunnels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from analyzer.decode import http1, http2, tls, websocket
from analyzer.decode.framing import Framing, Side
from analyzer.decode.held import Ends
from analyzer.decode.packets import DecodeFacts
from analyzer.decode.stream import Stream
from dissectors import Payload
from dissectors.http import HTTP
from dissectors.text import Headers, head_length, read_head

MAX_SIDES = 2048  # directions of connections that are put together at a time
MAX_SEALED = 16_384  # of TLS, which hold next to nothing
MAX_OCTETS = 32 * 1024 * 1024  # that all of them hold back

FRAMINGS: tuple[Framing, ...] = (http2.FRAMES, websocket.FRAMES, tls.FRAMES)
_SWITCH = b"101"

Find = Callable[[Ends], Stream]


class Layers:
    """Takes what streams were cut into and gives messages; a plain message passes as it is.

    `find` gives the stream of the other direction, which a change of protocol changes too.
    """

    def __init__(self, facts: DecodeFacts, find: Find) -> None:
        self._facts = facts
        self._find = find
        self._sides: OrderedDict[Ends, tuple[Side, int]] = OrderedDict()  # with the holes of the stream so far
        self._sealed: OrderedDict[Ends, tuple[Side, int]] = OrderedDict()  # the same of what nobody reads most of
        self._agreed: OrderedDict[Ends, str] = OrderedDict()  # extensions of WebSockets
        self._octets = 0
        self._asked = http1.Asked(find)

    def add(self, stream: Stream, found: Iterator[Payload]) -> Iterator[Payload]:
        """Yield the messages in what a stream gives."""
        for payload in found:
            if isinstance(stream.claimed, Framing):
                yield from self._frame(stream, stream.claimed, payload)
                continue
            yield payload
            if stream.claimed is HTTP:
                self._asked.note(stream, payload)
            if payload.data[9:12] == _SWITCH and payload.data.startswith(b"HTTP/1.1"):
                self._switch(stream, payload)

    def end(self, ends: Ends) -> Iterator[Payload]:
        """Yield what can still be read of a direction that is over."""
        self._agreed.pop(ends, None)
        self._asked.forget(ends)
        for sides in (self._sides, self._sealed):
            side, _ = sides.pop(ends, (None, 0))
            if side is not None:
                self._octets -= side.octets
                yield from side.finish()

    def _frame(self, stream: Stream, framing: Framing, frame: Payload) -> Iterator[Payload]:
        if framing.goes_on(frame.data, False) != len(frame.data):  # cut where the stream ends
            return
        # Apart, so that many connections of TLS do not push out what others have to remember
        sides, most = (self._sealed, MAX_SEALED) if framing.sealed else (self._sides, MAX_SIDES)
        side, holes = sides.get(stream.ends) or (self._side(stream, framing), stream.holes)
        before = side.octets if stream.ends in sides else 0
        if holes != stream.holes:
            side.lose()
        sides[stream.ends] = side, stream.holes
        sides.move_to_end(stream.ends)
        yield from side.add(frame)
        self._octets += side.octets - before
        while len(sides) > most or (self._octets > MAX_OCTETS and len(sides) > 1):
            yield from self.end(next(iter(sides)))

    def _side(self, stream: Stream, framing: Framing) -> Side:
        back = self._find((*stream.ends[2:], *stream.ends[:2]))
        back.claimed = back.claimed or framing  # both speak it, wherever that cannot be seen
        if framing is tls.FRAMES:
            return tls.TlsSide(self._facts)
        if framing is websocket.FRAMES:
            return websocket.WebSocketSide(self._facts, self._agreed.get(stream.ends))
        first = stream.synchronised or stream.ends in self._agreed
        return http2.Http2Side(self._facts, first and not stream.holes)

    def _switch(self, stream: Stream, answer: Payload) -> None:
        """Take a 101 (RFC 9110 15.2.2): what follows in both directions is of another protocol."""
        head_end = head_length(answer.data, lambda line: True)
        if not head_end:
            return
        headers = read_head(answer.data, 0, head_end).headers
        framing = _upgraded(headers)
        if framing is None:
            return
        extensions = ", ".join(headers.all("Sec-WebSocket-Extensions")).lower()
        ends = stream.ends
        for each in (ends, (*ends[2:], *ends[:2])):
            self._agreed[each] = extensions
            self._find(each).claimed = framing
        while len(self._agreed) > MAX_SIDES:
            self._agreed.popitem(last=False)


def _upgraded(headers: Headers) -> Framing | None:
    protocol = (headers.get("Upgrade") or "").strip().lower()
    return {"websocket": websocket.FRAMES, "h2c": http2.FRAMES}.get(protocol)


__all__ = ["FRAMINGS", "Layers"]
