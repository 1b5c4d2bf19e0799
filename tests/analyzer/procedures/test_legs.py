"""Calls with a leg more: through a proxy (the same Call-ID) and through a B2BUA (a dialog of its own)."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_address

import pytest

from analyzer.report import Verdict
from sample_pcaps import forge
from sample_pcaps.casebook import cases
from sample_pcaps.stage_nat import behind_nat
from sample_pcaps.story import Story
from sample_pcaps.story_relay import B2bua, Proxy
from sample_pcaps.story_sip import SipSteps

RELAY = "10.2.0.9"
KINDS = (Proxy, B2bua)
OF_INVITES = tuple(name for name, case in cases().items() if case.breaks and case.breaks[0].startswith(("SI", "SB")))
CALLS = ("http-initiation", "sip-initiation", "sip-msk-refresh", "sip-deauthorization", "ks-naf-refresh")


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def relayed(request, monkeypatch):
    """Let every story have a relay before its SCF."""
    relays = {}
    made = property(lambda story: relays.setdefault(id(story), (story, request.param(RELAY, story.token)))[1])
    monkeypatch.setattr(SipSteps, "relay", made)
    monkeypatch.setattr(forge, "MTU", 9000)
    return request.param


def failed(report):
    return Counter(j.rule for j in report.judgements if j.verdict is Verdict.FAIL)


def calls(report):
    return [(ue.impi, Counter(p.kind for p in ue.procedures if p.kind in CALLS)) for ue in report.ues]


@pytest.mark.parametrize("name", OF_INVITES)
def test_a_fault_is_found_as_often_as_without_the_leg(sample, tell, relayed, name):
    case = cases()[name]
    story = case.tell()
    found = tell(story, case.keyring(story)).report
    alone = sample(name).report
    assert failed(found) == failed(alone)
    assert calls(found) == calls(alone)
    assert [d.cause for d in found.diagnoses] == [d.cause for d in alone.diagnoses]


@pytest.mark.parametrize("name", ["http_good", "sip_good", "second_challenges", "missed_update"])
def test_a_good_story_stays_good(sample, tell, relayed, name):
    case = cases()[name]
    story = case.tell()
    found = tell(story, case.keyring(story))
    assert not any(j.verdict >= Verdict.FAIL for j in found.report.judgements)
    assert calls(found.report) == calls(sample(name).report)
    assert found.story.traffic.nodes.role(RELAY) == "im-cn"


def test_the_ladder_shows_all_legs(sample):
    for name in ("http_through_a_proxy", "http_through_a_b2bua", "sip_through_a_b2bua"):
        for ue in sample(name).report.ues:
            for procedure in ue.procedures:
                if procedure.kind in CALLS:
                    ends = [(step.from_, step.to) for step in procedure.steps if step.name == "invite"]
                    assert ends == [("ue", "im-cn"), ("im-cn", "im-cn"), ("im-cn", "scf")]


def test_an_identity_that_a_b2bua_does_not_assert_is_missed(tell, monkeypatch):
    story = Story("b2bua", by_sip=False)
    story.relay = B2bua(RELAY, story.token)
    hand_on = story.relay.request
    monkeypatch.setattr(
        story.relay, "request", lambda text: hand_on(text).with_header("P-Asserted-Identity", None), raising=False
    )
    story.bootstrap()
    story.wait(0.2)
    story.invite()
    assert "SI-03" in failed(tell(story).report)


@pytest.mark.parametrize("name", ["http_good", "pulled_after_expiry"])
def test_requests_before_and_behind_a_proxy_break_no_rule(tell, name):
    """A proxy sends the octets of UE and BM-SC on in connections of its own."""
    story = cases()[name].tell()
    bm_sc, sent_on = ip_address(story.addresses.bm_sc).packed, behind_nat(story.addresses.ues, "10.9.0.1", {})
    ue, tcp = ip_address(story.ue.ip).packed, b"\x06"
    ua = [p for p in story.tape.packets if p[1][23:24] == tcp and {p[1][26:30], p[1][30:34]} == {ue, bm_sc}]
    assert ua
    story.tape.packets += [(time + 250_000, sent_on(frame)) for time, frame in ua]
    assert failed(tell(story).report) == Counter()


@pytest.mark.parametrize("seconds", [180, -180])
def test_a_second_probe_that_sees_media_alone_has_its_clock_told_by_them(tell_merged, failed, seconds):
    """Else every packet would come again, minutes later, under a key that is used once."""
    story = cases()["http_good"].tell()
    packets = story.tape.sorted()
    group = ip_address(story.addresses.group).packed
    second = [(time + seconds * 10**9, packet) for time, packet in packets if packet[30:34] == group]
    assert failed(tell_merged([packets, second], story.keyring())) == set()
