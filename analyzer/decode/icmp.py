"""ICMP errors: which flow a router or a host speaks of."""

from __future__ import annotations

from dpkt import ip as dpkt_ip

from analyzer.decode.ip import IpPacket, read_ip
from analyzer.decode.packets import Broken, IcmpError, Origin

HEADER = 8
PORTED = frozenset({dpkt_ip.IP_PROTO_TCP, dpkt_ip.IP_PROTO_UDP, dpkt_ip.IP_PROTO_SCTP})
# Those that quote a packet: RFC 792, RFC 4443 3
ERRORS = {4: frozenset({3, 4, 5, 11, 12}), 6: frozenset({1, 2, 3, 4})}
PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
NAMES = {
    4: {3: "destination unreachable", 4: "source quench", 5: "redirect", 11: "time exceeded", 12: "parameter problem"},
    6: {1: "destination unreachable", 2: "packet too big", 3: "time exceeded", 4: "parameter problem"},
}
OTHER = {4: "ICMP", 6: "ICMPv6"}


def read_icmp(packet: IpPacket, origin: Origin) -> IcmpError | str:
    """Return the error in an ICMP or ICMPv6 message, or the name of what is none; raises Broken."""
    data, version = packet.data, packet.version
    name = "icmp" if version == 4 else "icmpv6"
    if len(data) < HEADER:
        if packet.lost:
            return OTHER[version]
        raise Broken(name, f"{name}.type", 0, f"needs {HEADER} octets, {len(data)} left")
    if data[0] not in ERRORS[version]:
        return OTHER[version]
    try:
        quoted = read_ip(data[HEADER:])
    except Broken:  # only its beginning is quoted
        return f"{OTHER[version]} errors that quote too little"
    ports = (-1, -1)
    if quoted.protocol in PORTED and quoted.offset == 0 and len(quoted.data) >= 4:
        ports = (quoted.data[0] << 8 | quoted.data[1], quoted.data[2] << 8 | quoted.data[3])
    kind = NAMES[version][data[0]]
    if (data[0], data[1]) == PORT_UNREACHABLE[version]:
        kind = "port unreachable"
    return IcmpError(
        origin.capture, origin.frame, origin.time, packet.src, kind, data[0], data[1],
        quoted.protocol, quoted.src, ports[0], quoted.dst, ports[1],
    )  # fmt: skip
