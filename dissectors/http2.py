"""HTTP/2 (RFC 9113): one request or response, with its header fields in a form that needs no state.

On the wire header fields refer to those sent before on the connection (HPACK, RFC 7541), and streams are interleaved.
Whoever follows the connection writes each message anew, as frames of its own: HEADERS, DATA, and HEADERS for trailers,
every header field a literal without Huffman code. That is HTTP/2 too, and what is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dissectors import text
from dissectors.cursor import Cursor, Field, Malformed, Recorder
from dissectors.digest import hide_keys
from dissectors.http_message import Http, open_body, path_and_query
from dissectors.text import NAMES, Headers

VERSION = "HTTP/2"
FRAME_HEADER = 9
DATA, HEADERS = 0, 1
END_STREAM, END_HEADERS = 1, 4
LITERAL, NEVER_INDEXED = 0x00, 0x10  # RFC 7541 6.2.2, 6.2.3: with a name of its own
TYPES = {
    DATA: "DATA", HEADERS: "HEADERS", 2: "PRIORITY", 3: "RST_STREAM", 4: "SETTINGS", 5: "PUSH_PROMISE", 6: "PING",
    7: "GOAWAY", 8: "WINDOW_UPDATE", 9: "CONTINUATION",
}  # fmt: skip
CUT = "http2.flags.end_stream"  # the field at fault in a message whose end is not there
_ORDERS = ((HEADERS,), (HEADERS, DATA), (HEADERS, HEADERS), (HEADERS, DATA, HEADERS))
_SECRET = frozenset({"authorization", "www-authenticate", "proxy-authorization", "proxy-authenticate"})


class HeaderLine(NamedTuple):
    """One header field to write: without a name where it is not known; `private` ones are never to be indexed."""

    name: bytes
    value: bytes
    private: bool = False


class _Line(NamedTuple):
    """One header field that was read: octets start..end, its name and its value at name_at and value_at."""

    start: int
    name_at: int
    name: bytes
    value_at: int
    value: bytes

    @property
    def end(self) -> int:
        return self.value_at + len(self.value)


class _Frame(NamedTuple):
    """One frame: what follows its 9 octets at `start` ends at `end`."""

    start: int
    end: int
    kind: int
    flags: int
    stream: int
    lines: tuple[_Line, ...] = ()


def is_message(data: bytes) -> bool:
    """Say whether octets begin with HEADERS as they are written here."""
    return (
        data[3:4] == b"\x01"
        and len(data) > FRAME_HEADER
        and data[FRAME_HEADER] in (LITERAL, NEVER_INDEXED)
        and data[4] | END_STREAM == END_HEADERS | END_STREAM
        and FRAME_HEADER + int.from_bytes(data[:3], "big") <= len(data)
    )


def write(stream: int, lines: Sequence[HeaderLine], body: bytes, trailers: Sequence[HeaderLine], ended: bool) -> bytes:
    """Return a message as frames of its own; `ended` says that all of it is there."""
    last = HEADERS if trailers else DATA if body else -1
    frames = _written(HEADERS, END_HEADERS | (ended and last < 0), stream, _block(lines))
    if body:
        frames += _written(DATA, ended and last == DATA, stream, body)
    return frames + (_written(HEADERS, END_HEADERS | ended, stream, _block(trailers)) if trailers else b"")


def _written(kind: int, flags: int, stream: int, octets: bytes) -> bytes:
    return len(octets).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + octets


def _block(lines: Sequence[HeaderLine]) -> bytes:
    written = bytearray()
    for name, value, private in lines:
        written.append(NEVER_INDEXED if private else LITERAL)
        written += _length(name) + name + _length(value) + value
    return bytes(written)


def _length(octets: bytes) -> bytes:
    """Return the number of octets as RFC 7541 5.1 writes it, with a prefix of 7 bits."""
    left = len(octets)
    if left < 0x7F:
        return bytes((left,))
    left -= 0x7F
    written = bytearray((0x7F,))
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes((*written, left))


# ------------------------------------------------------------------------------------------------ reading


def parse(cursor: Cursor) -> Http:
    """Read one message; raises Malformed with what was read of it."""
    data, end = cursor.data, cursor.end
    frames: list[_Frame] = []
    if not cursor.left:
        raise cursor.fail("http2.length", "no octets")
    try:
        while cursor.pos < end:
            frames.append(_frame(data, cursor.pos, end))
            cursor.pos = frames[-1].end
    finally:
        if isinstance(cursor, Recorder):
            cursor.fields.extend(_frame_fields(frame, data) for frame in frames)
    lines = [line for frame in frames for line in frame.lines]
    unknown = sum(not line.name for line in lines)
    if unknown:  # without a body: what is not known must not count as missing
        reason = f"{unknown} header fields refer to what was sent before the capture has the connection (HPACK)"
        raise Malformed("http2.header", lines[0].start, reason)
    return _message(frames, data)


def _frame(data: bytes, start: int, end: int) -> _Frame:
    first = start + FRAME_HEADER
    if first > end:
        raise Malformed("http2.length", start, f"a frame header needs {FRAME_HEADER} octets, {end - start} left")
    stop, kind = first + int.from_bytes(data[start : start + 3], "big"), data[start + 3]
    if stop > end:
        raise Malformed("http2.length", start, f"a frame of {stop - first} octets, {end - first} there")
    if kind not in (DATA, HEADERS):
        raise Malformed("http2.type", start + 3, "neither the headers nor the data of a message")
    stream = int.from_bytes(data[start + 5 : first], "big") & 0x7FFF_FFFF
    lines: list[_Line] = []
    at = first
    while kind == HEADERS and at < stop:
        lines.append(_line(data, at, stop))
        at = lines[-1].end
    return _Frame(start, stop, kind, data[start + 4], stream, tuple(lines))


def _line(data: bytes, start: int, end: int) -> _Line:
    if data[start] not in (LITERAL, NEVER_INDEXED):
        raise Malformed("http2.header", start, "refers to header fields sent before (HPACK)")
    size, name_at = _integer(data, start + 1, end, "http2.header.name.length")
    after = name_at + size
    if after > end:
        raise Malformed("http2.header.name", name_at, f"needs {size} octets, {end - name_at} left")
    length, value_at = _integer(data, after, end, "http2.header.value.length")
    if value_at + length > end:
        raise Malformed("http2.header.value", value_at, f"needs {length} octets, {end - value_at} left")
    return _Line(start, name_at, data[name_at:after], value_at, data[value_at : value_at + length])


def _integer(data: bytes, at: int, end: int, name: str) -> tuple[int, int]:
    """Return a number of octets and where they begin."""
    if at >= end:
        raise Malformed(name, at, "needs 1 octets, 0 left")
    size, at, shift = data[at], at + 1, 0
    if size >= 0x80:
        raise Malformed(name, at - 1, "Huffman code, which is not written here")
    while size >= 0x7F:
        if at >= end or shift > 21:
            raise Malformed(name, at, "the number does not end")
        size, more, at, shift = size + ((data[at] & 0x7F) << shift), data[at] & 0x80, at + 1, shift + 7
        if not more:
            break
    return size, at


def _message(frames: Sequence[_Frame], data: bytes) -> Http:
    first, last = frames[0], frames[-1]
    pseudo: dict[str, str] = {}
    notes: list[str] = []
    regular = [line for line in first.lines if not line.name.startswith(b":")]
    for line in first.lines:
        if line.name.startswith(b":"):
            name = text.to_text(line.name)
            if name in pseudo:
                notes.append(f"{name} twice")
            elif regular and line.start > regular[0].start:
                notes.append(f"{name} after other header fields")
            pseudo.setdefault(name, text.to_text(line.value))
    headers = _headers(regular, pseudo.get(":authority"), first.start)
    bodies = [frame for frame in frames if frame.kind == DATA]
    start, stop = (bodies[0].start + FRAME_HEADER, bodies[0].end) if bodies else (first.end, first.end)
    opened = open_body(headers, data[start:stop], (), data, start, stop, False)
    path, query = path_and_query(pseudo.get(":path") or "")
    status = text.number(pseudo.get(":status", ""), 3)
    body = Http(
        pseudo.get(":method"), pseudo.get(":path", pseudo.get(":authority")) if ":method" in pseudo else None,
        path, query, None if ":method" in pseudo else status, "", VERSION, headers, opened.content,
        -1 if opened.moved else start, opened.raw, opened.parts, (*notes, *opened.notes), first.stream,
    )  # fmt: skip
    if not last.flags & END_STREAM and not _goes_on(body):
        raise Malformed(CUT, last.start + 4, "the stream was cut: its end is not there", body)
    wrong = _wrong(body, frames, len(opened.raw))
    if wrong is None and opened.wrong:
        wrong = "http2.data.data", start, opened.wrong
    if wrong is not None:
        raise Malformed(*wrong, body)
    return body


def _goes_on(body: Http) -> bool:
    """Say whether a stream has no end after this: an interim response follows its like, CONNECT a tunnel."""
    return body.method == "CONNECT" or 100 <= (body.status or 0) < 200


def _wrong(body: Http, frames: Sequence[_Frame], octets: int) -> tuple[str, int, str] | None:
    first = frames[0]
    if body.method is None and body.status is None:
        return "http2.header", first.start, "neither :method nor a :status of three digits"
    if body.is_request and body.uri is None:
        return "http2.header", first.start, "a request without :path and :authority"
    if tuple([frame.kind for frame in frames]) not in _ORDERS:
        return "http2.type", first.start, "not the headers, data and trailers of one message"
    if len({frame.stream for frame in frames}) > 1:
        return "http2.streamid", first.start, "frames of several streams"
    told, _ = text.content_length(body.headers)
    # RFC 9113 8.1.1; an answer to HEAD and a 304 have a length and no octets
    if told is not None and told != octets and (body.is_request or octets):
        return "http2.header", first.start, f"content-length says {told}, {octets} octets of data are there"
    return None


def _headers(lines: Sequence[_Line], authority: str | None, start: int) -> Headers:
    """Return header fields; what HTTP/1.x has in Host is :authority here (RFC 9113 8.3.1)."""
    sent = [(line.name, line.value) for line in lines if b":" not in line.name and b"\n" not in line.value]
    if authority is not None and not any(name.lower() == b"host" for name, _ in sent):
        sent.insert(0, (b"host", authority.encode()))
    as_text = tuple([name + b": " + value for name, value in sent])
    return Headers(tuple([NAMES[line] for line in as_text]), as_text, start)


# ------------------------------------------------------------------------------------------------ fields


def _frame_fields(frame: _Frame, data: bytes) -> Field:
    """Return the field of a frame; Wireshark's names where it has them."""
    at = frame.start
    first, size = at + FRAME_HEADER, frame.end - at - FRAME_HEADER
    named = TYPES.get(frame.kind, "unknown")
    flags = tuple(
        [
            Field("http2.flags.eh", int(bool(frame.flags & END_HEADERS)), at + 4, at + 5),
            Field("http2.flags.end_stream", frame.flags & END_STREAM, at + 4, at + 5),
        ]
        if frame.kind == HEADERS
        else [Field("http2.flags.end_stream", frame.flags & END_STREAM, at + 4, at + 5)]
    )
    children = [
        Field("http2.length", size, at, at + 3),
        Field("http2.type", frame.kind, at + 3, at + 4, f"{named} ({frame.kind})"),
        Field("http2.flags", frame.flags, at + 4, at + 5, "", flags),
        Field("http2.r", data[at + 5] >> 7, at + 5, at + 9),
        Field("http2.streamid", frame.stream, at + 5, at + 9),
        *[_line_field(line) for line in frame.lines],
    ]
    if frame.kind == DATA and size:
        children.append(Field("http2.data.data", size, first, frame.end, f"{size} octets"))
    return Field("http2.stream", named, at, frame.end, "", tuple(children))


def _line_field(line: _Line) -> Field:
    name, value = text.to_text(line.name), text.to_text(line.value)
    after = line.name_at + len(line.name)
    value = hide_keys(value) if name in _SECRET else value
    known = text.field_name(text.Header(name.lstrip(":"), "", 0, 0, name), "unknown")
    own = Field(f"http2.headers.{known.replace('-', '_').lower()}", value, line.value_at, line.end)
    return Field(
        "http2.header", f"{name}: {value}", line.start, line.end, "",
        (
            Field("http2.header.repr", "literal, not indexed", line.start, line.start + 1),
            Field("http2.header.name.length", len(line.name), line.start + 1, line.name_at),
            Field("http2.header.name", name, line.name_at, after),
            Field("http2.header.value.length", len(line.value), after, line.value_at),
            Field("http2.header.value", value, line.value_at, line.end, "", (own,)),
        ),
    )  # fmt: skip
