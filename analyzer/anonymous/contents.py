"""Heads and bodies of SIP and HTTP: what is understood keeps its form, of the rest nothing stays but its length."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from analyzer.anonymous.texts import Texts
from dissectors import Message, Payload, dissect, mime, tree
from dissectors.dcf import Dcf
from dissectors.http import Http
from dissectors.mbms_xml import OtherXml
from dissectors.sip import Sip
from dissectors.text import Header, Headers, canonical

# Header fields of which the form is known; of others all words are replaced
_UNDERSTOOD = """
Accept Accept-Contact Accept-Encoding Accept-Language Accept-Ranges Age Allow Allow-Events Authentication-Info
Authorization Cache-Control Call-ID Connection Contact Content-Disposition Content-Encoding Content-ID Content-Language
Content-Length Content-Transfer-Encoding Content-Type CSeq Date Event Expires Feature-Caps From History-Info Host
In-Reply-To Keep-Alive Last-Modified Location Max-Forwards MIME-Version Min-Expires Min-SE P-Asserted-Identity
P-Asserted-Service P-Associated-URI P-Called-Party-ID P-Early-Media P-Intended-Identity P-Preferred-Identity
P-Preferred-Service P-Served-User Path Pragma Priority Privacy Proxy-Authenticate Proxy-Authorization Proxy-Require RAck
Record-Route Recv-Info Refer-Sub Refer-To Referred-By Reject-Contact Replaces Reply-To Request-Disposition Require
Retry-After Route RSeq Sec-WebSocket-Accept Sec-WebSocket-Extensions Sec-WebSocket-Key Sec-WebSocket-Protocol
Sec-WebSocket-Version Security-Client Security-Server Security-Verify Server Service-Route Session-Expires
Subscription-State Supported Target-Dialog TE Timestamp To Trailer Transfer-Encoding Unsupported Upgrade User-Agent Vary
Via WWW-Authenticate X-3GPP-Asserted-Identity X-3GPP-Authorization-Flags X-3GPP-Intended-Identity
"""
UNDERSTOOD = frozenset(map(canonical, _UNDERSTOOD.split()))
PSEUDO = frozenset({":authority", ":method", ":path", ":scheme", ":status"})  # RFC 9113 8.3
QUERY = frozenset({"requesttype"})  # parameters that are understood (TS 33.246 annex G)
# Reason phrases that the protocols give as examples (RFC 9110 15, RFC 3261 21); others may say anything
PHRASES = frozenset(status.phrase.lower() for status in HTTPStatus) | {
    "address incomplete", "ambiguous", "bad event", "bad extension", "busy everywhere", "busy here",
    "call is being forwarded", "call/transaction does not exist", "decline", "does not exist anywhere",
    "extension required", "interval too brief", "loop detected", "message too large", "not acceptable here", "queued",
    "request pending", "request terminated", "ringing", "server internal error", "server time-out", "session progress",
    "temporarily unavailable", "too many hops", "trying", "undecipherable", "unsupported uri scheme",
    "version not supported",
}  # fmt: skip
MAX_LINES, MAX_LINE = 16_384, 512  # header fields that are remembered, and octets of each
COMPRESSED = "octets of compressed bodies blanked"
UNREAD = "octets of bodies that keyshark does not read blanked"

_ANSWER = re.compile(rb"(?:SIP/2\.0|HTTP/1\.\d) \d{3} ?")
_QUERY = re.compile(rb"(?<=[?&])([^=&\s#]*)=([^&\s#]*)")
_ENCODED = re.compile(rb"(?<=>)[A-Za-z0-9+/]{8,}={0,2}(?=<)")
_NAMED = re.compile(rb"(<(?:[A-Za-z0-9_]+:)?name\b[^>]*>)([^<]+)", re.IGNORECASE)  # what people call a service
_BOUNDARY = re.compile(rb"^--([^\r\n]+)", re.MULTILINE)
_OF_BOUNDARY = re.compile(rb"boundary=\"?([^\";\s]+)", re.IGNORECASE)
_XML = re.compile(rb"<\?xml version=[\"']1\.[01][\"'](?: encoding=[\"'][A-Za-z0-9-]+[\"'])?[ ]?\?>")
_COMMENTS = re.compile(rb"(?<=<!--)(?:[^-]|-(?!->))*+")
_MARKUP = re.compile(rb"<[^<>!][^<>]*>")
_ATTRIBUTE = re.compile(rb"([A-Za-z0-9_.:-]++=)([\"'])([^\"'<>]*)")
_PRINTED = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]+")
_CONTROLS = bytes(octet for octet in range(32) if octet not in b"\t\r\n")
_GZIP_HEAD, _COMMENT, _GZIP_AROUND = b"\x1f\x8b\x08", 0x10, 18  # RFC 1952 2.3
UA_ID = 5  # octets of a Ua security protocol id


@dataclass(slots=True)
class Contents:
    """Makes them anew, octet for octet as long; `mikey` gives what stands for a message, `dcf` for an object."""

    texts: Texts
    mikey: Callable[[Message], bytes]
    dcf: Callable[[Message, Dcf], bytes]
    counts: Counter[str] = field(default_factory=Counter)
    _lines: dict[bytes, bytes] = field(default_factory=dict, init=False, repr=False)

    def message(self, message: Message) -> bytes:
        """Return a message of SIP or HTTP/1.x."""
        data, body = message.payload.data, message.body
        if not isinstance(body, Sip | Http):
            return self.opaque(data)
        made, headers = bytearray(len(data)), body.headers
        first = len(data) - len(data.lstrip(b"\r\n"))
        begin = headers.start if headers else len(data.partition(b"\n")[0]) + 1
        made[:begin] = data[:first] + self._start_line(data[first:begin])
        self._headers(made, data, headers)
        end = headers.end if headers else begin
        end = next((end + len(each) for each in (b"\r\n", b"\n") if data.startswith(each, end)), end)
        made[headers.end if headers else begin : end] = data[headers.end if headers else begin : end]
        self._body(made, message, body, end)
        return bytes(made)

    def header(self, name: str, line: bytes) -> bytes:
        """Return a header field with what its name says of it."""
        known = canonical(name) in UNDERSTOOD or name in PSEUDO
        line = self.texts.octets(line) if known else self._name_stays(line)
        return _QUERY.sub(self._parameter, line) if name == ":path" else line

    def content(self, headers: Headers, data: bytes, payload: Payload) -> bytes:
        """Return a body without transfer coding."""
        codings = [one.strip().lower() for value in headers.all("Content-Encoding") for one in value.split(",")]
        codings = [one for one in codings if one not in ("", "identity")]
        if codings:
            return self._compressed(headers, data, payload, codings)
        made = bytearray(len(data))
        parts, _ = mime.body_parts(headers, data, 0, len(data), False)
        told = (headers.get("Content-Type") or "").encode("latin-1", "replace")
        known = set(_OF_BOUNDARY.findall(told)) | set(_OF_BOUNDARY.findall(data) if b"boundary" in told else ())
        at, blanked = 0, len(data) - len(data.translate(None, _CONTROLS))
        for part in parts:
            begin, end = part.span
            made[begin:end] = self._part(part, data[begin:end], payload)
            if part.headers is not headers:
                self._headers(made, data, part.headers)
                start, stop = part.headers.start if part.headers else begin, part.headers.end if part.headers else begin
                self._between(made, data, at, start, known)
                made[stop:begin] = data[stop:begin]
            at = end
        self._between(made, data, at, len(data), known)
        if blanked and made.count(0) > data.count(0):
            self.counts[UNREAD] += made.count(0) - data.count(0)
        return bytes(made)

    def printed(self, octets: bytes) -> bytes:
        """Return text with the names in it replaced, perhaps with a Ua id behind it (TS 33.220 4.5.2)."""
        if is_text(octets):
            return self.texts.octets(octets)
        return self.texts.octets(octets[:-UA_ID]) + octets[-UA_ID:]

    def document(self, octets: bytes, payload: Payload) -> bytes:
        """Return a document in XML."""
        return self._of_type("application/xml", octets, payload)

    # ------------------------------------------------------------------------------------------------- heads

    def _start_line(self, line: bytes) -> bytes:
        answer = _ANSWER.match(line)
        if answer is not None:
            phrase = line[answer.end() :]
            usual = phrase.strip().decode("latin-1").lower() in PHRASES
            return line[: answer.end()] + (phrase if usual else self.opaque(phrase))
        return _QUERY.sub(self._parameter, self.texts.octets(line))

    def _parameter(self, found: re.Match[bytes]) -> bytes:
        name, value = found[1], found[2]
        known = name.decode("latin-1").strip().lower() in QUERY or b"@" in value or b"%40" in value
        return name + b"=" + (value if known else self.opaque(value))

    def _headers(self, made: bytearray, data: bytes, headers: Headers) -> None:
        for header in headers:
            made[header.start : header.end] = self._header(header, data[header.start : header.end])

    def _header(self, header: Header, line: bytes) -> bytes:
        """Return the line of a header field; many are the same in one message after the other."""
        if (made := self._lines.get(line)) is None:
            made = self._line(header, line)
            if len(line) <= MAX_LINE:
                if len(self._lines) >= MAX_LINES:
                    self._lines.clear()
                self._lines[line] = made
        return made

    def _line(self, header: Header, line: bytes) -> bytes:
        if header.name in UNDERSTOOD:
            return self.texts.octets(line)
        return self._name_stays(line) if header.name else self.opaque(line)

    def _name_stays(self, line: bytes) -> bytes:
        name, colon, value = line.partition(b":")
        if not name:  # a pseudo-header
            return line[:1] + self._name_stays(line[1:])
        return name + colon + self.opaque(value)

    # ------------------------------------------------------------------------------------------------- bodies

    def _between(self, made: bytearray, data: bytes, start: int, end: int, known: set[bytes]) -> None:
        """Keep of what is between parts only the lines that divide them, as in Content-Type (RFC 2046 5.1.1)."""
        made[start:end] = self.opaque(data[start:end])
        for found in _BOUNDARY.finditer(data, start, end):
            if found[1].rstrip(b" \t") in known or found[1].rstrip(b" \t").removesuffix(b"--") in known:
                made[found.start() : found.end()] = self.texts.octets(found[0])

    def _body(self, made: bytearray, message: Message, body: Sip | Http, start: int) -> None:
        data = message.payload.data
        if isinstance(body, Http) and body.headers.get("Transfer-Encoding"):
            made[start:] = self.opaque(data[start:])
            spans = list(self._chunks(made, message))
        else:
            spans = [(start, len(data))]
        octets = b"".join(data[begin:end] for begin, end in spans)
        content, at = self.content(body.headers, octets, message.payload), 0
        for begin, end in spans:
            made[begin:end] = content[at : at + end - begin]
            at += end - begin

    def _chunks(self, made: bytearray, message: Message) -> Iterator[tuple[int, int]]:
        """Yield where the data of chunks are; their sizes stay."""
        data = message.payload.data
        for outer in tree(message):
            for each in outer.walk():
                if each.name == "http.chunk_data":
                    yield each.start, each.end
                elif each.name in ("http.chunk_size", "http.chunk_boundary"):
                    size = len(data[each.start : each.end].partition(b";")[0])
                    made[each.start : each.start + size] = data[each.start : each.start + size]

    def _part(self, part: mime.BodyPart, octets: bytes, payload: Payload) -> bytes:
        if part.start < 0 and part.data != octets:
            return _wrapped(self._of_type(part.content_type, part.data, payload), octets)
        return self._of_type(part.content_type, octets, payload)

    def _of_type(self, kind: str, octets: bytes, payload: Payload) -> bytes:
        protocol = mime.protocol_of(kind)
        wide = self._wide(kind, octets, payload)
        if wide is not None:
            return wide
        if not protocol:
            return self.opaque(octets)
        message = dissect(payload._replace(data=octets), protocol)
        if message is None:
            return self.opaque(octets)
        if protocol == "mikey":
            return self.mikey(message)
        if isinstance(message.body, Dcf):
            return self.dcf(message, message.body)
        if octets.translate(None, _CONTROLS) != octets or protocol == "dcf":
            return self.opaque(octets)
        if message.body is None or isinstance(message.body, OtherXml):
            return self._markup(octets)
        octets = _COMMENTS.sub(lambda found: self.opaque(found[0]), octets)
        named = _NAMED.sub(lambda found: found[1] + self.opaque(found[2]), octets)
        return self.texts.octets(_ENCODED.sub(self._encoded, named))

    def _markup(self, octets: bytes) -> bytes:
        """Return XML in which only the names of elements and attributes stay."""
        done, at = bytearray(), 0
        for found in _MARKUP.finditer(octets):
            done += self.opaque(octets[at : found.start()])
            done += found[0] if _XML.fullmatch(found[0]) else _ATTRIBUTE.sub(self._attribute, found[0])
            at = found.end()
        return bytes(done) + self.opaque(octets[at:])

    def _attribute(self, found: re.Match[bytes]) -> bytes:
        return found[0] if found[1].startswith(b"xmlns") else found[1] + found[2] + self.opaque(found[3])

    def _wide(self, kind: str, octets: bytes, payload: Payload) -> bytes | None:
        """Return text in UTF-16 with a mark of its order, None where it is none."""
        order = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(octets[:2])
        try:
            text = "" if order is None else octets[2:].decode(order)
        except UnicodeDecodeError:
            return None
        if order is None or not text.isascii():
            return None
        return octets[:2] + self._of_type(kind, text.encode(), payload).decode("latin-1").encode(order)

    def _encoded(self, found: re.Match[bytes]) -> bytes:
        """Return text in base64 with the names in it replaced; octets that are no text stay for who knows them."""
        try:
            octets = base64.b64decode(found[0], validate=True)
        except ValueError:
            return found[0]
        return base64.b64encode(self.printed(octets)) if is_text(octets[: -UA_ID or None]) else found[0]

    def _compressed(self, headers: Headers, data: bytes, payload: Payload, codings: list[str]) -> bytes:
        """Return a body compressed again, with padding in its head; blank where it does not fit."""
        content, note, wrong = mime.decode_content(data, codings)
        rest = [one for one in zip(headers.names, headers.lines, strict=True) if one[0] != "Content-Encoding"]
        plain = Headers(tuple(name for name, _ in rest), tuple(line for _, line in rest))
        if codings in (["gzip"], ["x-gzip"]) and not note and not wrong:
            flat = replace(self, texts=self.texts.flat())
            for each in (self, flat):  # what says nothing need not be long
                packed = _packed(each.content(plain, content, payload), len(data))
                if packed is not None:
                    return packed
        self.counts[COMPRESSED] += len(data)
        return bytes(len(data))

    def opaque(self, octets: bytes) -> bytes:
        """Return text in which only the names of parameters stay; octets that are no text are blanked."""
        made = bytearray(len(octets))
        for found in _PRINTED.finditer(octets) if octets.translate(None, _CONTROLS) == octets else ():
            made[found.start() : found.end()] = self.texts.opaque(found[0].decode("latin-1")).encode("latin-1")
        return bytes(made)


def is_text(octets: bytes) -> bool:
    """Say whether octets are ASCII that is printed."""
    return bool(octets) and all(octet in b"\t\r\n" or 32 <= octet < 127 for octet in octets)


def _wrapped(octets: bytes, before: bytes) -> bytes:
    """Return base64 in the lines of another one."""
    letters = iter(binascii.b2a_base64(octets, newline=False))
    return bytes(next(letters, 61) if chr(octet).isalnum() or octet in b"+/=" else octet for octet in before)


def _packed(octets: bytes, size: int) -> bytes | None:
    """Return gzip of so many octets, a comment in its head to fill it up; None where it is longer."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(octets) + packer.flush()
    spare = size - len(body) - _GZIP_AROUND
    if spare < 0:
        return None
    head = _GZIP_HEAD + bytes((_COMMENT if spare else 0,)) + bytes(5) + b"\xff"
    comment = b"x" * (spare - 1) + b"\0" if spare else b""
    tail = zlib.crc32(octets).to_bytes(4, "little") + (len(octets) & 0xFFFFFFFF).to_bytes(4, "little")
    return head + comment + body + tail
