"""UDP datagrams that columns told to be plain: payloads made of a few numbers each, with no layer read one by one."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from analyzer.capture.block import Block, Ints
from analyzer.capture.frame import Frame
from analyzer.decode.ip import text
from analyzer.decode.packets import leg_of
from analyzer.decode.tunnels import GTP_PORT, NAMES_IN_UDP
from dissectors import Payload

# Identification, hops, addresses, ports and length of UDP in IPv4 without options; the same but the first in IPv6
_V4, _V6 = struct.Struct("!4xH2xB3x4s4sHHH2x"), struct.Struct("!7xB16s16sHHH2x")
_ENDS = {4: struct.Struct("!12x4s4s"), 6: struct.Struct("!8x16s16s")}


@dataclass(frozen=True, slots=True)
class Datagrams:
    """UDP datagrams in whole IP packets that have neither options nor extension headers, in the order of the block.

    `begins` is where their IP packets begin, `carriers` those of the GTP-U around them, -1 where there is none.
    """

    block: Block = field(repr=False)
    rows: Ints
    begins: Ints
    carriers: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def payloads(self) -> Iterator[Payload]:
        """Yield what they carry, as the decoder would."""
        block, octets = self.block, self.block.octets.data
        columns = (
            block.numbers[self.rows], block.times[self.rows], block.interfaces[self.rows], self.begins, self.carriers
        )  # fmt: skip
        for number, time, interface, begin, carrier in zip(*(column.tolist() for column in columns), strict=True):
            if octets[begin] >> 4 == 4:
                ident, hops, src, dst, sport, dport, size = _V4.unpack_from(octets, begin)
                at = begin + _V4.size
            else:
                hops, src, dst, sport, dport, size = _V6.unpack_from(octets, begin)
                ident, at = 0, begin + _V6.size
            tunnels = () if carrier < 0 else (_tunnel(octets, carrier),)
            yield Payload(
                bytes(octets[at : at + size - 8]), "udp", text(src), sport, text(dst), dport,
                block.capture, number, time, (number,), leg_of(interface, tunnels, hops), ident,
            )  # fmt: skip

    def among(self, frames: Iterable[Frame]) -> Iterator[Frame | Payload]:
        """Yield them and other frames of the same block in their order."""
        own = self.payloads()
        following = next(own, None)
        for frame in frames:
            while following is not None and following.frame < frame.number:
                yield following
                following = next(own, None)
            yield frame
        if following is not None:
            yield following
            yield from own


def _tunnel(octets: memoryview, begin: int) -> str:
    """Name the GTP-U tunnel of an IP packet."""
    src, dst = _ENDS[octets[begin] >> 4].unpack_from(octets, begin)
    return f"{NAMES_IN_UDP[GTP_PORT]} {text(src)} > {text(dst)}"
