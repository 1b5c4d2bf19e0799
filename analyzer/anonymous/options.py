"""Options of IPv6 and TCP, and chunks of SCTP: those that may name somebody are blanked, their lengths stay."""

from __future__ import annotations

from analyzer.decode.icmp import ERRORS

MINIMAL_TCP = 20  # octets of a header without options
END, NOTHING = 0, 1
# Of TCP: segment size, window scale, selective acknowledgements, timestamps (RFC 9293 3.1, RFC 7323, RFC 2018)
PLAIN_TCP = frozenset({2, 3, 4, 5, 8})

DATA, INIT, INIT_ACK = 0, 1, 2
# Chunks of SCTP that are only numbers: SACK, SHUTDOWN, its answers, COOKIE ACK, ECNE, CWR, FORWARD TSN (RFC 9260 3.3)
NUMBERS = frozenset({3, 7, 8, 11, 12, 13, 14, 192})
FIXED = {DATA: 16, INIT: 20, INIT_ACK: 20}  # octets of a chunk that are numbers
CHUNK_HEADER = 4

ICMP, ICMP_6, REDIRECT = 1, 58, 5
TYPE_AND_SUM = 4  # octets


def tcp(data: bytearray, start: int, end: int) -> None:
    """Blank the values of options that are not ordinary: addresses of MPTCP, cookies, signatures."""
    at = start
    while at < end:
        kind = data[at]
        if kind == NOTHING:
            at += 1
            continue
        size = data[at + 1] if kind != END and at + 1 < end else 0
        if size < 2 or at + size > end:
            data[at:end] = bytes(end - at)
            return
        if kind not in PLAIN_TCP:
            data[at + 2 : at + size] = bytes(size - 2)
        at += size


def of_numbers(kind: int) -> int | None:
    """Return how many octets of a chunk of SCTP are numbers, None where all of it is."""
    return None if kind in NUMBERS else FIXED.get(kind, CHUNK_HEADER)


def quoted(protocol: int, data: bytearray, start: int) -> bool:
    """Say whether an ICMP message quotes an IP packet."""
    return data[start] in ERRORS[4 if protocol == ICMP else 6]
