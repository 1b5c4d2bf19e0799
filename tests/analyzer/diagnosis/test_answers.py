"""Causes that no rule is broken for: what answers, silence and the network say."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sample_pcaps.forge import ethernet
from sample_pcaps.forge_text import Edit
from sample_pcaps.forge_tunnels import icmp_error
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

SOURCE, DESTINATION = slice(26, 30), slice(30, 34)  # IPv4 addresses behind an Ethernet header


def leave_out(story: Story, src: str, dst: str, after: int = 0) -> Story:
    """Take the packets from one node to another out of a story, from a packet on."""
    ends = (ip_address(src).packed, ip_address(dst).packed)
    packets = story.tape.packets
    story.tape.packets = [
        packet for number, packet in enumerate(packets)
        if number < after or (packet[1][SOURCE], packet[1][DESTINATION]) != ends
    ]  # fmt: skip
    return story


def causes(analysis):
    return [(d.symptom, d.cause, d.confidence) for d in analysis.report.diagnoses]


def test_a_port_unreachable_explains_the_missing_verification(tell):
    story = Story.registered_by_http()
    story.msk(verify=False)
    time, packet = story.tape.packets[-1]
    ue, bm_sc = story.addresses.ues[0], story.addresses.bm_sc
    story.tape.packets.append((time + 10_000_000, ethernet(ue, bm_sc, icmp_error(ue, bm_sc, 3, 3, packet[14:]))))
    story.linger(40)
    found = tell(story).report.diagnoses[0]
    assert (found.symptom, found.cause, found.confidence) == ("msk-not-delivered", "msk-port-unreachable", "certain")
    assert "port unreachable" in found.message


def test_an_msk_message_that_no_key_opens_leaves_both_causes_open(tell):
    story = Story.registered_by_http()
    story.msk(verify=False)
    story.linger(40)
    found = [d for d in tell(story, keyring="").report.diagnoses if d.symptom == "msk-not-delivered"]
    assert [d.cause for d in found] == ["msk-not-acknowledged"]
    assert all(d.confidence != "certain" for d in found)


def test_a_request_that_nobody_answers_has_timed_out(tell):
    story = Story.begun_by_http()
    begun = len(story.tape.packets)
    story.register(retry=False, challenge=False, preauthorize=False)
    leave_out(story, story.addresses.bm_sc, story.addresses.ues[0], after=begun)
    story.linger(70)
    assert ("registration-failed", "request-timeout", "likely") in causes(tell(story))


def test_a_capture_that_ends_at_once_accuses_nobody(tell):
    story = Story.begun_by_http()
    begun = len(story.tape.packets)
    story.register(retry=False, challenge=False, preauthorize=False)
    leave_out(story, story.addresses.bm_sc, story.addresses.ues[0], after=begun)
    assert causes(tell(story)) == []


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        ("400 Bad Request", "malformed-body"),
        ("415 Unsupported Media Type", "wrong-content-type"),
        ("501 Not Implemented", "wrong-request-uri"),
        ("503 Service Unavailable", "server-unavailable"),
        ("504 Gateway Timeout", "zn-no-answer"),
        ("403 Forbidden", "not-authorized-by-scf"),
    ],
)
def test_the_status_of_an_answer_names_the_cause(tell, status, cause):
    story = Story.begun_by_http()
    story.register(status=status)
    found = [d for d in tell(story).report.diagnoses if d.symptom == "registration-failed"]
    assert cause in [d.cause for d in found]


@pytest.mark.parametrize("status", ["400 Bad Request", "415 Unsupported Media Type", "405 Method Not Allowed"])
def test_a_request_that_is_not_taken_is_said_to_who_made_it(tell, status):
    ua, sip = Story.begun_by_http(), Story("SIP", by_sip=True)
    ua.register(status=status)
    (found,) = (d for d in tell(ua).report.diagnoses if d.symptom == "registration-failed")
    assert found.remedy.startswith("UE: ")
    assert f"{ua.ue.ip} sent" in found.remedy
    sip.bootstrap()
    sip.sip("register", status=status, post="never")
    found = next(d for d in tell(sip).report.diagnoses if d.symptom == "initiation-failed")
    assert found.remedy.startswith("UE: ")
    assert f"{sip.ue.ip} sent" in found.remedy
    leave_out(leave_out(sip, sip.ue.ip, sip.addresses.p_cscf), sip.addresses.p_cscf, sip.ue.ip)
    found = next(d for d in tell(sip).report.diagnoses if d.symptom == "initiation-failed")
    assert found.remedy.startswith("UE and IM CN: ")
    assert f"{sip.addresses.p_cscf} sent on" in found.remedy


def test_a_post_that_is_not_taken_is_said_to_the_scf(tell):
    story = Story("SIP", by_sip=True)
    story.bootstrap()
    story.sip("register", statuses={NEWS: 400})
    (found,) = (d for d in tell(story).report.diagnoses if d.symptom == "initiation-failed")
    assert found.remedy.startswith("SCF: ")
    assert f"{story.addresses.scf} sent" in found.remedy


def test_a_proxy_of_http_has_not_made_the_request(tell):
    story = Story.begun_by_http()
    story.register(
        status="400 Bad Request", edits=dict.fromkeys(("request", "authorized"), Edit(headers={"Via": "1.1 p"}))
    )
    (found,) = (d for d in tell(story).report.diagnoses if d.symptom == "registration-failed")
    assert f"{story.ue.ip} sent on" in found.remedy
