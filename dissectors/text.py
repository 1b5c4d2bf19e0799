"""What SIP and HTTP share: start lines, headers, lists with quotes, parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from dissectors.cursor import Field

Said = TypeVar("Said")

MAX_HEADERS = 1000  # header fields of one message or body part
MAX_HEAD = 64 * 1024  # octets of start line and headers
MAX_START_LINE = 8 * 1024
MAX_KNOWN = 4096  # lines that are remembered
MAX_KNOWN_LINE = 256  # octets of each

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
_CANONICAL = {spelling: name for name in _NAMES.split() for spelling in (name, name.lower())}


class Header(NamedTuple):
    """One header field: canonical name, unfolded and stripped value, and the octets start..end with line ends.

    `raw` is the name as sent. A line without a colon has an empty name. A tuple, as messages have so many.
    """

    name: str
    value: str
    start: int
    end: int
    raw: str

    def __repr__(self) -> str:
        """Leave the value out: some carry keys (ik, ck of IMS AKA)."""
        return f"Header(name={self.name!r}, start={self.start}, end={self.end}, raw={self.raw!r})"


@dataclass(frozen=True, slots=True)
class Headers:
    """The header fields of a message in their order, found by name whatever its case; a value is read when asked for.

    `names` are canonical, `lines` as sent without their last line end, folds inside; the first begins at `start`.
    """

    names: tuple[str, ...] = ()
    lines: tuple[bytes, ...] = field(default=(), repr=False)  # some carry keys
    start: int = 0

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Header]:
        start = self.start
        for name, line in zip(self.names, self.lines, strict=True):
            end = start + len(line) + 1
            sent, colon, value = _unfolded(line).partition(b":")
            raw = to_text(sent.strip()) if colon else ""
            yield Header(name, to_text((value if colon else sent).strip()), start, end, raw)
            start = end

    @property
    def end(self) -> int:
        """Where the last of them ends."""
        return self.start + sum(map(len, self.lines)) + len(self.lines)

    def get(self, name: str) -> str | None:
        """Return the value of the first header of this name, None when there is none."""
        if name not in self.names and (name := canonical(name)) not in self.names:  # mostly it is spelt as usual
            return None
        return _VALUES[self.lines[self.names.index(name)]]

    def all(self, name: str) -> tuple[str, ...]:
        """Return the values of all headers of this name."""
        wanted = canonical(name)
        count = self.names.count(wanted)
        if count < 2:
            return (_VALUES[self.lines[self.names.index(wanted)]],) if count else ()
        return tuple(_VALUES[line] for known, line in zip(self.names, self.lines, strict=True) if known == wanted)


NO_HEADERS = Headers()


def _unfolded(line: bytes) -> bytes:
    # RFC 3261 7.3.1: a line that begins with blanks goes on
    return b" ".join([piece.strip() for piece in line.split(b"\n")]) if b"\n" in line else line


def _value(line: bytes) -> str:
    name, colon, value = _unfolded(line).partition(b":")
    return to_text((value if colon else name).strip())


class Lines(dict[bytes, Said], Generic[Said]):
    """What `read` makes of a line, remembered: in a dialog the same lines come in message after message."""

    def __init__(self, read: Callable[[bytes], Said]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, line: bytes) -> Said:
        said = self._read(line)
        if len(line) <= MAX_KNOWN_LINE:
            if len(self) >= MAX_KNOWN:
                self.clear()
            self[line] = said
        return said


_VALUES = Lines(_value)


class Head(NamedTuple):
    """Start line and headers: octets start..end, the last line being blank.

    `line` is the start line as sent, which ends at `line_end`. `problem` is the offset and reason why reading
    stopped before the blank line.
    """

    line: bytes
    start: int
    line_end: int
    headers: Headers
    end: int
    problem: tuple[int, str] | None = None

    @property
    def start_line(self) -> str:
        return to_text(self.line)

    @property
    def line_stop(self) -> int:
        """Where the text of the start line ends."""
        return self.start + len(self.line)


def names(compact: Mapping[str, str]) -> Lines[str]:
    """Return what tells the canonical names of header lines, "" without a colon.

    `compact` has those of one letter, in capitals.
    """

    def name(line: bytes) -> str:
        sent, colon, _ = _unfolded(line).partition(b":")
        known = canonical(to_text(sent.strip())) if colon else ""
        return compact.get(known, known)

    return Lines(name)


def canonical(name: str) -> str:
    """Return a header name in its usual spelling: "call-id" as "Call-ID"."""
    known = _CANONICAL.get(name)
    if known is not None:
        return known
    lower = name.lower()
    return _CANONICAL.get(lower) or "-".join(word.capitalize() for word in lower.split("-"))


NAMES = names({})


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
    if start >= end or data[start] not in b"\r\n":
        return start
    return end - len(data[start:end].lstrip(b"\r\n"))


def first_line(data: bytes) -> bytes:
    """Return the first line that is not blank, without its line end; nothing when it cannot be a start line."""
    start = skip_blank_lines(data, 0, min(len(data), MAX_HEAD))
    if start == len(data) or not 0x20 < data[start] < 0x7F:
        return b""
    newline = data.find(b"\n", start, start + MAX_START_LINE)
    return data[start:newline].rstrip(b"\r") if newline > 0 else b""


def read_head(data: bytes, start: int, end: int, known: Lines[str] = NAMES) -> Head:
    """Read start line and headers; blank lines before are skipped."""
    start = skip_blank_lines(data, start, min(end, start + MAX_HEAD))
    limit = min(end, start + MAX_HEAD)
    newline = data.find(b"\n", start, limit)
    after = limit if newline < 0 else newline + 1
    line = data[start:after].rstrip(b"\r\n")
    if newline < 0:
        return Head(line, start, after, NO_HEADERS, after, (start, "the start line does not end"))
    headers, head_end, problem = read_headers(data, after, limit, known)
    return Head(line, start, after, headers, head_end, problem)


def read_headers(
    data: bytes, start: int, limit: int, known: Lines[str] = NAMES
) -> tuple[Headers, int, tuple[int, str] | None]:
    """Read headers up to and with the blank line: the headers, where reading stopped, and why if too early.

    They begin behind a line end.
    """
    newline, end = _blank_line(data, start - 1, limit)
    problem: tuple[int, str] | None = None
    if newline < 0:
        newline = data.rfind(b"\n", start - 1, limit)
        end, problem = newline + 1, (newline + 1, "the headers do not end with a blank line")
    if newline < start:
        return NO_HEADERS, end, problem
    block = data[start:newline]
    folded = b"\n " in block or b"\n\t" in block
    lines = _LINE_END.split(block) if folded else block.split(b"\n")
    if len(lines) > MAX_HEADERS:
        del lines[MAX_HEADERS:]
        end = start + sum(map(len, lines)) + MAX_HEADERS
        problem = (end, f"more than {MAX_HEADERS} headers")
    return Headers(tuple([known[line] for line in lines]), tuple(lines), start), end, problem


_LINE_END = re.compile(rb"\n(?![ \t])")  # a line that begins with blanks belongs to the one before


def _blank_line(data: bytes, newline: int, limit: int) -> tuple[int, int]:
    """Return where the line end before the first blank line begins, and where the blank line ends; -1 without one."""
    at = data.find(b"\n\r\n", newline, limit)
    bare = data.find(b"\n\n", newline, limit if at < 0 else at + 1)
    if bare >= 0:
        return bare, bare + 2
    return at, at + 3


def head_length(data: bytes, is_start: Callable[[bytes], bool]) -> int | None:
    """Return the octets up to the end of the first head of a stream, 0 for none of ours, None for more needed."""
    start = skip_blank_lines(data, 0, min(len(data), MAX_HEAD))
    newline = data.find(b"\n", start, start + MAX_START_LINE)
    if newline < 0:
        first = data[start : start + MAX_START_LINE]
        plausible = len(first) < MAX_START_LINE and start < MAX_HEAD and first[:64].isascii() and 0 not in first[:64]
        return None if plausible else 0
    if not is_start(data[start:newline].rstrip(b"\r")):
        return 0
    limit = start + MAX_HEAD
    at, end = _blank_line(data, newline, limit)
    if at < 0:
        return None if len(data) < limit else 0
    return end


# ------------------------------------------------------------------------------------------------ values

# Quoted strings and <...> hide separators; possessive, so that each octet is looked at once.
_HIDING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|<[^>]*+>?'
_SEPARATORS = {separator: re.compile(f"{_HIDING}|{separator}", re.DOTALL) for separator in ",;"}
_PARAMETER = re.compile(
    rf'{_HIDING}|;\s*+([^\s=;,<"]++)\s*+(?:=\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+"?|[^\s;,]*+))?', re.DOTALL | re.ASCII
)
BLANKS = " \t\r\n"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def pieces(value: str, separator: str) -> Iterator[tuple[int, int]]:
    """Yield where the pieces between "," or ";" begin and end, without the blanks around them.

    Separators in quoted strings and angle brackets do not count.
    """
    start = 0
    for match in _SEPARATORS[separator].finditer(value):
        if match.group() == separator:
            yield _stripped(value, start, match.start())
            start = match.end()
    yield _stripped(value, start, len(value))


def _stripped(value: str, start: int, end: int) -> tuple[int, int]:
    piece = value[start:end].rstrip(BLANKS)
    return start + len(piece) - len(piece.lstrip(BLANKS)), start + len(piece)


def split(value: str, separator: str) -> list[str]:
    """Split at "," or ";" outside of quoted strings and angle brackets; the pieces are stripped."""
    if separator not in value:
        return [value.strip(BLANKS)]
    if '"' in value:
        return [value[start:end] for start, end in pieces(value, separator)]
    before, *bracketed = value.split("<")  # most have no quotes: only angle brackets hide separators
    found = before.split(separator)
    for piece in bracketed:
        inside, bracket, behind = piece.partition(">")
        more = behind.split(separator)
        found[-1] += f"<{inside}{bracket}{more[0]}"
        found += more[1:]
    return [piece.strip(BLANKS) for piece in found]


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
    given = headers.all("Content-Length")
    length = number(given[0], 12) if len(given) == 1 else None
    if length is not None or not given:
        return length, ""
    values = {piece.strip() for value in given for piece in value.split(",")}
    if len(values) > 1:
        return None, "several lengths that differ"
    length = number(values.pop(), 12)
    return (None, "not a number of octets") if length is None else (length, "")


# ------------------------------------------------------------------------------------------------ fields


def field_name(header: Header, otherwise: str = "unknown") -> str:
    """Return the name of a header where it is fit to name a field."""
    return header.name if _TOKEN.fullmatch(header.name) else otherwise


def value_start(data: bytes, header: Header) -> int:
    """Return the offset of what follows the colon of a header."""
    return data.find(b":", header.start, header.end) + 1


def found(data: bytes, name: str, value: str, start: int, end: int) -> tuple[Field, ...]:
    """Return the field of a value that stands as such within start..end, nothing when it is not found."""
    octets = value.encode("utf-8", "surrogateescape")
    at = data.find(octets, start, end) if octets else -1
    return (Field(name, value, at, at + len(octets)),) if at >= 0 else ()


def parameter_fields(data: bytes, names: Mapping[str, str], start: int, end: int) -> Iterator[Field]:
    """Yield the fields of the parameters ";name=value" in start..end; `names` gives the field of a parameter."""
    for match in _PARAMETER.finditer(data[start:end].decode("latin-1")):  # a character is an octet
        name = names.get((match.group(1) or "").lower())
        if name is not None and match.group(2):
            first, stop = match.span(2)
            if match.group(2)[0] == '"':
                first, stop = first + 1, stop - (len(match.group(2)) > 1 and match.group(2)[-1] == '"')
            octets = data[start + first : start + stop]
            yield Field(name, to_text(octets), start + first, start + stop)
