"""What a case was judged by, in words, where it is not the usual: its profile, and times that somebody has set."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.profiles import DEFAULT, DIFFERENCES, PROFILES
from analyzer.report import CaseReport
from analyzer.views.ink import plural


def told(case: CaseReport) -> Iterator[str]:
    """Yield a sentence for the profile, and one for the tolerances."""
    if case.profile is not None and case.profile != DEFAULT.name:
        yield f"judged by profile {case.profile}{_left_out(case.profile)}"
    if case.tolerances:
        times = ", ".join(f"{t.name} {t.seconds:g} s (usually {t.default:g} s)" for t in case.tolerances)
        yield f"tolerances set: {times}"


def short(case: CaseReport) -> str:
    """Return the same in the fewest words, to stand behind a noun; empty where all is as usual."""
    profile = f" by profile {case.profile}" if case.profile not in (None, DEFAULT.name) else ""
    return profile + (f" with {plural(len(case.tolerances), 'tolerance')} set" if case.tolerances else "")


def _left_out(name: str) -> str:
    lacking = PROFILES[name].lacks(DIFFERENCES) if name in PROFILES else ()
    whole = sorted({rule for difference in lacking if difference.whole for rule in difference.rules})
    part = sorted({rule for difference in lacking if not difference.whole for rule in difference.rules} - set(whole))
    told = [f"without {', '.join(whole)}"] if whole else []
    told += [f"with a part of {', '.join(part)}"] if part else []
    return ", " + "; ".join(told) if told else ""
