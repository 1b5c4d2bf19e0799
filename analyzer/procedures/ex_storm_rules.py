"""Rules on what a BM-SC does when many UEs ask at once (TS 33.246 Annex G.2.4)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from analyzer.correlate.exchanges import of_request_type
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage
from analyzer.procedures.dg_rules import UA
from analyzer.procedures.ua import REQUEST_TYPES
from analyzer.tolerances import seconds

STORM = 8  # UEs that ask within WINDOW of each other
WINDOW = 10**9  # ns


@dataclass(frozen=True, slots=True)
class Asking:
    """What was asked of one server, in the order of time: when, by whom, and how many got no answer up to each."""

    times: tuple[int, ...]
    clients: tuple[str, ...]
    silent: tuple[int, ...]  # one more than times

    def near(self, time: int) -> tuple[int, int]:
        """Return the first and the last but one place of what was asked around a time."""
        return bisect_left(self.times, time - WINDOW), bisect_right(self.times, time + WINDOW)

    def is_storm(self, time: int) -> bool:
        """Say whether many clients asked around a time."""
        first, last = self.near(time)
        clients: set[str] = set()
        for place in range(first, last):
            clients.add(self.clients[place])
            if len(clients) >= STORM:
                return True
        return False


@once
def _asking(story: Story) -> Mapping[str, Asking]:
    """Return what UEs asked on Ua, by the address of the server."""
    by_server: dict[str, list[tuple[int, str, bool]]] = {}
    for exchange in of_request_type(story.traffic.exchanges, *REQUEST_TYPES.values()):
        asked = by_server.setdefault(exchange.server, [])
        ue = story.traffic.session_of(exchange.first)  # behind one address there may be many
        asked.append((exchange.first.time, exchange.client if ue is None else ue.id, exchange.final is None))
    found: dict[str, Asking] = {}
    for server, asked in by_server.items():
        asked.sort()
        silent = tuple(accumulate((unanswered for _, _, unanswered in asked), initial=0))
        found[server] = Asking(tuple(t for t, _, _ in asked), tuple(client for _, client, _ in asked), silent)
    return found


@rule(
    "EX-09", *UA, clause="TS 33.246 Annex G.2.4, RFC 2616 10.5.4", level="should",
    remedy="BM-SC: when too many ask at once, answer 503 with Retry-After instead of nothing; announce a back-off.",
)  # fmt: skip
def storm_is_answered(run: Run) -> Iterator[Problem]:
    """When many UEs ask at once, the BM-SC answers each, if only by 503.

    UEs that get no answer ask again, all of them, and the storm goes on; a 503 with Retry-After spreads them. Judged
    where at least eight UEs ask within a second, and half of what was asked then stays without any answer. A 503
    without Retry-After is looked at by DG-13.
    """
    message = run.all("request", "authorized")[-1]
    asking = _asking(run.story).get(message.payload.dst)
    if asking is None or not asking.is_storm(message.time):
        raise NotHere
    if any(answer.time >= message.time for answer in run.all("challenge", "answer")):
        return
    first, last = asking.near(message.time)
    silent = asking.silent[last] - asking.silent[first]
    if 2 * silent < last - first:
        raise CannotTell("most UEs got an answer at this time: this one may have been lost")
    if not coverage.answers(run.story, message.payload.dst):
        raise CannotTell(f"the capture shows no answers of {message.payload.dst} at all")
    if coverage.way_back(message) in run.story.missed:
        raise CannotTell(f"what {message.payload.dst} answered was not captured, and has arrived")
    if not run.story.covers(message.time, run.tolerances.http_answer):
        raise CannotTell("the capture ends before the answer of the BM-SC is due")
    until = message.time + run.tolerances.http_answer
    coverage.sure_of_absence(run.story, "answer of the BM-SC", "http", message.time, until)
    waited = seconds(run.tolerances.http_answer)
    text = f"no answer within {waited} s, as for {silent} of {last - first} requests at this time"
    yield wrong(f"{text}; expected 503 with Retry-After", message)


RULES: tuple[Rule, ...] = (storm_is_answered,)
