"""The ladder of a case."""

from dataclasses import replace

from analyzer.report import Verdict
from analyzer.views.flow import arrows, nodes, show

EXPECTED = """\
frame   seconds       ue       bm-sc     10.0.0.9
    3  0.000000       │◀─────────│          │     ! MIKEY MSK 00010002  [ue1.p1 msk]  MS-21, MS-98
    5  1.500000       │─────────▶│          │     ✗ MIKEY verification  [ue1.p1 verification]  MS-21
    7  2.000000       │────────────────────▶│       http POST /keymanagement  [ue1.p2 request]
"""


def test_a_message_that_was_seen_again_is_drawn_once(case, twice):
    lines = show(replace(case, sightings=twice)).splitlines()
    assert len(lines) == 4
    assert lines[1].endswith("[ue1.p1 msk]  seen again: 4, 8  MS-21, MS-98")
    several = show(replace(case, captures=case.captures * 2, sightings=twice))
    assert "[ue1.p1 msk]  seen again: [0]4, [1]8  MS-21" in several


def test_an_arrow_a_message(case):
    assert [line.rstrip() for line in show(case).splitlines()] == [line.rstrip() for line in EXPECTED.splitlines()]


def test_on_a_narrow_terminal_the_words_stand_below(case):
    text = show(case, width=60)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[1].endswith("!")
    assert [line.strip() for line in lines[2:4]] == ["MIKEY MSK 00010002  [ue1.p1 msk]", "MS-21, MS-98"]


def test_a_message_for_two_ues_is_drawn_once(case):
    other = replace(
        case.ues[0],
        id="ue2",
        procedures=tuple(replace(p, id=p.id.replace("ue1", "ue2")) for p in case.ues[0].procedures),
    )
    both = replace(case, ues=(*case.ues, other))
    assert len(arrows(both)) == 3
    assert "[ue1.p1 msk, ue2.p1 msk]" in show(both)


def test_nodes_stand_in_their_order_and_strangers_last(case):
    assert nodes(arrows(case)) == ("ue", "bm-sc", "10.0.0.9")


def test_marks_are_of_what_went_wrong(case):
    assert [arrow.verdict for arrow in arrows(case)] == [Verdict.ERROR, Verdict.FAIL, Verdict.NONE]


def test_nothing_says_why(case):
    assert show(replace(case, ues=())).startswith("no procedure of a UE was found")


def test_a_message_to_itself_and_hostile_words(case):
    step = case.ues[0].procedures[0].steps[0]._replace(from_="ue", to="ue", summary="\x1b[31m\n")
    procedure = replace(case.ues[0].procedures[0], steps=(step,))
    text = show(replace(case, ues=(replace(case.ues[0], procedures=(procedure,)),)))
    assert "─↩" in text
    assert all(line.isprintable() for line in text.splitlines())
