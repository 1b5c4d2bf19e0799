"""The report for people."""

from dataclasses import replace

import pytest

from analyzer.report import CaptureReport, CaseReport, Evidence, MalformedReport, Report, Verdict
from analyzer.views import COLOURED, joined, piecewise
from analyzer.views.frames import MAX_FRAMES
from analyzer.views.text import MAX_MALFORMED, show

EXPECTED = """\
✗ fail   story  (7 packets, 1 UE, 1 pass, 1 fail, 2 inconc, 1 error, 1 note)
  ✗ MS-21 a-rule, frames 3, 5, ue1.p1, TS 33.246 6.3.2.3 (shall)
      counter 5, expected 7
      → BM-SC: repeat the counter.
  ! MS-98 a-rule, frame 3, ue1.p1, TS 33.246 6.3.2.3 (shall)
      the rule failed: KeyError
  i UB-12 a-rule, frame 3, p1, TS 33.246 6.3.2.3 (info)
      no token
  ? cannot tell: no key opens frame 4 (frame 4): MS-22, MT-03
  » ue1: msk-not-usable because msk-wrong-key (likely), frame 3
      it is so
      → do this
  ~ malformed mikey, frame 9: mikey.kemac at octet 61: needs 4 octets, 2 left
1 case: 1 fail
"""


def test_a_line_a_case_what_failed_below_and_a_summary_last(report):
    assert show(report) == EXPECTED


def test_colours_add_nothing_but_colours(report):
    coloured = joined(piecewise(COLOURED), report)
    assert "\x1b[31m" in coloured
    plain = coloured
    while "\x1b[" in plain:
        before, _, rest = plain.partition("\x1b[")
        plain = before + rest.partition("m")[2]
    assert plain == EXPECTED


def test_a_good_case_is_one_line(case):
    good = replace(case, verdict=Verdict.PASS, judgements=case.judgements[:1], diagnoses=(), malformed=())
    assert show(Report("1", (good, good))) == "✓ pass   story  (7 packets, 1 UE, 1 pass)\n" * 2 + "2 cases: 2 pass\n"


def test_nothing_to_judge():
    assert show(Report("1", ())) == "0 cases: nothing to judge\n"
    empty = CaseReport("empty", Verdict.NONE, (), (), (), (), (), ())
    assert show(Report("1", (empty,))) == "- none   empty  (0 packets, 0 UEs, nothing to judge)\n1 case: 1 none\n"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [(Verdict.PASS, "nothing failed"), (Verdict.ERROR, "not judged"), (Verdict.NONE, "nothing to judge")],
)
def test_a_case_without_judgements_says_why(case, verdict, words):
    bare = replace(case, verdict=verdict, judgements=(), diagnoses=(), malformed=())
    assert f"(7 packets, 1 UE, {words})" in show(Report("1", (bare,)))


def test_the_worst_comes_first_in_the_summary(case):
    cases = tuple(
        replace(case, verdict=verdict) for verdict in (Verdict.PASS, Verdict.ERROR, Verdict.FAIL, Verdict.PASS)
    )
    assert show(Report("1", cases)).splitlines()[-1] == "4 cases: 1 error, 1 fail, 2 pass"


def test_several_captures_are_told_apart(case):
    capture = replace(case.captures[0], problems=("after packet 3, offset 99: cut",), truncated=True)
    lines = show(Report("1", (replace(case, captures=(case.captures[0], capture)),))).splitlines()
    assert "  ! [1] story.pcapng: after packet 3, offset 99: cut" in lines
    assert any("frames [0] 3, [0] 5," in line for line in lines)


def test_long_lists_are_cut_and_say_so(case):
    many = tuple(Evidence(0, frame) for frame in range(1, 20))
    malformed = case.malformed * 30
    judgements = (case.judgements[1]._replace(evidence=many),)
    text = show(Report("1", (replace(case, judgements=judgements, malformed=malformed),)))
    assert f"frames 1, 2, 3, 4, 5, 6, 7, 8 and {19 - MAX_FRAMES} more" in text
    assert text.count("~ malformed") == MAX_MALFORMED
    assert f"~ and {30 - MAX_MALFORMED} malformed messages more" in text


@pytest.mark.parametrize("hostile", ["\x1b[31mred", "two\nlines", "\u202eback", "\x00", "\udc80"])
def test_nothing_from_the_network_steers_the_terminal(case, hostile):
    capture = CaptureReport(hostile, "pcap", 1, 1, 1.0, 1.0, (), True, (hostile,))
    dirty = replace(
        case,
        name=hostile,
        captures=(capture,),
        judgements=tuple(j._replace(message=hostile, remedy=hostile) for j in case.judgements),
        malformed=(MalformedReport(0, 1, hostile, hostile, 0, hostile),),
    )
    text = show(Report("1", (dirty,)))
    assert hostile not in text
    assert all(line.isprintable() for line in text.splitlines())
