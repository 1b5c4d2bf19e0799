"""Every command on the samples, as a user calls it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from analyzer import cli
from analyzer.capture.case import find_cases
from analyzer.report import Report
from analyzer.views import VIEWS, facts, flow, ladder, packets, sessions, view
from analyzer.views.hiding import Hider, secrets
from analyzer.views.tables import draw

ROOT = Path(__file__).parents[3]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "report.schema.json").read_text()))
GOOD = ("http_good", "sip_good")
CASES = sorted(path.parent.name for path in (ROOT / "sample_pcaps").glob("*/keyring.toml"))
FEW = sorted({*GOOD, "two_ues", "ipv6", "msk_counter_repeated", *CASES[::40]})


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("command", ["info", "sessions", "keys", "flow", "packets"])
def test_a_good_case_is_shown(told, command, name, samples, entered, shown):
    code, out = told(command, str(samples / name))
    assert code == 0
    assert len(out.splitlines()) > 5
    assert not shown(out, entered(name))


@pytest.mark.parametrize("name", GOOD)
def test_a_good_case_passes(told, name, samples):
    code, out = told("validate", "--strict", str(samples / name))
    assert code == 0
    assert out.startswith(f"✓ pass   {name}  (")
    assert out.endswith("1 case: 1 pass\n")


@pytest.mark.parametrize("name", GOOD)
def test_keys_are_shown_to_who_asks(told, name, sample, samples, entered, shown):
    for args in (["validate", "--format", "json"], ["keys"]):
        _, hidden = told(*args, str(samples / name))
        _, open_ = told(*args, "--show-keys", str(samples / name))
        keys = {key.value for key in sample(name).story.chain.keys}
        assert not shown(hidden, keys)
        assert shown(open_, keys) == keys
        assert shown(open_, entered(name))
    _, document = told("validate", "--format", "json", "--show-keys", str(samples / name))
    SCHEMA.validate(json.loads(document))
    _, hidden = told("packets", "--format", "json", str(samples / name))
    _, open_ = told("packets", "--format", "json", "--show-keys", str(samples / name))
    delivered = {key.value for key in sample(name).story.chain.keys if key.kind in ("MSK", "MTK")}
    assert delivered
    assert shown(open_, delivered) == delivered  # out of the KEMACs
    assert not shown(hidden, keys)


def _everything(analysis):
    """All that any command shows of a case."""
    case = analysis.report
    for name in VIEWS:
        yield view(name)(Report("1", (case,)))
    yield facts.show(case, (), analysis.decoded.opened, analysis.decoded.counts, (), draw)
    yield flow.show(case)
    yield sessions.show(case, draw)
    yield from (draw(ladder.keys(case, ue)) for ue in case.ues)
    hider = Hider(secrets(analysis.messages, analysis.story.chain))
    for message in analysis.messages:
        line = packets.Line(packets.with_plaintext(message, analysis.story.chain), "")
        yield json.dumps(packets.plain_message(case.name, line, hider))


@pytest.mark.parametrize("name", CASES)
def test_what_is_told_of_a_sample_holds_no_key_and_is_as_the_schema_says(name, sample, entered, shown):
    analysis = sample(name)
    chain = analysis.story.chain
    kept = (chain.ks, chain.muks, chain.mrks, chain.msks, chain.mtks)
    known = {key.value for key in chain.keys} | {k.value for found in kept for keys in found.values() for k in keys}
    known |= {told.muk or told.me_key or b"" for told in analysis.story.traffic.naf_keys} - {b""}
    text = "\n".join(_everything(analysis))
    assert known
    assert not {secret.hex() for secret in shown(text, known | entered(name))}
    document = json.loads(view("json")(Report("1", (analysis.report,))))
    (case,) = document["cases"]
    assert case["name"] == name
    first = [min((e["capture"], e["frame"]) for e in j["evidence"]) for j in case["judgements"]]
    assert first == sorted(first)  # judgements come by their first evidence
    # What passed reads alike everywhere, and is most of a report: that of a few samples is looked at below.
    case["judgements"] = [j for j in case["judgements"] if j["verdict"] != "pass"]
    SCHEMA.validate(document)


def run(*args, seed="0", **kwargs):
    environment = os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *args],
        capture_output=True, check=False, timeout=110, env=environment, cwd=ROOT, **kwargs,
    )  # fmt: skip


@pytest.fixture(scope="module")
def report():
    """What a shell gets of a few samples; what is told of the others is looked at without one."""
    return run("validate", *(f"sample_pcaps/{name}" for name in FEW), "--format", "json", seed="1")


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_the_same_bytes_whatever_the_jobs_and_the_hashes(jobs, report):
    paths = (f"sample_pcaps/{name}" for name in FEW)
    again = run("validate", *paths, "--format", "json", "--jobs", jobs, seed=jobs + "7")
    assert again.stdout == report.stdout
    assert again.returncode == report.returncode


def test_a_report_of_several_cases_is_as_the_schema_says(report):
    document = json.loads(report.stdout)
    SCHEMA.validate(document)
    assert [case["name"] for case in document["cases"]] == FEW
    assert all(
        capture["path"].startswith("sample_pcaps/") for case in document["cases"] for capture in case["captures"]
    )
    lines = run("validate", *(f"sample_pcaps/{name}" for name in GOOD), "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [case for case in document["cases"] if case["name"] in GOOD]


def test_a_folder_of_cases_is_found_whole():
    assert sorted(case.name for case in find_cases([str(ROOT / "sample_pcaps")])) == CASES


def test_failures_only_is_the_report_without_passes(report):
    name = "msk_counter_repeated"
    (short,) = json.loads(run("validate", f"sample_pcaps/{name}", "--format", "json", "--failures-only").stdout)[
        "cases"
    ]
    (whole,) = (case for case in json.loads(report.stdout)["cases"] if case["name"] == name)
    failed = [j for j in whole["judgements"] if j["verdict"] != "pass"]
    assert 0 < len(failed) < len(whole["judgements"])
    assert short == whole | {"judgements": failed}


def test_select_and_ignore_choose_rules(samples, capsys):
    def rules(*args):
        code = cli.run(["validate", str(samples / "http_good"), "--format", "json", *args])
        assert code == 0
        return {j["rule"] for j in json.loads(capsys.readouterr().out)["cases"][0]["judgements"]}

    everything = rules()
    assert rules("--select", "MS-0,mt") == {rule for rule in everything if rule.startswith(("MS-0", "MT"))}
    assert rules("--ignore", "MS", "--ignore", "SR-01") == {
        rule for rule in everything if not rule.startswith("MS") and rule != "SR-01"
    }
    assert rules("--select", "MS", "--ignore", "MS-0") == {
        rule for rule in everything if rule.startswith(("MS-1", "MS-2", "MS-3"))
    }


def test_a_broken_rule_is_1_and_ignoring_it_0(samples, capsys):
    case = str(samples / "msk_counter_repeated")
    assert cli.run(["validate", case]) == 1
    out = capsys.readouterr().out
    assert out.startswith("✗ fail   msk_counter_repeated")
    assert "✗ MS-12" in out
    assert "TS 33.246 6.4.3" in out
    assert cli.run(["validate", case, "--ignore", "MS-12"]) == 0
    assert cli.run(["validate", case, "--select", "MS-12", "--fail-on", "shall"]) == 1


@pytest.fixture
def copied(samples, tmp_path):
    """A good case of one's own, with a keyring that nobody else reads."""
    shutil.copytree(samples / "http_good", tmp_path / "case")
    (tmp_path / "case" / "keyring.toml").chmod(0o600)
    return tmp_path / "case"


def test_a_damaged_capture_is_judged_as_far_as_it_goes_and_is_3(copied, capsys):
    capture = copied / "capture.pcapng"
    capture.write_bytes(capture.read_bytes()[:20_001])
    assert cli.run(["validate", str(copied), "--format", "json"]) == 3
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert case["captures"][0]["truncated"]
    assert case["captures"][0]["packets"] > 50
    assert "offset 19" in case["captures"][0]["problems"][0]
    assert len(case["judgements"]) > 20
    assert cli.run(["validate", str(copied)]) == 3
    assert "  ! " in capsys.readouterr().out
    assert cli.run(["sessions", str(copied)]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("ue1")
    assert err.count("\n") == 1
    assert "block at offset" in err


def test_a_keyring_that_others_can_read_is_warned_of(copied, capsys):
    (copied / "keyring.toml").chmod(0o644)
    for command in ("validate", "keys"):
        assert cli.run([command, str(copied)]) == 0
        assert capsys.readouterr().err == (
            f"warning: {copied}/keyring.toml: other users can read this keyring (mode 644); chmod 600\n"
        )


@pytest.mark.parametrize("command", ["validate", "sessions", "keys", "flow", "packets", "info"])
def test_a_wrong_keyring_is_2_and_names_file_table_and_key(command, copied, capsys):
    (copied / "keyring.toml").write_text('[[ue]]\nimpi = "a"\nk = "0123456789abcdef0123456789abcde"\nopc = "00"\n')
    (copied / "keyring.toml").chmod(0o600)
    assert cli.run([command, str(copied)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"error: {copied}/keyring.toml: ")
    assert err.count("\n") == 1
    assert "ue" in err
    assert " k" in err
    assert "0123456789abcdef" not in err


def test_one_bad_case_costs_no_other(told, copied, tmp_path, capsys):
    (tmp_path / "a.pcap").write_text("nothing")
    for command in ("sessions", "keys", "info", "flow"):
        assert told(command, str(tmp_path))[0] == 0  # a file of a folder that is no capture is none
        assert cli.run([command, str(tmp_path / "a.pcap"), str(copied)]) == 3
        out, err = capsys.readouterr()
        assert "ue1" in out or "mikey" in out
        assert "a.pcap: is no pcap or pcapng capture: text" in err


def test_from_standard_input(samples):
    for jobs in ("1", "2"):
        with open(samples / "http_good" / "capture.pcapng", "rb") as stream:
            done = run(
                "validate", "-", "--keys", str(samples / "http_good" / "keyring.toml"), "--jobs", jobs, stdin=stream
            )
        assert done.stdout.decode().startswith("✓ pass   stdin  (")


def test_merged_captures_are_one_case(told, samples):
    code, out = told("validate", "--merge", str(samples / "http_good"), str(samples / "sip_good"), "--format", "json")
    (case,) = json.loads(out)["cases"]
    assert case["name"] == "merged"
    assert len(case["captures"]) == 2
    assert code in (0, 1)
