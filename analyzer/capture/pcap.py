"""The pcap format (draft-ietf-opsawg-pcap): µs and ns, both byte orders."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from analyzer.capture import linktypes
from analyzer.capture.frame import CaptureFacts, Frame
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


def read_pcap(source: Source, capture: int, facts: CaptureFacts) -> Iterator[Frame]:
    """Yield the frames of a pcap file whose magic has been recognised; what is wrong goes to `facts`."""
    facts.format = "pcap"
    header = source.take(FILE_HEADER)
    if len(header) < FILE_HEADER:
        facts.truncated = True
        facts.problems.append(f"file header: {len(header)} of {FILE_HEADER} octets are there")
        return
    order, tick = MAGICS[header[:4]]
    # The upper 16 bits tell of a frame check sequence, not of the link type.
    link_type = struct.unpack(order + "I", header[20:24])[0] & 0xFFFF
    facts.link_types.append(linktypes.name(link_type))
    record = struct.Struct(order + "IIII")
    number = 0
    while True:
        start = source.offset
        head = source.take(RECORD_HEADER)
        if not head:
            return
        number += 1
        if len(head) < RECORD_HEADER:
            facts.truncated = True
            facts.problems.append(
                f"record {number} at offset {start}: its header is cut, {len(head)} of {RECORD_HEADER} octets are there"
            )
            return
        seconds, fraction, captured, length = record.unpack(head)
        if captured > MAX_RECORD:
            facts.problems.append(
                f"record {number} at offset {start}: claims {captured} octets, more than {MAX_RECORD}; "
                "nothing after it was read"
            )
            return
        data = source.take(captured)
        if len(data) < captured:
            facts.truncated = True
            facts.problems.append(
                f"record {number} at offset {start}: the packet is cut, {len(data)} of {captured} octets are there"
            )
            return
        time = seconds * 1_000_000_000 + fraction * tick
        yield Frame(capture, number, time, link_type, data, max(captured, length))
