"""Which frames of a block need a closer look: media and what nobody reads are told by columns, all else goes on.

Every frame is one of four: media, whose columns are kept; a plain datagram, which becomes a payload at once; unread,
which says nothing that anybody would take; or odd, which the decoder reads octet by octet. What cannot be told from the
first octets of ordinary headers, in VLANs and GTP-U or not, is odd: nothing is lost by being fast.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import Block, Ints, heads
from analyzer.decode.datagrams import Datagrams
from analyzer.decode.esp import NATT_PORT
from analyzer.decode.ethertype import ETHERNET_HEADER, ETHERNET_TYPES, IP_TYPES, VLAN_TAG, VLAN_TAGS
from analyzer.decode.ip import text
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.rtp import LOWEST_PORT, OTHER_PORTS, RESERVED_TYPES, RTCP_TYPES, RTP_HEADER
from analyzer.decode.sctp import UDP_PORT as SCTP_PORT
from analyzer.decode.tunnels import G_PDU, GTP_HEADER, GTP_PORT, IN_UDP

# Where an ordinary frame has its IP packet, and the protocol of that
RAW = (linktypes.RAW, *linktypes.RAW_ALSO, linktypes.IPV4, linktypes.IPV6)
IP_AT: dict[int, tuple[int, int | None]] = {
    linktypes.EN10MB: (14, 12), linktypes.LINUX_SLL: (16, 14), linktypes.LINUX_SLL2: (20, 0),
    **dict.fromkeys(RAW, (0, None)),
}  # fmt: skip
MAX_TAGS = 2  # VLAN tags that are stepped over
UDP, UDP_HEADER, TCP, TCP_HEADER = 17, 8, 6, 20
BODY = 16  # octets that are looked at of what a datagram carries
HEAD = 20 + MAX_TAGS * VLAN_TAG + 40 + UDP_HEADER + BODY  # octets of a frame that may be looked at
FIN_SYN_RST = 0x07
MULTICAST_4, MULTICAST_6 = 0xE0, 0xFF
LCT_VERSION = 1  # RFC 5651 5.1

Knows = Callable[[str, str, int, int], bool]  # source, destination, port, SSRC: a stream that was told before


@dataclass(frozen=True, slots=True)
class Layout:
    """Where an IP packet without options or extension headers, and what it carries, has what is looked at."""

    header: int
    fields: np.dtype[np.void]


def _layout(header: int, length: int, protocol: int, source: int, address: int) -> Layout:
    body = header + UDP_HEADER
    fields: dict[str, tuple[object, int]] = {
        "length": (">u2", length), "fragment": (">u2", 6), "protocol": ("u1", protocol),
        "source": ((np.uint8, address), source), "destination": ((np.uint8, address), source + address),
        "sport": (">u2", header), "dport": (">u2", header + 2), "size": (">u2", header + 4),
        "tcp_header": ("u1", header + 12), "tcp_flags": ("u1", header + 13),
        "kind": (">u2", body), "ssrc": (">u4", body + 8), "body": ((np.uint8, BODY), body),
    }  # fmt: skip
    formats, offsets = zip(*fields.values(), strict=True)
    return Layout(header, np.dtype({
        "names": list(fields), "formats": list(formats), "offsets": list(offsets), "itemsize": body + BODY,
    }))  # fmt: skip


LAYOUTS = {4: _layout(20, 2, 9, 12, 4), 6: _layout(40, 4, 6, 8, 16)}


def _octets(fits: Callable[[int], bool]) -> Ints:
    """What says it of each octet."""
    return np.array([fits(octet) for octet in range(256)])


def _table(values: Iterable[int]) -> Ints:
    """What says of each number of 16 bits whether it is one of these."""
    found = np.zeros(0x1_0000, dtype=bool)
    found[list(values)] = True
    return found


TAGGED, CARRIES_IP, LIKE_ETHERNET = _table(VLAN_TAGS), _table(IP_TYPES), _table(ETHERNET_TYPES)

# What a datagram can be by its first two octets
NOBODYS, RTP, EXTENDED, CONTROL, SPOKEN, HANDSHAKE, LAYERED, SEALED = range(8)
SHAKES = _octets(lambda octet: octet in (20, 21, 22, 26))  # of DTLS: all but application data (RFC 7983, RFC 9147 4.1)
WITH_ID = 25  # of DTLS with a connection id: the first of its epoch ends a handshake (RFC 9146)
SHAKES_SEALED = _octets(lambda octet: octet & 0xE7 == 0x26)  # of DTLS 1.3, in the epoch of the handshake (RFC 9147 4)
DTLS_MAJOR = _octets(lambda octet: octet == 0xFE)
TOKEN = _octets(lambda octet: octet < 0x80 and (chr(octet).isalnum() or octet in b".!%*_+`'~-"))  # of SIP's methods
OTHER_BEGIN = _octets(lambda octet: octet in b"\r\n\x01")  # blank lines before a message, MIKEY's version
AFTER_WORD = _octets(lambda octet: octet in b" /")
WORD = 8  # octets at which the first word of a start line is looked at; no start line, and no MIKEY, is shorter


def _kinds() -> Ints:
    kinds = np.full((256, 256), NOBODYS, dtype=np.uint8)
    kinds[TOKEN | OTHER_BEGIN] = SPOKEN
    kinds[_octets(lambda first: first >> 4 == LCT_VERSION)] = LAYERED  # FLUTE, where SDP says so
    kinds[20:24, DTLS_MAJOR] = NOBODYS
    kinds[np.ix_(SHAKES, DTLS_MAJOR)] = HANDSHAKE
    kinds[WITH_ID, DTLS_MAJOR] = SEALED
    kinds[SHAKES_SEALED] = SEALED
    kinds[_octets(lambda first: first >> 6 == 2 and not first & 0x10)] = RTP
    kinds[_octets(lambda first: first >> 6 == 2 and bool(first & 0x10))] = EXTENDED
    media = kinds[0x80:0xC0]
    media[:, _octets(lambda second: second & 0x7F in RESERVED_TYPES)] = NOBODYS
    media[:, _octets(lambda second: second in RTCP_TYPES)] = CONTROL
    return kinds.reshape(-1)


KINDS = _kinds()

# What UDP ports say: their octets are more than a payload (ESP, SCTP, tunnels), or are never media, or mean something
# whatever they are; nothing on those that the user named is told by columns
READ, NO_MEDIA, NAMED, ANYTHING = 1, 2, 4, 8
READ_PORTS = (NATT_PORT, SCTP_PORT, *IN_UDP)
MIKEY_PORT = 2269


@lru_cache(maxsize=8)
def _ports(named: frozenset[int]) -> Ints:
    says = np.zeros(0x1_0000, dtype=np.uint8)
    says[:LOWEST_PORT] = NO_MEDIA
    says[list(OTHER_PORTS)] = NO_MEDIA
    says[MIKEY_PORT] = NO_MEDIA | ANYTHING
    says[list(READ_PORTS)] = READ
    says[list(named)] = READ | NAMED
    return says


@dataclass(frozen=True, slots=True)
class _Packets:
    """IP packets of a block: the rows of their frames, where they begin, and where what was captured of them ends."""

    rows: Ints
    begins: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, chosen: Ints) -> _Packets:
        return _Packets(self.rows[chosen], self.begins[chosen], self.ends[chosen])


@dataclass(frozen=True, slots=True)
class _Told:
    """What became of packets: rows of frames that nobody reads, media, plain datagrams, and what GTP-U carries."""

    unread: Ints
    media: MediaColumns
    plain: _Packets
    inner: _Packets


def sift(block: Block, named: frozenset[int], knows: Knows) -> tuple[Ints, list[MediaColumns], Datagrams]:
    """Return the rows of a block that are odd, the media in it, and its plain datagrams; all others are unread.

    `named` are ports that the user named: nothing on them is told by columns. `knows` says of a unicast stream
    whether it has been told to be media.
    """
    ports = _ports(named)
    odd = np.ones(len(block), dtype=bool)
    carriers = np.full(len(block), -1)  # where the IP packets around others begin
    media: list[MediaColumns] = []
    plain: list[_Packets] = []

    def tell(packets: _Packets) -> Iterator[_Packets]:
        for version, own in _by_version(block, packets):
            told = _told(block, own, version, ports)
            odd[told.unread] = False
            if len(told.media):
                sure = _sure(told.media, knows)
                odd[sure.rows] = False
                media.append(sure)
            if len(told.plain):
                odd[told.plain.rows] = False
                plain.append(told.plain)
            if len(told.inner):
                around = np.zeros(len(block), dtype=np.int64)
                around[own.rows] = own.begins
                carriers[told.inner.rows] = around[told.inner.rows]
                yield told.inner

    for inner in tell(_outer(block)):
        for _ in tell(inner):
            pass  # GTP-U in GTP-U is odd
    return np.flatnonzero(odd), media, _datagrams(block, _joined(plain), carriers)


def _datagrams(block: Block, plain: _Packets, carriers: Ints) -> Datagrams:
    order = np.argsort(plain.rows)
    rows = plain.rows[order]
    return Datagrams(block, rows, plain.begins[order], carriers[rows])


# ------------------------------------------------------------------------------------------------ IP packets


def _outer(block: Block) -> _Packets:
    """Find the IP packets behind ordinary link layers, of frames that do not lie at the end of the octets."""
    found = []
    left = block.link_types
    while len(left):
        link_type, left = int(left[0]), left[left != left[0]]
        if link_type not in IP_AT:
            continue
        ip_at, type_at = IP_AT[link_type]
        rows = np.flatnonzero((block.link_types == link_type) & (block.starts + HEAD <= len(block.octets)))
        starts = block.starts[rows]
        packets = _Packets(rows, starts + ip_at, starts + block.captured[rows])
        found.append(packets if type_at is None else _typed(block, packets, _u16(block, starts + type_at)))
    return _joined(found)


def _typed(block: Block, packets: _Packets, types: Ints) -> _Packets:
    """Step over VLAN tags, and leave out what is no IP by its Ethernet type."""
    begins = packets.begins
    for _ in range(MAX_TAGS):
        tagged = np.flatnonzero(TAGGED[types])
        if not len(tagged):
            break
        begins[tagged] += VLAN_TAG
        types[tagged] = _u16(block, begins[tagged] - 2)
    ip = CARRIES_IP[types]
    return packets if ip.all() else packets.of(ip)


def _joined(found: list[_Packets]) -> _Packets:
    if len(found) == 1:
        return found[0]
    none = np.zeros(0, dtype=np.int64)
    parts = [(none, none, none), *((packets.rows, packets.begins, packets.ends) for packets in found)]
    return _Packets(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _by_version(block: Block, packets: _Packets) -> Iterator[tuple[int, _Packets]]:
    """Sort out IPv4 without options and IPv6."""
    octets = block.octets[packets.begins]
    for version, fits in ((4, octets == 0x45), (6, octets >> 4 == 6)):
        if fits.any():
            yield version, packets if fits.all() else packets.of(fits)


def _u16(block: Block, places: Ints) -> Ints:
    return heads(block.octets.data, places, 2).view(">u2").astype(np.int64).reshape(-1)


# ------------------------------------------------------------------------------------------------ what they carry


def _told(block: Block, packets: _Packets, version: int, ports: Ints) -> _Told:
    """Tell what packets of one version carry: UDP and TCP of those that are whole; the rest is odd."""
    layout = LAYOUTS[version]
    shown = heads(block.octets.data, packets.begins, layout.fields.itemsize).view(layout.fields).reshape(-1)
    carried = shown["length"].astype(np.int64)
    if version == 4:
        carried -= layout.header
    whole = packets.begins + carried + layout.header <= packets.ends
    if version == 4:
        whole &= shown["fragment"] & 0x3FFF == 0
    sizes = shown["size"].astype(np.int64)
    udp = whole & (shown["protocol"] == UDP) & (sizes > UDP_HEADER) & (sizes <= carried)
    sizes -= UDP_HEADER
    begins = packets.begins + (layout.header + UDP_HEADER)
    dports = shown["dport"].astype(np.int64)
    says = ports[shown["sport"].astype(np.int64)] | ports[dports]
    first = shown["kind"].astype(np.int64)
    kinds = KINDS[first]

    told = udp & (says & READ == 0)
    possible = told & (says == 0)
    media = possible & ((kinds == RTP) | (kinds == EXTENDED))
    headers = RTP_HEADER + (first >> 6 & 0x3C)  # with the sources that the last four bits count
    media &= headers <= sizes
    extended = np.flatnonzero(media & (kinds == EXTENDED))
    media[extended] = _fits(block, begins[extended] + headers[extended], begins[extended] + sizes[extended])
    control = possible & (kinds == CONTROL)
    unread = told & ~media & ~control & (kinds != HANDSHAKE) & (says & ANYTHING == 0)
    spoken = np.flatnonzero(unread & (kinds == SPOKEN))
    unread[spoken] = (sizes[spoken] < WORD) | ~_speaks(shown["body"][spoken])
    sealed = np.flatnonzero(unread & (kinds == SEALED))
    unread[sealed] = ~(_shakes(shown["body"][sealed], sizes[sealed]) | _speaks(shown["body"][sealed]))
    layered = np.flatnonzero(unread & (kinds == LAYERED))
    unread[layered] = ~_to_groups(shown["destination"][layered])
    plain = np.flatnonzero(told & ~media & ~control & ~unread)
    unread |= whole & (shown["protocol"] == TCP) & _silent(shown, carried)

    chosen, gtp = np.flatnonzero(media), np.flatnonzero(udp & (dports == GTP_PORT) & (says & NAMED == 0))
    return _Told(
        packets.rows[unread],
        MediaColumns(
            block, packets.rows[chosen], shown["source"][chosen], shown["destination"][chosen], dports[chosen],
            shown["ssrc"][chosen].astype(np.int64), begins[chosen], sizes[chosen],
        ),
        packets.of(plain),
        _inner(block, _Packets(packets.rows[gtp], begins[gtp], begins[gtp] + sizes[gtp]), shown["body"][gtp]),
    )  # fmt: skip


def _fits(block: Block, begins: Ints, ends: Ints) -> Ints:
    """Say whether the extensions of RTP headers, which begin and end at the latest at these places, are whole."""
    fits = begins + 4 <= ends
    some = np.flatnonzero(fits)
    fits[some] = begins[some] + 4 + 4 * _u16(block, begins[some] + 2) <= ends[some]
    return fits


def _speaks(body: Ints) -> Ints:
    """Say whether a payload can begin a message: with the first word of SIP, blank lines, or MIKEY's version."""
    octets = body[:, :WORD]
    word = TOKEN[octets]
    stop = np.where(word.all(axis=1), 0, word.argmin(axis=1))
    after = octets[np.arange(len(octets)), stop]
    return word.all(axis=1) | AFTER_WORD[after] | OTHER_BEGIN[octets[:, 0]]


def _shakes(body: Ints, sizes: Ints) -> Ints:
    """Say whether a record that is encrypted can be of a handshake: the first with a connection id, or one that fits.

    How long a connection id of DTLS 1.3 is only both Hellos say.
    """
    octets = body.astype(np.int64)
    first = octets[:, 0]
    length = np.where(first & 0x08, octets[:, 3] << 8 | octets[:, 4], octets[:, 2] << 8 | octets[:, 3])
    fits = (first & 0x10 != 0) | (length + np.where(first & 0x08, 5, 4) <= sizes)
    found: Ints = np.where(first == WITH_ID, ~octets[:, 5:11].any(axis=1), fits)
    return found


def _silent(shown: Ints, carried: Ints) -> Ints:
    """Say whether a TCP segment says nothing: it has no octets, and neither begins nor ends anything."""
    header = (shown["tcp_header"] >> 4).astype(np.int64) * 4
    found: Ints = (header >= TCP_HEADER) & (header == carried) & (shown["tcp_flags"] & FIN_SYN_RST == 0)
    return found


def _inner(block: Block, carriers: _Packets, body: Ints) -> _Packets:
    """Find the IP packets in G-PDUs without extension headers, or with one of four octets (TS 29.281 5.1)."""
    flags = body[:, 0] & 7
    extended = (flags & 4 != 0) & (body[:, 11] != 0)
    known = (body[:, 0] >> 4 == 3) & (body[:, 1] == G_PDU) & (~extended | ((body[:, 12] == 1) & (body[:, 15] == 0)))
    begins = carriers.begins + GTP_HEADER + 4 * (flags != 0) + 4 * extended
    known &= (begins < carriers.ends) & (begins + LAYOUTS[6].fields.itemsize <= len(block.octets))
    packets = _Packets(carriers.rows[known], begins[known], carriers.ends[known])
    # An Ethernet frame may begin with any octets
    return packets.of(~LIKE_ETHERNET[_u16(block, packets.begins + ETHERNET_HEADER - 2)])


def _to_groups(destinations: Ints) -> Ints:
    """Say which addresses, rows of octets, are multicast."""
    lead = destinations[:, 0]
    found: Ints = lead == MULTICAST_6 if destinations.shape[1] == 16 else lead & 0xF0 == MULTICAST_4
    return found


def _sure(columns: MediaColumns, knows: Knows) -> MediaColumns:
    """Leave out unicast streams that were not told to be media yet: two of their packets have to agree first."""
    sure = _to_groups(columns.destinations)
    if sure.all():
        return columns
    unsure = np.flatnonzero(~sure)
    doubtful = columns.of(unsure)
    for stream in doubtful.streams(by_source=True):
        at = stream[0]
        ends = (text(doubtful.sources[at].tobytes()), text(doubtful.destinations[at].tobytes()))
        sure[unsure[stream]] = knows(*ends, int(doubtful.ports[at]), int(doubtful.ssrcs[at]))
    return columns.of(np.flatnonzero(sure))
