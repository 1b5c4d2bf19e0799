"""HTTP authentication headers (RFC 2617, 7616, 3310): schemes and their parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from sys import intern

from dissectors.cursor import Field
from dissectors.text import to_text

# name [ "=" ( quoted-string | text ) ]; possessive, so that each character is looked at once
_ITEM = re.compile(r'([^\s=,"]++)\s*+(?:=\s*+(?:"((?:[^"\\]++|\\.)*+)"?|([^,\s]*+)))?', re.DOTALL | re.ASCII)
_SECRET = re.compile(r"""\b([ic]k)\s*+=\s*+(?:"[^"]*+"?|[^,\s]*+)""", re.IGNORECASE)  # TS 24.229: for the P-CSCF
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Auth:
    """A challenge, credentials or Authentication-Info: the scheme as sent, "" if none, and its parameters.

    `names` of parameters are in lower case, their `values` unquoted, both in their order.
    """

    scheme: str
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = field(default=(), repr=False)  # may hold ik and ck

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.names, self.values, strict=True))

    @property
    def params(self) -> dict[str, str]:
        """The parameters by name; of a repeated one the first counts."""
        return dict(reversed(self.pairs))

    def get(self, name: str) -> str | None:
        """Return a parameter by its name, whatever its case; None when it is absent."""
        wanted = name.lower()
        return self.values[self.names.index(wanted)] if wanted in self.names else None


def parse_auths(value: str) -> tuple[Auth, ...]:
    """Return all challenges of one header value; a server may offer AKAv1-MD5 and AKAv2-MD5 side by side."""
    auths: list[Auth] = []
    scheme: str | None = None
    names: list[str] = []
    values: list[str] = []
    for match in _ITEM.finditer(value):
        name, quoted, plain = match.groups()
        if quoted is None and plain is None:
            if scheme is not None or names:
                auths.append(Auth(scheme or "", tuple(names), tuple(values)))
            scheme, names, values = name, [], []
        else:
            if quoted is not None and "\\" in quoted:
                quoted = _ESCAPE.sub(r"\1", quoted)
            names.append(intern(name.lower()))  # the same come again in all that a UE sends, and are kept as long
            values.append(intern(plain if quoted is None else quoted))
    if scheme is not None or names:
        auths.append(Auth(scheme or "", tuple(names), tuple(values)))
    return tuple(auths)


def parse_auth(value: str) -> Auth:
    """Return the first challenge or the credentials of Authorization and WWW-Authenticate; never raises."""
    auths = parse_auths(value)
    return auths[0] if auths else Auth("")


def parse_info(value: str) -> Auth:
    """Return the parameters of Authentication-Info, which has no scheme; never raises."""
    auths = parse_auths(value)
    if len(auths) == 1:
        return Auth("", auths[0].names, auths[0].values)
    return Auth("", tuple(n for auth in auths for n in auth.names), tuple(v for auth in auths for v in auth.values))


# ------------------------------------------------------------------------------------------------ fields

# Wireshark's names below "sip.auth."; ik and ck stay out of the tree
_PLAIN = (
    "algorithm", "auts", "cnonce", "domain", "nc", "nextnonce", "nonce", "opaque", "qop", "realm", "rspauth", "stale",
    "uri", "username",
)  # fmt: skip
_SHOWN = {"response": "digest.response"} | {name: name for name in _PLAIN}


def hide_keys(value: str) -> str:
    """Return a header value without the IK and CK that a home network may put into a challenge."""
    return _SECRET.sub(r"\1=(hidden)", value)


def auth_fields(data: bytes, prefix: str, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of schemes and parameters in start..end, the octets behind the header's colon."""
    for match in _ITEM.finditer(data[start:end].decode("latin-1")):  # a character is an octet
        name, quoted, plain = match.groups()
        group = 1 if quoted is None and plain is None else 2 if quoted is not None else 3
        first, stop = match.span(group)
        if group == 2:  # with its quotes, as in Wireshark
            first, stop = first - 1, match.end()
        shown = "scheme" if group == 1 else _SHOWN.get(name.lower())
        if shown is not None and first < stop:
            octets = data[start + first : start + stop]
            yield Field(f"{prefix}.{shown}", to_text(octets), start + first, start + stop)
