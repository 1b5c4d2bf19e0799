"""A NAT on the stage: one address and a port for each end, checksums right, the other end untouched."""

from __future__ import annotations

import pytest

from sample_pcaps.forge import checksum, ethernet, tcp, udp
from sample_pcaps.stage_nat import FIRST_PORT, behind_nat

INSIDE, OTHER, OUTSIDE, SERVER = "10.1.0.11", "10.1.0.12", "192.0.2.1", "10.4.0.1"


def test_a_datagram_and_its_answer_have_one_port_outside():
    move = behind_nat([INSIDE, OTHER], OUTSIDE, {})
    there = move(ethernet(INSIDE, SERVER, udp(INSIDE, 2269, SERVER, 2269, b"abc")))
    assert there == ethernet(OUTSIDE, SERVER, udp(OUTSIDE, FIRST_PORT, SERVER, 2269, b"abc"))
    back = move(ethernet(SERVER, INSIDE, udp(SERVER, 2269, INSIDE, 2269, b"de")))
    assert back == ethernet(SERVER, OUTSIDE, udp(SERVER, 2269, OUTSIDE, FIRST_PORT, b"de"))
    another = move(ethernet(OTHER, SERVER, udp(OTHER, 2269, SERVER, 2269, b"abc")))
    assert another == ethernet(OUTSIDE, SERVER, udp(OUTSIDE, FIRST_PORT + 1, SERVER, 2269, b"abc"))


def test_what_is_not_inside_stays():
    packet = ethernet(SERVER, "10.5.0.1", tcp(SERVER, 1, "10.5.0.1", 2, seq=1, ack=0, flags=2))
    assert behind_nat([INSIDE], OUTSIDE, {})(packet) == packet


@pytest.mark.parametrize("payload", [b"", b"odd", b"even"])
def test_the_checksum_of_tcp_is_right(payload):
    moved = behind_nat([INSIDE], OUTSIDE, {})(
        ethernet(INSIDE, SERVER, tcp(INSIDE, 40000, SERVER, 80, seq=1, ack=1, flags=16, payload=payload))
    )
    segment = moved[34:]
    pseudo = moved[26:34] + bytes((0, 6)) + len(segment).to_bytes(2, "big")
    assert checksum(pseudo + segment) == 0
