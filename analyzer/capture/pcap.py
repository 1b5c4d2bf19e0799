"""The pcap format (draft-ietf-opsawg-pcap): µs and ns, both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import Block, alike, heads
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
RECORD_HEADER = 16
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
        starts, end = _whole_records(octets, begin, order)
        if starts:
            yield _block(octets, starts, end, order, tick, capture, number, link_type)
            number += len(starts)
            source.pass_by(end - begin)
        elif not _more(source, order, number + 1, facts):
            return


def _whole_records(octets: memoryview, begin: int, order: str) -> tuple[list[int], int]:
    """Follow the records from `begin`: where each that is whole starts, and where the last of them ends."""
    captured_at = struct.Struct(f"{order}I").unpack_from
    starts: list[int] = []
    add, total, last, before = starts.append, len(octets), len(octets) - RECORD_HEADER, -1
    while begin <= last:
        captured = captured_at(octets, begin + 8)[0]
        end = begin + RECORD_HEADER + captured
        if end > total or captured > MAX_RECORD:
            break
        if captured == before:  # media packets are often of one length: look at a run of them at once
            count = alike(octets, begin + 8, RECORD_HEADER + captured, order, captured, total)
            end = begin + count * (RECORD_HEADER + captured)
            starts += range(begin, end, RECORD_HEADER + captured)
        else:
            add(begin)
        begin, before = end, captured
    return starts, begin


def _block(
    octets: memoryview, starts: list[int], end: int, order: str, tick: int, capture: int, number: int, link_type: int
) -> Block:
    count = len(starts)
    begins = np.array(starts, dtype=np.int64)
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
