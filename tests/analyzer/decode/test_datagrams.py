"""Payloads of plain datagrams, told by where their packets begin (test_sift.py holds them against the decoder's)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analyzer.capture.block import Block
from analyzer.capture.reader import open_capture
from analyzer.decode.datagrams import Datagrams
from dissectors import Leg, Payload
from sample_pcaps import forge, forge_tunnels

START = 1_767_225_600_000_000_000
SIP = b"OPTIONS sip:a SIP/2.0\r\n\r\n"
ETHERNET, AROUND = 14, 36  # octets before an IP packet, and of IPv4, UDP and GTP-U before the one inside
INSIDE = {"10.0.0.1": "10.0.0.2", "2001:db8::1": "2001:db8::2"}


def block_of(folder: Path, packets: list[bytes]) -> Block:
    path = folder / "x.pcapng"
    path.write_bytes(forge.pcapng([(START + index, packet) for index, packet in enumerate(packets)]))
    (block,) = open_capture(str(path), 3).blocks()
    return block


@pytest.mark.parametrize("src", INSIDE)
@pytest.mark.parametrize("tunnelled", [False, True])
def test_a_payload_has_all_that_its_headers_say(tmp_path: Path, src: str, tunnelled: bool) -> None:
    packet = forge.udp(src, 5062, INSIDE[src], 5060, SIP)
    carried = forge_tunnels.in_udp(2152, forge_tunnels.gtp(packet)) if tunnelled else packet
    block = block_of(tmp_path, [bytes(60), forge_tunnels.frame(carried)])
    begin = int(block.starts[1]) + ETHERNET
    found = Datagrams(
        block, np.array([1]), np.array([begin + AROUND * tunnelled]), np.array([begin if tunnelled else -1])
    )
    (payload,) = found.payloads()
    hops, ident = (packet[8], int.from_bytes(packet[4:6], "big")) if packet[0] >> 4 == 4 else (packet[7], 0)
    ends = ".".join(map(str, carried[12:16])), ".".join(map(str, carried[16:20]))
    tunnels = ("GTP-U {} > {}".format(*ends),) if tunnelled else ()
    expected = Payload(
        SIP, "udp", src, 5062, INSIDE[src], 5060, 3, 2, START + 1, (2,), Leg(0, tunnels, hops), ident
    )  # fmt: skip
    assert tuple(payload) == tuple(expected)


@pytest.mark.parametrize("own", [[], [0], [3], [1, 2], [0, 1, 2, 3], [0, 3]])
def test_they_stand_among_frames_in_the_order_of_the_capture(tmp_path: Path, own: list[int]) -> None:
    block = block_of(tmp_path, [forge_tunnels.frame(forge.udp("10.0.0.1", 5062, "10.0.0.2", 5060, SIP))] * 4)
    rows = np.array(own, dtype=np.int64)
    found = Datagrams(block, rows, block.starts[rows] + ETHERNET, np.full(len(rows), -1))
    others = np.array([row for row in range(4) if row not in own], dtype=np.int64)
    items = [*found.among(block.frames(others))]
    assert [item.frame if isinstance(item, Payload) else item.number for item in items] == [1, 2, 3, 4]
    assert [isinstance(item, Payload) for item in items] == [row in own for row in range(4)]
