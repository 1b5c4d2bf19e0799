"""One direction of a TCP connection: its octets put in order and cut into messages, within limits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from analyzer.decode import framing
from analyzer.decode.framing import Framing
from analyzer.decode.held import Ends, Held
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from analyzer.decode.pieces import Pieces
from dissectors import Cursor, Dissector, Malformed, Payload

MAX_STREAM_OCTETS = 4 * 1024 * 1024  # that one direction holds back
MAX_MESSAGE = 2 * 1024 * 1024  # octets of a message that is kept; a longer one is stepped over
MAX_WINDOW = 64 * 1024 * 1024  # octets ahead or behind that a segment may lie and still be of this stream
MAX_STRAYS = 3  # segments in a row outside the window that prove that the stream went on elsewhere
HOLE_WAIT = 60 * 1_000_000_000  # ns of capture time that octets wait for those before them
SETTLE = 200_000_000  # ns that a stream without SYN waits for segments that overtook its first one
SETTLE_OCTETS = 64 * 1024  # that it waits for at most
LINE = 8 * 1024  # octets that a start line has at most
PROBE = 96 * 1024  # octets that tell where a message begins and, in most, where it ends
MAX_PROBES = 1024  # places of one stretch of octets that are tried for a message's begin
MAX_PLACES = 16  # segments that are tried for a frame to begin with them
EAGER_ASKS = 64  # times that a message's end is looked for after each segment; then after each 16th part more

UNCLAIMED = "TCP octets that begin no message"
MISSING = "TCP octets that were not captured"
LONG = f"TCP messages longer than {MAX_MESSAGE} octets"
STRAY = "TCP segments outside the window"
DROPPED = "TCP streams given up, too many at a time"

# What a message can begin with: the first word of a text protocol, or Diameter's version and length
_BEGIN = re.compile(rb"[A-Z][A-Za-z_.-]{0,31}(?:[ /]|\Z)|\x01(?:\x00|\Z)")
_VERSION = re.compile(rb"SIP/2\.0|HTTP/(?:1\.|2\.0)")  # that the start lines of text protocols hold
# First words that are whole beyond doubt: methods (RFC 9110 9.3, RFC 5789, RFC 3261 and what extends it), versions
_WHOLE = re.compile(
    rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI|INVITE|ACK|BYE|CANCEL|REGISTER|PRACK"
    rb"|SUBSCRIBE|NOTIFY|PUBLISH|INFO|REFER|MESSAGE|UPDATE) |HTTP/|SIP/"
)
_WORD = re.compile(rb"[A-Za-z0-9_.-]+")
_BINARY = b"\x01"
_LETTERS = frozenset(range(ord("A"), ord("Z") + 1))
_BLANK = b"\r\n"


class Stream(Held):
    """Takes the segments of one direction in any order and gives its messages.

    Offsets count from the first octet after the SYN, or of the first segment seen where there was none.
    `dissectors` are tried in their order. `octets` are those held back.
    """

    def __init__(self, ends: Ends, dissectors: tuple[Dissector, ...], facts: DecodeFacts) -> None:
        super().__init__(ends)
        self.base: int | None = None  # sequence number of offset 0
        self.synchronised = False  # the SYN was seen
        self._dissectors = dissectors
        self._facts = facts
        self._pieces = Pieces()
        self._settled = False
        self._begun = 0  # time of the first segment
        self._arrivals = 0
        self._strays = 0
        self._fin: int | None = None
        self.claimed: Dissector | None = None  # whose the last message or frame was
        self.told: Callable[[Dissector, bytes], int] | None = None  # where a message ends, if the other direction knows
        self.holes = 0  # places where octets are missing, or were passed over
        self._torn: int | None = None  # offset before which octets are missing: a word there may have lost its begin
        self._searching = False
        self._skip = 0  # octets still to pass

    @property
    def octets(self) -> int:
        return self._pieces.octets + len(self._buffer)

    @property
    def reached(self) -> int | None:
        """The sequence number behind the octets that are in order, None where there were none and no SYN."""
        return None if self.base is None else (self.base + self._next) & 0xFFFF_FFFF

    def begin(self, sequence: int, origin: Origin) -> bool:
        """Take a SYN whose data begin at `sequence`; False when it is that of another connection."""
        if self.base is None:
            self.base, self._begun = sequence, origin.time
        elif self.synchronised:
            return self.base == sequence
        elif self._settled:
            return False
        else:  # overtaken by its data
            first = self._pieces.starts[0] if self._pieces else 0
            offset = self._offset(sequence)
            if not first - MAX_WINDOW < offset <= first:
                return False
            self._next = offset
        self.synchronised = self._settled = True
        return True

    def add(self, sequence: int, data: bytes, lost: int, fin: bool, origin: Origin) -> Iterator[Payload]:
        """Take a segment, `lost` octets of which were not captured; yield the messages that it completes."""
        if self.base is None:
            self.base, self._begun = sequence, origin.time
        offset = self._offset(sequence)
        if abs(offset - self._next) > MAX_WINDOW:
            self._facts.count(STRAY)
            self._strays += 1
            if self._strays < MAX_STRAYS:
                return
            yield from self.finish()
            self._begin_anew(sequence, origin)
            offset = 0
        self._strays = 0
        end = offset + len(data) + lost
        if fin and self._fin is None and end >= self._next:
            self._fin = end
            self._pieces.cut(end)
        if self._fin is not None:
            data = data[: max(self._fin - offset, 0)]
        if self._settled and offset < self._next:
            data, offset = data[self._next - offset :], self._next
        self._arrivals += 1
        self._pieces.add(offset, data, self._arrivals, origin)
        if not self._settled:
            if origin.time - self._begun < SETTLE and self._pieces.octets < SETTLE_OCTETS:
                return
            self._settle()
        yield from self._advance()
        while self._pieces and self._waited(origin.time):
            yield from self._hurry()
            self._jump()
            yield from self._advance()

    def finish(self) -> Iterator[Payload]:
        """Yield what can still be read, holes or not."""
        self._settle()
        yield from self._advance()
        while self._pieces:
            yield from self._hurry()
            self._jump()
            yield from self._advance()
        yield from self._hurry()
        if self.synchronised and self._fin is not None and self._next < self._fin:
            self._facts.count(MISSING, self._fin - self._next)  # lost right before the end
            self._next = self._fin
        if not self._buffer:
            return
        # The capture ends, perhaps not the stream: an HTTP response may be whole all the same.
        dissector = self._begun_message()
        if dissector is not None and self._is_whole(dissector):
            yield self._payload(len(self._buffer))
        elif dissector is not None:
            self._tell_cut("the capture has no more of it")
        self._unclaimed(len(self._buffer))

    # ------------------------------------------------------------------------------------------------ order

    def _offset(self, sequence: int) -> int:
        """Unwrap a sequence number: the offset nearest to where the stream is (RFC 9293 3.4)."""
        near = (self.base or 0) + self._next
        return self._next + ((sequence - near + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000

    def _settle(self) -> None:
        if not self._settled:
            self._settled = True
            self._next = self._torn = self._pieces.starts[0] if self._pieces else 0

    def _waited(self, now: int) -> bool:
        return self.octets > MAX_STREAM_OCTETS or now - self._pieces.runs[0][2].time > HOLE_WAIT

    def _begin_anew(self, sequence: int, origin: Origin) -> None:
        self.base, self.synchronised, self._settled, self._begun = sequence, False, False, origin.time
        self._next, self._fin, self._searching, self._skip = 0, None, False, 0
        self.holes += 1

    def _advance(self) -> Iterator[Payload]:
        """Move what is now in order to the buffer, and yield the messages there."""
        moved = False
        while self._pieces and self._pieces.starts[0] == self._next:
            data, arrival, origin = self._pieces.pop()
            self._buffer += data
            self._marks.append((self._next, self._next + len(data), arrival, origin))
            self._next += len(data)
            moved = True
        closed = self._fin is not None and self._next >= self._fin
        if moved or (closed and self._buffer):
            yield from self._messages(closed)
        if len(self._buffer) > MAX_STREAM_OCTETS:  # a message without an end
            if self._begun_message() is not None:
                self._tell_cut(f"its end is not within {MAX_STREAM_OCTETS} octets")
            self._unclaimed(len(self._buffer))
            self._searching = True

    def _jump(self) -> None:
        """Give up the octets before the first piece, and the message that they cut."""
        hole = self._pieces.starts[0] - self._next
        self._facts.count(MISSING, hole)
        self.holes += 1
        begun = self._begun_message()
        sealed = isinstance(self.claimed, Framing) and self.claimed.sealed
        if begun is not None or (self.claimed is not None and not sealed):
            origin = self._pieces.runs[0][2]
            lost = f"{hole} octets before this segment were not captured"
            if begun is not None:
                lost += f", and a message of which {len(self._buffer)} octets were is lost"
            self._facts.tell(origin, Broken("tcp", "tcp.seq", self._next, lost))
        # Where the size of the cut message is known, so is the begin of the next
        rest = self._skip or max(self._size - len(self._buffer), 0)
        self._drop(len(self._buffer))
        self._skip = rest - hole if rest >= hole else 0
        self._searching = self._searching or rest < hole
        self._next += hole
        self._torn = self._next

    # --------------------------------------------------------------------------------------------- messages

    def _messages(self, closed: bool) -> Iterator[Payload]:
        probes = 0
        while self._buffer:
            if self._skip:
                passed = min(self._skip, len(self._buffer))
                self._skip -= passed
                self._drop(passed)
                continue
            if self._searching:
                if probes > MAX_PROBES:
                    self._unclaimed(len(self._buffer))
                elif len(self._buffer) < self._ask_at and not closed:
                    return
                elif not self._search(closed):
                    self._ask_at = len(self._buffer) + len(self._buffer) // 16 + 1
                    return
                else:
                    self._searching = False
                continue
            if self._buffer[0] in _BLANK:  # keep-alives of RFC 5626 3.5.1
                self._drop(len(self._buffer) - len(self._buffer.lstrip(_BLANK)))
                continue
            if self._torn_word(0):
                self._searching = True
                continue
            size = self._size or self._measure(closed)
            if size is None and not closed:
                return
            if not size:
                self._tell_endless()
                probes += 1
                self.holes += 1
                self._unclaimed(1)
                self._searching = True
            elif size > MAX_MESSAGE:
                self._facts.count(LONG)
                self.holes += 1
                self._size, self._skip = 0, size
            elif size <= len(self._buffer) or closed:
                yield self._payload(min(size, len(self._buffer)))
            else:
                self._size = size
                return

    def _measure(self, closed: bool) -> int | None:
        """Ask the dissectors for the size of the message that the buffer begins with; 0 is nobody's, None not yet."""
        have = len(self._buffer)
        if have < self._ask_at and not closed:
            return None
        self._asks += 1
        self._ask_at = have + 1 if self._asks < EAGER_ASKS else have + have // 16
        size, dissector = self._ask(bytes(self._buffer[:PROBE]), closed and have <= PROBE)
        if size is None and have > PROBE:
            size, dissector = self._ask(bytes(self._buffer), closed)
        if dissector is not None:
            self.claimed = dissector
        return size

    def _hurry(self) -> Iterator[Payload]:
        """Yield the messages that came whole since the last question, where no more octets come to it."""
        self._ask_at = 0
        yield from self._messages(False)

    def _ask(self, data: bytes, closed: bool) -> tuple[int | None, Dissector | None]:
        size: int | None = 0
        for dissector in self._order():
            found = self._length(dissector, data, closed)
            if found:
                return found, dissector
            if found is None:
                size = None
                if dissector is self.claimed:
                    break
        return size, None

    def _order(self) -> Iterator[Dissector]:
        if self.claimed is not None:
            yield self.claimed
        yield from (dissector for dissector in self._dissectors if dissector is not self.claimed)

    def _search(self, closed: bool) -> bool:
        """Drop what precedes the next message; False when its begin has not come yet."""
        if (at := self._frames_at()) >= 0:
            self._unclaimed(at)
            return True
        begin = 0
        for _ in range(MAX_PROBES):
            found = _BEGIN.search(self._buffer, begin)
            if found is None:
                break
            begin = found.start()
            if (torn := self._torn_word(begin)) > 0:
                begin += torn
                self._torn = self._next - len(self._buffer) + begin
                continue
            if self._buffer[begin] in _LETTERS and (later := self._after_line(begin)) != begin:
                if later < 0:
                    self._unclaimed(begin)
                    return False
                begin = later
                continue
            data = bytes(self._buffer[begin : begin + PROBE])
            undecided = False
            for dissector in self._order():
                size = self._length(dissector, data, closed)
                if size != 0 and self._begins(dissector, data, size, begin):
                    self.claimed = dissector
                    self._unclaimed(begin)
                    return True
                undecided = undecided or size is None
            if undecided and not closed:
                self._unclaimed(begin)
                return False
            begin += 1
        self._unclaimed(len(self._buffer))
        return False

    def _torn_word(self, begin: int) -> int:
        """Return the octets of a word at a place of the buffer whose first letters may be missing, 0 if it is none.

        Of `POST` a hole may leave `ST`, which would pass for a method.
        """
        if self._next - len(self._buffer) + begin != self._torn or self._buffer[begin] not in _LETTERS:
            return 0
        end = self._buffer.find(b"\n", begin, begin + LINE)
        if end < 0 or _VERSION.search(self._buffer, begin, end) is None:
            return 0
        whole, word = _WHOLE.match(self._buffer, begin), _WORD.match(self._buffer, begin)
        return 0 if whole is not None or word is None else word.end() - begin

    def _frames_at(self) -> int:
        """Where a segment begins from which on there are frames, -1 when none does."""
        start = self._next - len(self._buffer)
        framings = [one for one in self._order() if isinstance(one, Framing)]
        for at in [mark[0] - start for mark in self._marks if mark[0] >= start][:MAX_PLACES]:
            for one in framings:
                data = bytes(self._buffer[at : at + PROBE])
                if one.follows(data) if one is self.claimed else one.matches(self._at(data, self._marks[0][3])):
                    self.claimed = one
                    return at
        return -1

    def _after_line(self, begin: int) -> int:
        """Where to look on when the line at `begin` is no start line: `begin` if it may be one, -1 if it is not over.

        A whole line is judged at a glance, as text that is not ours has a first word every few octets.
        """
        end = self._buffer.find(b"\n", begin, begin + LINE)
        if _VERSION.search(self._buffer, begin, end if end >= 0 else begin + LINE):
            return begin
        if end < 0:
            if len(self._buffer) < begin + LINE:
                return -1
            version = _VERSION.search(self._buffer, begin)
            end = max(begin + 1, (len(self._buffer) if version is None else version.start()) - LINE)
        binary = self._buffer.find(_BINARY, begin + 1, end)
        return end if binary < 0 else binary

    def _begins(self, dissector: Dissector, data: bytes, size: int | None, place: int) -> bool:
        """Say whether a message really begins at a place of the buffer that its length speaks for."""
        if not dissector.matches(self._at(data[: size or None], self._marks[0][3])):
            return False
        if data[0] in _LETTERS:  # a start line is proof enough
            return True
        # Few octets make a binary header: it has to stand where a segment begins, or in a stream that is known to
        # be of its protocol, and with another after it
        offset = self._next - len(self._buffer) + place
        fits = dissector is self.claimed or any(mark[0] == offset for mark in self._marks)
        after = data[size:] if size else b""
        return fits and (not after or self._length(dissector, after, False) != 0)

    def _begun_message(self) -> Dissector | None:
        """Whose message the buffer begins with, as far as it is there."""
        if not self._buffer or self._searching or self._skip:
            return None
        data = bytes(self._buffer)
        payload = self._at(data, self._marks[0][3])
        return next((d for d in self._order() if self._length(d, data, False) != 0 and d.matches(payload)), None)

    def _is_whole(self, dissector: Dissector) -> bool:
        """Say whether the message is whole when no octets follow."""
        data = bytes(self._buffer)
        announced = self._length(dissector, data, False)
        if (announced or 0) > len(data) or self._length(dissector, data, True) != len(data):
            return False
        try:
            dissector.parse(Cursor(data))
        except Malformed:
            return False
        return True

    def _unclaimed(self, size: int) -> None:
        if size:
            self._facts.count(UNCLAIMED, size)
            self._drop(size)

    def _tell_endless(self) -> None:
        """A start line begins a message even where no end of it can be told: its head is too long, its chunks lie."""
        begun = self._at(bytes(self._buffer[:LINE]), self._marks[0][3])
        if self._buffer[0] in _LETTERS and any(d.matches(begun) for d in self._dissectors):
            reason = "a message begins here, and where it ends cannot be told from its head and its body"
            self._facts.tell(self._marks[0][3], Broken("tcp", "tcp.seq", self._next - len(self._buffer), reason))

    def _tell_cut(self, why: str) -> None:
        reason = f"a message is cut after {len(self._buffer)} octets: {why}"
        start = self._next - len(self._buffer)
        self._facts.tell(self._marks[-1][3], Broken("tcp", "tcp.seq", start, reason))

    def _length(self, dissector: Dissector, data: bytes, closed: bool) -> int | None:
        if self.told is not None and (size := self.told(dissector, data)):
            return size
        return framing.length(dissector, data, closed, dissector is self.claimed)
