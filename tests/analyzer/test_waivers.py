"""Waivers: what is broken and accepted is shown, does not count, and only until its day."""

import json
from datetime import date
from pathlib import Path

import pytest

from analyzer import waivers
from analyzer.analysis import Options
from analyzer.capture.case import MAX_CONFIG, ConfigError, find_cases
from analyzer.cli import run
from analyzer.procedures import CATALOGUE
from analyzer.report import Verdict
from analyzer.views import VIEWS, view
from analyzer.waivers import Waiver

SAMPLE = Path("sample_pcaps/wrong_digest")  # breaks DG-05
CODES = [rule.code for rule in CATALOGUE]
GOOD = '[[waive]]\nrule = "dg-05"\nreason = "ticket 1234"\nuntil = 2026-06-30\n'


def written(tmp_path, text):
    path = tmp_path / "waive.toml"
    path.write_text(text)
    return str(path)


def test_a_file_of_waivers_is_read(tmp_path):
    path = written(tmp_path, GOOD + 'ue = "user1_private@home1.net"\n')
    (waiver,) = waivers.load(path, CODES)
    assert waiver == Waiver("DG-05", "ticket 1234", date(2026, 6, 30), "user1_private@home1.net", path)
    assert waiver.told == "ticket 1234 (until 2026-06-30)"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("waive = 1", "[waive]: is not a list of tables"),
        ("waive = [1]", "[waive]: is not a list of tables"),
        ("a = 1", "[a]: unknown; known is waive"),
        (GOOD + "more = 1", "[waive] more: unknown; known are rule, reason, until, ue"),
        (GOOD.replace('"dg-05"', "5"), "[waive] rule: is not a text in quotes"),
        (GOOD.replace("dg-05", "XX-1"), "[waive] rule: no rule begins with XX-1: `keyshark rules` lists them"),
        (GOOD.replace("ticket 1234", " "), "[waive] reason: is not a text in quotes"),
        ('[[waive]]\nrule = "DG-05"\nuntil = 2026-06-30', "[waive] reason: is missing"),
        ('[[waive]]\nrule = "DG-05"\nreason = "x"', "[waive] until: is missing"),
        (GOOD.replace("2026-06-30", '"soon"'), "[waive] until: is not a day: write 2027-03-31"),
        (GOOD.replace("2026-06-30", "2026-06-30T00:00:00"), "[waive] until: is not a day: write 2027-03-31"),
        (GOOD + "ue = 1", "[waive] ue: is not a text in quotes"),
        ("[[waive", "is not TOML: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, text, told):
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        waivers.load(path, CODES)
    assert str(caught.value).startswith(f"{path}: {told}")


def test_files_that_cannot_be_read_say_so(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        waivers.load(str(tmp_path / "nothing"), CODES)
    with pytest.raises(ConfigError, match="is longer than"):
        waivers.load(written(tmp_path, "#" * (MAX_CONFIG + 1)), CODES)


@pytest.fixture
def judged(tmp_path):
    """Judge the sample with a waiver, on a day."""

    def judge(text, today):
        from analyzer.analysis import analyse

        (case,) = find_cases([str(SAMPLE)])
        return analyse(case, Options(waive=(written(tmp_path, text),), today=today))

    return judge


def test_a_waived_failure_stays_seen_and_does_not_count(judged):
    analysis = judged(GOOD, date(2026, 6, 30))  # the last day is a day
    (broken,) = [each for each in analysis.report.judgements if each.verdict is Verdict.FAIL]
    assert (broken.rule, broken.waived) == ("DG-05", "ticket 1234 (until 2026-06-30)")
    assert analysis.report.verdict is Verdict.PASS
    assert analysis.expired == ()


def test_an_expired_waiver_does_not_count_and_is_told(judged, tmp_path):
    analysis = judged(GOOD, date(2026, 7, 1))
    assert analysis.report.verdict is Verdict.FAIL
    assert all(each.waived is None for each in analysis.report.judgements)
    assert analysis.expired == (
        f"{tmp_path}/waive.toml: the waiver of DG-05 has expired on 2026-06-30 and does not count",
    )


@pytest.mark.parametrize(
    ("ue", "verdict"), [("user1_private@home1.net", Verdict.PASS), ("10.1.0.11", Verdict.PASS), ("else", Verdict.FAIL)]
)
def test_a_waiver_may_be_of_one_ue(judged, ue, verdict):
    assert judged(f'{GOOD}ue = "{ue}"\n', date(2026, 1, 1)).report.verdict is verdict


def test_another_rule_and_what_passed_are_not_touched(judged):
    analysis = judged(GOOD.replace("dg-05", "MS"), date(2026, 1, 1))
    assert analysis.report.verdict is Verdict.FAIL
    assert all(each.waived is None for each in analysis.report.judgements)


def test_every_format_shows_what_is_waived_and_none_fails_for_it(judged):
    from analyzer.report import Report

    report = Report("1", (judged(GOOD, date(2026, 1, 1)).report,))
    told = {name: view(name)(report) for name in VIEWS}
    for name in set(VIEWS) - {"github", "gitlab", "csv-keys", "csv-messages"}:
        assert "ticket 1234" in told[name], name
    assert "::error" not in told["github"]
    assert json.loads(told["gitlab"]) == []
    assert "not ok" not in told["tap"]
    assert "<failure" not in told["junit"]
    (result,) = json.loads(told["sarif"])["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "ticket 1234 (until 2026-06-30)"
    assert "w DG-05" in told["text"]


def test_the_command_takes_files_and_the_case_its_own(tmp_path, capsys):
    path = written(tmp_path, GOOD.replace("2026-06-30", "2999-12-31"))
    assert run(["validate", str(SAMPLE)]) == 1
    assert run(["validate", str(SAMPLE), "--waive", path]) == 0
    assert "1 waived" in capsys.readouterr().out
    assert run(["validate", str(SAMPLE), "--waive", written(tmp_path, GOOD.replace("2026", "2001"))]) == 1
    assert "has expired on 2001-06-30 and does not count" in capsys.readouterr().err
    case = tmp_path / "case"
    case.mkdir()
    for file in ("capture.pcapng", "keyring.toml"):
        (case / file).write_bytes((SAMPLE / file).read_bytes())
    (case / "keyring.toml").chmod(0o600)
    (case / "case.toml").write_text(GOOD.replace("2026-06-30", "2999-12-31"))
    assert run(["validate", str(case)]) == 0
    (case / "case.toml").write_text("waive = 1\n")
    assert run(["validate", str(case)]) == 2
    assert "[waive]: is not a list of tables" in capsys.readouterr().err
