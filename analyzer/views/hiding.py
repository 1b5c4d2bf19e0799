"""Keeps key octets out of what is shown of a message, in whatever form the network wrote them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from analyzer.keys.chain import Chain
from dissectors import Message, tree
from dissectors.cursor import Field

HIDDEN = "hidden: holds a key"

# As many octets, digits or characters in a row tell a secret, even where only a part of it is shown.
OCTETS, DIGITS, CHARACTERS = 8, 16, 12
MIN_DIFFERENT = 4  # a row of fewer different ones turns up by chance

# Fields that are keys by definition, proven or not: TS 29.109 6.3, TS 26.237 Annex I, RFC 3830 6.13, RFC 6267 6.1.5,
# TS 29.229 6.3.
SECRET_NAME = re.compile(
    r"(key-material|confidentiality-key|integrity-key|mikey\.(key\.(data|salt)|sk\.data)|[.:}]muk)$", re.IGNORECASE
)
WRITTEN = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")  # hex or base64 among other octets
AKA_KEYS = re.compile(rb"""\b[ci]k\s*=\s*"?([0-9a-fA-F]{32})""", re.IGNORECASE)  # TS 33.203: S-CSCF to P-CSCF
URL_SAFE = bytes.maketrans(b"+/", b"-_")


class Hider:
    """Knows secrets as octets, hex digits and base64, and finds them in time linear in what is looked at."""

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._rows: dict[int, set[bytes]] = {OCTETS: set(), DIGITS: set(), CHARACTERS: set()}
        self.learn(secrets)

    def learn(self, secrets: Iterable[bytes]) -> None:
        """Take more secrets, which are hidden from now on."""
        for secret in secrets:
            if len(secret) >= OCTETS:
                self._learn(secret)

    def _learn(self, secret: bytes) -> None:
        self._add(secret, OCTETS)
        digits = secret.hex().encode()
        self._add(digits, DIGITS)
        self._add(digits.upper(), DIGITS)
        for shift in range(3):  # where the secret begins within the three octets of a group
            characters = base64.b64encode(b"\0" * shift + secret)[shift and shift + 1 :].rstrip(b"=")
            self._add(characters, CHARACTERS)
            self._add(characters.translate(URL_SAFE), CHARACTERS)

    def _add(self, form: bytes, length: int) -> None:
        rows = {form[start : start + length] for start in range(len(form) - length + 1)}
        telling = {row for row in rows if len(set(row)) >= MIN_DIFFERENT}
        self._rows[length] |= telling
        if telling != rows:  # then the whole must be there
            self._rows.setdefault(len(form), set()).add(form)

    def holds_secret(self, data: bytes) -> bool:
        """Say whether octets hold a secret anywhere, or a good part of one."""
        return any(
            data[start : start + length] in rows
            for length, rows in self._rows.items()
            if rows
            for start in range(len(data) - length + 1)
        )

    def hides(self, field: Field) -> bool:
        """Say whether the value or the text of a field must not be shown."""
        value = field.value
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        return self.holds_secret(data) or (bool(field.text) and self.holds_secret(_octets(field.text)))

    def told(self, text: str) -> str:
        """Return text, or in its place that it holds a key."""
        return HIDDEN if self.holds_secret(_octets(text)) else text


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def secrets(messages: Iterable[Message], chain: Chain) -> Iterator[bytes]:
    """Yield all keys that are known, proven or not, and all octets that stand where a key belongs."""
    candidates = (chain.ks, chain.muks, chain.mrks, chain.msks, chain.mtks)
    for key in (*chain.keys, *(key for found in candidates for keys in found.values() for key in keys)):
        yield key.value
        yield key.salt
        yield from (parent.value for parent in key.parents)
    for run in (*chain.aka.values(), *(vector.run for made in chain.vectors.values() for vector in made)):
        yield from (run.res, run.ck, run.ik)
    for message in messages:
        yield from written(message)


def written(message: Message) -> Iterator[bytes]:
    """Yield the octets of a message that stand where a key belongs."""
    for part in message.walk():
        yield from _named(part)


def _named(message: Message) -> Iterator[bytes]:
    data = message.payload.data
    yield from map(bytes.fromhex, (found.decode() for found in AKA_KEYS.findall(data)))
    for outermost in tree(message):
        for field in outermost.walk():
            if SECRET_NAME.search(field.name):
                octets = data[field.start : field.end]
                yield field.value if isinstance(field.value, bytes) else octets
                yield from WRITTEN.findall(octets)
