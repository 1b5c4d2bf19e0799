"""Exported PDUs: messages that Wireshark took out of what carried them, with tags that say where they came from.

The tags are those of exported_pdu_tlvs.h in the sources of Wireshark.
"""

from __future__ import annotations

import re
import struct
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dpkt import ip as dpkt_ip

from analyzer.decode.held import Ends
from analyzer.decode.ip import IpPacket, text
from analyzer.decode.packets import Broken, DecodeFacts, MediaPacket, Origin
from analyzer.decode.tcp import HEADER, MAX_STREAMS, Connections
from dissectors import Payload, by_name

MAX_TAGS = 64  # of one record

END, DISSECTOR, TABLE = 0, 12, 14
SOURCES, DESTINATIONS = {20: 4, 22: 16}, {21: 4, 23: 16}  # tag: octets of its address
PORT_TYPE, SOURCE_PORT, DESTINATION_PORT = 24, 25, 26
TRANSPORTS = {1: "sctp", 2: "tcp", 3: "udp"}
TCP_FOR = frozenset({"http", "diameter"})  # what goes over TCP where no tag says
TCP = dpkt_ip.IP_PROTO_TCP
IP, ETHERNET = frozenset({"ip", "ipv6"}), frozenset({"eth", "eth_withoutfcs", "eth_withfcs", "eth_maybefcs"})
MEDIA = frozenset({"rtp", "rtcp", "srtp", "srtcp"})
SPELLINGS = {"http-over-tls": "http", "http-over-tcp": "http"}

NO_ADDRESSES = "exported PDUs without addresses"
EMPTY = "exported PDUs without octets"

_NAME = re.compile(r"[A-Za-z0-9_+-]{1,32}")
_TCP = struct.Struct("!HHIIBBHHH")


@dataclass(frozen=True, slots=True)
class Exported:
    """One exported PDU: `protocol` as Wireshark names it; ports are 0 and addresses empty where no tag has them."""

    protocol: str
    data: bytes = field(repr=False)
    transport: str = "udp"
    src: str = ""
    sport: int = 0
    dst: str = ""
    dport: int = 0


def read_exported(data: bytes) -> Exported:
    """Read the tags of an exported PDU; raises Broken."""
    at = 0
    tags: dict[int, bytes] = {}
    for _ in range(MAX_TAGS):
        if len(data) < at + 4:
            raise Broken("exported_pdu", "exported_pdu.tag", at, f"needs 4 octets, {len(data) - at} left")
        tag, size = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4
        if len(data) < at + size:
            raise Broken("exported_pdu", "exported_pdu.tag_len", at - 2, f"{size} octets, {len(data) - at} left")
        if tag == END:
            return _exported(tags, data[at + size :])
        tags.setdefault(tag, data[at : at + size])
        at += size
    raise Broken("exported_pdu", "exported_pdu.tag", at, f"more than {MAX_TAGS} tags")


def _exported(tags: dict[int, bytes], data: bytes) -> Exported:
    protocol = (tags.get(DISSECTOR) or tags.get(TABLE) or b"").rstrip(b"\0").decode("ascii", "backslashreplace")
    default = "tcp" if protocol in TCP_FOR else "udp"
    return Exported(
        protocol,
        data,
        TRANSPORTS.get(_number(tags, PORT_TYPE), default),
        _address(tags, SOURCES),
        _number(tags, SOURCE_PORT),
        _address(tags, DESTINATIONS),
        _number(tags, DESTINATION_PORT),
    )


def _number(tags: dict[int, bytes], tag: int) -> int:
    return int.from_bytes(tags.get(tag, b"")[:4], "big") & 0xFFFF


def _address(tags: dict[int, bytes], kinds: dict[int, int]) -> str:
    return next((text(tags[tag]) for tag, size in kinds.items() if len(tags.get(tag, b"")) == size), "")


class Exports:
    """Takes exported PDUs and gives their messages; those of TCP are put together again, as a PDU may hold a part."""

    def __init__(self, facts: DecodeFacts, ports: Mapping[str, tuple[int, ...]]) -> None:
        self._facts = facts
        self._connections = Connections(facts, ports)
        self._next: OrderedDict[Ends, int] = OrderedDict()  # sequence number of what comes next

    def add(self, found: Exported, origin: Origin) -> Iterator[Payload | MediaPacket]:
        """Take one PDU; yields the messages that it completes."""
        protocol = SPELLINGS.get(found.protocol, found.protocol.partition(".")[0])
        if protocol not in MEDIA and by_name(protocol) is None:
            name = protocol if _NAME.fullmatch(protocol) else "a protocol without a name"
            self._facts.count(f"exported PDUs of {name}, which `--engine tshark` may read")
        elif not found.src or not found.dst:
            self._facts.count(NO_ADDRESSES)
        elif not found.data:
            self._facts.count(EMPTY)
        elif protocol in MEDIA:
            yield MediaPacket(
                origin.capture, origin.frame, origin.time, found.src, found.dst, found.dport, found.data
            )  # fmt: skip
        elif found.transport == "tcp":
            yield from self._segment(found, origin)
        else:
            yield Payload(
                found.data, found.transport, found.src, found.sport, found.dst, found.dport,
                origin.capture, origin.frame, origin.time, origin.frames, origin.leg, origin.ident,
            )  # fmt: skip

    def finish(self) -> Iterator[Payload]:
        """Yield what can still be read."""
        yield from self._connections.finish()

    def _segment(self, found: Exported, origin: Origin) -> Iterator[Payload]:
        """Give octets to their stream as TCP would have done: in order, without a hole."""
        ends = (found.src, found.sport, found.dst, found.dport)
        sequence = self._next.pop(ends, 0)
        self._next[ends] = (sequence + len(found.data)) & 0xFFFF_FFFF
        if len(self._next) > MAX_STREAMS:
            self._next.popitem(last=False)
        header = _TCP.pack(found.sport, found.dport, sequence, 0, HEADER // 4 << 4, 0, 0, 0, 0)
        yield from self._connections.add(IpPacket(4, found.src, found.dst, TCP, header + found.data, 0), origin)
