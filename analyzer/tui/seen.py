"""What a filter sees of frames: of one by itself, or of many plain ones by columns; both say the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from analyzer.capture.frame import Frame
from analyzer.decode.headercolumns import ADDRESSES, EITHER, LAYERS, Column, HeaderColumns
from analyzer.decode.headers import Headers, Stream, read_headers
from analyzer.filters import Seen
from analyzer.tui.model import SECOND
from dissectors.cursor import Value

# What the list of frames knows of each without reading it
LISTED = frozenset(("frame.number", "frame.len", "frame.time", "frame.time_epoch", "frame.time_relative"))
MEDIA = frozenset((
    "rtp", "rtcp", "srtp", "srtcp", "rtp.marker", "rtp.p_type", "rtp.seq", "rtp.timestamp", "rtp.ssrc",
))  # fmt: skip
# What is alike in all plain frames of a flow
OF_FLOW = frozenset((
    *LAYERS, *ADDRESSES, *EITHER, "ip.proto", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport",
)) - {"eth", "vlan"}  # fmt: skip
# Fields and protocols of headers, as Wireshark names them
OF_HEADERS = LISTED | MEDIA | frozenset((
    *LAYERS, "eth.dst", "eth.src", "eth.type", "vlan.id", "vlan.etype", "arp", "icmp", "icmpv6", "igmp", "esp", "sctp",
    "ip.addr", "ip.src", "ip.dst", "ip.proto", "ip.hdr_len", "ip.len", "ip.id", "ip.ttl", "ipv6.addr", "ipv6.src",
    "ipv6.dst", "ipv6.plen", "ipv6.nxt", "ipv6.hlim", "udp.port", "udp.srcport", "udp.dstport", "udp.length",
    "udp.checksum", "tcp.port", "tcp.srcport", "tcp.dstport", "tcp.seq", "tcp.ack", "tcp.flags",
    "tcp.window_size_value", "tcp.checksum", "sctp.port", "sctp.srcport", "sctp.dstport", "sctp.verification_tag",
    "esp.spi", "esp.sequence",
))  # fmt: skip
SIDES = {"src": "addr", "dst": "addr", "srcport": "port", "dstport": "port"}
NOTHING: Mapping[str, list[Value]] = {}


def media_values(stream: Stream, body: bytes) -> Mapping[str, list[Value]]:
    """Return the protocols and fields of a packet of media by name (RFC 3550 5.1)."""
    if stream.rtcp:
        return {"rtcp": []}
    return {
        "rtp": [], "rtp.marker": [body[1] >> 7], "rtp.p_type": [body[1] & 0x7F], "rtp.ssrc": [stream.ssrc],
        "rtp.seq": [int.from_bytes(body[2:4], "big")], "rtp.timestamp": [int.from_bytes(body[4:8], "big")],
    }  # fmt: skip


def _listed(name: str, frame: Frame, begin: int) -> Value:
    match name:
        case "frame.number":
            return frame.number
        case "frame.len":
            return frame.length
        case "frame.time":
            return frame.time
        case "frame.time_epoch":
            return frame.time / SECOND
        case _:
            return (frame.time - begin) / SECOND


class FrameSeen:
    """What a filter sees of one frame: its place in the capture, its headers, and the messages that it completes."""

    __slots__ = ("_begin", "_frame", "_headers", "_messages", "_protocol", "_values")

    def __init__(
        self, frame: Frame, begin: int, messages: tuple[Seen, ...], protocol: Callable[[Headers], str]
    ) -> None:
        self._frame = frame
        self._begin = begin
        self._messages = messages
        self._protocol = protocol
        self._headers: Headers | None = None
        self._values: dict[str, list[Value]] = {}

    def of(self, name: str) -> list[Value]:
        """Return the values of all fields of a name."""
        if name in LISTED:
            return [_listed(name, self._frame, self._begin)]
        return self._read().get(name) or [value for seen in self._messages for value in seen.of(name)]

    def has(self, name: str) -> bool:
        """Say whether there is a protocol or field of a name."""
        return name in LISTED or name == "frame" or name in self._read() or any(s.has(name) for s in self._messages)

    def _read(self) -> Mapping[str, list[Value]]:
        """Return the fields of the headers by name, and the protocols."""
        if self._headers is None:
            self._headers = read_headers(self._frame)
            for outermost in self._headers.fields:
                for field in outermost.walk():
                    layer, _, part = field.name.partition(".")
                    for name in (field.name, f"{layer}.{SIDES[part]}" if part in SIDES and layer != "eth" else ""):
                        if name:
                            self._values.setdefault(name, []).append(field.value)
            self._values.setdefault(self._protocol(self._headers), [])
            if self._headers.stream is not None:
                body = self._frame.data[self._headers.body :]
                self._values.update(media_values(self._headers.stream, body))
        return self._values


class PlainSeen:
    """What a filter sees of plain frames that complete no message, one after the other: `row` says of which.

    `called` says what media of a stream are called, "" where it is none.
    """

    __slots__ = ("_begin", "_called", "_columns", "_frames", "_has", "_media", "_of", "row")

    def __init__(
        self, frames: Sequence[Frame], columns: HeaderColumns, begin: int, called: Callable[[Stream], str]
    ) -> None:
        self._frames = frames
        self._columns = columns
        self._begin = begin
        self._called = called
        self._of: dict[str, Column] = {}
        self._has: dict[str, list[bool]] = {}
        self._media: list[tuple[Stream, bytes] | None] | None = None
        self.row = 0

    def of(self, name: str) -> list[Value]:
        """Return the values of all fields of a name."""
        if name in MEDIA:
            return self._of_media().get(name, [])
        column = self._of.get(name)
        if column is None:
            column = self._of[name] = self._made(name)
        return column[self.row]

    def _made(self, name: str) -> Column:
        if name in LISTED:
            return [[_listed(name, frame, self._begin)] for frame in self._frames]
        return self._columns.of(name)

    def has(self, name: str) -> bool:
        """Say whether there is a protocol or field of a name."""
        if name in MEDIA:
            return name in self._of_media()
        if name in LISTED or name == "frame":
            return True
        column = self._has.get(name)
        if column is None:
            column = self._has[name] = self._columns.has(name)
        return column[self.row]

    def _of_media(self) -> Mapping[str, list[Value]]:
        if self._media is None:
            self._media = self._columns.media()
        packet = self._media[self.row]
        called = "" if packet is None else self._called(packet[0])
        return {called: [], **media_values(*packet)} if packet is not None and called else NOTHING
