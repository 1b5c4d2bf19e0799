"""A first look at a capture: marks of packets that nobody sends twice, to find them again in another capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b

import numpy as np

from analyzer.capture.block import Block, Ints, heads
from analyzer.decode.decoder import TCP, Decoder, Found
from analyzer.decode.ip import IpPacket
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import MediaPacket, Origin
from analyzer.decode.tcp import HEADER
from dissectors import Payload
from dissectors.mikey import MIKEY
from dissectors.sip import SIP

MIN_BODY = 32  # octets of a segment that are unlikely to come again under the same numbers
MARK = 16  # octets
MEDIA_ALL = 2048  # media packets that are marked, from the first on
MEDIA_EACH = 64  # of those after them one in so many, told by its last octets: every capture takes the same
MEDIA_MOST = 16_384  # that are marked at all: what else is said is not to be pushed out by them

Mark = tuple[bytes, int]  # and the time (ns)


class Glance(Decoder):
    """A decoder that puts no stream together: segments come as they are, with their numbers."""

    def __init__(self, ports: Mapping[str, Sequence[int]] | None = None) -> None:
        super().__init__(ports)
        self._media_seen = self._media_marked = 0

    def marks(self, block: Block) -> Iterator[Mark]:
        """Yield what tells the packets of a block from all others: SIP, MIKEY and media, TCP segments with data.

        A datagram is told by its octets, as an address translator may stand between two captures. Of media, of which
        there are so many, it is some.
        """
        odd, columns, datagrams = self.sift(block)
        for item in datagrams.among(block.frames(odd)):
            for found in (item,) if isinstance(item, Payload) else self.feed(item):
                if self._is_chosen(found.data) if isinstance(found, MediaPacket) else _is_telling(found):
                    yield _mark(found.data), found.time
        for media in columns:
            for packet in media.packets(self._chosen(media)):
                yield _mark(packet.data), packet.time

    def _chosen(self, media: MediaColumns) -> Ints:
        """Return the rows of media packets that are to be marked: only these become objects."""
        ends = heads(media.block.octets.data, media.begins + media.sizes - 2, 2).view(">u2").reshape(-1)
        first = np.arange(len(media)) < MEDIA_ALL - self._media_seen
        rows = np.flatnonzero(first | (ends % MEDIA_EACH == 0))[: max(MEDIA_MOST - self._media_marked, 0)]
        self._media_seen += len(media)
        self._media_marked += len(rows)
        return rows

    def _is_chosen(self, data: bytes) -> bool:
        """Say whether a media packet is to be marked."""
        self._media_seen += 1
        chosen = self._media_seen <= MEDIA_ALL or int.from_bytes(data[-2:], "big") % MEDIA_EACH == 0
        self._media_marked += chosen
        return chosen and self._media_marked <= MEDIA_MOST

    def _carried(self, packet: IpPacket, origin: Origin, depth: int) -> Iterable[Found]:
        if packet.protocol != TCP:
            return super()._carried(packet, origin, depth)
        if len(packet.data) < HEADER + MIN_BODY:
            return ()
        # Ports, sequence number, acknowledgement, and what follows the checksum, which a card may fill in later
        data = packet.data[:12] + packet.data[HEADER:]
        return (Payload(data, "tcp", packet.src, 0, packet.dst, 0, origin.capture, origin.frame, origin.time),)


def _mark(data: bytes) -> bytes:
    return blake2b(data, digest_size=MARK).digest()


def _is_telling(payload: Payload) -> bool:
    return payload.transport == "tcp" or SIP.matches(payload) or MIKEY.matches(payload)
