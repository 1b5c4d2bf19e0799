"""Causes of the contract that explain a failure and do no harm by themselves: each in a story that fails for it."""

from __future__ import annotations

from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

RAND = made_up("RAND of a resynchronisation", 16)


def first(analysis, symptom):
    return next((d.cause, d.confidence) for d in analysis.report.diagnoses if d.symptom == symptom)


def test_a_resynchronisation_with_the_same_rand_is_told_where_it_fails(tell):
    story = Story("resync", by_sip=False)
    story.bootstrap(rand=RAND, resync=True, resync_rand=RAND, status="403 Forbidden")
    story.linger(40)
    assert first(tell(story), "initiation-failed") == ("bootstrapping-sync-failure", "certain")


def test_a_stale_nonce_that_makes_a_ue_bootstrap_is_told_where_it_is_refused_then(tell):
    story = Story.registered_by_http()
    story.msk()
    story.wait(1)
    story.msk_request(challenge=True, preauthorize=True, stale=True, retry=False)
    story.bootstrap()
    story.msk_request(status="403 Forbidden")
    story.linger(3)
    assert first(tell(story), "msk-refresh-failed") == ("digest-stale-nonce-loop", "certain")


def test_an_authorization_that_comes_late_explains_the_refusal(tell):
    story = Story("late", by_sip=False)
    story.bootstrap()
    story.invite(authorize="late")
    story.wait(0.1)
    story.register(statuses={NEWS: 403})
    story.linger(3)
    assert first(tell(story), "registration-failed") == ("authorization-after-200-ok", "certain")


def test_a_request_that_names_nobody_is_refused_for_that(tell):
    story = Story.begun_by_http()
    without = Edit(headers={"X-3GPP-Intended-Identity": None})
    story.register(status="403 Forbidden", edits={"request": without, "authorized": without})
    story.linger(3)
    assert first(tell(story), "registration-failed") == ("identity-header-missing", "certain")
