"""`keyshark diagnose`: the diagnoses of cases, with the exit codes of validate."""

from __future__ import annotations

import json

from analyzer import cli
from sample_pcaps.forge import pcap


def test_a_faulty_case_is_explained_and_fails(told, samples):
    code, out = told("diagnose", str(samples / "expired_b_tid_http"))
    assert code == 1
    assert "registration-failed because expired-ks-naf (certain)" in out


def test_a_good_case_passes(told, samples):
    code, out = told("diagnose", str(samples / "http_good"))
    assert code == 0
    first, second = out.splitlines()
    assert first == "http_good: nothing failed that the capture shows"
    assert second.startswith("  ue1 10.1.0.11 user1_private@home1.net: all of ")


def test_what_could_not_be_read_is_said_and_no_comfort(told, samples, tmp_path):
    whole = (samples / "http_good" / "capture.pcapng").read_bytes()
    (tmp_path / "cut.pcapng").write_bytes(whole[:20_000])
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    code, out = told("diagnose", str(tmp_path))
    assert code == 3
    cut, problem, ue, _, empty = out.splitlines()
    assert cut == "cut: nothing failed that the capture shows"
    assert problem.startswith(f"  ! {tmp_path}/cut.pcapng: block at offset 19984 after packet 98 is cut")
    assert ue.startswith("  ue1 ")
    assert empty == "empty: nothing to judge"


def test_a_file_that_is_no_capture_is_not_judged(tmp_path, capsys):
    none = tmp_path / "none.pcap"
    none.write_bytes(b"no capture")
    assert cli.run(["diagnose", str(none)]) == 3
    first, reason = capsys.readouterr().out.splitlines()
    assert (first, reason) == ("none: not judged", f"  ! {none}: is no pcap or pcapng capture: text")
    assert cli.run(["diagnose", str(none), "--format", "json"]) == 3
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert (case["verdict"], case["problems"]) == ("error", [f"{none}: is no pcap or pcapng capture: text"])


def test_nothing_to_judge_fails_where_that_is_asked_for(told, tmp_path):
    (tmp_path / "empty.pcap").write_bytes(pcap([]))
    assert told("diagnose", str(tmp_path))[0] == 0
    assert told("diagnose", str(tmp_path), "--fail-if-empty")[0] == 4


def test_the_timeline_comes_when_asked_for(told, samples):
    _, out = told("diagnose", str(samples / "missed_update"), "--timeline")
    assert "keys of ue1, UE 10.1.0.11 (user1_private@home1.net)" in out
    assert "key group 00f110/0001: could not decrypt for 3.6 s" in out
    _, out = told("diagnose", str(samples / "missed_update"))
    assert "key group" not in out


def test_a_wrong_key_is_named_and_never_shown(told, samples, tmp_path, entered, shown):
    right = (samples / "http_good" / "keyring.toml").read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(right.replace("opc =", "op ="))
    wrong.chmod(0o600)
    capture = tmp_path / "capture.pcapng"
    capture.write_bytes((samples / "http_good" / "capture.pcapng").read_bytes())
    for command in ("diagnose", "keys"):
        _, out = told(command, str(capture), "--keys", str(wrong))
        assert "the op given is an OPc" in out
        assert not shown(out, entered("http_good"))


def test_json_is_one_document(told, samples):
    code, out = told("diagnose", str(samples / "http_good"), str(samples / "pull_unanswered"), "--format", "json")
    assert code == 1
    assert [len(case["diagnoses"]) for case in json.loads(out)["cases"]] == [0, 1]


def test_json_has_the_timeline_when_asked_for(told, samples):
    _, out = told("diagnose", str(samples / "missed_update"), "--timeline", "--format", "json")
    (case,) = json.loads(out)["cases"]
    (ue,) = case["timeline"]
    assert round(ue["key_groups"][0]["could_not_decrypt"]["seconds"], 1) == 3.6


def test_captures_of_one_name_in_two_folders_keep_their_own(told, samples, tmp_path):
    """A timeline is that of its capture, and text and JSON say which that is."""
    paths = []
    for folder, sample in (("probe1", "missed_update"), ("probe2", "http_good")):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "day.pcapng")
        paths[-1].write_bytes((samples / sample / "capture.pcapng").read_bytes())
    _, out = told("diagnose", *map(str, paths), "--timeline", "--format", "json")
    cases = json.loads(out)["cases"]
    assert [case["name"] for case in cases] == ["probe1/day", "probe2/day"]
    assert [case["captures"] for case in cases] == [[str(path)] for path in paths]
    assert cases[0]["timeline"] != cases[1]["timeline"]
    for path, own in zip(paths, cases, strict=True):
        (alone,) = json.loads(told("diagnose", str(path), "--timeline", "--format", "json")[1])["cases"]
        assert alone == own | {"name": "day"}
    _, out = told("diagnose", *map(str, paths))
    assert all(f"\n{case['name']}: " in f"\n{out}" for case in cases)


def test_a_waived_rule_is_waived_in_its_diagnosis(told, samples, tmp_path):
    case = tmp_path / "case"
    case.mkdir()
    for name in ("capture.pcapng", "keyring.toml"):
        (case / name).write_bytes((samples / "msk_counter_repeated" / name).read_bytes())
    (case / "case.toml").write_text('[[waive]]\nrule = "MS-12"\nreason = "old BM-SC"\nuntil = 2999-01-01\n')
    code, out = told("diagnose", str(case))
    assert code == 0
    assert "msk-replayed" in out
    assert "      waived: old BM-SC" in out
    _, out = told("diagnose", str(case), "--format", "json")
    (diagnosis,) = json.loads(out)["cases"][0]["diagnoses"]
    assert diagnosis["waived"].startswith("old BM-SC")
