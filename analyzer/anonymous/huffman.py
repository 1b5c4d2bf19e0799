"""The Huffman code of HTTP/2 (RFC 7541 5.2, Appendix B): how long texts are in it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hpack import HPACKError
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman

_ENCODER = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH)
FILLER = b"X"  # eight bits long, whatever stands before or behind it


def bits(text: str) -> int:
    """Return how many bits the code of a text has."""
    return sum(map(REQUEST_CODES_LENGTH.__getitem__, text.encode("utf-8", "replace")))


def encoded(text: bytes) -> bytes:
    """Return the code of a text."""
    return bytes(_ENCODER.encode(text))


def decoded(code: bytes) -> bytes | None:
    """Return the text of a code, None where it is none."""
    try:
        return bytes(decode_huffman(code))
    except HPACKError:
        return None


class _Range(NamedTuple):
    low: int
    high: int
    hexadecimal: bool


@lru_cache(maxsize=64)
def _sorted(given: _Range) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for value in range(given.low, given.high + 1):
        found.setdefault(bits(f"{value:x}" if given.hexadecimal else str(value)), []).append(value)
    return found


def alike(value: int, low: int, high: int, *, hexadecimal: bool) -> list[int]:
    """Return the numbers of a range, in order, that are as long in the code as one of them."""
    return _sorted(_Range(low, high, hexadecimal))[bits(f"{value:x}" if hexadecimal else str(value))]


__all__ = ["FILLER", "alike", "bits", "decoded", "encoded"]
