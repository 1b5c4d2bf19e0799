"""What the keys of a download make of a DCF: its signature and its contents (OMA DRM 2.0, TS 33.246 6.6.3)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from analyzer.keys.mikey import UndecryptableError
from dissectors.dcf import Content, Dcf, Signature

HMAC_SHA1 = 1  # method of a signature
CLEAR, AES_CBC, AES_CTR = 0, 1, 2  # encryption methods
RFC_2630 = 1  # padding scheme
BLOCK = 16  # octets of a block, and of the IV before a content

BEFORE_MUTABLE = "signature over all but the mutable box"


def covered(data: bytes, signature: Signature) -> Iterator[tuple[str, bytes]]:
    """Yield what a signature may be over, the likelier first, each with the name of that reading.

    TS 33.246 6.6.3.2 gives the method alone; the likeliest is what OMA DRM does not let a device change.
    """
    value = signature.end - len(signature.value)
    yield BEFORE_MUTABLE, data[: signature.outer] + data[signature.outer_end :]
    yield "signature over all before it", data[:value]
    yield "signature over all before its box", data[: signature.start]
    yield "signature over all but its box", data[: signature.start] + data[signature.end :]
    yield "signature over all, zeros in its place", data[:value] + bytes(len(signature.value)) + data[signature.end :]


def verify(*, auth_key: bytes, data: bytes, body: Dcf) -> str | None:
    """Return the reading in which the HMAC-SHA-1 of a DCF holds, None where it holds in none."""
    signature = body.signature
    if signature is None or signature.method != HMAC_SHA1:
        return None
    for reading, octets in covered(data, signature):
        if hmac.compare_digest(hmac.digest(auth_key, octets, "sha1"), signature.value):
            return reading
    return None


def decrypt(*, encr_key: bytes, content: Content) -> bytes:
    """Return a content in the clear; raises UndecryptableError where it does not fit the key, or the method is unknown.

    The first 16 octets are the IV, or the first counter. CBC is padded as RFC 2630 6.3 has it.
    """
    if content.encryption == CLEAR:
        return content.data
    first, data = content.data[:BLOCK], content.data[BLOCK:]
    if len(first) < BLOCK:
        raise UndecryptableError("a content without an IV")
    if content.encryption == AES_CTR:
        return Cipher(algorithms.AES(encr_key), modes.CTR(first)).decryptor().update(data)
    if content.encryption != AES_CBC or not data or len(data) % BLOCK:
        raise UndecryptableError("no whole blocks of AES-CBC")
    plain = Cipher(algorithms.AES(encr_key), modes.CBC(first)).decryptor().update(data)
    if content.padding == RFC_2630:
        count = plain[-1]
        if not 0 < count <= BLOCK or plain[-count:] != bytes((count,)) * count:
            raise UndecryptableError("the padding does not fit")
        plain = plain[:-count]
    if content.plaintext_length and content.plaintext_length != len(plain):
        raise UndecryptableError("another length than the header says")
    return plain


def encrypt(*, encr_key: bytes, content: Content, plain: bytes) -> bytes:
    """Return octets in the place of a content, with its IV, method and padding: the inverse of decrypt."""
    first = content.data[:BLOCK]
    if content.encryption == CLEAR:
        return plain
    if content.encryption == AES_CTR:
        return first + Cipher(algorithms.AES(encr_key), modes.CTR(first)).encryptor().update(plain)
    if content.padding == RFC_2630:
        count = BLOCK - len(plain) % BLOCK
        plain += bytes((count,)) * count
    return first + Cipher(algorithms.AES(encr_key), modes.CBC(first)).encryptor().update(plain)
