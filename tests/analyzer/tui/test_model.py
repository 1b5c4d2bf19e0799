from dataclasses import replace

import pytest

from analyzer.report import Evidence, Judgement, Verdict
from analyzer.tui import model
from analyzer.tui.cells import Mark
from analyzer.tui.columns import packet_row

SECOND = model.SECOND


def judgement(verdict=Verdict.FAIL, level="shall", **more):
    return Judgement(
        **{
            "rule": "MS-16", "name": "mac-holds", "verdict": verdict, "level": level, "ue": "ue1",
            "procedure": "ue1.p3", "clause": "", "message": "told", "remedy": "", "evidence": (Evidence(0, 7),),
        } | more
    )  # fmt: skip


def texts(row):
    return [cell.text for cell in row.cells]


def test_a_message_that_was_seen_before_is_marked(found):
    index = found("several_legs")
    told = [index.summary(message) for message in index.messages if message.frame in (42, 43, 44)]
    assert told[1:] == [f"[42 again] {told[0]}"] * 2


@pytest.mark.parametrize(
    ("verdict", "level", "mark"),
    [
        (Verdict.PASS, "shall", Mark.PASS),
        (Verdict.INCONC, "shall", Mark.UNSURE),
        (Verdict.FAIL, "shall", Mark.FAIL),
        (Verdict.FAIL, "should", Mark.FAIL),
        (Verdict.FAIL, "info", Mark.ADVICE),
        (Verdict.ERROR, "info", Mark.FAIL),
        (Verdict.NONE, "shall", Mark.NONE),
    ],
)
def test_a_judgement_is_marked_as_the_verdict_of_its_case_counts_it(verdict, level, mark):
    assert model.mark_of(judgement(verdict, level)) is mark


def test_findings_are_filtered_by_words_and_the_worst_comes_first():
    passed, failed = judgement(Verdict.PASS, rule="MT-01"), judgement()
    elsewhere = judgement(Verdict.INCONC, ue="ue2", rule="SI-03")
    every = (passed, elsewhere, failed)
    assert model.findings(every, "", {}) == (failed, elsewhere, passed)
    assert model.findings(every, "fail SHALL", {}) == (failed,)
    assert model.findings(every, "ue2", {}) == (elsewhere,)
    assert model.findings(every, "mt-", {}) == (passed,)
    assert model.findings(every, "mac-", {}) == (failed, elsewhere, passed)
    assert model.findings(every, "fail ue2", {}) == ()


def test_times_read_as_asked():
    begin, time = 100 * SECOND, 101 * SECOND + 250_000
    assert model.clock(time, begin, None, "relative") == "1.000250"
    assert model.clock(time, begin, 100 * SECOND, "delta") == "+1.000250"
    assert model.clock(time, begin, None, "delta") == "+0.000000"
    assert model.clock(time, begin, None, "UTC") == "00:01:41.000250"


def test_a_time_that_no_calendar_holds_is_no_crash():
    assert model.utc(2**80) == "?"
    assert model.utc(None) == ""
    assert model.utc(1767225600 * SECOND) == "2026-01-01 00:00:00"


def test_small_words():
    assert model.octets_text(999) == "999 B"
    assert model.octets_text(9_123) == "9.1 kB"
    assert model.octets_text(12_000_000_000_000) == "12000.0 GB"
    assert model.variant({"http-registration", "ks-naf-refresh"}) == "HTTP+SIP"
    assert model.variant({"msk-delivery"}) == "-"
    assert model.counts([Mark.PASS, Mark.FAIL, Mark.PASS, Mark.UNSURE]) == "1✗ 1? 2✓"
    assert model.counts([]) == "-"
    assert model.endpoint("2001:db8::1", 5000) == "[2001:db8::1]:5000"
    assert model.verdict_cell(Verdict.FAIL).text == "✗ fail"
    assert model.verdict_cell(Verdict.NONE).text == "none"


def test_every_frame_of_a_message_leads_to_it(found):
    index = found("http_good")
    for row, message in enumerate(index.messages):
        for frame in message.payload.frames:
            first = index.places[message.payload.capture, frame]
            assert first == row or frame in index.messages[first].payload.frames


def test_a_frame_bears_the_worst_mark_of_what_names_it(found):
    index = found("mtk_outside_window")
    failed = [j for j in index.analysis.report.judgements if model.mark_of(j) is Mark.FAIL]
    assert failed
    for each in failed:
        for shown in each.evidence:
            assert index.marks[shown.capture, shown.frame] is Mark.FAIL
            assert each in index.problems[shown.capture, shown.frame]


def test_a_session_row_tells_who_and_how(found):
    index = found("http_good")
    row = model.session_row(index, index.sessions[0])
    assert row.mark is Mark.PASS
    assert texts(row)[0] == "ue1"
    assert "user1_private@home1.net" in texts(row)[1]
    assert texts(row)[3] == "HTTP"
    assert texts(row)[-1] == "✓ pass"
    sip = found("sip_good")
    assert texts(model.session_row(sip, sip.sessions[0]))[3] == "SIP"


def test_a_packet_row_tells_of_damage_and_hides_keys(found):
    index = found("http_good")
    message = index.messages[0]
    row = packet_row(index, message, None, "relative", "info")
    assert texts(row)[1:] == [
        str(message.frame), texts(row)[2], message.payload.src, message.payload.dst,
        message.protocol.upper(), str(len(message.payload.data)), "info",
    ]  # fmt: skip
    key = next(key for key in index.analysis.story.chain.keys if key.kind == "MSK")
    assert key.value.hex() not in texts(packet_row(index, message, None, "relative", key.value.hex()))[-1]


def test_a_finding_row_counts_its_frames(found):
    index = found("http_good")
    many = judgement(evidence=tuple(Evidence(0, frame) for frame in (7, 8, 9)))
    assert texts(model.finding_row(index, many))[5] == "7+2"
    assert texts(model.finding_row(index, judgement(evidence=(), ue=None)))[3:6] == ["all", "ue1.p3", ""]


def test_media_that_does_not_authenticate_fails(found):
    group = next(group for group in found("http_good").analysis.story.media if group.protocol == "srtp")
    assert model.media_mark(group) is Mark.PASS
    assert model.media_mark(replace(group, failed=1)) is Mark.FAIL
    assert model.media_mark(replace(group, no_key=1)) is Mark.UNSURE
    assert texts(model.media_row(replace(group, mki=None)))[4] == "in the clear"


def test_names_offered_are_those_a_filter_can_ask_for(found):
    names = found("http_good").names
    assert {"mikey.csb_id", "sip.Call-ID", "mikey", "ip.dst", "udp.port", "mikey.key.data"} <= names


def test_a_frame_is_known_by_its_capture_too_where_there_are_several(found):
    index = found("http_good")
    assert index.number((0, 7)) == "7"
    several = replace(index, analysis=replace(index.analysis, captures=index.analysis.captures * 2))
    assert several.number((1, 7)) == "1:7"


def test_what_is_waived_is_advice():
    assert model.mark_of(judgement(waived="ticket 1234 (until 2027-03-31)")) is Mark.ADVICE
    assert model.mark_of(judgement()) is Mark.FAIL
