"""Large captures to measure with: much media and a little signalling, as probes write them.

`python -m benchmarks.generate FOLDER [NAME...]` writes, unless they are there already:

* B.pcap: 2 million frames, 98 % RTP of 1,000 octets to a group, 2 % the key management of several hundred UEs;
* C.pcap: 10 million frames of about 100 octets, a small share of them signalling;
* A.pcap: 100,000 SIP messages of calls that are none of ours.

Their keyring is beside each: `NAME.keys.toml`. `variant` makes the same of them as pcapng, or compressed.
"""

from __future__ import annotations

import shutil
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sample_pcaps.clock import START
from sample_pcaps.forge import SECOND, ethernet, pcapng, udp
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_srtp import rtp_header
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MICROSECOND = 1000  # ns
BUFFER = 1 << 22  # octets
GROUP = "239.9.9.9"  # of media that no story knows


@dataclass(frozen=True)
class Recipe:
    """How many frames, of which one in `every` is signalling, and how long the media packets are."""

    frames: int
    every: int
    octets: int
    ues: int


RECIPES = {"B": Recipe(2_000_000, 50, 1000, 400), "C": Recipe(10_000_000, 250, 60, 400)}
CALLS = 100_000  # SIP messages of A


def main(folder: str, *names: str) -> None:
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name in names or ("A", *RECIPES):
        path = place / f"{name}.pcap"
        if path.exists():
            continue
        if name == "A":
            _write(path, ((START + n * 1000 * MICROSECOND, frame) for n, frame in enumerate(calls())))
        else:
            story = key_management(RECIPES[name].ues)
            keyring = place / f"{name}.keys.toml"
            keyring.write_text(story.keyring())
            keyring.chmod(0o600)
            _write(path, _mixed(RECIPES[name], story))
        print(f"{path}: {path.stat().st_size / 1e6:.0f} MB")


def variant(path: Path, ending: str) -> Path:
    """Return a pcap file of these as `pcapng` or `zst`, written beside it where it is not there yet."""
    made = path.with_suffix(".pcapng") if ending == "pcapng" else path.with_name(f"{path.name}.zst")
    if not made.exists():
        partial = made.with_name(f"{made.name}.partial")
        with path.open("rb", buffering=BUFFER) as source, partial.open("wb", buffering=BUFFER) as target:
            (_as_pcapng if ending == "pcapng" else _compressed)(source, target)
        partial.rename(made)
    return made


def _as_pcapng(source: BinaryIO, target: BinaryIO) -> None:
    target.write(pcapng(()))
    source.read(24)
    while head := source.read(16):
        seconds, microseconds, size, length = struct.unpack("<IIII", head)
        time, total = seconds * SECOND + microseconds * MICROSECOND, 32 + size + -size % 4
        target.write(struct.pack("<7I", 6, total, 0, time >> 32, time & 0xFFFF_FFFF, size, length))
        target.write(source.read(size) + bytes(-size % 4) + struct.pack("<I", total))


def _compressed(source: BinaryIO, target: BinaryIO) -> None:
    if sys.version_info >= (3, 14):
        from compression import zstd  # noqa: PLC0415
    else:
        from backports import zstd  # noqa: PLC0415

    with zstd.open(target, "wb") as packed:
        shutil.copyfileobj(source, packed, BUFFER)


def key_management(ues: int) -> Story:
    """Key management of many UEs on one service, one after the other."""
    story = Story("benchmark", by_sip=False, ues=ues)
    for number, ue in enumerate(story.ues):
        story.at(number * 0.5)
        story.bootstrap(ue)
        story.invite(ue)
        story.register(ue)
        story.msk(ue)
    story.mtk(times=2)
    for ue in story.ues:
        story.wait(0.2)
        story.msk_request(ue)
        story.msk(ue, msk_id=SECOND_MSK)
    story.mtk(SECOND_MSK, 1, times=2)
    for ue in story.ues:
        story.wait(0.2)
        story.deregister(ue)
        for msk_id in (FIRST_MSK, SECOND_MSK):
            story.msk(ue, msk_id=msk_id, seq=(2, 1), sp=None)
    return story


def _mixed(recipe: Recipe, story: Story) -> Iterator[tuple[int, bytes]]:
    """Yield the frames of a story with media between them; the times are those of the story."""
    told = story.tape.sorted()
    media = _media(recipe.octets)
    between = recipe.every - 1
    sent = 0
    for (time, frame), (following, _) in zip(told, [*told[1:], told[-1]], strict=True):
        yield time, frame
        sent += 1
        step = max((following - time) // recipe.every, 0)
        for number in range(1, between + 1):
            if sent == recipe.frames:
                return
            yield time + number * step, next(media)
            sent += 1
    while sent < recipe.frames:
        yield told[-1][0] + sent * MICROSECOND, next(media)
        sent += 1


def _media(octets: int) -> Iterator[bytes]:
    """Yield RTP packets of one stream; sequence number, time stamp and the end of the picture differ."""
    payload = made_up("media", octets - 12)
    packet = bytearray(ethernet("10.4.0.1", GROUP, udp("10.4.0.1", 49152, GROUP, 5000, rtp_header(
        seq=0, timestamp=0, ssrc=0x5EED) + payload)))  # fmt: skip
    ends = [made_up(f"end {number}", 24) for number in range(997)]
    number = 0
    while True:
        struct.pack_into("!HI", packet, 44, number & 0xFFFF, number * 3600 & 0xFFFFFFFF)
        packet[-len(ends[0]) :] = ends[number % len(ends)]
        yield bytes(packet)
        number += 1


def calls() -> Iterator[bytes]:
    """Yield SIP messages of ordinary calls: INVITE, 100, 180, 200, ACK, BYE, 200."""
    ends = ("10.1.0.11", "10.2.0.1")
    for number in range(CALLS // 7 + 1):
        common = (
            f"Via: SIP/2.0/UDP 10.1.0.11;branch=z9hG4bK{number}\r\nFrom: <sip:a{number}@home1.net>;tag=1\r\n"
            f"To: <sip:b{number}@home1.net>;tag=2\r\nCall-ID: call{number}@home1.net\r\nMax-Forwards: 70\r\n"
            "P-Access-Network-Info: 3GPP-E-UTRAN-FDD\r\nUser-Agent: benchmark\r\n"
        )
        for by_ue, line, method in (
            (True, "INVITE sip:b@home1.net SIP/2.0", "INVITE"), (False, "SIP/2.0 100 Trying", "INVITE"),
            (False, "SIP/2.0 180 Ringing", "INVITE"), (False, "SIP/2.0 200 OK", "INVITE"),
            (True, "ACK sip:b@home1.net SIP/2.0", "ACK"), (True, "BYE sip:b@home1.net SIP/2.0", "BYE"),
            (False, "SIP/2.0 200 OK", "BYE"),
        ):  # fmt: skip
            sequence = 2 if method == "BYE" else 1
            text = f"{line}\r\n{common}CSeq: {sequence} {method}\r\nContent-Length: 0\r\n\r\n".encode()
            src, dst = ends if by_ue else ends[::-1]
            yield ethernet(src, dst, udp(src, 5060, dst, 5060, text))


def _write(path: Path, packets: Iterator[tuple[int, bytes]]) -> None:
    """Write a pcap file as it comes, under another name until it is whole."""
    partial = path.with_suffix(".partial")
    with partial.open("wb", buffering=BUFFER) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time, frame in packets:
            seconds, rest = divmod(time, 10**9)
            file.write(struct.pack("<IIII", seconds, rest // MICROSECOND, len(frame), len(frame)) + frame)
    partial.rename(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
