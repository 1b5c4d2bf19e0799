"""Messages that were seen more than once: on which frames, and on which legs of their way."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.report import CaseReport, LegReport, StepReport

Place = tuple[int, int]  # capture, frame
Seen = Mapping[Place, tuple[LegReport, ...]]


def seen(case: CaseReport) -> Seen:
    """Return the other legs of each message that was seen more than once, by the frame that it was seen in first."""
    return {(told.capture, told.frame): told.legs[1:] for told in case.sightings}


def frames(step: StepReport, legs: Seen, several: bool) -> tuple[str, ...]:
    """Name the frames that show a step, the first one first; `[1]12` is frame 12 of the second capture."""
    again = ((leg.capture, leg.frames[-1]) for leg in legs.get((step.capture, step.frame), ()))
    places = ((step.capture, step.frame), *again)
    return tuple(f"[{capture}]{frame}" if several else str(frame) for capture, frame in places)
