"""Display filters in the manner of Wireshark: `mikey && !(mikey.v == 0) || sip.Call-ID contains "home1"`.

A name alone asks whether a message holds that protocol or field. `==`, `<`, `<=`, `>`, `>=`, `contains`, `matches`
and `in {…}` ask whether one of the fields of that name has such a value; `!=` whether there are some and none has it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Protocol

from analyzer.patterns import Pattern, PatternError
from dissectors import Message, catalogue, tree
from dissectors.base import Value

MAX_NESTING = 100  # parentheses and negations within each other
WORDS = {
    "and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "~": "matches", "matches": "matches", "contains": "contains", "in": "in",
}  # fmt: skip
TOKEN = re.compile(r'\s*(?:(&&|\|\||==|!=|<=|>=|[!<>(){},~])|"((?:[^"\\]|\\.)*)"|([A-Za-z0-9_.:+/@*-]+))', re.DOTALL)
OCTETS = re.compile(r"[0-9a-fA-F]{2}(?:[:-]?[0-9a-fA-F]{2})*")
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip
COMPARISONS = frozenset(("==", "!=", "contains", "matches", "in", *ORDERS))


class FilterError(ValueError):
    """A filter that cannot be read: why, and at which character."""

    def __init__(self, reason: str, position: int) -> None:
        super().__init__(f"{reason} at character {position + 1}")
        self.reason = reason
        self.position = position


class Seen:
    """The names and values of one message and all inside it, read from its tree when first asked for."""

    __slots__ = ("_comment", "_message", "_values", "protocols")

    def __init__(self, message: Message, comment: str = "") -> None:
        self._message = message
        self._comment = comment
        self._values: dict[str, list[Value]] | None = None
        around = {"frame", _ip_version(message), message.payload.transport}
        self.protocols = frozenset(part.protocol for part in message.walk()) | around

    @property
    def values(self) -> dict[str, list[Value]]:
        if self._values is None:
            self._values = {"frame.comment": [self._comment]} if self._comment else {}
            for name, value in _named(self._message):
                self._values.setdefault(name, []).append(value)
        return self._values


class Filter(Protocol):
    """Says whether a message passes, with the comment that the capture has to its frames."""

    def __call__(self, message: Message, comment: str = "") -> bool: ...


_Test = Callable[[Seen], bool]
_Match = Callable[[Value], bool]


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # an operator, "text" (in quotes), "word" or "end"
    text: str
    position: int


def compile_filter(text: str, unknown: Callable[[str], str] = catalogue.unknown) -> Filter:
    """Return a function that says whether a message passes; an empty filter lets all pass.

    `unknown` says why a name is none of a protocol or field. Raises FilterError.
    """
    reader = _Reader(list(_tokens(text)), unknown)
    if reader.next.kind == "end":
        return lambda message, comment="": True
    test = reader.alternatives(0)
    reader.take("end", "&& or ||")
    return lambda message, comment="": test(Seen(message, comment))


def _ip_version(message: Message) -> str:
    return "ipv6" if ":" in message.payload.src else "ip"


def _named(message: Message) -> Iterator[tuple[str, Value]]:
    payload, version = message.payload, _ip_version(message)
    yield "frame.number", payload.frame
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
        comparing = self.next.kind
        if comparing not in COMPARISONS:
            return lambda seen: name in seen.protocols or name in seen.values
        self.place += 1
        matches = self.members() if comparing == "in" else _matching(comparing, self.literal())
        if comparing == "!=":  # as in Wireshark since 3.6: all of them differ
            return lambda seen: name in seen.values and not any(map(matches, seen.values[name]))
        return lambda seen: any(map(matches, seen.values.get(name, ())))

    def literal(self) -> _Token:
        if self.next.kind in WORDS.values() and self.next.text in WORDS and self.next.text.isalpha():
            return self.take(self.next.kind)  # a word of the language, where only a value can stand
        return self.take("text") if self.next.kind == "text" else self.take("word", "a value")

    def members(self) -> _Match:
        """Read what stands in braces: values, and ranges such as 8000..8080."""
        self.take("{")
        found: list[_Match] = []
        while not found or not self.takes("}"):
            if found:
                self.takes(",")
            found.append(_member(self.literal()))
        return lambda value: any(matches(value) for matches in found)


def _member(literal: _Token) -> _Match:
    low, dots, high = literal.text.partition("..")
    if literal.kind != "word" or not dots:
        return _equals(literal)
    if not low or not high:
        raise FilterError(f"{literal.text!r} where a range such as 1..5 is expected", literal.position)
    above = _ordered(ORDERS[">="], _Token("word", low, literal.position))
    below = _ordered(ORDERS["<="], _Token("word", high, literal.position + len(low) + 2))
    return lambda value: above(value) and below(value)


def _matching(comparing: str, literal: _Token) -> _Match:
    match comparing:
        case "contains":
            return _contains(literal)
        case "matches":
            return _found(literal)
        case "==" | "!=":
            return _equals(literal)
        case _:
            return _ordered(ORDERS[comparing], literal)


def _equals(literal: _Token) -> _Match:
    number, octets, network = _number(literal), _octets(literal), _network(literal.text)

    def matches(value: Value) -> bool:
        match value:
            case int() | float():
                return value == number
            case bytes():
                return value == octets
            case _ if value == literal.text:
                return True
            case _:
                address = None if network is None else _address(value)
                return network is not None and address is not None and address in network

    return matches


def _ordered(order: Callable[[Any, Any], bool], literal: _Token) -> _Match:
    """Compare numbers as numbers, addresses as addresses, octets as octets, and all else as text."""
    number, octets, address = _number(literal), _octets(literal), _address(literal.text)

    def matches(value: Value) -> bool:
        match value:
            case int() | float():
                return number is not None and order(value, number)
            case bytes():
                return order(value, octets)
            case _ if number is not None:
                written = _number(_Token("word", value, 0))
                return written is not None and order(written, number)
            case _ if address is not None:
                other = _address(value)
                return other is not None and other.version == address.version and order(other, address)
            case _:
                return order(value, literal.text)

    return matches


def _contains(literal: _Token) -> _Match:
    octets = _octets(literal)
    return lambda value: octets in value if isinstance(value, bytes) else literal.text in str(value)


def _found(literal: _Token) -> _Match:
    try:
        pattern = Pattern(literal.text)
    except PatternError as error:
        begin = literal.position + (literal.kind == "text")  # after the quote
        raise FilterError(f"{error.reason} in the pattern", begin + error.position) from error
    return lambda value: pattern.search(value.decode("latin-1") if isinstance(value, bytes) else str(value))


def _number(literal: _Token) -> float | None:
    if literal.kind != "word":
        return None
    for read in (lambda text: int(text, 0), float):
        try:
            return read(literal.text)
        except ValueError:
            pass
    return None


def _octets(literal: _Token) -> bytes:
    """Return the octets that a literal means: text in quotes as it is, else hex digits, colons or dashes allowed."""
    if literal.kind == "word" and OCTETS.fullmatch(literal.text):
        return bytes.fromhex(literal.text.replace(":", "").replace("-", ""))
    return literal.text.encode("utf-8", "surrogatepass")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """Return the addresses that a literal means: one, however it is written, or those of 10.0.0.0/8."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
