"""Which UDP datagrams are media: RTP and RTCP have no mark of their own, so all that is known must fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address

from analyzer.decode.packets import MediaPacket
from analyzer.decode.tunnels import IN_UDP

RTP_HEADER, RTCP_HEADER = 12, 8
# RFC 5761 4: with the marker bit, payload types 64 to 95 would read as RTCP
RTCP_TYPES = range(192, 224)
RTCP_KNOWN = frozenset({*range(192, 196), *range(200, 214)})
RESERVED_TYPES = range(64, 96)
LOWEST_PORT = 1024
# MIKEY, GTP-C, IPsec NAT traversal, mDNS, LLMNR, SSDP, SIP, tunnels: never media, whatever their octets look like
OTHER_PORTS = frozenset({2269, 2123, 4500, 5353, 5355, 1900, 5060, 5061, *IN_UDP})

MAX_PROBATION = 4096  # unicast streams of which one packet was seen
MAX_STEP = 64  # sequence numbers between the two packets that make a unicast stream

StreamKey = tuple[str, str, int, int]  # source, destination, port, SSRC


class MediaFilter:
    """Tells media from other datagrams.

    To a multicast address one plausible packet is enough. To one host RTP needs two of the same stream in sequence
    (RFC 3550 A.1), as many protocols happen to begin with the same bits; the first is then given belatedly.
    """

    def __init__(self) -> None:
        self._probation: OrderedDict[StreamKey, MediaPacket] = OrderedDict()
        self._streams: OrderedDict[StreamKey, None] = OrderedDict()

    def media(self, packet: MediaPacket, sport: int) -> Iterator[MediaPacket] | None:
        """Return the media packets that this datagram shows, None when it is not of a form that media has."""
        if not _plausible_ports(sport, packet.dport):
            return None
        data = packet.data
        if len(data) >= 2 and data[1] in RTCP_TYPES:
            return iter((packet,)) if is_rtcp(data) else None
        if not is_rtp(data):
            return None
        return iter((packet,)) if _is_multicast(packet.dst) else self._unicast(packet)

    @property
    def streams(self) -> frozenset[StreamKey]:
        """The unicast streams that have been told to be media."""
        return frozenset(self._streams)

    def knows(self, src: str, dst: str, port: int, ssrc: int) -> bool:
        """Say whether a unicast stream has been told to be media."""
        return (src, dst, port, ssrc) in self._streams

    def _unicast(self, packet: MediaPacket) -> Iterator[MediaPacket] | None:
        key = (packet.src, packet.dst, packet.dport, int.from_bytes(packet.data[8:12], "big"))
        if key in self._streams:
            return iter((packet,))
        first = self._probation.pop(key, None)
        step = 0 if first is None else (_sequence(packet) - _sequence(first)) & 0xFFFF
        if first is not None and 0 < step <= MAX_STEP:
            self._streams[key] = None
            if len(self._streams) > MAX_PROBATION:
                self._streams.popitem(last=False)
            return iter((first, packet))
        self._probation[key] = packet
        if len(self._probation) > MAX_PROBATION:
            self._probation.popitem(last=False)
        return None


def is_rtp(data: bytes) -> bool:
    """Say whether octets can be an RTP packet: version, payload type, and a header that fits (RFC 3550 5.1)."""
    if len(data) < RTP_HEADER or data[0] >> 6 != 2 or data[1] & 0x7F in RESERVED_TYPES:
        return False
    return header_length(data) is not None


def header_length(data: bytes) -> int | None:
    """Return the length of an RTP header with CSRCs and extension (RFC 3550 5.1), None where the octets run out."""
    length = RTP_HEADER + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < length + 4:
            return None
        length += 4 + 4 * int.from_bytes(data[length + 2 : length + 4], "big")
    return length if length <= len(data) else None


def is_rtcp(data: bytes) -> bool:
    """Say whether octets can be a compound RTCP packet, protected or not: its first length is in the clear."""
    if len(data) < RTCP_HEADER or data[0] >> 6 != 2 or data[1] not in RTCP_KNOWN:
        return False
    return (int.from_bytes(data[2:4], "big") + 1) * 4 <= len(data)


def _sequence(packet: MediaPacket) -> int:
    return int.from_bytes(packet.data[2:4], "big")


def _plausible_ports(*ports: int) -> bool:
    return all(port >= LOWEST_PORT and port not in OTHER_PORTS for port in ports)


@lru_cache(maxsize=65_536)
def _is_multicast(address: str) -> bool:
    return ip_address(address).is_multicast
