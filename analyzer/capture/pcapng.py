"""The pcapng format (draft-ietf-opsawg-pcapng): sections, interfaces and the three kinds of packet block."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

import numpy as np

from analyzer.capture import linktypes, remarks
from analyzer.capture.block import ALIKE, MAX_ALIKE, Block, Ints, alike, heads, numbers, spread
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.pcap import MAX_RECORD, cut
from analyzer.capture.source import Source

MAX_BLOCK = 16 * 1024 * 1024  # octets of a block that is read; longer ones are damage
MAX_INTERFACES = 65_536  # of one section
MAX_PROBLEMS = 100  # that are told; the rest of a file that is all damage says no more

SECTION = 0x0A0D0D0A
INTERFACE = 1
OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
NAMES = 4
STATISTICS = 5
ENHANCED_PACKET = 6
SECRETS = 10
ENHANCED_HEADER, CAPTURED, TAIL = 28, 20, 4  # octets before the packet, offset of its length, octets at the end
BLOCK_HEADER = 8
PACKET_HEADERS = {ENHANCED_PACKET: 20, OBSOLETE_PACKET: 20, SIMPLE_PACKET: 4}  # octets of the body before the packet
# Wireshark gives these a frame number too: systemd journal, custom, and sysdig's events.
NUMBERED = frozenset({9, 0x0BAD, 0x40000BAD, 0x204, 0x208, 0x216, 0x217})

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
BYTE_ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}

OPTION_TSRESOL = 9
OPTION_TSOFFSET = 14
NS = 1_000_000_000
MAX_TIME = 2**63 - 1  # ns that 64 bits hold, up to the year 2262; a time past it is damage
MAX_HIGH = MAX_TIME // 2 // NS  # seconds that can be reckoned with in 64 bits


@dataclass(frozen=True, slots=True)
class Interface:
    """What an Interface Description Block says: `ticks` a second, `offset` in ns, `snaplen` 0 for no limit."""

    link_type: int
    snaplen: int
    ticks: int = 1_000_000
    offset: int = 0

    def time(self, high: int, low: int) -> int:
        time = ((high << 32) | low) * NS // self.ticks + self.offset
        return max(-MAX_TIME, min(time, MAX_TIME))

    def times(self, high: Ints, low: Ints) -> Ints:
        """Return the times of many packets; exact as `time` is, by way of it where 64 bits are too few."""
        units = (high << 32) | low
        if self.ticks > NS or abs(self.offset) > MAX_TIME // 2 or int(high.max()) > MAX_HIGH * self.ticks >> 32:
            return np.array([self.time(int(one), int(other)) for one, other in zip(high, low, strict=True)])
        return units // self.ticks * NS + units % self.ticks * NS // self.ticks + self.offset


class _DamageError(Exception):
    """A packet block that contradicts itself; the blocks after it can still be read."""


@dataclass(slots=True)
class Sections:
    """The blocks of a pcapng file, from wherever they are read on; `number` counts the packets that were read.

    `order` and `interfaces` are of the section at hand. `over` says that a block was damaged so that nothing after it
    can be found.
    """

    order: str = ""
    interfaces: list[Interface] = field(default_factory=list)
    number: int = 0
    last_time: int = 0
    over: bool = False

    @property
    def layout(self) -> Hashable:
        """What has to be known to read on in the midst of the file."""
        return self.order, tuple(self.interfaces)

    def blocks(self, source: Source, capture: int, facts: CaptureFacts, only_packets: bool = False) -> Iterator[Block]:
        """Yield the packets from where the source is; what is wrong goes to `facts`.

        Packet blocks that are in order are taken many at once, all others one by one; with `only_packets` the first
        of these others ends it.
        """
        while not self.over:
            octets, begin = source.window(ENHANCED_HEADER)
            runs, end = _runs(octets, begin, self.order) if self.interfaces else ([], begin)
            found = self._enhanced(octets, runs, end, capture, facts, source.offset - begin) if runs else None
            if found is not None:
                block, end = found
                self.number += len(block)
                self.last_time = int(block.times[-1])
                yield block
                source.pass_by(end - begin)
            elif only_packets:
                return
            else:
                start = source.offset
                taken = self._take(source, facts)
                if taken is None:
                    return
                kind, body = taken
                yield from self._one(kind, body, start, capture, facts)

    def begins(self, octets: memoryview) -> Ints:
        """Return the places at which a packet block may begin by the looks of its header."""
        words = numbers(octets, f"{self.order}u4")
        places = max(len(octets) - ENHANCED_HEADER + 1, 0)
        kind, total, index, captured = (words[at : at + places] for at in (0, 4, 8, CAPTURED))
        fits = (kind == ENHANCED_PACKET) & (total % 4 == 0) & (total <= MAX_BLOCK) & (index < len(self.interfaces))
        fits &= (captured <= MAX_RECORD) & (captured + (ENHANCED_HEADER + TAIL) <= total)
        return np.flatnonzero(fits)

    def ends(self, octets: memoryview, begin: int) -> int:
        """Return where the block ends that begins at a place."""
        return begin + int(struct.unpack_from(f"{self.order}I", octets, begin + 4)[0])

    def _take(self, source: Source, facts: CaptureFacts) -> tuple[int, bytes] | None:
        """Take a block, of whatever kind: return its kind and body, None at the end, and where that is damage."""
        start = source.offset
        head = source.peek(BLOCK_HEADER)
        if not head:
            return None
        if head[:4] == SECTION_MAGIC:
            magic = source.peek(BLOCK_HEADER + 4)[BLOCK_HEADER:]
            order = BYTE_ORDERS.get(magic, "")
            if len(magic) < 4:
                cut(source, facts, f"section header block at offset {start} is cut")
                return None
            if not order:
                self._stop(facts, f"section header at offset {start}: no byte order magic")
                return None
            self.order, self.interfaces = order, []
        elif len(head) < BLOCK_HEADER:
            cut(source, facts, f"block at offset {start} is cut, {len(head)} of 8 octets of its header are there")
            return None
        kind, total = struct.unpack(self.order + "II", head)
        if total < 12 or total % 4 or total > MAX_BLOCK:
            self._stop(facts, f"block at offset {start} after packet {self.number}: a length of {total} cannot be")
            return None
        whole = source.peek(total)
        if len(whole) < total:
            where = f"block at offset {start} after packet {self.number}"
            cut(source, facts, f"{where} is cut: a length of {total}, too few octets left")
            return None
        source.pass_by(total)
        if struct.unpack(self.order + "I", whole[-TAIL:])[0] != total:
            _tell(facts, f"block at offset {start}: its two lengths differ")
        return kind, whole[BLOCK_HEADER:-TAIL]

    def _stop(self, facts: CaptureFacts, what: str) -> None:
        facts.problems.append(f"{what}; nothing after it was read")
        self.over = True

    def _one(self, kind: int, body: bytes, start: int, capture: int, facts: CaptureFacts) -> Iterator[Block]:
        """Yield the packet of a block, if it has one, or take what it says."""
        order, interfaces = self.order, self.interfaces
        if kind == SECTION:
            remarks.of_section(facts, order, body)
        elif kind == INTERFACE:
            interface = _interface(order, body)
            if interface is None or len(interfaces) >= MAX_INTERFACES:
                _tell(facts, f"interface description at offset {start} cannot be used")
                return
            interfaces.append(interface)
            remarks.of_interface(facts, order, body, interface.link_type)
            name = linktypes.name(interface.link_type)
            if name not in facts.link_types:
                facts.link_types.append(name)
        elif kind in PACKETS:
            self.number += 1
            try:
                frame = PACKETS[kind](order, body, interfaces, self.last_time)
            except _DamageError as damage:
                _tell(facts, f"packet {self.number} at offset {start}: {damage}")
                return
            index, self.last_time = frame[:2]
            if kind != SIMPLE_PACKET:
                remarks.of_packet(facts, self.number, index, order, body, len(frame[2]))
            place = start + BLOCK_HEADER + PACKET_HEADERS[kind]
            yield single(capture, self.number, interfaces[index].link_type, frame, place)
        elif kind in ASIDE:
            ASIDE[kind](facts, order, body)
        elif kind in NUMBERED:
            self.number += 1

    def _enhanced(
        self, octets: memoryview, runs: list[int], end: int, capture: int, facts: CaptureFacts, place: int
    ) -> tuple[Block, int] | None:
        """Return the packets of runs, up to the first of an interface that was not described, and where they end."""
        order, interfaces = self.order, self.interfaces
        begins = np.array(runs, dtype=np.int64)
        begins = spread(begins, end, heads(octets, begins, 8).view(f"{order}u4")[:, 1].astype(np.int64))
        fields = heads(octets, begins, ENHANCED_HEADER).view(f"{order}u4").astype(np.int64)
        strange = np.flatnonzero(fields[:, 2] >= len(interfaces))
        if len(strange):
            end = int(begins[strange[0]])
            begins, fields = begins[: strange[0]], fields[: strange[0]]
        if not len(begins):
            return None
        which = fields[:, 2]
        times = np.empty(len(begins), dtype=np.int64)
        link_types = np.empty(len(begins), dtype=np.int64)
        for index in sorted(set(which.tolist())):  # np.unique is slow to load
            own = which == index
            times[own] = interfaces[index].times(fields[own, 3], fields[own, 4])
            link_types[own] = interfaces[index].link_type
        captured = fields[:, 5]
        remarks.of_packets(facts, octets, begins, self.number, order, fields)
        block = Block(
            capture=capture,
            octets=np.frombuffer(octets, dtype=np.uint8),
            starts=begins + ENHANCED_HEADER,
            captured=captured,
            lengths=np.maximum(captured, fields[:, 6]),
            times=times,
            numbers=np.arange(self.number + 1, self.number + 1 + len(begins)),
            link_types=link_types,
            interfaces=which,
            place=place,
        )
        return block, end


def begun(source: Source, facts: CaptureFacts) -> Sections:
    """Begin with a pcapng file whose magic has been recognised."""
    facts.format = "pcapng"
    return Sections()


Packet = tuple[int, int, bytes, int]  # interface, time, data, length on the wire


def single(capture: int, number: int, link_type: int, packet: Packet, place: int) -> Block:
    """Return a block of one packet, whose octets begin at a place of the file."""
    index, time, data, length = packet
    columns = (0, len(data), max(length, len(data)), time, number, link_type, index)
    return Block(capture, np.frombuffer(data, dtype=np.uint8), *(np.array([value]) for value in columns), place=place)


def _runs(octets: memoryview, begin: int, order: str) -> tuple[list[int], int]:
    """Follow the blocks from `begin` while they are packets in order: where runs of one length begin, the last ends.

    A block may be a run by itself; those of media are often alike, so many of them are looked at at once.
    """
    head_at = struct.Struct(f"{order}II12xI").unpack_from
    tail_at = struct.Struct(f"{order}I").unpack_from
    kinds, lengths = numbers(octets, "V8"), numbers(octets, "V4")
    runs: list[int] = []
    add, last = runs.append, len(octets) - ENHANCED_HEADER
    before, row, usual, most = (-1, -1), 0, (-1, -1), MAX_ALIKE
    while begin <= last:
        kind, total, captured = head_at(octets, begin)
        end = begin + total
        if kind != ENHANCED_PACKET or total % 4 or total < ENHANCED_HEADER + TAIL + captured or end > len(octets):
            break
        if captured > MAX_RECORD or total > MAX_BLOCK or tail_at(octets, end - TAIL)[0] != total:
            break
        add(begin)
        size = total, captured
        if size == usual:
            stop = begin + min(most, (len(octets) - begin) // total) * total
            count = min(
                alike(kinds[begin:stop:total]),
                alike(lengths[begin + CAPTURED : stop : total]),
                alike(lengths[end - TAIL : stop : total]),
            )
            end = begin + count * total
            most = min(2 * count, MAX_ALIKE)
            usual = size if count >= ALIKE else (-1, -1)  # of few in a row nothing is gained
        else:
            row = row + 1 if size == before else 1
            before, usual = size, size if row == ALIKE else usual
        begin = end
    return runs, begin


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
ASIDE = {NAMES: remarks.of_names, STATISTICS: remarks.of_statistics, SECRETS: remarks.of_secrets}


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
    for code, value in remarks.options(order, body, remarks.INTERFACE_OPTIONS):
        if code == OPTION_TSRESOL and len(value) == 1:
            ticks = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
        elif code == OPTION_TSOFFSET and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0] * NS
    return Interface(link_type, snaplen, ticks, offset)


def _tell(facts: CaptureFacts, what: str) -> None:
    if len(facts.problems) < MAX_PROBLEMS:
        facts.problems.append(what)
