"""Read a stream that is far larger than memory: `python -m benchmarks.soak [GIGABYTES [COMMAND...]]`.

What a probe would write is made on the fly and piped to keyshark: a story of key management first, then media of
several streams for as long as it takes, and between them all that asks to be remembered and never ends: connections
that stay open or have a hole, fragments whose rest does not come, parts of SCTP messages, broken frames, ICMP errors,
unknown protocols. Prints a Markdown table of the memory that keyshark holds as it goes, and exits with 1 when it grew
after warming up. Linux only, as it looks into /proc.

Messages that are judged are kept until they are, so signalling is a fixed amount here: it is everything else that
must not add up.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.generate import key_management
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import ethernet, pcap, tcp, udp
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_srtp import rtp_header

GIGA, MEGA, SECOND = 10**9, 10**6, 10**9
COMMANDS = ("info", "validate")
SAMPLES = 20  # times that memory is looked at
GROWTH = 24 * MEGA  # octets that memory may rise by after that
WARM = 100 * MEGA  # octets read until as much of the media is kept to be verified as ever will be
UES = 20  # of the story that comes first
STREAMS = 8  # of media
ROUND = 960  # media packets of a round: a stretch that is sent again and again, with other times and numbers
FLOWS = 24  # that begin in a round and never end: soon as many as are remembered at most
FIRST_FLOW = 10 << 24  # as an address
APART = 0.05  # s from one round to the next
IP, UDP_BODY = 14, 42  # where they are in a frame of Ethernet and IPv4


@dataclass(frozen=True, slots=True)
class Round:
    """Records of a pcap file, and where in them stands what differs from round to round."""

    octets: NDArray[np.uint8]
    begins: NDArray[np.int64]  # of records
    media: NDArray[np.int64]  # RTP sequence numbers
    flows: NDArray[np.int64]  # four octets that make each a flow of its own
    which: NDArray[np.int64]  # flow of the round each of these belongs to

    def told(self, number: int, start: int) -> memoryview:
        """Return the records of one round; valid until the next."""
        nanoseconds = start + number * int(APART * SECOND)
        times = nanoseconds + np.arange(len(self.begins)) * (int(APART * SECOND) // len(self.begins))
        self._put(self.begins, (times // SECOND).astype("<u4"))
        self._put(self.begins + 4, (times % SECOND // 1000).astype("<u4"))
        sequence = number * (ROUND // STREAMS) + np.arange(len(self.media)) // STREAMS
        self._put(self.media, (sequence & 0xFFFF).astype(">u2"))
        self._put(self.flows, (FIRST_FLOW + number * FLOWS + self.which).astype(">u4"))
        return self.octets.data

    def _put(self, places: NDArray[np.int64], values: NDArray[np.generic]) -> None:
        size = values.itemsize
        self.octets[places[:, None] + np.arange(size)] = values.view(np.uint8).reshape(-1, size)


@dataclass(slots=True)
class Course:
    """Memory as it went: octets read and octets held, at every look; and how it ended."""

    looks: list[tuple[int, int]] = field(default_factory=list)
    code: int = 0

    @property
    def growth(self) -> int:
        """Octets that memory rose by after the first quarter, and WARM octets, which warm up."""
        begin = max(self.looks[-1][0] // 4, WARM)
        warm = [memory for taken, memory in self.looks if taken >= begin]
        return max(warm, default=0) - warm[0] if warm else 0


def _round() -> Round:
    frames: list[bytes] = []
    media, flows, which = [], [], []
    for number in range(ROUND):
        group = f"239.9.{number % STREAMS}.1"
        packet = rtp_header(seq=0, timestamp=0, ssrc=0x5EED + number % STREAMS) + made_up(f"media {number}", 988)
        media.append((len(frames), UDP_BODY + 2))
        frames.append(ethernet("10.4.0.1", group, udp("10.4.0.1", 49152, group, 5000, packet)))
        if number % (ROUND // FLOWS) == 0:
            for frame, at in _endless():
                if at is not None:
                    flows.append((len(frames), at))
                    which.append(number * FLOWS // ROUND)
                frames.append(frame)
    octets = np.frombuffer(pcap((0, frame) for frame in frames)[24:], dtype=np.uint8).copy()
    sizes = np.array([16 + len(frame) for frame in frames], dtype=np.int64)
    begins = np.cumsum(sizes) - sizes
    sequences, sources = (
        np.array([begins[row] + 16 + at for row, at in found], dtype=np.int64) for found in (media, flows)
    )
    return Round(octets, begins, sequences, sources, np.array(which, dtype=np.int64))


def _endless() -> Iterator[tuple[bytes, int | None]]:
    """Yield frames that ask to be remembered, and where another round has another flow or number."""
    src, dst, source = "10.5.0.1", "10.0.0.2", IP + 12
    head = b"POST /keymanagement HTTP/1.1\r\nHost: bmsc.home1.net\r\nContent-Length: 100000\r\n\r\n"
    for seq, body in ((1, head), (500_000, made_up("beyond a hole", 1000)), (1000, made_up("no message", 1000))):
        yield ethernet(src, dst, tcp(src, 1024, dst, 80, seq=seq, ack=0, flags=16, payload=body)), source
    part = forge.fragments(udp(src, 5060, dst, 5060, made_up("fragment", 1200)), 600, 1)[0]
    yield ethernet(src, dst, part), source
    chunk = forge.data_chunk(1, made_up("chunk", 600), flags=2)
    yield ethernet(src, dst, forge.sctp(src, 3868, dst, 3868, chunk)), IP + 20 + 4  # the tag
    yield ethernet(src, dst, forge.icmp_error(src, dst, 3, 3, udp(dst, 1000, src, 2269, b"x"))), source
    yield ethernet(src, dst, udp(src, 1024, dst, 2269, b"\x01\xff\x05\x00" + made_up("no MIKEY", 60)))[:60], source
    yield forge.typed(0x9999, bytes(60)), 10  # an unknown protocol, another each round
    yield ethernet(src, dst, b"\x46" + bytes(40)), None  # a header that lies


def stream(octets: int) -> Iterator[memoryview]:
    """Yield a capture of so many octets, a part at a time; a part is valid until the next."""
    told = key_management(UES).tape.sorted()
    yield memoryview(pcap(told))
    start, steady, number = told[-1][0] + SECOND, _round(), 0
    while number * len(steady.octets) < octets:
        yield steady.told(number, start)
        number += 1


def soak(command: str, octets: int) -> Course:
    """Pipe a stream to a command of keyshark, and look at its memory as it reads."""
    course, taken = Course(), 0
    with tempfile.TemporaryDirectory() as folder:
        keyring = Path(folder) / "keyring.toml"
        keyring.touch(mode=0o600)
        keyring.write_text(key_management(UES).keyring())
        line = [sys.executable, "-m", "analyzer", command, "--keys", str(keyring), "-"]
        with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            assert process.stdin is not None
            for part in stream(octets):
                process.stdin.write(part)
                taken += len(part)
                if taken * SAMPLES >= octets * (len(course.looks) + 1):
                    course.looks.append((taken, held(process.pid)))
            process.stdin.close()
            course.code = process.wait()
    return course


def held(pid: int) -> int:
    """Return the octets of memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def table(courses: dict[str, Course]) -> str:
    """Return the memory of each command as it went, as a Markdown table."""
    lines = [f"| MB read | {' | '.join(f'{command}, MB held' for command in courses)} |"]
    lines.append("|---" * (len(courses) + 1) + "|")
    for looks in zip(*(course.looks for course in courses.values()), strict=True):
        figures = (looks[0][0], *(memory for _, memory in looks))
        lines.append(f"| {' | '.join(f'{figure / MEGA:.0f}' for figure in figures)} |")
    return "\n".join(lines)


def main(gigabytes: str = "5", *commands: str) -> int:
    """Soak every command; return 1 when one of them held more and more."""
    courses = {command: soak(command, int(float(gigabytes) * GIGA)) for command in commands or COMMANDS}
    print(table(courses))
    for command, course in courses.items():
        print(f"{command}: {course.growth / MEGA:+.0f} MB after warming up, exit code {course.code}")
    return int(any(course.growth > GROWTH for course in courses.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
