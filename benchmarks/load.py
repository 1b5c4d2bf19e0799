"""Measure how time and memory grow with UEs: `python -m benchmarks.load [UES...]`.

One capture of so many UEs that register, are refreshed again and again, and of which some fail: an MSK under a wrong
MUK, or none at all. Prints a Markdown table, and exits with 1 where more UEs take more than in proportion.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from analyzer.capture.case import find_cases
from analyzer.scan import scan
from benchmarks.run import KEYSHARK, MEGA, Figures, machine
from sample_pcaps.forge import pcap
from sample_pcaps.forge_keys import made_up
from sample_pcaps.story import Story

UES = (250, 500, 1000, 2000)
REFRESHES = 14
EVERY_WRONG, EVERY_LOST = 10, 25  # one UE in so many gets its last MSK under a wrong MUK, or does not get it
GROWTH = 2.2  # times for twice the UEs, at most


def story(ues: int) -> Story:
    """Return the key management of many UEs: registered one after the other, then refreshed round by round."""
    told = Story("load", by_sip=False, ues=ues)
    for number, ue in enumerate(told.ues):
        told.at(number * 0.1)
        told.bootstrap(ue)
        told.invite(ue)
        told.register(ue)
        told.msk(ue)
    told.mtk(times=2)
    for refresh in range(2, REFRESHES + 2):
        msk_id = bytes.fromhex(f"0001{refresh:04x}")
        last = refresh == REFRESHES + 1
        for number, ue in enumerate(told.ues):
            told.wait(0.05)
            told.msk_request(ue)
            if last and number % EVERY_LOST == EVERY_LOST - 1:
                continue
            if last and number % EVERY_WRONG == EVERY_WRONG - 1:
                told.msk(ue, msk_id=msk_id, muk=made_up("another MUK", 32), verify=False)
            else:
                told.msk(ue, msk_id=msk_id)
        told.mtk(msk_id, 1, times=2)
    return told


def measured(ues: int, folder: Path) -> tuple[int, Figures]:
    """Return the messages of a load, and what `keyshark validate` took for it."""
    path, keys = folder / f"{ues}.pcap", folder / f"{ues}.keys.toml"
    told = story(ues)
    path.write_bytes(pcap(told.tape.sorted()))
    keys.write_text(told.keyring())
    keys.chmod(0o600)
    del told
    figures = Figures()
    figures.run((*KEYSHARK, "validate", str(path)))
    (case,) = find_cases([str(path)])
    return len(scan(case).messages), figures


def table(found: Mapping[int, tuple[int, Figures]]) -> Iterator[str]:
    """Yield the lines of a Markdown table: each row beside the one before."""
    yield "| UEs | messages | wall s | CPU s | to the row before | MB | to the row before |"
    yield "|---|---|---|---|---|---|---|"
    before: Figures | None = None
    for ues, (messages, figures) in found.items():
        cpu, memory = _growth(before, figures)
        told = (f"{figures.wall[0]:.1f}", f"{figures.cpu[0]:.1f}", cpu, f"{figures.memory / MEGA:.0f}", memory)
        yield f"| {ues} | {messages} | {' | '.join(told)} |"
        before = figures


def _growth(before: Figures | None, now: Figures) -> tuple[str, str]:
    if before is None:
        return "", ""
    return f"{now.cpu[0] / before.cpu[0]:.2f}", f"{now.memory / before.memory:.2f}"


def too_much(found: Mapping[int, tuple[int, Figures]]) -> list[int]:
    """Return the numbers of UEs that took more than in proportion to those before."""
    rows = list(found.items())
    return [
        ues
        for (fewer, (_, less)), (ues, (_, more)) in pairwise(rows)
        if max(more.cpu[0] / less.cpu[0], more.memory / less.memory) > GROWTH * ues / fewer / 2
    ]


def main(numbers: Sequence[str]) -> int:
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else every run would compile all that it imports
    sys.stdout.write(machine() + "\n\n")
    with tempfile.TemporaryDirectory() as folder:
        found = {ues: measured(ues, Path(folder)) for ues in map(int, numbers or UES)}
    sys.stdout.write("\n".join(table(found)) + "\n")
    return 1 if too_much(found) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
