"""What a pcapng file says beside its packets: comments, interfaces and what they lost, names, secrets to decrypt with.

It goes to the facts of the capture, within limits. Of secrets only their kind is kept, never an octet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import Ints, heads
from analyzer.capture.frame import CaptureFacts, InterfaceFacts

MAX_OPTIONS = 256  # of one block
MAX_RECORDS = 65_536  # of one block of names
MAX_COMMENT = 16 * 1024  # octets of one comment that are kept
MAX_COMMENT_OCTETS = 8 * 1024 * 1024  # of all comments of a capture together
AROUND = 100  # octets that a comment takes beside its own, however short it is
MAX_NAMES = 10_000  # of addresses
MAX_INTERFACES = 1_000  # that are told

SECTION_OPTIONS, INTERFACE_OPTIONS, STATISTICS_OPTIONS, PACKET_OPTIONS = 16, 8, 12, 20  # where they begin in a body
END, COMMENT, NAME, DESCRIPTION = 0, 1, 2, 3
FLAGS, PACKET_DROPS = 2, 4  # of a packet
DROPS = (5, 7)  # by the interface, by the system
UNKNOWN_COUNT = 2**64 - 1
NAME_SIZES = {1: 4, 2: 16}
SECRETS = {
    0x544C534B: "TLS key log",
    0x57474B4C: "WireGuard key log",
    0x5A4E574B: "ZigBee keys",
    0x5353484B: "SSH keys",
}


def options(order: str, body: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield code and value of each option of a block; what is cut ends them."""
    return _entries(order, body, at, MAX_OPTIONS)


def _entries(order: str, body: bytes, at: int, most: int) -> Iterator[tuple[int, bytes]]:
    """Yield kind and value of entries of which each begins with its kind and length, up to their end mark."""
    for _ in range(most):
        if at + 4 > len(body):
            return
        kind, size = struct.unpack_from(order + "HH", body, at)
        if kind == END or at + 4 + size > len(body):
            return
        yield kind, body[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4


def of_section(facts: CaptureFacts, order: str, body: bytes) -> None:
    """Take the comments of a section, whose interfaces are counted anew."""
    facts.first_interface = len(facts.interfaces)
    for code, value in options(order, body, SECTION_OPTIONS):
        if code == COMMENT and (text := _text(facts, value)):
            facts.comments.append(text)


def of_interface(facts: CaptureFacts, order: str, body: bytes, link_type: int) -> None:
    """Take name, description and comments of an interface."""
    found = {NAME: "", DESCRIPTION: ""}
    for code, value in options(order, body, INTERFACE_OPTIONS):
        if code in found:
            found[code] = _shown(value)
        elif code == COMMENT and (text := _text(facts, value)):
            facts.comments.append(text)
    if len(facts.interfaces) < MAX_INTERFACES:
        facts.interfaces.append(InterfaceFacts(linktypes.name(link_type), found[NAME], found[DESCRIPTION]))


def of_statistics(facts: CaptureFacts, order: str, body: bytes) -> None:
    """Take what an interface lost, as counted when this was written: the last count is that of all."""
    if len(body) < STATISTICS_OPTIONS:
        return
    interface = _interface(facts, struct.unpack_from(order + "I", body)[0])
    counts = {
        code: struct.unpack(order + "Q", value)[0]
        for code, value in options(order, body, STATISTICS_OPTIONS)
        if code in DROPS and len(value) == 8
    }
    if interface is not None and counts:
        interface.dropped = sum(count for count in counts.values() if count != UNKNOWN_COUNT)


def of_names(facts: CaptureFacts, order: str, body: bytes) -> None:
    """Take the names of addresses."""
    for kind, value in _entries(order, body, 0, MAX_RECORDS):
        size = NAME_SIZES.get(kind, len(value) + 1)
        names = [_shown(name) for name in value[size:].split(b"\0") if name]
        if len(value) > size and names and len(facts.names) < MAX_NAMES:
            facts.names[str(ip_address(value[:size]))] = ", ".join(names)


def of_secrets(facts: CaptureFacts, order: str, body: bytes) -> None:
    """Take note that there are secrets to decrypt with, and of their kind; tshark reads them from the file itself."""
    if len(body) >= 8:
        kind = struct.unpack_from(order + "I", body)[0]
        name = SECRETS.get(kind, f"secrets of kind 0x{kind:08x}")
        facts.secrets[name] = facts.secrets.get(name, 0) + 1


def of_packet(facts: CaptureFacts, number: int, index: int, order: str, body: bytes, captured: int) -> None:
    """Take the comments of a packet, and how many were lost before it."""
    if len(body) - PACKET_OPTIONS <= captured:
        return
    told = []
    for code, value in options(order, body, PACKET_OPTIONS + captured + -captured % 4):
        if code == COMMENT and (text := _text(facts, value)):
            told.append(text)
        elif code == PACKET_DROPS and len(value) == 8:
            _missed(facts, index, struct.unpack(order + "Q", value)[0])
    if told:
        facts.frame_comments[number] = "\n".join(told)


def _missed(facts: CaptureFacts, index: int, count: int) -> None:
    interface = _interface(facts, index)
    if interface is not None and count != UNKNOWN_COUNT:
        interface.missed += count


def of_packets(facts: CaptureFacts, octets: memoryview, begins: Ints, number: int, order: str, fields: Ints) -> None:
    """Take what is said of many packets; `fields` are the 32-bit numbers that their blocks begin with.

    Most captures have nothing but flags there, which are passed over without a look at each.
    """
    sizes, captured = fields[:, 1], fields[:, 5]
    ends = begins + 8 + PACKET_OPTIONS + captured + -captured % 4
    rest = begins + sizes - 4 - ends
    rows = np.flatnonzero(rest >= 4)
    if not len(rows):
        return
    first = heads(octets, ends[rows], 4).view(f"{order}u2")
    only_flags = (first[:, 0] == FLAGS) & (first[:, 1] == 4) & (rest[rows] <= 12)
    for row in rows[~only_flags & (first[:, 0] != END)]:
        body = bytes(octets[int(begins[row]) + 8 : int(begins[row] + sizes[row]) - 4])
        of_packet(facts, number + 1 + int(row), int(fields[row, 2]), order, body, int(captured[row]))


def _interface(facts: CaptureFacts, index: int) -> InterfaceFacts | None:
    place = facts.first_interface + index
    return facts.interfaces[place] if place < len(facts.interfaces) else None


def _text(facts: CaptureFacts, value: bytes) -> str:
    """Return a comment, or nothing where the capture has too many of them."""
    facts.comment_octets += len(value) + AROUND
    return _shown(value[:MAX_COMMENT]) if facts.comment_octets <= MAX_COMMENT_OCTETS else ""


def _shown(value: bytes) -> str:
    return value.rstrip(b"\0").decode("utf-8", "replace").strip()
