"""The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces and the three kinds of packet block."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.capture import linktypes
from analyzer.capture.frame import CaptureFacts, Frame
from analyzer.capture.pcap import MAX_RECORD
from analyzer.capture.source import Source

MAX_BLOCK = 16 * 1024 * 1024  # octets of a block that is read; longer ones are damage
MAX_INTERFACES = 65_536  # of one section
MAX_PROBLEMS = 100  # that are told; the rest of a file that is all damage says no more

SECTION = 0x0A0D0D0A
INTERFACE = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6
# Wireshark gives these a frame number too: systemd journal, custom, and sysdig's events.
NUMBERED = frozenset({9, 0x0BAD, 0x40000BAD, 0x204, 0x208, 0x216, 0x217})

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}

OPTION_TSRESOL = 9
OPTION_TSOFFSET = 14
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Interface:
    """What an Interface Description Block says: `ticks` a second, `offset` in ns, `snaplen` 0 for no limit."""

    link_type: int
    snaplen: int
    ticks: int = 1_000_000
    offset: int = 0

    def time(self, high: int, low: int) -> int:
        return ((high << 32) | low) * NS // self.ticks + self.offset


class _DamageError(Exception):
    """A packet block that contradicts itself; the blocks after it can still be read."""


def read_pcapng(source: Source, capture: int, facts: CaptureFacts) -> Iterator[Frame]:
    """Yield the frames of a pcapng file whose magic has been recognised; what is wrong goes to `facts`."""
    facts.format = "pcapng"
    order = ""
    interfaces: list[Interface] = []
    number = 0
    last_time = 0
    while True:
        start = source.offset
        head = source.take(8)
        if not head:
            return
        if head[:4] == SECTION_MAGIC:
            order = BYTE_ORDERS.get(source.peek(4), "")
            if len(head) < 8 or len(source.peek(4)) < 4:
                _cut(facts, f"section header block at offset {start} is cut")
                return
            if not order:
                facts.problems.append(
                    f"section header at offset {start}: no byte order magic; nothing after it was read"
                )
                return
            interfaces = []
        elif len(head) < 8:
            _cut(facts, f"block at offset {start} is cut, {len(head)} of 8 octets of its header are there")
            return
        kind, total = struct.unpack(order + "II", head)
        if total < 12 or total % 4 or total > MAX_BLOCK:
            facts.problems.append(
                f"block at offset {start} after packet {number}: a length of {total} cannot be; "
                "nothing after it was read"
            )
            return
        body = source.take(total - 12)
        tail = source.take(4)
        if len(tail) < 4:
            _cut(
                facts, f"block at offset {start} after packet {number} is cut: a length of {total}, too few octets left"
            )
            return
        if struct.unpack(order + "I", tail)[0] != total:
            _tell(facts, f"block at offset {start}: its two lengths differ")
        if kind == INTERFACE:
            interface = _interface(order, body)
            if interface is None or len(interfaces) >= MAX_INTERFACES:
                _tell(facts, f"interface description at offset {start} cannot be used")
                continue
            interfaces.append(interface)
            name = linktypes.name(interface.link_type)
            if name not in facts.link_types:
                facts.link_types.append(name)
        elif kind in PACKETS:
            number += 1
            try:
                frame = PACKETS[kind](order, body, interfaces, last_time)
            except _DamageError as damage:
                _tell(facts, f"packet {number} at offset {start}: {damage}")
                continue
            index, time, data, length = frame
            last_time = time
            yield Frame(capture, number, time, interfaces[index].link_type, data, max(length, len(data)), index)
        elif kind in NUMBERED:
            number += 1


Packet = tuple[int, int, bytes, int]  # interface, time, data, length on the wire


def _enhanced(order: str, body: bytes, interfaces: list[Interface], last_time: int) -> Packet:
    if len(body) < 20:
        raise _DamageError("its block is too short")
    index, high, low, captured, length = struct.unpack(order + "IIIII", body[:20])
    return index, _known(interfaces, index).time(high, low), _data(body, 20, captured), length


def _obsolete(order: str, body: bytes, interfaces: list[Interface], last_time: int) -> Packet:
    if len(body) < 20:
        raise _DamageError("its block is too short")
    index, _drops, high, low, captured, length = struct.unpack(order + "HHIIII", body[:20])
    return index, _known(interfaces, index).time(high, low), _data(body, 20, captured), length


def _simple(order: str, body: bytes, interfaces: list[Interface], last_time: int) -> Packet:
    """A Simple Packet Block has no time: it stands beside the packet before it."""
    if len(body) < 4:
        raise _DamageError("its block is too short")
    length = struct.unpack(order + "I", body[:4])[0]
    snaplen = _known(interfaces, 0).snaplen or length
    return 0, last_time, _data(body, 4, min(length, snaplen)), length


PACKETS = {ENHANCED_PACKET: _enhanced, OBSOLETE_PACKET: _obsolete, SIMPLE_PACKET: _simple}


def _known(interfaces: list[Interface], index: int) -> Interface:
    if index >= len(interfaces):
        raise _DamageError(f"interface {index} was not described")
    return interfaces[index]


def _data(body: bytes, start: int, captured: int) -> bytes:
    if captured > MAX_RECORD:
        raise _DamageError(f"claims {captured} octets, more than {MAX_RECORD}")
    if start + captured > len(body):
        raise _DamageError(f"claims {captured} octets, its block holds {len(body) - start}")
    return body[start : start + captured]


def _interface(order: str, body: bytes) -> Interface | None:
    if len(body) < 8:
        return None
    link_type, _reserved, snaplen = struct.unpack(order + "HHI", body[:8])
    ticks, offset = 1_000_000, 0
    pos = 8
    while pos + 4 <= len(body):
        code, size = struct.unpack(order + "HH", body[pos : pos + 4])
        value = body[pos + 4 : pos + 4 + size]
        if code == 0:
            break
        if code == OPTION_TSRESOL and len(value) == 1:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == OPTION_TSOFFSET and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0] * NS
        pos += 4 + size + -size % 4
    return Interface(link_type, snaplen, ticks, offset)


def _cut(facts: CaptureFacts, what: str) -> None:
    facts.truncated = True
    facts.problems.append(what)


def _tell(facts: CaptureFacts, what: str) -> None:
    if len(facts.problems) < MAX_PROBLEMS:
        facts.problems.append(what)
