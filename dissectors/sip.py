"""SIP (RFC 3261): requests and responses, datagrams and streams."""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from dissectors import mime, text
from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder, filled
from dissectors.digest import auth_fields, hide_keys
from dissectors.mime import BodyPart
from dissectors.sip_values import HEADERS, header_fields, uri_fields
from dissectors.text import Head, Header, Headers, params, split, unquote

# RFC 3261 20, RFC 3265, 3515, 3892, 4028, 4474, 3841, 3840: names of one letter
_COMPACT = {
    "A": "Accept-Contact", "B": "Referred-By", "C": "Content-Type", "D": "Request-Disposition", "E": "Content-Encoding",
    "F": "From", "I": "Call-ID", "J": "Reject-Contact", "K": "Supported", "L": "Content-Length", "M": "Contact",
    "N": "Identity-Info", "O": "Event", "R": "Refer-To", "S": "Subject", "T": "To", "U": "Allow-Events", "V": "Via",
    "X": "Session-Expires", "Y": "Identity",
}  # fmt: skip
_HEADERS = text.names(_COMPACT)
VERSION = "SIP/2.0"
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_STATUS = re.compile("[0-9]{3}")
_CSEQ = re.compile(r"(\S+)(?:\s+(\S+))?", re.ASCII)  # number and method
_START_LINE = re.compile(rb"SIP/2\.0 |([A-Za-z0-9.!%*_+`'~-]{1,32}) (.+) SIP/2\.0\Z", re.DOTALL)


class Sip(NamedTuple):  # a tuple, as captures have so many
    """One SIP message: `method` and `uri` of a request, `status` and `reason` of a response.

    `content` is the body without content coding; `content_start` its offset in the payload, -1 where it
    was coded. `parts` are the leaves of the body: one unless it is multipart.
    """

    method: str | None
    uri: str | None
    status: int | None
    reason: str
    version: str
    headers: Headers
    content: bytes = b""
    content_start: int = -1
    parts: tuple[BodyPart, ...] = ()
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Leave the content out: it may carry keys."""
        return f"Sip({self.method or self.status!r}, {self.headers!r})"

    @property
    def is_request(self) -> bool:
        return self.method is not None

    @property
    def call_id(self) -> str | None:
        return self.headers.get("Call-ID")

    @property
    def cseq(self) -> int | None:
        words = _CSEQ.match(self.headers.get("CSeq") or "")
        return text.number(words[1]) if words else None

    @property
    def cseq_method(self) -> str | None:
        words = _CSEQ.match(self.headers.get("CSeq") or "")
        return words[2] if words else None

    @property
    def from_uri(self) -> str | None:
        return _uri(self.headers.get("From"))

    @property
    def from_tag(self) -> str | None:
        return params(self.headers.get("From") or "").get("tag")

    @property
    def to_uri(self) -> str | None:
        return _uri(self.headers.get("To"))

    @property
    def to_tag(self) -> str | None:
        return params(self.headers.get("To") or "").get("tag")

    @property
    def vias(self) -> tuple[str, ...]:
        """The Via values, topmost first, those of one header apart."""
        return tuple(via for value in self.headers.all("Via") for via in split(value, ",") if via)

    @property
    def branch(self) -> str | None:
        """The branch of the topmost Via."""
        return params(self.headers.get("Via") or "").get("branch")

    @property
    def contact_uri(self) -> str | None:
        return _uri(self.headers.get("Contact"))

    @property
    def expires(self) -> int | None:
        """Seconds of the Expires header, else of the first Contact's parameter."""
        value = self.headers.get("Expires")
        if value is None:
            value = params(self.headers.get("Contact") or "").get("expires", "")
        return text.number(value)


def addr_spec(value: str) -> str:
    """Return the URI of the first name-addr or addr-spec in a header value, without header parameters."""
    return _only_spec(split(value, ",")[0])


def _only_spec(piece: str) -> str:
    first, stop = _addr_span(piece, 0, len(piece))
    return piece[first:stop]


def _addr_span(value: str, start: int, end: int) -> tuple[int, int]:
    """Where the URI of the name-addr or addr-spec in start..end stands."""
    quoted = _QUOTED.match(value, start, end)  # a display name may hold "<"
    left = value.find("<", quoted.end() if quoted is not None else start, end)
    if left < 0:
        stop = value.find(";", start, end)
        return start, start + len(value[start : stop if stop >= 0 else end].rstrip(text.BLANKS))
    right = value.find(">", left, end)
    inside = value[left + 1 : right if right >= 0 else end].rstrip(text.BLANKS)
    stop = left + 1 + len(inside)
    return stop - len(inside.lstrip(text.BLANKS)), stop


def identities(value: str) -> tuple[str, ...]:
    """Return the URIs of a list of identities, name-addr as in P-Asserted-Identity or quoted as in X-3GPP-…."""
    found = [unquote(_only_spec(piece)) for piece in split(value, ",")]
    return tuple(uri for uri in found if uri)


def _uri(value: str | None) -> str | None:
    return addr_spec(value) if value else None


# ------------------------------------------------------------------------------------------------ reading


def is_start_line(line: bytes) -> bool:
    """Say whether a line begins a SIP message."""
    return _START_LINE.match(line) is not None


def matches(payload: Payload) -> bool:
    """Say whether a payload begins with a SIP start line, whatever its port."""
    return is_start_line(text.first_line(payload.data))


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of the first message of a stream; blank lines before a message count as its own."""
    head_end = text.head_length(data, is_start_line)
    if head_end is None:
        return len(data) if closed and is_start_line(text.first_line(data)) else None
    if head_end == 0:
        return 0
    # RFC 3261 18.3: in a stream Content-Length tells the end, none means no body
    octets, _ = text.content_length(text.read_head(data, 0, head_end, _HEADERS).headers)
    total = head_end + (octets or 0)
    return total if total <= len(data) or not closed else len(data)


def parse(cursor: Cursor) -> Sip:
    """Read one SIP message; raises Malformed with what was read of it."""
    data, end = cursor.data, cursor.end
    head = text.read_head(data, cursor.pos, end, _HEADERS)
    body, error = _body(_start_line(head), head, data, end)
    if isinstance(cursor, Recorder):
        cursor.fields.extend(filled(_fields(body, head, data, cursor.pos, end), "sip"))
    cursor.pos = end
    if error is not None:
        raise error
    return body


_Start = tuple[str | None, str | None, int | None, str, str]


def _start_line(head: Head) -> _Start:
    found = _START_LINE.match(head.line)
    if found is None:
        raise Malformed("sip.Request-Line", head.start, "not a SIP start line")
    method, uri = found.groups()
    if method is not None:  # a URI with blanks is wrong, yet its end is certain
        return method.decode(), text.to_text(uri), None, "", VERSION
    code, _, reason = head.start_line[found.end() :].partition(" ")
    if _STATUS.fullmatch(code) is None:
        raise Malformed("sip.Status-Code", head.start + found.end(), "not three digits")
    return None, None, int(code), reason, VERSION


def _body(start: _Start, head: Head, data: bytes, end: int) -> tuple[Sip, Malformed | None]:
    headers = head.headers
    if head.problem is not None:
        partial = Sip(*start, headers)
        return partial, Malformed("sip.msg_hdr", *head.problem, partial)
    notes: list[str] = []
    if "" in headers.names:
        notes.append("a header line has no colon")
    octets, wrong = text.content_length(headers)
    stop = end if octets is None else min(end, head.end + octets)
    content, first = data[head.end : stop], head.end
    if wrong or (octets is not None and octets > end - head.end):
        partial = Sip(*start, headers, content, first, (), tuple(notes))
        reason = wrong or f"{octets} octets announced, {end - head.end} there"
        return partial, Malformed("sip.Content-Length", head.end, reason, partial)
    if stop < end:
        notes.append(f"{end - stop} octets after the end that Content-Length gives")
    if not content:
        return Sip(*start, headers, content, first, (), tuple(notes)), None
    plain, note, problem = mime.decode_content(content, headers.all("Content-Encoding"))
    notes.extend([note] if note else [])
    if problem or plain is not content:
        content, first = plain, -1
    if problem:
        partial = Sip(*start, headers, content, first, (), tuple(notes))
        return partial, Malformed("sip.msg_body", head.end, problem, partial)
    if first >= 0:
        parts, more = mime.body_parts(headers, data, first, stop, False)
    else:
        parts, more = mime.body_parts(headers, content, 0, len(content), True)
    return Sip(*start, headers, content, first, tuple(parts), (*notes, *more)), None


def inner(body: object) -> tuple[Part, ...]:
    """Return the messages inside a SIP body."""
    return mime.inner_parts(body.parts) if isinstance(body, Sip) and body.parts else ()


def notes(body: object) -> tuple[str, ...]:
    """Return the tolerated oddities of a message."""
    return body.notes if isinstance(body, Sip) else ()


# ------------------------------------------------------------------------------------------------ fields

# Wireshark's names where they are not "sip." and the header's name
_FIELD_NAMES = {
    "": "sip.header_no_colon",
    "SIP-ETag": "sip.ETag",
    "SIP-If-Match": "sip.If_Match",
    "Suppress-If-Match": "sip.Suppress_If_Match",
    "Policy-Contact": "sip.Policy_Contact",
    "Policy-Id": "sip.Policy_ID",
    "Referred-By": "sip.Referred-by",
    "Identity-Info": "sip.Identity-info",
    "Priv-Answer-Mode": "sip.Priv-Answer-mode",
    "User-To-User": "sip.uui",
}
_NUMBERS = ("Content-Length", "Expires", "Max-Breadth", "Max-Forwards", "RSeq", "Retry-After")
_ADDRESSES = {
    "From": "sip.from.addr",
    "To": "sip.to.addr",
    "Contact": "sip.contact.uri",
    "P-Asserted-Identity": "sip.pai.addr",
    "P-Preferred-Identity": "sip.ppi.addr",
}
_AUTH = ("Authorization", "WWW-Authenticate", "Proxy-Authorization", "Proxy-Authenticate", "Authentication-Info")
_TAGS = {"From": "sip.from.tag", "To": "sip.to.tag"}
_VIA = re.compile(  # an IPv6 address without its brackets
    r"SIP\s*+/\s*+2\.0\s*+/\s*+([^\s;,]++)\s++\[?+((?<=\[)[^\]]*+(?=\])|[^\s:;,]++)\]?+(?:\s*+:\s*+(\d{1,5}))?",
    re.ASCII,
)
_VIA_NAMES = ("sip.Via.transport", "sip.Via.sent-by.address", "sip.Via.sent-by.port")
_VIA_PARAMETERS = {
    name: f"sip.Via.{name}" for name in ("branch", "comp", "maddr", "received", "rport", "sigcomp-id", "ttl")
}
MAX_ADDRESSES = 64  # identities of one header that the field tree shows


def _fields(body: Sip, head: Head, data: bytes, start: int, end: int) -> list[Field]:
    fields: list[Field] = []
    if start < head.start:
        fields.append(Field("sip.keepalive", head.start - start, start, head.start))
    line_end = head.line_stop
    if body.method is not None and body.uri is not None:
        uri_end = line_end - len(VERSION) - 1
        after = head.start + len(body.method.encode())
        fields.append(
            Field(
                "sip.Request-Line",
                head.start_line,
                head.start,
                head.line_end,
                "",
                (
                    Field("sip.Method", body.method, head.start, after),
                    Field(
                        "sip.r-uri", body.uri, after + 1, uri_end, "", uri_fields(data, "sip.r-uri", after + 1, uri_end)
                    ),
                    Field("sip.version", body.version, uri_end + 1, line_end),
                ),
            )
        )
    else:
        children = [
            Field("sip.version", body.version, head.start, head.start + 7),
            Field("sip.Status-Code", body.status or 0, head.start + 8, head.start + 11),
        ]
        if head.start + 12 < line_end:
            children.append(Field("sip.Reason-Phrase", body.reason, head.start + 12, line_end))
        fields.append(
            Field("sip.Status-Line", head.start_line, head.start, head.line_end, "", tuple(children)),
        )
    fields.extend(_header_field(header, data) for header in head.headers)
    last = head.headers.end if head.headers else head.line_end
    if last < head.end:
        fields.append(Field("sip.blank", "", last, head.end))
    if head.problem is None:
        octets, _ = text.content_length(head.headers)
        stop = end if octets is None else min(end, head.end + octets)
        if head.end < stop:
            fields.append(mime.content_field("sip.msg_body", data, head.end, stop, body.parts))
        if stop < end:
            fields.append(Field("sip.trailing", end - stop, stop, end, f"{end - stop} octets"))
    return fields


def _header_field(header: Header, data: bytes) -> Field:
    name = _FIELD_NAMES.get(header.name) or f"sip.{text.field_name(header, 'unrecognized_header')}"
    value: int | str = header.value
    if header.name in _NUMBERS:
        count = text.number(header.value)
        value = header.value if count is None else count
    elif header.name in _AUTH:
        value = hide_keys(header.value)
    return Field(name, value, header.start, header.end, "", _children(header, data))


def _children(header: Header, data: bytes) -> tuple[Field, ...]:
    start, end = text.value_start(data, header), header.end
    if header.name in _ADDRESSES:
        return _address_fields(header, data, start)
    if header.name == "CSeq":
        return _cseq_fields(header, data, start)
    if header.name == "Via":
        return _via_fields(data, start, end)
    if header.name in HEADERS:
        return _apart(header_fields(header.name, data, start, end))
    return tuple(auth_fields(data, "sip.auth", start, end)) if header.name in _AUTH else ()


def _address_fields(header: Header, data: bytes, start: int) -> tuple[Field, ...]:
    value = data[start : header.end].decode("latin-1")  # a character is an octet
    name, tag = _ADDRESSES[header.name], _TAGS.get(header.name)
    fields: list[Field] = []
    for piece in islice(text.pieces(value, ","), MAX_ADDRESSES):
        first, stop = _addr_span(value, *piece)
        if first < stop:
            uri, at, after = text.to_text(data[start + first : start + stop]), start + first, start + stop
            fields.append(Field(name, uri, at, after, "", uri_fields(data, name.rpartition(".")[0], at, after)))
    if tag is not None:
        fields += islice(text.parameter_fields(data, {"tag": tag}, start, header.end), 1)
    return _apart(fields)


def _cseq_fields(header: Header, data: bytes, start: int) -> tuple[Field, ...]:
    words = _CSEQ.search(data[start : header.end].decode("latin-1"))  # a character is an octet
    count = text.number(words[1]) if words is not None else None
    if words is None or count is None:
        return ()
    fields = (Field("sip.CSeq.seq", count, start + words.start(1), start + words.end(1)),)
    if words[2] is None:
        return fields
    method = data[start + words.start(2) : start + words.end(2)]
    return (*fields, Field("sip.CSeq.method", text.to_text(method), start + words.start(2), start + words.end(2)))


def _via_fields(data: bytes, start: int, end: int) -> tuple[Field, ...]:
    fields = list(text.parameter_fields(data, _VIA_PARAMETERS, start, end))
    for match in _VIA.finditer(data[start:end].decode("latin-1")):  # a character is an octet
        for name, value, (first, stop) in zip(_VIA_NAMES, match.groups(), match.regs[1:], strict=True):
            if value is not None:
                shown = int(value) if name == _VIA_NAMES[2] else text.to_text(data[start + first : start + stop])
                fields.append(Field(name, shown, start + first, start + stop))
    return _apart(fields)


def _apart(fields: list[Field]) -> tuple[Field, ...]:
    """Return fields in the order of their octets, without those that begin inside another (one value in another)."""
    children: list[Field] = []
    for found in sorted(fields, key=lambda one: one.start):
        if not children or found.start >= children[-1].end:
            children.append(found)
    return tuple(children)


SIP = Dissector("sip", matches, parse, inner, length, notes)

__all__ = ["SIP", "Sip", "addr_spec", "identities", "params"]
