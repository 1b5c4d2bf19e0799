"""What stands in the place of a name, an address or a key: always the same, always of the same length, from a secret.

A letter becomes another letter, a digit another digit; addresses keep their family, what they are for, and how many
of their bits they share with others. In the Huffman code of HTTP/2 a pseudonym is as long as the name, so that it fits
where the name was; of a name no more is told by it than how long the code of all its letters together is.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import string
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from analyzer.anonymous import huffman

# Labels of domain names that name nobody (RFC 2606, TS 23.003)
COMMON_LABELS = frozenset({"3gppnetwork", "com", "example", "ims", "invalid", "net", "org", "pub", "test", "tmpi"})
_COUNTRY_AND_NETWORK = ("mcc", "mnc")  # TS 23.003: before digits

MAX_REMEMBERED = 100_000  # addresses, and words
MAX_WORD = 256  # letters of one that is remembered
MAX_DRAWN = 32  # pseudonyms of a word that others have, until one of another length in the Huffman code is drawn

_FIRST = ((1, 9), (11, 99), (128, 199), (100, 126), (200, 223), (224, 239), (240, 254))  # of IPv4, by what it is for
_OTHERS = ((0, 9), (10, 99), (100, 199), (200, 255))  # by how many digits they have
_FIRST_GROUP = ((0x2000, 0x3FFF),)  # of IPv6 unicast addresses
_GROUPS = ((1, 0xF), (0x10, 0xFF), (0x100, 0xFFF), (0x1000, 0xFFFF))
_KIND = {each: kind for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits) for each in kind}
_LAST_OF_BASE64 = {"A", "Q", "g", "w"}  # of 16 octets


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Makes pseudonyms; without the secret nobody can tell what they stand for."""

    secret: bytes = field(repr=False)
    _addresses: dict[bytes, bytes] = field(default_factory=dict, repr=False, compare=False)
    _drawn: dict[tuple[str, int], bytes] = field(default_factory=dict, repr=False, compare=False)  # what words turn by
    _words: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _taken: dict[str, str] = field(default_factory=dict, repr=False, compare=False)  # pseudonyms, and whose they are

    def octets(self, value: bytes, what: str = "octets") -> bytes:
        """Return other octets, as many."""
        return self._stream(what, value, len(value))

    def word(self, text: str) -> str:
        """Return a word of the same form; upper and lower case are one word, and a number with a plus or without."""
        if len(text) > MAX_WORD:
            return self._word(text)
        if (made := self._words.get(text)) is None:
            if len(self._words) >= MAX_REMEMBERED:
                self._words.clear()
            made = self._words[text] = self._word(text)
        return made

    def _word(self, text: str) -> str:
        if text.startswith("+"):
            return "+" + self.word(text[1:])
        lowered = text.lower()
        if len(lowered) != len(text):  # of letters that are not ASCII, which stay
            lowered = text
        return "".join(map(_other, text, self._turns(lowered, huffman.bits(lowered))))

    def encoded(self, text: str) -> str:
        """Return other base64 of as many octets; signs stay, as they grow where they are escaped."""
        padding = len(text) - len(text.rstrip("="))
        size = huffman.bits(text)
        if padding == 2 and text[-3:-2] in _LAST_OF_BASE64:  # the last character carries two bits
            last = sorted(_LAST_OF_BASE64 - {text[-3]})[self._stream("last", text.encode(), 1)[0] % 3] + "=="
            text, size = text[:-3], size - huffman.bits(last)
            return "".join(map(_other, text, self._turns(text, size))) + last
        return "".join(map(_other, text, self._turns(text, size)))

    def host(self, name: str) -> str:
        """Return a domain name, label by label."""
        return ".".join(map(self._label, name.split(".")))

    def _label(self, label: str) -> str:
        lowered = label.lower()
        if lowered in COMMON_LABELS:
            return label
        if lowered[:3] in _COUNTRY_AND_NETWORK and lowered[3:].isdigit():
            return label[:3] + self.word(label[3:])
        return self.word(label)

    def _turns(self, text: str, size: int) -> bytes:
        """Return by how much each character turns, so that a word gets as many bits in the Huffman code."""
        if len(text) > MAX_WORD:
            return self._fitting(text, size, 0)
        found = self._drawn.get((text, size))
        if found is None:
            if len(self._drawn) >= MAX_REMEMBERED:
                self._drawn.clear()
            found = self._drawn[text, size] = self._unlike_others(text, size)
        return found

    def _unlike_others(self, text: str, size: int) -> bytes:
        """Return what gives a pseudonym that nobody else has, of another length in the code where it has to be."""
        for number in range(2 * MAX_DRAWN):
            found = self._fitting(text, size if number < MAX_DRAWN else -1, number)
            made = "".join(map(_other, text, found))
            if self._taken.get(made, text) == text:
                break
        if len(self._taken) < MAX_REMEMBERED:
            self._taken.setdefault(made, text)
        return found

    def _fitting(self, text: str, size: int, number: int) -> bytes:
        stream = self._stream(f"word {number}", text.encode("utf-8", "replace"), 3 * len(text))
        turns, order, choice = (stream[at * len(text) : (at + 1) * len(text)] for at in range(3))
        made = bytearray(turns)
        over = huffman.bits("".join(map(_other, text, turns))) - size if size >= 0 else 0
        for at in sorted(range(len(text)), key=order.__getitem__):
            if not over:
                break
            choices = _choices(text[at])
            now = huffman.bits(_other(text[at], made[at]))
            best = min(choices, key=lambda length: abs(over + length - now), default=now)
            if best != now and abs(over + best - now) < abs(over):
                made[at] = choices[best][choice[at] % len(choices[best])]
                over += best - now
        return bytes(made)

    # ------------------------------------------------------------------------------------------------- addresses

    def address(self, text: str) -> str:
        """Return an address as text, as long as the one given; what is none stays."""
        try:
            given = ipaddress.ip_address(text)
        except ValueError:
            return text
        made = ipaddress.ip_address(self.packed(given.packed))
        if given.version == 6 and str(given) != text.lower():
            return _written_as(text, made.packed)
        return str(made) if text.lower() == text else str(made).upper()

    def packed(self, octets: bytes) -> bytes:
        """Return an address of 4 or 16 octets; the unspecified, loopback and broadcast ones stay."""
        if octets not in self._addresses:
            if len(self._addresses) >= MAX_REMEMBERED:
                self._addresses.clear()
            self._addresses[octets] = self._packed(octets)
        return self._addresses[octets]

    def _packed(self, octets: bytes) -> bytes:
        given = ipaddress.ip_address(octets)
        if given.is_unspecified or given.is_loopback or octets == b"\xff\xff\xff\xff":
            return octets
        if len(octets) == 4:
            made = [self._turned(octets[:1], octets[0], _FIRST)]
            made += [self._turned(octets[: at + 1], octets[at], _OTHERS) for at in range(1, 4)]
            return bytes(made)
        groups = [int.from_bytes(octets[at : at + 2], "big") for at in range(0, 16, 2)]
        first = self._turned(octets[:2], groups[0], _FIRST_GROUP)
        rest = [self._turned(octets[: 2 * at + 2], groups[at], _GROUPS) for at in range(1, 8)]
        return b"".join(group.to_bytes(2, "big") for group in (first, *rest))

    def hardware(self, octets: bytes) -> bytes:
        """Return a MAC address; whether it is of a group stays, and so does that of all."""
        if octets in (b"\xff" * len(octets), bytes(len(octets))):
            return octets
        made = self.octets(octets, "hardware")
        return bytes((made[0] & 0xFC | 0x02 | octets[0] & 1,)) + made[1:]

    def _turned(self, prefix: bytes, value: int, ranges: Sequence[tuple[int, int]]) -> int:
        """Turn a value among those of its range that are as long, by as much for all that share what is before it."""
        is_group = ranges is _GROUPS or ranges is _FIRST_GROUP
        for low, high in ranges:
            if low <= value <= high:
                alike = huffman.alike(value, low, high, hexadecimal=is_group)
                drawn = self._stream(f"address {high - low + 1}", prefix[: -2 if is_group else -1], 4)
                by = 1 + int.from_bytes(drawn, "big") % max(len(alike) - 1, 1)
                return alike[(bisect(alike, value) - 1 + by) % len(alike)]
        return value

    def _stream(self, what: str, value: bytes, size: int) -> bytes:
        found = hmac.digest(self.secret, b"%b %b" % (what.encode(), value), "sha256")
        return found[:size] if size <= len(found) else hashlib.shake_256(found).digest(size)


def _other(character: str, octet: int) -> str:
    """Return another character of the same kind; what is no ASCII letter or digit stays."""
    kind = _KIND.get(character)
    return character if kind is None else kind[(kind.index(character) + 1 + octet % (len(kind) - 1)) % len(kind)]


@cache
def _choices(character: str) -> dict[int, list[int]]:
    """Return what a character may turn by, sorted by how long it then is in the Huffman code."""
    found: dict[int, list[int]] = {}
    for octet in range(len(_KIND.get(character, "-")) - 1):
        found.setdefault(huffman.bits(_other(character, octet)), []).append(octet)
    return found


def _written_as(text: str, packed: bytes) -> str:
    """Return an address in the way of another text of it: as many digits in each group, zeros left out alike."""
    head, _, tail = text.partition("::")
    front = [group for group in head.split(":") if group]
    back = [group for group in tail.split(":") if group]
    groups = [int.from_bytes(packed[at : at + 2], "big") for at in range(0, 16, 2)]
    if "." in text or len(front) + len(back) > 8:
        return text
    for at, group in enumerate(front):
        front[at] = f"{groups[at]:0{len(group)}x}"
    for at, group in enumerate(reversed(back), 1):
        back[-at] = f"{groups[-at]:0{len(group)}x}"
    return ":".join(front) + ("::" + ":".join(back) if "::" in text else "")
