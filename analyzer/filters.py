"""Display filters in the manner of Wireshark: `mikey && !(mikey.v == 0) || sip.Call-ID contains "home1"`.

A name alone asks whether a message holds that protocol or field. `==`, `<`, `<=`, `>`, `>=`, `contains`, `matches`
and `in {…}` ask whether one of the fields of that name has such a value; `!=` whether there are some and none has it,
`===` whether all have it, `!==` whether one has not. `name[0:4]` is a part of the octets of a field or a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from analyzer.comparing import ORDERS, SECOND, FilterError, Literal, Match, matching, member, moment, sliced
from dissectors import Message, catalogue, tree
from dissectors.cursor import Value

MAX_NESTING = 100  # parentheses and negations within each other
WORDS = {
    "and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "any_eq": "==", "all_eq": "===", "any_ne": "!==", "all_ne": "!=",
    "~": "matches", "matches": "matches", "contains": "contains", "in": "in",
}  # fmt: skip
TOKEN = re.compile(
    r'\s*(?:(&&|\|\||===|!==|==|!=|<=|>=|[!<>(){},~[\]])|"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_.:+/@*-]+))', re.DOTALL
)
COMPARISONS = frozenset(("==", "!=", "===", "!==", "contains", "matches", "in", *ORDERS))

BARE = frozenset(("frame", "ip", "ipv6", "udp", "tcp", "sctp"))  # of these messages keep no octets
MOMENT, VERDICT = "frame.time", "keyshark.verdict"
NEAR = frozenset((MOMENT, VERDICT, "frame.number", "frame.time_epoch", "frame.time_relative", "frame.comment"))


class Seen:
    """The names and values of one message and all inside it, read from its tree when first asked for."""

    __slots__ = ("_message", "_near", "_values", "protocols")

    def __init__(self, message: Message, comment: str, begin: int | None, verdict: str) -> None:
        self._message = message
        self._near: dict[str, list[Value]] = {}  # what no tree is needed for
        self._values: dict[str, list[Value]] | None = None
        for name, value in _around(message, comment, begin, verdict):
            self._near.setdefault(name, []).append(value)
        around = {"frame", _ip_version(message), message.payload.transport}
        self.protocols = frozenset(part.protocol for part in message.walk()) | around

    def of(self, name: str) -> list[Value]:
        """Return the values of all fields of a name."""
        if name in self._near:
            return self._near[name]
        if name in NEAR:
            return []
        if self._values is None:
            self._values = {}
            for known, value in _named(self._message):
                self._values.setdefault(known, []).append(value)
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        """Say whether there is a protocol or field of a name."""
        return name in self.protocols or ("." in name and bool(self.of(name)))


class Filter(Protocol):
    """Says whether a message passes.

    `comment` is what the capture has to its frames, `begin` when the case began (ns), `verdict` what rules say of it.
    """

    def __call__(self, message: Message, comment: str = "", begin: int | None = None, verdict: str = "") -> bool: ...


class Values(Protocol):
    """What is tested: a message, or whatever else has names and values."""

    def of(self, name: str) -> list[Value]:
        """Return the values of all fields of a name."""

    def has(self, name: str) -> bool:
        """Say whether there is a protocol or field of a name."""


_Test = Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # an operator, "text" (in quotes), "word" or "end"
    text: str
    position: int


def compile_filter(text: str, unknown: Callable[[str], str] = catalogue.unknown) -> Filter:
    """Return a function that says whether a message passes; an empty filter lets all pass.

    `unknown` says why a name is none of a protocol or field. Raises FilterError.
    """
    test = read_filter(text, unknown)
    return lambda message, comment="", begin=None, verdict="": test(Seen(message, comment, begin, verdict))


def compile_filters(texts: Iterable[str]) -> Callable[[Message, str], int | None]:
    """Return a function that says which of some filters, the first one, a message with a verdict passes.

    The message is read once for all of them. Raises FilterError.
    """
    tests = [read_filter(text, catalogue.unknown) for text in texts]

    def first(message: Message, verdict: str) -> int | None:
        seen = Seen(message, "", None, verdict)
        return next((number for number, test in enumerate(tests) if test(seen)), None)

    return first


def read_filter(text: str, unknown: Callable[[str], str]) -> Callable[[Values], bool]:
    """Return a function that tests whatever has names and values; `unknown` hears each name. Raises FilterError."""
    reader = _Reader(list(_tokens(text)), unknown)
    if reader.next.kind == "end":
        return lambda seen: True
    test = reader.alternatives(0)
    reader.take("end", "&& or ||")
    return test


def _ip_version(message: Message) -> str:
    return "ipv6" if ":" in message.payload.src else "ip"


def _around(message: Message, comment: str, begin: int | None, verdict: str) -> Iterator[tuple[str, Value]]:
    """Yield what is known of a message before its tree is made."""
    payload, version = message.payload, _ip_version(message)
    yield "frame.number", payload.frame
    yield MOMENT, payload.time
    yield "frame.time_epoch", payload.time / SECOND
    if begin is not None:
        yield "frame.time_relative", (payload.time - begin) / SECOND
    if comment:
        yield "frame.comment", comment
    if verdict:
        yield VERDICT, verdict
    for name, address in (("src", payload.src), ("dst", payload.dst)):
        yield f"{version}.{name}", address
        yield f"{version}.addr", address
    for name, port in (("srcport", payload.sport), ("dstport", payload.dport)):
        yield f"{payload.transport}.{name}", port
        yield f"{payload.transport}.port", port
    for part in message.walk():
        yield part.protocol, part.payload.data


def _named(message: Message) -> Iterator[tuple[str, Value]]:
    for part in message.walk():
        for outermost in tree(part):
            for field in outermost.walk():
                yield field.name, field.value


def _tokens(text: str) -> Iterator[_Token]:
    end = len(text.rstrip())
    position = 0
    while position < end:
        found = TOKEN.match(text, position)
        if found is None:
            start = position + len(text[position:]) - len(text[position:].lstrip())
            raise FilterError(
                "a quote is not closed" if text[start] == '"' else f"{text[start]!r} means nothing", start
            )
        symbol, quoted, word = found.groups()
        start = found.start(found.lastindex or 0)
        if quoted is not None:
            yield _Token("text", re.sub(r'\\(["\\])', r"\1", quoted), start - 1)
        elif symbol is not None:
            yield _Token(WORDS.get(symbol, symbol), symbol, start)
        else:
            yield _Token(WORDS.get(word, "word"), word, start)
        position = found.end()
    yield _Token("end", "the end", len(text))


class _Reader:
    """Reads tokens from left to right: alternatives of conjunctions of tests."""

    def __init__(self, tokens: list[_Token], unknown: Callable[[str], str]) -> None:
        self.tokens = tokens
        self.unknown = unknown
        self.place = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self, kind: str, what: str = "") -> _Token:
        token = self.next
        if token.kind != kind:
            told = token.text if token.kind == "end" else repr(token.text)
            raise FilterError(f"{told} where {what or kind} is expected", token.position)
        self.place += 1
        return token

    def takes(self, kind: str) -> bool:
        if self.next.kind != kind:
            return False
        self.place += 1
        return True

    def alternatives(self, depth: int) -> _Test:
        tests = [self.conjunction(depth)]
        while self.takes("||"):
            tests.append(self.conjunction(depth))
        return tests[0] if len(tests) == 1 else lambda seen: any(test(seen) for test in tests)

    def conjunction(self, depth: int) -> _Test:
        tests = [self.negation(depth)]
        while self.takes("&&"):
            tests.append(self.negation(depth))
        return tests[0] if len(tests) == 1 else lambda seen: all(test(seen) for test in tests)

    def negation(self, depth: int) -> _Test:
        if depth > MAX_NESTING:
            raise FilterError("too many parentheses within each other", self.next.position)
        if self.takes("!"):
            test = self.negation(depth + 1)
            return lambda seen: not test(seen)
        if self.takes("("):
            test = self.alternatives(depth + 1)
            self.take(")")
            return test
        return self.comparison()

    def comparison(self) -> _Test:
        token = self.take("word", "a protocol or field")
        name = token.text
        if not name[0].isalpha():
            raise FilterError(f"{name!r} where a protocol or field is expected", token.position)
        if wrong := self.unknown(name):
            raise FilterError(wrong, token.position)
        take = self.slices(name) if self.next.kind == "[" else None
        comparing = self.next.kind
        if comparing not in COMPARISONS:
            if take is not None:
                return lambda seen: any(take(value) is not None for value in seen.of(name))
            return lambda seen: seen.has(name)
        if name in BARE:
            raise FilterError(f"of {name} no octets are kept: name the protocol that it carries", token.position)
        self.place += 1
        matches = self.members(name) if comparing == "in" else matching(comparing, self.literal(name))
        return _tested(name, comparing, matches, take)

    def slices(self, name: str) -> Callable[[Value], bytes | None]:
        """Read what stands in brackets: parts of the octets of a field or a message."""
        known = catalogue.fields().get(name)
        if name in BARE or (known is not None and known.kind == "number"):
            what = (
                f"of {name} no octets are kept" if name in BARE else f"{name} is a number, of which there are no slices"
            )
            raise FilterError(what, self.next.position)
        self.take("[")
        parts: list[Literal] = []
        while not parts or not self.takes("]"):
            if parts:
                self.take(",", "] or ,")
            token = self.take("word", "a slice such as 0:4")
            parts.append(Literal(token.text, token.position))
        return sliced(parts)

    def literal(self, name: str) -> Literal:
        """Read a value that a field is compared with."""
        if self.next.kind in WORDS.values() and self.next.text in WORDS and self.next.text.isalpha():
            token = self.take(self.next.kind)  # a word of the language, where only a value can stand
        else:
            token = self.take("text") if self.next.kind == "text" else self.take("word", "a value")
        found = Literal(token.text, token.position, token.kind == "text")
        return moment(found) if name == MOMENT else found

    def members(self, name: str) -> Match:
        """Read what stands in braces: values, and ranges such as 8000..8080."""
        self.take("{")
        found: list[Match] = []
        while not found or not self.takes("}"):
            if found:
                self.takes(",")
            low = self.literal(name)
            is_range = (self.next.kind, self.next.text) == ("word", "..")
            self.place += is_range
            found.append(member(low, self.literal(name) if is_range else None))
        return lambda value: any(matches(value) for matches in found)


def _tested(name: str, comparing: str, matches: Match, take: Callable[[Value], bytes | None] | None) -> _Test:
    """Return the test of all fields of a name: as in Wireshark since 3.6, where `!=` says that all of them differ."""

    def values(seen: Values) -> list[Value]:
        found = seen.of(name)
        return found if take is None else [part for value in found if (part := take(value)) is not None]

    match comparing:
        case "!=":
            return lambda seen: bool(found := values(seen)) and not any(map(matches, found))
        case "===":
            return lambda seen: bool(found := values(seen)) and all(map(matches, found))
        case "!==":
            return lambda seen: not all(map(matches, values(seen)))
        case _:
            return lambda seen: any(map(matches, values(seen)))
