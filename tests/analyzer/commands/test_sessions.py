"""`keyshark sessions`: every UE with what is known of it and its procedures, and where to look if there is none."""

import json

from analyzer import cli


def test_each_ue_is_shown_with_all_its_procedures(told, sample, samples):
    code, out = told("sessions", str(samples / "two_ues"))
    assert code == 0
    ues = sample("two_ues").report.ues
    assert [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")] == [ue.id for ue in ues]
    rows = {words[0]: words for words in map(str.split, out.splitlines()) if words}
    for ue in ues:
        assert all(text in out for text in (*ue.impi, *ue.impu, *ue.b_tid, *ue.addresses, *ue.services))
        assert all(rows[procedure.id][1] == procedure.kind for procedure in ue.procedures)


def test_without_ues_it_says_where_to_look(told, silent):
    assert told("sessions", silent) == (
        0,
        "no UE: 0 messages were found, see `keyshark info` and `keyshark packets`\n",
    )


def test_why_shows_what_ties_each_message(told, samples):
    code, out = told("sessions", "--why", str(samples / "http_good"))
    assert code == 0
    assert out.splitlines()[1].split() == ["seconds", "frame", "message", "brings", "tied", "by"]
    assert "BIR" in out
    assert "key group 00f110/0001" in out


def test_why_without_ues_says_where_to_look(told, silent):
    assert told("sessions", "--why", silent)[1].startswith("no UE: 0 messages")


def test_json_is_one_document_for_all_cases(told, samples):
    code, out = told("sessions", "--why", "--format", "json", str(samples / "http_good"), str(samples / "two_ues"))
    assert code == 0
    cases = json.loads(out)["cases"]
    assert [len(case["ues"]) for case in cases] == [1, 2]
    assert all(ue["links"] for case in cases for ue in case["ues"])


def test_json_cannot_be_followed(samples, capsys):
    path = str(samples / "http_good" / "capture.pcapng")
    assert cli.run(["sessions", "--follow", "--format", "json", path]) == 2
    assert "--follow shows text only" in capsys.readouterr().err
