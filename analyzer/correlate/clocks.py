"""The clocks of several captures as one: what case.toml says, or what packets tell that were seen in two of them.

A packet passes one capture point before the other, so that what is estimated is off by the time between them at most.
Applied to all times of a capture it keeps causes before effects: it lies between the delays of both directions.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice

from analyzer.capture.reader import Capture
from analyzer.correlate.sightings import OTHER_LEG
from analyzer.decode.glance import Glance, Mark

MIN_PAIRS = 5  # packets seen in both captures that have to agree
ENOUGH_PAIRS = 200  # after which no more are looked for
AGREE = 250_000_000  # ns from the median: what clocks drift in a capture, and what packets take
MIN_SHARE = 0.8  # of the packets seen in both that have to agree
MAX_MARKS = 100_000  # packets of a capture point that are kept to be found in another one; the oldest go first
BATCH = 100  # marks that are taken before another capture has its turn
TAIL = 10  # the part of the pairs at either end that the spread leaves out: one in ten

Pair = tuple[int, int]  # numbers of capture points

CASE_TOML, ESTIMATE, NONE = "case.toml", "estimate", "none"


@dataclass(frozen=True, slots=True)
class Estimate:
    """How far (ns) one clock is behind another, from so many packets seen in both; `spread` is how far these differ."""

    behind: int
    spread: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the captures of one point; `added` ns to their times, as `source` says.

    `estimate` is what packets tell that were seen at `against`, the capture point that shares most with this one.
    """

    captures: tuple[int, ...]
    against: int | None  # the first capture of that point
    added: int
    source: str
    estimate: Estimate | None


class Marks:
    """Where marks were seen: by capture point the time of the first sighting, None where it came again later."""

    def __init__(self) -> None:
        self._seen: dict[bytes, dict[int, int | None]] = {}
        self._shared: dict[Pair, int] = {}

    def add(self, point: int, mark: bytes, time: int) -> None:
        """Take one mark, in the order in which its point saw them."""
        seen = self._seen.setdefault(mark, {})
        if point not in seen:
            for other in seen:
                pair = min(point, other), max(point, other)
                self._shared[pair] = self._shared.get(pair, 0) + 1
            seen[point] = time
            if len(self._seen) > MAX_MARKS:
                del self._seen[next(iter(self._seen))]
            return
        first = seen[point]
        if first is not None and abs(time - first) > OTHER_LEG:
            seen[point] = None

    def are_enough(self, points: int) -> bool:
        """Say whether every point shares enough packets with those that share enough with the first one."""
        pairs = [pair for pair, count in self._shared.items() if count >= ENOUGH_PAIRS]
        linked = {0}
        for _ in range(points):
            linked |= {point for pair in pairs if linked & set(pair) for point in pair}
        return len(linked) == points

    def differences(self) -> dict[Pair, list[int]]:
        """Return, for two points each, how far (ns) the second is behind the first in each packet seen once in both."""
        found: dict[Pair, list[int]] = {}
        for seen in self._seen.values():
            times = [(point, time) for point, time in sorted(seen.items()) if time is not None]
            for (one, first), (other, second) in combinations(times, 2):
                found.setdefault((one, other), []).append(first - second)
        return found


def estimated(differences: Iterable[int]) -> Estimate | None:
    """Return the median of differences; None where too few of them agree."""
    ordered = sorted(differences)
    if len(ordered) < MIN_PAIRS:
        return None
    median = ordered[len(ordered) // 2]
    agreeing = [difference for difference in ordered if abs(difference - median) <= AGREE]
    if len(agreeing) < max(MIN_PAIRS, MIN_SHARE * len(ordered)):
        return None
    cut = len(agreeing) // TAIL
    return Estimate(median, agreeing[-1 - cut] - agreeing[cut], len(agreeing))


def look(points: Sequence[Sequence[Capture]], ports: Mapping[str, Sequence[int]] | None = None) -> Marks:
    """Look through the captures of all points side by side, until enough packets were seen in several of them.

    What can be read only once, standard input and pipes, is left alone.
    """
    marks = Marks()
    readers = {number: _batches(captures, Glance(ports)) for number, captures in enumerate(points)}
    reached = dict.fromkeys(readers, 0)
    while readers and not marks.are_enough(len(points)):
        number = min(readers, key=lambda each: reached[each])
        batch = next(readers[number], None)
        if batch is None:
            del readers[number]
            continue
        for mark, time in batch:
            reached[number] = max(reached[number], time)
            marks.add(number, mark, time)
    for reader in readers.values():
        reader.close()
    return marks


def _batches(captures: Sequence[Capture], glance: Glance) -> Generator[list[Mark], None, None]:
    for capture in captures:
        if capture.size:
            for block in capture.blocks():
                marks = glance.marks(block)
                while batch := list(islice(marks, BATCH)):
                    yield batch


def held(
    groups: Sequence[Sequence[int]], differences: Mapping[Pair, Sequence[int]], said: Mapping[int, int]
) -> tuple[Clock, ...]:
    """Hold the clocks of all points against each other, from the first one on; `groups` are the captures of each.

    `said` is what case.toml adds to captures, which wins over what packets tell.
    """
    estimates: dict[Pair, Estimate] = {}
    for (one, other), found in differences.items():
        estimate = estimated(found)
        if estimate is not None:
            estimates[one, other] = estimate
            estimates[other, one] = replace(estimate, behind=-estimate.behind)
    given = {number: said[index] for number, group in enumerate(groups) for index in reversed(group) if index in said}
    added = {0: 0} | given
    told: dict[int, Pair] = {}
    while True:
        ahead = [pair for pair in estimates if pair[0] in added and pair[1] not in added]
        if ahead:
            pair = max(ahead, key=lambda pair: (estimates[pair].pairs, -pair[0], -pair[1]))
            told[pair[1]] = pair
            added[pair[1]] = added[pair[0]] + estimates[pair].behind
        elif alone := [pair[0] for pair in estimates if pair[0] not in added]:
            added[min(alone)] = 0  # shares nothing with the first one, but with others
        else:
            break
    for number in given:
        against = [pair for pair in estimates if pair[1] == number]
        if against and number:
            told[number] = max(against, key=lambda pair: (estimates[pair].pairs, -pair[0]))
    clocks = []
    for number in range(len(groups)):
        if number or number in given:
            told_by = told.get(number)
            clocks.append(
                Clock(
                    captures=tuple(groups[number]),
                    against=None if told_by is None else groups[told_by[0]][0],
                    added=added.get(number, 0),
                    source=CASE_TOML if number in given else NONE if told_by is None else ESTIMATE,
                    estimate=None if told_by is None else estimates[told_by],
                )
            )
    return tuple(clocks)


def offsets(clocks: Iterable[Clock], said: Mapping[int, int]) -> dict[int, int]:
    """Return the ns to add to the times of each capture that is to be shifted."""
    found = {index: clock.added for clock in clocks for index in clock.captures if clock.added}
    return found | dict(said)
