"""Clocks in words."""

from dataclasses import replace

import pytest

from analyzer.report import ClockReport, Report
from analyzer.views.clocks import told
from analyzer.views.facts import show as facts
from analyzer.views.tables import draw
from analyzer.views.text import show as text


@pytest.fixture
def several(case):
    (capture,) = case.captures
    return replace(case, captures=tuple(replace(capture, path=f"in/{name}.pcapng") for name in "abc"))


ESTIMATE = ClockReport((1,), 0, 1.284, "estimate", 1.284, 0.012, 31)
UNKNOWN = ClockReport((2,), None, 0.0, "none", None, None, 0)


@pytest.mark.parametrize(
    ("clock", "line"),
    [
        (
            ESTIMATE,
            "clock of [1] b.pcapng is 1.284 s behind [0] a.pcapng, from 31 packets seen in both that differ by "
            "0.012 s, their way included",
        ),
        (
            replace(ESTIMATE, behind=-2.0, captures=(1, 2), source="case.toml", added=-2.5),
            "clock of [1] b.pcapng and 1 more of its probe is 2.000 s ahead of [0] a.pcapng, from 31 packets seen in "
            "both that differ by 0.012 s, their way included; said in case.toml: -2.500 s",
        ),
        (
            replace(UNKNOWN, source="case.toml", added=0.25),
            "clock of [2] c.pcapng is not known: no other capture shows enough of its packets; said in case.toml: "
            "+0.250 s",
        ),
    ],
)
def test_a_sentence_a_clock(several, clock, line):
    case = replace(several, clocks=(clock,))
    assert list(told(case)) == [line]
    assert f"\n  ≈ {line}\n" in text(Report("1", (case,)))
    assert f"\n{line}\n" in facts(case, [], {}, {}, [], draw)


def test_what_is_not_known_is_said_to_those_who_ask(several):
    case = replace(several, clocks=(UNKNOWN,))
    assert list(told(case)) == []
    assert "clock" not in text(Report("1", (case,)))
    line = "clock of [2] c.pcapng is not known: no other capture shows enough of its packets; its times were left as they are\n"
    assert line in facts(case, [], {}, {}, [], draw)
