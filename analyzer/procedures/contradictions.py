"""Captures whose clocks contradict each other: what one shows of a message the other cannot have seen when it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median_low

from analyzer.correlate.exchanges import Dialog, Exchange
from analyzer.judging import Story
from analyzer.procedures.ex_rules import named_b_tids
from analyzer.procedures.lifetimes import MAX_ERROR, clocks
from dissectors import Message
from dissectors.sip import Sip

APART = 10**9  # ns; by which clocks are apart beyond doubt, where several calls say so
SAYING = 3  # calls
LOST = 40 * 10**9  # ns; beyond 64 * T1 (RFC 3261 17): whatever was sent again, one call is enough

Pair = tuple[int, int]  # captures


def contradiction(story: Story) -> str:
    """Say which two captures have clocks that cannot both be right, by messages of both; "" where none have."""
    if len({message.payload.capture for message in story.traffic.messages}) < 2:
        return ""
    found = _by_date(story) | _by_sip(story) | _by_b_tid(story)
    if not found:
        return ""
    (one, other), apart = max(found.items(), key=lambda item: (item[1], item[0]))
    seconds = apart // 10**9
    return f"the clocks of captures {one} and {other} are {seconds} s apart, which case.toml can set right"


def _by_date(story: Story) -> dict[Pair, int]:
    """Return captures that see one end say its Date, and are apart by what it says."""
    found: dict[Pair, int] = {}
    known = sorted(clocks(story).items())
    for place, (one, ends) in enumerate(known):
        for other, theirs in known[place + 1 :]:
            apart = [abs(ends[end] - theirs[end]) for end in ends.keys() & theirs.keys()]
            if apart and min(apart) > MAX_ERROR:
                found[one, other] = min(apart)
    return found


def _by_sip(story: Story) -> dict[Pair, int]:
    """Return captures of which one shows requests before those that they go on from, or answers before those behind."""
    legs: dict[tuple[Dialog, str], list[Exchange]] = {}
    for exchange in story.traffic.exchanges:
        if exchange.protocol == "sip" and exchange.requests:
            legs.setdefault((exchange.dialog, exchange.method), []).append(exchange)
    ahead: dict[Pair, list[int]] = {}  # by how much the first capture is ahead of the second at least, a call each
    for of_one in legs.values():
        for pair, least in _ahead(of_one):
            ahead.setdefault(pair, []).append(least)
    found: dict[Pair, int] = {}
    for (one, other), leasts in ahead.items():
        apart = median_low(leasts) if len(leasts) >= SAYING else min(leasts)
        if apart > (APART if len(leasts) >= SAYING else LOST):
            found[min(one, other), max(one, other)] = apart
    return found


def _by_b_tid(story: Story) -> dict[Pair, int]:
    """Return captures of which one shows a B-TID before the other shows that it was made."""
    made: dict[str, Message] = {}
    for run in story.traffic.bootstrappings:
        if run.b_tid and run.info is not None:
            made.setdefault(run.b_tid, run.info)
    found: dict[Pair, int] = {}
    for message in story.traffic.messages:
        for b_tid in named_b_tids(message):
            info, capture = made.get(b_tid), message.payload.capture
            if info is not None and info.payload.capture != capture and info.time - message.time > APART:
                pair = min(capture, info.payload.capture), max(capture, info.payload.capture)
                found[pair] = max(found.get(pair, 0), info.time - message.time)
    return found


def _ahead(legs: Sequence[Exchange]) -> Iterator[tuple[Pair, int]]:
    """Yield by how much one capture is ahead of another at least: a request goes on later, its answer comes earlier."""
    told = [(len(body.vias), leg) for leg in legs if isinstance(body := leg.requests[0].body, Sip)]
    for (fewer, near), (more, far) in pairwise(sorted(told, key=lambda leg: leg[0])):
        one, other = near.requests[0].payload.capture, far.requests[0].payload.capture
        if fewer == more or one == other:
            continue
        yield (one, other), near.requests[0].time - far.requests[0].time
        if near.final is not None and far.final is not None:
            yield (other, one), far.final.time - near.final.time
