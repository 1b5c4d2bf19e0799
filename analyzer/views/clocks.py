"""The clocks of several captures, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report import CaptureReport, CaseReport, ClockReport

NONE = "none"  # neither case.toml nor packets tell of a clock


def told(case: CaseReport, *, whole: bool = False) -> Iterator[str]:
    """Yield a sentence a clock; with `whole` of those too of which nothing is known."""
    for clock in case.clocks:
        if whole or clock.source != NONE:
            yield "; ".join(_parts(clock, case.captures))


def _parts(clock: ClockReport, captures: Sequence[CaptureReport]) -> Iterator[str]:
    name = _name(clock.captures[0], captures)
    more = f" and {len(clock.captures) - 1} more of its probe" if len(clock.captures) > 1 else ""
    if clock.behind is not None and clock.against is not None:
        side = "ahead of" if clock.behind < 0 else "behind"
        yield (
            f"clock of {name}{more} is {abs(clock.behind):.3f} s {side} {_name(clock.against, captures)}, "
            f"from {clock.pairs} packets seen in both that differ by {clock.spread or 0:.3f} s, their way included"
        )
    else:
        yield f"clock of {name}{more} is not known: no other capture shows enough of its packets"
    if clock.source == "case.toml":
        yield f"said in case.toml: {clock.added:+.3f} s"
    elif clock.source == NONE:
        yield "its times were left as they are"


def _name(capture: int, captures: Sequence[CaptureReport]) -> str:
    return f"[{capture}] " + captures[capture].path.replace("\\", "/").rsplit("/", 1)[-1]
