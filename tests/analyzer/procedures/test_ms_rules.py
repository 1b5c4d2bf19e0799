"""MS rules on what anyone can read in an MSK message: other breaks than the samples', and what they leave alone."""

import pytest

from analyzer.procedures.ms_rules import later
from sample_pcaps import forge_mikey as mikey
from sample_pcaps.casebook import cases
from sample_pcaps.forge_mikey import POLICY
from sample_pcaps.forge_text import Edit
from sample_pcaps.good import http_good, sip_good
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.stage_nat import behind_nat
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns
SECOND = 10**9
OTHER_GROUP = bytes.fromhex("00020001")
CODES = (*(f"MS-{n:02}" for n in range(1, 10)), "MS-12", "MS-13", "MS-14", "MS-15")


def twice(story, after, sport=2269):
    """See each MIKEY packet of a story again a little later, as on the next interface."""
    story.tape.packets += [
        (time + after, packet) for time, packet in story.tape.packets if packet[34:36] == sport.to_bytes(2, "big")
    ]
    return story


@pytest.mark.parametrize("code", [*CODES, "MS-27"])
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    pulls = name == "sip_good"
    assert set(verdicts(sample(name), code)) == (set() if code == "MS-27" and not pulls else {"pass"})


@pytest.mark.parametrize("make", [http_good, sip_good])
def test_two_probes_with_clocks_apart_see_one_story(tell_merged, failed, make):
    story = make()
    packets = story.tape.sorted()
    later_clock = [(time + 700 * MS, packet) for time, packet in packets]
    multicast = [(time, packet) for time, packet in later_clock if packet[23] == 17]
    assert failed(tell_merged([packets, multicast], story.keyring())) == set()


@pytest.mark.parametrize("make", [http_good, sip_good])
def test_two_interfaces_of_one_capture_see_one_story(tell, failed, make):
    assert failed(tell(twice(make(), 3 * MS))) == set()


def both(edit):
    return {"request": edit, "authorized": edit}


class TestAddress:
    def test_another_port_is_a_fault(self, with_msk, tell, failed):
        assert failed(tell(with_msk(dport=2270, verify=False))) == {"MS-01"}

    def test_without_the_registration_no_address_is_wrong(self, begun_late, tell, verdicts):
        story = begun_late(dst="10.1.0.77", verify=False)
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-01") == ["pass"]

    def test_a_pull_has_to_find_the_ue_too(self, tell, verdicts):
        story = Story.begun_by_sip()
        story.msk()
        story.pull(dst=story.addresses.ues[2])
        assert "fail" in verdicts(tell(story), "MS-01")

    def test_the_last_registration_counts(self, tell, verdicts):
        """The UE has another address after a new registration from there."""
        story = Story.registered_by_http()
        story.msk()
        story.wait(5)
        story.ue.ip = story.addresses.ues[1]
        story.register()
        story.msk()
        assert verdicts(tell(story), "MS-01") == ["pass", "pass"]

    def test_a_proxy_is_not_where_the_ue_is(self, tell, verdicts):
        """A request with Via comes from a proxy; without one, the UE shows by its answer where it is."""
        forwarded = Edit(headers={"Via": "1.1 proxy.home1.net"})
        for edits, verify in ((both(forwarded), False), ({}, True)):
            story = Story.begun_by_http()
            story.register(ip="10.9.0.1", edits=edits)
            story.msk(verify=verify)
            assert verdicts(tell(story), "MS-01") == ["pass"]


class TestHeader:
    def test_another_prf(self, with_msk, tell, failed):
        assert failed(tell(with_msk(prf=1, verify=False, v=False))) >= {"MS-02"}

    def test_a_verification_is_no_msk_message(self, with_msk, tell, verdicts):
        """Its data type is 1, and nobody asks it for another."""
        assert verdicts(tell(with_msk()), "MS-02") == ["pass"]

    @pytest.mark.parametrize(
        ("more", "verdict"),
        [
            ({"download": True}, "pass"),
            ({"cs_count": 2, "map_info": mikey.srtp_id(1) + mikey.srtp_id(2)}, "fail"),
            ({"cs_count": 0, "map_info": b""}, "fail"),
        ],
        ids=["download", "two sessions", "none with a map"],
    )
    def test_sessions_and_their_map(self, with_msk, tell, verdicts, more, verdict):
        assert verdicts(tell(with_msk(**more)), "MS-03") == [verdict]

    def test_no_t_payload(self, with_msk, tell, verdicts):
        without = with_msk(arrange=lambda payloads: payloads[1:], verify=False, v=False)
        assert verdicts(tell(without), "MS-04") == ["fail"]
        assert verdicts(tell(without), "MS-12") == []


class TestRand:
    @pytest.mark.parametrize("rand", [b"\x5f" * 8, b"\x5f" * 20])
    def test_has_16_octets(self, with_msk, tell, verdicts, rand):
        assert verdicts(tell(with_msk(rand=rand)), "MS-05") == ["fail"]

    def test_is_not_left_out(self, with_msk, tell, verdicts):
        bare = with_msk(arrange=lambda payloads: [p for p in payloads if p[0] != mikey.RAND], v=False)
        assert verdicts(tell(bare), "MS-05") == ["fail"]

    def test_another_msk_has_another(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK)
        assert verdicts(tell(story), "MS-05") == ["pass", "pass"]

    def test_so_has_an_msk_of_the_same_id_in_another_domain(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(key_domain=bytes.fromhex("00f220"), rand=b"\x5f" * 16)
        assert verdicts(tell(story), "MS-05") == ["pass", "pass"]


class TestIdentities:
    def test_the_naf_id_with_its_protocol_is_no_fqdn(self, with_msk, tell, verdicts):
        named = with_msk(idi=b"bmsc.home1.net" + bytes.fromhex("0100000003"), verify=False, v=False)
        assert verdicts(tell(named), "MS-06") == ["fail"]

    def test_an_impi_is_no_b_tid(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(idr="user1", verify=False)), "MS-06") == ["fail"]

    def test_none_at_all(self, with_msk, tell, verdicts):
        bare = with_msk(arrange=lambda payloads: [p for p in payloads if p[0] != mikey.ID], v=False)
        assert verdicts(tell(bare), "MS-06") == ["fail"]

    def test_without_the_registration_any_fqdn_may_be_right(self, begun_late, tell, verdicts):
        story = begun_late(idi="other.home1.net", verify=False)
        assert verdicts(tell(story), "MS-06") == ["pass"]

    def test_the_b_tid_of_before_is_right_until_the_ue_has_registered_anew(self, with_msk, tell, verdicts):
        story = with_msk()
        old = story.ue.last.b_tid
        story.bootstrap()
        story.msk(b_tid=old, verify=False)
        assert verdicts(tell(story), "MS-07") == ["pass", "pass"]

    def test_nobody_knows_what_was_registered_before_the_capture(self, begun_late, tell, verdicts):
        story = begun_late()
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-07") == []


class TestKeyId:
    @pytest.mark.parametrize(
        "ids",
        [
            ((mikey.KEY_DOMAIN, KEY_DOMAIN),),
            ((mikey.KEY_DOMAIN, KEY_DOMAIN + b"\0"), (mikey.MSK_ID, FIRST_MSK)),
            ((mikey.KEY_DOMAIN, KEY_DOMAIN), (mikey.MSK_ID, FIRST_MSK[:2])),
        ],
        ids=["no MSK ID", "long domain", "short MSK ID"],
    )
    def test_has_both_ids_whole(self, with_msk, tell, verdicts, ids):
        assert "fail" in verdicts(tell(with_msk(ext=mikey.key_ids(*ids), v=False)), "MS-08")

    def test_the_order_of_the_ids_does_not_matter(self, with_msk, tell, verdicts):
        turned = mikey.key_ids((mikey.MSK_ID, FIRST_MSK), (mikey.KEY_DOMAIN, KEY_DOMAIN))
        assert verdicts(tell(with_msk(ext=turned)), "MS-08") == ["pass"]

    def test_null_mac(self, with_msk, tell, failed):
        assert "MS-09" in failed(tell(with_msk(mac_alg=mikey.MAC_NULL, v=False)))


class TestCounter:
    def test_retransmission_with_the_next_counter(self, tell, failed):
        story = Story.registered_by_http()
        story.msk(verify=False)
        story.wait(1)
        story.msk()
        story.linger(5)
        assert failed(tell(story)) == set()

    def test_retransmission_with_the_same_counter_is_a_replay(self, with_msk, tell, verdicts):
        again = with_msk(verify=False, v=False, edits={"msk": Edit(repeat=1)})
        assert "fail" in verdicts(tell(again), "MS-12")

    def test_a_new_b_tid_counts_anew(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK)
        story.bootstrap()
        story.register()
        story.msk(counter=1)
        assert verdicts(tell(story), "MS-12") == ["pass"] * 3

    def test_each_ue_has_its_own(self, tell, verdicts):
        story = Story.registered_by_http(ues=2)
        for ue in story.ues:
            story.msk(ue, counter=5)
        assert verdicts(tell(story), "MS-12") == ["pass", "pass"]

    def test_each_bm_sc_has_its_own(self, with_msk, tell, verdicts):
        """IDi is part of what names a MUK."""
        story = with_msk(counter=5)
        story.msk(msk_id=OTHER_GROUP, counter=1, idi="bmsc2.home1.net", verify=False, v=False)
        assert verdicts(tell(story), "MS-12") == ["pass", "pass"]

    @pytest.mark.parametrize(("one", "other", "verdict"), [(0xFFFFFFFF, 0, "pass"), (0, 0xFFFFFFFF, "fail")])
    def test_goes_round(self, with_msk, tell, verdicts, one, other, verdict):
        story = with_msk(counter=one)
        story.msk(msk_id=SECOND_MSK, counter=other, v=False)
        assert verdicts(tell(story), "MS-12") == ["pass", verdict]

    def test_serial_numbers(self):
        assert later(1, 0)
        assert not later(0, 0)
        assert not later(1 << 31, 0)  # RFC 1982 leaves this one open: it counts as a replay
        assert later((1 << 31) - 1, 0)

    def test_a_pull_counts_too(self, with_msk, tell, verdicts):
        story = with_msk(counter=5)
        story.pull(counter=5)
        assert verdicts(tell(story), "MS-12") == ["pass", "fail"]

    def test_a_replay_long_after_is_held_against_the_highest(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        replayed = story.tape.packets[-2][1]
        story.msk(msk_id=SECOND_MSK)
        story.tape.packets.append((story.now + 5 * SECOND, replayed))
        assert "fail" in verdicts(tell(story), "MS-12")

    def test_one_may_overtake_the_other_on_the_way(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(counter=2, v=False)
        story.msk(msk_id=OTHER_GROUP, counter=1, v=False)
        assert verdicts(tell(story), "MS-12") == ["pass", "inconc"]

    @pytest.mark.parametrize(("after", "verdict"), [(9 * MS, {"pass"}), (20 * MS, {"pass", "fail"})])
    def test_the_same_octets_at_once_are_one_packet(self, with_msk, tell, verdicts, after, verdict):
        story = with_msk(v=False)
        assert set(verdicts(tell(twice(story, after)), "MS-12")) == verdict

    @pytest.mark.parametrize(("apart", "verdict"), [(900 * MS, {"pass"}), (1100 * MS, {"pass", "fail"})])
    def test_in_another_capture_within_a_second(self, tell_merged, verdicts, apart, verdict):
        story = Story.registered_by_http()
        story.msk(v=False)
        time, packet = story.tape.packets[-1]
        story.msk(msk_id=SECOND_MSK, v=False)
        analysis = tell_merged([story.tape.sorted(), [(time + apart, packet)]], story.keyring())
        assert set(verdicts(analysis, "MS-12")) == verdict

    def test_a_ue_that_nobody_knows(self, tell, verdicts):
        story = Story("nobody", by_sip=False)
        story.bootstrap()
        story.tape.packets.clear()
        story.msk(arrange=lambda payloads: [p for p in payloads if p[0] != mikey.ID], v=False)
        assert verdicts(tell(story, ""), "MS-12") == []


class TestPolicy:
    def test_sp_with_an_empty_map(self, with_msk, tell, verdicts):
        def added(payloads):
            return [*payloads[:-1], (mikey.SP, mikey.policy(POLICY)), payloads[-1]]

        assert "fail" in verdicts(tell(with_msk(download=True, arrange=added)), "MS-13")

    def test_a_push_needs_none(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK, sp=None)
        assert verdicts(tell(story), "MS-13") == ["pass", "pass"]

    def test_an_msk_request_does(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk_request()
        story.msk(msk_id=SECOND_MSK, sp=None)
        assert verdicts(tell(story), "MS-13") == ["pass", "fail"]

    def test_nobody_knows_what_was_asked_before_the_capture(self, begun_late, tell, verdicts):
        story = begun_late(sp=None)
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-13") == ["pass"]

    @pytest.mark.parametrize(
        ("kind", "value", "verdict"),
        [(13, b"\0\0", "fail"), (13, b"\x01", "pass"), (6, b"\x01", "fail")],
        ids=["R of 0", "R of one octet", "key derivation rate"],
    )
    def test_roc_rate_and_derivation_rate(self, with_msk, tell, verdicts, kind, value, verdict):
        changed = [(k, value if k == kind else v) for k, v in POLICY]
        assert verdicts(tell(with_msk(sp=changed)), "MS-14") == [verdict]

    def test_nothing_to_look_at_without_sp(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(download=True)), "MS-14") == []
        assert verdicts(tell(with_msk(download=True)), "MS-15") == []

    def test_the_same_policy_written_otherwise(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK, sp=POLICY[::-1])
        assert verdicts(tell(story), "MS-15") == ["pass", "pass"]

    def test_another_key_group_may_have_another(self, with_msk, tell, verdicts):
        story = with_msk()
        story.msk(msk_id=OTHER_GROUP, sp=[(k, b"\x0a" if k == 11 else v) for k, v in POLICY])
        assert verdicts(tell(story), "MS-15") == ["pass", "pass"]

    def test_a_ue_is_not_told_otherwise_than_another(self, tell, verdicts):
        story = Story.registered_by_http(ues=2)
        story.msk(story.ues[0])
        story.msk(story.ues[1], sp=[(k, b"\x0a" if k == 11 else v) for k, v in POLICY])
        assert verdicts(tell(story), "MS-15") == ["pass", "fail"]


class TestPull:
    def test_names_the_current_key(self, tell, verdicts):
        story = Story.begun_by_sip()
        story.msk()
        story.pull(key_number=b"\0\1")
        assert verdicts(tell(story), "MS-27") == ["fail"]

    def test_a_message_with_a_key_is_none(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk()), "MS-27") == []


class TestNat:
    """UEs of which only an address of a NAT is seen."""

    def translated(self, story):
        moved = behind_nat([ue.ip for ue in story.ues], "192.0.2.1", {})
        return [(time, moved(packet)) for time, packet in story.tape.sorted()]

    def test_a_port_that_nobody_answers_from_may_be_mapped(self, tell_merged, verdicts):
        story = Story.registered_by_http()
        story.msk(v=False, verify=False)
        story.linger(3)
        assert verdicts(tell_merged([self.translated(story)], story.keyring()), "MS-01") == ["inconc"]

    def test_several_ues_may_be_there(self, tell_merged, verdicts):
        packets = self.translated(cases()["three_behind_a_nat"].tell())
        unanswered = [p for p in packets if not (p[1][23] == 17 and p[1][26:30] == bytes((192, 0, 2, 1)))]
        assert "fail" not in verdicts(tell_merged([unanswered]), "MS-01")

    @pytest.mark.parametrize("inside", [-1, 1])
    def test_a_registration_seen_on_both_sides_has_two_sources(self, tell_merged, failed, inside):
        story = cases()["msk_without_acknowledgement"].tell()
        near = [(time + inside * 300_000, packet) for time, packet in story.tape.sorted()]
        assert failed(tell_merged([self.translated(story), near], story.keyring())) == set()

    def test_an_msk_of_a_ue_that_nothing_else_is_seen_of_is_not_the_others(self, tell_merged, verdicts):
        """The capture begins when the first UE has registered: its B-TID is in MIKEY alone."""
        story = Story.begun_by_http(ues=2)
        first, second = story.ues
        story.register(first)
        begun = story.now
        story.register(second)
        for ue in story.ues:
            story.msk(ue)
        story.linger(3)
        later = [packet for packet in self.translated(story) if packet[0] > begun]
        found = verdicts(tell_merged([later], story.keyring(runs=True)), "MS-07")
        assert "inconc" in found
        assert "fail" not in found
