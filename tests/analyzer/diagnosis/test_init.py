"""What `diagnose` says of every sample: the right cause first, nothing of what works."""

from __future__ import annotations

import pytest

from analyzer.diagnosis import MAX_EVIDENCE, diagnose
from sample_pcaps.casebook import cases
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

# What did not work in a sample, and the cause that its story is told of, in the order of time
EXPECTED: dict[str, list[tuple[str, str]]] = {
    "another_key_under_one_mtk_id": [('mtk-not-usable', 'mtk-wrong-key')],
    "another_ssrc_than_announced": [('media-not-decryptable', 'srtp-unknown-ssrc')],
    "authorization_missing": [('registration-failed', 'authorization-notification-missing')],
    "authorization_of_another_service": [('registration-failed', 'service-not-authorized')],
    "authorization_of_another_user": [('registration-failed', 'identity-mismatch')],
    "authorization_refused": [('initiation-failed', 'authorization-notification-missing')],
    "body_changed_on_the_way": [('msk-refresh-failed', 'malformed-body')],
    "challenge_of_another_k": [('initiation-failed', 'bootstrapping-failed')],
    "challenge_unanswered": [('registration-failed', 'digest-no-retry-after-401')],
    "dcf_with_a_wrong_signature": [('media-not-decryptable', 'dcf-signature-failed')],
    "dcf_without_a_signature": [('media-not-decryptable', 'dcf-unprotected')],
    "expired_b_tid_http": [('registration-failed', 'expired-ks-naf')],
    "expired_b_tid_of_an_unknown_user": [('registration-failed', 'expired-ks-naf')],
    "expired_b_tid_sip": [('initiation-failed', 'expired-ks-naf')],
    "fdt_that_nothing_protects": [('media-not-decryptable', 'dcf-unprotected')],
    "first_msk_without_a_policy": [('media-not-decryptable', 'policy-unusable')],
    "impi_in_spite_of_a_tmpi": [('registration-failed', 'unknown-b-tid-at-bsf')],
    "key_id_without_its_key_domain": [('media-not-decryptable', 'dcf-unprotected')],
    "keys_after_the_session": [('deregistration-failed', 'deauthorized-ue-still-served')],
    "mki_of_an_mtk_never_sent": [('media-not-decryptable', 'srtp-unknown-mki')],
    "msk_after_deregistration": [('deregistration-failed', 'deauthorized-ue-still-served')],
    "msk_counter_repeated": [('msk-not-usable', 'msk-replayed')],
    "msk_for_a_ue_that_has_left": [('deregistration-failed', 'deauthorized-ue-still-served')],
    "msk_for_the_previous_b_tid": [('msk-not-usable', 'old-muk-used')],
    "msk_granted_after_deregistration": [('msk-refresh-failed', 'service-not-registered'), ('deregistration-failed', 'deauthorized-ue-still-served')],
    "msk_not_invalidated": [('deregistration-failed', 'deauthorized-ue-still-served')],
    "msk_of_mikey_version_2": [('msk-not-usable', 'msk-malformed')],
    "msk_request_not_served": [('msk-not-delivered', 'msk-message-lost')],
    "msk_request_of_group_zero": [('msk-refresh-failed', 'malformed-body')],
    "msk_request_with_status_500": [('msk-refresh-failed', 'server-unavailable')],
    "msk_to_another_address": [('msk-not-delivered', 'msk-wrong-destination')],
    "msk_under_an_expired_muk": [('msk-not-usable', 'expired-ks-naf')],
    "msk_under_another_muk": [('msk-not-usable', 'msk-wrong-key')],
    "msk_under_the_name_of_the_bm_sc": [('msk-not-usable', 'msk-wrong-key')],
    "msk_valid_up_to_ffff": [('msk-not-usable', 'msk-invalidated')],
    "msk_with_a_rand_for_each_ue": [('mtk-not-usable', 'msk-rand-differs')],
    "msk_with_a_session_and_no_map": [('msk-not-usable', 'msk-malformed')],
    "msk_with_ids_of_type_uri": [('msk-not-usable', 'msk-malformed')],
    "msk_with_ntp_time": [('msk-not-usable', 'msk-malformed')],
    "msk_without_a_key_domain": [('msk-not-usable', 'msk-id-mismatch')],
    "msk_without_an_interval": [('msk-not-usable', 'msk-malformed')],
    "mtk_counter_of_a_replay": [('mtk-not-usable', 'mtk-replayed')],
    "mtk_id_goes_back": [('mtk-not-usable', 'mtk-replayed')],
    "mtk_of_twenty_octets": [('mtk-not-usable', 'mtk-malformed')],
    "mtk_outside_window": [('mtk-not-usable', 'mtk-outside-msk-validity')],
    "mtk_to_another_group": [('mtk-not-usable', 'mtk-not-delivered')],
    "mtk_under_unknown_msk": [('mtk-not-usable', 'msk-message-lost')],
    "mtk_with_a_short_salt": [('mtk-not-usable', 'mtk-malformed')],
    "mtk_with_a_wrong_mac": [('mtk-not-usable', 'mtk-wrong-key')],
    "mtk_with_an_id_of_three_octets": [('mtk-not-usable', 'mtk-malformed')],
    "muk_of_the_scf_s_own": [('msk-not-usable', 'msk-wrong-key')],
    "new_b_tid_never_presented": [('ks-naf-refresh-failed', 'expired-ks-naf')],
    "nonce_without_autn": [('initiation-failed', 'bootstrapping-failed')],
    "old_b_tid_after_bootstrapping": [('ks-naf-refresh-failed', 'stale-b-tid-reused')],
    "one_muk_for_two_bm_scs": [('msk-not-usable', 'msk-wrong-key')],
    "overload_without_retry_after": [('registration-failed', 'server-unavailable')],
    "packets_with_a_wrong_tag": [('media-not-decryptable', 'srtp-auth-failed')],
    "policy_changed_on_the_way": [('media-not-decryptable', 'policy-unusable')],
    "policy_without_roc_rate": [('media-not-decryptable', 'policy-unusable')],
    "posted_address_of_the_proxy": [('msk-not-delivered', 'msk-wrong-destination')],
    "pull_unanswered": [('msk-refresh-failed', 'solicited-pull-unanswered')],
    "refused_and_registered": [('initiation-failed', 'not-authorized-by-scf')],
    "refused_b_tid_repeated": [('initiation-failed', 'unknown-b-tid-at-bsf'), ('initiation-failed', 'stale-b-tid-reused')],
    "registration_without_an_msk": [('msk-not-delivered', 'msk-message-lost')],
    "retry_after_ignored": [('registration-failed', 'server-unavailable')],
    "roc_that_goes_back": [('media-not-decryptable', 'clock-or-counter-reset')],
    "tag_without_its_mac": [('media-not-decryptable', 'srtp-auth-failed')],
    "storm_without_answers": [('registration-failed', 'server-unavailable')] * 8,
    "unauthorized_service_not_found": [('initiation-failed', 'not-authorized-by-scf'), ('registration-failed', 'not-authorized-by-scf')],
    "unicast_offer_refused": [('initiation-failed', 'malformed-body')],
    "unknown_b_tid_forbidden": [('registration-failed', 'unknown-b-tid-at-bsf')],
    "unknown_mki_never_asked_for": [('media-not-decryptable', 'missed-key-update-ignored')],
    "verification_missing": [('msk-not-delivered', 'msk-not-acknowledged')],
    "verification_with_a_wrong_mac": [('msk-not-delivered', 'msk-not-acknowledged')],
    "wrong_digest": [('registration-failed', 'digest-wrong-response')],
    "zn_answer_of_another_hop": [('registration-failed', 'zn-no-answer')],
    "zn_request_without_a_naf_id": [('registration-failed', 'zn-rejected')],
    "answer_with_another_group": [('media-not-decryptable', 'answer-changes-the-offer')],
    "media_in_the_clear": [('media-not-decryptable', 'media-unprotected')],
    "msk_of_a_strange_group": [('msk-not-usable', 'msk-id-mismatch')],
    "mtk_after_its_packets": [('media-not-decryptable', 'mtk-late')],
    "packet_sent_twice_with_other_octets": [('media-not-decryptable', 'srtp-index-reused')],
    "pull_with_an_expired_muk_granted": [('msk-refresh-failed', 'expired-ks-naf')],
    "third_msk_while_the_first_is_in_use": [('media-not-decryptable', 'msk-superseded')],
    "ks_expired_on_the_way": [('registration-failed', 'expired-ks-naf')],
    "ks_expired_under_an_invite": [('initiation-failed', 'expired-ks-naf')],
    "overload_waited_out": [('registration-failed', 'server-unavailable')],
    "msk_refused_after_deregistration": [('msk-refresh-failed', 'service-not-registered')],
    "sip_without_a_subscription": [('initiation-failed', 'not-authorized-by-scf')],
    "one_of_two_services": [('initiation-failed', 'not-authorized-by-scf'), ('registration-failed', 'not-authorized-by-scf')],
}  # fmt: skip
# Good samples in which nobody did anything wrong, and a UE did not get what it asked for, or not at once
REFUSED = {name for name, case in cases().items() if case.good and case.tell.__module__.endswith("good_refusals")}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_cause_of_the_story_comes_first(sample, name):
    assert [(d.symptom, d.cause) for d in sample(name).report.diagnoses] == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(set(cases()) - set(EXPECTED)))
def test_what_works_has_no_diagnosis(sample, name):
    assert sample(name).report.diagnoses == ()


def test_every_good_sample_is_among_those_without(sample):
    assert {name for name, case in cases().items() if case.good} & set(EXPECTED) <= REFUSED


@pytest.mark.parametrize("name", EXPECTED)
def test_frames_shown_are_in_the_capture_and_told_in_order(sample, name):
    report = sample(name).report
    for diagnosis in report.diagnoses:
        frames = [(e.capture, e.frame) for e in diagnosis.evidence]
        assert frames == sorted(set(frames))
        assert 0 < len(frames) <= MAX_EVIDENCE
        assert all(1 <= frame <= report.captures[capture].packets for capture, frame in frames)
        assert diagnosis.message.endswith(".")
        assert ":" in diagnosis.remedy  # to whom it is said


def test_without_any_judgement_the_answers_still_tell_something(sample):
    analysis = sample("unknown_b_tid_forbidden")
    (found,) = diagnose(analysis.story, analysis.runs, ())
    assert (found.symptom, found.cause, found.confidence) == ("registration-failed", "unknown-b-tid-at-bsf", "certain")
    assert "5403" in found.message


def test_a_ue_that_took_what_others_drop_is_told_of(sample):
    (found,) = sample("msk_of_mikey_version_2").report.diagnoses
    assert "This UE has acknowledged it all the same (frame 45)" in found.message
    (found,) = sample("msk_under_another_muk").report.diagnoses
    assert "acknowledged" not in found.message


@pytest.mark.parametrize(("wait", "said"), [("30", "with Retry-After 30 for how long"), (None, "not for how long")])
def test_an_overloaded_server_is_asked_for_what_it_left_out_only(tell, wait, said):
    story = Story.begun_by_http()
    story.register(status="500 Internal Server Error", edits={"answer": Edit(headers={"Retry-After": wait})})
    (found,) = tell(story).report.diagnoses
    assert said in found.message
    assert ("send Retry-After" in found.remedy) is (wait is None)


def test_what_happens_again_is_told_once(tell):
    story = Story.registered_by_http()
    story.keys_and_media()
    for _ in range(3):
        story.msk(msk_id=SECOND_MSK, counter=1, v=False)
        story.wait(1)
    told = [d for d in tell(story).report.diagnoses if d.cause == "msk-replayed"]
    assert len(told) == 1
    assert "It happened 3 times, the last in frame" in told[0].message
