"""HTTP/1.x over a connection: which request an answer is for, where that tells its end (RFC 9112 6.3)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from analyzer.decode.held import Ends
from analyzer.decode.stream import Stream
from dissectors import Dissector, Payload
from dissectors.http import HTTP, is_start_line
from dissectors.text import head_length

MAX_CONNECTIONS = 4096  # whose requests are remembered
MAX_WAITING = 256  # requests of one connection that wait for their answers

_HEAD, _CONNECT = b"HEAD", b"CONNECT"
_BODILESS = (_HEAD, _CONNECT)
_START = b"HTTP/"

Find = Callable[[Ends], Stream]


@dataclass(slots=True)
class _Connection:
    """The methods of the requests that wait for an answer, in their order; None once one may have been missed."""

    waiting: deque[bytes] | None = field(default_factory=deque)


class Asked:
    """Follows the requests of connections, and tells the other direction how the answer to HEAD and CONNECT ends.

    The octets of an answer do not say it: neither has a body, whatever its head announces. `find` gives the stream
    of the other direction.
    """

    def __init__(self, find: Find) -> None:
        self._find = find
        self._connections: OrderedDict[Ends, _Connection] = OrderedDict()  # by the ends of requests

    def note(self, stream: Stream, message: Payload) -> None:
        """Take a message of HTTP/1.x."""
        if message.data.startswith(_START):
            self._answer(stream, message)
        else:
            self._request(stream, message)

    def forget(self, ends: Ends) -> None:
        """Take that a direction is over."""
        self._connections.pop(ends, None)

    def _request(self, stream: Stream, message: Payload) -> None:
        connection = self._connections.setdefault(stream.ends, _Connection())
        if stream.holes or connection.waiting is None or len(connection.waiting) == MAX_WAITING:
            connection.waiting = None
            return
        method = message.data.partition(b" ")[0]
        connection.waiting.append(method)
        if len(connection.waiting) == 1 and method in _BODILESS:
            self._find(_back(stream.ends)).told = partial(_end, method)
        if len(self._connections) > MAX_CONNECTIONS:
            self._connections.popitem(last=False)

    def _answer(self, stream: Stream, message: Payload) -> None:
        stream.told = None
        connection = self._connections.get(_back(stream.ends))
        if connection is None or not connection.waiting:
            return
        if stream.holes:
            connection.waiting = None
            return
        status = message.data[9:12]
        if status.startswith(b"1") and status != b"101":  # RFC 9110 15.2: the answer itself is still to come
            method = connection.waiting[0]
        elif connection.waiting.popleft() == _CONNECT and status.startswith(b"2"):
            # RFC 9110 9.3.6: a tunnel from here on, of whatever protocol, in both directions
            self.forget(_back(stream.ends))
            stream.claimed = self._find(_back(stream.ends)).claimed = None
            return
        else:
            method = connection.waiting[0] if connection.waiting else b""
        if method in _BODILESS:
            stream.told = partial(_end, method)


def _end(method: bytes, dissector: Dissector, data: bytes) -> int:
    """Return the octets of an answer that ends with its head, 0 where they do not tell."""
    if dissector is not HTTP or not data.startswith(_START) or data[9:10] == b"1":
        return 0
    end = head_length(data, is_start_line) or 0
    if method == _CONNECT:
        return end if data[9:10] == b"2" else 0
    # what follows is the next answer: else this one is not for the request that it is taken for
    return end if _START.startswith(data[end : end + len(_START)]) else 0


def _back(ends: Ends) -> Ends:
    return (*ends[2:], *ends[:2])
