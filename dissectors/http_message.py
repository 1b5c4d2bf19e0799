"""What an HTTP message says, whichever version carries it: the typed body, request targets, content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote

from dissectors import mime
from dissectors.digest import Auth, parse_auth
from dissectors.mime import BodyPart
from dissectors.text import Headers

MAX_DIGITS = 9  # of seconds to wait: thirty years
MAX_DATE = 64  # characters


@dataclass(frozen=True, slots=True)
class Http:
    """One HTTP message: `method` and `uri` of a request, `status` and `reason` of a response.

    `path` is the URI's, as sent; `query` its parameters, percent-decoded and stripped. `raw` is the body
    without transfer coding (what digest auth-int covers), `content` also without content coding, and
    `content_start` its offset in the payload, -1 where the octets were transformed. `stream` is that of HTTP/2,
    None in HTTP/1.x. `authorization` and `challenge` are what the first headers of authentication say, read once for
    all who ask.
    """

    method: str | None
    uri: str | None
    path: str
    query: tuple[tuple[str, str], ...]
    status: int | None
    reason: str
    version: str
    headers: Headers
    content: bytes = field(default=b"", repr=False)
    content_start: int = -1
    raw: bytes = field(default=b"", repr=False)
    parts: tuple[BodyPart, ...] = ()
    notes: tuple[str, ...] = ()
    stream: int | None = None
    authorization: Auth | None = field(init=False, repr=False, compare=False)
    challenge: Auth | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "authorization", self._auth("Authorization"))
        object.__setattr__(self, "challenge", self._auth("WWW-Authenticate"))

    def _auth(self, name: str) -> Auth | None:
        value = self.headers.get(name)
        return None if value is None else parse_auth(value)

    @property
    def is_request(self) -> bool:
        return self.method is not None

    def query_value(self, name: str) -> str | None:
        """Return a query parameter by its name, whatever its case; None when it is absent."""
        wanted = name.lower()
        return next((value for key, value in self.query if key.lower() == wanted), None)

    @property
    def request_type(self) -> str | None:
        """The `requesttype` of a key management request (TS 33.246 annex G)."""
        return self.query_value("requesttype")

    @property
    def host(self) -> str | None:
        """The host that is asked, without its port: of an absolute URI, else of the Host header."""
        # RFC 9112 3.2.2: an absolute URI overrules Host
        _, value, _ = split_uri(self.uri or "")
        value = value or self.headers.get("Host") or ""
        if not value:
            return None
        name, colon, port = value.rpartition(":")
        return name if colon and port.isdigit() else value

    @property
    def retry_after(self) -> int | None:
        """The seconds to wait, of either form of Retry-After (RFC 9110 10.2.3): a date counts from that of Date."""
        value = (self.headers.get("Retry-After") or "").strip()
        if value.isascii() and value.isdigit():
            return int(value) if len(value) <= MAX_DIGITS else 10**MAX_DIGITS
        until, now = _date(value), _date(self.headers.get("Date") or "")
        return None if until is None or now is None else round((until - now).total_seconds())


def _date(value: str) -> datetime | None:
    """Read an HTTP date in any of its three forms (RFC 9110 5.6.7); None where it is none."""
    try:
        found = parsedate_to_datetime(value[:MAX_DATE])
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found.replace(tzinfo=None)  # always GMT, and not said in the form of asctime


def split_uri(uri: str) -> tuple[str, str, str]:
    """Return path, authority ("" when there is none) and query of a request target."""
    rest, _, query = uri.partition("#")[0].partition("?")
    if rest.startswith("/") or "://" not in rest:
        return rest, "", query
    authority, slash, path = rest.partition("://")[2].partition("/")  # RFC 9112 3.2.2: absolute form
    return slash + path or "/", authority.rpartition("@")[2], query


def path_and_query(uri: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the path of a request target as sent, and the parameters of its query decoded."""
    path, _, query = split_uri(uri)
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return path, tuple((unquote(name).strip(), unquote(value).strip()) for name, _, value in pairs)


class Opened(NamedTuple):
    """A body with its codings undone: `raw` without transfer coding, `content` without any, `wrong` why not further."""

    raw: bytes
    content: bytes
    moved: bool  # offsets in the payload mean nothing
    parts: tuple[BodyPart, ...] = ()
    notes: tuple[str, ...] = ()
    wrong: str = ""


def open_body(
    headers: Headers, sent: bytes, codings: Sequence[str], data: bytes, start: int, end: int, moved: bool
) -> Opened:
    """Undo the transfer `codings` and content codings of a body that stands at data[start:end] unless it is moved."""
    if not sent:
        return Opened(sent, sent, moved)
    if len(sent) > mime.MAX_CONTENT:
        return Opened(
            sent, sent, moved, notes=(f"the body has more than {mime.MAX_CONTENT} octets and is not looked into",)
        )
    raw, note, wrong = mime.decode_content(sent, codings)
    content = raw
    if not note and not wrong:
        content, note, wrong = mime.decode_content(raw, headers.all("Content-Encoding"))
    moved = moved or content is not sent
    if wrong or note:
        return Opened(raw, content, moved, notes=(note,) if note and not wrong else (), wrong=wrong)
    source, first, stop = (content, 0, len(content)) if moved else (data, start, end)
    parts, notes = mime.body_parts(headers, source, first, stop, moved)
    return Opened(raw, content, moved, tuple(parts), tuple(notes))
