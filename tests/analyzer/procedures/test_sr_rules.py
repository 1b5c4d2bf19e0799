"""SR rules: other breaks than the samples', loss, damage, replays, wraps, several services, and what stays open."""

import pytest

from sample_pcaps import forge_srtp as srtp
from sample_pcaps.clock import START
from sample_pcaps.forge_mikey import POLICY
from sample_pcaps.forge_srtp import RCCM1, RCCM3
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK, SSRC

MS = 10**6  # ns
OTHER_GROUP = bytes.fromhex("00020001")
CODES = ("SR-01", "SR-02", "SR-03", "SR-04", "SR-05", "SR-06", "SR-12")
NO_RATE = 1 << 17


def keyed(sp=POLICY, **more):
    story = Story.registered_by_http(**more)
    for ue in story.ues:
        story.msk(ue, sp=sp)
    story.wait(0.2)
    story.mtk(times=2, interval=0.5)
    return story


def with_media(**more):
    story = keyed()
    story.media(**more)
    return story


def report(story, mtk_id=1, **more):
    held = story.mtks[FIRST_MSK + mtk_id.to_bytes(2, "big")]
    story.wait(2)
    story.report(held.key, held.salt, held.mki, **more)
    return story


@pytest.mark.parametrize("code", [*CODES, "SR-07", "SR-08"])
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", [*CODES, "SR-07", "SR-08", "SR-11"])
def test_no_media_no_judgement(sample, verdicts, code):
    assert verdicts(sample("challenge_unanswered"), code) == []


def test_two_probes_that_lose_packets(tell_merged, failed):
    story = with_media(packets=80, mtk_every=20)
    packets = story.tape.sorted()
    ahead = [(time + 850 * MS, packet) for n, (time, packet) in enumerate(packets) if packet[23] == 17 and n % 7]
    behind = [packet for n, packet in enumerate(packets) if packet[1][23] != 17 or n % 5]
    assert failed(tell_merged([behind, ahead], story.keyring(runs=True))) == set()


class TestMki:
    def test_a_new_msk_without_its_mtk(self, tell, verdicts):
        story = with_media()
        story.msk(msk_id=SECOND_MSK)
        story.media(SECOND_MSK, 1, packets=10)
        assert verdicts(tell(story), "SR-01") == ["pass", "inconc"]

    def test_an_mtk_of_before_the_capture(self, tell, verdicts):
        """The next MTK is announced while the media still use one that came earlier."""
        story = keyed()
        story.mtk(mtk_id=2)
        after = (story.now - MS - START) / 10**9
        story.media(mtk_id=1, packets=10)
        story.cut(after)
        assert verdicts(tell(story, story.keyring(msks=(FIRST_MSK,))), "SR-01") == ["inconc"]

    def test_one_that_comes_late_has_come(self, tell, verdicts):
        story = keyed()
        story.media(mtk_id=2, packets=10, key=b"\1" * 16, salt=b"\2" * 14)
        story.mtk(mtk_id=2, key=b"\1" * 16, salt=b"\2" * 14)
        assert verdicts(tell(story), "SR-01") == ["pass"]

    def test_what_is_open_does_not_hide_what_is_wrong(self, tell, verdicts):
        story = keyed()
        story.media(mtk_id=5, packets=10)
        story.mtk(mtk_id=7)
        story.media(mtk_id=6, packets=10)
        story.media(mtk_id=8, packets=10)
        assert verdicts(tell(story), "SR-01") == ["fail"]

    def test_an_mtk_of_the_keyring_is_delivered(self, tell, verdicts):
        story = keyed()
        story.media(mtk_id=2, packets=10, key=b"\1" * 16, salt=b"\2" * 14)
        mtk = (
            f'\n[[mtk]]\nkey_domain = "{KEY_DOMAIN.hex()}"\nmsk_id = "{FIRST_MSK.hex()}"\nmtk_id = "0002"\n'
            f'value = "{"01" * 16}"\nsalt = "{"02" * 14}"\n'
        )
        assert verdicts(tell(story, story.keyring() + mtk), "SR-01") == ["pass"]


class TestTag:
    def test_all_are_counted(self, tell):
        """More than the frames that are remembered, and none of them is told to fail its MAC as well."""
        story = with_media(packets=50, change=lambda n, given: given | ({"mode": RCCM1} if n > 5 else {}))
        told = {j.rule: j for j in tell(story).report.judgements}
        assert str(told["SR-02"].verdict) == "fail"
        assert "42 of 50 packets" in told["SR-02"].message
        assert str(told["SR-04"].verdict) == "pass"

    def test_broken_ones_beside_them_are_counted_apart(self, tell):
        def change(n, given):
            return given | ({"mode": RCCM1} if 5 < n < 45 else {"break_tag": n > 45})

        told = {j.rule: j for j in tell(with_media(packets=50, change=change)).report.judgements}
        assert str(told["SR-04"].verdict) == "fail"
        assert told["SR-04"].message.startswith("4 of 50 SRTP packets")

    def test_a_shorter_tag_than_told(self, tell, verdicts):
        story = with_media(change=lambda n, given: given | ({"tag_length": 10} if n > 5 else {}))
        assert verdicts(tell(story), "SR-02") == ["fail"]

    def test_without_sp_nobody_can_tell(self, tell, verdicts):
        story = keyed(sp=None)
        story.media()
        assert verdicts(tell(story), "SR-02") == ["inconc"]

    def test_a_damaged_packet_has_no_other_tag(self, tell, verdicts):
        story = with_media(change=lambda n, given: given | ({"mki": b"\x99" * 6} if n == 9 else {}))
        analysis = tell(story)
        assert verdicts(analysis, "SR-02") == ["pass"]
        assert verdicts(analysis, "SR-04") == ["inconc"]


class TestRoc:
    def test_goes_up_at_the_wrap(self, tell, verdicts):
        assert verdicts(tell(with_media(packets=80)), "SR-03") == ["pass"]

    def test_packets_that_overtake_each_other_there(self, tell, verdicts):
        story = keyed()
        at = len(story.tape.packets) + 35
        story.media(packets=60)
        sent = story.tape.packets
        sent[at], sent[at + 1] = (sent[at][0], sent[at + 1][1]), (sent[at + 1][0], sent[at][1])
        analysis = tell(story)
        for code in ("SR-03", "SR-04", "SR-06"):
            assert verdicts(analysis, code) == ["pass"]

    def test_a_replay_of_before_the_wrap_is_no_roc_that_goes_back(self, tell, verdicts):
        story = keyed()
        first = len(story.tape.packets)
        story.media(packets=60, report=False)
        time, packet = story.tape.packets[first + 4]  # SEQ 65504 carries its ROC
        story.tape.packets.append((time + 2000 * MS, packet))
        analysis = tell(story)
        assert verdicts(analysis, "SR-03") == ["pass"]
        assert verdicts(analysis, "SR-06") == ["fail"]


class TestAuthentication:
    @pytest.mark.parametrize("more", [{"key": b"\1" * 16}, {"salt": b"\1" * 14}])
    def test_another_key_or_salt(self, tell, verdicts, more):
        assert verdicts(tell(with_media(**more)), "SR-04") == ["fail"]

    @pytest.mark.parametrize(("broken", "verdict"), [({9}, "inconc"), ({9, 12}, "fail")])
    def test_one_may_be_damage(self, tell, verdicts, broken, verdict):
        story = with_media(change=lambda n, given: given | {"break_tag": n in broken})
        assert verdicts(tell(story), "SR-04") == [verdict]

    def test_the_only_one_is_not(self, tell, verdicts):
        story = report(with_media(report=False), break_tag=True)
        assert verdicts(tell(story), "SR-04") == ["fail"]

    def test_seen_twice_it_is_still_one(self, tell_merged, verdicts):
        story = with_media(change=lambda n, given: given | {"break_tag": n == 9})
        packets = story.tape.sorted()
        analysis = tell_merged([packets, [(time + 300 * MS, packet) for time, packet in packets]], story.keyring())
        assert verdicts(analysis, "SR-04") == ["inconc"]

    def test_without_the_mtk(self, tell, verdicts, keep):
        story = keep(with_media(), ("bm_sc", "group"))
        assert verdicts(tell(story, ""), "SR-04") == ["inconc"]

    def test_without_sp_a_failure_is_left_open(self, tell, verdicts):
        """R is 8, and nobody told it."""
        story = keyed(sp=None)
        story.media(rate=8, packets=20, report=False)
        assert verdicts(tell(story), "SR-04") == ["inconc"]

    def test_packets_without_a_mac(self, tell, verdicts):
        story = keyed(sp=[(k, {2: b"\x04", 11: b"\x04"}.get(k, v)) for k, v in POLICY])
        story.media(mode=RCCM3, report=False)
        analysis = tell(story)
        assert verdicts(analysis, "SR-04") == ["inconc"]
        assert verdicts(analysis, "SR-06") == ["pass"]

    def test_lost_packets_break_nothing(self, tell, failed):
        story = keyed()
        story.media(packets=90, mtk_every=30, change=lambda n, given: None if n % 3 == 1 or 20 < n < 50 else given)
        assert failed(tell(story)) == set()


class TestRepeats:
    def test_a_replay(self, tell, verdicts):
        story = with_media(report=False)
        time, packet = story.tape.packets[-5]
        story.tape.packets.append((time + 900 * MS, packet))
        assert verdicts(tell(story), "SR-06") == ["fail"]

    @pytest.mark.parametrize(("after", "verdict"), [(5, "pass"), (10, "pass"), (15, "fail")])
    def test_the_next_interface(self, tell, verdicts, after, verdict):
        story = with_media(report=False)
        time, packet = story.tape.packets[-5]
        story.tape.packets.append((time + after * MS, packet))
        assert verdicts(tell(story), "SR-06") == [verdict]

    @pytest.mark.parametrize(("after", "verdict"), [(0, "pass"), (1000, "pass"), (1001, "fail")])
    def test_another_capture(self, tell_merged, verdicts, after, verdict):
        story = with_media(report=False)
        time, packet = story.tape.packets[-5]
        analysis = tell_merged([story.tape.sorted(), [(time + after * MS, packet)]], story.keyring())
        assert verdicts(analysis, "SR-06") == [verdict]

    def test_a_replay_that_both_captures_show(self, tell_merged, verdicts):
        story = with_media(report=False)
        time, packet = story.tape.packets[-5]
        story.tape.packets.append((time + 500 * MS, packet))
        packets = story.tape.sorted()
        analysis = tell_merged([packets, [(t + 100 * MS, p) for t, p in packets]], story.keyring())
        assert verdicts(analysis, "SR-06") == ["fail"]

    def test_the_same_index_under_the_next_mtk(self, tell, verdicts):
        story = with_media(packets=10, report=False)
        story.mtk(mtk_id=2)
        story.packet_number -= 10
        story.media(mtk_id=2, packets=10, report=False)
        assert verdicts(tell(story), "SR-06") == ["pass"]

    def test_the_same_index_of_another_ssrc(self, tell, verdicts):
        story = with_media(packets=10, report=False)
        story.packet_number -= 10
        story.media(packets=10, report=False, ssrc=5)
        assert verdicts(tell(story), "SR-06") == ["pass"]


class TestRtcp:
    @pytest.mark.parametrize(("index", "verdict"), [(1, "fail"), (2, "pass"), (50, "pass")])
    def test_index(self, tell, verdicts, index, verdict):
        assert verdicts(tell(report(with_media(), index=index)), "SR-07") == [verdict]

    def test_seen_twice(self, tell_merged, verdicts):
        story = report(report(with_media()))
        packets = story.tape.sorted()
        analysis = tell_merged([packets, [(time + 300 * MS, packet) for time, packet in packets]], story.keyring())
        assert verdicts(analysis, "SR-07") == ["pass"]

    def test_no_srtcp_is_nothing_to_look_at(self, tell, verdicts):
        analysis = tell(with_media(report=False))
        assert verdicts(analysis, "SR-07") == verdicts(analysis, "SR-08") == []

    def test_a_description_alone_is_no_sender_report(self, tell, verdicts):
        sdes = b"\x81\xca\x00\x02" + SSRC.to_bytes(4, "big") + bytes(4)
        assert verdicts(tell(report(with_media(), packet=sdes)), "SR-08") == ["fail"]

    def test_one_behind_a_sender_report_is(self, tell, verdicts):
        compound = srtp.sender_report(ssrc=SSRC, ntp=1, timestamp=1, packets=1, octets=1)
        compound += b"\x81\xca\x00\x02" + SSRC.to_bytes(4, "big") + bytes(4)
        assert verdicts(tell(report(with_media(), packet=compound)), "SR-08") == ["pass"]


class TestSsrc:
    def test_0_says_nothing(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(ssrc=0)
        story.mtk()
        story.media()
        assert verdicts(tell(story), "SR-05") == ["pass"]

    def test_without_a_map_there_is_nothing_to_look_at(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(download=True)
        story.mtk()
        story.media()
        assert verdicts(tell(story), "SR-05") == []


class TestUnknownMsk:
    def story(self, msk_id=SECOND_MSK, wait=35.0):
        story = keyed()
        story.media(packets=10)
        story.media(msk_id, 1, packets=10)
        story.linger(wait)
        return story

    def test_the_capture_ends_too_early(self, tell, verdicts):
        assert verdicts(tell(self.story(wait=20)), "SR-11") == ["inconc"]

    @pytest.mark.parametrize(("back_off", "verdict"), [(10, "fail"), (60, "inconc")])
    def test_the_ue_has_the_back_off_that_is_announced(self, tell, verdicts, back_off, verdict):
        story = Story("announced", by_sip=False)
        story.announce(wait=5, back_off=back_off)
        story.bootstrap()
        story.register()
        story.keys_and_media()
        story.media(SECOND_MSK, 1, packets=10)
        story.linger(35)
        assert verdicts(tell(story), "SR-11") == [verdict]

    def test_the_service_of_others_may_be_older_than_the_capture(self, tell, verdicts):
        """Nobody knows whether the UE of this capture uses it at all."""
        assert verdicts(tell(self.story(OTHER_GROUP)), "SR-11") == ["inconc"]

    def test_so_may_an_older_msk(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(msk_id=SECOND_MSK)
        story.mtk(SECOND_MSK)
        story.media(FIRST_MSK, packets=10)
        story.linger(35)
        assert verdicts(tell(story), "SR-11") == ["inconc"]

    def test_the_ue_asks(self, tell, verdicts):
        story = self.story(wait=5)
        story.msk_request(pairs=((KEY_DOMAIN, SECOND_MSK),))
        story.linger(35)
        assert verdicts(tell(story), "SR-11") == ["pass"]

    def test_the_msk_is_pushed_after_all(self, tell, verdicts):
        story = self.story(wait=5)
        story.msk(msk_id=SECOND_MSK)
        story.linger(35)
        assert verdicts(tell(story), "SR-11") == []

    def test_an_msk_of_the_keyring_is_held(self, tell, verdicts):
        story = self.story()
        msk = (
            f'\n[[msk]]\nkey_domain = "{KEY_DOMAIN.hex()}"\nmsk_id = "{SECOND_MSK.hex()}"\n'
            f'value = "{"01" * 16}"\nrand = "{"02" * 16}"\n'
        )
        assert verdicts(tell(story, story.keyring() + msk), "SR-11") == []


class TestClear:
    def test_the_whole_session(self, tell, verdicts):
        story = keyed()
        story.media(clear=True, packets=10)
        assert verdicts(tell(story), "SR-12") == ["fail"]

    def test_another_port_is_another_session(self, tell, verdicts):
        story = with_media()
        story.media(clear=True, packets=10, ssrc=5, dport=6000)
        assert verdicts(tell(story), "SR-12") == ["pass"]

    def test_another_group_too(self, tell, verdicts):
        story = with_media()
        story.media(clear=True, packets=10, dst="239.9.9.9")
        assert verdicts(tell(story), "SR-12") == ["pass"]

    @pytest.mark.parametrize(("packets", "verdict"), [(2, "inconc"), (3, "fail")])
    def test_a_few_packets_may_have_an_unknown_mki(self, tell, verdicts, packets, verdict):
        story = with_media()
        story.media(clear=True, packets=packets, ssrc=5)
        assert verdicts(tell(story), "SR-12") == ["pass", verdict]

    def test_few_packets_of_one_do_not_hide_many_of_another(self, tell, verdicts):
        story = with_media()
        story.media(clear=True, packets=1, ssrc=5)
        story.media(clear=True, packets=9, ssrc=6)
        assert verdicts(tell(story), "SR-12") == ["pass", "fail"]

    def test_an_unknown_mki_is_not_clear(self, tell, verdicts):
        story = with_media()
        story.media(OTHER_GROUP, packets=5, ssrc=5, report=False)
        story.media(SECOND_MSK, packets=5, ssrc=5, report=False)
        assert "fail" not in verdicts(tell(story), "SR-12")

    def test_a_session_that_nobody_protects(self, tell, verdicts):
        story = Story.registered_by_http()
        story.media(clear=True, packets=10)
        assert verdicts(tell(story), "SR-12") == []
