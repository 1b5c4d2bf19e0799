"""What a page shows beyond a report: the right messages, in bounded size, and no key."""

import pickle
from dataclasses import replace

import pytest

from analyzer.report import Evidence, Judgement, Verdict
from analyzer.views import exhibits
from analyzer.views.exhibits import chosen, look


def judgement(rule, verdict, ue="ue1", level="shall", frames=(3,)):
    evidence = tuple(Evidence(0, frame) for frame in frames)
    return Judgement(rule, "a-rule", verdict, level, ue, None, "a clause", "it is so", "", evidence)


def _leaves(leaves):
    for leaf in leaves:
        yield leaf
        yield from _leaves(leaf.children)


def _words(found):
    for message in found.messages:
        yield from (message.summary, *message.opened)
        for sheet in message.sheets:
            yield from (sheet.error, *sheet.notes, *sheet.lines, *(leaf.text for leaf in _leaves(sheet.leaves)))


def _octets(found):
    """The octets of each layer as hex, whatever the lines that they are broken into."""
    for message in found.messages:
        for sheet in message.sheets:
            yield "".join(line[6:54].replace(" ", "") for line in sheet.lines)


def test_what_is_wrong_is_shown_with_its_layers(sample):
    analysis = sample("msk_under_another_muk")
    found = look(analysis)
    assert [message.frame for message in found.messages if message.is_evidence] == [44]
    (wrong,) = (message for message in found.messages if message.is_evidence)
    (sheet,) = wrong.sheets
    assert (sheet.title, sheet.octets, sheet.is_cut) == ("MIKEY", 217, False)
    assert {leaf.name for leaf in _leaves(sheet.leaves)} >= {"mikey.hdr", "mikey.csb_id", "mikey.kemac.mac"}
    frames = {step.frame for ue in analysis.report.ues for run in ue.procedures for step in run.steps}
    assert {message.frame for message in found.messages} <= frames
    assert found.left_out == 0


def test_a_message_that_was_opened_has_its_plaintext_and_says_by_which_key(sample):
    found = look(sample("http_good"))
    opened = next(message for message in found.messages if len(message.sheets) > 1 and message.protocol == "mikey")
    assert [sheet.title for sheet in opened.sheets] == ["MIKEY", "KEMAC decrypted"]
    assert any(told.startswith("opened with MUK ") for told in opened.opened)


@pytest.mark.parametrize("name", ["http_good", "sip_good", "download_good"])
def test_no_key_is_shown_unless_asked_for(sample, name):
    analysis = sample(name)
    keys = [key.value.hex() for key in analysis.story.chain.keys]
    hidden, shown = look(analysis), look(analysis, show_keys=True)
    assert not [key for key in keys if key in " ".join((*_words(hidden), *_octets(hidden)))]
    assert [key for key in keys if key in " ".join(_words(shown))]
    assert [key for key in keys if key in " ".join(_octets(shown))]


def test_it_can_go_from_process_to_process(sample):
    found = look(sample("missed_update"))
    assert pickle.loads(pickle.dumps(found)) == found


def test_lives_are_those_of_the_ues_shown(sample):
    analysis = sample("missed_update")
    lives = look(analysis).lives["ue1"]
    assert "✗ 000100020001" in [bar.label for bar in lives.bars]
    assert lives.begin < lives.end <= analysis.story.traffic.end


def test_of_much_a_part_is_shown_and_the_rest_counted(sample, monkeypatch):
    for name, limit in {"MAX_EVIDENCE": 0, "MAX_STEPS": 3, "MAX_FIELDS": 5, "MAX_OCTETS": 32, "MAX_BARS": 2}.items():
        monkeypatch.setattr(exhibits, name, limit)
    found = look(sample("missed_update"))
    assert len(found.messages) == 3
    assert found.left_out >= 1
    for message in found.messages:
        assert message.sheets[0].is_cut
        assert len(message.sheets[0].lines) == 2
        assert len(list(_leaves(message.sheets[0].leaves))) == 5
    assert (len(found.lives["ue1"].bars), found.lives["ue1"].left_out) == (2, 10)


def test_the_worst_ues_are_chosen_in_their_order(case, monkeypatch):
    ues = tuple(replace(case.ues[0], id=f"ue{number}") for number in range(1, 6))
    judgements = (
        judgement("MS-01", Verdict.FAIL, "ue4"),
        judgement("MS-01", Verdict.INCONC, "ue2"),
        judgement("UB-12", Verdict.FAIL, "ue1", level="info"),
    )
    monkeypatch.setattr(exhibits, "MAX_UES", 2)
    assert [ue.id for ue in chosen(replace(case, ues=ues, judgements=judgements))] == ["ue2", "ue4"]


def test_evidence_is_taken_finding_by_finding(sample, monkeypatch):
    """The first frame of each finding comes before the second of any, however many the first has."""
    analysis = sample("http_good")
    frames = [message.frame for message in analysis.messages][:4]
    found = (
        judgement("MS-01", Verdict.FAIL, frames=frames[:3]),
        judgement("MS-02", Verdict.INCONC, frames=frames[3:]),
    )
    monkeypatch.setattr(exhibits, "MAX_EVIDENCE", 2)
    shown = look(replace(analysis, report=replace(analysis.report, judgements=found, diagnoses=(), malformed=())))
    assert {message.frame for message in shown.messages if message.is_evidence} == {frames[0], frames[3]}
    assert shown.left_out == 2
