"""What the report of a case says of its captures, judged or not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from analyzer.capture.frame import CaptureFacts
from analyzer.correlate.clocks import Clock
from analyzer.correlate.sightings import Folded, Sighting
from analyzer.decode.decoder import DecodeFacts
from analyzer.report import (
    CaptureReport,
    CaseReport,
    ClockReport,
    LegReport,
    MalformedReport,
    SightingsReport,
    Verdict,
    seconds,
)
from dissectors import Message

MAX_SIGHTINGS = 10_000  # messages of a case that a report says the legs of


def scan_report(
    name: str, captures: Sequence[CaptureFacts], decoded: DecodeFacts, folded: Folded, clocks: Sequence[Clock]
) -> CaseReport:  # fmt: skip
    """Make the report of a case that was neither dissected nor judged."""
    return CaseReport(
        name=name,
        verdict=Verdict.NONE,
        captures=tuple(map(capture, captures)),
        ues=(),
        judgements=(),
        diagnoses=(),
        media=(),
        malformed=malformed((), decoded),
        sightings=sightings(folded),
        clocks=tuple(map(clock, clocks)),
    )


def capture(facts: CaptureFacts) -> CaptureReport:
    """Account for a capture."""
    return CaptureReport(
        path=facts.path,
        format=facts.format,
        packets=facts.packets,
        bytes=facts.bytes,
        first=None if facts.first is None else seconds(facts.first),
        last=None if facts.last is None else seconds(facts.last),
        link_types=tuple(facts.link_types),
        truncated=facts.truncated,
        problems=tuple(facts.problems),
    )


def clock(known: Clock) -> ClockReport:
    """Account for the clock of a probe."""
    told = known.estimate
    return ClockReport(
        captures=known.captures,
        against=known.against,
        added=seconds(known.added),
        source=known.source,
        behind=None if told is None else seconds(told.behind),
        spread=None if told is None else seconds(told.spread),
        pairs=0 if told is None else told.pairs,
    )


def sightings(folded: Folded) -> tuple[SightingsReport, ...]:
    """Account for messages that were seen more than once, in the order of time; not of too many."""
    return tuple(islice(_sightings(folded), MAX_SIGHTINGS))


def _sightings(folded: Folded) -> Iterator[SightingsReport]:
    for message in folded.messages:
        others = folded.sightings.get(id(message))
        if others:
            at = message.payload
            legs = (Sighting(at.capture, at.frames or (at.frame,), at.time, at.leg), *others)
            yield SightingsReport(at.capture, at.frame, tuple(_leg(seen, at.time) for seen in legs))


def _leg(seen: Sighting, first: int) -> LegReport:
    return LegReport(
        capture=seen.capture,
        frames=seen.frames,
        seconds=seconds(seen.time - first),
        interface=seen.leg.interface,
        tunnels=seen.leg.tunnels,
        hops=seen.leg.hops or None,
    )


def malformed(messages: Iterable[Message], decoded: DecodeFacts) -> tuple[MalformedReport, ...]:
    """Account for what could not be read: packets, and parts of messages."""
    return tuple(_malformed(messages, decoded))


def _malformed(messages: Iterable[Message], decoded: DecodeFacts) -> Iterator[MalformedReport]:
    for problem in decoded.problems:
        yield MalformedReport(
            problem.capture, problem.frame, problem.protocol, problem.field, problem.offset, problem.reason
        )  # fmt: skip
    for message in messages:
        for part in message.walk():
            if part.error is not None:
                error = part.error
                yield MalformedReport(
                    message.payload.capture, message.frame, part.protocol, error.field, error.offset, error.reason
                )
