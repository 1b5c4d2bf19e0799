"""What every dissector is made of: payloads in, messages out, and a cursor that reads and records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

type_names = Mapping[int, str]
Value = int | float | str | bytes

SYNTAX = ".syntax"  # how the names of fields end that hold no value


class Leg(NamedTuple):  # a tuple, as legs are looked up for every packet that is seen twice
    """Where on its way a packet was seen: interface of the capture, tunnels around it, hops it may still go (TTL)."""

    interface: int = 0
    tunnels: tuple[str, ...] = ()  # outermost first: "GTP-U 192.0.2.1 > 192.0.2.2"
    hops: int = 0  # 0: not known


ANYWHERE = Leg()


@dataclass(frozen=True, slots=True)
class Payload:
    """Octets that one end sent to another: a datagram, one message of a stream, or a part of a message.

    `time` is in nanoseconds since 1970 UTC. `frame` is the 1-based number of the frame that
    completed the octets, `frames` all that carried them. `leg` is where that frame was seen, `ident` the
    identification of its IP packet, 0 where it has none; neither is part of what the payload is.
    """

    data: bytes = field(repr=False)
    transport: str  # "udp", "tcp", "sctp"
    src: str
    sport: int
    dst: str
    dport: int
    capture: int
    frame: int
    time: int
    frames: tuple[int, ...] = ()
    leg: Leg = field(default=ANYWHERE, compare=False)
    ident: int = field(default=0, compare=False)


class Malformed(Exception):  # noqa: N818  # a finding about octets, not an error of the program
    """Octets that break their format: which field, at which offset of the payload, and why.

    `partial` is the typed body as far as it was read, when a part of it can be trusted.
    """

    def __init__(self, field: str, offset: int, reason: str, partial: object | None = None) -> None:
        super().__init__(f"{field} at offset {offset}: {reason}")
        self.field = field
        self.offset = offset
        self.reason = reason
        self.partial = partial

    def __reduce__(self) -> tuple[type[Malformed], tuple[str, int, str, object | None]]:
        return type(self), (self.field, self.offset, self.reason, self.partial)  # messages cross processes


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its name as in Wireshark, its value and the octets start..end that hold it."""

    name: str
    value: Value
    start: int
    end: int
    text: str = ""  # how it reads: "AES-CM-128 (1)"; empty when the value says it all
    children: tuple[Field, ...] = ()

    @property
    def is_syntax(self) -> bool:
        """Whether it only stands between values (see `filled`)."""
        return self.name.endswith(SYNTAX)

    def walk(self) -> Iterator[Field]:
        """Yield this field and all below it, in the order of their octets."""
        yield self
        for child in self.children:
            yield from child.walk()


def filled(fields: Iterable[Field], protocol: str) -> Iterator[Field]:
    """Yield fields whose children leave no octet out: what stands between them becomes fields of its own.

    For text protocols, whose values stand between names, quotes and line ends.
    """
    for outer in fields:
        if not outer.children:
            yield outer
            continue
        at = outer.start
        children: list[Field] = []
        for child in filled(outer.children, protocol):
            if at < child.start:
                children.append(Field(protocol + SYNTAX, "", at, child.start))
            children.append(child)
            at = child.end
        if at < outer.end:
            children.append(Field(protocol + SYNTAX, "", at, outer.end))
        yield replace(outer, children=tuple(children))


@dataclass(frozen=True, slots=True)
class Part:
    """Octets inside a message that are a message of their own; `start` is -1 where they were transformed."""

    protocol: str
    data: bytes = field(repr=False)
    start: int = -1


@dataclass(frozen=True, slots=True)
class Message:
    """A payload that a dissector has read: the typed body, what is inside, and what was wrong with it.

    `protocol` names the dissector; `body` is its typed result, None when nothing could be trusted.
    `notes` are tolerated oddities. `offset` is where an inner message begins in its parent, -1 where
    it has octets of its own (decoded or decrypted).
    """

    protocol: str
    payload: Payload
    body: object | None
    error: Malformed | None = None
    notes: tuple[str, ...] = ()
    inner: tuple[Message, ...] = ()
    offset: int = -1

    @property
    def time(self) -> int:
        return self.payload.time

    @property
    def frame(self) -> int:
        return self.payload.frame

    def walk(self) -> Iterator[Message]:
        """Yield this message and all inside it."""
        yield self
        for message in self.inner:
            yield from message.walk()


@dataclass(frozen=True, slots=True)
class Dissector:
    """How one protocol is told, read and unpacked.

    `matches` says from the octets and ports alone whether a payload is of this protocol.
    `parse` reads through a cursor and returns the typed body, or raises Malformed.
    `parts` names what is inside a body. `length` is for streams: octets of the first message in
    `data`, 0 when these octets are not of this protocol, None when more are needed; `closed` says
    that no more will come.
    """

    protocol: str
    matches: Callable[[Payload], bool]
    parse: Callable[[Cursor], object]
    parts: Callable[[object], tuple[Part, ...]] = lambda body: ()
    length: Callable[[bytes, bool], int | None] | None = None
    notes: Callable[[object], tuple[str, ...]] = lambda body: ()


@dataclass(frozen=True, slots=True)
class Bits:
    """A value of some bits among others in the same octets; `names` gives the text of its values."""

    name: str
    mask: int
    names: type_names | None = None


def _named(names: type_names, value: int) -> str:
    return f"{names.get(value, 'unknown')} ({value})"


class Cursor:
    """Reads octets from front to back; this one leaves no trace (the fast path)."""

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.pos = start
        self.end = len(data) if end is None else min(end, len(data))

    @property
    def left(self) -> int:
        return self.end - self.pos

    def fail(self, name: str, reason: str, offset: int | None = None) -> Malformed:
        """Return the Malformed to raise for field `name` here, or at `offset`."""
        return Malformed(name, self.pos if offset is None else offset, reason)

    def uint(self, name: str, size: int, names: type_names | None = None) -> int:
        """Read a big-endian unsigned integer of `size` octets; `names` gives the text of its values."""
        start, end = self.pos, self.pos + size
        if size < 0 or end > self.end:
            raise self.fail(name, f"needs {size} octets, {self.left} left")
        self.pos = end
        value = int.from_bytes(self.data[start:end], "big")
        self.note(name, value, start, end, "" if names is None else _named(names, value))
        return value

    def u8(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 1, names)

    def u16(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 2, names)

    def u24(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 3, names)

    def u32(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 4, names)

    def u64(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 8, names)

    def octets(self, name: str, size: int, text: str = "") -> bytes:
        """Read `size` octets as they are."""
        start, end = self.pos, self.pos + size
        if size < 0 or end > self.end:
            raise self.fail(name, f"needs {size} octets, {self.left} left")
        self.pos = end
        value = self.data[start:end]
        self.note(name, value, start, end, text)
        return value

    def string(self, name: str, size: int) -> str:
        """Read `size` octets as UTF-8; what is not UTF-8 is kept visible as backslash escapes."""
        start, end = self.pos, self.pos + size
        if size < 0 or end > self.end:
            raise self.fail(name, f"needs {size} octets, {self.left} left")
        self.pos = end
        value = self.data[start:end].decode("utf-8", "backslashreplace")
        self.note(name, value, start, end)
        return value

    def bits(self, name: str, size: int, parts: Sequence[Bits]) -> tuple[int, ...]:
        """Read `size` octets that several values share, and return these.

        `name` is the field around them; without a name the values stand side by side, each with all the octets.
        """
        start, end = self.pos, self.pos + size
        if end > self.end:
            raise self.fail(name or parts[0].name, f"needs {size} octets, {self.left} left")
        self.pos = end
        whole = int.from_bytes(self.data[start:end], "big")
        values = tuple((whole & part.mask) >> (part.mask & -part.mask).bit_length() - 1 for part in parts)
        self.note_bits(name, whole, start, end, parts, values)
        return values

    def note(self, name: str, value: Value, start: int, end: int, text: str = "") -> None:
        """Record a field that the caller has read itself (text protocols)."""

    def note_bits(
        self, name: str, whole: int, start: int, end: int, parts: Sequence[Bits], values: tuple[int, ...]
    ) -> None:
        """Record values that share the octets start..end."""

    @contextmanager
    def group(self, name: str, text: str = "") -> Iterator[None]:
        """Record what is read inside as children of one field."""
        yield

    @contextmanager
    def window(self, name: str, size: int, text: str = "") -> Iterator[None]:
        """Read inside the next `size` octets only; what is left of them at the end is `name`.rest."""
        if size < 0 or self.pos + size > self.end:
            raise self.fail(name, f"needs {size} octets, {self.left} left")
        outer, self.end = self.end, self.pos + size
        try:
            with self.group(name, text):
                yield
                if self.left:
                    self.octets(f"{name}.rest", self.left)
        finally:
            self.end = outer


class Recorder(Cursor):
    """A cursor that also leaves the field tree."""

    __slots__ = ("fields",)

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        super().__init__(data, start, end)
        self.fields: list[Field] = []

    def note(self, name: str, value: Value, start: int, end: int, text: str = "") -> None:
        self.fields.append(Field(name, value, start, end, text))

    def note_bits(
        self, name: str, whole: int, start: int, end: int, parts: Sequence[Bits], values: tuple[int, ...]
    ) -> None:
        texts = (
            "" if part.names is None else _named(part.names, value) for part, value in zip(parts, values, strict=True)
        )
        fields = tuple(
            Field(part.name, value, start, end, text) for part, value, text in zip(parts, values, texts, strict=True)
        )
        if name:
            fields = (Field(name, whole, start, end, "", fields),)
        self.fields.extend(fields)

    @contextmanager
    def group(self, name: str, text: str = "") -> Iterator[None]:
        outer, self.fields, start, whole = self.fields, [], self.pos, False
        try:
            yield
            whole = True
        finally:  # a group that ends in Malformed keeps what it has read
            children = tuple(self.fields)
            if children or whole:
                end = max((child.end for child in children), default=self.pos)
                outer.append(Field(name, self.data[start:end], start, end, text, children))
            self.fields = outer
