"""GBA usage on Zn: a NAF fetches its keys from the BSF (TS 33.220 4.5.3, TS 29.109 clause 5)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.judging import Procedure, Run, Step, Story
from analyzer.procedures.roles import owners

SUCCESS = 2001  # DIAMETER_SUCCESS


def find_usages(procedure: Procedure, story: Story) -> Iterator[Run]:
    for exchange in story.traffic.exchanges:
        if exchange.protocol != "diameter" or not gba.is_zn(exchange):
            continue
        answer = None if exchange.final is None else bodies.diameter(exchange.final)
        code = None if answer is None else bodies.result_code(answer)
        outcome = "incomplete" if answer is None else "success" if code == SUCCESS else "failure"
        steps = {"bir": tuple(exchange.requests), "bia": tuple(exchange.answers)}
        yield Run(procedure, story, steps, outcome, owners(story, exchange.first))


USAGE = Procedure(
    "gba-usage",
    "TS 33.220 4.5.3",
    (Step("bir", "bm-sc", "bsf"), Step("bia", "bsf", "bm-sc")),
    find_usages,
)
