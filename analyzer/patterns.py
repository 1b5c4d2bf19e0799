"""Regular expressions that take time linear in the text, whatever the pattern: for filters that anybody may type.

A pattern becomes a nondeterministic automaton, and all its states are followed at once. As in Wireshark's `matches`
a pattern is sought anywhere in the text and capitals do not count. There are literals, `.`, classes,
`\\d \\w \\s` and their opposites, groups, `|`, `* + ? {m,n}`, `^` and `$`; no back-references or look-around.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MAX_STATES = 2000  # of a pattern's automaton
MAX_GROUPS = 50  # within each other
MAX_REMEMBERED = 10_000  # steps that are kept for the next time

Chars = Callable[[str], bool]

CLASSES: dict[str, Chars] = {
    "d": str.isdigit,
    "w": lambda char: char.isalnum() or char == "_",
    "s": str.isspace,
}
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
SPECIAL = frozenset("*+?{|)")


class PatternError(ValueError):
    """A pattern that cannot be read: why, and at which character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position


@dataclass(slots=True)
class _State:
    """Goes on to `nexts` when a character fits, at once where there is none to fit, or at an edge of the text."""

    chars: Chars | None = None
    edge: str = ""  # "^" or "$"
    nexts: tuple[int, ...] = ()


class Pattern:
    """A compiled pattern."""

    def __init__(self, text: str) -> None:
        """Raises PatternError."""
        reader = _Reader(text)
        self._states = reader.states
        self._begin, self._accept = reader.read()
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._again = self._closure((self._begin,), "")  # a match may begin anywhere

    def search(self, text: str) -> bool:
        """Say whether the pattern is found in the text."""
        current = self._closure((self._begin,), "^")
        if self._accept in current:
            return True
        for char in text:
            current = self._step(current, char)
            if self._accept in current:
                return True
        return self._accept in self._closure(current, "$" if text else "^$")

    def _step(self, current: frozenset[int], char: str) -> frozenset[int]:
        known = self._steps.get((current, char))
        if known is None:
            found = [self._states[place] for place in current]
            reached = (
                after for state in found if state.chars is not None and state.chars(char) for after in state.nexts
            )
            known = self._closure(reached, "") | self._again
            if len(self._steps) >= MAX_REMEMBERED:
                self._steps.clear()
            self._steps[current, char] = known
        return known

    def _closure(self, places: Iterable[int], edges: str) -> frozenset[int]:
        """Return the states that are reached without a character, at the given edges of the text."""
        waiting, reached = list(places), set()
        while waiting:
            place = waiting.pop()
            if place in reached:
                continue
            reached.add(place)
            state = self._states[place]
            if state.chars is None and (not state.edge or state.edge in edges):
                waiting += state.nexts
        return frozenset(reached)


# A piece of the automaton: makes a fresh copy of itself that leads to a state, and returns its first state.
_Piece = Callable[[int], int]


class _Reader:
    """Reads a pattern from left to right: alternatives of sequences of repeated atoms."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.states: list[_State] = []

    def read(self) -> tuple[int, int]:
        """Return the first and the accepting state."""
        if self.text.startswith("(?i)"):  # capitals never count
            self.place = 4
        piece = self.alternatives(0)
        if self.place < len(self.text):
            raise PatternError("a ) without its (", self.place)
        accept = self.add(_State())
        return piece(accept), accept

    def add(self, state: _State) -> int:
        if len(self.states) >= MAX_STATES:
            raise PatternError("the pattern repeats too much", 0)
        self.states.append(state)
        return len(self.states) - 1

    def takes(self, char: str) -> bool:
        if not self.text.startswith(char, self.place):
            return False
        self.place += len(char)
        return True

    def take(self, what: str) -> str:
        if self.place >= len(self.text):
            raise PatternError(f"the pattern ends where {what} is expected", self.place)
        self.place += 1
        return self.text[self.place - 1]

    def alternatives(self, depth: int) -> _Piece:
        if depth > MAX_GROUPS:
            raise PatternError("too many groups within each other", self.place)
        found = [self.sequence(depth)]
        while self.takes("|"):
            found.append(self.sequence(depth))
        if len(found) == 1:
            return found[0]
        return lambda after: self.add(_State(nexts=tuple(piece(after) for piece in found)))

    def sequence(self, depth: int) -> _Piece:
        pieces: list[_Piece] = []
        while self.place < len(self.text) and self.text[self.place] not in "|)":
            pieces.append(self.repeated(self.atom(depth)))

        def build(after: int) -> int:
            for piece in reversed(pieces):
                after = piece(after)
            return after

        return build

    def repeated(self, piece: _Piece) -> _Piece:
        if self.takes("*"):
            least, most = 0, None
        elif self.takes("+"):
            least, most = 1, None
        elif self.takes("?"):
            least, most = 0, 1
        elif self.text[self.place : self.place + 1] == "{":
            least, most = self.counts()
        else:
            return piece
        self.takes("?")  # shortest or longest: found is found
        return lambda after: self.build_repeat(piece, least, most, after)

    def build_repeat(self, piece: _Piece, least: int, most: int | None, after: int) -> int:
        if most is None:
            loop = self.add(_State())
            self.states[loop].nexts = (piece(loop), after)
            after = loop
        for _ in range(0 if most is None else most - least):
            after = self.add(_State(nexts=(piece(after), after)))
        for _ in range(least):
            before = piece(after)
            if before == after:  # nothing, however often
                break
            after = before
        return after

    def counts(self) -> tuple[int, int | None]:
        start = self.place
        close = self.text.find("}", start)
        low, comma, high = self.text[start + 1 : max(close, start + 1)].partition(",")
        if not _is_count(low) or not (high == "" or _is_count(high)):
            raise PatternError("a { that counts nothing: {2}, {2,} or {2,5}", start)
        least = int(low)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > MAX_STATES or (most is not None and most < least):
            raise PatternError("a count that cannot be", start)
        self.place = close + 1
        return least, most

    def atom(self, depth: int) -> _Piece:
        start = self.place
        char = self.take("a character")
        if char in SPECIAL:
            raise PatternError(f"{char} with nothing before it to repeat", start)
        if char == "(":
            if self.takes("?") and not self.takes(":"):
                raise PatternError("of (? only (?: is known", start)
            piece = self.alternatives(depth + 1)
            if not self.takes(")"):
                raise PatternError("a ( that is not closed", start)
            return piece
        if char in "^$":
            return lambda after: self.add(_State(edge=char, nexts=(after,)))
        if char == ".":
            return self.one(lambda found: found != "\n")
        return self.one(self.charset(start) if char == "[" else self.escaped() if char == "\\" else _same(char))

    def one(self, chars: Chars) -> _Piece:
        return lambda after: self.add(_State(chars, nexts=(after,)))

    def escaped(self) -> Chars:
        """Return what `\\` and the character after it stand for."""
        start = self.place - 1
        char = self.take("a character")
        if char.lower() in CLASSES:
            found = CLASSES[char.lower()]
            return found if char.islower() else lambda given: not found(given)
        return _same(self.literal(char, start))

    def literal(self, char: str, start: int) -> str:
        if char == "x":
            digits = self.text[self.place : self.place + 2]
            if len(digits) < 2 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                raise PatternError("\\x without two hex digits", start)
            self.place += 2
            return chr(int(digits, 16))
        if char in ESCAPES:
            return ESCAPES[char]
        if char.isalnum():
            raise PatternError(f"\\{char} is not known", start)
        return char

    def charset(self, start: int) -> Chars:
        """Read what stands in brackets."""
        opposite = self.takes("^")
        members: list[Chars] = []
        while not members or not self.takes("]"):
            if self.place >= len(self.text):
                raise PatternError("a [ that is not closed", start)
            members.append(self.member())
        return lambda given: any(member(given) for member in members) is not opposite

    def member(self) -> Chars:
        start = self.place
        low = self.take("a character")
        if low == "\\":
            if self.text[self.place : self.place + 1].lower() in CLASSES:
                return self.escaped()
            low = self.literal(self.take("a character"), start)
        if not self.text.startswith("-", self.place) or self.text.startswith("-]", self.place):
            return _same(low)
        self.place += 1
        high = self.take("a character")
        if high == "\\":
            high = self.literal(self.take("a character"), start)
        if high < low:
            raise PatternError(f"{low}-{high} runs backwards", start)
        return lambda given: any(low <= form <= high for form in _forms(given))


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4


def _same(char: str) -> Chars:
    wanted = frozenset(_forms(char))
    return lambda given: given in wanted or not wanted.isdisjoint(_forms(given))


def _forms(char: str) -> Iterator[str]:
    """Yield a character in both cases."""
    yield char
    yield char.lower()
    yield char.upper()
