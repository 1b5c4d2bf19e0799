"""What every dissector reads through: a cursor that leaves no trace, and one that records the fields that it reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from struct import Struct
from types import TracebackType

type_names = Mapping[int, str] | Callable[[int], str]
Value = int | float | str | bytes

SYNTAX = ".syntax"  # how the names of fields end that hold no value


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
class Bits:
    """A value of some bits among others in the same octets; `names` gives the text of its values."""

    name: str
    mask: int
    names: type_names | None = None
    shift: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", (self.mask & -self.mask).bit_length() - 1)


class Layout:
    """Numbers side by side: for each its name, its octets, and what gives the text of its values or names its bits.

    Numbers have 1, 2, 4 or 8 octets, or 3 behind one of 1, as in Diameter.
    """

    __slots__ = ("joined", "parts", "size", "unpack")

    def __init__(self, *parts: tuple[str, int] | tuple[str, int, type_names | tuple[Bits, ...]]) -> None:
        codes: list[str] = []
        self.joined: list[int] = []  # numbers of 4 octets that are one of 1 and one of 3, the last first
        for _, size, *_ in parts:
            if size == 3:
                codes[-1] = "I"
                self.joined.insert(0, len(codes) - 1)
            else:
                codes.append({1: "B", 2: "H", 4: "I", 8: "Q"}[size])
        numbers = Struct(">" + "".join(codes))
        self.parts = parts
        self.size = numbers.size
        self.unpack = numbers.unpack_from


def _named(names: type_names | None, value: int) -> str:
    if names is None:
        return ""
    return names(value) if callable(names) else f"{names.get(value, 'unknown')} ({value})"


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
        self.pos = end if size >= 0 and end <= self.end else self._after(name, size)
        return int.from_bytes(self.data[start:end], "big")

    def numbers(self, layout: Layout) -> tuple[int, ...]:
        """Read the numbers of a layout, as if one after the other."""
        start = self.pos
        if start + layout.size > self.end:
            return tuple([self.uint(part[0], part[1]) for part in layout.parts])  # raises at the one that is cut
        self.pos = start + layout.size
        values = layout.unpack(self.data, start)
        for at in layout.joined:
            values = (*values[:at], values[at] >> 24, values[at] & 0xFFFFFF, *values[at + 1 :])
        return values

    def u8(self, name: str, names: type_names | None = None) -> int:
        start = self.pos
        if start >= self.end:
            raise self.fail(name, "needs 1 octets, 0 left")
        self.pos = start + 1
        return self.data[start]

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
        start = self.pos
        self.pos = self._after(name, size)
        return self.data[start : self.pos]

    def string(self, name: str, size: int) -> str:
        """Read `size` octets as UTF-8; what is not UTF-8 is kept visible as backslash escapes."""
        start = self.pos
        self.pos = self._after(name, size)
        return self.data[start : self.pos].decode("utf-8", "backslashreplace")

    def bits(self, name: str, size: int, parts: Sequence[Bits]) -> tuple[int, ...]:
        """Read `size` octets that several values share, and return these.

        `name` is the field around them; without a name the values stand side by side, each with all the octets.
        """
        start = self.pos
        self.pos = self._after(name or parts[0].name, size)
        whole = int.from_bytes(self.data[start : self.pos], "big")
        return tuple([(whole & part.mask) >> part.shift for part in parts])

    def _after(self, name: str, size: int) -> int:
        end = self.pos + size
        if size < 0 or end > self.end:
            raise self.fail(name, f"needs {size} octets, {self.left} left")
        return end

    def note(self, name: str, value: Value, start: int, end: int, text: str = "") -> None:
        """Record a field that the caller has read itself (text protocols)."""

    def group(self, name: str, text: str = "") -> AbstractContextManager[None]:
        """Record what is read inside as children of one field."""
        return _NO_GROUP

    def window(self, name: str, size: int, text: str = "") -> AbstractContextManager[None]:
        """Read inside the next `size` octets only; what is left of them at the end is `name`.rest."""
        return _Window(self, name, self._after(name, size), text)


class _Window:
    """Holds a cursor inside of some octets."""

    __slots__ = ("cursor", "end", "group", "name", "outer")

    def __init__(self, cursor: Cursor, name: str, end: int, text: str) -> None:
        self.cursor, self.name, self.end = cursor, name, end
        self.outer = cursor.end
        self.group = cursor.group(name, text)

    def __enter__(self) -> None:
        self.cursor.end = self.end
        self.group.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.cursor.pos < self.end:
            self.cursor.octets(f"{self.name}.rest", self.cursor.left)
        self.cursor.end = self.outer
        self.group.__exit__(kind, error, trace)


_NO_GROUP: AbstractContextManager[None] = nullcontext()


class Recorder(Cursor):
    """A cursor that also leaves the field tree."""

    __slots__ = ("fields",)

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        super().__init__(data, start, end)
        self.fields: list[Field] = []

    def uint(self, name: str, size: int, names: type_names | None = None) -> int:
        start, value = self.pos, super().uint(name, size, names)
        self.note(name, value, start, self.pos, _named(names, value))
        return value

    def numbers(self, layout: Layout) -> tuple[int, ...]:
        return tuple([self._number(*part) for part in layout.parts])

    def _number(self, name: str, size: int, names: type_names | tuple[Bits, ...] | None = None) -> int:
        if not isinstance(names, tuple):
            return self.uint(name, size, names)
        start = self.pos
        self.bits(name, size, names)
        return int.from_bytes(self.data[start : self.pos], "big")

    def u8(self, name: str, names: type_names | None = None) -> int:
        return self.uint(name, 1, names)

    def octets(self, name: str, size: int, text: str = "") -> bytes:
        start, value = self.pos, super().octets(name, size, text)
        self.note(name, value, start, self.pos, text)
        return value

    def string(self, name: str, size: int) -> str:
        start, value = self.pos, super().string(name, size)
        self.note(name, value, start, self.pos)
        return value

    def bits(self, name: str, size: int, parts: Sequence[Bits]) -> tuple[int, ...]:
        start, values = self.pos, super().bits(name, size, parts)
        end = self.pos
        fields = [
            Field(part.name, value, start, end, _named(part.names, value))
            for part, value in zip(parts, values, strict=True)
        ]
        if name:
            fields = [Field(name, int.from_bytes(self.data[start:end], "big"), start, end, "", tuple(fields))]
        self.fields.extend(fields)
        return values

    def note(self, name: str, value: Value, start: int, end: int, text: str = "") -> None:
        self.fields.append(Field(name, value, start, end, text))

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
