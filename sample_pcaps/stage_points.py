"""Where probes stand on a stage: one that sees a packet on several legs, and a second one with a clock of its own."""

from __future__ import annotations

from ipaddress import ip_address

from sample_pcaps.forge import SECOND, Tape
from sample_pcaps.forge_esp import Sa, transport
from sample_pcaps.forge_tunnels import frame, gtp, in_udp

UDP = 17
GTP_PORT = 2152
LEG = 60_000  # ns from one leg to the next
MIRRORED = 9_000  # ns until a mirrored port shows a packet again
WAY = 2_000_000  # ns from the first probe to the second

Packet = tuple[int, bytes]


def ends(packet: bytes) -> tuple[bytes, bytes]:
    """Return the IPv4 addresses of an Ethernet frame."""
    return packet[26:30], packet[30:34]


def on_legs(tape: Tape, ue: bytes) -> None:
    """Show datagrams of a UE on three legs: in GTP-U between base station and gateway, and outside of it twice."""
    seen: list[Packet] = []
    for time, packet in tape.packets:
        if packet[23] != UDP or ue not in ends(packet):
            seen.append((time, packet))
            continue
        inside = frame(in_udp(GTP_PORT, gtp(packet[14:])))
        upwards = ends(packet)[0] == ue
        seen.append((time if upwards else time + LEG, inside))
        out = time + LEG if upwards else time
        seen += [(out, packet), (out + MIRRORED, packet)]
    tape.packets = seen


def at_two_points(tape: Tape, node: bytes, others: frozenset[bytes], behind: float) -> list[Packet]:
    """Leave to the first probe what it sees, and return what a second one at a node does, whose clock is behind.

    Of what the node sends and gets, the first probe sees what goes to or comes from `others`.
    """
    second = [(time + WAY - round(behind * SECOND), packet) for time, packet in tape.sorted() if node in ends(packet)]
    tape.packets = [
        (time, packet) for time, packet in tape.packets if node not in ends(packet) or others & {*ends(packet)}
    ]
    return second


def in_esp(tape: Tape, sa: Sa, src: str, dst: str) -> None:
    """Put what one IPv4 end sends another into ESP, transport mode."""
    way = ip_address(src).packed, ip_address(dst).packed
    sent = [place for place, (_, packet) in enumerate(tape.packets) if ends(packet) == way]
    for sequence, place in enumerate(sorted(sent, key=lambda place: tape.packets[place][0]), 1):
        time, packet = tape.packets[place]
        tape.packets[place] = time, packet[:14] + transport(sa, sequence, packet[14:], src, dst)
