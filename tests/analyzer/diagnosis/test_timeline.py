"""The key refresh timeline: why requests came, which MSKs, and when the UE could not decrypt."""

from __future__ import annotations

from analyzer.diagnosis.gaps import BM_SC, groups_on_air
from analyzer.diagnosis.requests import EXPIRED, MISSED, OWN, PULL, REGISTRATION, USED_UP, requests
from analyzer.diagnosis.timeline import timelines
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK


def line(analysis):
    (found,) = timelines(analysis.story, analysis.report.diagnoses)
    return found


def whys(analysis):
    return [asked.why for asked in requests(analysis.story, analysis.story.traffic.sessions[0])]


def test_a_good_case_has_no_gap(sample):
    for name in ("http_good", "sip_good"):
        (group,) = line(sample(name)).groups
        assert group.gaps == ()
        assert (group.key_domain, group.key_group) == (KEY_DOMAIN, FIRST_MSK[:2])
        assert [msk.invalidates for msk in group.msks][-2:] == [True, True]
        assert sum(aired.packets for aired in group.on_air) == sum(
            media.packets for found in groups_on_air(sample(name).story).values() for media in found
        )


def test_says_why_a_ue_asked(sample):
    assert whys(sample("sip_good"))[:4] == [REGISTRATION, OWN, PULL, EXPIRED]
    assert whys(sample("missed_update")) == [REGISTRATION, MISSED]


def test_a_window_that_ends_makes_a_ue_ask(tell):
    story = Story.registered_by_http()
    story.msk(seq=(0, 2))
    story.wait(0.2)
    story.mtk(FIRST_MSK, 1)
    story.mtk(FIRST_MSK, 2)
    story.wait(0.5)
    story.msk_request()
    assert whys(tell(story)) == [REGISTRATION, USED_UP]


def test_media_before_their_keys_are_a_gap(sample):
    (group,) = line(sample("missed_update")).groups
    (gap,) = group.gaps
    assert (gap.mki, gap.exact, gap.fault) == (SECOND_MSK + b"\0\1", False, BM_SC)
    assert round(gap.seconds, 1) == 3.6
    assert 0 < gap.packets < 20


def test_an_mtk_that_never_came_is_a_gap_to_the_end(sample):
    (group,) = line(sample("mki_of_an_mtk_never_sent")).groups
    (gap,) = group.gaps
    assert (gap.packets, gap.exact, gap.fault) == (10, True, BM_SC)


def test_packets_that_do_not_authenticate_are_a_gap(sample):
    (group,) = line(sample("packets_with_a_wrong_tag")).groups
    (gap,) = group.gaps
    assert (gap.packets, gap.fault) == (2, BM_SC)
    assert gap.evidence


def test_an_msk_that_a_ue_drops_is_the_fault_of_who_sent_it(tell):
    story = Story.registered_by_http()
    story.msk(v=False, muk=bytes(32))
    story.mtk(times=2)
    story.media(packets=10)
    (group,) = line(tell(story)).groups
    (gap,) = group.gaps
    assert (gap.packets, gap.fault) == (10, BM_SC)
    assert "cannot use it: msk-wrong-key" in gap.why


def test_what_a_ue_held_before_the_capture_nobody_knows(tell):
    story = Story.registered_by_http()
    story.keys_and_media()
    story.cut(0.6)
    assert all(not group.gaps for found in timelines(tell(story).story) for group in found.groups)


def test_an_msk_that_went_astray_is_told(sample):
    (group,) = line(sample("msk_to_another_address")).groups
    assert [msk.astray for msk in group.msks] == ["10.1.0.13"]
