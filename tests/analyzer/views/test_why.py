"""The links of UEs as people and programs read them."""

from __future__ import annotations

import json

from analyzer.membership import memberships
from analyzer.views.tables import draw
from analyzer.views.why import show, show_json


def test_a_row_a_message_with_what_ties_it(sample):
    analysis = sample("identity_differs")
    text = show(analysis.report, memberships(analysis.story), draw)
    lines = text.splitlines()
    assert lines[0] == "ue1  user1_private@home1.net  sip:user1@home1.net  sip:user7@home1.net"
    assert lines[1].split() == ["seconds", "frame", "message", "brings", "tied", "by"]
    invite = next(line for line in lines if " 11 " in line)
    assert invite.endswith("address 10.1.0.11 (4)")
    assert "IMPU sip:user1@home1.net" in invite
    assert any(line.endswith("key group 00f110/0001 (42)") for line in lines)


def test_several_captures_are_named(sample):
    analysis = sample("two_probes")
    assert "[0] " in show(analysis.report, memberships(analysis.story), draw)


def test_json_has_the_ue_and_its_links(sample):
    analysis = sample("two_ues")
    told = json.loads(show_json("9", [(analysis.report, memberships(analysis.story))]))
    assert told["schema_version"] == "1.0"
    (case,) = told["cases"]
    assert [ue["id"] for ue in case["ues"]] == ["ue1", "ue2"]
    first = case["ues"][0]
    assert "keys" not in first
    assert {name: value for name, value in first["links"][0]["brings"][0].items() if name in ("kind", "value")} == {
        "kind": "impi",
        "value": "user1_private@home1.net",
    }
    (plain,) = json.loads(show_json("9", [(analysis.report, None)]))["cases"]
    assert all("links" not in ue for ue in plain["ues"])
