"""IPsec ESP (RFC 4303): NULL encryption found by itself, packets that wait for keys, and what either gives.

Nothing in a packet says how it is protected. An ESP packet without encryption has a trailer and an inner header
that fit it in so many bits that encrypted octets never do: these bits are counted, over a few packets of one SPI.
"""

from __future__ import annotations

import socket
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from dpkt import ip as dpkt_ip

from analyzer.decode.ip import IpPacket
from analyzer.decode.packets import Broken, DecodeFacts, Origin
from dissectors import Payload, dissect

MAX_ASSOCIATIONS = 4096  # of addresses and SPI that are told apart
MAX_HELD = 1024  # packets of one that wait for a key, or for more of their kind
MAX_HELD_OCTETS = 32 * 1024 * 1024  # of all together, each with what it costs beside its own
MAX_SHOWN_OCTETS = 8 * 1024 * 1024  # beyond which none is kept that was read already and is only to be verified
COST = 400  # octets that keeping one packet takes, however short it is
WINDOW = 64  # packets in a row that may add up their evidence
ENOUGH = 44  # bits of it

NATT_PORT = 4500  # RFC 3948
NON_ESP = bytes(4)  # where ESP has its SPI
HEADER, TRAILER = 8, 2  # SPI and sequence number; pad length and next header
TCP, UDP, IPIP, IP6 = dpkt_ip.IP_PROTO_TCP, dpkt_ip.IP_PROTO_UDP, dpkt_ip.IP_PROTO_IPIP, dpkt_ip.IP_PROTO_IP6
PADDING = bytes(range(1, 256))  # RFC 4303 2.4
V6_NEXT = frozenset({0, 6, 17, 43, 44, 50, 58, 60})  # what an inner IPv6 packet goes on with
BITS_OF_TRAILER = 14  # pad length, and one of four next headers
BITS_OF_TCP = 4  # header length, reserved bits and flags
BITS_OF_IP = 4  # version

SHUT = "ESP, encrypted or of too few packets to tell, and no key fits"
CUT = "ESP packets that were not captured whole"
KEEPALIVE = "keepalives of NAT traversal"
IKE = "IKE"
LOST = "ESP packets of which nothing could be kept until a key was there"

NULL = "NULL encryption"
UNVERIFIED = "NULL encryption, ICV not that of the key given"


@dataclass(frozen=True, slots=True)
class Layout:
    """Octets around what a packet without encryption carries."""

    iv: int
    icv: int


# HMAC-MD5-96 and HMAC-SHA-1-96; HMAC-SHA-256-128; none; AES-GMAC (RFC 4543), the only one with an IV
LAYOUTS = (Layout(0, 12), Layout(0, 16), Layout(0, 0), Layout(8, 16))


@dataclass(frozen=True, slots=True)
class Plain:
    """What a key opened: protocol and octets within, `how` for the facts, `layout` where nothing was encrypted."""

    protocol: int
    data: bytes = field(repr=False)
    how: str
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Keys for this SPI are there, none of them is that of the packet."""

    reason: str


Opener = Callable[[str, str, bytes], Plain | Refused | None]  # source, destination, ESP packet; None: no key
Opened = tuple[IpPacket, Origin, int]  # and how deep its packet lay in tunnels


def no_keys(src: str, dst: str, data: bytes) -> None:
    """The opener of those who have no key."""


@dataclass(slots=True)
class Held:
    packet: IpPacket
    origin: Origin
    depth: int
    reason: str = SHUT
    shown: bool = False  # opened without a key, which may still verify it

    @property
    def size(self) -> int:
        return len(self.packet.data) + COST


@dataclass(slots=True)
class Association:
    """What is known of one SPI between two addresses; no `layout` where it is not known to be without encryption."""

    layout: Layout | None = None
    bits: dict[Layout, int] = field(default_factory=dict)
    window: set[bytes] = field(default_factory=set)  # sequence numbers: the same packet on several legs counts once
    held: list[Held] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)


class Associations:
    """Takes ESP packets and gives what they carry, at once or when it has become clear how to open them."""

    def __init__(self, facts: DecodeFacts, opener: Opener = no_keys) -> None:
        self._facts = facts
        self._opener = opener
        self._known: OrderedDict[tuple[str, str, bytes], Association] = OrderedDict()
        self._octets = 0

    def add(self, packet: IpPacket, origin: Origin, depth: int) -> Iterator[Opened]:
        """Take one packet; yields what can be opened now, raises Broken."""
        if packet.lost:
            self._facts.count(CUT)
            return
        if len(packet.data) < HEADER + TRAILER:
            raise Broken("esp", "esp.spi", 0, f"needs {HEADER + TRAILER} octets, {len(packet.data)} left")
        one = self._association(packet)
        held = Held(packet, origin, depth)
        answer = self._opener(packet.src, packet.dst, packet.data)
        if isinstance(answer, Plain):
            yield self._given(one, held, answer)
            if one.layout is None and answer.layout is not None:
                yield from self._decided(one, answer.layout)
            return
        if isinstance(answer, Refused):
            held.reason = answer.reason
        if one.layout is not None:
            yield from self._stripped(one, held, one.layout)
            self._hold(one, held)
            return
        self._hold(one, held)
        layout = told(one, packet.src, packet.dst, packet.data)
        if layout is not None:
            yield from self._decided(one, layout)

    @property
    def waits(self) -> bool:
        """Say whether a key could be of use."""
        return any(one.held for one in self._known.values())

    def unlock(self, opener: Opener) -> Iterator[Opened]:
        """Try keys that were found since on all that waits for one."""
        for one in tuple(self._known.values()):
            waiting, one.held = one.held, []
            layout = one.layout
            for held in waiting:
                packet = held.packet
                answer = opener(packet.src, packet.dst, packet.data)
                if isinstance(answer, Plain) and held.shown:
                    self._recount(one, held, answer.how)
                elif isinstance(answer, Plain):
                    layout = layout or answer.layout
                    yield self._given(one, held, answer)
                elif isinstance(answer, Refused) and held.shown:
                    self._recount(one, held, UNVERIFIED)
                else:
                    held.reason = answer.reason if isinstance(answer, Refused) else held.reason
                    one.held.append(held)
                    continue
                self._octets -= held.size
            if layout is not None and one.layout is None:
                yield from self._decided(one, layout)

    def finish(self) -> None:
        """Tell what was read, and what was not."""
        while self._known:
            self._forget()

    def _association(self, packet: IpPacket) -> Association:
        key = (packet.src, packet.dst, packet.data[:4])
        one = self._known.get(key)
        if one is None:
            one = self._known[key] = Association()
            if len(self._known) > MAX_ASSOCIATIONS:
                self._forget()
        else:
            self._known.move_to_end(key)
        return one

    def _forget(self) -> None:
        """Give up the association that was silent longest."""
        (_, _, spi), one = self._known.popitem(last=False)
        for how, times in one.read.items():
            self._facts.open(f"ESP with {how}, SPI 0x{spi.hex()}", times)
        for held in one.held:
            self._octets -= held.size
            if not held.shown:
                self._facts.count(held.reason)

    def _hold(self, one: Association, held: Held) -> None:
        most = MAX_SHOWN_OCTETS if held.shown else MAX_HELD_OCTETS
        if len(one.held) < MAX_HELD and self._octets < most:
            one.held.append(held)
            self._octets += held.size
        elif not held.shown:
            self._facts.count(LOST)

    def _decided(self, one: Association, layout: Layout) -> Iterator[Opened]:
        """Give all that waited for this."""
        one.layout = layout
        one.bits, one.window = {}, set()
        for held in tuple(one.held):  # what they carry may be ESP again
            if not held.shown:
                yield from self._stripped(one, held, layout)

    def _stripped(self, one: Association, held: Held, layout: Layout) -> Iterator[Opened]:
        held.shown = True
        found = strip(held.packet.data, layout)
        if found is None:
            reason = "pad length, IV and ICV are more than the packet holds"
            self._facts.tell(held.origin, Broken("esp", "esp.pad_len", len(held.packet.data) - layout.icv - 2, reason))
            return
        how = NULL if held.reason == SHUT else UNVERIFIED
        one.read[how] = one.read.get(how, 0) + 1
        yield _inner(held, *found)

    def _given(self, one: Association, held: Held, plain: Plain) -> Opened:
        one.read[plain.how] = one.read.get(plain.how, 0) + 1
        return _inner(held, plain.protocol, plain.data)

    def _recount(self, one: Association, held: Held, how: str) -> None:
        """A packet that was read before is now known to have been protected in some way."""
        before = NULL if held.reason == SHUT else UNVERIFIED
        if strip(held.packet.data, one.layout or LAYOUTS[0]) is not None:
            one.read[before] -= 1
            if not one.read[before]:
                del one.read[before]
        one.read[how] = one.read.get(how, 0) + 1


def encapsulated(body: bytes, sport: int, dport: int) -> bytes | str | None:
    """Return the ESP packet in a datagram of NAT traversal (RFC 3948 2), what else it is, None where it is neither."""
    if body == b"\xff":
        return KEEPALIVE
    if body[:4] == NON_ESP:
        return IKE
    if len(body) < HEADER + TRAILER or _claimed("udp", body, sport, dport):
        return None
    return body


def strip(data: bytes, layout: Layout) -> tuple[int, bytes] | None:
    """Return the inner protocol and octets of a packet without encryption, None where header and trailer do not fit."""
    end = len(data) - layout.icv - TRAILER
    start = HEADER + layout.iv
    if end < start or end - data[end] < start:
        return None
    return data[end + 1], data[start : end - data[end]]


def is_padded(data: bytes, layout: Layout) -> bool:
    """Say whether the padding is what a sender fills in that has no reason for other octets (RFC 4303 2.4)."""
    end = len(data) - layout.icv - TRAILER
    return data[end - data[end] : end] == PADDING[: data[end]]


def evidence(data: bytes, layout: Layout, src: str, dst: str) -> int:
    """Return in how many bits a packet fits a layout without encryption, 0 where anything does not."""
    last = len(data) - layout.icv - 1
    check = CHECKS.get(data[last]) if last > HEADER else None
    if check is None:  # as with nearly all that is encrypted
        return 0
    found = strip(data, layout)
    if found is None or not is_padded(data, layout):
        return 0
    bits = check(found[1], src, dst)
    return BITS_OF_TRAILER + 8 * data[-layout.icv - TRAILER] + bits if bits else 0


def told(one: Association, src: str, dst: str, data: bytes) -> Layout | None:
    """Add up what packets say for each layout; return the first of which they say enough."""
    sequence = data[4:8]
    if sequence in one.window:
        return None
    if len(one.window) >= WINDOW:
        one.bits, one.window = {}, set()
    one.window.add(sequence)
    for layout in LAYOUTS:
        bits = evidence(data, layout, src, dst)
        if bits:
            one.bits[layout] = one.bits.get(layout, 0) + bits
            if one.bits[layout] >= ENOUGH:
                return layout
    return None


def _inner(held: Held, protocol: int, data: bytes) -> Opened:
    packet = held.packet
    return IpPacket(packet.version, packet.src, packet.dst, protocol, data, 0), held.origin, held.depth


def _bits_of_udp(data: bytes, src: str, dst: str) -> int:
    if len(data) <= 8:
        return 0
    sport, dport, length, checksum = struct.unpack_from("!HHHH", data)
    if length != len(data) or not dport:
        return 0
    verified = checksum and _checksum(src, dst, UDP, data) == 0
    return 16 + (16 if verified else 0) + (16 if _claimed("udp", data[8:], sport, dport) else 0)


def _bits_of_tcp(data: bytes, src: str, dst: str) -> int:
    if len(data) < 20:
        return 0
    sport, dport = struct.unpack_from("!HH", data)
    header, flags = (data[12] >> 4) * 4, data[13]
    if not 20 <= header <= len(data) or data[12] & 0x0E or not sport or not dport:
        return 0
    # RFC 9293 3.10.7: all but the first segment carry ACK, SYN goes with no FIN or RST
    syn, fin_rst, ack = flags & 2, flags & 5, flags & 16
    if (syn and fin_rst) or not (syn or ack or flags & 4):
        return 0
    verified = _checksum(src, dst, TCP, data) == 0
    return BITS_OF_TCP + (16 if verified else 0) + (16 if _claimed("tcp", data[header:], sport, dport) else 0)


def _bits_of_v4(data: bytes, src: str, dst: str) -> int:
    if len(data) < 20 or data[0] >> 4 != 4:
        return 0
    header, length = (data[0] & 15) * 4, data[2] << 8 | data[3]
    # RFC 4303 2.7: in tunnel mode padding may follow the inner packet
    if not 20 <= header <= length <= len(data) or _sum(data[:header]) != 0:
        return 0
    return BITS_OF_IP + 16 + (16 if length == len(data) else 0)


def _bits_of_v6(data: bytes, src: str, dst: str) -> int:
    if len(data) < 40 or data[0] >> 4 != 6 or data[6] not in V6_NEXT:
        return 0
    return BITS_OF_IP + 4 + 16 if data[4] << 8 | data[5] == len(data) - 40 else 0


CHECKS: dict[int, Callable[[bytes, str, str], int]] = {
    UDP: _bits_of_udp,
    TCP: _bits_of_tcp,
    IPIP: _bits_of_v4,
    IP6: _bits_of_v6,
}


def _claimed(transport: str, body: bytes, sport: int, dport: int) -> bool:
    """Say whether a dissector would take what a segment carries."""
    return bool(body) and dissect(Payload(body, transport, "", sport, "", dport, 0, 0, 0, ())) is not None


@lru_cache(maxsize=4096)
def _pseudo(src: str, dst: str, protocol: int) -> int:
    """The sum of the pseudo header (RFC 9293 3.1, RFC 8200 8.1) without the length."""
    family = socket.AF_INET6 if ":" in src else socket.AF_INET
    octets = socket.inet_pton(family, src) + socket.inet_pton(family, dst)
    return int(sum(struct.unpack(f"!{len(octets) // 2}H", octets))) + protocol


def _checksum(src: str, dst: str, protocol: int, data: bytes) -> int:
    """Return 0 where the checksum in a segment is right."""
    return _sum(data, _pseudo(src, dst, protocol) + len(data))


def _sum(data: bytes, begin: int = 0) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total = begin + int(sum(struct.unpack(f"!{len(padded) // 2}H", padded)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total
