"""SB rules on POSTs and their answers: what the SCF says to the BM-SC, in any of its spellings."""

from dataclasses import replace

import pytest

from sample_pcaps.forge_text import Edit, service_statuses_xml
from sample_pcaps.stage import KEY_DOMAIN, NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK
from sample_pcaps.story_sip import KEY_INFO_TYPE

CODES = ("SB-07", "SB-08", "SB-11", "SB-12", "SB-15", "SB-17", "SB-23")
SPORT = "urn:x:sport"  # short: the INVITE has to fit into one packet


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("sip_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_http_variant(sample, verdicts, code):
    assert verdicts(sample("http_good"), code) == []


@pytest.mark.parametrize("code", CODES)
def test_says_nothing_of_a_leg_that_was_not_captured(begun, tell, keep, verdicts, code):
    story = begun()
    story.sip("msk-request")
    story.sip("deregister")
    story.linger(12)
    assert verdicts(tell(keep(story, ("ue", "p_cscf"), ("p_cscf", "scf"), ("scf", "bsf"))), code) == []


class TestRefused:
    def test_before_the_post_is_right(self, begun, tell, verdicts):
        assert verdicts(tell(begun(post="never", status="403 Forbidden")), "SB-06") == ["pass"]

    def test_because_the_bm_sc_refused_is_right(self, begun, tell, verdicts):
        story = begun(statuses={NEWS: 403}, status="403 Forbidden")
        assert verdicts(tell(story), "SB-06") == ["pass"]

    def test_for_other_reasons_is_not_looked_at(self, begun, tell, verdicts):
        assert verdicts(tell(begun(status="487 Request Terminated")), "SB-06") == []


class TestForm:
    def test_of_the_request_line(self, begun, tell, verdicts):
        line = "POST {} HTTP/1.1"
        for uri, verdict in (
            ("/keymanagement?requesttype=sip-based-register", "pass"),
            ("http://bmsc.home1.net/base/keymanagement?x=1&requesttype=sip-based-register", "pass"),
            ("/keymanagement?requesttype=%20sip-based-register", "pass"),
            ("/keymanagement?requesttype=sip-based-deregister", "fail"),
            ("/other?requesttype=sip-based-register", "fail"),
        ):
            story = begun(edits={"post": Edit(line=line.format(uri))})
            assert verdicts(tell(story), "SB-07") == [verdict], uri


class TestContents:
    @pytest.mark.parametrize("element", ["ue_ip", "muk", "lifetime", "b_tid", "naf_fqdn"])
    def test_are_all_needed(self, begun, tell, verdicts, element):
        assert verdicts(tell(begun(key_info={element: None})), "SB-08") == ["fail"]

    def test_without_any_key_data_are_a_fault(self, begun, tell, verdicts):
        assert verdicts(tell(begun(key_info=False)), "SB-08") == ["fail"]

    def test_of_another_b_tid_are_a_fault(self, begun, tell, verdicts):
        assert verdicts(tell(begun(key_info={"b_tid": "b3RoZXI=@bsf.home1.net"})), "SB-08") == ["fail"]

    def test_for_another_service_are_a_fault(self, begun, tell, verdicts):
        assert verdicts(tell(begun(posted_services=(NEWS, SPORT))), "SB-08") == ["fail"]

    def test_that_are_cut_leave_it_open(self, begun, tell, verdicts):
        def cut(parts):
            return [(kind, octets[:60] if kind == KEY_INFO_TYPE else octets) for kind, octets in parts]

        assert verdicts(tell(begun(post_parts=cut)), "SB-08") == ["inconc"]


class TestAddress:
    @pytest.mark.parametrize("address", ["10.1.0.11", "http://10.1.0.11/", "::ffff:10.9.9.9"])
    def test_is_compared_however_it_is_written(self, begun, tell, verdicts, address):
        expected = "pass" if "10.1.0.11" in address else "fail"
        assert verdicts(tell(begun(key_info={"ue_ip": address})), "SB-11") == [expected]

    def test_behind_a_nat_is_either_of_both(self, begun, tell, verdicts):
        """The UE writes its own address into Contact and Via; the packet comes from that of the NAT."""
        natted = Edit(src="192.0.2.7")
        for address in ("10.1.0.11", "192.0.2.7"):
            story = begun(key_info={"ue_ip": address}, edits={"gm-invite": natted})
            assert verdicts(tell(story), "SB-11") == ["pass"]

    def test_in_brackets_is_an_ipv6_address(self, tell, verdicts):
        story = Story("six", by_sip=True, ipv6=True)
        story.bootstrap()
        story.sip("register", key_info={"ue_ip": f"[{story.ue.ip}]"})
        assert verdicts(tell(story), "SB-11") == ["pass"]


class TestStatuses:
    @pytest.mark.parametrize(
        ("answered", "verdict"),
        [({NEWS: 200, SPORT: 403}, "pass"), ({NEWS: 200}, "fail"), ({NEWS: 200, SPORT: 200, "urn:x": 200}, "fail")],
        ids=["each", "one less", "one more"],
    )
    def test_are_one_for_each_service(self, begun, tell, verdicts, answered, verdict):
        told = service_statuses_xml(answered)
        story = begun(
            services=(NEWS, SPORT),
            edits={"post-answer": Edit(body=told)},
            ok_parts=lambda parts: [parts[0], (parts[1][0], told)],
        )
        assert verdicts(tell(story), "SB-12") == [verdict]
        assert verdicts(tell(story), "SB-13") == ["pass"]

    def test_of_an_error_are_not_asked_for(self, begun, tell, verdicts):
        story = begun(post_status="503 Service Unavailable", status="500 Server Internal Error")
        assert verdicts(tell(story), "SB-12") == ["pass"]


class TestDeregistration:
    def test_with_a_new_key_may_carry_it(self, begun, tell, verdicts):
        story = begun()
        story.at(300)
        story.bootstrap()
        story.sip("deregister")
        assert verdicts(tell(story), "SB-15") == ["pass"]

    def test_as_a_registration_is_a_fault(self, begun, tell, verdicts):
        story = begun()
        story.sip("deregister", requesttype="sip-based-register")
        assert verdicts(tell(story), "SB-15") == ["fail"]


class TestMskRequest:
    def test_lost_on_the_way_is_a_fault(self, begun, tell, verdicts):
        story = begun()
        pairs = ((KEY_DOMAIN, FIRST_MSK), (KEY_DOMAIN, SECOND_MSK))
        story.sip("msk-request", pairs=pairs, posted_pairs=pairs[:1])
        assert verdicts(tell(story), "SB-17") == ["fail"]

    def test_with_statuses_of_its_own_is_right(self, begun, tell, verdicts):
        story = begun()
        pairs = ((KEY_DOMAIN, FIRST_MSK), (KEY_DOMAIN, SECOND_MSK))
        story.sip("msk-request", pairs=pairs, statuses={pairs[1]: 403})
        assert verdicts(tell(story), "SB-17") == ["pass"]

    def test_before_a_deregistration_is_granted_rightly(self, begun, tell, verdicts):
        story = begun()
        story.sip("msk-request")
        story.sip("deregister")
        assert verdicts(tell(story), "SB-23") == ["pass", "pass"]


class TestRegistered:
    def test_ue_leaves_once(self, begun, tell, verdicts):
        story = begun()
        story.sip("deregister")
        story.wait(1)
        story.sip("deregister")
        assert verdicts(tell(story), "SB-23") == ["pass", "fail"]

    def test_ue_may_come_back(self, begun, tell, verdicts):
        story = begun()
        story.sip("deregister")
        story.sip("register")
        story.sip("msk-request")
        assert verdicts(tell(story), "SB-23") == ["pass", "pass"]


class TestMukOnItsWay:
    def posted(self, **addresses):
        story = Story("way", by_sip=True)
        story.addresses = replace(story.addresses, **addresses)
        story.bootstrap()
        story.sip("register")
        return story

    def test_in_esp_is_safe(self, sample, verdicts):
        assert verdicts(sample("posts_in_esp"), "SB-22") == ["pass"]

    @pytest.mark.parametrize("addresses", [{"bm_sc": "203.0.113.1"}, {"scf": "198.51.100.1"}])
    def test_in_the_clear_between_public_addresses_is_not(self, tell, verdicts, addresses):
        assert verdicts(tell(self.posted(**addresses)), "SB-22") == ["fail"]

    @pytest.mark.parametrize("address", ["10.4.0.9", "172.31.0.1", "192.168.0.1", "100.127.255.1", "169.254.1.1"])
    def test_inside_of_one_network_cannot_be_told(self, tell, verdicts, address):
        assert verdicts(tell(self.posted(bm_sc=address)), "SB-22") == ["inconc"]

    def test_over_ipv6_cannot_be_told(self, tell, verdicts):
        """Operators use public addresses of IPv6 inside of their networks too."""
        story = Story("way", by_sip=True, ipv6=True)
        story.bootstrap()
        story.sip("register")
        assert verdicts(tell(story), "SB-22") == ["inconc"]

    def test_is_not_of_a_post_without_one(self, sample, verdicts):
        assert verdicts(sample("http_good"), "SB-22") == []
