"""Measure what one packet of media costs to verify, in CPU µs: `python -m benchmarks.media [ROUNDS [PACKETS]]`.

Prints a Markdown table: the median over ROUNDS of PACKETS packets of one stream, AES-CM-128 and HMAC-SHA1-80, beside
libsrtp (pylibsrtp) on the same octets in the same run, in turns. libsrtp always verifies and decrypts; keyshark
verifies to judge, and decrypts as well to export. Ratios are rates: above 1 keyshark is the faster one.
"""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from analyzer.correlate.traffic import correlate
from analyzer.decode.packets import MediaPacket
from analyzer.examination import examine
from analyzer.keys import srtp
from analyzer.keys.chain import Chain
from analyzer.keys.key import KEYRING, Key
from analyzer.medialog import MediaLog

try:
    import pylibsrtp
except ImportError:
    pylibsrtp = None  # type: ignore[assignment]

SIZES = (200, 1200)  # octets of a protected packet, without its MKI
KEY, SALT = bytes(range(16)), bytes(range(16, 30))
MKI = bytes.fromhex("000100010001")
SSRC, PORT, GROUP = 0x11223344, 5000, "239.1.2.3"
MICRO = 1_000_000
GOAL = 0.5  # of libsrtp's rate


@dataclass
class Row:
    """What a packet of one size costs: each way, by round."""

    size: int
    spent: dict[str, list[float]] = field(default_factory=dict)

    def cost(self, way: str) -> float:
        return median(self.spent[way])


def protected(size: int, count: int) -> list[bytes]:
    """Return packets of a stream, without MKI, as libsrtp takes them."""
    keys = srtp.session_keys(master_key=KEY, master_salt=SALT)
    packets = []
    for index in range(count):
        header = b"\x80\x60" + (index & 0xFFFF).to_bytes(2, "big") + bytes(4) + SSRC.to_bytes(4, "big")
        covered = header + keys.crypt(SSRC, index, bytes(size - 10 - srtp.RTP_HEADER))
        packets.append(covered + keys.mac(covered, (index >> 16).to_bytes(4, "big"))[:10])
    return packets


def judged(packets: Sequence[bytes]) -> Callable[[], None]:
    """Return what verifies packets as `keyshark validate` does: sorted by MKI, counted, replays looked for."""
    traffic = correlate([], 0, 0)
    log = MediaLog()
    for number, data in enumerate(packets):
        log.add(MediaPacket(0, number + 1, number * 10**6, "10.0.0.1", GROUP, PORT, data[:-10] + MKI + data[-10:]))
    chain = Chain()
    chain.mtks[None, MKI[:4], MKI[4:]] = [
        Key("MTK", KEY, KEYRING, "supplied", msk_id=MKI[:4], mtk_id=MKI[4:], salt=SALT)
    ]

    def run() -> None:
        groups = examine(log, traffic, chain)
        assert sum(group.authenticated for group in groups) == len(packets)

    return run


def verified(packets: Sequence[bytes]) -> Callable[[], None]:
    """Return what looks at the tags only."""
    keys, policy = srtp.session_keys(master_key=KEY, master_salt=SALT), srtp.Policy()

    def run() -> None:
        for index, data in enumerate(packets):
            right, _ = srtp.authentic(keys=keys, policy=policy, data=data, roc=index >> 16, mki_length=0)
            assert right

    return run


def decrypted(packets: Sequence[bytes]) -> Callable[[], None]:
    """Return what verifies and decrypts, as `keyshark export` does."""
    keys, policy = srtp.session_keys(master_key=KEY, master_salt=SALT), srtp.Policy()

    def run() -> None:
        for index, data in enumerate(packets):
            roc = index >> 16
            right, roc = srtp.authentic(keys=keys, policy=policy, data=data, roc=roc, mki_length=0)
            assert right
            srtp.decrypt(keys=keys, policy=policy, data=data, header_length=12, roc=roc, mki_length=0)

    return run


def by_libsrtp(packets: Sequence[bytes]) -> Callable[[], None]:
    """Return what lets libsrtp verify and decrypt."""

    def run() -> None:
        policy = pylibsrtp.Policy(key=KEY + SALT, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND)
        unprotect = pylibsrtp.Session(policy).unprotect
        for data in packets:
            unprotect(data)

    return run


def measure(rounds: int, count: int) -> list[Row]:
    """Time all ways in turns."""
    rows = []
    for size in SIZES:
        packets, row = protected(size, count), Row(size)
        ways = {"judge": judged(packets), "verify": verified(packets), "decrypt": decrypted(packets)}
        if pylibsrtp is not None:
            ways["libsrtp"] = by_libsrtp(packets)
        for _ in range(rounds):
            for way, run in ways.items():
                begin = time.process_time()
                run()
                row.spent.setdefault(way, []).append((time.process_time() - begin) / count * MICRO)
        rows.append(row)
    return rows


def table(rows: Iterable[Row]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| Octets | validate, µs | tag alone, µs | tag and decryption, µs | libsrtp, µs "
        "| validate : libsrtp | tag : libsrtp | decryption : libsrtp |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        ways = [row.cost(way) for way in ("judge", "verify", "decrypt")]
        theirs = row.cost("libsrtp") if "libsrtp" in row.spent else None
        cells = [f"{cost:.1f}" for cost in ways]
        ratios = ["" if theirs is None else f"{theirs / cost:.2f}" for cost in ways]
        lines.append(" | ".join([f"| {row.size}", *cells, "" if theirs is None else f"{theirs:.1f}", *ratios]) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> None:
    rounds, count = [*map(int, arguments), *(7, 10_000)[len(arguments) :]]
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, one core\n")
    rows = measure(rounds, count)
    print(table(rows))
    if pylibsrtp is None:
        print("\nlibsrtp: pylibsrtp is not installed")


if __name__ == "__main__":
    main(sys.argv[1:])
