"""Headers of many frames at once: of plain ones by columns, with the values that `headers` reads one by one.

Plain is UDP or TCP that is whole, in IPv4 without options or IPv6 without extension headers, in Ethernet with few VLAN
tags and in no tunnel. Of all other frames nothing is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from analyzer.capture import linktypes
from analyzer.capture.block import Ints
from analyzer.capture.frame import Frame
from analyzer.decode.decoder import TCP, UDP, UDP_HEADER
from analyzer.decode.ethertype import ETHERNET_HEADER, IP_TYPES, VLAN_TAG, VLAN_TAGS
from analyzer.decode.headers import TCP_HEADER, Stream, media_stream
from analyzer.decode.ip import text
from analyzer.decode.rtp import LOWEST_PORT, OTHER_PORTS
from analyzer.decode.sift import READ_PORTS
from dissectors.cursor import Value

MAX_TAGS = 2  # VLAN tags that are stepped over
HEAD = ETHERNET_HEADER + MAX_TAGS * VLAN_TAG + 40 + TCP_HEADER  # octets of a frame that are looked at
FLOW = 2 * 16 + 4  # octets of two addresses and two ports
LAYERS = ("frame", "eth", "vlan", "ip", "ipv6", "udp", "tcp")
# Numbers: the layer that has them, where in its header, and how many octets
NUMBERS = {
    "eth.type": ("eth", 12, 2), "ip.len": ("ip", 2, 2), "ip.id": ("ip", 4, 2), "ip.ttl": ("ip", 8, 1),
    "ip.proto": ("ip", 9, 1), "ipv6.plen": ("ipv6", 4, 2), "ipv6.nxt": ("ipv6", 6, 1), "ipv6.hlim": ("ipv6", 7, 1),
    "udp.srcport": ("udp", 0, 2), "udp.dstport": ("udp", 2, 2), "udp.length": ("udp", 4, 2),
    "udp.checksum": ("udp", 6, 2), "tcp.srcport": ("tcp", 0, 2), "tcp.dstport": ("tcp", 2, 2), "tcp.seq": ("tcp", 4, 4),
    "tcp.ack": ("tcp", 8, 4), "tcp.flags": ("tcp", 13, 1), "tcp.window_size_value": ("tcp", 14, 2),
    "tcp.checksum": ("tcp", 16, 2),
}  # fmt: skip
ADDRESSES = {
    "ip.src": ("ip", 12, 4),
    "ip.dst": ("ip", 16, 4),
    "ipv6.src": ("ipv6", 8, 16),
    "ipv6.dst": ("ipv6", 24, 16),
}
MACS = {"eth.dst": ("eth", 0, 6), "eth.src": ("eth", 6, 6)}
EITHER = {
    "ip.addr": ("ip.src", "ip.dst"), "ipv6.addr": ("ipv6.src", "ipv6.dst"),
    "udp.port": ("udp.srcport", "udp.dstport"), "tcp.port": ("tcp.srcport", "tcp.dstport"),
}  # fmt: skip
Column = list[list[Value]]  # the values of a field, frame by frame


class HeaderColumns:
    """The headers of some frames; `plain` says of which frames anything is known."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = frames
        heads = b"".join([frame.data[:HEAD].ljust(HEAD, b"\0") for frame in frames])
        self._octets = np.frombuffer(heads, np.uint8).reshape(len(frames), HEAD)
        self._rows = np.arange(len(frames))
        self._captured = np.array([len(frame.data) for frame in frames], np.int64)
        ethernet = np.array([frame.link_type == linktypes.EN10MB for frame in frames], bool)
        begin, self._tags, types = self._untagged()
        first = self._octets[self._rows, begin]
        carries_ip = ethernet & np.isin(types, tuple(IP_TYPES))
        is_v4, is_v6 = carries_ip & (first == 0x45), carries_ip & (first >> 4 == 6)
        header = np.where(is_v4, 20, 40)
        lengths = np.where(is_v4, self._number(begin + 2, 2) - header, self._number(begin + 4, 2))
        protocols = np.where(is_v4, self._number(begin + 9, 1), self._number(begin + 6, 1))
        whole = lengths <= self._captured - begin - header
        whole &= is_v6 | (is_v4 & (self._number(begin + 6, 2) & 0x3FFF == 0))
        inner = begin + header
        self._bodies, self._ends = inner + UDP_HEADER, inner + lengths
        ports = self._number(inner, 2), self._number(inner + 2, 2)
        around = np.isin(ports[0], READ_PORTS) | np.isin(ports[1], READ_PORTS)  # other packets, or what is like them
        is_udp = whole & (protocols == UDP) & (lengths >= UDP_HEADER) & ~around
        is_tcp = whole & (protocols == TCP) & (lengths >= TCP_HEADER)
        self._ports, known = ports, is_udp | is_tcp
        masks = (known, known, known & (self._tags > 0), known & is_v4, known & is_v6, is_udp, is_tcp)
        self._masks = dict(zip(LAYERS, masks, strict=True))
        self._begins = {"eth": np.zeros_like(begin), "ip": begin, "ipv6": begin, "udp": inner, "tcp": inner}
        self.plain: list[bool] = known.tolist()

    def _untagged(self) -> tuple[Ints, Ints, Ints]:
        """Return where the IP packets begin, how many VLAN tags are before them, and the last Ethernet types."""
        begin = np.full(len(self._frames), ETHERNET_HEADER)
        types = self._number(begin - 2, 2)
        tags = np.zeros_like(begin)
        for _ in range(MAX_TAGS):
            tagged = np.isin(types, tuple(VLAN_TAGS))
            begin = begin + VLAN_TAG * tagged
            tags = tags + tagged
            types = np.where(tagged, self._number(begin - 2, 2), types)
        return begin, tags, types

    def _number(self, places: Ints, size: int) -> Ints:
        """Return a number of each frame, 0 behind the octets that are looked at."""
        found: Ints = np.zeros(len(self._frames), np.int64)
        for octet in range(size):
            found = found << 8 | self._octets[self._rows, np.minimum(places + octet, HEAD - 1)]
        return found

    def has(self, name: str) -> list[bool]:
        """Say of each frame whether it has a protocol or field of a name."""
        if name in self._masks:
            found: list[bool] = self._masks[name].tolist()
            return found
        return [bool(values) for values in self.of(name)]

    def of(self, name: str) -> Column:
        """Return the values of a field, of each frame those that it has."""
        if name in EITHER:
            return [one + other for one, other in zip(*map(self.of, EITHER[name]), strict=True)]
        if name in NUMBERS:
            layer, offset, size = NUMBERS[name]
            return self._kept(layer, self._number(self._begins[layer] + offset, size).tolist())
        if name in ADDRESSES:
            return self._words(ADDRESSES[name], text)
        if name in MACS:
            return self._words(MACS[name], lambda octets: octets.hex(":"))
        match name:
            case "ip.hdr_len":
                return self._kept("ip", [20] * len(self._frames))
            case "eth":
                return self._kept("eth", [frame.data[:ETHERNET_HEADER] for frame in self._frames])
            case "vlan" | "vlan.id" | "vlan.etype":
                return [self._tagged(row, name) for row in range(len(self._frames))]
            case _:
                return [[] for _ in self._frames]

    def _kept(self, layer: str, values: Sequence[Value]) -> Column:
        there = self._masks[layer].tolist()
        return [[value] if is_there else [] for value, is_there in zip(values, there, strict=True)]

    def _words(self, where: tuple[str, int, int], written: Callable[[bytes], str]) -> Column:
        layer, offset, size = where
        begins = (self._begins[layer] + offset).tolist()
        there = self._masks[layer].tolist()
        return [
            [written(frame.data[begin : begin + size])] if is_there else []
            for frame, begin, is_there in zip(self._frames, begins, there, strict=True)
        ]

    def _tagged(self, row: int, name: str) -> list[Value]:
        if not self.plain[row]:
            return []
        data, first, end = self._frames[row].data, ETHERNET_HEADER, ETHERNET_HEADER + VLAN_TAG * int(self._tags[row])
        tags = [data[at : at + VLAN_TAG] for at in range(first, end, VLAN_TAG)]
        match name:
            case "vlan":
                return list(tags)
            case "vlan.id":
                return [int.from_bytes(tag[:2], "big") & 0xFFF for tag in tags]
            case _:
                return [int.from_bytes(tag[2:], "big") for tag in tags]

    def flows(self) -> list[bytes]:
        """Return of each frame what is alike in all plain ones with the same addresses, ports and protocol."""
        found = np.zeros((len(self._frames), 1 + FLOW), np.uint8)
        for layer, offset, size in (("ip", 12, 12), ("ipv6", 8, FLOW)):  # addresses and, as nothing is between, ports
            rows = np.flatnonzero(self._masks[layer])
            begins = self._begins[layer][rows] + offset
            found[rows, 1 : 1 + size] = self._octets[rows[:, None], begins[:, None] + np.arange(size)]
        found[:, 0] = 4 * self._masks["ip"] + 2 * self._masks["ipv6"] + self._masks["udp"]
        flows: list[bytes] = found.view(f"V{1 + FLOW}").reshape(-1).tolist()
        return flows

    def media(self) -> list[tuple[Stream, bytes] | None]:
        """Return of each frame the stream that it is of, if it is media, and its payload."""
        sports, dports = self._ports
        possible = self._masks["udp"] & (np.minimum(sports, dports) >= LOWEST_PORT)
        possible &= ~np.isin(sports, tuple(OTHER_PORTS)) & ~np.isin(dports, tuple(OTHER_PORTS))
        rows = np.flatnonzero(possible)
        found: list[tuple[Stream, bytes] | None] = [None] * len(self._frames)
        lengths = self._number(self._begins["udp"] + 4, 2)  # 0: all that the packet has
        ends = np.where(lengths, np.minimum(self._ends, self._begins["udp"] + lengths), self._ends)
        destinations = [one or other for one, other in zip(self.of("ip.dst"), self.of("ipv6.dst"), strict=True)]
        bodies, dports, ends = self._bodies.tolist(), dports.tolist(), ends.tolist()
        for row in rows.tolist():
            body = self._frames[row].data[bodies[row] : ends[row]]
            stream = media_stream(str(destinations[row][0]), dports[row], body)
            found[row] = None if stream is None else (stream, body)
        return found
