"""One frame by itself, as the list of all frames shows it: its headers as fields, and a line of what it is.

Nothing here is remembered from frame to frame: what is in several frames, or needs a key, is the decoder's to read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from dpkt import ip as dpkt_ip

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode import link
from analyzer.decode.decoder import ESP, ICMP, MAX_TUNNELS, SCTP, TCP, UDP, UDP_HEADER
from analyzer.decode.ethertype import ETHERNET_HEADER, VLAN_TAG, VLAN_TAGS
from analyzer.decode.exported import read_exported
from analyzer.decode.icmp import ERRORS, NAMES, OTHER
from analyzer.decode.ip import IpPacket, read_ip, text
from analyzer.decode.packets import Broken
from analyzer.decode.rtp import LOWEST_PORT, OTHER_PORTS, RTCP_TYPES, is_rtcp, is_rtp
from analyzer.decode.tunnels import IN_IP, IN_UDP, NAMES_IN_IP, NAMES_IN_UDP
from dissectors import Field, Payload, told

MAX_LINE = 200  # octets of a text of which the first line is told
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
TCP_HEADER, SCTP_HEADER = 20, 12
CHUNKS = {
    0: "DATA", 1: "INIT", 2: "INIT ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT ACK", 6: "ABORT", 7: "SHUTDOWN",
    8: "SHUTDOWN ACK", 10: "COOKIE ECHO", 11: "COOKIE ACK", 14: "SHUTDOWN COMPLETE", 64: "I-DATA",
}  # fmt: skip
ECHO = {(4, 0): "echo reply", (4, 8): "echo request", (6, 128): "echo request", (6, 129): "echo reply"}
PROTOCOLS = {
    value: name[len("IP_PROTO_") :] for name, value in vars(dpkt_ip).items() if name.startswith("IP_PROTO_")
}  # fmt: skip


class Stream(NamedTuple):
    """What a packet of media belongs to, as the media log knows it."""

    destination: str
    port: int
    ssrc: int
    rtcp: bool


@dataclass(slots=True)
class Headers:
    """What a frame says of itself: the ends of its innermost packet, the protocol of that, and a line about it.

    `fields` cover all its octets; those from `body` on belong to what the headers carry.
    """

    source: str = ""
    destination: str = ""
    protocol: str = ""
    info: str = ""
    fields: list[Field] = field(default_factory=list)
    body: int = 0
    stream: Stream | None = None  # that it is of, if it is media
    datagram: str = ""  # what `info` would be if it were not


def read_headers(frame: Frame) -> Headers:
    """Read the headers of a frame; what is broken in it is told in `info`."""
    found, data = Headers(protocol=linktypes.name(frame.link_type)), frame.data
    try:
        if frame.link_type == linktypes.WIRESHARK_UPPER_PDU:
            _exported(found, data)
        else:
            at = next(iter(link.ip_offsets(frame.link_type, data)), "no packet")
            _link(found, frame.link_type, data, len(data) if isinstance(at, str) else at)
            if isinstance(at, str):
                found.protocol, found.info = _unread(found.protocol, at)
            else:
                _ip(found, data, at, 0)
    except Broken as broken:
        found.protocol = broken.protocol.upper()
        found.info = f"[{broken.field}: {broken.reason}]"
    found.body = max((each.end for each in found.fields), default=0)
    if found.body < len(data):
        found.fields.append(Field("data", data[found.body :], found.body, len(data)))
    return found


def _unread(protocol: str, why: str) -> tuple[str, str]:
    """Return what to call a frame without an IP packet."""
    known = {"arp": "ARP", "llc": "LLC"}.get(why, why if why.isupper() else "")
    return known or protocol, "" if known else why


def _link(found: Headers, link_type: int, data: bytes, end: int) -> None:
    name = linktypes.name(link_type).lower()
    if link_type != linktypes.EN10MB:
        if end:
            found.fields.append(Field(name, data[:end], 0, end))
        return
    found.destination, found.source = (":".join(f"{each:02x}" for each in data[at : at + 6]) for at in (0, 6))
    children = [
        Field("eth.dst", found.destination, 0, 6), Field("eth.src", found.source, 6, 12),
        _number(data, "eth.type", 12, 2),
    ]  # fmt: skip
    found.fields.append(Field("eth", data[:ETHERNET_HEADER], 0, ETHERNET_HEADER, "", tuple(children)))
    at = ETHERNET_HEADER
    while int.from_bytes(data[at - 2 : at], "big") in VLAN_TAGS and at + VLAN_TAG <= end:
        tag = int.from_bytes(data[at : at + 2], "big")
        tags = (Field("vlan.id", tag & 0xFFF, at, at + 2), _number(data, "vlan.etype", at + 2, 2))
        found.fields.append(Field("vlan", data[at : at + VLAN_TAG], at, at + VLAN_TAG, "", tags))
        at += VLAN_TAG
    if at < end < len(data):
        found.fields.append(Field("link", data[at:end], at, end))


def _exported(found: Headers, data: bytes) -> None:
    exported = read_exported(data)
    found.source, found.destination = exported.src, exported.dst
    found.protocol = exported.protocol.upper()
    found.info = _line(exported.data)
    begin = len(data) - len(exported.data)
    found.fields.append(Field("exported_pdu", data[:begin], 0, begin, exported.protocol))


def _ip(found: Headers, data: bytes, at: int, depth: int) -> None:
    packet = read_ip(data[at:])
    found.source, found.destination = packet.src, packet.dst
    name = "ip" if packet.version == 4 else "ipv6"
    end, fields = _ip_fields(data, at, packet)
    begin = end - len(packet.data)
    told_as = PROTOCOLS.get(packet.protocol, f"IP {packet.protocol}")
    found.fields.append(Field(name, data[at:begin], at, begin, f"{packet.src} → {packet.dst}", fields))
    found.protocol = "IPv4" if packet.version == 4 else "IPv6"
    if packet.ident >= 0:
        more = "more follow" if packet.more else "the last one"
        found.info = f"fragment of {told_as}, id {packet.ident:#06x}, offset {packet.offset}, {more}"
    elif packet.protocol == UDP:
        _udp(found, data, begin, packet, depth)
    elif packet.protocol == TCP:
        _tcp(found, data, begin, packet)
    elif packet.protocol == SCTP:
        _sctp(found, data, begin, packet.data)
    elif packet.protocol == ESP:
        _esp(found, data, begin, packet.data)
    elif packet.protocol == ICMP[packet.version]:
        _icmp(found, packet)
    elif packet.protocol in (dpkt_ip.IP_PROTO_IPIP, dpkt_ip.IP_PROTO_IP6):
        _inside(found, data, end, packet.data, depth)
    elif packet.protocol in IN_IP:
        found.protocol = NAMES_IN_IP[packet.protocol]
        _inside(found, data, end, IN_IP[packet.protocol](packet.data), depth)
    else:
        found.protocol, found.info = told_as, ""


def _ip_fields(data: bytes, at: int, packet: IpPacket) -> tuple[int, tuple[Field, ...]]:
    """Return where a packet ends, as far as it was captured, and the fields of its header."""
    if packet.version == 6:
        length = int.from_bytes(data[at + 4 : at + 6], "big")
        addresses = ("ipv6", at + 8, 16)
        fields = [_number(data, "ipv6.plen", at + 4, 2), _number(data, "ipv6.nxt", at + 6, 1)]
        fields.append(_number(data, "ipv6.hlim", at + 7, 1))
        end = at + 40 + length if length else len(data)
    else:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        addresses = ("ip", at + 12, 4)
        fields = [
            Field("ip.hdr_len", (data[at] & 15) * 4, at, at + 1), _number(data, "ip.len", at + 2, 2),
            _number(data, "ip.id", at + 4, 2), _number(data, "ip.ttl", at + 8, 1), _number(data, "ip.proto", at + 9, 1),
        ]  # fmt: skip
        end = at + length if length else len(data)
    name, begin, size = addresses
    for part, start in (("src", begin), ("dst", begin + size)):
        fields.append(Field(f"{name}.{part}", text(data[start : start + size]), start, start + size))
    return min(end, len(data)), tuple(fields)


def _inside(found: Headers, data: bytes, end: int, inner: bytes | str | None, depth: int) -> None:
    """Go on with the packet that a tunnel carries, where it is the last of the frame and not one too deep."""
    if isinstance(inner, str):
        found.info = inner
    elif inner and depth < MAX_TUNNELS and data[end - len(inner) : end] == inner:
        at = end - len(inner)
        covered = max(each.end for each in found.fields)
        if covered < at:
            found.fields.append(Field("tunnel", data[covered:at], covered, at, found.protocol))
        _ip(found, data, at, depth + 1)


def _udp(found: Headers, data: bytes, at: int, packet: IpPacket, depth: int) -> None:
    found.protocol = "UDP"
    if len(packet.data) < UDP_HEADER:
        found.info = "[its header is cut]"
        return
    sport, dport, length = (int.from_bytes(data[at + place : at + place + 2], "big") for place in (0, 2, 4))
    _ported(found, data, at, "udp", UDP_HEADER, (("udp.length", 4, 2), ("udp.checksum", 6, 2)))
    body = packet.data[UDP_HEADER : length or None]
    found.info = found.datagram = f"{sport} → {dport}, {len(body)} octets"
    tunnel = dport if dport in IN_UDP else sport if sport in IN_UDP else 0
    if tunnel:
        inner = IN_UDP[tunnel](body)
        if inner is not None:
            found.protocol = NAMES_IN_UDP[tunnel]
            _inside(found, data, at + UDP_HEADER + len(body), inner, depth)
            return
    if min(sport, dport) >= LOWEST_PORT and not {sport, dport} & OTHER_PORTS and _media(found, body, dport):
        return
    _message(found, Payload(body, "udp", packet.src, sport, packet.dst, dport, 0, 0, 0))


def _media(found: Headers, body: bytes, port: int) -> bool:
    """Tell RTP and RTCP by their octets; whether they are media at all, the stream says."""
    found.stream = media_stream(found.destination, port, body)
    if found.stream is not None:
        found.protocol = "RTCP" if found.stream.rtcp else "RTP"
        found.info = media_info(found.stream, body)
    return found.stream is not None


def media_stream(destination: str, port: int, body: bytes) -> Stream | None:
    """Return the stream that the payload of a datagram is of, if it is media by its octets."""
    if len(body) > 1 and body[1] in RTCP_TYPES and is_rtcp(body):
        return stream_of(destination, port, body, True)
    return stream_of(destination, port, body, False) if is_rtp(body) else None


def stream_of(destination: str, port: int, body: bytes, rtcp: bool) -> Stream:
    """Return the stream of a packet of media."""
    at = 4 if rtcp else 8
    return Stream(destination, port, int.from_bytes(body[at : at + 4], "big"), rtcp)


def media_info(stream: Stream, body: bytes) -> str:
    """Return a line that tells a person what a packet of media is."""
    if stream.rtcp:
        return f"SSRC {stream.ssrc:#010x}, packet type {body[1]}, {len(body)} octets"
    marker = ", marker" if body[1] & 0x80 else ""
    sequence = int.from_bytes(body[2:4], "big")
    return f"SSRC {stream.ssrc:#010x}, seq {sequence}, payload type {body[1] & 0x7F}{marker}, port {stream.port}"


def _tcp(found: Headers, data: bytes, at: int, packet: IpPacket) -> None:
    found.protocol = "TCP"
    if len(packet.data) < TCP_HEADER:
        found.info = "[its header is cut]"
        return
    size = max(TCP_HEADER, (data[at + 12] >> 4) * 4)
    parts = (
        ("tcp.seq", 4, 4), ("tcp.ack", 8, 4), ("tcp.flags", 13, 1), ("tcp.window_size_value", 14, 2),
        ("tcp.checksum", 16, 2),
    )  # fmt: skip
    sport, dport = _ported(found, data, at, "tcp", min(size, len(packet.data)), parts)
    flags = ", ".join(name for bit, name in enumerate(FLAGS) if data[at + 13] >> bit & 1)
    sequence, body = int.from_bytes(data[at + 4 : at + 8], "big"), packet.data[size:]
    found.info = f"{sport} → {dport} [{flags}] seq {sequence}, {len(body)} octets"
    if body:
        _message(found, Payload(body, "tcp", packet.src, sport, packet.dst, dport, 0, 0, 0))


def _sctp(found: Headers, data: bytes, at: int, body: bytes) -> None:
    found.protocol = "SCTP"
    if len(body) <= SCTP_HEADER:
        found.info = "[its header is cut]"
        return
    sport, dport = _ported(found, data, at, "sctp", SCTP_HEADER, (("sctp.verification_tag", 4, 4),))
    kind = body[SCTP_HEADER]
    found.info = f"{sport} → {dport}, {CHUNKS.get(kind, f'chunk type {kind}')}"


def _esp(found: Headers, data: bytes, at: int, body: bytes) -> None:
    found.protocol = "ESP"
    if len(body) >= 8:
        fields = (_number(data, "esp.spi", at, 4), _number(data, "esp.sequence", at + 4, 4))
        found.fields.append(Field("esp", data[at : at + 8], at, at + 8, "", fields))
        spi, sequence = (int.from_bytes(body[place : place + 4], "big") for place in (0, 4))
        found.info = f"SPI {spi:#010x}, sequence {sequence}"


def _icmp(found: Headers, packet: IpPacket) -> None:
    found.protocol = OTHER[packet.version]
    if len(packet.data) >= 2:
        kind, code = packet.data[0], packet.data[1]
        name = ECHO.get((packet.version, kind), f"type {kind}")
        found.info = NAMES[packet.version].get(kind, name) + (
            f", code {code}" if kind in ERRORS[packet.version] else ""
        )


def _ported(
    found: Headers, data: bytes, at: int, name: str, size: int, parts: tuple[tuple[str, int, int], ...]
) -> tuple[int, int]:
    """Add the header of a transport that begins with two ports, and return these."""
    ends = (_number(data, f"{name}.srcport", at, 2), _number(data, f"{name}.dstport", at + 2, 2))
    fields = (*ends, *(_number(data, part, at + offset, length) for part, offset, length in parts))
    sport, dport = int(ends[0].value), int(ends[1].value)
    found.fields.append(Field(name, data[at : at + size], at, at + size, f"{sport} → {dport}", fields))
    return sport, dport


def _number(data: bytes, name: str, at: int, size: int) -> Field:
    value = int.from_bytes(data[at : at + size], "big")
    return Field(name, value, at, at + size)


def _message(found: Headers, payload: Payload) -> None:
    """Name the protocol of a message that begins here, with its first line where it has lines."""
    protocol = told(payload)
    if protocol is not None and protocol not in ("rtp", "rtcp"):
        found.protocol = protocol.upper()
        found.info = _line(payload.data) or found.info


def _line(data: bytes) -> str:
    """Return the first line of a text, "" where octets are none."""
    line = data[:MAX_LINE].splitlines()[0] if data else b""
    return line.decode() if line.isascii() and all(0x20 <= octet < 0x7F for octet in line) else ""
