"""Diameter (RFC 6733) with the AVPs of Zn and Zh (TS 29.109), Cx, Sh and RFC 4740.

Other AVPs are read as code, flags, vendor and octets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from dissectors.base import Dissector, Part, Payload
from dissectors.cursor import Bits, Cursor, Layout, Malformed
from dissectors.diameter_avps import AVPS, XML
from dissectors.diameter_names import APPLICATIONS, COMMANDS, VENDORS

MAX_MESSAGE = 1 << 20  # octets of one message in a stream
MAX_AVPS = 4096  # of one message, those in groups included
MAX_DEPTH = 8  # groups within groups

PORT = 3868  # RFC 6733 2.1
HEADER, AVP_HEADER, VENDOR_HEADER = 20, 8, 12  # octets
UA_ID = 5  # octets
REQUEST, VENDOR_SPECIFIC, RESERVED = 0x80, 0x80, 0x0F
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
_FAMILIES = {1: "IPv4", 2: "IPv6", 8: "E.164"}
_BOOLEANS = {0: "not set", 1: "set"}
_FLAGS = tuple(
    Bits(f"diameter.flags.{name}", 0x80 >> bit, _BOOLEANS)
    for bit, name in enumerate(
        ("request", "proxyable", "error", "T", "reserved4", "reserved5", "reserved6", "reserved7")
    )
)
_AVP_FLAGS = tuple(
    Bits(f"diameter.{name}", 0x80 >> bit, _BOOLEANS)
    for bit, name in enumerate(
        (
            "flags.vendorspecific",
            "flags.mandatory",
            "avp.flags.protected",
            *(f"avp.flags.reserved{number}" for number in range(3, 8)),
        )
    )
)
_HEADER = Layout(
    ("diameter.version", 1), ("diameter.length", 3), ("diameter.flags", 1, _FLAGS), ("diameter.cmd.code", 3, COMMANDS),
    ("diameter.applicationId", 4, APPLICATIONS), ("diameter.hopbyhopid", 4), ("diameter.endtoendid", 4),
)  # fmt: skip
_AVP = Layout(("diameter.avp.code", 4), ("diameter.avp.flags", 1, _AVP_FLAGS), ("diameter.avp.len", 3))


@dataclass(frozen=True, slots=True)
class Avp:
    """One AVP; `vendor` is 0 where it has none, `children` are in a grouped one, its data begin at `start`."""

    code: int
    flags: int
    vendor: int
    data: bytes = field(repr=False)  # Zn carries keys
    children: tuple[Avp, ...] = ()
    start: int = -1


@dataclass(frozen=True, slots=True)
class Diameter:
    """One Diameter message."""

    version: int
    flags: int
    command: int
    application: int
    hop_by_hop: int
    end_to_end: int
    avps: tuple[Avp, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_request(self) -> bool:
        return bool(self.flags & REQUEST)

    def find(self, code: int) -> Avp | None:
        """Return the first AVP of a code, outside groups."""
        return next((avp for avp in self.avps if avp.code == code), None)

    def uint(self, code: int) -> int | None:
        """Return an AVP as a number; None where there is none of 4 or 8 octets."""
        avp = self.find(code)
        return int.from_bytes(avp.data, "big") if avp is not None and len(avp.data) in (4, 8) else None

    def text(self, code: int) -> str | None:
        """Return an AVP as text; what is not UTF-8 is kept visible as backslash escapes."""
        avp = self.find(code)
        return None if avp is None else avp.data.decode("utf-8", "backslashreplace")


@dataclass(slots=True)
class _Found:
    """What has been read of a message so far."""

    avps: list[Avp] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    count: int = 0


def is_header(data: bytes) -> bool:
    """Say whether octets, 5 at least, begin a message: version, length and flags fit."""
    size = int.from_bytes(data[1:4], "big")
    return data[0] == 1 and HEADER <= size <= MAX_MESSAGE and size % 4 == 0 and not data[4] & RESERVED


def matches(payload: Payload) -> bool:
    """Say whether a message of a stream is Diameter: by its port and version, else by a length that fits."""
    data = payload.data
    if payload.transport not in ("tcp", "sctp") or not data or data[0] != 1:
        return False
    if PORT in (payload.sport, payload.dport):
        return True
    return len(data) >= HEADER and is_header(data) and int.from_bytes(data[1:4], "big") == len(data)


def length(data: bytes, closed: bool) -> int | None:
    """Return the octets of the first message of a stream, as its header says."""
    if data and data[0] != 1:
        return 0
    if len(data) < HEADER:
        return len(data) if closed and data else None
    if not is_header(data):
        return 0
    size = int.from_bytes(data[1:4], "big")
    return size if size <= len(data) or not closed else len(data)


def parse(cursor: Cursor) -> Diameter:
    """Read one Diameter message; raises Malformed with the AVPs before the error."""
    first = cursor.pos
    version, size, flags, command, application, hop_by_hop, end_to_end = cursor.numbers(_HEADER)
    found = _Found()

    def message() -> Diameter:
        avps, notes = tuple(found.avps), tuple(found.notes)
        return Diameter(version, flags, command, application, hop_by_hop, end_to_end, avps, notes)

    if version != 1:
        raise Malformed("diameter.version", first, f"version {version}, expected 1")
    there = cursor.end - first
    if size < HEADER:
        raise Malformed("diameter.length", first + 1, f"{size} octets, less than the header has", message())
    cursor.end = min(cursor.end, first + size)
    try:
        _avps(cursor, found.avps, found, 0)
    except Malformed as wrong:
        wrong.partial = message()
        raise
    if size != there:
        raise Malformed("diameter.length", first + 1, f"{size} octets announced, {there} there", message())
    return message()


def _avps(cursor: Cursor, avps: list[Avp], found: _Found, depth: int) -> None:
    while cursor.pos < cursor.end:
        found.count += 1
        if found.count > MAX_AVPS:
            raise cursor.fail("diameter.avp", f"more than {MAX_AVPS} AVPs")
        with cursor.group("diameter.avp"):
            avps.append(_avp(cursor, found, depth))


def _avp(cursor: Cursor, found: _Found, depth: int) -> Avp:
    code, flags, size = cursor.numbers(_AVP)
    vendor, header = 0, AVP_HEADER
    if flags & VENDOR_SPECIFIC:
        vendor, header = cursor.u32("diameter.avp.vendorId", VENDORS), VENDOR_HEADER
    if not header <= size <= header + cursor.end - cursor.pos:
        reason = f"AVP {code} of {size} octets, {header + cursor.left} left"
        raise cursor.fail("diameter.avp.len", reason, cursor.pos - (header - 5))
    start = cursor.pos
    children: list[Avp] = []
    _data(cursor, code, vendor, size - header, found, children, depth)
    data = cursor.data[start : cursor.pos]
    if size & 3:
        padding = min(-size % 4, cursor.left)
        if padding:
            cursor.octets("diameter.avp.pad", padding)
        if padding < -size % 4:
            found.notes.append(f"padding of AVP {code} is missing")
    return Avp(code, flags, vendor, data, tuple(children), start)


def _data(
    cursor: Cursor, code: int, vendor: int, size: int, found: _Found, children: list[Avp], depth: int
) -> None:  # fmt: skip
    known = AVPS.get((vendor, code))
    if known is None:
        cursor.octets("diameter.avp.unknown", size)
        return
    name = f"diameter.{known.name}"
    if known.kind == "grouped" and depth < MAX_DEPTH:
        with cursor.window(name, size):
            _avps(cursor, children, found, depth + 1)
    elif known.kind == "text":
        cursor.string(name, size)
    elif known.kind == "address":
        with cursor.window(name, size):
            _address(cursor, name)
    elif known.kind == "naf_id":
        with cursor.group(name):
            # Wireshark goes on calling it as the first releases of TS 29.109 did
            cursor.octets("diameter.NAF-Hostname", size, _naf_id(cursor.data[cursor.pos : cursor.pos + size]))
    elif known.kind in ("octets", "grouped"):
        cursor.octets(name, size)
    elif size != known.size:
        found.notes.append(f"{known.name} of {size} octets, expected {known.size}")
        cursor.octets("diameter.avp.invalid-data", size)
    else:
        cursor.uint(name, known.size, _moment if known.kind == "time" else known.names)


def _moment(seconds: int) -> str:
    # RFC 6733 4.3.1: the first 4 octets of an NTP timestamp
    return (_NTP_EPOCH + timedelta(seconds=seconds)).isoformat()


def _address(cursor: Cursor, name: str) -> None:
    # RFC 6733 4.3.1: address family, then the address
    if cursor.left < 2:
        return
    family = cursor.u16(f"{name}.addr_family", _FAMILIES)
    start, end = cursor.pos, cursor.end
    octets = cursor.data[start:end]
    if (family, len(octets)) == (1, 4):
        cursor.note(f"{name}.IPv4", str(IPv4Address(octets)), start, end)
    elif (family, len(octets)) == (2, 16):
        cursor.note(f"{name}.IPv6", str(IPv6Address(octets)), start, end)
    else:
        cursor.note(f"{name}.Bytes", octets, start, end)
    cursor.pos = end


def _naf_id(data: bytes) -> str:
    # TS 33.220 4.5.2: FQDN, then the Ua security protocol identifier
    fqdn, ua_id = data[:-UA_ID], data[-UA_ID:]
    return f"{fqdn.decode('utf-8', 'backslashreplace')}, Ua id {ua_id.hex()}" if fqdn else ""


def notes(body: object) -> tuple[str, ...]:
    """Return the tolerated oddities of a message."""
    return body.notes if isinstance(body, Diameter) else ()


def parts(body: object) -> tuple[Part, ...]:
    """Return the documents that a message carries: the USS of Zn, the profiles of Cx and Sh."""
    avps = body.avps if isinstance(body, Diameter) else ()
    found = (avp for avp in avps if (avp.vendor, avp.code) in XML and avp.data.lstrip()[:1] == b"<")
    return tuple(Part("mbms-xml", avp.data, avp.start) for avp in found)


DIAMETER = Dissector("diameter", matches, parse, parts, length=length, notes=notes)
