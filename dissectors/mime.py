"""Message bodies: multipart (RFC 2046), content codings, and which parts are messages of their own."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterable
from importlib import import_module
from typing import NamedTuple

from dissectors.base import Part
from dissectors.cursor import Field
from dissectors.text import Headers, field_name, media_type, params, read_headers, to_text

MAX_PARTS = 64  # leaf parts of a multipart body
MAX_NESTING = 4  # multipart within multipart
MAX_BOUNDARY = 200
MAX_CODINGS = 3  # content codings one over the other
MAX_SHOWN = 512  # octets between parts that the field tree shows as text
MAX_CONTENT = 4 * 1024 * 1024  # octets after decompression

# What may follow a boundary on its line: else it is the beginning of a longer one ("b" of "b-inner").
_DELIMITER_REST = re.compile(rb"(?:--)?[ \t\0]*+\r?(?:\n|\Z)|-\Z")


class BodyPart(NamedTuple):  # a tuple, as captures have so many
    """One leaf of a message body; `content_type` is lower case without parameters, "" when not told.

    `headers` are the part's own, or those of the message when its body is not multipart. `start` is
    the offset of `data` in the payload, -1 where the octets were decoded; `span` is where they stand
    as they were sent, (-1, -1) where all of the body was decoded.
    """

    content_type: str
    data: bytes
    headers: Headers
    start: int
    span: tuple[int, int] = (-1, -1)

    def __repr__(self) -> str:
        """Leave the octets out: they may carry keys."""
        return f"BodyPart({self.content_type!r}, {self.headers!r}, start={self.start}, span={self.span})"


def body_parts(headers: Headers, data: bytes, start: int, end: int, moved: bool) -> tuple[list[BodyPart], list[str]]:
    """Return the leaf parts of the body data[start:end] and notes; `moved` says that its offsets mean nothing."""
    parts: list[BodyPart] = []
    notes: list[str] = []
    if start < end:
        _read_part(headers, data, start, end, 0, parts, notes)
    if moved:
        parts = [part._replace(start=-1, span=(-1, -1)) for part in parts]
    return parts, list(dict.fromkeys(notes))


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
    octets, span = data[start:end], (start, end)
    if depth and (headers.get("Content-Transfer-Encoding") or "").lower() == "base64":
        try:
            octets, start = base64.b64decode(octets), -1
        except binascii.Error:
            notes.append("body part is not the base64 it says")
    parts.append(BodyPart(kind, octets, headers, start, span))


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
        headers, content, _ = read_headers(data, newline + 1, at if at >= 0 else end)
        # without a blank line the line end belongs to the last header
        _read_part(headers, data, content, max(content, stop), depth + 1, parts, notes)
        if at < 0:
            notes.append("final multipart boundary is missing")
            break
    return True


def _find_delimiter(delimiter: bytes, data: bytes, start: int, end: int) -> int:
    at = data.find(delimiter, start, end)
    while at >= 0:
        after = at + len(delimiter)
        if (at == start or data[at - 1] == 10) and _DELIMITER_REST.match(data, after, end):
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
        if name == "br":
            data, note, wrong = _brotli(data)
            if note or wrong:
                return data, note, wrong
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


def _brotli(data: bytes) -> tuple[bytes, str, str]:
    """Undo Brotli (RFC 7932), where the package for it is installed."""
    try:
        brotli = import_module("brotli")
        inflater = brotli.Decompressor()
    except ImportError:
        return data, "content coding br is not read: the package brotli is not installed", ""
    try:
        content = bytes(inflater.process(data, output_buffer_limit=MAX_CONTENT + 1))
    except brotli.error:
        return b"", "", "content is not br"
    except TypeError:  # before 1.2 it knows no limit
        return data, "content coding br is not read: brotli is older than 1.2", ""
    if len(content) > MAX_CONTENT:
        return b"", "", f"content has more than {MAX_CONTENT} octets"
    return content, "", "" if inflater.is_finished() else "br content is cut"


def inner_parts(parts: Iterable[BodyPart]) -> tuple[Part, ...]:
    """Return the body parts that are messages of their own."""
    return tuple(Part(name, part.data, part.start) for part in parts if (name := protocol_of(part.content_type)))


def protocol_of(content_type: str) -> str:
    """Return the protocol of a content type, in small letters and without parameters; "" where it is none of ours."""
    if content_type == "application/sdp":
        return "sdp"
    if content_type == "application/mikey":
        return "mikey"
    if content_type == "application/vnd.oma.drm.dcf":
        return "dcf"
    return "mbms-xml" if content_type.endswith(("/xml", "+xml")) else ""


# ------------------------------------------------------------------------------------------------ fields


def content_field(name: str, data: bytes, start: int, end: int, parts: Iterable[BodyPart]) -> Field:
    """Return the field of a body; its value is only the size, since bodies carry keys."""
    children: list[Field] = []
    at = start
    for part in parts:
        begin, stop = part.span
        if begin < at or part.span == (start, end):
            continue  # the whole body, or nothing that stands here
        first = part.headers.start if part.headers else begin
        if at < first:
            boundary = "mime_multipart.boundary" if children else "mime_multipart.first_boundary"
            children.append(Field(boundary, _shown(data[at:first]), at, first))
        children.extend(
            Field(f"mime_multipart.header.{field_name(header).lower()}", header.value, header.start, header.end)
            for header in part.headers
        )
        blank = part.headers.end if part.headers else first
        if blank < begin:
            children.append(Field("mime_multipart.blank", "", blank, begin))
        children.append(Field("mime_multipart.part", stop - begin, begin, stop, part.content_type))
        at = stop
    if children and at < end:
        children.append(Field("mime_multipart.last_boundary", _shown(data[at:end]), at, end))
    return Field(name, end - start, start, end, f"{end - start} octets", tuple(children))


def _shown(octets: bytes) -> str | int:
    """Return the text around parts, or its size where it may be a part that was not read."""
    return to_text(octets) if len(octets) <= MAX_SHOWN else len(octets)
