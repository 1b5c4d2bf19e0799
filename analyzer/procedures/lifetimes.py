"""Whether a lifetime is over: by the clock of the capture, where what ends say of the time does not contradict it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from statistics import median_low

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, Run, Story, once
from dissectors import Message
from dissectors.http import Http

MAX_ERROR = 10 * 10**9  # ns that a clock may go wrong without a word; Date has whole seconds
ENOUGH = 16  # messages of one end that tell how its clock goes
MAX_DATE = 64  # characters


def is_over(run: Run, until: int, message: Message) -> bool:
    """Say whether a time (ns) had passed when a message was sent.

    Raises CannotTell where it had by the clock of the capture and had not by the Date of everybody, or the other way
    round: a probe that takes local time for UTC finds everything expired.
    """
    over = until < message.time
    error = errors(run.story).get(message.payload.capture, 0)
    if abs(error) > MAX_ERROR and over is not (until < message.time - error):
        ahead = f"{abs(error) // 10**9} s {'ahead of' if error > 0 else 'behind'}"
        raise CannotTell(f"the clock of the capture is {ahead} the Date of its messages: case.toml can set it right")
    return over


def is_over_for_all(run: Run, until: int, message: Message) -> bool:
    """Say whether a time (ns) had passed for everybody when a message was sent.

    Who acts at the end of a lifetime does so by a clock of its own. Raises CannotTell where by the Date of any end it
    is otherwise than by the clock of the capture.
    """
    over = until < message.time
    for end, error in clocks(run.story).get(message.payload.capture, {}).items():
        if abs(error) > MAX_ERROR and over is not (until < message.time - error):
            raise CannotTell(f"the clocks of {end} and of the capture are {abs(error) // 10**9} s apart")
    return over


@once
def errors(story: Story) -> Mapping[int, int]:
    """Return by how much the clock of each capture is ahead (ns) of that end which agrees with it best."""
    return {capture: min(ends.values(), key=abs) for capture, ends in clocks(story).items()}


@once
def clocks(story: Story) -> Mapping[int, Mapping[str, int]]:
    """Return by how much the clock of each capture is ahead (ns) of each end whose messages have a Date."""
    found: dict[int, dict[str, list[int]]] = {}
    for message in story.traffic.messages:
        body = bodies.http(message)
        if body is None or (sent := date_of(body)) is None:
            continue
        told = found.setdefault(message.payload.capture, {}).setdefault(message.payload.src, [])
        if len(told) < ENOUGH:
            told.append(message.time - sent)
    return {capture: {end: median_low(told) for end, told in ends.items()} for capture, ends in found.items()}


def date_of(body: Http) -> int | None:
    """Return the Date of a message in ns, None where it has none that can be read."""
    value = body.headers.get("Date")
    return None if value is None else _parsed(value[:MAX_DATE])


@lru_cache(maxsize=4096)
def _parsed(value: str) -> int | None:
    """Many messages are of one second."""
    try:
        sent = parsedate_to_datetime(value)
        return round(sent.replace(tzinfo=sent.tzinfo or UTC).timestamp()) * 10**9
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
