"""What SIP and HTTP share: start lines, headers, lists with quotes, multipart bodies, content codings."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dissectors.base import Field, Part

MAX_HEADERS = 1000  # header fields of one message or body part
MAX_HEAD = 64 * 1024  # octets of start line and headers
MAX_START_LINE = 8 * 1024
MAX_PARTS = 64  # leaf parts of a multipart body
MAX_NESTING = 4  # multipart within multipart
MAX_BOUNDARY = 200
MAX_CODINGS = 3  # content codings one over the other
MAX_CONTENT = 4 * 1024 * 1024  # octets after decompression

_NAMES = """
Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authentication-Info Authorization
Cache-Control Call-ID Call-Info Connection Contact Content-Disposition Content-Encoding Content-ID Content-Language
Content-Length Content-Location Content-Transfer-Encoding Content-Type Cookie CSeq Date ETag Error-Info Event Expires
Feature-Caps From Geolocation History-Info Host Identity Identity-Info In-Reply-To Info-Package Join Keep-Alive
Last-Modified Location MIME-Version Max-Forwards Min-Expires Min-SE Organization P-Access-Network-Info
P-Asserted-Identity P-Asserted-Service P-Associated-URI P-Called-Party-ID P-Charging-Function-Addresses
P-Charging-Vector P-Early-Media P-Intended-Identity P-Preferred-Identity P-Preferred-Service P-Profile-Key
P-Served-User P-Visited-Network-ID Path Pragma Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require
RAck RSeq Reason Record-Route Recv-Info Refer-Sub Refer-To Referer Referred-By Reject-Contact Replaces Reply-To
Request-Disposition Require Resource-Priority Retry-After Route SIP-ETag SIP-If-Match Security-Client Security-Server
Security-Verify Server Service-Route Session-Expires Session-ID Set-Cookie Subject Subscription-State Supported
Target-Dialog Timestamp To Trailer Transfer-Encoding Unsupported Upgrade User-Agent Vary Via WWW-Authenticate Warning
X-3GPP-Asserted-Identity X-3GPP-Authorization-Flags X-3GPP-Intended-Identity X-Forwarded-For
"""
_CANONICAL = {name.lower(): name for name in _NAMES.split()}


@dataclass(frozen=True, slots=True)
class Header:
    """One header field: canonical name, unfolded and stripped value, and the octets start..end with line ends.

    `raw` is the name as sent. A line without a colon has an empty name.
    """

    name: str
    value: str = field(repr=False)  # some carry keys (ik, ck of IMS AKA)
    start: int
    end: int
    raw: str


class Headers(tuple[Header, ...]):
    """The header fields of a message in their order, found by name whatever its case."""

    __slots__ = ()

    def get(self, name: str) -> str | None:
        """Return the value of the first header of this name, None when there is none."""
        wanted = canonical(name)
        for header in self:
            if header.name == wanted:
                return header.value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of all headers of this name."""
        wanted = canonical(name)
        return tuple(header.value for header in self if header.name == wanted)


NO_HEADERS = Headers()


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One leaf of a message body; `content_type` is lower case without parameters, "" when not told.

    `headers` are the part's own, or those of the message when its body is not multipart. `start` is
    the offset in the payload, -1 where the octets were decoded.
    """

    content_type: str
    data: bytes = field(repr=False)
    headers: Headers
    start: int


@dataclass(frozen=True, slots=True)
class Head:
    """Start line and headers: octets start..end, the last line being blank.

    `problem` is the offset and reason why reading stopped before the blank line.
    """

    start_line: str
    start: int
    line_end: int
    headers: Headers
    end: int
    problem: tuple[int, str] | None = None


def canonical(name: str) -> str:
    """Return a header name in its usual spelling: "call-id" as "Call-ID"."""
    lower = name.lower()
    known = _CANONICAL.get(lower)
    return known if known is not None else "-".join(word.capitalize() for word in lower.split("-"))


def number(text: str, digits: int = 10) -> int | None:
    """Return an unsigned decimal number of at most so many digits, None when it is anything else."""
    text = text.strip()
    return int(text) if 0 < len(text) <= digits and text.isascii() and text.isdigit() else None


def to_text(octets: bytes) -> str:
    """Return octets as UTF-8; what is not UTF-8 is kept visible as backslash escapes."""
    return octets.decode("utf-8", "backslashreplace")


# ------------------------------------------------------------------------------------------------ heads


def skip_blank_lines(data: bytes, start: int, end: int) -> int:
    """Return where the first octet other than CR and LF is (keep-alives between messages, RFC 5626 4.4.1)."""
    while start < end and data[start] in b"\r\n":
        start += 1
    return start


def first_line(data: bytes) -> bytes:
    """Return the first line that is not blank, without its line end; nothing when it cannot be a start line."""
    start = skip_blank_lines(data, 0, min(len(data), MAX_HEAD))
    if start == len(data) or not 0x20 < data[start] < 0x7F:
        return b""
    newline = data.find(b"\n", start, start + MAX_START_LINE)
    return data[start:newline].removesuffix(b"\r") if newline > 0 else b""


def read_head(data: bytes, start: int, end: int, expand: Mapping[str, str]) -> Head:
    """Read start line and headers; blank lines before are skipped. `expand` gives the names of compact forms."""
    start = skip_blank_lines(data, start, min(end, start + MAX_HEAD))
    limit = min(end, start + MAX_HEAD)
    newline = data.find(b"\n", start, limit)
    if newline < 0:
        return Head(to_text(data[start:limit]), start, limit, NO_HEADERS, limit, (start, "the start line does not end"))
    line = to_text(data[start:newline].removesuffix(b"\r"))
    headers, stop, problem = read_headers(data, newline + 1, limit, expand)
    return Head(line, start, newline + 1, headers, stop, problem)


def read_headers(
    data: bytes, start: int, limit: int, expand: Mapping[str, str]
) -> tuple[Headers, int, tuple[int, str] | None]:
    """Read headers up to and with the blank line: the headers, where reading stopped, and why if too early."""
    headers: list[Header] = []
    pos = start
    while True:
        newline = data.find(b"\n", pos, limit)
        if newline < 0:
            return Headers(headers), pos, (pos, "the headers do not end with a blank line")
        if newline == pos or (newline == pos + 1 and data[pos] == 13):
            return Headers(headers), newline + 1, None
        if len(headers) == MAX_HEADERS:
            return Headers(headers), pos, (pos, f"more than {MAX_HEADERS} headers")
        first, line = pos, data[pos:newline]
        pos = newline + 1
        if data[pos : pos + 1] in (b" ", b"\t"):  # RFC 3261 7.3.1: a line that begins with blanks goes on
            lines = [line.strip()]
            while pos < limit and data[pos] in b" \t":
                newline = data.find(b"\n", pos, limit)
                if newline < 0:
                    break
                lines.append(data[pos:newline].strip())
                pos = newline + 1
            line = b" ".join(lines)
        name, colon, value = line.partition(b":")
        if not colon:
            headers.append(Header("", to_text(line).strip(), first, pos, ""))
            continue
        raw = to_text(name).strip()
        lower = raw.lower()
        full = expand.get(lower) or _CANONICAL.get(lower) or canonical(raw)
        headers.append(Header(full, to_text(value).strip(), first, pos, raw))


def head_length(data: bytes, is_start: Callable[[bytes], bool]) -> int | None:
    """Return the octets up to the end of the first head of a stream, 0 for none of ours, None for more needed."""
    start = skip_blank_lines(data, 0, min(len(data), MAX_HEAD))
    newline = data.find(b"\n", start, start + MAX_START_LINE)
    if newline < 0:
        first = data[start : start + MAX_START_LINE]
        plausible = len(first) < MAX_START_LINE and start < MAX_HEAD and first[:64].isascii() and 0 not in first[:64]
        return None if plausible else 0
    if not is_start(data[start:newline].removesuffix(b"\r")):
        return 0
    limit = start + MAX_HEAD
    ends = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := data.find(mark, newline, limit)) >= 0]
    if not ends:
        return None if len(data) < limit else 0
    return min(ends)


# ------------------------------------------------------------------------------------------------ values

# Quoted strings and <...> hide separators; possessive, so that each octet is looked at once.
_SEPARATORS = {
    separator: re.compile(rf'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|<[^>]*+>?|{separator}', re.DOTALL) for separator in ",;"
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def split(value: str, separator: str) -> list[str]:
    """Split at "," or ";" outside of quoted strings and angle brackets; the pieces are stripped."""
    if '"' not in value and "<" not in value:
        return [piece.strip() for piece in value.split(separator)]
    pieces: list[str] = []
    start = 0
    for match in _SEPARATORS[separator].finditer(value):
        if match.group() == separator:
            pieces.append(value[start : match.start()].strip())
            start = match.end()
    pieces.append(value[start:].strip())
    return pieces


def unquote(value: str) -> str:
    """Return what a quoted string says; other text as it is."""
    if len(value) < 2 or value[0] != '"' or value[-1] != '"':
        return value
    return _ESCAPE.sub(r"\1", value[1:-1])


def params(value: str) -> dict[str, str]:
    """Return the parameters behind a header value ("…;tag=1;lr"), names in lower case, flags with ""."""
    found: dict[str, str] = {}
    for piece in split(split(value, ",")[0], ";")[1:]:
        name, _, text = piece.partition("=")
        found.setdefault(name.strip().lower(), unquote(text.strip()))
    return found


def media_type(value: str | None) -> str:
    """Return a content type in lower case without its parameters."""
    return (value or "").partition(";")[0].strip().lower()


def content_length(headers: Headers) -> tuple[int | None, str]:
    """Return Content-Length (None when absent) and what is wrong with it."""
    values = {piece.strip() for value in headers.all("Content-Length") for piece in value.split(",")}
    if not values:
        return None, ""
    if len(values) > 1:
        return None, "several lengths that differ"
    length = number(values.pop(), 12)
    return (None, "not a number of octets") if length is None else (length, "")


# ------------------------------------------------------------------------------------------------ bodies


def body_parts(headers: Headers, data: bytes, start: int, end: int, moved: bool) -> tuple[list[BodyPart], list[str]]:
    """Return the leaf parts of the body data[start:end] and notes; `moved` says that its offsets mean nothing."""
    parts: list[BodyPart] = []
    notes: list[str] = []
    if start < end:
        _read_part(headers, data, start, end, 0, parts, notes)
    if moved:
        parts = [BodyPart(part.content_type, part.data, part.headers, -1) for part in parts]
    return parts, notes


def _read_part(
    headers: Headers, data: bytes, start: int, end: int, depth: int, parts: list[BodyPart], notes: list[str]
) -> None:
    value = headers.get("Content-Type")
    kind = media_type(value)
    if value is not None and kind.startswith("multipart/"):
        boundary = params(value).get("boundary", "").encode()
        if depth == MAX_NESTING:
            notes.append(f"multipart nested deeper than {MAX_NESTING}")
        elif not 0 < len(boundary) <= MAX_BOUNDARY:
            notes.append("multipart without a usable boundary")
        elif _read_multipart(b"--" + boundary, data, start, end, depth, parts, notes):
            return
    octets = data[start:end]
    if depth and (headers.get("Content-Transfer-Encoding") or "").lower() == "base64":
        try:
            octets, start = base64.b64decode(octets), -1
        except binascii.Error:
            notes.append("body part is not the base64 it says")
    parts.append(BodyPart(kind, octets, headers, start))


def _read_multipart(
    delimiter: bytes, data: bytes, start: int, end: int, depth: int, parts: list[BodyPart], notes: list[str]
) -> bool:
    at = _find_delimiter(delimiter, data, start, end)
    if at < 0:
        notes.append("multipart boundary not found in the body")
        return False
    while data[at + len(delimiter) : at + len(delimiter) + 2] != b"--":
        newline = data.find(b"\n", at, end)
        if newline < 0:
            notes.append("final multipart boundary is cut")
            break
        if len(parts) >= MAX_PARTS:
            notes.append(f"more than {MAX_PARTS} body parts")
            break
        # RFC 2046 5.1.1: the line end before a delimiter belongs to it
        at = _find_delimiter(delimiter, data, newline + 1, end)
        stop = end if at < 0 else max(newline + 1, at - (2 if data[at - 2 : at - 1] == b"\r" else 1))
        headers, content, _ = read_headers(data, newline + 1, at if at >= 0 else end, {})
        _read_part(headers, data, min(content, stop), stop, depth + 1, parts, notes)
        if at < 0:
            notes.append("final multipart boundary is missing")
            break
    return True


def _find_delimiter(delimiter: bytes, data: bytes, start: int, end: int) -> int:
    at = data.find(delimiter, start, end)
    while at >= 0:
        after = at + len(delimiter)
        if (at == start or data[at - 1] == 10) and (after >= end or data[after] in b"-\r\n \t"):
            return at
        at = data.find(delimiter, at + 1, end)
    return -1


def decode_content(data: bytes, codings: Iterable[str]) -> tuple[bytes, str, str]:
    """Undo content codings: the octets, a note about a coding left as it is, and an error."""
    names = [name for value in codings for piece in value.split(",") if (name := piece.strip().lower())]
    if len(names) > MAX_CODINGS:
        return b"", "", f"more than {MAX_CODINGS} content codings"
    for name in reversed(names):
        if name == "identity":
            continue
        if name not in ("gzip", "x-gzip", "deflate"):
            return data, f"content coding {name} is not read", ""
        # RFC 9110 8.4.1.2: deflate is zlib, yet some send it bare
        bare = name == "deflate" and (len(data) < 2 or data[0] & 15 != 8 or (data[0] << 8 | data[1]) % 31 != 0)
        inflater = zlib.decompressobj(-15 if bare else 47)
        try:
            data = inflater.decompress(data, MAX_CONTENT + 1)
        except zlib.error:
            return b"", "", f"content is not {name}"
        if len(data) > MAX_CONTENT:
            return b"", "", f"content has more than {MAX_CONTENT} octets"
        if not inflater.eof:
            return data, "", f"{name} content is cut"
    return data, "", ""


def inner_parts(parts: Iterable[BodyPart]) -> tuple[Part, ...]:
    """Return the body parts that are messages of their own."""
    return tuple(Part(name, part.data, part.start) for part in parts if (name := _protocol(part.content_type)))


def _protocol(content_type: str) -> str:
    if content_type == "application/sdp":
        return "sdp"
    if content_type == "application/mikey":
        return "mikey"
    return "mbms-xml" if content_type.endswith(("/xml", "+xml")) else ""


# ------------------------------------------------------------------------------------------------ fields


def found(data: bytes, name: str, value: str, start: int, end: int) -> tuple[Field, ...]:
    """Return the field of a value that stands as such within start..end, nothing when it is not found."""
    octets = value.encode("utf-8", "surrogateescape")
    at = data.find(octets, start, end) if octets else -1
    return (Field(name, value, at, at + len(octets)),) if at >= 0 else ()


def content_field(name: str, data: bytes, start: int, end: int, parts: Iterable[BodyPart]) -> Field:
    """Return the field of a body; its value is only the size, since bodies carry keys."""
    children: list[Field] = []
    at = start
    for part in parts:
        if part.start < at or (part.start, part.start + len(part.data)) == (start, end):
            continue
        first = part.headers[0].start if part.headers else part.start
        stop = part.start + len(part.data)
        if at < first:
            children.append(Field("mime_multipart.boundary", to_text(data[at:first]), at, first))
        children.extend(
            Field(f"mime_multipart.header.{header.name.lower()}", header.value, header.start, header.end)
            for header in part.headers
        )
        blank = part.headers[-1].end if part.headers else first
        if blank < part.start:
            children.append(Field("mime_multipart.blank", "", blank, part.start))
        children.append(Field("mime_multipart.part", len(part.data), part.start, stop, part.content_type))
        at = stop
    if children and at < end:
        children.append(Field("mime_multipart.last_boundary", to_text(data[at:end]), at, end))
    return Field(name, end - start, start, end, f"{end - start} octets", tuple(children))
