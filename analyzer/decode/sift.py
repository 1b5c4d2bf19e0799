"""Which frames of a block need a closer look: media and what nobody reads are told by columns, all else goes on.

Every frame is one of three: media, whose columns are kept; unread, which no dissector would take; or odd, which the
decoder reads octet by octet. What cannot be told from the first octets of an ordinary frame is odd: nothing is lost
by being fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import Block, Ints, heads
from analyzer.decode.esp import NATT_PORT
from analyzer.decode.ip import text
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import LOWEST_PORT, OTHER_PORTS, RESERVED_TYPES, RTCP_TYPES, RTP_HEADER
from analyzer.decode.sctp import UDP_PORT as SCTP_PORT
from analyzer.decode.tunnels import IN_UDP

HEAD = 96  # octets of a frame that are looked at: SLL2, IPv6, UDP and the begin of what it carries
# Where an ordinary frame has its IP packet, and the protocol of that
RAW = (linktypes.RAW, *linktypes.RAW_ALSO, linktypes.IPV4, linktypes.IPV6)
IP_AT: dict[int, tuple[int, int | None]] = {
    linktypes.EN10MB: (14, 12), linktypes.LINUX_SLL: (16, 14), linktypes.LINUX_SLL2: (20, 0),
    **dict.fromkeys(RAW, (0, None)),
}  # fmt: skip
ETHERTYPES = {4: 0x0800, 6: 0x86DD}
UDP, UDP_HEADER = 17, 8
IP_HEADERS = {4: 20, 6: 40}
# UDP ports on which octets mean something whatever they are: MIKEY, ESP, tunnels
READ_PORTS = (2269, NATT_PORT, SCTP_PORT, *IN_UDP)
# What a message that a dissector takes begins with: visible characters and line ends (SIP), MIKEY's version
TEXT = np.array([octet in b"\r\n\x01" or 0x20 < octet < 0x7F for octet in range(256)])
MULTICAST_6 = 0xFF

Knows = Callable[[str, str, int, int], bool]  # source, destination, port, SSRC: a stream that was told before


@dataclass(frozen=True, slots=True)
class MediaColumns:
    """RTP packets: `rows` are their records in the block; addresses are rows of octets, `begins` and `sizes` theirs."""

    block: Block = field(repr=False)
    rows: Ints
    sources: Ints
    destinations: Ints
    ports: Ints
    ssrcs: Ints
    begins: Ints
    sizes: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: Ints) -> MediaColumns:
        """Return some of them, by index or by mask."""
        return MediaColumns(
            self.block, self.rows[chosen], self.sources[chosen], self.destinations[chosen], self.ports[chosen],
            self.ssrcs[chosen], self.begins[chosen], self.sizes[chosen],
        )  # fmt: skip

    def streams(self, *, by_source: bool = False) -> Iterator[Ints]:
        """Yield the indices of each destination, port and SSRC, and source where it counts, in their order."""
        parts = [self.destinations, *([self.sources] if by_source else [])]
        numbers = (self.ports.astype(np.uint64) << np.uint64(32)) | self.ssrcs.astype(np.uint64)
        octets = np.concatenate([*parts, numbers.view(np.uint8).reshape(-1, 8)], axis=1)
        words = np.ascontiguousarray(octets).view(np.uint32)
        left = np.arange(len(words))
        while len(left):
            same = (words[left] == words[left[0]]).all(axis=1)
            yield left[same]
            left = left[~same]

    def packet(self, index: int) -> MediaPacket:
        """Return one of them as a packet of its own."""
        begin, row = int(self.begins[index]), int(self.rows[index])
        block = self.block
        return MediaPacket(
            block.capture,
            int(block.numbers[row]),
            int(block.times[row]),
            text(self.sources[index].tobytes()),
            text(self.destinations[index].tobytes()),
            int(self.ports[index]),
            block.octets[begin : begin + int(self.sizes[index])].tobytes(),
        )


def sift(block: Block, named: frozenset[int], knows: Knows) -> tuple[Ints, list[MediaColumns]]:
    """Return the rows of a block that are odd, and the media in it; what is in neither is unread.

    `named` are ports that the user named: nothing on them is told by columns. `knows` says of a unicast stream
    whether it has been told to be media.
    """
    odd = np.ones(len(block), dtype=bool)
    media: list[MediaColumns] = []
    within = block.starts + HEAD <= len(block.octets)
    for link_type in np.unique(block.link_types):
        rows = np.flatnonzero(within & (block.link_types == link_type))
        if int(link_type) not in IP_AT or not len(rows):
            continue
        ip_at, type_at = IP_AT[int(link_type)]
        shown = heads(block.octets.data, block.starts[rows], HEAD)
        for version in (4, 6):
            found = _datagrams(block, rows, shown, version, ip_at, type_at)
            if found is None:
                continue
            unread, columns = _classified(block, *found, version, ip_at, named, knows)
            odd[unread] = False
            if columns is not None:
                odd[columns.rows] = False
                media.append(columns)
    return np.flatnonzero(odd), media


def _u16(shown: Ints, at: int) -> Ints:
    return shown[:, at].astype(np.int64) << 8 | shown[:, at + 1]


def _datagrams(
    block: Block, rows: Ints, shown: Ints, version: int, ip_at: int, type_at: int | None
) -> tuple[Ints, Ints] | None:
    """Choose the frames that are one whole UDP datagram in one IP packet without options."""
    if version == 4:
        fits = (shown[:, ip_at] == 0x45) & (shown[:, ip_at + 9] == UDP)
        fits &= (shown[:, ip_at + 6] & 0x3F == 0) & (shown[:, ip_at + 7] == 0)  # no fragment
        length = _u16(shown, ip_at + 2)
    else:
        fits = (shown[:, ip_at] >> 4 == 6) & (shown[:, ip_at + 6] == UDP)
        length = _u16(shown, ip_at + 4) + IP_HEADERS[6]
    if type_at is not None:
        fits &= _u16(shown, type_at) == ETHERTYPES[version]
    size = _u16(shown, ip_at + IP_HEADERS[version] + 4)
    fits &= (ip_at + length <= block.captured[rows]) & (size > UDP_HEADER) & (size <= length - IP_HEADERS[version])
    chosen = np.flatnonzero(fits)
    return (rows[chosen], shown[chosen]) if len(chosen) else None


def _classified(
    block: Block, rows: Ints, shown: Ints, version: int, ip_at: int, named: frozenset[int], knows: Knows
) -> tuple[Ints, MediaColumns | None]:
    """Tell of datagrams which are media and which nobody reads: the rows of these, the columns of those."""
    udp_at = ip_at + IP_HEADERS[version]
    body_at = udp_at + UDP_HEADER
    ports = (_u16(shown, udp_at), _u16(shown, udp_at + 2))
    first, second = shown[:, body_at], shown[:, body_at + 1]
    size = _u16(shown, udp_at + 4) - UDP_HEADER
    read = _among(ports, (*READ_PORTS, *named))
    like_media = (first >> 6 == 2) & ~read
    plausible = like_media & ~_among(ports, OTHER_PORTS) & (ports[0] >= LOWEST_PORT) & (ports[1] >= LOWEST_PORT)
    control = plausible & (second >= RTCP_TYPES.start) & (second < RTCP_TYPES.stop)
    kind = second & 0x7F
    reserved = (kind >= RESERVED_TYPES.start) & (kind < RESERVED_TYPES.stop)
    rtp = plausible & ~control & ~reserved & (size >= RTP_HEADER + 4 * (first & 0x0F).astype(np.int64))
    extended = rtp & (first & 0x10 != 0)
    unread = ~read & ~TEXT[first] & ~control & ~rtp
    chosen = np.flatnonzero(rtp & ~extended)
    if not len(chosen):
        return rows[unread], None
    ends = shown[chosen][:, ip_at + (12 if version == 4 else 8) : udp_at]
    width = ends.shape[1] // 2
    columns = MediaColumns(
        block,
        rows[chosen],
        ends[:, :width],
        ends[:, width:],
        ports[1][chosen],
        _u16(shown[chosen], body_at + 8) << 16 | _u16(shown[chosen], body_at + 10),
        block.starts[rows[chosen]] + body_at,
        size[chosen],
    )
    return rows[unread], _told(columns, knows)


def _among(ports: tuple[Ints, Ints], wanted: Iterable[int]) -> Ints:
    found: Ints = np.logical_or.reduce([side == port for port in wanted for side in ports])
    return found


def _told(columns: MediaColumns, knows: Knows) -> MediaColumns:
    """Leave out unicast streams that were not told to be media yet: two of their packets have to agree first."""
    lead = columns.destinations[:, 0]
    sure = lead == MULTICAST_6 if columns.destinations.shape[1] == 16 else (lead >= 224) & (lead < 240)
    if sure.all():
        return columns
    unsure = np.flatnonzero(~sure)
    doubtful = columns.of(unsure)
    for stream in doubtful.streams(by_source=True):
        at = stream[0]
        ends = (text(doubtful.sources[at].tobytes()), text(doubtful.destinations[at].tobytes()))
        sure[unsure[stream]] = knows(*ends, int(doubtful.ports[at]), int(doubtful.ssrcs[at]))
    return columns.of(np.flatnonzero(sure))
