"""MS rules on what UEs answer: verification messages and requests after a pull, and when silence is right."""

from ipaddress import ip_address

import pytest

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns
OTHER_GROUP = bytes.fromhex("00020001")


def pulled(wait=0.1, answer=True, **more):
    story = Story.begun_by_sip()
    story.msk()
    story.wait(1)
    story.pull(**more)
    story.wait(wait)
    if answer:
        story.sip("msk-request", pairs=((KEY_DOMAIN, FIRST_MSK[:2] + b"\0\0"),))
        story.msk()
    story.linger(15)
    return story


@pytest.mark.parametrize("code", ["MS-19", "MS-21", "MS-22"])
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


class TestVerificationFollows:
    def test_where_none_is_asked_for_none_is_missed(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(v=False)), "MS-19") == []

    def test_one_answers_all_retransmissions(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(verify=False)
        story.wait(1)
        story.msk(verify=False)
        story.wait(1)
        story.msk()
        story.linger(5)
        assert verdicts(tell(story), "MS-19") == ["pass"]

    def test_retransmissions_never_answered_are_one_fault(self, tell, verdicts):
        story = Story.registered_by_http()
        for _ in range(3):
            story.msk(verify=False)
            story.wait(1)
        story.linger(5)
        assert verdicts(tell(story), "MS-19") == ["fail"]

    def test_the_capture_ends_too_early(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(verify=False)
        story.linger(1.5)
        assert verdicts(tell(story), "MS-19") == ["inconc"]

    def test_a_probe_of_one_direction(self, begun_late, tell, verdicts):
        story = begun_late(verify=False)
        ue = bytes(map(int, story.ue.ip.split(".")))
        story.tape.packets = [(time, packet) for time, packet in story.tape.packets if packet[26:30] != ue]
        story.tape.add_udp(story.now + 10**10, story.addresses.bm_sc, 9, story.addresses.scf, 9, b"later")
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-19") == ["inconc"]

    def test_of_a_ue_whose_way_to_the_bm_sc_is_not_seen(self, tell, verdicts):
        """What it says to others is there, and what the BM-SC says to it."""
        story = Story.registered_by_http()
        story.msk()
        story.linger(3)
        way = tuple(ip_address(end).packed for end in (story.ue.ip, story.addresses.bm_sc))
        story.tape.packets = [
            (time, frame) for time, frame in story.tape.packets if (frame[26:30], frame[30:34]) != way
        ]
        assert verdicts(tell(story), "MS-19") == ["inconc"]

    @pytest.mark.parametrize(
        "more",
        [
            {"break_mac": True},
            {"muk": made_up("other", 32)},
            {"dst": "10.1.0.13"},
            {"dport": 2270},
            {"version": 2},
            {"ts_type": 0},
            {"ext": mikey.key_ids((mikey.MSK_ID, FIRST_MSK))},
        ],
        ids=["MAC", "MUK", "address", "port", "version", "NTP", "no domain"],
    )
    def test_a_message_that_has_to_be_dropped_gets_none(self, with_msk, tell, verdicts, more):
        assert "fail" not in verdicts(tell(with_msk(verify=False, **more)), "MS-19")

    def test_a_replay_gets_none(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK, counter=1, verify=False)
        story.linger(5)
        assert verdicts(tell(story), "MS-19") == ["pass"]

    def test_a_muk_that_is_not_known(self, with_msk, tell, verdicts, keep):
        story = keep(with_msk(verify=False), ("ue", "bm_sc"))
        assert verdicts(tell(story, ""), "MS-19") == ["inconc"]

    def test_one_csb_id_for_all_ues(self, tell, failed):
        """Two UEs, both asked before the first answers."""
        story = Story.registered_by_http(ues=2)
        start = story.now
        for n, ue in enumerate(story.ues):
            story.now = start + n * 2 * MS
            story.msk(ue, csb_id=7)
        story.linger(5)
        assert failed(tell(story)) == set()

    def test_one_csb_id_for_all_messages_of_a_ue(self, tell, failed):
        story = Story.registered_by_http()
        start = story.now
        for n, msk_id in enumerate((FIRST_MSK, OTHER_GROUP)):
            story.now = start + n * 2 * MS
            story.msk(msk_id=msk_id, csb_id=7)
        story.linger(5)
        assert failed(tell(story)) == set()

    def test_of_two_messages_with_one_csb_id_one_is_not_answered(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(csb_id=7)
        story.msk(msk_id=OTHER_GROUP, csb_id=7, verify=False)
        story.linger(5)
        assert sorted(verdicts(tell(story), "MS-19")) == ["fail", "pass"]

    def test_each_probe_saw_one_of_the_two(self, tell_merged, failed):
        """The clock of the probe near the UE is ahead: the answer seems to come before the question."""
        story = Story.registered_by_http()
        story.msk()
        answer = story.tape.packets.pop()
        story.linger(5)
        analysis = tell_merged([story.tape.sorted(), [(answer[0] - 200 * MS, answer[1])]], story.keyring())
        assert failed(analysis) == set()
        assert [run.outcome for _, run in analysis.runs if run.procedure.kind == "msk-delivery"] == ["success"]


class TestUnasked:
    def test_an_answer_to_v_1_is_asked_for(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk()), "MS-20") == []

    def test_nothing_said_is_right(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(v=False)), "MS-20") == ["pass"]

    def test_its_question_may_be_from_before_the_capture(self, begun_late, tell, verdicts):
        story = begun_late()
        answer = next(p for p in story.tape.packets if p[1][43] == mikey.VERIFICATION)
        story.tape.packets = [p for p in story.tape.packets if p[0] >= answer[0]]
        analysis = tell(story)
        assert len(analysis.story.traffic.mikey) == 1
        assert verdicts(analysis, "MS-20") == verdicts(analysis, "MS-21") == []


class TestVerificationRepeats:
    @pytest.mark.parametrize(
        "verify",
        [
            {"t": 7},
            {"shown_idr": "other@bsf.home1.net"},
            {"arrange": lambda payloads: payloads[:1]},
            {"arrange": lambda payloads: payloads[1:]},
        ],
        ids=["another counter", "another IDr", "no IDr", "no T"],
    )
    def test_what_was_sent(self, with_msk, tell, verdicts, verify):
        assert verdicts(tell(with_msk(verify=verify)), "MS-21") == ["fail"]

    def test_another_address(self, with_msk, tell, verdicts):
        moved = with_msk(edits={"verification": Edit(src="10.1.0.77")})
        assert verdicts(tell(moved), "MS-21") == ["fail"]

    def test_the_counter_of_any_retransmission(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(verify=False, csb_id=7)
        story.msk(csb_id=7, verify={"t": 1})
        assert "fail" not in verdicts(tell(story), "MS-21")


class TestVerificationMac:
    def test_needs_the_muk(self, with_msk, tell, verdicts, keep):
        assert verdicts(tell(keep(with_msk(), ("ue", "bm_sc")), ""), "MS-22") == ["inconc"]

    def test_nothing_to_check(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(v=False)), "MS-22") == []


LATE = {"verification": Edit(delay=40)}
LOST = {"verification": Edit(drop=True)}


class TestSentAgain:
    def test_answered_at_once_nothing_is_to_be_sent(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk()), "MS-23") == []

    def test_where_no_answer_is_asked_for(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(v=False)
        story.linger(40)
        assert verdicts(tell(story), "MS-23") == []

    def test_with_the_next_counter(self, sample, verdicts):
        assert verdicts(sample("verification_lost"), "MS-23") == ["pass"]

    def test_an_answer_after_half_a_minute_is_none(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(edits=LATE)), "MS-23") == ["fail"]

    def test_never_answered(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.linger(31)
        assert verdicts(tell(story), "MS-23") == ["fail"]

    def test_with_the_counter_of_before_it_is_a_replay(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.wait(2)
        story.msk(counter=1, edits=LOST)
        story.linger(40)
        analysis = tell(story)
        assert verdicts(analysis, "MS-23") == []
        assert verdicts(analysis, "MS-12") == ["fail"]

    def test_the_capture_ends_too_early(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.linger(29)
        assert verdicts(tell(story), "MS-23") == ["inconc"]

    def test_the_next_counter_tells_of_one_that_is_not_in_the_capture(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.wait(40)
        story.msk(msk_id=OTHER_GROUP, counter=3)
        story.linger(5)
        assert verdicts(tell(story), "MS-23") == ["inconc"]

    def test_or_that_there_was_none(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.wait(40)
        story.msk(msk_id=OTHER_GROUP)
        story.linger(5)
        assert verdicts(tell(story), "MS-23") == ["fail"]

    def test_a_probe_of_one_direction(self, begun_late, tell, verdicts):
        story = begun_late(verify=False)
        ue = bytes(map(int, story.ue.ip.split(".")))
        story.tape.packets = [(time, packet) for time, packet in story.tape.packets if packet[26:30] != ue]
        story.tape.add_udp(story.now + 40 * 10**9, story.addresses.bm_sc, 9, story.addresses.scf, 9, b"later")
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-23") == ["inconc"]

    @pytest.mark.parametrize("step", ["deregister", "msk_request", "newer"])
    def test_there_is_no_more_reason_to(self, tell, verdicts, step):
        story = Story.registered_by_http()
        story.msk(edits=LOST)
        story.wait(5)
        if step == "newer":
            story.msk(msk_id=SECOND_MSK)
        else:
            getattr(story, step)()
        story.linger(40)
        assert verdicts(tell(story), "MS-23") == []


def renamed(rand=None, key=None, early=True, **more):
    """The second MSK is the first under another ID, or has a RAND or key of its own."""
    story = Story.registered_by_http(**more)
    story.msk()
    story.wait(0.2)
    story.mtk(times=2)
    old = story.msks[FIRST_MSK]
    used = {"key": key or old.key, "rand": rand or old.rand}
    if early:
        story.mtk(SECOND_MSK, 1, msk_key=used["key"], rand=used["rand"], counter=old.counter + 1)
    story.msk(msk_id=SECOND_MSK, **used)
    story.mtk(SECOND_MSK, 2, msk_key=used["key"], rand=used["rand"], counter=old.counter + 2)
    return story


class TestNothingDecodesBefore:
    @pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "missed_update"])
    def test_in_good_stories(self, sample, verdicts, name):
        assert set(verdicts(sample(name), "MS-24")) == {"pass"}

    def test_an_msk_in_name_only(self, tell, verdicts):
        assert verdicts(tell(renamed()), "MS-24") == ["pass", "fail"]

    @pytest.mark.parametrize("more", [{"rand": b"\5" * 16}, {"key": b"\5" * 16}], ids=["RAND", "key"])
    def test_another_rand_or_key_does_not_open(self, tell, verdicts, more):
        assert verdicts(tell(renamed(**more)), "MS-24") == ["pass", "pass"]

    def test_sent_only_afterwards(self, tell, verdicts):
        assert verdicts(tell(renamed(early=False)), "MS-24") == ["pass", "pass"]

    def test_keys_are_needed(self, tell, verdicts, keep):
        story = keep(renamed(), ("ue", "bm_sc"), ("bm_sc", "group"))
        assert verdicts(tell(story, ""), "MS-24") == ["pass", "inconc"]

    def test_it_may_have_been_delivered_before_the_capture(self, tell, verdicts):
        story = renamed()
        story.cut(1.5)
        assert "fail" not in verdicts(tell(story, story.keyring(runs=True)), "MS-24")

    def test_nothing_is_sent_under_it(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk()), "MS-24") == []

    def test_the_first_msk_of_a_ue_that_joins_late(self, tell, verdicts):
        story = Story.registered_by_http(ues=2)
        one, other = story.ues
        story.msk(one)
        story.mtk(times=3)
        story.msk(other)
        assert verdicts(tell(story), "MS-24") == ["pass", "pass"]


class TestOldMuk:
    def test_silence_is_right(self, with_msk, tell, verdicts):
        story = with_msk()
        old = story.ue.last.b_tid
        story.bootstrap()
        story.msk(msk_id=SECOND_MSK, b_tid=old, verify=False)
        story.linger(5)
        analysis = tell(story)
        assert verdicts(analysis, "MS-26") == ["pass"]
        assert "fail" not in verdicts(analysis, "MS-19")

    def test_nobody_knows_of_bootstrappings_before_the_capture(self, begun_late, tell, verdicts):
        story = begun_late()
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-26") == []


class TestPull:
    def test_a_re_invite_answers(self, tell, verdicts):
        assert verdicts(tell(pulled()), "MS-28") == ["pass"]

    def test_an_msk_request_answers(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        story.pull()
        story.msk_request(pairs=((KEY_DOMAIN, FIRST_MSK[:2] + b"\0\0"),))
        assert verdicts(tell(story), "MS-28") == ["pass"]

    def test_late_is_a_fault(self, tell, verdicts):
        assert verdicts(tell(pulled(wait=11)), "MS-28") == ["fail"]

    @pytest.mark.parametrize("pair", [FIRST_MSK, OTHER_GROUP[:2] + b"\0\0"], ids=["a number", "another group"])
    def test_a_request_for_something_else(self, tell, verdicts, pair):
        story = pulled(answer=False)
        story.sip("msk-request", pairs=((KEY_DOMAIN, pair),))
        assert verdicts(tell(story), "MS-28") == ["fail"]

    def test_sent_again_it_is_answered_once(self, tell, verdicts):
        story = pulled(wait=12, answer=False)
        story.pull()
        story.sip("msk-request", pairs=((KEY_DOMAIN, FIRST_MSK[:2] + b"\0\0"),))
        assert verdicts(tell(story), "MS-28") == ["pass"]

    def test_two_pulls_two_answers(self, tell, verdicts):
        story = pulled()
        story.pull()
        story.sip("msk-request", pairs=((KEY_DOMAIN, FIRST_MSK[:2] + b"\0\0"),))
        assert verdicts(tell(story), "MS-28") == ["pass", "pass"]

    def test_seen_twice_it_is_answered_once(self, tell_merged, verdicts):
        story = pulled()
        pull = next(
            p for p in story.tape.sorted() if p[1][23] == 17 and p[1][43] == mikey.PSK and p[1][51] == mikey.MAP_EMPTY
        )
        story.tape.packets.append((pull[0] + 5 * MS, pull[1]))
        analysis = tell_merged([story.tape.sorted(), [(pull[0] + 900 * MS, pull[1])]], story.keyring())
        assert verdicts(analysis, "MS-28") == ["pass"]

    def test_the_capture_ends_too_early(self, tell, verdicts):
        story = Story.begun_by_sip()
        story.msk()
        story.pull()
        story.linger(9)
        assert verdicts(tell(story), "MS-28") == ["inconc"]

    def test_where_requests_are_not_to_be_seen(self, tell, verdicts, keep):
        story = pulled(answer=False)
        keep(story, ("ue", "bm_sc"), ("ue", "bsf"))
        story.linger(1)
        assert verdicts(tell(story), "MS-28") == ["inconc"]

    @pytest.mark.parametrize("more", [{"break_mac": True}, {"counter": 1}], ids=["MAC", "replay"])
    def test_a_pull_that_has_to_be_dropped_gets_none(self, tell, verdicts, more):
        assert verdicts(tell(pulled(answer=False, **more)), "MS-28") == []
