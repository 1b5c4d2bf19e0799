"""Frames with other addresses and other payloads of the same length, and the checksums of these."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from analyzer.anonymous import http2_frames
from analyzer.anonymous.pieces import Pieces
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.sealed import Contents
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode import link
from analyzer.decode.esp import NATT_PORT, encapsulated
from analyzer.decode.ethertype import ETHERNET_HEADER
from analyzer.decode.packets import Broken
from analyzer.decode.rewrite import checksum
from analyzer.decode.tunnels import GTP_PORT

UDP, TCP, SCTP, ESP, ICMP, ICMP_6, IP_IN_IP, IP_6_IN_IP = 17, 6, 132, 50, 1, 58, 4, 41
ROUTING, FRAGMENT = 43, 44  # headers of IPv6
EXTENSIONS = frozenset({0, ROUTING, 60})  # of which the length is known
GTP_HEADER, G_PDU = 8, 255
VXLAN_PORT, VXLAN_HEADER, VXLAN_FLAGS = 4789, 8, 0x08  # RFC 7348 5
DATA_CHUNK, WHOLE = 0, 3
LAYERS = 4  # IP packets within IP packets
SLL_ADDRESS = {linktypes.LINUX_SLL: (6, 14), linktypes.LINUX_SLL2: (12, 20)}

BLANKED = "octets blanked"
Ends = tuple[str, int, str, int]
Piece = tuple[int, int, bool]  # identification, where it begins, and whether nothing follows


@dataclass(slots=True)
class Stream:
    """The octets of one direction of a TCP connection: as seen, by their place; and what stands for them."""

    base: int
    octets: bytearray = field(default_factory=bytearray, repr=False)
    made: bytearray = field(default_factory=bytearray, repr=False)

    def add(self, sequence: int, data: bytes) -> None:
        """Keep octets of a segment; of those that were seen before the first count."""
        at = (sequence - self.base) & 0xFFFF_FFFF
        if at >= 1 << 31:  # before the first that was seen
            cut = (self.base - sequence) & 0xFFFF_FFFF
            if cut > len(data):
                data = data + bytes(cut - len(data))
            self.octets[:0] = data[:cut]
            self.base, at, data = sequence, cut, data[cut:]
        if at > len(self.octets) + MAX_HOLE:
            return
        if at > len(self.octets):
            self.octets += bytes(at - len(self.octets))
        self.octets += data[len(self.octets) - at :] if at + len(data) > len(self.octets) else b""

    def piece(self, sequence: int, size: int) -> bytes:
        """Return what stands for octets of a segment, zeros where nothing does."""
        at = (sequence - self.base) & 0xFFFF_FFFF
        return bytes(self.made[at : at + size]).ljust(size, b"\0") if at < len(self.made) else bytes(size)


MAX_HOLE = 1 << 20


@dataclass(slots=True)
class Frames:
    """Rewrites frames; `datagram` and `streams` give what stands for payloads, and what they do not give is blanked."""

    names: Pseudonyms
    datagram: Callable[[bytes], bytes | None]
    opened: Callable[[str, str, bytes], Contents | None] = field(default=lambda src, dst, data: None, repr=False)
    streams: dict[Ends, Stream] = field(default_factory=dict, repr=False)
    counts: Counter[str] = field(default_factory=Counter)
    pieces: Pieces = field(default_factory=Pieces, repr=False)
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
        try:
            starts = [start for start in link.ip_offsets(frame.link_type, frame.data) if isinstance(start, int)]
        except Broken:
            starts = []
        if len(starts) != 1 or frame.link_type == linktypes.WIRESHARK_UPPER_PDU:
            return self._blank(data, ETHERNET_HEADER if frame.link_type == linktypes.EN10MB else 0, len(data), "frames")
        start = starts[0]
        if frame.link_type == linktypes.EN10MB and len(data) >= ETHERNET_HEADER:
            data[:6], data[6:12] = self.names.hardware(bytes(data[:6])), self.names.hardware(bytes(data[6:12]))
        elif frame.link_type in SLL_ADDRESS:
            begin, end = SLL_ADDRESS[frame.link_type]
            data[begin:end] = self.names.hardware(bytes(data[begin:end]))
        end = self._ip(data, start, len(data), 0)
        if any(data[end:]):
            data[end:] = bytes(len(data) - end)
        return data

    # Each returns where what it knows ends.

    def _ip(self, data: bytearray, start: int, end: int, depth: int) -> int:
        version = data[start] >> 4 if start < end else 0
        if version not in (4, 6) or depth > LAYERS or start + (20 if version == 4 else 40) > end:
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
        while version == 6 and protocol in (*EXTENSIONS, FRAGMENT) and body + 8 <= stop and piece is None:
            if protocol == FRAGMENT:
                piece, protocol, body = _fragment_6(data, body), data[body], body + 8
                continue
            if protocol == ROUTING:
                self._blank(data, body + 8, min(body + 8 * (data[body + 1] + 1), stop), "octets of routing headers")
            protocol, body = data[body], body + 8 * (data[body + 1] + 1)
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
                self._sctp(data, body, end)
                return
            case 4 | 41:
                self._ip(data, body, end, depth + 1)
                return
            case 50 if depth <= LAYERS and self._esp(data, body, end, ends, depth):
                return
            case 1 | 58 if end - body > 8:
                self._ip(data, body + 8, end, depth + 1)
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
        stop = min(start + (int.from_bytes(data[start + 4 : start + 6], "big") or end - start), end)
        if GTP_PORT in ports and (inner := _in_gtp(data, body, stop)) is not None:
            self._ip(data, inner, stop, depth + 1)
            return
        if VXLAN_PORT in ports and stop - body > VXLAN_HEADER + ETHERNET_HEADER and data[body] == VXLAN_FLAGS:
            self._ethernet(data, body + VXLAN_HEADER, stop, depth + 1)
            return
        is_esp = NATT_PORT in ports and isinstance(encapsulated(bytes(data[body:stop]), *ports), bytes)
        if is_esp and self._esp(data, body, stop, ends, depth):
            return
        self._payload(data, body, stop)

    def _ethernet(self, data: bytearray, start: int, end: int, depth: int) -> None:
        """Rewrite a frame in a tunnel."""
        try:
            starts = [at for at in link.ip_offsets(linktypes.EN10MB, bytes(data[start:end])) if isinstance(at, int)]
        except Broken:
            starts = []
        for at in (start, start + 6):
            data[at : at + 6] = self.names.hardware(bytes(data[at : at + 6]))
        if len(starts) == 1:
            self._ip(data, start + starts[0], end, depth)
        else:
            self._blank(data, start + ETHERNET_HEADER, end, "octets of frames in tunnels")

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
        body = start + (data[start + 12] >> 4) * 4
        sequence += 1 if data[start + 13] & 0x02 else 0
        if body >= end:
            return
        half = len(ends) // 2
        key = (str(ip_address(ends[:half])), sport, str(ip_address(ends[half:])), dport)
        if self.looking:
            self.streams.setdefault(key, Stream(sequence)).add(sequence, bytes(data[body:end]))
            return
        data[body:end] = self.streams[key].piece(sequence, end - body) if key in self.streams else bytes(end - body)

    def _sctp(self, data: bytearray, start: int, end: int) -> None:
        at = start + 12
        while at + 4 <= end:
            kind, flags, size = struct.unpack_from("!BBH", data, at)
            stop = min(at + size, end)
            if size < 4:
                break
            if kind == DATA_CHUNK and flags & WHOLE == WHOLE:
                self._payload(data, at + 16, stop)
            elif kind == DATA_CHUNK:
                self._blank(data, at + 16, stop, "octets of SCTP messages in pieces")
            elif kind in (1, 2):  # INIT and its answer may list addresses
                self._blank(data, at + 20, stop, "octets of SCTP parameters")
            at = stop + -size % 4
        data[start + 8 : start + 12] = bytes(4)
        data[start + 8 : start + 12] = _crc32c(bytes(data[start:end])).to_bytes(4, "little")

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


def _in_gtp(data: bytearray, start: int, end: int) -> int | None:
    """Return where the packet begins that a G-PDU carries (TS 29.281 5.1)."""
    if end - start < GTP_HEADER or data[start] >> 5 != 1 or data[start + 1] != G_PDU:
        return None
    at = start + GTP_HEADER
    if data[start] & 7:
        following, at = data[at + 3] if at + 4 <= end else 0, at + 4
        while following and data[start] & 4 and at < end:
            size = 4 * data[at]
            if not size or at + size > end:
                return None
            following, at = data[at + size - 1], at + size
    return at if at < end and data[at] >> 4 in (4, 6) else None


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


def filled(
    streams: dict[Ends, Stream],
    pieces: Iterable[tuple[Ends, bytes, bytes]],
    of_http2: Mapping[Ends, Mapping[int, http2_frames.Told]],
    counts: Counter[str],
) -> int:
    """Put what stands for messages, in their order, into the streams that carry them; return octets without any."""
    at: dict[Ends, int] = {}
    for stream in streams.values():
        stream.made = bytearray(len(stream.octets))
    covered = 0
    for ends, before, after in pieces:
        stream_of = streams.get(ends)
        if stream_of is None:
            continue
        place = stream_of.octets.find(before, at.get(ends, 0))
        if place >= 0 and len(before) == len(after):
            stream_of.made[place : place + len(before)] = after
            at[ends] = place + len(before)
            covered += len(before)
    for name, told in of_http2.items():
        if name in streams:
            made = http2_frames.filled(bytes(streams[name].octets), told, counts)
            streams[name].made[: len(made)] = made
            covered += len(made)
    return sum(len(stream.octets) for stream in streams.values()) - covered
