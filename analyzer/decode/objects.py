"""Objects of FLUTE put together from packets: any order, repeats, within limits; those of our protocols are read.

Of FEC only the scheme without any is joined (Compact No-Code, RFC 5445 3), which is what MBMS sends first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.decode.packets import DecodeFacts
from dissectors import Message, Payload, dissect
from dissectors.dcf import begins as begins_dcf
from dissectors.fdt import Fdt, FdtFile
from dissectors.flute import ENCODINGS, FDT_TOI, FEC, Flute, Transmission
from dissectors.mikey import is_whole
from dissectors.mime import decode_content, protocol_of

MAX_OBJECT = 256 * 1024  # octets; what is larger is content, and no key message or description
MAX_HELD = 16 * 1024 * 1024  # octets of all objects that are awaited, or compared with what comes again
MAX_SESSIONS = 256  # that are told apart
MAX_FILES = 4096  # of a session that its FDT names
MAX_EARLY = 64  # packets of an object of which nothing yet tells how it is cut
MAX_OBJECTS = 20_000  # that are read
MAX_OCTETS = 64 * 1024 * 1024  # of them all
COSTS = 512  # octets that each object takes besides its own

NO_CODE = 0  # FEC encoding id
FLUTE = "flute"
GUESSED = ("dcf", "mikey")
OURS = ("application/mbms-", "application/sdp", "application/mikey", "application/vnd.oma.drm.dcf")

AGAIN = "FLUTE packets that brought nothing new"
ASTRAY = "FLUTE packets that are no piece of their object"
LARGE = f"FLUTE objects of more than {MAX_OBJECT} octets"
INCOMPLETE = "FLUTE objects whose pieces did not all come"
UNNAMED = "FLUTE objects that no FDT names"
OTHERS = "FLUTE objects that are content"
UNCODED = "FLUTE objects that are not coded as said"
BEYOND = "FLUTE objects beyond those kept"

Session = tuple[str, str, int, int]  # source, destination, its port, TSI
Name = tuple[Session, int, int]  # TOI, and of TOI 0 the FDT instance


@dataclass(slots=True)
class _Object:
    """What has come of an object: until it is known how it is cut, packets; then octets, and which symbols are there.

    `whole` is kept to tell what comes again from what replaces it; None where the object is too large to be held.
    """

    early: list[tuple[Payload, Flute]] = field(default_factory=list)
    cut: Transmission | None = None
    data: bytearray = field(default_factory=bytearray, repr=False)
    there: bytearray = field(default_factory=bytearray, repr=False)  # a symbol each
    missing: int = 0
    frames: set[tuple[int, int]] = field(default_factory=set)  # capture, frame
    whole: bytes | None = field(default=None, repr=False)
    encoding: int | None = None
    dropped: bool = False
    waiting: Payload | None = None  # the whole, where its FDT is awaited

    @property
    def costs(self) -> int:
        early = sum(len(body.payload) for _, body in self.early)
        return COSTS * (1 + len(self.early)) + early + len(self.data) + len(self.there) + len(self.whole or b"")


class Objects:
    """Takes packets of FLUTE and gives back the objects that are messages, each once.

    `facts` are told of what does not become one, and why.
    """

    def __init__(self, facts: DecodeFacts) -> None:
        self._facts = facts
        self._objects: OrderedDict[Name, _Object] = OrderedDict()
        self._held = 0
        self._files: OrderedDict[Session, dict[int, FdtFile]] = OrderedDict()
        self._read: set[int] = set()  # hashes of what was read, with whose it is
        self._octets = 0

    def add(self, payload: Payload, body: Flute) -> Iterator[Message]:
        """Yield what a packet completes; an FDT may complete what came before it."""
        if body.codepoint != NO_CODE:
            self._facts.count(f"FLUTE packets with FEC encoding {FEC.get(body.codepoint, body.codepoint)}")
            return
        if not body.payload or body.block < 0:
            return  # RFC 5775 4.2: only tells that the session or the object ends
        session = payload.src, payload.dst, payload.dport, body.tsi
        name = session, body.toi, body.fdt[1] if body.toi == FDT_TOI and body.fdt is not None else 0
        held = self._objects.get(name)
        if held is None or (held.whole is not None and self._is_other(held, body)):
            self._forget(name)
            held = self._objects[name] = _Object()
            self._held += held.costs
        self._objects.move_to_end(name)
        before = held.costs
        done = self._take(held, payload, body, self._cut(name, body))
        self._held += held.costs - before
        while self._held > MAX_HELD and len(self._objects) > 1:
            oldest = next(iter(self._objects))
            self._tell(self._objects[oldest])
            self._forget(oldest)
        if done is not None:
            yield from self._whole(name, held, done)

    def finish(self) -> None:
        """Count what is still incomplete."""
        for held in self._objects.values():
            self._tell(held)
        self._objects.clear()
        self._held = 0

    def _tell(self, held: _Object) -> None:
        if held.waiting is not None:
            self._facts.count(UNNAMED)
        elif held.whole is None and not held.dropped:
            self._facts.count(INCOMPLETE)

    def _forget(self, name: Name) -> None:
        held = self._objects.pop(name, None)
        self._held -= 0 if held is None else held.costs

    def _cut(self, name: Name, body: Flute) -> Transmission | None:
        """Return how an object is cut, as its packets or the FDT say."""
        if body.transmission is not None:
            return body.transmission
        file = self._file(name)
        if file is not None and file.transfer_length is None and file.length is not None and not file.encoding:
            return Transmission(file.length, file.symbol_length, file.block_length)  # RFC 6726 3.4.2
        if file is not None and file.transfer_length is not None:
            return Transmission(file.transfer_length, file.symbol_length, file.block_length)
        if body.toi == FDT_TOI and body.is_whole:
            return Transmission(len(body.payload))
        return Transmission(len(body.payload)) if body.is_whole and is_whole(body.payload) else None

    def _file(self, name: Name) -> FdtFile | None:
        return self._files.get(name[0], {}).get(name[1]) if name[1] != FDT_TOI else None

    def _take(self, held: _Object, payload: Payload, body: Flute, cut: Transmission | None) -> Payload | None:
        """Put a piece to the others; return the payload of the whole object when it is the last one."""
        if held.dropped:
            return None
        if held.whole is not None:
            self._facts.count(AGAIN)
            return None
        if body.encoding is not None:
            held.encoding = body.encoding
        held.cut = held.cut or cut
        if held.cut is None:
            held.early.append((payload, body))
            if len(held.early) > MAX_EARLY:
                held.early.clear()
                held.dropped = True
                self._facts.count(INCOMPLETE)
            return None
        if not held.there and not self._begin(held, held.cut):
            return None
        pieces, held.early = [*held.early, (payload, body)], []
        for each, piece in pieces:
            self._put(held, held.cut, each, piece)
        if held.missing:
            return None
        held.whole, held.data, held.there = bytes(held.data), bytearray(), bytearray()
        frames = tuple(sorted(frame for capture, frame in held.frames if capture == payload.capture))
        held.frames = set()
        return payload._replace(data=held.whole, frames=frames, ident=body.tsi, named=FLUTE)

    def _begin(self, held: _Object, cut: Transmission) -> bool:
        if cut.transfer_length > MAX_OBJECT:
            held.dropped = True
            self._facts.count(LARGE)
        elif not cut.transfer_length:
            held.dropped = True
        else:
            held.missing = _symbols(cut)
            held.data, held.there = bytearray(cut.transfer_length), bytearray(held.missing)
        return not held.dropped

    def _put(self, held: _Object, cut: Transmission, payload: Payload, body: Flute) -> None:
        at = _place(cut, body)
        size = _symbol_length(cut)
        first, last = at, at + -(-len(body.payload) // size)
        if at < 0 or last > len(held.there) or (len(body.payload) % size and last != len(held.there)):
            self._facts.count(ASTRAY)
            return
        new = held.there.count(0, first, last)
        if not new:
            self._facts.count(AGAIN)
            return
        start = first * size
        end = min(start + len(body.payload), len(held.data))
        if last == len(held.there) and start + len(body.payload) < len(held.data):
            self._facts.count(ASTRAY)  # a last symbol that is too short
            return
        held.there[first:last] = b"\1" * (last - first)
        held.data[start:end] = body.payload[: end - start]
        held.missing -= new
        held.frames.add((payload.capture, payload.frame))

    def _is_other(self, held: _Object, body: Flute) -> bool:
        """Say whether a packet belongs to another object than the one that came whole under the same TOI."""
        cut = body.transmission or held.cut
        whole = held.whole or b""
        if cut is None or cut.transfer_length != len(whole):
            return True
        at = _place(cut, body) * _symbol_length(cut)
        return at >= 0 and whole[at : at + len(body.payload)] != body.payload[: max(len(whole) - at, 0)]

    def _whole(self, name: Name, held: _Object, payload: Payload) -> Iterator[Message]:
        """Read an object where it is known what it is; keep it where its FDT has not yet come."""
        session, toi, _ = name
        file = self._file(name)
        if toi != FDT_TOI and file is None and _guess(payload.data) not in GUESSED:
            held.waiting = payload
            return
        held.waiting = None
        coding = ENCODINGS.get(held.encoding or 0, "") if held.encoding else "" if file is None else file.encoding
        data, note, wrong = decode_content(payload.data, [_coding(coding)]) if coding else (payload.data, "", "")
        if note or wrong or len(data) > MAX_OBJECT:
            self._facts.count(UNCODED)
            return
        protocol = _guess(data) if toi == FDT_TOI or file is None else _protocol(file.content_type, data)
        if toi == FDT_TOI and protocol != "dcf":
            protocol = "fdt"
        if not protocol:
            self._facts.count(OTHERS)
            return
        known = hash((name[:2], data))
        if known in self._read:
            return
        if len(self._read) >= MAX_OBJECTS or self._octets + len(data) > MAX_OCTETS:
            self._facts.count(BEYOND)
            return
        self._read.add(known)
        self._octets += len(data)
        message = dissect(payload._replace(data=data), protocol)
        if message is None:
            return
        yield message
        if toi == FDT_TOI:
            for part in message.walk():
                if isinstance(part.body, Fdt):
                    yield from self._named(session, part.body)

    def _named(self, session: Session, fdt: Fdt) -> Iterator[Message]:
        """Take what an FDT says, and read what had come before it."""
        files = self._files.setdefault(session, {})
        self._files.move_to_end(session)
        if len(self._files) > MAX_SESSIONS:
            self._files.popitem(last=False)
        for file in fdt.files:
            if len(files) < MAX_FILES or file.toi in files:
                files[file.toi] = file
        for name in [(session, file.toi, 0) for file in fdt.files]:
            held = self._objects.get(name)
            if held is None or name[1] == FDT_TOI:
                continue
            before, done = held.costs, held.waiting
            if held.early:
                *held.early, (payload, body) = held.early
                done = self._take(held, payload, body, self._cut(name, body))
            self._held += held.costs - before
            if done is not None:
                yield from self._whole(name, held, done)


def _symbol_length(cut: Transmission) -> int:
    return cut.symbol_length or cut.transfer_length or 1


def _symbols(cut: Transmission) -> int:
    return -(-cut.transfer_length // _symbol_length(cut))


def _place(cut: Transmission, body: Flute) -> int:
    """Return which symbol of its object a packet begins with, -1 where there is no such one (RFC 5052 9.1)."""
    total = _symbols(cut)
    longest = cut.block_length or total
    blocks = -(-total // longest) if longest else 0
    if not blocks or body.block >= blocks:
        return -1
    large, small = -(-total // blocks), total // blocks
    of_large = total - small * blocks
    if body.symbol >= (large if body.block < of_large else small):
        return -1
    return min(body.block, of_large) * large + max(body.block - of_large, 0) * small + body.symbol


def _coding(name: str) -> str:
    return {"ZLIB": "deflate", "DEFLATE": "deflate"}.get(name, name.lower())


def _guess(data: bytes) -> str:
    """Tell an object by its octets, where nothing else says what it is."""
    if begins_dcf(data):
        return "dcf"
    return "mikey" if is_whole(data) else ""


def _protocol(content_type: str, data: bytes) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    return protocol_of(kind) if kind.startswith(OURS) else _guess(data)
