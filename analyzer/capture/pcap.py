"""The pcap format (draft-ietf-opsawg-pcap): µs and ns, both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import ALIKE, MAX_ALIKE, Block, alike, heads, numbers, spread
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


def read_pcap(source: Source, capture: int, facts: CaptureFacts) -> Iterator[Block]:
    """Yield the records of a pcap file whose magic has been recognised; what is wrong goes to `facts`."""
    facts.format = "pcap"
    header = source.take(FILE_HEADER)
    if len(header) < FILE_HEADER:
        if not source.left:
            facts.cut(f"file header: {len(header)} of {FILE_HEADER} octets are there")
        return
    order, tick = MAGICS[header[:4]]
    # The upper 16 bits tell of a frame check sequence, not of the link type.
    link_type = struct.unpack(order + "I", header[20:24])[0] & 0xFFFF
    facts.link_types.append(linktypes.name(link_type))
    number = 0
    while True:
        octets, begin = source.window(RECORD_HEADER)
        runs, end = _runs(octets, begin, order)
        if runs:
            place = source.offset - begin
            block = _block(octets, runs, end, order, tick, capture, number, link_type, place)
            yield block
            number += len(block)
            source.pass_by(end - begin)
        elif not _more(source, order, number + 1, facts):
            return


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


def _block(
    octets: memoryview, runs: list[int], end: int, order: str, tick: int, capture: int, number: int, link_type: int,
    place: int,
) -> Block:  # fmt: skip
    begins = np.array(runs, dtype=np.int64)
    sizes = heads(octets, begins, RECORD_HEADER).view(f"{order}u4")[:, CAPTURED // 4]
    begins = spread(begins, end, RECORD_HEADER + sizes.astype(np.int64))
    count = len(begins)
    fields = heads(octets, begins, RECORD_HEADER).view(f"{order}u4").astype(np.int64)
    captured = fields[:, 2]
    return Block(
        capture=capture,
        octets=np.frombuffer(octets, dtype=np.uint8),
        starts=begins + RECORD_HEADER,
        captured=captured,
        lengths=np.maximum(captured, fields[:, 3]),
        times=fields[:, 0] * NS + fields[:, 1] * tick,
        numbers=np.arange(number + 1, number + 1 + count),
        link_types=np.full(count, link_type),
        interfaces=np.zeros(count, dtype=np.int64),
        place=place,
    )


def _more(source: Source, order: str, number: int, facts: CaptureFacts) -> bool:
    """Get the record that begins here whole into the window; False, and told in `facts`, where that cannot be."""
    start = source.offset
    head = source.peek(RECORD_HEADER)
    if len(head) < RECORD_HEADER:
        if head and not source.left:
            facts.cut(
                f"record {number} at offset {start}: its header is cut, {len(head)} of {RECORD_HEADER} octets are there"
            )
        return False
    captured = struct.unpack_from(f"{order}I", head, 8)[0]
    if captured > MAX_RECORD:
        facts.problems.append(
            f"record {number} at offset {start}: claims {captured} octets, more than {MAX_RECORD}; "
            "nothing after it was read"
        )
        return False
    octets, begin = source.window(RECORD_HEADER + captured)
    there = len(octets) - begin - RECORD_HEADER
    if there < captured:
        if not source.left:
            facts.cut(f"record {number} at offset {start}: the packet is cut, {there} of {captured} octets are there")
        return False
    return True
