"""What became of many cases, told on stderr and as the exit code: for the commands that judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.analysis import failing
from analyzer.batch import UNREADABLE, USAGE, Outcome
from analyzer.commands.cases import warn
from analyzer.commands.output import settings, tell, tell_trace
from analyzer.report import Verdict

FAILED, NOTHING = 1, 4  # exit codes (contract 4)
LEVELS = {"shall": ("shall",), "should": ("shall", "should")}  # `--fail-on` → levels that count


def exit_code(outcomes: Sequence[Outcome], fail_on: str, strict: bool, fail_if_empty: bool) -> int:
    """Return the exit code of contract 4: where several apply 3, 2, 1, 4 win in that order."""
    found = {outcome.fault.code for outcome in outcomes if outcome.fault is not None}
    read = [outcome.report for outcome in outcomes if outcome.fault is None]
    judgements = [judgement for case in read for judgement in case.judgements]
    damaged = any(capture.truncated or capture.problems for case in read for capture in case.captures)
    if damaged or any(judgement.verdict is Verdict.ERROR for judgement in judgements):
        found.add(UNREADABLE)
    unclear = strict and any(
        j.verdict is Verdict.INCONC and j.level in LEVELS[fail_on] and j.waived is None for j in judgements
    )
    if unclear or failing(judgements, fail_on):
        found.add(FAILED)
    if fail_if_empty and all(case.verdict is Verdict.NONE for case in read):
        found.add(NOTHING)
    return next((code for code in (UNREADABLE, USAGE, FAILED, NOTHING) if code in found), 0)


def tell_faults(outcomes: Iterable[Outcome]) -> None:
    """Tell of the cases that could not be judged, and what keyrings made think."""
    told = {outcome.fault.text: outcome.fault for outcome in outcomes if outcome.fault is not None}
    for fault in told.values():  # a keyring that many cases share is told of once
        tell(f"error: {fault.text}")
        if settings().debug:
            tell_trace(fault.trace)
    warn([warning for outcome in outcomes for warning in outcome.warnings])
