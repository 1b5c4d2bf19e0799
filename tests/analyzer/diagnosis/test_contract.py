"""Every cause that was promised: each comes first somewhere, in a capture of its own and among UEs that do well."""

from __future__ import annotations

import pytest

from sample_pcaps.forge import ethernet
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.forge_tunnels import icmp_error
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

from .test_answers import leave_out
from .test_busy import neighbours
from .test_init import EXPECTED

# Contract 7; never renamed
CAUSES = frozenset(
    [
        "expired-ks-naf",
        "stale-b-tid-reused",
        "unknown-b-tid-at-bsf",
        "zn-no-answer",
        "zn-rejected",
        "bootstrapping-failed",
        "bootstrapping-sync-failure",
        "digest-wrong-response",
        "digest-stale-nonce-loop",
        "digest-no-retry-after-401",
        "not-authorized-by-scf",
        "authorization-notification-missing",
        "authorization-after-200-ok",
        "identity-mismatch",
        "identity-header-missing",
        "service-not-authorized",
        "service-not-registered",
        "wrong-request-uri",
        "wrong-content-type",
        "malformed-body",
        "msk-message-lost",
        "msk-wrong-destination",
        "msk-port-unreachable",
        "msk-wrong-key",
        "msk-corrupted",
        "msk-replayed",
        "msk-not-acknowledged",
        "msk-id-mismatch",
        "msk-invalidated",
        "solicited-pull-unanswered",
        "missed-key-update-ignored",
        "mtk-outside-msk-validity",
        "mtk-replayed",
        "mtk-wrong-key",
        "mtk-not-delivered",
        "srtp-unknown-mki",
        "srtp-auth-failed",
        "clock-or-counter-reset",
        "server-unavailable",
        "request-timeout",
        "old-muk-used",
        "deauthorized-ue-still-served",
    ]
)


def sync_failure():
    story = Story("no sync", by_sip=False)
    rand = made_up("RAND", 16)
    story.bootstrap(rand=rand, resync=True, resync_rand=rand, stop_after="second-challenge")
    story.linger(70)
    return story


def stale_nonce_loop():
    story = Story.begun_by_http()
    story.register(retry=False)
    story.register(challenge=True, preauthorize=True, retry=False, zn=True, stale=True)
    story.bootstrap()
    story.register(challenge=True, preauthorize=True, retry=False, zn=True, stale=True)
    story.linger(70)
    return story


def authorized_late():
    story = Story("late", by_sip=False)
    story.bootstrap()
    story.invite(authorize="late", edits={"post-answer": Edit(shift=1)})
    story.register(status="403 Forbidden")
    story.wait(5)
    story.register()
    return story


def no_identity():
    story = Story.begun_by_http()
    without = Edit(headers={"X-3GPP-Intended-Identity": None})
    story.register(edits={"request": without, "authorized": without}, status="403 Forbidden")
    return story


def strange_requesttype():
    story = Story.begun_by_http()
    story.register(requesttype="registration", status="404 Not Found")
    return story


def strange_content():
    story = Story.registered_by_http()
    story.deregister(content_type="application/mbms-register+xml", status="415 Unsupported Media Type")
    return story


def port_unreachable():
    story = Story.registered_by_http()
    story.msk(verify=False)
    time, packet = story.tape.packets[-1]
    ue, bm_sc = story.addresses.ues[0], story.addresses.bm_sc
    story.tape.packets.append((time + 10_000_000, ethernet(ue, bm_sc, icmp_error(ue, bm_sc, 3, 3, packet[14:]))))
    story.linger(40)
    return story


def corrupted():
    story = Story.registered_by_http()
    story.msk()
    story.wait(1)
    story.msk(msk_id=SECOND_MSK, v=False, break_mac=True)
    return story


def unanswered():
    story = Story.begun_by_http()
    begun = len(story.tape.packets)
    story.register(retry=False, challenge=False, preauthorize=False)
    leave_out(story, story.addresses.bm_sc, story.addresses.ues[0], after=begun)
    story.linger(70)
    return story


STORIES = {
    "bootstrapping-sync-failure": sync_failure,
    "digest-stale-nonce-loop": stale_nonce_loop,
    "authorization-after-200-ok": authorized_late,
    "identity-header-missing": no_identity,
    "wrong-request-uri": strange_requesttype,
    "wrong-content-type": strange_content,
    "msk-port-unreachable": port_unreachable,
    "msk-corrupted": corrupted,
    "request-timeout": unanswered,
}


def test_every_cause_of_the_contract_comes_first_somewhere():
    assert {cause for told in EXPECTED.values() for _, cause in told[:1]} | set(STORIES) >= CAUSES


@pytest.mark.parametrize("cause", STORIES)
def test_alone(tell, cause):
    assert tell(STORIES[cause]()).report.diagnoses[0].cause == cause


@pytest.mark.parametrize("cause", STORIES)
def test_among_others(tell_merged, cause):
    story, others = STORIES[cause](), neighbours(by_sip=False)
    packets = [*story.tape.packets, *others.tape.packets]
    report = tell_merged([packets], story.keyring() + others.keyring()).report
    assert report.diagnoses[0].cause == cause
    well = {ue.ip for ue in others.ues}
    assert not {ue.id for ue in report.ues if well & set(ue.addresses)} & {d.ue for d in report.diagnoses}
