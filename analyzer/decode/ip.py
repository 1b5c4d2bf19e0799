"""IPv4 and IPv6: addresses, what is carried, and whether it is a fragment (see link for why not by dpkt)."""

from __future__ import annotations

import socket
import struct
from functools import lru_cache
from typing import NamedTuple

from dpkt import ip as dpkt_ip

from analyzer.decode.packets import Broken

MAX_HEADERS = 16  # extension headers of one packet
MAX_PACKET = 65_535  # octets that a packet can have once its fragments are put together

FRAGMENT = dpkt_ip.IP_PROTO_FRAGMENT
AH = dpkt_ip.IP_PROTO_AH
# Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in 8 octets after the first 8 (RFC 8200 4)
EXTENSIONS = frozenset({0, 43, 60, 135, 139, 140})

_V4 = struct.Struct("!BxHHHBB2x4s4s")
_V6 = struct.Struct("!4xHBB16s16s")


class IpPacket(NamedTuple):
    """An IP packet or a fragment of one; a tuple, as captures have so many.

    `data` is what follows its headers, padding cut off, and `lost` the octets of it that were not captured.
    `ident` is -1 where it is no fragment; `offset` in octets. `hops` it may still go; `number` is the identification
    whether it is a fragment or not, 0 where there is none.
    """

    version: int
    src: str
    dst: str
    protocol: int
    data: bytes
    lost: int
    ident: int = -1
    offset: int = 0
    more: bool = False
    hops: int = 0
    number: int = 0

    def __repr__(self) -> str:
        """Leave the octets out, which were sent in private."""
        return f"IpPacket(src={self.src!r}, dst={self.dst!r}, protocol={self.protocol})"


def read_ip(data: bytes) -> IpPacket:
    """Read the headers of an IPv4 or IPv6 packet; raises Broken."""
    if not data:
        raise Broken("ip", "ip.version", 0, "no octets left")
    version = data[0] >> 4
    if version == 4:
        return _read_v4(data)
    if version == 6:
        return _read_v6(data)
    raise Broken("ip", "ip.version", 0, f"version {version}")


def begins_tcp(head: bytes) -> bool:
    """Say whether an IP packet that is no fragment begins with these octets, and TCP follows its header."""
    if len(head) < 10:
        return False
    if head[0] >> 4 == 4:
        return head[9] == dpkt_ip.IP_PROTO_TCP and not (head[6] & 0x3F or head[7])
    return head[0] >> 4 == 6 and head[6] == dpkt_ip.IP_PROTO_TCP


def begins_ip(data: bytes, at: int) -> bool:
    """Say whether an IP packet begins where nothing else speaks for one: IPv4 by its checksum, IPv6 by its length."""
    first = data[at] if at < len(data) else 0
    if first >> 4 == 4:
        header = data[at : at + (first & 15) * 4]
        if len(header) < 20 or len(header) < (first & 15) * 4:
            return False
        # RFC 1071 2: with a right checksum the ones' complement sum is all ones
        total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
        return total > 0 and total % 0xFFFF == 0
    if first >> 4 == 6 and len(data) >= at + 40:
        return 0 < int.from_bytes(data[at + 4 : at + 6], "big") <= len(data) - at - 40
    return False


def upper(protocol: int, data: bytes) -> tuple[int, int]:
    """Walk the extension headers: return the protocol after them, FRAGMENT included, and the offset of its header."""
    pos = 0
    for _ in range(MAX_HEADERS):
        if protocol not in EXTENSIONS and protocol != AH:
            return protocol, pos
        if len(data) < pos + 8:
            raise Broken("ipv6", "ipv6.nxt", pos, f"extension header {protocol} needs 8 octets, {len(data) - pos} left")
        # RFC 4302 2.2 counts in 4 octets, less 2
        size = (data[pos + 1] + 2) * 4 if protocol == AH else (data[pos + 1] + 1) * 8
        if len(data) < pos + size:
            raise Broken(
                "ipv6", "ipv6.nxt", pos, f"extension header {protocol} needs {size} octets, {len(data) - pos} left"
            )
        protocol, pos = data[pos], pos + size
    raise Broken("ipv6", "ipv6.nxt", pos, f"more than {MAX_HEADERS} extension headers")


def _read_v4(data: bytes) -> IpPacket:
    if len(data) < 20:
        raise Broken("ip", "ip.hdr_len", 0, f"needs 20 octets, {len(data)} left")
    first, length, ident, flags, hops, protocol, src, dst = _V4.unpack_from(data)
    header = (first & 15) * 4
    if header < 20 or len(data) < header:
        raise Broken("ip", "ip.hdr_len", 0, f"a header of {header} octets, {len(data)} left")
    if length == 0:  # segmentation offload leaves it open
        length = len(data)
    if length < header:
        raise Broken("ip", "ip.len", 2, f"{length} octets, the header alone has {header}")
    body = data[header:length]
    lost = length - header - len(body)
    offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
    if offset or more:
        return IpPacket(4, text(src), text(dst), protocol, body, lost, ident, offset, more, hops, ident)
    if protocol == AH:
        protocol, start = upper(protocol, body)
        body = body[start:]
    return IpPacket(4, text(src), text(dst), protocol, body, lost, -1, 0, False, hops, ident)


def _read_v6(data: bytes) -> IpPacket:
    if len(data) < 40:
        raise Broken("ipv6", "ipv6.plen", 0, f"needs 40 octets, {len(data)} left")
    length, protocol, hops, src, dst = _V6.unpack_from(data)
    body = data[40 : 40 + length] if length else data[40:]  # 0: jumbogram, or segmentation offload
    lost = max(length - len(body), 0)
    protocol, start = upper(protocol, body)
    body = body[start:]
    if protocol != FRAGMENT:
        return IpPacket(6, text(src), text(dst), protocol, body, lost, -1, 0, False, hops)
    # RFC 8200 4.5
    if len(body) < 8:
        raise Broken("ipv6", "ipv6.fraghdr", 40 + start, f"needs 8 octets, {len(body)} left")
    protocol, flags, ident = struct.unpack_from("!BxHI", body)
    offset, more = flags & 0xFFF8, bool(flags & 1)
    body = body[8:]
    if offset or more:
        return IpPacket(6, text(src), text(dst), protocol, body, lost, ident, offset, more, hops, ident)
    protocol, start = upper(protocol, body)
    return IpPacket(6, text(src), text(dst), protocol, body[start:], lost, hops=hops, number=ident)


@lru_cache(maxsize=65_536)
def text(address: bytes) -> str:
    """Return an address of 4 or 16 octets as people write it."""
    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)
