"""Bytes in, messages out: no I/O, no keys, no clock."""

from __future__ import annotations

from contextlib import suppress

from dissectors.base import ANYWHERE, Dissector, Leg, Message, Part, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder
from dissectors.dcf import DCF
from dissectors.diameter import DIAMETER
from dissectors.fdt import FDT
from dissectors.flute import FLUTE
from dissectors.http import HTTP
from dissectors.mbms_xml import MBMS_XML
from dissectors.mikey import MIKEY
from dissectors.mikey_keydata import KEYDATA
from dissectors.rtcp import RTCP
from dissectors.rtp import RTP
from dissectors.sdp import SDP
from dissectors.sip import SIP
from dissectors.tls import DTLS, TLS

# In order of trial: one line each. Inner protocols (reached by name only) never match a payload.
DISSECTORS: tuple[Dissector, ...] = (
    SIP,
    HTTP,
    DIAMETER,
    TLS,
    DTLS,
    FLUTE,
    MIKEY,
    SDP,
    MBMS_XML,
    KEYDATA,
    DCF,
    FDT,
    RTP,
    RTCP,
)

MAX_DEPTH = 8  # nesting of messages within messages that is followed


def by_name(protocol: str) -> Dissector | None:
    """Return the dissector of a protocol, None when there is none."""
    for dissector in DISSECTORS:
        if dissector.protocol == protocol:
            return dissector
    return None


def dissect(payload: Payload, protocol: str = "") -> Message | None:
    """Read a payload with the first dissector that claims it, or with the one named; None when none does.

    Never raises, whatever the octets.
    """
    if protocol:
        named = by_name(protocol)
        return None if named is None else _read(named, payload, -1, 0)
    for dissector in DISSECTORS:
        if _claims(dissector, payload):
            return _read(dissector, payload, -1, 0)
    return None


def tree(message: Message) -> tuple[Field, ...]:
    """Return the fields of a message with their octet spans; every octet belongs to one.

    What could not be read is one last field `<protocol>.unread`.
    """
    dissector = by_name(message.protocol)
    data = message.payload.data
    recorder = Recorder(data)
    if dissector is not None:
        with suppress(Exception):  # the message carries the error already
            dissector.parse(recorder)
    end = max((f.end for f in recorder.fields), default=0)
    if end < len(data):
        recorder.note(f"{message.protocol}.unread", data[end:], end, len(data))
    return tuple(recorder.fields)


def told(payload: Payload) -> str | None:
    """Return the protocol that dissect() would read a payload as, None when it would not."""
    return next((dissector.protocol for dissector in DISSECTORS if _claims(dissector, payload)), None)


def _claims(dissector: Dissector, payload: Payload) -> bool:
    try:
        return dissector.matches(payload)
    except Exception:  # noqa: BLE001  # a guess that stumbles is a no
        return False


def _read(dissector: Dissector, payload: Payload, offset: int, depth: int) -> Message:
    error: Malformed | None = None
    body: object | None = None
    inner: list[Message] = []
    notes: tuple[str, ...] = ()
    try:
        try:
            body = dissector.parse(Cursor(payload.data))
        except Malformed as malformed:
            error, body = malformed, malformed.partial
        if body is not None:
            notes = dissector.notes(body)
            for part in dissector.parts(body):
                reader = by_name(part.protocol)
                if reader is not None and depth < MAX_DEPTH:
                    inner.append(_read(reader, payload.part(part.data), part.start, depth + 1))
    except Exception as bug:  # noqa: BLE001  # no input ever raises out of dissect()
        error = Malformed(dissector.protocol, 0, f"dissector failed: {type(bug).__name__}: {bug}")
    return Message(dissector.protocol, payload, body, error, notes, tuple(inner), offset)


__all__ = [
    "ANYWHERE",
    "DISSECTORS",
    "Cursor",
    "Dissector",
    "Field",
    "Leg",
    "Malformed",
    "Message",
    "Part",
    "Payload",
    "Recorder",
    "by_name",
    "dissect",
    "told",
    "tree",
]
