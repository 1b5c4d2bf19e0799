"""TCP connections, put together so that messages in them can be rewritten: each direction octet by octet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from analyzer.anonymous import http2_frames, websocket_frames

MAX_HOLE = 1 << 20  # octets; a segment that is further from what is known is of another connection
MAX_CONNECTIONS = 256  # one after the other between the same ends
SEQUENCE = 1 << 32

Ends = tuple[str, int, str, int]


@dataclass(slots=True)
class Stream:
    """The octets of one direction of a connection: as seen, by their place; and what stands for them.

    `begun` says that the first octet is known, so that none comes before; `holes` are where nothing was seen yet,
    `written` where octets stand for others.
    """

    base: int
    begun: bool = False
    octets: bytearray = field(default_factory=bytearray, repr=False)
    made: bytearray = field(default_factory=bytearray, repr=False)
    holes: list[tuple[int, int]] = field(default_factory=list)
    written: list[tuple[int, int]] = field(default_factory=list)

    def place(self, sequence: int) -> int | None:
        """Return where an octet is, below 0 before the first one; None where it is of another connection."""
        at = (sequence - self.base + SEQUENCE // 2) % SEQUENCE - SEQUENCE // 2
        return at if -MAX_HOLE <= at <= len(self.octets) + MAX_HOLE else None

    def add(self, sequence: int, data: bytes) -> None:
        """Keep octets of a segment; of those that were seen before the first count."""
        at = self.place(sequence)
        if at is None or not data:
            return
        if at < 0 and self.begun:  # a keep-alive sends the octet before the first one
            at, data = 0, data[-at:]
        elif at < 0:
            self.base = sequence
            self.octets[:0] = bytes(-at)
            self.holes = [(0, -at), *((start - at, end - at) for start, end in self.holes)]
            at = 0
        if at > len(self.octets):
            self.holes.append((len(self.octets), at))
            self.octets += bytes(at - len(self.octets))
        if self.holes:
            self._fill(at, data)
        self.octets += data[len(self.octets) - at :] if at + len(data) > len(self.octets) else b""

    def _fill(self, at: int, data: bytes) -> None:
        left = []
        for start, end in self.holes:
            first, last = max(start, at), min(end, at + len(data))
            if first >= last:
                left.append((start, end))
                continue
            self.octets[first:last] = data[first - at : last - at]
            left += [each for each in ((start, first), (last, end)) if each[0] < each[1]]
        self.holes = left

    def blank(self) -> int:
        """Return for how many octets nothing stands."""
        left, at = len(self.octets), 0
        for start, end in sorted(self.written):
            left -= max(end - max(start, at), 0)
            at = max(at, end)
        return left

    def piece(self, sequence: int, size: int) -> bytes:
        """Return what stands for octets of a segment, zeros where nothing does."""
        at = self.place(sequence)
        if at is None:
            return bytes(size)
        before = bytes(min(-at, size)) if at < 0 else b""
        return (before + bytes(self.made[max(at, 0) : max(at + size, 0)])).ljust(size, b"\0")


@dataclass(slots=True)
class Streams:
    """The streams of a case; those of connections between the same ends one after the other."""

    kept: dict[Ends, list[Stream]] = field(default_factory=dict, repr=False)

    def begin(self, ends: Ends, sequence: int) -> None:
        """Take a SYN: the first octet has the number given."""
        stream = self._stream(ends, sequence)
        if stream is None:
            stream = self._new(ends, sequence)
        if not stream.octets:
            stream.base, stream.begun = sequence, True

    def add(self, ends: Ends, sequence: int, data: bytes) -> None:
        """Keep octets of a segment."""
        stream = self._stream(ends, sequence)
        (self._new(ends, sequence) if stream is None else stream).add(sequence, data)

    def piece(self, ends: Ends, sequence: int, size: int) -> bytes:
        """Return what stands for octets of a segment, zeros where nothing does."""
        stream = self._stream(ends, sequence)
        return bytes(size) if stream is None else stream.piece(sequence, size)

    def fill(
        self,
        pieces: Iterable[tuple[Ends, bytes, bytes]],
        of_http2: Mapping[Ends, Mapping[int, http2_frames.Told]],
        message: Callable[[bytes], bytes | None],
        counts: Counter[str],
    ) -> int:
        """Put what stands for messages, in their order, where they were; return octets without any.

        `message` gives what stands for one that is not to be found as it is.
        """
        missed = set[Ends]()
        at: dict[Ends, tuple[int, int]] = {}  # which connection, and where in it
        for streams in self.kept.values():
            for stream in streams:
                stream.made, stream.written = bytearray(len(stream.octets)), []
        for ends, before, after in pieces:
            number, begin = at.get(ends, (0, 0))
            for later, stream in enumerate(self.kept.get(ends, ())[number:], number):
                place = stream.octets.find(before, begin if later == number else 0)
                if place >= 0 and len(before) == len(after):
                    stream.made[place : place + len(before)] = after
                    at[ends] = later, place + len(before)
                    stream.written.append((place, place + len(before)))
                    break
            else:
                missed.add(ends)
        for ends, streams in self.kept.items():
            for stream in streams if ends not in of_http2 else ():
                back = (*ends[2:], *ends[:2])
                # What a client says is masked, and does not stand there as it is; the other end's frames do
                if ends in missed or back in missed or websocket_frames.is_switched(stream.octets):
                    stream.written += websocket_frames.fill(bytes(stream.octets), stream.made, message)
        for ends, told in of_http2.items():
            for stream in self.kept.get(ends, ()):
                made = http2_frames.filled(bytes(stream.octets), told, counts)
                stream.made[: len(made)] = made
                stream.written.append((0, len(made)))
        return sum(stream.blank() for streams in self.kept.values() for stream in streams)

    def _stream(self, ends: Ends, sequence: int) -> Stream | None:
        """Return the last connection that a number can be of."""
        return next((one for one in reversed(self.kept.get(ends, ())) if one.place(sequence) is not None), None)

    def _new(self, ends: Ends, sequence: int) -> Stream:
        streams = self.kept.setdefault(ends, [])
        if len(streams) >= MAX_CONNECTIONS:
            return Stream(sequence)
        streams.append(Stream(sequence))
        return streams[-1]
