"""Frames with other addresses and other payloads of the same length, and the checksums of these."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from analyzer.anonymous import link_headers, options
from analyzer.anonymous.link_headers import ip_start
from analyzer.anonymous.pieces import Chunks, Pieces
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.sealed import Contents
from analyzer.anonymous.streams import SEQUENCE, Streams
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.esp import NATT_PORT, encapsulated
from analyzer.decode.ethertype import ETHERNET_HEADER
from analyzer.decode.rewrite import checksum
from analyzer.decode.sctp import UDP_PORT as SCTP_PORT
from analyzer.decode.sctp import encapsulated as sctp_in_udp
from analyzer.decode.tunnels import GTP_HEADER, IN_IP, IN_UDP, gtp

UDP, TCP, SCTP, ESP, ICMP, ICMP_6, IP_IN_IP, IP_6_IN_IP = 17, 6, 132, 50, 1, 58, 4, 41
FRAGMENT, AH = 44, 51
AFTER_4 = frozenset({AH})  # headers that may stand between that of IP and what it carries
AFTER_6 = frozenset({0, 43, FRAGMENT, AH, 60})  # RFC 8200 4
SYN = 0x02
WHOLE = 3  # the flags of a chunk of SCTP that is a message
LAYERS = 4  # IP packets within IP packets

Tunnel = Callable[[bytes], bytes | str | None]
Piece = tuple[int, int, bool]  # identification, where it begins, and whether nothing follows


@dataclass(slots=True)
class Frames:
    """Rewrites frames; `datagram` and `streams` give what stands for payloads, and what they do not give is blanked."""

    names: Pseudonyms
    datagram: Callable[[bytes], bytes | None]
    opened: Callable[[str, str, bytes], Contents | None] = field(default=lambda src, dst, data: None, repr=False)
    streams: Streams = field(default_factory=Streams, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    pieces: Pieces = field(default_factory=Pieces, repr=False)
    chunks: Chunks = field(default_factory=Chunks, repr=False)
    looking: bool = False  # only for segments of TCP

    def look(self, frame: Frame) -> None:
        """Keep what a frame has of TCP streams."""
        self.looking = True
        self._frame(frame)
        self.looking = False

    def made(self, frame: Frame) -> bytes:
        """Return the octets of a frame, as many."""
        return bytes(self._frame(frame))

    def _frame(self, frame: Frame) -> bytearray:
        data = bytearray(frame.data)
        start = None if frame.link_type == linktypes.WIRESHARK_UPPER_PDU else ip_start(frame.link_type, frame.data)
        if start is None:
            is_ethernet = frame.link_type == linktypes.EN10MB and len(data) >= ETHERNET_HEADER
            if is_ethernet:
                link_headers.ethernet(self.names, data)
            return self._blank(data, ETHERNET_HEADER if is_ethernet else 0, len(data), "frames")
        if not self.looking:
            link_headers.rewrite(self.names, frame.link_type, data, start)
        end = self._ip(data, start, len(data), 0)
        if any(data[end:]):
            data[end:] = bytes(len(data) - end)
        return data

    # Each returns where what it knows ends.

    def _ip(self, data: bytearray, start: int, end: int, depth: int) -> int:
        version = data[start] >> 4 if start < end else 0
        least = {4: 20, 6: 40}.get(version, 0)
        if not least or depth > LAYERS or start + least > end or (version == 4 and data[start] & 0x0F < 5):
            self._blank(data, start, end, "packets of no IP")
            return end
        if version == 4:
            header, protocol = (data[start] & 0x0F) * 4, data[start + 9]
            length = int.from_bytes(data[start + 2 : start + 4], "big")
            ends = [(start + 12, 4), (start + 16, 4)]
        else:
            header, protocol = 40, data[start + 6]
            length = 40 + int.from_bytes(data[start + 4 : start + 6], "big")
            ends = [(start + 8, 16), (start + 24, 16)]
        old = b"".join(bytes(data[at : at + size]) for at, size in ends)
        summed = version == 4 and checksum(bytes(data[start : start + header])) == 0
        for at, size in ends:
            data[at : at + size] = self.names.packed(bytes(data[at : at + size]))
        new = b"".join(bytes(data[at : at + size]) for at, size in ends)
        if version == 4 and header > 20:  # they may list addresses
            self._blank(data, start + 20, min(start + header, end), "octets of IP options")
        if summed:
            data[start + 10 : start + 12] = b"\0\0"
            data[start + 10 : start + 12] = checksum(bytes(data[start : start + header])).to_bytes(2, "big")
        body = start + header
        stop = min(start + length, end) if length else end
        piece = _fragment_4(data, start) if version == 4 else None
        while protocol in (AFTER_4 if version == 4 else AFTER_6) and body + 8 <= stop and piece is None:
            if protocol == FRAGMENT:
                piece, protocol, body = _fragment_6(data, body), data[body], body + 8
                continue
            size = 4 * (data[body + 1] + 2) if protocol == AH else 8 * (data[body + 1] + 1)
            self._blank(data, body + 2, min(body + size, stop), "octets of headers behind that of IP")
            protocol, body = data[body], body + size
        if body > stop:
            return stop
        if piece is None:
            self._carried(data, body, stop, protocol, (old, new), depth)
        else:
            self._piece(data, body, stop, protocol, piece, (old, new), depth)
        return stop

    def _piece(
        self, data: bytearray, body: int, end: int, protocol: int, piece: Piece, ends: tuple[bytes, bytes], depth: int
    ) -> None:  # fmt: skip
        ident, begin, last = piece
        name, octets = (ends[0], ident, protocol), bytes(data[body:end])
        if self.looking:
            whole = self.pieces.add(name, begin, octets, last)
            if whole is not None:
                self._carried(bytearray(whole), 0, len(whole), protocol, ends, depth)
            return

        def make(whole: bytes) -> bytes:
            out = bytearray(whole)
            self._carried(out, 0, len(out), protocol, ends, depth)
            return bytes(out)

        made = self.pieces.piece(name, begin, octets, make)
        if made is None:
            self._blank(data, body, end, "octets of fragments")
        else:
            data[body:end] = made

    def _carried(
        self, data: bytearray, body: int, end: int, protocol: int, ends: tuple[bytes, bytes], depth: int
    ) -> None:  # fmt: skip
        before = bytes(data[body:end])
        match protocol:
            case 17 if end - body >= 8:
                self._udp(data, body, end, ends, depth)
                at = 6 if data[body + 6 : body + 8] != b"\0\0" else None
            case 6 if end - body >= 20:
                self._tcp(data, body, end, ends[0])
                at = 16
            case 132 if end - body >= 12:
                self._sctp(data, body, end, ends[0])
                return
            case 4 | 41:
                self._within(data, body, end, depth)
                return
            case _ if protocol in IN_IP and depth <= LAYERS and self._tunnel(data, body, end, IN_IP[protocol], depth):
                return
            case 50 if depth <= LAYERS and self._esp(data, body, end, ends, depth):
                return
            case 1 | 58 if end - body >= 8:
                self._icmp(data, body, end, protocol, depth)
                at = 2
            case _:
                self._blank(data, body, end, f"octets of IP protocol {protocol}")
                return
        if at is None:
            return
        pseudo = [b"" if protocol == ICMP else one + struct.pack("!II", end - body, protocol) for one in ends]
        if checksum(pseudo[0] + before) == 0:  # wrong ones stay so
            data[body + at : body + at + 2] = b"\0\0"
            value = checksum(pseudo[1] + bytes(data[body:end])) or 0xFFFF
            data[body + at : body + at + 2] = value.to_bytes(2, "big")

    def _within(self, data: bytearray, start: int, end: int, depth: int) -> None:
        """Rewrite an IP packet in a tunnel, and blank what is behind it."""
        stop = self._ip(data, start, end, depth + 1)
        self._blank(data, stop, end, "octets behind IP packets")

    def _icmp(self, data: bytearray, start: int, end: int, protocol: int, depth: int) -> None:
        if not options.quoted(protocol, data, start):
            self._blank(data, start + options.TYPE_AND_SUM, end, "octets of ICMP")
            return
        if protocol == ICMP and data[start] == options.REDIRECT:
            data[start + 4 : start + 8] = self.names.packed(bytes(data[start + 4 : start + 8]))
        self._within(data, start + 8, end, depth)

    def _esp(self, data: bytearray, start: int, end: int, ends: tuple[bytes, bytes], depth: int) -> bool:
        """Rewrite what an ESP packet carries; say whether it could be opened."""
        half = len(ends[0]) // 2
        src, dst = (str(ip_address(each)) for each in (ends[0][:half], ends[0][half:]))
        found = self.opened(src, dst, bytes(data[start:end]))
        if found is None:
            return False
        inner = bytearray(found.data)
        self._carried(inner, 0, len(inner), found.protocol, ends, depth + 1)
        if not self.looking:
            data[start:end] = found.sealed(bytes(inner))
        return True

    def _udp(self, data: bytearray, start: int, end: int, ends: tuple[bytes, bytes], depth: int) -> None:
        ports = struct.unpack_from("!HH", data, start)
        body = start + 8
        stop = max(min(start + (int.from_bytes(data[start + 4 : start + 6], "big") or end - start), end), body)
        self._blank(data, stop, end, "octets behind datagrams")
        tunnel = IN_UDP.get(ports[1]) or IN_UDP.get(ports[0])
        if tunnel is not None and self._tunnel(data, body, stop, tunnel, depth):
            return
        if SCTP_PORT in ports and sctp_in_udp(bytes(data[body:stop])):
            self._sctp(data, body, stop, ends[0])
            return
        is_esp = NATT_PORT in ports and isinstance(encapsulated(bytes(data[body:stop]), *ports), bytes)
        if is_esp and self._esp(data, body, stop, ends, depth):
            return
        self._payload(data, body, stop)

    def _tunnel(self, data: bytearray, start: int, end: int, tunnel: Tunnel, depth: int) -> bool:
        """Rewrite what a tunnel carries, and of its header keep what is needed to find it; say whether it is one."""
        found = link_headers.tunnelled(tunnel, bytes(data[start:end]))
        if found is None:
            return False
        if isinstance(found, str):
            self._blank(data, start, end, "octets of tunnels without IP packets")
            return True
        begin = end - len(found)
        if not self.looking:
            octets, kept = data[start:end], GTP_HEADER if tunnel is gtp else 0  # as streams are told apart by it
            link_headers.strip(octets, begin - start, lambda each: link_headers.tunnelled(tunnel, each), kept)
            data[start:end] = octets
        self._within(data, begin, end, depth)
        return True

    def _payload(self, data: bytearray, start: int, end: int) -> None:
        if self.looking or start >= end:
            return
        made = self.datagram(bytes(data[start:end]))
        if made is None or len(made) != end - start:
            self._blank(data, start, end, "octets of datagrams that nobody reads")
        else:
            data[start:end] = made

    def _tcp(self, data: bytearray, start: int, end: int, ends: bytes) -> None:
        sport, dport, sequence = struct.unpack_from("!HHI", data, start)
        body = start + max((data[start + 12] >> 4) * 4, options.MINIMAL_TCP)
        half = len(ends) // 2
        key = (str(ip_address(ends[:half])), sport, str(ip_address(ends[half:])), dport)
        options.tcp(data, start + options.MINIMAL_TCP, min(body, end))
        if data[start + 13] & SYN:
            sequence = (sequence + 1) % SEQUENCE
            if self.looking:
                self.streams.begin(key, sequence)
        if body >= end:
            return
        if self.looking:
            self.streams.add(key, sequence, bytes(data[body:end]))
            return
        data[body:end] = self.streams.piece(key, sequence, end - body)

    def _sctp(self, data: bytearray, start: int, end: int, ends: bytes) -> None:
        at, ends = start + 12, ends + bytes(data[start : start + 8])
        while at + options.CHUNK_HEADER <= end:
            kind, flags, size = struct.unpack_from("!BBH", data, at)
            stop = min(at + size, end)
            numbers = options.of_numbers(kind)
            if size < options.CHUNK_HEADER:
                break
            if kind == options.DATA and flags & WHOLE == WHOLE:
                self._payload(data, at + 16, stop)
            elif kind == options.DATA and at + 16 <= stop:
                self._chunk(data, at, stop, ends)
            elif numbers is not None:
                self._blank(data, at + numbers, stop, "octets of SCTP chunks")
            at = stop + -size % 4
            data[stop : min(at, end)] = bytes(max(min(at, end) - stop, 0))
        self._blank(data, at, end, "octets of SCTP chunks")
        data[start + 8 : start + 12] = bytes(4)
        data[start + 8 : start + 12] = _crc32c(bytes(data[start:end])).to_bytes(4, "little")

    def _chunk(self, data: bytearray, start: int, end: int, ends: bytes) -> None:
        """Rewrite a chunk of a message of SCTP that goes on in others."""
        number, octets = int.from_bytes(data[start + 4 : start + 8], "big"), bytes(data[start + 16 : end])
        if self.looking:
            self.chunks.add(ends, number, data[start + 1] & WHOLE, octets)
        elif (made := self.chunks.piece(ends, number, octets, self.datagram)) is not None:
            data[start + 16 : end] = made
        else:
            self._blank(data, start + 16, end, "octets of SCTP messages in pieces")

    def _blank(self, data: bytearray, start: int, end: int, what: str) -> bytearray:
        if not self.looking and start < end:
            self.counts[f"{what} blanked"] += end - start
            data[start:end] = bytes(end - start)
        return data


def _fragment_4(data: bytearray, start: int) -> Piece | None:
    field_ = int.from_bytes(data[start + 6 : start + 8], "big")
    if not field_ & 0x3FFF:
        return None
    return int.from_bytes(data[start + 4 : start + 6], "big"), 8 * (field_ & 0x1FFF), not field_ & 0x2000


def _fragment_6(data: bytearray, at: int) -> Piece | None:
    field_ = int.from_bytes(data[at + 2 : at + 4], "big")
    if not field_ & 0xFFF9:  # a packet of one fragment
        return None
    return int.from_bytes(data[at + 4 : at + 8], "big"), field_ & 0xFFF8, not field_ & 1


def _crc32c(octets: bytes) -> int:
    """Return the checksum of SCTP (RFC 9260 Appendix A)."""
    value = 0xFFFFFFFF
    for octet in octets:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 0xFF]
    return value ^ 0xFFFFFFFF


def _remainder(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


_TABLE = tuple(map(_remainder, range(256)))
