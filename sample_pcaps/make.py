"""Write the samples: `python -m sample_pcaps.make [CASE...]`, a folder a case with its captures and its keyring."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from sample_pcaps.casebook import Case, cases

FOLDER = Path(__file__).parent
TABLE = FOLDER.parent / "analyzer" / "procedures" / "samples.tsv"  # which samples break each rule, as keyshark tells it
CAPTURE, KEYRING, CONFIG, REPORT = "capture.pcapng", "keyring.toml", "case.toml", "report.json"


def chosen(names: Sequence[str]) -> list[Case]:
    """Return the cases named, or all; raises SystemExit for an unknown name."""
    known = cases()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such case: {', '.join(unknown)}")
    return [known[name] for name in names or known]


def write(case: Case, folder: Path = FOLDER) -> Path:
    """Write captures, keyring and settings of a case; return its folder."""
    story = case.tell()
    place = folder / case.name
    place.mkdir(parents=True, exist_ok=True)
    for name, octets in {CAPTURE: story.capture(), **story.more}.items():
        (place / name).write_bytes(octets)
    if case.profile:
        (place / CONFIG).write_text(f'profile = "{case.profile}"\n', encoding="utf-8")
    keyring = place / KEYRING
    keyring.write_text(case.keyring(story), encoding="utf-8")
    keyring.chmod(0o600)
    return place


def table() -> str:
    """Return the samples that break each rule: a line a rule, its code and their names."""
    broken: dict[str, list[str]] = {}
    for case in cases().values():
        for code in case.breaks:
            broken.setdefault(code, []).append(case.name)
    return "".join(f"{code}\t{' '.join(names)}\n" for code, names in sorted(broken.items()))


def main(names: Sequence[str]) -> None:
    if not names:
        TABLE.write_text(table(), encoding="utf-8")
    for case in chosen(names):
        place = write(case)
        size = (place / CAPTURE).stat().st_size
        print(f"{case.name:40} {size:6} octets  {'good' if case.good else 'breaks ' + ', '.join(case.breaks)}")


if __name__ == "__main__":
    main(sys.argv[1:])
