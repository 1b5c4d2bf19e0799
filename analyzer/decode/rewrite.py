"""A frame with another payload in its UDP datagram: lengths and checksums made right, nothing else touched."""

from __future__ import annotations

from analyzer.capture import linktypes
from analyzer.decode import link
from analyzer.decode.ethertype import ETHERNET_HEADER, IP_TYPES, VLAN_TAG, VLAN_TAGS
from analyzer.decode.packets import Broken

UDP, UDP_HEADER = 17, 8
HEADER_4, HEADER_6 = 20, 40
# Link layers without a length of their own
PLAIN = frozenset({
    linktypes.LINUX_SLL, linktypes.LINUX_SLL2, linktypes.RAW, *linktypes.RAW_ALSO, linktypes.IPV4, linktypes.IPV6,
})  # fmt: skip


def with_payload(link_type: int, data: bytes, before: bytes, after: bytes) -> bytes | None:
    """Return a frame with `after` where its datagram has `before`; None where that is no ordinary packet.

    Ordinary is UDP in an IP packet that is whole, without extension headers, on a link layer that tells no length.
    """
    try:
        starts = [start for start in link.ip_offsets(link_type, data) if isinstance(start, int)]
    except Broken:
        return None
    if len(starts) != 1 or not _tells_no_length(link_type, data, starts[0]):
        return None
    start = starts[0]
    version = data[start] >> 4 if start < len(data) else 0
    header = (data[start] & 0x0F) * 4 if version == 4 else HEADER_6
    udp = start + header
    body = udp + UDP_HEADER
    end = body + len(before)
    if version not in (4, 6) or body > len(data) or data[body:end] != before:
        return None
    old = int.from_bytes(data[udp + 4 : udp + 6], "big")
    if old != UDP_HEADER + len(before):
        return None
    ip = bytearray(data[start:udp])
    length = UDP_HEADER + len(after)
    if version == 4:
        told = int.from_bytes(ip[2:4], "big")
        if ip[9] != UDP or ip[6] & 0x3F or ip[7] or header < HEADER_4 or told != header + old:
            return None
        ip[2:4] = (header + length).to_bytes(2, "big")
        ip[10:12] = b"\0\0"
        ip[10:12] = checksum(bytes(ip)).to_bytes(2, "big")
        ends = bytes(ip[12:20])
    else:
        if ip[6] != UDP or int.from_bytes(ip[4:6], "big") != old:
            return None
        ip[4:6] = length.to_bytes(2, "big")
        ends = bytes(ip[8:40])
    ports, summed = data[udp : udp + 4], data[udp + 6 : udp + 8]
    datagram = ports + length.to_bytes(2, "big") + b"\0\0" + after
    if summed != b"\0\0":  # it was left out
        pseudo = ends + length.to_bytes(4, "big") + UDP.to_bytes(4, "big")
        datagram = datagram[:6] + (checksum(pseudo + datagram) or 0xFFFF).to_bytes(2, "big") + after
    return data[:start] + bytes(ip) + datagram + data[end:]


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    octets += bytes(len(octets) % 2)
    # 2^16 is 1 modulo 2^16 - 1: the sum of all words is the number that they make
    left = int.from_bytes(octets, "big") % 0xFFFF
    return 0xFFFF - left if left or not any(octets) else 0


def _tells_no_length(link_type: int, data: bytes, start: int) -> bool:
    if link_type in PLAIN:
        return True
    if link_type != linktypes.EN10MB:
        return False
    at = ETHERNET_HEADER - 2
    while int.from_bytes(data[at : at + 2], "big") in VLAN_TAGS:
        at += VLAN_TAG
    return at + 2 == start and int.from_bytes(data[at : at + 2], "big") in IP_TYPES
