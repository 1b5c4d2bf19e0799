"""From frames to payloads: link layer, IP, fragments, tunnels, ESP, UDP, TCP, SCTP, ICMP errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dpkt import ip as dpkt_ip

from analyzer.capture import linktypes
from analyzer.capture.block import Block, Ints
from analyzer.capture.frame import Frame
from analyzer.decode import link
from analyzer.decode.datagrams import Datagrams
from analyzer.decode.esp import NATT_PORT, Associations, Opened, Opener, encapsulated, no_keys
from analyzer.decode.ethertype import ethernet
from analyzer.decode.exported import ETHERNET, IP, Exports, read_exported
from analyzer.decode.fragments import Fragments
from analyzer.decode.icmp import read_icmp
from analyzer.decode.ip import IpPacket, read_ip, upper
from analyzer.decode.mediacolumns import MediaColumns
from analyzer.decode.packets import Broken, DecodeFacts, MediaPacket, Origin, leg_of
from analyzer.decode.rtp import MediaFilter
from analyzer.decode.sctp import UDP_PORT as SCTP_PORT
from analyzer.decode.sctp import Messages
from analyzer.decode.sctp import encapsulated as sctp_in_udp
from analyzer.decode.sift import sift
from analyzer.decode.tcp import Connections
from analyzer.decode.tunnels import IN_IP, IN_UDP, NAMES_IN_IP, NAMES_IN_UDP
from dissectors import ANYWHERE, Payload

MAX_TUNNELS = 4  # IP packets within an IP packet

UDP = dpkt_ip.IP_PROTO_UDP
TCP = dpkt_ip.IP_PROTO_TCP
ESP = dpkt_ip.IP_PROTO_ESP
SCTP = dpkt_ip.IP_PROTO_SCTP
ICMP = {4: dpkt_ip.IP_PROTO_ICMP, 6: dpkt_ip.IP_PROTO_ICMP6}
IP_IN_IP = frozenset({dpkt_ip.IP_PROTO_IPIP, dpkt_ip.IP_PROTO_IP6})
UDP_HEADER = 8
# Why what these carry is not looked at
UNREAD = {
    dpkt_ip.IP_PROTO_IGMP: "IGMP",
    dpkt_ip.IP_PROTO_NONE: "IPv6 without a payload",
}
NOT_WHOLE = "UDP datagrams that were not captured whole"
NO_OCTETS = "UDP datagrams without octets"
TOO_DEEP = f"more than {MAX_TUNNELS} IP packets one in the other"

Found = Payload | MediaPacket


class Decoder:
    """Takes the frames of all captures of a case in the order of time and gives payloads and media.

    `ports` are those that the user named, by protocol; `opener` has the keys of ESP that are known from the start.
    `facts` say what gave nothing, and why.
    """

    def __init__(self, ports: Mapping[str, Sequence[int]] | None = None, opener: Opener = no_keys) -> None:
        self.facts = DecodeFacts()
        named = {protocol: tuple(numbers) for protocol, numbers in (ports or {}).items()}
        self._protocols = {port: protocol for protocol, numbers in named.items() for port in numbers}
        self._named = frozenset(self._protocols)
        self._fragments = Fragments(self.facts)
        self._esp = Associations(self.facts, opener)
        self._connections = Connections(self.facts, named)
        self._messages = Messages(self.facts)
        self._exports = Exports(self.facts, named)
        self._media = MediaFilter()

    def sift(self, block: Block) -> tuple[Ints, list[MediaColumns], Datagrams]:
        """Return the rows of a block to be fed, and the media and datagrams that were told by columns.

        Nothing else is of use.
        """
        return sift(block, self._named, self._media.knows)

    @property
    def streams(self) -> frozenset[tuple[str, str, int, int]]:
        """The unicast streams that have been told to be media: source, destination, port, SSRC."""
        return self._media.streams

    @property
    def named(self) -> frozenset[int]:
        """The ports that the user named."""
        return self._named

    @property
    def has_fragments(self) -> bool:
        """Whether there are fragments whose rest has not come."""
        return self._fragments.waits

    def feed(self, frame: Frame) -> Iterator[Found]:
        """Yield what a frame completes; what is broken in it is told in `facts`."""
        leg = leg_of(frame.interface) if frame.interface else ANYWHERE
        origin = Origin(frame.capture, frame.number, frame.time, (frame.number,), leg)
        try:
            if frame.link_type == linktypes.WIRESHARK_UPPER_PDU:
                yield from self._exported(frame.data, origin)
                return
            for start in link.ip_offsets(frame.link_type, frame.data):
                try:
                    yield from self._at(start, frame.data, origin)
                except Broken as broken:  # whatever becomes of the others in the frame
                    self.facts.tell(origin, broken)
        except Broken as broken:
            self.facts.tell(origin, broken)

    def finish(self, shown: Callable[[], Opener | None] = lambda: None) -> Iterator[Found]:
        """Yield what can still be read when no frame is left.

        `shown` is asked for keys of ESP in what was yielded so far, for as long as it finds more.
        """
        yield from self._connections.finish()
        yield from self._exports.finish()
        while self._esp.waits and (opener := shown()) is not None:
            yield from self._unwrapped(self._esp.unlock(opener))
            yield from self._connections.finish()
        self._messages.finish()
        self._esp.finish()
        self._fragments.finish()

    def _at(self, start: int | str, data: bytes, origin: Origin) -> Iterable[Found]:
        """Read one of the packets of a frame."""
        if isinstance(start, str):
            self.facts.count(start)
            return ()
        return self._ip(data[start:], origin, 0)

    def _exported(self, data: bytes, origin: Origin) -> Iterator[Found]:
        found = read_exported(data)
        if found.protocol in IP:
            yield from self._ip(found.data, origin, 0)
        elif found.protocol in ETHERNET:
            yield from self._at(ethernet(found.data), found.data, origin)
        else:
            yield from self._exports.add(found, origin)

    # These return what they find instead of yielding it, as most frames have one packet or none.

    def _ip(self, data: bytes, origin: Origin, depth: int) -> Iterable[Found]:
        if depth > MAX_TUNNELS:
            self.facts.count(TOO_DEEP)
            return ()
        packet = read_ip(data)
        origin = origin.of(packet.hops, packet.number)
        if packet.ident >= 0:
            whole = self._fragments.add(packet, origin)
            if whole is None:
                return ()
            protocol, body, origin = whole
            protocol, start = upper(protocol, body)
            packet = IpPacket(packet.version, packet.src, packet.dst, protocol, body[start:], 0)
        return self._carried(packet, origin, depth)

    def _carried(self, packet: IpPacket, origin: Origin, depth: int) -> Iterable[Found]:
        if packet.protocol == UDP:
            return self._udp(packet, origin, depth)
        if packet.protocol == TCP:
            return self._connections.add(packet, origin)
        if packet.protocol == SCTP:
            return self._messages.add(packet, origin)
        if packet.protocol in IP_IN_IP:
            tunnel = f"IP in IP {packet.src} > {packet.dst}"
            return self._ip(packet.data, origin.within(tunnel), depth + 1)
        if packet.protocol == ESP:
            return self._unwrapped(self._esp.add(packet, origin, depth))
        if packet.protocol in IN_IP:
            tunnel = f"{NAMES_IN_IP[packet.protocol]} {packet.src} > {packet.dst}"
            return self._within(IN_IP[packet.protocol](packet.data), origin.within(tunnel), depth)
        if packet.protocol == ICMP[packet.version]:
            self._icmp(packet, origin)
        else:
            self.facts.count(UNREAD.get(packet.protocol, f"IP protocol {packet.protocol}"))
        return ()

    def _unwrapped(self, opened: Iterator[Opened]) -> Iterator[Found]:
        """Read on in what ESP carried, which may be of frames before this one."""
        for packet, origin, depth in opened:
            try:
                if depth >= MAX_TUNNELS:
                    self.facts.count(TOO_DEEP)
                else:
                    yield from self._carried(packet, origin.within("ESP"), depth + 1)
            except Broken as broken:
                self.facts.tell(origin, broken)

    def _within(self, inner: bytes | str, origin: Origin, depth: int) -> Iterable[Found]:
        """Read on in the packet that a tunnel carries, or count why it carries none."""
        if isinstance(inner, str):
            self.facts.count(inner)
            return ()
        return self._ip(inner, origin, depth + 1)

    def _udp(self, packet: IpPacket, origin: Origin, depth: int) -> Iterable[Found]:
        data = packet.data
        if len(data) < UDP_HEADER:
            raise Broken("udp", "udp.length", 0, f"needs {UDP_HEADER} octets, {len(data)} left")
        sport, dport, length = data[0] << 8 | data[1], data[2] << 8 | data[3], data[4] << 8 | data[5]
        # RFC 2675 4: 0 in a jumbogram; a sender that leaves segmentation to its card writes 0 too
        end = length or len(data)
        if end < UDP_HEADER or end > len(data) + packet.lost:
            raise Broken("udp", "udp.length", 4, f"{length} octets, its packet holds {len(data) + packet.lost}")
        body = data[UDP_HEADER:end]
        port = dport if dport in IN_UDP else sport
        tunnel = IN_UDP.get(port)
        if tunnel is not None and not self._named & {sport, dport} and (inner := tunnel(body)) is not None:
            around = origin.within(f"{NAMES_IN_UDP[port]} {packet.src} > {packet.dst}")
            return self._within(inner, around, depth)  # what was cut of it, the inner packet tells
        if end > len(data):
            self._tell_cut(data, sport, dport, end, origin)
            return ()
        if not body:
            self.facts.count(NO_OCTETS)
            return ()
        if SCTP_PORT in (sport, dport) and not self._named & {sport, dport} and sctp_in_udp(body):
            return self._messages.add(IpPacket(packet.version, packet.src, packet.dst, SCTP, body, 0), origin)
        if NATT_PORT in (sport, dport) and not self._named & {sport, dport}:
            within = encapsulated(body, sport, dport)
            if isinstance(within, str):
                self.facts.count(within)
                return ()
            if within is not None:
                esp = IpPacket(packet.version, packet.src, packet.dst, ESP, within, 0)
                return self._unwrapped(self._esp.add(esp, origin, depth))
        if body[0] >> 6 == 2 and sport not in self._named and dport not in self._named:
            media = MediaPacket(origin.capture, origin.frame, origin.time, packet.src, packet.dst, dport, body)
            found = self._media.media(media, sport)
            if found is not None:
                return found
        payload = Payload(
            body, "udp", packet.src, sport, packet.dst, dport,
            origin.capture, origin.frame, origin.time, origin.frames, origin.leg, origin.ident,
            self._protocols.get(dport) or self._protocols.get(sport, ""),
        )  # fmt: skip
        return (payload,)

    def _icmp(self, packet: IpPacket, origin: Origin) -> None:
        found = read_icmp(packet, origin)
        if isinstance(found, str):
            self.facts.count(found)
        else:
            self.facts.refuse(found)

    def _tell_cut(self, data: bytes, sport: int, dport: int, end: int, origin: Origin) -> None:
        """A message without its end would be judged by what is not there: say that it was cut, and leave it."""
        self.facts.count(NOT_WHOLE)
        if len(data) > UDP_HEADER and data[UDP_HEADER] >> 6 != 2:  # captures that cut media short are usual
            reason = f"{len(data)} of {end} octets from port {sport} to {dport} were captured"
            self.facts.tell(origin, Broken("udp", "udp.length", 4, reason))


__all__ = ["DecodeFacts", "Decoder"]
