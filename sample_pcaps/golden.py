"""Write the golden reports: `python -m sample_pcaps.golden [CASE...]`, each what keyshark says of the sample today.

Good cases keep their whole report, fault cases only what did not pass. Read the difference before you keep it.
"""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Sequence

from analyzer.cli import run
from sample_pcaps.casebook import Case
from sample_pcaps.make import FOLDER, REPORT, chosen


def report(case: Case) -> str:
    """Return what `keyshark validate --format json` prints for a case, run at the root of the project."""
    options = ["validate", "--format", "json", *([] if case.good else ["--failures-only"])]
    place = (FOLDER / case.name).relative_to(FOLDER.parent)
    told = io.StringIO()
    with contextlib.chdir(FOLDER.parent), contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
        code = run([*options, place.as_posix()])
    if code not in {0, 1}:
        raise SystemExit(f"{case.name}: keyshark ended with {code}; see `keyshark validate {place.as_posix()}`")
    return told.getvalue()


def main(names: Sequence[str]) -> None:
    for case in chosen(names):
        (FOLDER / case.name / REPORT).write_text(report(case), encoding="utf-8")
        print(case.name)


if __name__ == "__main__":
    main(sys.argv[1:])
