"""Write the golden reports: `python -m sample_pcaps.golden [CASE...]`, each what keyshark says of the sample today.

Good cases keep their whole report, fault cases only what did not pass. Read the difference before you keep it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from sample_pcaps.casebook import Case
from sample_pcaps.make import FOLDER, REPORT, chosen


def report(case: Case) -> str:
    """Return the report of a case as JSON; paths in it are relative to the root of the project."""
    command = [sys.executable, "-m", "analyzer", "validate", "--format", "json"]
    if not case.good:
        command.append("--failures-only")
    place = (FOLDER / case.name).relative_to(FOLDER.parent)
    told = subprocess.run(
        [*command, str(place)], cwd=FOLDER.parent, env={**os.environ, "NO_COLOR": "1"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if told.returncode not in {0, 1}:
        raise SystemExit(f"{case.name}: keyshark ended with {told.returncode}\n{told.stderr}")
    return told.stdout


def main(names: Sequence[str]) -> None:
    for case in chosen(names):
        (FOLDER / case.name / REPORT).write_text(report(case), encoding="utf-8")
        print(case.name)


if __name__ == "__main__":
    main(sys.argv[1:])
