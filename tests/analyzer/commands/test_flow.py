"""`keyshark flow`: the steps of all procedures as arrows over the nodes, as wide as the terminal."""

import pytest
from defusedxml.ElementTree import fromstring

from analyzer import cli
from analyzer.views.flow import arrows


def test_each_step_has_its_arrow_over_all_nodes(told, sample, samples):
    code, out = told("flow", str(samples / "sip_good"))
    assert code == 0
    head, *lines = out.splitlines()
    assert head.split() == ["frame", "seconds", "ue", "im-cn", "scf", "bm-sc", "bsf", "multicast"]
    drawn = [line for line in lines if "▶" in line or "◀" in line]
    steps = arrows(sample("sip_good").report)
    assert [line.split()[0] for line in drawn] == [str(arrow.step.frame) for arrow in steps]
    assert all(text in line for arrow, line in zip(steps, drawn, strict=True) for text in arrow.told)


@pytest.mark.parametrize("columns", [80, 120])
def test_no_arrow_is_wider_than_the_terminal_and_no_text_is_cut(told, sample, samples, columns, monkeypatch):
    path = str(samples / "http_good")
    _, unbounded = told("flow", path)
    assert max(map(len, unbounded.splitlines())) > columns
    monkeypatch.setattr("analyzer.commands.flow.width", lambda: columns)
    _, out = told("flow", path)
    assert max(len(line) for line in out.splitlines() if "│" in line) <= columns
    assert all(text in out for arrow in arrows(sample("http_good").report) for text in arrow.told)


def test_without_procedures_it_says_where_to_look(told, silent):
    assert told("flow", silent) == (
        0,
        "no procedure of a UE was found: see `keyshark info` for what the captures hold\n",
    )


def test_a_handshake_of_tls_is_one_arrow(told, samples):
    _, out = told("flow", str(samples / "http_over_tls"))
    shown = [line for line in out.splitlines() if "TLS" in line]
    assert len(shown) == 3
    assert shown[0].split()[0] == "30"
    assert all("TLS to bmsc.home1.net, TLS 1.2, TLS_ECDHE" in line for line in shown)


def test_the_same_as_mermaid_and_as_svg(told, sample, samples):
    count = len(arrows(sample("http_good").report))
    code, out = told("flow", str(samples / "http_good"), "--format", "mermaid")
    assert (code, out.splitlines()[0]) == (0, "sequenceDiagram")
    assert sum(": " in line for line in out.splitlines() if "->>" in line or "--)" in line) == count
    code, out = told("flow", str(samples / "http_good"), "--format", "svg")
    assert code == 0
    assert fromstring(out).tag.endswith("svg")


def test_a_picture_is_of_one_case(samples, capsys):
    assert cli.run(["flow", str(samples / "http_good"), str(samples / "sip_good"), "--format", "svg"]) == 2
    assert "--merge" in capsys.readouterr().err
