"""SDP (RFC 4566) with the MBMS attributes of TS 26.237."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder, filled
from dissectors.sdp_values import value_fields
from dissectors.text import Lines, number, to_text

MAX_LINES = 2000

_BLANK = b"\r\n \t\0"

Attributes = tuple[tuple[str, str], ...]


class SdpLine(NamedTuple):
    """One line: its letter, "" when it is none, its value, and the octets start..end with the line end."""

    kind: str
    value: str
    start: int
    end: int

    def __repr__(self) -> str:
        """Leave the value out: k= and a=crypto carry keys."""
        return f"SdpLine(kind={self.kind!r}, start={self.start}, end={self.end})"


@dataclass(frozen=True, slots=True)
class SdpMedia:
    """One m= section; `connection` is the address of its own c= line, else None."""

    kind: str
    port: int
    proto: str
    formats: tuple[str, ...]
    connection: str | None = None
    attributes: Attributes = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Sdp:
    """A session description; addresses are without "/ttl", attributes are (name, value), flags with ""."""

    connection: str | None
    media: tuple[SdpMedia, ...]
    attributes: Attributes = field(repr=False)
    lines: tuple[SdpLine, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def attr(self, name: str) -> list[str]:
        """Return the values of an attribute, of the session and then of each media."""
        pairs = (*self.attributes, *(pair for media in self.media for pair in media.attributes))
        return [value for key, value in pairs if key == name]

    @property
    def sources(self) -> tuple[str, ...]:
        """The senders that source filters let in, each once."""
        # RFC 4570 3: incl, network type, address type, destination, sources
        values = [value.split() for value in self.attr("source-filter")]
        return tuple(dict.fromkeys(each for words in values if words[:1] == ["incl"] for each in words[4:]))

    @property
    def flute_sessions(self) -> tuple[int, ...]:
        """The transport session identifiers of FLUTE, in their order."""
        # RFC 6968 and TS 26.346 7.3.2.5
        found = (number(value) for value in self.attr("flute-tsi"))
        return tuple([tsi for tsi in found if tsi is not None])

    @property
    def mbms_services(self) -> tuple[str, ...]:
        """The MBMS user service ids that the description names, each once."""
        # TS 26.237 8.3.3.2, 14.2.2
        return tuple(dict.fromkeys(self.attr("mbms_service") + self.attr("mbms_download_service")))


def parse(cursor: Cursor) -> Sdp:
    """Read a session description; raises Malformed with what was read of it."""
    lines = _lines(cursor)
    if isinstance(cursor, Recorder):
        cursor.fields.extend(filled(_fields(lines, cursor.data), "sdp"))
    cursor.pos = lines[-1].end if lines else cursor.pos
    if not lines:
        raise cursor.fail("sdp.version", "no lines")
    body, wrong = _sdp(lines)
    if wrong is not None:
        raise Malformed("sdp.media", wrong.start, "not kind, port, protocol and format", body)
    if cursor.left:
        raise Malformed("sdp", cursor.pos, f"more than {MAX_LINES} lines", body)
    return body


def _said(sent: bytes) -> tuple[str, str]:
    line = sent.strip(_BLANK)
    return (chr(line[0]), to_text(line[2:].strip(_BLANK))) if line[1:2] == b"=" else ("", to_text(line))


_SAID = Lines(_said)


def _lines(cursor: Cursor) -> list[SdpLine]:
    start, end = cursor.pos, cursor.end
    lines: list[SdpLine] = []
    for sent in cursor.data[start:end].split(b"\n", MAX_LINES)[:MAX_LINES]:
        stop = start + len(sent) + 1
        lines.append(SdpLine(*_SAID[sent], start, stop))
        start = stop
    if start > end:  # the last line has no line end
        last = lines.pop()
        if last.start < end:
            lines.append(last._replace(end=end))
    return lines


def _sdp(lines: list[SdpLine]) -> tuple[Sdp, SdpLine | None]:
    connection: str | None = None
    attributes: list[tuple[str, str]] = []
    session = attributes
    media: list[tuple[_Media, list[tuple[str, str]]]] = []
    own: list[str | None] = []
    notes: list[str] = []
    wrong: SdpLine | None = None
    if lines[0].kind != "v":
        notes.append("the description does not begin with v=")
    for line in lines:
        kind = line.kind
        if kind == "a":
            name, _, value = line.value.partition(":")
            attributes.append((name.strip(), value.strip()))
        elif kind == "c":
            address = _address(line.value)
            if not own:
                connection = address
            elif own[-1] is None:
                own[-1] = address
        elif kind == "m":
            section = _media(line.value)
            if section is None:
                wrong = line
                break
            attributes = []
            media.append((section, attributes))
            own.append(None)
    if any(not line.kind and line.value for line in lines):
        notes.append("a line is not a letter, = and a value")
    sections = tuple(
        [SdpMedia(*section, address, tuple(pairs)) for (section, pairs), address in zip(media, own, strict=True)]
    )
    return Sdp(connection, sections, tuple(session), tuple(lines), tuple(notes)), wrong


_TEXT_WORD = re.compile(r"[^\s\0]+", re.ASCII)  # the blanks of Unicode and controls are part of a word, as in the tree
_Media = tuple[str, int, str, tuple[str, ...]]  # kind, port, protocol, formats


def _media(value: str) -> _Media | None:
    words = _TEXT_WORD.findall(value)
    port = number(words[1].partition("/")[0], 5) if len(words) > 2 else None
    if port is None or port > 0xFFFF:
        return None
    return words[0], port, words[2], tuple(words[3:])


def _address(value: str) -> str | None:
    words = _TEXT_WORD.findall(value)
    return words[2].partition("/")[0] if len(words) > 2 else None


# ------------------------------------------------------------------------------------------------ fields

_NAMES = {
    "v": "sdp.version",
    "o": "sdp.owner",
    "s": "sdp.session_name",
    "i": "sdp.session_info",
    "u": "sdp.uri",
    "e": "sdp.email",
    "p": "sdp.phone",
    "c": "sdp.connection_info",
    "b": "sdp.bandwidth",
    "z": "sdp.timezone",
    "k": "sdp.encryption_key",
    "t": "sdp.time",
    "r": "sdp.repeat_time",
    "m": "sdp.media",
    "": "sdp.invalid",
}
_WORD = re.compile(rb"[^\s\0]+")
_WORDS = {
    "o": ("username", "sessionid", "version", "network_type", "address_type", "address"),
    "c": ("network_type", "address_type", "address"),
    "t": ("start", "stop"),
    "m": ("media", "port", "proto", "format"),
}


def _fields(lines: list[SdpLine], data: bytes) -> list[Field]:
    fields: list[Field] = []
    in_media = False
    for line in lines:
        in_media = in_media or line.kind == "m"
        if line.kind == "a":
            fields.append(_attribute(line, data, in_media))
            continue
        name = _NAMES.get(line.kind, "sdp.unknown")
        if line.kind == "i" and in_media:
            name = "sdp.media_title"
        value = "(hidden)" if line.kind == "k" else line.value
        fields.append(Field(name, value, line.start, line.end, "", tuple(_words(line, name, data))))
    return fields


def _value_at(line: SdpLine, data: bytes) -> int:
    """Return where the value of a line with a letter begins, its end when it has none."""
    blanks = len(data[line.start : line.end]) - len(data[line.start : line.end].lstrip(_BLANK))
    value = data[line.start + blanks + 2 : line.end].lstrip(_BLANK)
    return line.end - len(value)


def _words(line: SdpLine, parent: str, data: bytes) -> list[Field]:
    children: list[Field] = []
    names = _WORDS.get(line.kind, ())
    for index, match in enumerate(_WORD.finditer(data, _value_at(line, data), line.end) if names else ()):
        name, word = f"{parent}.{names[min(index, len(names) - 1)]}", match.group()
        if name in ("sdp.connection_info.address", "sdp.media.port"):
            word = word.partition(b"/")[0]  # without time to live, number of addresses or of ports
        port = number(to_text(word), 5) if name == "sdp.media.port" else None
        value = to_text(word) if port is None else port
        children.append(Field(name, value, match.start(), match.start() + len(word)))
    return children


def _attribute(line: SdpLine, data: bytes, in_media: bool) -> Field:
    name = "sdp.media_attr" if in_media else "sdp.session_attr"
    prefix = "sdp.media_attribute" if in_media else "sdp.session_attr"
    at = _value_at(line, data)
    stop = at + len(data[at : line.end].rstrip(_BLANK))
    colon = data.find(b":", at, stop)
    key = data[at : colon if colon >= 0 else stop]
    secret = key.strip() == b"crypto"  # RFC 4568: the key is in the clear
    shown = "crypto:(hidden)" if secret else line.value
    children: list[Field] = []
    if colon >= 0:  # flags have no parts, as in Wireshark
        children.append(Field(f"{prefix}.field", to_text(key), at, colon))
    if colon >= 0 and not secret:
        value = data[colon + 1 : stop].lstrip(_BLANK)
        first = stop - len(value)
        words = value_fields(key.strip(), data, first, stop)
        children.append(Field(f"{prefix}.value", to_text(value), first, stop, "", words))
    return Field(name, shown, line.start, line.end, "", tuple(children))


def _parts(body: object) -> tuple[Part, ...]:
    """Return the MIKEY messages that a description carries."""
    # RFC 4567 3.1: a=key-mgmt:mikey and base64
    values = body.attr("key-mgmt") if isinstance(body, Sdp) else []
    pairs = (value.split() for value in values)
    octets = (_base64(words[1]) for words in pairs if len(words) == 2 and words[0].lower() == "mikey")
    return tuple(Part("mikey", message) for message in octets if message)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _notes(body: object) -> tuple[str, ...]:
    return body.notes if isinstance(body, Sdp) else ()


def _never(payload: Payload) -> bool:
    return False  # reached by its content type only


SDP = Dissector("sdp", _never, parse, _parts, notes=_notes)
