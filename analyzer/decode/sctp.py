"""SCTP (RFC 9260): user messages put together from DATA chunks, in any order, within limits."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from zlib import crc32

from analyzer.decode.ip import IpPacket
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from dissectors import Payload
from dissectors.tls_names import ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE

MAX_RECENT = 16_384  # chunks that are remembered to tell those sent again
MAX_WAITING = 8 * 1024 * 1024  # octets of fragments whose rest is awaited
MAX_FRAGMENTS = 16_384  # of them
MAX_MESSAGE = 2 * 1024 * 1024  # octets of one message
MAX_DIRECTIONS = 4096  # of associations whose numbers are followed
MAX_STEP = 65_536  # numbers from one chunk to the next; further off, others are followed
MAX_CHUNKS = 1024  # of one packet
TIMEOUT = 60 * 1_000_000_000  # ns of capture time that fragments wait for the rest

HEADER, CHUNK_HEADER, DATA_HEADER = 12, 4, 16
UDP_PORT = 9899  # of SCTP in UDP (RFC 6951)
DATA, I_DATA = 0, 64
UNORDERED, BEGIN, END = 4, 2, 1
SEQUENCE = 0xFFFF_FFFF

MISSING = "SCTP chunks that were not captured"
INCOMPLETE = "SCTP fragments whose rest did not come"
CUT = "SCTP chunks that were not captured whole"
LONG = f"SCTP messages longer than {MAX_MESSAGE} octets"
INTERLEAVED = "SCTP I-DATA chunks, which are not read"
CHUNKS = f"SCTP packets with more than {MAX_CHUNKS} chunks"
DTLS = "Diameter in DTLS over SCTP, which is not opened"  # its handshake and alerts are read
DIAMETER_IN_DTLS = 47
DTLS_READ = (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE)
DTLS_TYPES = range(20, 26)  # RFC 9147 4: no message of Diameter begins so, its version is 1
# https://www.iana.org/assignments/sctp-parameters: what these carry no dissector takes
OTHERS = {
    1: "IUA", 2: "M2UA", 3: "M3UA", 4: "SUA", 5: "M2PA", 6: "V5UA", 7: "H.248", 18: "S1AP", 19: "RUA", 20: "HNBAP",
    24: "SBc-AP", 25: "NBAP", 27: "X2AP", 29: "LCS-AP", 31: "SABP", 43: "M2AP", 44: "M3AP", 50: "WebRTC control",
    58: "3GPP RNA", 59: "3GPP M2AP", 60: "NGAP", 61: "XnAP", 62: "F1AP", 64: "E1AP",
}  # fmt: skip

Key = tuple[int, int, int, str]  # verification tag, source and destination port; the source too where no tag is


@dataclass(frozen=True, slots=True)
class Chunk:
    tsn: int
    flags: int
    stream: int
    sequence: int
    ppid: int
    data: bytes = field(repr=False)
    origin: Origin

    def precedes(self, following: Chunk) -> bool:
        """Say whether a chunk with the next TSN carries on with the same message (RFC 9260 6.9)."""
        same = (self.stream, self.sequence, self.flags & UNORDERED)
        return (
            not self.flags & END
            and not following.flags & BEGIN
            and same == (following.stream, following.sequence, following.flags & UNORDERED)
        )


@dataclass(eq=False, slots=True)
class Run:
    """Fragments with consecutive TSNs of one message; `time` is that of the last."""

    key: Key
    chunks: deque[Chunk]
    octets: int
    time: int

    @property
    def whole(self) -> bool:
        return bool(self.chunks[0].flags & BEGIN and self.chunks[-1].flags & END)


@dataclass(slots=True)
class Numbers:
    """The TSNs of a direction, from the lowest to the highest seen, and how many of them were."""

    low: int
    high: int
    seen: int = 0

    @property
    def missing(self) -> int:
        return max(self.high - self.low + 1 - self.seen, 0)


def encapsulated(data: bytes) -> bool:
    """Say whether a datagram on its port is SCTP (RFC 6951 4): its chunks fill it."""
    at = HEADER
    for _ in range(MAX_CHUNKS):
        size = data[at + 2] << 8 | data[at + 3] if len(data) >= at + CHUNK_HEADER else 0
        if size < CHUNK_HEADER:
            return False
        if at + size <= len(data) <= at + size + -size % 4:
            return any(data[:2]) and any(data[2:4])
        at += size + -size % 4
    return False


class Messages:
    """Takes SCTP packets and gives the user messages in them; the order of streams is not waited for.

    A direction of an association is known by its tag and ports, not by addresses: either end may have several.
    """

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._recent: OrderedDict[tuple[Key, int], tuple[int, Origin]] = OrderedDict()  # the octets' CRC
        self._numbers: OrderedDict[Key, Numbers] = OrderedDict()
        self._runs: OrderedDict[Run, None] = OrderedDict()  # that which grew last at the end
        self._firsts: dict[tuple[Key, int], Run] = {}
        self._lasts: dict[tuple[Key, int], Run] = {}
        self._octets = 0
        self._fragments = 0

    def add(self, packet: IpPacket, origin: Origin) -> Iterator[Payload]:
        """Take one packet; yields the messages that it completes, raises Broken."""
        data = packet.data
        if len(data) < HEADER:
            raise Broken("sctp", "sctp.srcport", 0, f"needs {HEADER} octets, {len(data)} left")
        sport, dport, tag = data[0] << 8 | data[1], data[2] << 8 | data[3], int.from_bytes(data[4:8], "big")
        key = (tag, sport, dport, "" if tag else packet.src)
        for chunk in self._chunks(packet, origin):
            for ppid, message, told in self._take(key, chunk):
                if self._is_read(ppid, message):
                    yield Payload(
                        message, "sctp", packet.src, sport, packet.dst, dport,
                        told.capture, told.frame, told.time, told.frames, told.leg, told.ident,
                    )  # fmt: skip

    def finish(self) -> None:
        """Count what is still incomplete, and what never came."""
        while self._runs:
            self._drop()
        while self._numbers:
            self._leave(next(iter(self._numbers)))

    def _chunks(self, packet: IpPacket, origin: Origin) -> Iterator[Chunk]:
        """Yield the DATA chunks of a packet."""
        data, at = packet.data, HEADER
        for _ in range(MAX_CHUNKS):
            left = len(data) - at
            if left <= 0 and not packet.lost:
                return
            size = data[at + 2] << 8 | data[at + 3] if left >= CHUNK_HEADER else 0
            if packet.lost and (left < CHUNK_HEADER or size > left):
                self._facts.count(CUT)
                return
            if left < CHUNK_HEADER or not CHUNK_HEADER <= size <= left:
                raise Broken("sctp", "sctp.chunk_length", at, f"a chunk of {size} octets, {left} left")
            if data[at] == DATA:
                if size <= DATA_HEADER:
                    raise Broken(
                        "sctp", "sctp.chunk_length", at + 2, f"{size} octets, DATA has more than {DATA_HEADER}"
                    )
                tsn, stream, sequence, ppid = (
                    int.from_bytes(data[at + begin : at + end], "big")
                    for begin, end in ((4, 8), (8, 10), (10, 12), (12, 16))
                )
                flags = data[at + 1]
                # RFC 9260 3.3.1: what is unordered has no valid number
                number = -1 if flags & UNORDERED else sequence
                yield Chunk(tsn, flags, stream, number, ppid, data[at + DATA_HEADER : at + size], origin)
            elif data[at] == I_DATA:
                self._facts.count(INTERLEAVED)
            at += size + -size % 4
        self._facts.count(CHUNKS)

    def _take(self, key: Key, chunk: Chunk) -> Iterator[tuple[int, bytes, Origin]]:
        """Yield the message that a chunk completes: payload protocol, octets, and origin."""
        place, mark = (key, chunk.tsn), crc32(chunk.data)
        known = self._recent.get(place)
        if known is not None and known[0] == mark:
            self._facts.repeat(known[1], chunk.origin)
            return
        self._recent[place] = mark, chunk.origin
        self._recent.move_to_end(place)
        if len(self._recent) > MAX_RECENT:
            self._recent.popitem(last=False)
        self._follow(key, chunk.tsn)
        if chunk.flags & BEGIN and chunk.flags & END:
            yield chunk.ppid, chunk.data, chunk.origin
            return
        self._expire(chunk.origin.time)
        run = self._joined(key, chunk)
        if run is None:
            return
        if run.octets > MAX_MESSAGE:
            self._facts.count(LONG)
            self._remove(run)
        elif run.whole:
            self._remove(run)
            last = chunk.origin
            frames = {f for part in run.chunks if part.origin.capture == last.capture for f in part.origin.frames}
            yield run.chunks[0].ppid, b"".join(part.data for part in run.chunks), last.joined(frames)
        while self._octets > MAX_WAITING or self._fragments > MAX_FRAGMENTS:
            self._drop()

    def _follow(self, key: Key, tsn: int) -> None:
        """Note the number of a chunk that was not seen before."""
        numbers = self._numbers.get(key)
        # RFC 9260 1.6: numbers are compared by the shorter way around
        place = tsn if numbers is None else numbers.high + ((tsn - numbers.high + 2**31) & SEQUENCE) - 2**31
        if numbers is None or not numbers.low - MAX_STEP <= place <= numbers.high + MAX_STEP:
            self._leave(key)
            numbers, place = Numbers(tsn, tsn), tsn
        self._numbers[key] = numbers
        self._numbers.move_to_end(key)
        numbers.low, numbers.high, numbers.seen = min(numbers.low, place), max(numbers.high, place), numbers.seen + 1
        if len(self._numbers) > MAX_DIRECTIONS:
            self._leave(next(iter(self._numbers)))

    def _leave(self, key: Key) -> None:
        """Count what was missing of a direction, and follow it no longer."""
        numbers = self._numbers.pop(key, None)
        if numbers is not None and numbers.missing:
            self._facts.count(MISSING, numbers.missing)

    def _joined(self, key: Key, chunk: Chunk) -> Run | None:
        """Put a fragment to those beside it; None when another has its place."""
        if (key, chunk.tsn) in self._firsts or (key, chunk.tsn) in self._lasts:
            return None
        run = Run(key, deque((chunk,)), len(chunk.data), chunk.origin.time)
        self._insert(run)
        before = self._lasts.get((key, (chunk.tsn - 1) & SEQUENCE))
        if before is not None and before.chunks[-1].precedes(chunk):
            run = self._merged(before, run)
        after = self._firsts.get((key, (chunk.tsn + 1) & SEQUENCE))
        if after is not None and chunk.precedes(after.chunks[0]):
            run = self._merged(run, after)
        return run

    def _merged(self, one: Run, other: Run) -> Run:
        """Put two runs together, the shorter into the longer."""
        self._remove(one)
        self._remove(other)
        kept = one if len(one.chunks) >= len(other.chunks) else other
        if kept is one:
            one.chunks.extend(other.chunks)
        else:
            other.chunks.extendleft(reversed(one.chunks))
        kept.octets, kept.time = one.octets + other.octets, max(one.time, other.time)
        self._insert(kept)
        return kept

    def _insert(self, run: Run) -> None:
        self._runs[run] = None
        self._firsts[run.key, run.chunks[0].tsn] = self._lasts[run.key, run.chunks[-1].tsn] = run
        self._octets += run.octets
        self._fragments += len(run.chunks)

    def _remove(self, run: Run) -> None:
        del self._runs[run], self._firsts[run.key, run.chunks[0].tsn], self._lasts[run.key, run.chunks[-1].tsn]
        self._octets -= run.octets
        self._fragments -= len(run.chunks)

    def _expire(self, now: int) -> None:
        while self._runs and now - next(iter(self._runs)).time > TIMEOUT:
            self._drop()

    def _drop(self) -> None:
        run = next(iter(self._runs))
        self._facts.count(INCOMPLETE, len(run.chunks))
        self._remove(run)

    def _is_read(self, ppid: int, message: bytes) -> bool:
        """Say whether a dissector may take a message; else count why not."""
        if ppid == DIAMETER_IN_DTLS and message[0] in DTLS_TYPES and message[0] not in DTLS_READ:
            self._facts.count(DTLS)
        elif ppid in OTHERS:
            self._facts.count(f"SCTP messages of {OTHERS[ppid]}")
        else:
            return True
        return False
