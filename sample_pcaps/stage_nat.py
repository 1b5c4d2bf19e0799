"""A NAT before UEs on a stage: one address outside, a port for each end inside (RFC 4787 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address

from sample_pcaps.forge import ethernet, ip_packet, with_checksum

FIRST_PORT = 20_000  # outside, behind those that nodes have of their own
CHECKSUMS = {6: 16, 17: 6}  # TCP and UDP: where in a segment its checksum stands
ETHERNET, IPV4 = 14, 20  # octets of the headers


def behind_nat(inside: Iterable[str], outside: str, ports: dict[tuple[str, int], int]) -> Callable[[bytes], bytes]:
    """Return what sets the address outside for those inside in a frame of IPv4, and the port that is kept in `ports`.

    Several stories behind one NAT share `ports`.
    """
    private = frozenset(inside)

    def end(address: str, port: int) -> tuple[str, int]:
        if address not in private:
            return address, port
        return outside, ports.setdefault((address, port), FIRST_PORT + len(ports))

    def translated(frame: bytes) -> bytes:
        packet = frame[ETHERNET:]
        protocol, segment = packet[9], packet[IPV4:]
        src, dst = str(ip_address(packet[12:16])), str(ip_address(packet[16:20]))
        sender, sport = end(src, int.from_bytes(segment[:2], "big"))
        receiver, dport = end(dst, int.from_bytes(segment[2:4], "big"))
        moved = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") + segment[4:]
        at = CHECKSUMS[protocol]
        summed = with_checksum(sender, receiver, protocol, moved[:at] + b"\0\0" + moved[at + 2 :], at)
        whole = ip_packet(sender, receiver, protocol, summed, ident=int.from_bytes(packet[4:6], "big"), hops=packet[8])
        return ethernet(sender, receiver, whole)

    return translated
