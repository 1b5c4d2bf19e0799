"""The block of a UE."""

from dataclasses import replace
from functools import partial

from analyzer.report import ClockReport, Verdict
from analyzer.views.sessions import begin, show
from analyzer.views.tables import draw

EXPECTED = """\
ue1  ! error
  identities  user@home1.net
              sip:user@home1.net
  b-tid       b@bsf.net
  addresses   10.0.0.5
  services    urn:service:1
  keys        MUK MSK, 1 not opened, the last expires 2026-01-02T00:00:00Z

  procedure  kind               outcome       rules     seconds     lasts  frames
  ue1.p1     msk-delivery       ✓ success     ! error  0.000000  1.500000  3 5
  ue1.p2     http-registration  ? incomplete  - none   2.000000  0.000000  7
"""


def test_who_it_is_and_what_it_did(case):
    assert show(case, draw) == EXPECTED


def test_fits_80_columns(case):
    wordy = replace(case.ues[0].procedures[0], steps=case.ues[0].procedures[0].steps * 1)
    steps = tuple(wordy.steps[0]._replace(frame=frame) for frame in range(100, 140))
    ue = replace(case.ues[0], procedures=(replace(wordy, steps=steps),))
    text = show(replace(case, ues=(ue,)), partial(draw, width=80))
    assert max(map(len, text.splitlines())) <= 80
    assert all(str(frame) in text for frame in range(100, 140))


def test_frames_of_several_captures_are_told_apart(case):
    assert "  [0]3 [0]5\n" in show(replace(case, captures=case.captures * 2), draw)


def test_frames_of_one_message_are_told_as_one(case, twice):
    assert "  3=4=8 5\n" in show(replace(case, sightings=twice), draw)
    both = replace(case, captures=case.captures * 2, sightings=twice)
    assert "  [0]3=[0]4=[1]8 [0]5\n" in show(both, draw)


def test_the_first_packet_is_told_by_the_clock_of_all(case):
    (capture,) = case.captures
    both = replace(case, captures=(capture, replace(capture, first=8.0)))
    assert begin(both) == 8.0
    assert begin(replace(both, clocks=(ClockReport((1,), 0, 3.5, "estimate", 3.5, 0.0, 9),))) == 10.0
    assert begin(replace(case, captures=())) == 0.0


def test_a_ue_of_which_nothing_is_known(case):
    ue = replace(case.ues[0], impi=(), impu=(), b_tid=(), addresses=(), services=(), procedures=(), keys=())
    text = show(replace(case, ues=(ue,), judgements=()), draw)
    assert text.startswith("ue1  - none\n  identities  -\n")
    assert "keys        none\n" in text
    assert text.endswith("\n\n  no procedure of MBMS key management was found\n")


def test_a_verdict_has_its_colour_and_its_word(case):
    only = tuple(j for j in case.judgements if j.verdict is Verdict.FAIL)
    assert show(replace(case, judgements=only), draw, coloured=True).startswith("ue1  \x1b[31m✗ fail\x1b[0m\n")


def test_notes_do_not_count(case):
    only = tuple(j._replace(ue="ue1") for j in case.judgements if j.level == "info")
    assert show(replace(case, judgements=only), draw).startswith("ue1  - none\n")
