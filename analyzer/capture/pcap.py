"""The pcap format (draft-ietf-opsawg-pcap): µs and ns, both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import ALIKE, MAX_ALIKE, Block, Ints, alike, heads, numbers, spread
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.source import Source

MAX_RECORD = 256 * 1024  # octets of one packet; a record that claims more is damage

# Magic as the file holds it: (byte order, ns for one tick of the fraction)
MAGICS: dict[bytes, tuple[str, int]] = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
FILE_HEADER = 24
RECORD_HEADER, CAPTURED = 16, 8  # octets, and the offset of the length in it
NS = 1_000_000_000


@dataclass(slots=True)
class Records:
    """The records of a pcap file, from wherever they are read on; `number` counts those that were read.

    `over` says that one was damaged so that nothing after it can be found.
    """

    order: str
    tick: int  # ns
    link_type: int
    number: int = 0
    over: bool = False

    @property
    def layout(self) -> Hashable:
        """What has to be known to read on in the midst of the file."""
        return self.order, self.tick, self.link_type

    def blocks(self, source: Source, capture: int, facts: CaptureFacts, only_packets: bool = False) -> Iterator[Block]:
        """Yield the records from where the source is; what is wrong goes to `facts`."""
        while not self.over:
            octets, begin = source.window(RECORD_HEADER)
            runs, end = _runs(octets, begin, self.order)
            if runs:
                block = self._block(octets, runs, end, capture, source.offset - begin)
                self.number += len(block)
                yield block
                source.pass_by(end - begin)
            elif not self._more(source, facts):
                return

    def begins(self, octets: memoryview) -> Ints:
        """Return the places at which a record may begin by the looks of its header."""
        words = numbers(octets, f"{self.order}u4")
        places = max(len(octets) - RECORD_HEADER + 1, 0)
        fraction, captured, length = (words[at : at + places] for at in (4, CAPTURED, 12))
        fits = (captured > 0) & (captured <= MAX_RECORD) & (captured <= length) & (fraction < NS // self.tick)
        return np.flatnonzero(fits)

    def ends(self, octets: memoryview, begin: int) -> int:
        """Return where the record ends that begins at a place."""
        return begin + RECORD_HEADER + int(struct.unpack_from(f"{self.order}I", octets, begin + CAPTURED)[0])

    def _block(self, octets: memoryview, runs: list[int], end: int, capture: int, place: int) -> Block:
        begins = np.array(runs, dtype=np.int64)
        sizes = heads(octets, begins, RECORD_HEADER).view(f"{self.order}u4")[:, CAPTURED // 4]
        begins = spread(begins, end, RECORD_HEADER + sizes.astype(np.int64))
        count = len(begins)
        fields = heads(octets, begins, RECORD_HEADER).view(f"{self.order}u4").astype(np.int64)
        captured = fields[:, 2]
        return Block(
            capture=capture,
            octets=np.frombuffer(octets, dtype=np.uint8),
            starts=begins + RECORD_HEADER,
            captured=captured,
            lengths=np.maximum(captured, fields[:, 3]),
            times=fields[:, 0] * NS + fields[:, 1] * self.tick,
            numbers=np.arange(self.number + 1, self.number + 1 + count),
            link_types=np.full(count, self.link_type),
            interfaces=np.zeros(count, dtype=np.int64),
            place=place,
        )

    def _more(self, source: Source, facts: CaptureFacts) -> bool:
        """Get the record that begins here whole into the window; False, and told in `facts`, where that cannot be."""
        start, number = source.offset, self.number + 1
        head = source.peek(RECORD_HEADER)
        if len(head) < RECORD_HEADER:
            if head:
                where = f"record {number} at offset {start}"
                cut(source, facts, f"{where}: its header is cut, {len(head)} of {RECORD_HEADER} octets are there")
            return False
        captured = struct.unpack_from(f"{self.order}I", head, CAPTURED)[0]
        if captured > MAX_RECORD:
            facts.problems.append(
                f"record {number} at offset {start}: claims {captured} octets, more than {MAX_RECORD}; "
                "nothing after it was read"
            )
            self.over = True
            return False
        octets, begin = source.window(RECORD_HEADER + captured)
        there = len(octets) - begin - RECORD_HEADER
        if there < captured:
            where = f"record {number} at offset {start}"
            cut(source, facts, f"{where}: the packet is cut, {there} of {captured} octets are there")
            return False
        return True


def begun(source: Source, facts: CaptureFacts) -> Records | None:
    """Read the header of a pcap file whose magic has been recognised; None, and told in `facts`, where it is cut."""
    order, tick = MAGICS[source.peek(4)]
    link_type = header(source, order, facts)
    return None if link_type is None else Records(order, tick, link_type)


def header(source: Source, order: str, facts: CaptureFacts) -> int | None:
    """Take the header of a file and return its link type; None, and told in `facts`, where it is cut."""
    facts.format = "pcap"
    octets = source.take(FILE_HEADER)
    if len(octets) < FILE_HEADER:
        cut(source, facts, f"file header: {len(octets)} of {FILE_HEADER} octets are there")
        return None
    # The upper 16 bits tell of a frame check sequence, not of the link type.
    link_type: int = struct.unpack(order + "I", octets[20:24])[0] & 0xFFFF
    facts.link_types.append(linktypes.name(link_type))
    return link_type


def cut(source: Source, facts: CaptureFacts, what: str) -> None:
    """Say that the capture ends within something, unless there is more of it than was read."""
    if not source.left:
        facts.cut(what)


def _runs(octets: memoryview, begin: int, order: str) -> tuple[list[int], int]:
    """Follow the records from `begin` while they are whole: where runs of one length begin, and the last ends.

    A record may be a run by itself; media packets are often of one length, so many of them are looked at at once.
    """
    captured_at, lengths = struct.Struct(f"{order}I").unpack_from, numbers(octets, "V4")
    runs: list[int] = []
    add, total, last = runs.append, len(octets), len(octets) - RECORD_HEADER
    before, row, usual, most = -1, 0, -1, MAX_ALIKE
    while begin <= last:
        captured = captured_at(octets, begin + CAPTURED)[0]
        end = begin + RECORD_HEADER + captured
        if end > total or captured > MAX_RECORD:
            break
        add(begin)
        if captured == usual:
            at, size = begin + CAPTURED, end - begin
            whole = min(most, (total - begin) // size)
            count = alike(lengths[at : at + whole * size : size])
            end = begin + count * size
            most = min(2 * count, MAX_ALIKE)
            usual = captured if count >= ALIKE else -1  # of few in a row nothing is gained
        else:
            row = row + 1 if captured == before else 1
            before, usual = captured, captured if row == ALIKE else usual
        begin = end
    return runs, begin
