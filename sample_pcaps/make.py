"""Write the samples: `python -m sample_pcaps.make [CASE...]`, a folder a case with its captures and its keyring."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sample_pcaps.casebook import Case, cases

FOLDER = Path(__file__).parent
CAPTURE, KEYRING, REPORT = "capture.pcapng", "keyring.toml", "report.json"


def chosen(names: Sequence[str]) -> list[Case]:
    """Return the cases named, or all; raises SystemExit for an unknown name."""
    known = cases()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(unknown)}")
    return [known[name] for name in names or known]


def write(case: Case, folder: Path = FOLDER) -> Path:
    """Write captures and keyring of a case; return its folder."""
    story = case.tell()
    place = folder / case.name
    place.mkdir(parents=True, exist_ok=True)
    for name, octets in {CAPTURE: story.capture(), **story.more}.items():
        (place / name).write_bytes(octets)
    keyring = place / KEYRING
    keyring.write_text(case.keyring(story), encoding="utf-8")
    keyring.chmod(0o600)
    return place


def main(names: Sequence[str]) -> None:
    for case in chosen(names):
        place = write(case)
        size = (place / CAPTURE).stat().st_size
        print(f"{case.name:40} {size:6} octets  {'good' if case.good else 'breaks ' + ', '.join(case.breaks)}")


if __name__ == "__main__":
    main(sys.argv[1:])
