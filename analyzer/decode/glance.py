"""A first look at a capture: marks of packets that nobody sends twice, to find them again in another capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b

from analyzer.capture.block import Block
from analyzer.decode.decoder import TCP, Decoder, Found
from analyzer.decode.ip import IpPacket
from analyzer.decode.packets import MediaPacket, Origin
from analyzer.decode.tcp import HEADER
from dissectors import Payload
from dissectors.mikey import MIKEY
from dissectors.sip import SIP

MIN_BODY = 32  # octets of a segment that are unlikely to come again under the same numbers
MARK = 16  # octets

Mark = tuple[bytes, int]  # and the time (ns)


class Glance(Decoder):
    """A decoder that puts no stream together: segments come as they are, with their numbers."""

    def marks(self, block: Block) -> Iterator[Mark]:
        """Yield what tells the packets of a block from all others: SIP and MIKEY datagrams, TCP segments with data.

        A datagram is told by its octets, as an address translator may stand between two captures.
        """
        odd, _, datagrams = self.sift(block)
        for item in datagrams.among(block.frames(odd)):
            for found in (item,) if isinstance(item, Payload) else self.feed(item):
                if not isinstance(found, MediaPacket) and _is_telling(found):
                    yield blake2b(found.data, digest_size=MARK).digest(), found.time

    def _carried(self, packet: IpPacket, origin: Origin, depth: int) -> Iterable[Found]:
        if packet.protocol != TCP:
            return super()._carried(packet, origin, depth)
        if len(packet.data) < HEADER + MIN_BODY:
            return ()
        # Ports, sequence number, acknowledgement, and what follows the checksum, which a card may fill in later
        data = packet.data[:12] + packet.data[HEADER:]
        return (Payload(data, "tcp", packet.src, 0, packet.dst, 0, origin.capture, origin.frame, origin.time),)


def _is_telling(payload: Payload) -> bool:
    return payload.transport == "tcp" or SIP.matches(payload) or MIKEY.matches(payload)
