"""RG rules on the form of requests and answers, and on what joins them to a registration."""

import pytest

from sample_pcaps.forge_text import Edit, service_statuses_xml
from sample_pcaps.stage import KEY_DOMAIN, NEWS
from sample_pcaps.story import Story
from sample_pcaps.story_ua import CURRENT

CODES = ("RG-01", "RG-02", "RG-03", "RG-05", "RG-06", "RG-09", "RG-14", "RG-15", "RG-16", "RG-17")
SPORT = "urn:home1.net:mbms:sport"
OTHER = "bmsc2.home1.net"


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("http_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", CODES)
def test_is_not_of_the_sip_variant(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_held_against_a_capture_that_begins_late(sample, verdicts, code):
    assert set(verdicts(sample("mid_capture"), code)) <= {"pass"}


class TestForm:
    def test_may_have_more_parameters_and_a_base(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(path="/base/keymanagement", requesttype="register&lang=en")
        assert verdicts(tell(story), "RG-01") == ["pass"]

    def test_may_have_parameters_of_its_content_type(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(content_type="application/mbms-register+xml; charset=utf-8")
        assert verdicts(tell(story), "RG-01") == ["pass"]

    def test_needs_a_service(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(services=())
        assert verdicts(tell(story), "RG-01") == ["fail"]

    def test_of_a_body_that_is_cut_is_open(self, tell, verdicts):
        story = Story.begun_by_http()
        cut = Edit(body="<mbmsSecurityRegister><serviceID>urn:")
        story.register(edits={"request": cut, "authorized": cut})
        assert verdicts(tell(story), "RG-01") == ["inconc"]

    @pytest.mark.parametrize("pair", [(KEY_DOMAIN[:2], CURRENT), (KEY_DOMAIN, CURRENT[:3])])
    def test_of_an_msk_name_is_3_and_4_octets(self, tell, verdicts, pair):
        story = Story.registered_by_http()
        story.msk_request(pairs=(pair,), statuses={pair: 400})
        assert verdicts(tell(story), "RG-09") == ["fail"]


class TestAnswer:
    @pytest.mark.parametrize("code", ["RG-02", "RG-06"])
    def test_that_refuses_is_not_looked_at(self, tell, verdicts, code):
        story = Story.begun_by_http()
        story.register(status="503 Service Unavailable", edits={"answer": Edit(headers={"Retry-After": "5"})})
        story.deregister(status="403 Forbidden")
        assert verdicts(tell(story), code) == []

    def test_has_no_status_that_nobody_asked_for(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(edits={"answer": Edit(body=service_statuses_xml({NEWS: 200, SPORT: 200}))})
        assert verdicts(tell(story), "RG-02") == ["fail"]

    def test_that_is_cut_is_open(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(edits={"answer": Edit(body="<mbmsSecurityRegisterResponse><Response>")})
        assert verdicts(tell(story), "RG-02") == ["inconc"]


class TestStatus:
    @pytest.mark.parametrize(("status", "verdict"), [("504 Gateway Timeout", "pass"), ("406 Not Acceptable", "fail")])
    def test_of_the_line(self, tell, verdicts, status, verdict):
        story = Story.begun_by_http()
        story.register(status=status)
        assert verdicts(tell(story), "RG-15") == [verdict]

    @pytest.mark.parametrize(("status", "verdict"), [(403, "pass"), (410, "fail")])
    def test_of_an_item(self, tell, verdicts, status, verdict):
        story = Story.begun_by_http()
        story.register(statuses={NEWS: status})
        assert verdicts(tell(story), "RG-15") == [verdict]

    def test_of_a_proxy_is_none_of_the_bm_sc(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(status="502 Bad Gateway", edits={"answer": Edit(headers={"Via": "1.1 proxy.home1.net"})})
        assert verdicts(tell(story), "RG-15") == ["pass"]


class TestServer:
    def test_is_not_known_without_the_registration(self, tell, verdicts):
        story = Story.registered_by_http()
        story.at(10)
        story.deregister(host=OTHER)
        story.cut(5)
        assert verdicts(tell(story), "RG-03") == []

    def test_of_a_port_of_its_own_is_the_same(self, tell, verdicts):
        story = Story.registered_by_http()
        story.deregister(host="BMSC.home1.net:8080")
        assert verdicts(tell(story), "RG-03") == ["pass"]

    def test_of_an_msk_is_the_one_that_delivered_it(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        story.msk_request(host=OTHER)
        assert verdicts(tell(story), "RG-03") == ["fail"]

    def test_of_an_unknown_key_group_is_not_known(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        story.msk_request(host=OTHER, pairs=((KEY_DOMAIN, bytes.fromhex("00090000")),))
        assert verdicts(tell(story), "RG-03") == []


class TestLost:
    """What looks like another server or address may be a registration that the capture does not show."""

    def again(self, **more):
        """The UE registers anew in a connection of which the first packets are missing."""
        story = Story.registered_by_http()
        story.msk()
        begun = len(story.tape.packets)
        story.register(**more)
        packets = story.tape.packets[:begun]
        story.tape.packets = packets + [p for p in story.tape.packets[begun:] if b"POST" not in p[1]]
        story.msk_request(**more)
        return story

    def test_registration_from_the_new_address(self, tell, verdicts):
        assert verdicts(tell(self.again(ip="10.1.0.13")), "RG-14") == ["inconc"]

    def test_registration_at_the_other_server(self, tell, verdicts):
        assert verdicts(tell(self.again(host=OTHER)), "RG-03") == ["inconc"]


class TestAddress:
    def test_of_a_new_registration_is_right(self, tell, verdicts):
        story = Story.registered_by_http()
        story.register(ip=story.addresses.ues[2])
        story.deregister(ip=story.addresses.ues[2])
        assert verdicts(tell(story), "RG-14") == ["pass"]

    def test_of_a_proxy_says_nothing(self, tell, verdicts):
        forwarded = Edit(headers={"Via": "1.1 proxy.home1.net"})
        story = Story.registered_by_http()
        story.deregister(ip="10.9.0.1", edits={"request": forwarded, "authorized": forwarded})
        assert verdicts(tell(story), "RG-14") == ["pass"]


class TestDigest:
    def test_of_an_unknown_key_says_nothing_of_the_body(self, tell, keep, verdicts):
        story = Story.registered_by_http()
        assert verdicts(tell(keep(story, ("ue", "bm_sc")), keyring=""), "RG-16") == []

    def test_that_leaves_out_the_body_is_a_fault_of_its_own(self, tell, verdicts):
        """A UE that says auth-int and computes as for auth fails with every key."""
        story = Story.begun_by_http()
        said = Edit(claim={"qop": "auth-int"})
        story.register(qop="auth", edits={"authorized": said}, status="400 Bad Request")
        analysis = tell(story)
        assert verdicts(analysis, "RG-16") == ["fail"]

    def test_with_a_wrong_key_says_nothing_of_the_body(self, sample, verdicts):
        assert "fail" not in verdicts(sample("wrong_digest"), "RG-16")


class TestZn:
    def test_that_was_asked_before_is_not_asked_again(self, tell, verdicts):
        story = Story.registered_by_http()
        story.deregister()
        assert verdicts(tell(story), "RG-17") == ["pass"]

    def test_that_was_not_captured_is_not_missing(self, tell, keep, verdicts):
        assert verdicts(tell(keep(Story.registered_by_http(), ("ue", "bm_sc"))), "RG-17") == []

    def test_for_another_ue_meanwhile_is_none_of_this(self, tell, verdicts):
        story = Story("meanwhile", by_sip=False, ues=2)
        one, other = story.ues
        for ue in story.ues:
            story.bootstrap(ue)
            story.invite(ue)
        at = story.now
        story.register(one)
        story.now = at + 1_000_000
        story.register(other)
        assert verdicts(tell(story), "RG-17") == ["pass", "pass"]

    def test_for_the_b_tid_of_another_ue_is_a_fault(self, tell, verdicts):
        story = Story("mixed up", by_sip=False, ues=2)
        one, other = story.ues
        for ue in story.ues:
            story.bootstrap(ue)
            story.invite(ue)
        story.register(one)
        story.register(other, zn={"b_tid": one.last.b_tid})
        assert verdicts(tell(story), "RG-17") == ["pass", "fail"]

    def test_of_a_ue_that_bootstrapped_before_the_capture_is_not_judged(self, tell, verdicts):
        """The BM-SC may have its keys already, and ask for somebody whose request is not seen."""
        story = Story.begun_by_http()
        story.at(10)
        story.register(zn={"b_tid": "b3RoZXI=@bsf.home1.net"})
        story.cut(5)
        assert verdicts(tell(story), "RG-17") == ["pass"]
