"""A display filter over all frames: over their headers, and over the messages that they complete."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Mapping

from analyzer.analysis import comment
from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.decoder import TCP, UDP
from analyzer.decode.headers import Headers, read_headers
from analyzer.decode.tunnels import IN_UDP
from analyzer.filters import Seen, read_filter
from analyzer.tui.model import SECOND, Index, Place
from analyzer.tui.roll import Roll
from dissectors import Message
from dissectors.base import Value

STRETCH = 1024  # frames that are read in one go
PAUSE = 0.1  # seconds until there may be more frames
MAX_FLOWS = 100_000  # that are remembered
# What the list of frames knows of each without reading it
LISTED = frozenset(("frame.number", "frame.len", "frame.time", "frame.time_epoch", "frame.time_relative"))
# What is alike in all packets of a flow of plain IPv4
OF_FLOW = frozenset((
    "frame", "ip", "ipv6", "udp", "tcp", "sctp", "ip.addr", "ip.src", "ip.dst", "ip.proto",
    "ipv6.addr", "ipv6.src", "ipv6.dst", "udp.port", "udp.srcport", "udp.dstport", "tcp.port", "tcp.srcport",
    "tcp.dstport", "sctp.port", "sctp.srcport", "sctp.dstport",
))  # fmt: skip
# Fields and protocols of headers, as Wireshark names them
OF_HEADERS = OF_FLOW | LISTED | frozenset((
    "eth", "eth.dst", "eth.src", "eth.type", "vlan", "vlan.id", "vlan.etype", "arp", "icmp", "icmpv6", "igmp", "esp",
    "ip.hdr_len", "ip.len", "ip.id", "ip.ttl", "ipv6.plen", "ipv6.nxt", "ipv6.hlim", "udp.length", "udp.checksum",
    "tcp.seq", "tcp.ack", "tcp.flags", "tcp.window_size_value", "tcp.checksum", "sctp.verification_tag", "esp.spi",
    "esp.sequence", "rtp", "rtcp", "srtp", "srtcp",
))  # fmt: skip
EITHER = {"src": "addr", "dst": "addr", "srcport": "port", "dstport": "port"}


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
        match name:
            case "frame.number":
                return [self._frame.number]
            case "frame.len":
                return [self._frame.length]
            case "frame.time":
                return [self._frame.time]
            case "frame.time_epoch":
                return [self._frame.time / SECOND]
            case "frame.time_relative":
                return [(self._frame.time - self._begin) / SECOND]
            case _:
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
                    for name in (field.name, f"{layer}.{EITHER[part]}" if part in EITHER and layer != "eth" else ""):
                        if name:
                            self._values.setdefault(name, []).append(field.value)
            self._values.setdefault(self._protocol(self._headers), [])
            if self._headers.stream is not None:
                self._values.setdefault("rtcp" if self._headers.stream.rtcp else "rtp", [])
        return self._values


class Sieve:
    """The frames of a case that pass a filter, as far as they were looked through; who looks on sees `passed` grow."""

    def __init__(self, text: str, roll: Roll, found: Index) -> None:
        self.text = text
        self.roll = roll
        self.found = found
        self.passed = array("I")  # rows of the list of all frames
        self.looked = 0
        self.over = False
        self._asked: set[str] = set()
        self._test = read_filter(text, self._note)
        self._messages: dict[Place, list[Message]] = {}
        self._flows: dict[bytes, bool] = {}
        if not self._asked <= OF_FLOW | LISTED:
            for message in found.messages:
                self._messages.setdefault((message.payload.capture, message.frame), []).append(message)

    def _note(self, name: str) -> str:
        self._asked.add(name)
        return ""

    def __contains__(self, row: int) -> bool:
        at = self.at(row)
        return at < len(self.passed) and self.passed[at] == row

    def at(self, row: int) -> int:
        """Return where a row of the list stands, or would stand, among those that pass."""
        return bisect_left(self.passed, row)

    def told(self) -> str:
        """Return how many pass, and how far it is."""
        share = "" if self.over else f" · {100 * self.looked // max(1, self.roll.frames.count)} % · Esc stops"
        return f"{len(self.passed):,} of {self.looked:,} frames pass{share}"

    def run(self, is_unwanted: Callable[[], bool]) -> None:
        """In a worker: look at all frames, those too that are still being found."""
        frames = self.roll.frames
        needs_octets = not self._asked <= LISTED
        while not is_unwanted():
            ended = self.roll.ended  # before the count: what comes later is looked at in another round
            if self.looked < frames.count and (ended or len(frames.paths) == 1):  # several are put in order at the end
                for row, frame in enumerate(frames.stretch(self.looked, STRETCH, needs_octets), self.looked):
                    if self._passes(frame):
                        self.passed.append(row)
                    self.looked = row + 1
            elif ended:
                self.over = True
                return
            else:
                time.sleep(PAUSE)

    def _passes(self, frame: Frame) -> bool:
        flow = _flow(frame) if self._asked <= OF_FLOW else None
        if flow is None:
            return self._test(self._seen(frame))
        known = self._flows.get(flow)
        if known is None:
            known = self._test(self._seen(frame))
            if len(self._flows) < MAX_FLOWS:
                self._flows[flow] = known
        return known

    def _seen(self, frame: Frame) -> FrameSeen:
        story, captures = self.found.analysis.story, self.found.analysis.captures
        begin = story.traffic.begin
        if not self._messages:
            return FrameSeen(frame, begin, (), self._protocol)
        messages = tuple(
            Seen(self.found.whole(each), comment(captures, each), begin, self.found.mark(each).word)
            for each in self._messages.get((frame.capture, frame.number), ())
        )
        return FrameSeen(frame, begin, messages, self._protocol)

    def _protocol(self, headers: Headers) -> str:
        """Return what a packet of media is called: only what comes in a stream is one."""
        if headers.stream is not None and self.found.analysis.media.streams.get(headers.stream) is None:
            headers.stream = None
            return "udp"
        secured = "" if headers.stream is None else self.found.secured.get(headers.stream, "")
        return (secured or headers.protocol).lower()


def _flow(frame: Frame) -> bytes | None:
    """Return what tells the flow of plain UDP or TCP over IPv4, None where a frame is looked at by itself."""
    data = frame.data
    if frame.link_type != linktypes.EN10MB or data[12:15] != b"\x08\x00\x45" or len(data) < 42:
        return None
    is_fragment, length = data[20] & 0x3F or data[21], int.from_bytes(data[16:18], "big")
    if is_fragment or not 28 <= length <= len(data) - 14 or data[23] not in (UDP, TCP):
        return None
    ports = int.from_bytes(data[34:36], "big"), int.from_bytes(data[36:38], "big")
    return None if data[23] == UDP and not IN_UDP.keys().isdisjoint(ports) else data[23:24] + data[26:38]
