"""HTTP (RFC 9110): requests and responses over TCP; those of HTTP/1.x (RFC 9112) are read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from dissectors import http2, mime, text
from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder, filled
from dissectors.digest import hide_keys
from dissectors.http_message import Http, open_body, path_and_query
from dissectors.mime import BodyPart
from dissectors.text import Head, Header, Headers

MAX_CHUNKS = 16_384
MAX_CHUNK_LINE = 256  # octets of a chunk size with its extensions

_METHOD = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32} ")
_VERSION = re.compile(rb" HTTP/1\.\d")
_RESPONSE = re.compile(rb"HTTP/1\.\d \d{3}(?: |$)")
_BLANKS = text.BLANKS.encode()
_HEX = re.compile(r"[0-9A-Fa-f]{1,16}")


class _Framing(NamedTuple):
    """How the end of a body is told (RFC 9112 6.3): "none", "length", "chunked" or "close"."""

    kind: str
    octets: int = 0
    wrong: tuple[str, str] | None = None  # field and reason


@dataclass(frozen=True, slots=True)
class _Chunks:
    """Where the chunks end, the fields they are made of, and what broke them off."""

    end: int
    spans: list[tuple[str, int, int]]
    problem: tuple[int, str] | None = None
    more: bool = False  # the octets ran out


def is_start_line(line: bytes) -> bool:
    """Say whether a line begins an HTTP/1.x message."""
    if _RESPONSE.match(line):
        return True
    method = _METHOD.match(line)
    return method is not None and len(line) > method.end() + 9 and _VERSION.fullmatch(line, len(line) - 9) is not None


def matches(payload: Payload) -> bool:
    """Say whether a TCP payload begins with an HTTP/1.x start line, or is a message of HTTP/2."""
    data = payload.data
    return payload.transport == "tcp" and (is_start_line(text.first_line(data)) or http2.is_message(data))


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of the first message of a stream; blank lines before a message count as its own."""
    head_end = text.head_length(data, is_start_line)
    if head_end == 0:
        return 0
    total: int | None = None
    if head_end is not None:
        head = text.read_head(data, 0, head_end)
        total = _body_end(head, data, head_end)
        if total is not None and total < 0:
            return 0
    if closed and (total is None or total > len(data)):
        return len(data) if is_start_line(text.first_line(data)) else None
    return total


def _body_end(head: Head, data: bytes, head_end: int) -> int | None:
    """Where the message ends: None when more octets tell, -1 when it cannot be known."""
    framing = _framing(head)
    if framing.kind == "chunked":
        chunks = _walk_chunks(data, head_end, len(data))
        if chunks.problem is None:
            return chunks.end
        return None if chunks.more else -1
    if framing.kind == "close":
        return head_end if framing.wrong else None
    if framing.octets and _answers_head(head, data, head_end):
        return head_end
    return head_end + framing.octets


def _answers_head(head: Head, data: bytes, head_end: int) -> bool:
    """Say whether a response seems to have no body though it tells its length: the next response follows."""
    # the octets do not say that HEAD was asked; a body that is a response itself has a type of its own
    return (
        head.line.startswith(b"HTTP/")
        and _RESPONSE.match(data, head_end) is not None
        and text.media_type(head.headers.get("Content-Type")) not in ("message/http", "application/http")
    )


def _framing(head: Head) -> _Framing:
    response, headers = head.line.startswith(b"HTTP/"), head.headers
    if response and (head.line[9:10] == b"1" or head.line[9:12] in (b"204", b"304")):
        return _Framing("none")
    codings = _transfer_codings(headers)
    if codings and codings[-1] == "chunked":
        return _Framing("chunked")
    if codings and not response:
        return _Framing("close", wrong=("http.transfer_encoding", "the last transfer coding is not chunked"))
    octets, wrong = text.content_length(headers)
    if wrong:
        return _Framing("close", wrong=("http.content_length_header", wrong))
    if octets is None or codings:
        return _Framing("close" if response else "none")
    return _Framing("length", octets)


def _transfer_codings(headers: Headers) -> list[str]:
    listed = headers.all("Transfer-Encoding")
    if not listed:
        return []  # mostly
    names = (piece.partition(";")[0].strip().lower() for value in listed for piece in value.split(","))
    return [name for name in names if name not in ("", "identity")]


def _walk_chunks(data: bytes, start: int, end: int) -> _Chunks:
    spans: list[tuple[str, int, int]] = []
    pos, total, count = start, 0, 0
    while True:
        newline = data.find(b"\n", pos, min(end, pos + MAX_CHUNK_LINE))
        if newline < 0:
            cut = end - pos < MAX_CHUNK_LINE
            return _Chunks(pos, spans, (pos, "the chunks do not end" if cut else "chunk size line too long"), cut)
        digits = _chunk_size(data[pos:newline])
        if not _HEX.fullmatch(digits):
            return _Chunks(pos, spans, (pos, "chunk size is not hexadecimal"))
        size = int(digits, 16)
        if size == 0:
            break
        total, count = total + size, count + 1
        if total > mime.MAX_CONTENT or count > MAX_CHUNKS:
            reason = f"more than {mime.MAX_CONTENT} octets or {MAX_CHUNKS} chunks"
            return _Chunks(pos, spans, (pos, reason))
        first, after = newline + 1, newline + 1 + size
        if after > end:
            return _Chunks(pos, spans, (pos, f"chunk of {size} octets, {end - first} there"), True)
        tail = data[after : min(end, after + 2)]
        if not tail.startswith((b"\r\n", b"\n")):
            return _Chunks(pos, spans, (after, "no line end after a chunk"), tail in (b"", b"\r"))
        spans += (("http.chunk_size", pos, first), ("http.chunk_data", first, after))
        pos = after + (1 if tail.startswith(b"\n") else 2)
        spans.append(("http.chunk_boundary", after, pos))
    limit = min(end, newline + 1 + text.MAX_HEAD)
    trailers, stop, problem = text.read_headers(data, newline + 1, limit)
    spans.append(("http.chunk_size", pos, newline + 1))
    if newline + 1 < stop:
        spans.append(("http.chunked_trailer_part", newline + 1, stop))
    return _Chunks(stop, spans, problem, limit == end and len(trailers) < text.MAX_HEADERS)


def _chunk_size(line: bytes) -> str:
    return text.to_text(line).partition(";")[0].strip()


# ------------------------------------------------------------------------------------------------ reading


def parse(cursor: Cursor) -> Http:
    """Read one HTTP message; raises Malformed with what was read of it."""
    data, end = cursor.data, cursor.end
    if http2.is_message(data):
        return http2.parse(cursor)
    head = text.read_head(data, cursor.pos, end)
    if not is_start_line(head.line):
        raise Malformed("http.request", head.start, "not an HTTP/1.x start line")
    body, error, stop, spans = _body(head, data, end)
    if isinstance(cursor, Recorder):
        cursor.fields.extend(filled(_head_fields(body, head, data, cursor.pos), "http"))
        if head.problem is None:
            cursor.fields.extend(_body_fields(data, head.end, stop, end, spans, body.parts))
    cursor.pos = end
    if error is not None:
        raise error
    return body


_Spans = list[tuple[str, int, int]]
_Start = tuple[str | None, str | None, str, tuple[tuple[str, str], ...], int | None, str, str, Headers]


def _start(head: Head) -> _Start:
    line = head.start_line
    if line.startswith("HTTP/"):
        version, _, rest = line.partition(" ")
        code, _, reason = rest.partition(" ")
        return None, None, "", (), int(code), reason, version, head.headers
    method, _, rest = line.partition(" ")
    uri, _, version = rest.rpartition(" ")  # "requesttype= register" holds a blank
    uri = uri.strip(text.BLANKS)
    path, query = path_and_query(uri)
    return method, uri, path, query, None, "", version, head.headers


def _body(head: Head, data: bytes, end: int) -> tuple[Http, Malformed | None, int, _Spans | None]:
    """Return what was read, what is wrong, where the body ends, and the spans of its chunks."""
    start = _start(head)
    if head.problem is not None:
        partial = Http(*start)
        return partial, Malformed("http.header", *head.problem, partial), end, None
    headers, first, stop = head.headers, head.end, end
    notes: list[str] = []
    if "" in headers.names:
        notes.append("a header line has no colon")
    framing = _framing(head)
    problem: tuple[str, int, str] | None = None
    spans: _Spans | None = None
    if framing.wrong is not None:
        problem = (framing.wrong[0], first, framing.wrong[1])
    if framing.kind == "chunked":
        chunks = _walk_chunks(data, first, end)
        spans, stop = chunks.spans, chunks.end
        if chunks.problem is not None and first == end and head.line.startswith(b"HTTP/"):
            notes.append("chunks announced, none there: an answer to HEAD, or cut")
        elif chunks.problem is not None:
            problem = ("http.chunk_size", *chunks.problem)
        if headers.get("Content-Length") is not None:
            notes.append("Transfer-Encoding and Content-Length together")
        raw = b"".join(data[at:after] for name, at, after in spans if name == "http.chunk_data")
    else:
        if framing.kind != "close":
            stop = min(end, first + framing.octets)
        if framing.octets > end - first and first == end and head.line.startswith(b"HTTP/"):
            notes.append(f"{framing.octets} octets announced, none there: an answer to HEAD, or cut")
        elif framing.octets > end - first:
            problem = ("http.content_length_header", first, f"{framing.octets} octets announced, {end - first} there")
        raw = data[first:stop]
    if stop < end and problem is None:
        notes.append(f"{end - stop} octets after the end of the message")
    content = raw
    parts: list[BodyPart] = []
    moved = spans is not None
    if problem is None:
        codings = [name for name in _transfer_codings(headers) if name != "chunked"]
        opened = open_body(headers, raw, codings, data, first, stop, moved)
        raw, content, moved = opened.raw, opened.content, opened.moved
        notes += opened.notes
        parts.extend(opened.parts)
        if opened.wrong:
            problem = ("http.file_data", first, opened.wrong)
    body = Http(*start, content, -1 if moved else first, raw, tuple(parts), tuple(notes))
    return body, None if problem is None else Malformed(*problem, body), stop, spans


def _inner(body: object) -> tuple[Part, ...]:
    return mime.inner_parts(body.parts) if isinstance(body, Http) else ()


def _notes(body: object) -> tuple[str, ...]:
    return body.notes if isinstance(body, Http) else ()


# ------------------------------------------------------------------------------------------------ fields


def _body_fields(
    data: bytes, first: int, stop: int, end: int, spans: _Spans | None, parts: Sequence[BodyPart]
) -> list[Field]:
    fields: list[Field] = []
    if spans is not None:
        for name, start, after in spans:
            value: int | str = after - start
            if name == "http.chunk_size":
                value = int(_chunk_size(data[start:after]), 16)
            elif name == "http.chunked_trailer_part":
                value = text.to_text(data[start:after]).strip()
            fields.append(Field(name, value, start, after, f"{after - start} octets"))
    elif first < stop:
        fields.append(mime.content_field("http.file_data", data, first, stop, parts))
    if stop < end:
        fields.append(Field("http.trailing", end - stop, stop, end, f"{end - stop} octets"))
    return fields


def _head_fields(body: Http, head: Head, data: bytes, start: int) -> list[Field]:
    fields: list[Field] = []
    if start < head.start:
        fields.append(Field("http.leading_crlf", head.start - start, start, head.start))
    begin = head.start
    line_end = head.line_stop
    if body.method is not None and body.uri is not None:
        name = "http.request"
        children = [
            Field("http.request.method", body.method, begin, begin + len(body.method)),
            *_uri_fields(body, data, begin + len(body.method), line_end - len(body.version)),
            Field("http.request.version", body.version, line_end - len(body.version), line_end),
        ]
    else:
        name = "http.response"
        children = [
            Field("http.response.version", body.version, begin, begin + len(body.version)),
            Field("http.response.code", body.status or 0, begin + 9, begin + 12),
        ]
        if begin + 13 < line_end:
            children.append(Field("http.response.phrase", body.reason, begin + 13, line_end))
    fields.append(Field(name, head.start_line, begin, head.line_end, "", tuple(children)))
    fields.extend(_header_field(header) for header in head.headers)
    last = head.headers.end if head.headers else head.line_end
    if last < head.end:
        fields.append(Field("http.blank", "", last, head.end))
    return fields


def _uri_fields(body: Http, data: bytes, start: int, end: int) -> tuple[Field, ...]:
    octets = data[start:end].strip(_BLANKS)
    first = data.find(octets, start)
    uri = Field("http.request.uri", body.uri or "", first, first + len(octets))
    children = text.found(data, "http.request.uri.path", body.path, uri.start, uri.end)
    at = data.find(b"?", uri.start, uri.end)
    if at >= 0:
        children += (Field("http.request.uri.query", text.to_text(data[at + 1 : uri.end]), at + 1, uri.end),)
    return (replace(uri, children=children),)


def _header_field(header: Header) -> Field:
    name, value = f"http.{text.field_name(header, 'unknown_header').lower().replace('-', '_')}", header.value
    if header.name == "Content-Length":
        name = "http.content_length_header"
    elif header.name in ("WWW-Authenticate", "Authorization", "Proxy-Authenticate", "Proxy-Authorization"):
        value = hide_keys(value)
    return Field(name, value, header.start, header.end)


HTTP = Dissector("http", matches, parse, _inner, length, _notes)

__all__ = ["HTTP", "Http"]
