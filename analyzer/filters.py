"""Display filters in the manner of Wireshark: `mikey && !(mikey.v == 0) || sip.Call-ID contains "home1"`.

A name alone asks whether a message holds that protocol or field; `==` whether a field has a value,
`!=` whether it is there and no such field has it, `contains` whether the value holds octets or text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from dissectors import Message, tree
from dissectors.base import Value

MAX_NESTING = 100  # parentheses and negations within each other
WORDS = {"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!="}
COMPARISONS = ("==", "!=", "contains")
TOKEN = re.compile(r'\s*(?:(&&|\|\||==|!=|!|\(|\))|"([^"]*)"|([A-Za-z0-9_.:+/@-]+))')
OCTETS = re.compile(r"[0-9a-fA-F]{2}(?::?[0-9a-fA-F]{2})*")


class FilterError(ValueError):
    """A filter that cannot be read: why, and at which character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position


class Seen:
    """The names and values of one message and all inside it, read from its tree when first asked for."""

    __slots__ = ("_message", "_values", "protocols")

    def __init__(self, message: Message) -> None:
        self._message = message
        self._values: dict[str, list[Value]] | None = None
        self.protocols = frozenset(part.protocol for part in message.walk()) | {message.payload.transport}

    @property
    def values(self) -> dict[str, list[Value]]:
        if self._values is None:
            self._values = {}
            for name, value in _named(self._message):
                self._values.setdefault(name, []).append(value)
        return self._values


Filter = Callable[[Message], bool]
_Test = Callable[[Seen], bool]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # an operator, "text" (in quotes), "word" or "end"
    text: str
    position: int


def compile_filter(text: str) -> Filter:
    """Return a function that says whether a message passes; an empty filter lets all pass.

    Raises FilterError.
    """
    reader = _Reader(list(_tokens(text)))
    if reader.next.kind == "end":
        return lambda message: True
    test = reader.alternatives(0)
    reader.take("end")
    return lambda message: test(Seen(message))


def _named(message: Message) -> Iterator[tuple[str, Value]]:
    payload = message.payload
    yield "frame.number", payload.frame
    version = "ipv6" if ":" in payload.src else "ip"
    for name, address in (("src", payload.src), ("dst", payload.dst)):
        yield f"{version}.{name}", address
        yield f"{version}.addr", address
    for name, port in (("srcport", payload.sport), ("dstport", payload.dport)):
        yield f"{payload.transport}.{name}", port
        yield f"{payload.transport}.port", port
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
        operator, quoted, word = found.groups()
        start = found.start(found.lastindex or 0)
        if operator is not None:
            yield _Token(operator, operator, start)
        elif quoted is not None:
            yield _Token("text", quoted, start)
        else:
            yield _Token(WORDS.get(word, "contains" if word == "contains" else "word"), word, start)
        position = found.end()
    yield _Token("end", "the end", len(text))


class _Reader:
    """Reads tokens from left to right: alternatives of conjunctions of tests."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens
        self.place = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self, kind: str) -> _Token:
        token = self.next
        if token.kind != kind:
            raise FilterError(f"{token.text!r} where {kind!r} is expected", token.position)
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
        token = self.next
        if token.kind != "word":
            raise FilterError(f"{token.text!r} where a protocol or field is expected", token.position)
        self.place += 1
        name = token.text
        operator = self.next.kind
        if operator not in COMPARISONS:
            return lambda seen: name in seen.protocols or name in seen.values
        self.place += 1
        literal = self.next
        if literal.kind not in ("word", "text"):
            raise FilterError(f"{literal.text!r} where a value is expected", literal.position)
        self.place += 1
        matches = _contains(literal) if operator == "contains" else _equals(literal)
        if operator == "!=":  # as in Wireshark since 3.6: all of them differ
            return lambda seen: name in seen.values and not any(map(matches, seen.values[name]))
        return lambda seen: any(map(matches, seen.values.get(name, ())))


def _equals(literal: _Token) -> Callable[[Value], bool]:
    number, octets = _number(literal), _octets(literal)

    def matches(value: Value) -> bool:
        match value:
            case int() | float():
                return value == number
            case bytes():
                return value == octets
            case _:
                return value == literal.text or _same_address(value, literal.text)

    return matches


def _contains(literal: _Token) -> Callable[[Value], bool]:
    octets = _octets(literal)

    def matches(value: Value) -> bool:
        match value:
            case bytes():
                return octets is not None and octets in value
            case str():
                return literal.text in value
            case _:
                return literal.text in str(value)

    return matches


def _number(literal: _Token) -> float | None:
    if literal.kind != "word":
        return None
    try:
        return int(literal.text, 0)
    except ValueError:
        pass
    try:
        return float(literal.text)
    except ValueError:
        return None


def _octets(literal: _Token) -> bytes | None:
    """Return the octets that a literal means: text in quotes as it is, else hex digits, colons allowed."""
    if literal.kind == "text":
        return literal.text.encode()
    if OCTETS.fullmatch(literal.text):
        return bytes.fromhex(literal.text.replace(":", ""))
    return literal.text.encode()


def _same_address(value: str, text: str) -> bool:
    """Say whether two IPv6 addresses are one, however they are written."""
    if ":" not in value or ":" not in text:
        return False
    try:
        return ip_address(value) == ip_address(text)
    except ValueError:
        return False
