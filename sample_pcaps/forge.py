"""Captures octet by octet: Ethernet, IPv4 and IPv6, UDP, TCP, and the files pcap and pcapng."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from zlib import crc32

MTU = 1500
MSS = 1400
LINK_ETHERNET, LINK_SLL = 1, 113
SNAPLEN = 262144
SECOND = 10**9  # ns
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


# ------------------------------------------------------------------------------------------------ layers 2 and 3


def mac_of(address: str) -> bytes:
    """Return a link address for an IP address: that of its group, or one of our own making."""
    ip = ip_address(address)
    if ip.is_multicast and ip.version == 4:
        return bytes((0x01, 0x00, 0x5E, ip.packed[1] & 0x7F)) + ip.packed[2:]
    if ip.is_multicast:
        return b"\x33\x33" + ip.packed[-4:]
    return b"\x02\x00" + crc32(ip.packed).to_bytes(4, "big")


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(src: str, dst: str, packet: bytes) -> bytes:
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return mac_of(dst) + mac_of(src) + kind + packet


def ip_packet(src: str, dst: str, protocol: int, payload: bytes, *, ident: int = 0, hops: int = 64) -> bytes:
    """Return an IPv4 or IPv6 packet, as the addresses say; it must fit the MTU."""
    one, other = ip_address(src), ip_address(dst)
    if one.version == 6:
        packet = struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + one.packed + other.packed + payload
    else:
        start = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), ident & 0xFFFF, 0x4000, hops, protocol)
        ends = one.packed + other.packed
        packet = start + struct.pack("!H", checksum(start + b"\0\0" + ends)) + ends + payload
    if len(packet) > MTU:
        raise ValueError(f"packet of {len(packet)} octets, more than {MTU}")
    return packet


def with_checksum(src: str, dst: str, protocol: int, segment: bytes, at: int) -> bytes:
    """Fill in the checksum over the pseudo header at offset `at`."""
    one, other = ip_address(src).packed, ip_address(dst).packed
    layout = "!IHBB" if len(one) == 16 else "!BBH"
    numbers = (len(segment), 0, 0, protocol) if len(one) == 16 else (0, protocol, len(segment))
    value = checksum(one + other + struct.pack(layout, *numbers) + segment) or 0xFFFF
    return segment[:at] + struct.pack("!H", value) + segment[at + 2 :]


# ------------------------------------------------------------------------------------------------ layer 4


def udp(src: str, sport: int, dst: str, dport: int, payload: bytes) -> bytes:
    """Return a UDP datagram in its IP packet."""
    segment = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return ip_packet(src, dst, 17, with_checksum(src, dst, 17, segment, 6))


def tcp(
    src: str, sport: int, dst: str, dport: int, *, seq: int, ack: int, flags: int, payload: bytes = b""
) -> bytes:  # fmt: skip
    """Return a TCP segment in its IP packet."""
    start = struct.pack("!HHIIBBHHH", sport, dport, seq % 2**32, ack % 2**32, 5 << 4, flags, 65535, 0, 0)
    return ip_packet(src, dst, 6, with_checksum(src, dst, 6, start + payload, 16))


@dataclass
class Tape:
    """Packets with the times at which the probe sees them; written sorted by time."""

    packets: list[tuple[int, bytes]] = field(default_factory=list)

    def add(self, time: int, packet: bytes, src: str, dst: str) -> None:
        self.packets.append((time, ethernet(src, dst, packet)))

    def add_udp(self, time: int, src: str, sport: int, dst: str, dport: int, payload: bytes) -> None:
        self.add(time, udp(src, sport, dst, dport, payload), src, dst)

    def sorted(self) -> list[tuple[int, bytes]]:
        return sorted(self.packets, key=lambda packet: packet[0])


@dataclass
class Connection:
    """A TCP connection between two ends; every call puts its segments on the tape.

    `delay` is the time in ns from one segment to the next.
    """

    tape: Tape
    client: str
    client_port: int
    server: str
    server_port: int
    seq_client: int = 1000
    seq_server: int = 5000
    delay: int = 200_000

    def open(self, time: int) -> int:
        """Shake hands; return the time after it."""
        self._segment(time, True, SYN)
        self.seq_client += 1
        self._segment(time + self.delay, False, SYN | ACK)
        self.seq_server += 1
        self._segment(time + 2 * self.delay, True, ACK)
        return time + 3 * self.delay

    def send(self, time: int, octets: bytes, *, by_client: bool) -> int:
        """Send octets in as many segments as they need; return the time of the last one.

        What the other end sends next acknowledges them: both ends are quick, none sends a mere ACK.
        """
        for start in range(0, len(octets), MSS):
            piece = octets[start : start + MSS]
            last = start + MSS >= len(octets)
            self._segment(time, by_client, ACK | (PSH if last else 0), piece)
            if by_client:
                self.seq_client += len(piece)
            else:
                self.seq_server += len(piece)
            time += 0 if last else self.delay
        return time

    def close(self, time: int) -> int:
        """End the connection from the client's side; return the time after it."""
        self._segment(time, True, FIN | ACK)
        self.seq_client += 1
        self._segment(time + self.delay, False, FIN | ACK)
        self.seq_server += 1
        self._segment(time + 2 * self.delay, True, ACK)
        return time + 3 * self.delay

    def _segment(self, time: int, by_client: bool, flags: int, payload: bytes = b"") -> None:
        client, server = (self.client, self.client_port), (self.server, self.server_port)
        (src, sport), (dst, dport) = (client, server) if by_client else (server, client)
        seq, ack = (self.seq_client, self.seq_server) if by_client else (self.seq_server, self.seq_client)
        packet = tcp(src, sport, dst, dport, seq=seq, ack=ack if flags & ACK else 0, flags=flags, payload=payload)
        self.tape.add(time, packet, src, dst)


# ------------------------------------------------------------------------------------------------ files


def pcap(packets: Iterable[tuple[int, bytes]], *, nanoseconds: bool = False, big_endian: bool = False) -> bytes:
    """Return a pcap file of Ethernet frames."""
    order = ">" if big_endian else "<"
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    file = bytearray(struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, SNAPLEN, LINK_ETHERNET))
    for time, frame in packets:
        file += struct.pack(f"{order}IIII", time // SECOND, time % SECOND // unit, len(frame), len(frame)) + frame
    return bytes(file)


def pcapng(
    packets: Iterable[tuple[int, bytes]],
    *,
    interface: str = "probe0",
    snaplen: int = SNAPLEN,
    link: int = LINK_ETHERNET,
) -> bytes:
    """Return a pcapng file of frames of one interface, times in ns; of each frame `snaplen` octets at most."""
    name = _option(2, interface.encode()) + _option(9, b"\x09") + _option(0, b"")
    file = bytearray(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)))
    file += _block(1, struct.pack("<HHI", link, 0, snaplen) + name)
    for time, frame in packets:
        kept = frame[:snaplen]
        start = struct.pack("<IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(kept), len(frame))
        file += _block(6, start + _padded(kept))
    return bytes(file)


def _padded(octets: bytes) -> bytes:
    return octets + b"\0" * (-len(octets) % 4)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _block(kind: int, body: bytes) -> bytes:
    size = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + size + body + size
