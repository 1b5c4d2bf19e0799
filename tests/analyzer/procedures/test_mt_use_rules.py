"""MT rules on keys and the media under them: messages that come late, that are not repeated, and what cannot be told."""

import pytest

from sample_pcaps.clock import START
from sample_pcaps.forge_keys import made_up
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns
SECOND = 10**9
UDP = 17
OTHER_GROUP = bytes.fromhex("00020001")
CODES = ("MT-12", "MT-13")


def keyed():
    story = Story.registered_by_http()
    story.msk()
    story.wait(0.2)
    return story


def late(mtk_id=2, **more):
    """Media under an MTK, and then its message."""
    story = keyed()
    story.mtk(mtk_id=1, times=2, interval=0.5)
    story.media(mtk_id=1, packets=5)
    more.setdefault("interval", 0.4)
    story.media(mtk_id=mtk_id, packets=5, report=False, **more)
    name = f"media {FIRST_MSK.hex()} {mtk_id}"
    story.mtk(mtk_id=mtk_id, key=made_up(f"{name} key", 16), salt=made_up(f"{name} salt", 14))
    return story


def used(seconds, times=1, mtk_every=0, packets=None):
    """An MTK in use for so many seconds."""
    story = keyed()
    story.mtk(times=times, interval=0.5)
    packets = packets or seconds * 2
    story.media(packets=packets + 1, interval=seconds / packets, mtk_every=mtk_every, report=False)
    return story


def by_probe(story):
    """All that a probe in the network sees, and the media, which another sees."""
    packets, media_port = story.tape.sorted(), story.group_port.to_bytes(2, "big")
    media = [packet for packet in packets if packet[1][23] == UDP and packet[1][36:38] == media_port]
    return [packet for packet in packets if packet not in media], media


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6", "switched_off_and_on"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["download_good"])
def test_what_is_sent_in_flute_is_left_out(sample, verdicts, code, name):
    assert verdicts(sample(name), code) == []


@pytest.mark.parametrize("code", CODES)
def test_no_media_no_use(tell, verdicts, code):
    story = keyed()
    story.mtk(times=2)
    assert verdicts(tell(story), code) == []


class TestBeforeItsPackets:
    def test_late(self, tell, verdicts):
        assert verdicts(tell(late()), "MT-12") == ["pass", "fail"]

    def test_keys_are_not_needed(self, tell, verdicts):
        assert verdicts(tell(late(), ""), "MT-12") == ["pass", "fail"]

    def test_with_the_first_packets(self, tell, verdicts):
        assert verdicts(tell(late(interval=0.04)), "MT-12") == ["pass", "pass"]

    def test_a_repeat_is_not_late(self, tell, verdicts):
        story = keyed()
        story.mtk()
        story.media(packets=20, interval=1, mtk_every=10)
        assert verdicts(tell(story), "MT-12") == ["pass"]

    def test_the_first_that_is_seen_may_be_a_repeat(self, tell, verdicts):
        story = keyed()
        story.mtk()
        at = (story.now + MS - START) / SECOND
        story.media(packets=10, interval=0.4, mtk_every=5)
        story.cut(at)
        assert verdicts(tell(story, story.keyring(msks=(FIRST_MSK,))), "MT-12") == ["inconc"]

    def test_so_may_an_older_one_that_comes_back(self, tell, verdicts):
        """MTK 3 has been seen before the packets, so MTK 2 may have been sent before it."""
        story = keyed()
        story.mtk(mtk_id=3)
        story.media(mtk_id=2, packets=5, interval=0.4)
        story.mtk(mtk_id=2, key=made_up("other", 16), counter=1)
        assert verdicts(tell(story), "MT-12")[-1] == "inconc"

    def test_mtks_of_another_msk_say_nothing(self, tell, verdicts):
        story = keyed()
        story.mtk()
        story.media(packets=5)
        story.msk(msk_id=SECOND_MSK)
        story.media(SECOND_MSK, 1, packets=5, interval=0.4, report=False)
        story.mtk(SECOND_MSK, 1)
        assert verdicts(tell(story), "MT-12") == ["pass", "inconc"]

    def test_one_that_never_comes_is_not_judged_here(self, sample, verdicts):
        assert verdicts(sample("mki_of_an_mtk_never_sent"), "MT-12") == ["pass"]

    def test_it_came_to_another_address_in_time(self, tell, verdicts):
        story = keyed()
        story.mtk(dst="10.1.0.11")
        story.media(packets=5, interval=0.4)
        story.mtk()
        assert verdicts(tell(story), "MT-12") == ["pass", "pass"]

    def test_two_probes(self, tell_merged, verdicts):
        story = late(interval=0.15)
        assert verdicts(tell_merged(by_probe(story), story.keyring()), "MT-12") == ["pass", "inconc"]


class TestRepeated:
    def test_never_in_more_than_a_minute(self, tell, verdicts):
        assert verdicts(tell(used(62)), "MT-13") == ["fail"]

    def test_twice_before_the_media_begin_is_no_repetition(self, tell, verdicts):
        assert verdicts(tell(used(62, times=2)), "MT-13") == ["fail"]

    def test_too_seldom(self, tell, verdicts):
        assert verdicts(tell(used(150, mtk_every=200)), "MT-13") == ["fail"]

    def test_often_enough(self, tell, verdicts):
        assert verdicts(tell(used(150, mtk_every=100)), "MT-13") == ["pass"]

    def test_seen_once_and_used_for_less(self, tell, verdicts):
        assert verdicts(tell(used(58)), "MT-13") == ["inconc"]

    def test_media_that_pause(self, tell, verdicts):
        story = used(5)
        story.wait(100)
        story.media(packets=5)
        assert verdicts(tell(story), "MT-13") == ["inconc"]

    def test_another_probe_saw_the_media(self, tell_merged, verdicts):
        story = used(62)
        assert verdicts(tell_merged(by_probe(story), story.keyring()), "MT-13") == ["inconc"]


class TestTwoSessions:
    @pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
    def test_passes_on_good_stories(self, sample, verdicts, name):
        assert set(verdicts(sample(name), "MT-11")) == {"pass"}

    def test_nothing_can_be_told_without_keys(self, tell, keep, verdicts):
        story = keyed()
        story.mtk()
        assert verdicts(tell(keep(story, ("ue", "bm_sc"), ("bm_sc", "group")), ""), "MT-11") == ["inconc"]

    def test_the_same_mtk_to_single_ues_is_one_session(self, tell, verdicts):
        story = keyed()
        story.mtk()
        story.mtk(dst=story.ue.ip)
        assert verdicts(tell(story), "MT-11") == ["pass", "pass"]

    def test_to_another_group_it_is_two(self, tell, verdicts):
        story = keyed()
        story.mtk()
        story.mtk(dst="239.1.2.4")
        assert verdicts(tell(story), "MT-11") == ["pass", "fail"]

    def test_two_sessions_with_two_keys(self, tell, verdicts):
        story = keyed()
        story.mtk()
        story.msk(msk_id=OTHER_GROUP)
        story.mtk(OTHER_GROUP, dst="239.1.2.4")
        assert verdicts(tell(story), "MT-11") == ["pass", "pass"]
