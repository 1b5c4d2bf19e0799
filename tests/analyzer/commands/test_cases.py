"""Cases as commands take them."""

import os
from types import SimpleNamespace

import click
import pytest

from analyzer import analysis as analysis_module
from analyzer.analysis import Options
from analyzer.capture.case import CaseFiles, ConfigError
from analyzer.capture.reader import CaptureError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands import cases
from analyzer.commands.cases import MAX_WARNINGS, Failure, each, find, inputs, present, warn
from analyzer.report import CaptureReport
from sample_pcaps.forge import pcap

CASES = [CaseFiles(name, (f"{name}.pcap",)) for name in "abc"]


def analysis(case, problems=(), warnings=()):
    capture = CaptureReport(case.captures[0], "pcap", 1, 1, 0.0, 0.0, (), bool(problems), problems)
    return SimpleNamespace(
        case=case, expired=(), report=SimpleNamespace(captures=(capture,)), keyring=SimpleNamespace(warnings=warnings)
    )


@pytest.fixture
def analyse(monkeypatch):
    """Puts what is to come of each case in the place of `analyse`."""

    def put(**outcomes):
        def fake(case, options, progress, live=None):
            found = outcomes.get(case.name) or analysis(case)
            if isinstance(found, Exception):
                raise found
            return found

        monkeypatch.setattr(analysis_module, "analyse", fake)
        monkeypatch.setattr(cases, "find_anywhere", lambda paths: [case for case in CASES if case.name in paths])

    return put


def test_each_case_is_handed_over_in_order(analyse, capsys):
    analyse()
    taken = []
    assert each(CASES, Options(), lambda found: taken.append(found.case.name)) == 0
    assert taken == ["a", "b", "c"]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [(CaptureError("a.pcap", 0, "is empty"), UNREADABLE), (ConfigError("case.toml", "nodes", "x", "unknown"), USAGE)],
)
def test_one_that_cannot_be_read_costs_no_other(analyse, capsys, error, code):
    analyse(a=error)
    taken = []
    assert each(CASES, Options(), lambda found: taken.append(found.case.name)) == code
    assert taken == ["b", "c"]
    assert capsys.readouterr().err == f"error: {error}\n"


def test_of_several_codes_the_worst_wins(analyse):
    analyse(a=ConfigError("case.toml", "", "", "bad"), b=analysis(CASES[1], ("cut at octet 5",)))
    assert each(CASES, Options(), lambda found: None) == UNREADABLE
    assert each(CASES[:1], Options(), lambda found: None) == USAGE


def test_damage_is_told_and_the_rest_shown(analyse, capsys):
    analyse(a=analysis(CASES[0], ("cut at octet 5",)))
    assert present(["a"], False, Options(), lambda found: "shown\n") == UNREADABLE
    assert capsys.readouterr() == ("shown\n", "a.pcap: cut at octet 5\n")


def test_several_cases_have_their_names_above(analyse, capsys):
    analyse()
    assert present(["a", "b"], False, Options(), lambda found: "shown\n") == 0
    assert capsys.readouterr().out == "a\nshown\n\nb\nshown\n"


def test_no_cases_are_told(analyse, capsys):
    analyse()
    assert find([], merge=False) == []
    assert "name a pcap or pcapng file" in capsys.readouterr().err


def test_warnings_are_told_once_and_not_too_many(capsys):
    warn(["same", "same", *map(str, range(MAX_WARNINGS + 1))])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "warning: same"
    assert len(lines) == MAX_WARNINGS + 1
    assert lines[-1] == "warning: and 2 more like these"


def test_a_failure_has_its_code_and_the_command_it_befell():
    with click.Context(click.Command("x")) as context:
        failure = Failure("why", 3)
    assert (failure.exit_code, failure.ctx, failure.format_message()) == (3, context, "why")


def test_inputs_are_options_of_a_command():
    @click.command()
    @inputs
    def command(**given):
        return given

    assert command.main(["a", "b", "--merge", "--keys", "k", "--keys", "l"], standalone_mode=False) == {
        "paths": ("a", "b"), "merge": True, "keys": ("k", "l"), "engine": "native"
    }  # fmt: skip


def test_a_case_that_cannot_be_opened_is_no_wrong_usage(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode, **others: False)  # as for all but root
    (tmp_path / "x.pcap").touch()

    @click.command
    @inputs
    def command(**given):
        return given["paths"]

    assert command.main([f"{tmp_path}/x.pcap"], standalone_mode=False) == (f"{tmp_path}/x.pcap",)


def test_what_is_called_like_a_capture_and_is_none_is_told_of(tmp_path, capsys):
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "good.pcap").write_bytes(pcap([]))
    (tmp_path / "page.PCAPNG").write_text("<html>404</html>")
    (below / "empty.pcap.gz").write_bytes(b"")
    os.mkfifo(below / "pipe.cap")
    (below / "notes.txt").write_text("no capture, and not called so")
    assert [case.name for case in find([str(tmp_path)], merge=False)] == ["good"]
    assert capsys.readouterr().err.splitlines() == [
        f"warning: {tmp_path}/page.PCAPNG: passed over: is no pcap or pcapng capture: text",
        f"warning: {below}/empty.pcap.gz: passed over: is no pcap or pcapng capture: empty",
        f"warning: {below}/pipe.cap: passed over: is no regular file",
    ]


def test_a_folder_without_captures_is_told_of_where_others_have_some(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "good.pcap").write_bytes(pcap([]))
    found = find([str(tmp_path / "empty"), str(tmp_path / "good.pcap")], merge=True)
    assert [case.name for case in found] == ["good"]
    assert capsys.readouterr().err == f"warning: {tmp_path}/empty: there are no captures in it\n"


def test_a_name_that_is_empty_is_not_this_folder():
    with pytest.raises(click.UsageError, match="one of the names is empty"):
        find(["a", ""], merge=False)
