"""HTTP Digest (RFC 2617, RFC 7616), Digest AKA (RFC 3310, RFC 4169), and the passwords that GBA and MBMS make."""

from __future__ import annotations

import base64
import hashlib
import hmac

_HASHES = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}
_AKA_PREFIXES = ("akav1-", "akav2-")
_SESSION_SUFFIX = "-sess"


def supported(algorithm: str) -> bool:
    """Say whether digests of this algorithm can be computed: MD5, SHA-256, SHA-512/256, their -sess and AKA forms."""
    return _hash(algorithm) is not None


def has_sessions(algorithm: str) -> bool:
    """Say whether HA1 of this algorithm goes on from the request that began a session (RFC 2617 3.2.2.2)."""
    return algorithm.lower().endswith(_SESSION_SUFFIX)


def ha1(
    *, username: str, realm: str, password: bytes, algorithm: str = "MD5", nonce: str = "", cnonce: str = ""
) -> str:
    """Return HA1 in hex (RFC 2617 3.2.2.2); `nonce` and `cnonce` enter it for the -sess algorithms only.

    The password is octets, as Digest AKA puts the bare RES there (RFC 3310 3.3). Empty for an algorithm
    that is not supported.
    """
    first = _hex(algorithm, b":".join((_octets(username), _octets(realm), password)))
    if first and has_sessions(algorithm):
        return _hex(algorithm, _octets(f"{first}:{nonce}:{cnonce}"))
    return first


def ha2(*, method: str, uri: str, qop: str | None = None, body: bytes = b"", algorithm: str = "MD5") -> str:
    """Return HA2 in hex (RFC 2617 3.2.2.3); an empty `method` gives that of rspauth."""
    what = f"{method}:{uri}"
    if qop and qop.lower() == "auth-int":
        what += f":{_hex(algorithm, body)}"
    return _hex(algorithm, _octets(what))


def response(
    *,
    ha1: str,
    method: str,
    uri: str,
    nonce: str,
    qop: str | None = None,
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
    algorithm: str = "MD5",
) -> str:
    """Return request-digest in hex (RFC 2617 3.2.2.1); without `qop` it has the form of RFC 2069.

    All strings are the directive values as sent: `uri` verbatim, `nc` with its zeros. Empty for an
    algorithm that is not supported.
    """
    second = ha2(method=method, uri=uri, qop=qop, body=body, algorithm=algorithm)
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    return _hex(algorithm, _octets(f"{ha1}:{middle}:{second}"))


def rspauth(
    *,
    ha1: str,
    uri: str,
    nonce: str,
    qop: str | None = None,
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
    algorithm: str = "MD5",
) -> str:
    """Return the digest of Authentication-Info in hex (RFC 2617 3.2.3); `body` is that of the answer."""
    return response(
        ha1=ha1, method="", uri=uri, nonce=nonce, qop=qop, nc=nc, cnonce=cnonce, body=body, algorithm=algorithm
    )


def matches(
    *,
    claimed: str,
    username: str,
    realm: str,
    password: bytes,
    method: str,
    uri: str,
    nonce: str,
    qop: str | None = None,
    nc: str = "",
    cnonce: str = "",
    body: bytes = b"",
    algorithm: str = "MD5",
) -> bool | None:
    """Say whether `claimed` is the digest that `password` gives; an empty `method` checks rspauth.

    None where the algorithm is not supported, so nobody can tell.
    """
    if not supported(algorithm):
        return None
    first = ha1(username=username, realm=realm, password=password, algorithm=algorithm, nonce=nonce, cnonce=cnonce)
    expected = response(
        ha1=first, method=method, uri=uri, nonce=nonce, qop=qop, nc=nc, cnonce=cnonce, body=body, algorithm=algorithm
    )
    return hmac.compare_digest(_octets(claimed.lower()), _octets(expected))


def aka_v1_password(*, res: bytes) -> bytes:
    """Return the AKAv1 password: RES as it is (RFC 3310 3.3)."""
    return res


def aka_v2_password(*, res: bytes, ik: bytes, ck: bytes) -> bytes:
    """Return the AKAv2 password (RFC 4169 3)."""
    key = res + ik + ck
    return base64.b64encode(hmac.digest(key, b"http-digest-akav2-password", "md5"))


def mrk_password(*, mrk: bytes) -> bytes:
    """Return the password made of an MRK or another NAF key: base64 (TS 24.109 5.2.2.1)."""
    return base64.b64encode(mrk)


def mrk_passwords(*, mrk: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return every encoding of the MRK that ends were seen to use, named, the right one first."""
    return (
        ("base64", mrk_password(mrk=mrk)),
        ("raw", mrk),
        ("hex", mrk.hex().encode("ascii")),
    )


def _hash(algorithm: str) -> str | None:
    # RFC 3310 3.1: AKAv1-MD5 is MD5 with another password
    name = algorithm.lower().removesuffix(_SESSION_SUFFIX)
    for prefix in _AKA_PREFIXES:
        name = name.removeprefix(prefix)
    return _HASHES.get(name)


def _hex(algorithm: str, octets: bytes) -> str:
    name = _hash(algorithm)
    return "" if name is None else hashlib.new(name, octets, usedforsecurity=False).hexdigest()


def _octets(text: str) -> bytes:
    # text from a network may hold what UTF-8 cannot; no digest fits it then, but it must not raise
    return text.encode("utf-8", "backslashreplace")
