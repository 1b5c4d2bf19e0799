"""pcap as patched by Alexey Kuznetsov, of old Linux systems: eight octets more in the header of each record."""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from analyzer.capture.block import Block
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.pcap import MAX_RECORD, NS, cut, header
from analyzer.capture.pcapng import single
from analyzer.capture.source import Source

MAGICS = {b"\xa1\xb2\xcd\x34": ">", b"\x34\xcd\xb2\xa1": "<"}
RECORD_HEADER = 24  # time, lengths; interface, protocol, packet type and an octet that fills up
MICROSECOND = 1000


@dataclass(slots=True)
class Records:
    """The records of such a file; `number` counts those that were read, `over` says that no more can be found."""

    order: str
    link_type: int
    number: int = 0
    over: bool = False

    @property
    def layout(self) -> Hashable:
        """What has to be known to read on in the midst of the file."""
        return self.order, self.link_type

    def blocks(self, source: Source, capture: int, facts: CaptureFacts, only_packets: bool = False) -> Iterator[Block]:
        """Yield the records one by one; what is wrong goes to `facts`."""
        while not self.over:
            start, head = source.offset, source.peek(RECORD_HEADER)
            where = f"record {self.number + 1} at offset {start}"
            if len(head) < RECORD_HEADER:
                if head:
                    cut(source, facts, f"{where}: its header is cut, {len(head)} of {RECORD_HEADER} octets are there")
                return
            seconds, fraction, captured, length, interface = struct.unpack(f"{self.order}IIIII4x", head)
            if captured > MAX_RECORD:
                facts.problems.append(
                    f"{where}: claims {captured} octets, more than {MAX_RECORD}; nothing after it was read"
                )
                self.over = True
                return
            data = source.peek(RECORD_HEADER + captured)[RECORD_HEADER:]
            if len(data) < captured:
                cut(source, facts, f"{where}: the packet is cut, {len(data)} of {captured} octets are there")
                return
            source.pass_by(RECORD_HEADER + captured)
            self.number += 1
            packet = (interface, seconds * NS + fraction * MICROSECOND, data, length)
            yield single(capture, self.number, self.link_type, packet, start + RECORD_HEADER)


def begun(source: Source, facts: CaptureFacts) -> Records | None:
    """Read the header of such a file whose magic has been recognised; None, and told in `facts`, where it is cut."""
    order = MAGICS[source.peek(4)]
    link_type = header(source, order, facts)
    return None if link_type is None else Records(order, link_type)
