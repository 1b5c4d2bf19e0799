"""SI rules on the INVITE: what they pass, what they leave alone, and what they cannot tell."""

import pytest

from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

CODES = ("SI-01", "SI-02", "SI-03", "SI-04", "SI-05", "SI-07", "SI-17")
UNICAST = "10.9.9.9"


def invited(**more):
    story = Story("invite", by_sip=False)
    story.bootstrap()
    story.invite(**more)
    return story


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert set(verdicts(sample("http_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", ["SI-03", "SI-05", "SI-07"])
def test_passes_in_the_sip_variant(sample, verdicts, code):
    assert set(verdicts(sample("sip_good"), code)) == {"pass"}


@pytest.mark.parametrize("code", ["SI-01", "SI-02", "SI-04"])
def test_is_of_the_http_variant_alone(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


class TestLegs:
    def test_behind_the_p_cscf_nobody_asks_for_a_preferred_identity(self, tell, keep, verdicts):
        analysis = tell(keep(invited(), ("p_cscf", "scf")))
        assert verdicts(analysis, "SI-02") == verdicts(analysis, "SI-04") == []
        assert verdicts(analysis, "SI-03") == ["pass"]

    def test_before_it_nobody_asks_for_an_asserted_one(self, tell, keep, verdicts):
        analysis = tell(keep(invited(), ("ue", "p_cscf")))
        assert verdicts(analysis, "SI-02") == ["pass"]
        assert verdicts(analysis, "SI-03") == []

    def test_an_answer_that_is_missing_is_not_compared(self, tell, verdicts):
        edits = dict.fromkeys(("isc-ok", "gm-ok", "gm-ack", "isc-ack"), Edit(drop=True))
        assert verdicts(tell(invited(edits=edits)), "SI-07") == []


class TestService:
    def test_a_body_that_cannot_be_read_leaves_it_open(self, tell, verdicts):
        cut = Edit(headers={"Content-Length": "9999"})
        analysis = tell(invited(services=(), posted_services=(NEWS,), edits={"gm-invite": cut, "isc-invite": cut}))
        assert verdicts(analysis, "SI-01") == ["inconc"]

    def test_iptv_over_multicast_is_no_mbms(self, tell, verdicts):
        """ETSI TS 183 063 sets up broadcast television by INVITE with multicast addresses too."""
        tispan = Edit(
            mutate=lambda octets: octets.replace(b"a=mbms_service:" + NEWS.encode(), b"a=bc_service:b1              ")
        )
        analysis = tell(invited(authorize="never", edits={"gm-invite": tispan, "isc-invite": tispan}))
        assert not [run for _, run in analysis.runs if run.procedure.kind == "http-initiation"]


class TestIdentity:
    def test_the_name_of_an_early_draft_is_taken(self, tell, verdicts):
        renamed = Edit(headers={"P-Preferred-Identity": None, "P-Intended-Identity": "<sip:user1@home1.net>"})
        assert verdicts(tell(invited(edits={"gm-invite": renamed})), "SI-02") == ["pass"]

    def test_whoever_hides_need_not_be_asserted(self, tell, verdicts):
        hidden = Edit(headers={"P-Asserted-Identity": None, "Privacy": "id"})
        assert verdicts(tell(invited(edits={"isc-invite": hidden})), "SI-03") == ["pass"]

    def test_none_at_all_is_a_fault(self, tell, verdicts):
        none = Edit(headers={"P-Asserted-Identity": None})
        assert verdicts(tell(invited(edits={"isc-invite": none})), "SI-03") == ["fail"]


class TestAddress:
    @pytest.mark.parametrize(
        "to",
        ["sip:news@MBMS.home1.net", "sip:news@mbms.home1.net;transport=udp", "sip:%6eews@mbms.home1.net"],
        ids=["case of the host", "parameters", "escapes"],
    )
    def test_the_same_uri_written_otherwise_is_the_same(self, tell, verdicts, to):
        assert verdicts(tell(invited(to=to)), "SI-04") == ["pass"]

    def test_a_number_cannot_be_compared_with_a_name(self, tell, verdicts):
        assert verdicts(tell(invited(to="tel:+15551234")), "SI-04") == ["inconc"]


class TestOffer:
    def test_a_host_name_is_no_unicast_address(self, tell, verdicts):
        named = Edit(mutate=lambda octets: octets.replace(b"IP4 239.1.2.3/127", b"IP4 news.home.net"))
        analysis = tell(invited(edits={"gm-invite": named, "isc-invite": named}))
        assert verdicts(analysis, "SI-05") == ["pass"]
        assert verdicts(analysis, "SI-06") == []

    @pytest.mark.parametrize(("direction", "verdict"), [("recvonly", "pass"), ("inactive", "fail")])
    def test_looks_at_the_direction(self, tell, verdicts, direction, verdict):
        assert verdicts(tell(invited(direction=direction)), "SI-05") == [verdict]

    def test_a_download_has_another_direction(self, tell, verdicts):
        download = Edit(
            mutate=lambda octets: octets.replace(b"a=mbms_service:" + NEWS.encode(), b"a=mbms_download_service:n1")
        )
        both = dict.fromkeys(("gm-invite", "isc-invite", "isc-ok", "gm-ok"), download)
        size = len(b"a=mbms_download_service:n1") - len(b"a=mbms_service:" + NEWS.encode())
        assert size < 0  # the body gets shorter: blank lines make up for it
        padded = {
            name: Edit(mutate=lambda octets, edit=edit: edit.changed(octets) + b"\r\n" * 8)
            for name, edit in both.items()
        }
        analysis = tell(invited(direction="sendrecv", answer_direction="recvonly", edits=padded))
        assert verdicts(analysis, "SI-05") == verdicts(analysis, "SI-07") == ["pass"]


class TestForbidden:
    @pytest.mark.parametrize(
        ("status", "verdict"),
        [
            ("403 Forbidden", "pass"),
            ("488 Not Acceptable Here", "fail"),
            ("408 Request Timeout", "pass"),  # says nothing of what the SCF thinks
        ],
    )
    def test_what_answers_a_unicast_offer(self, tell, verdicts, status, verdict):
        analysis = tell(invited(group=UNICAST, authorize="never", status=status))
        assert verdicts(analysis, "SI-06") == [verdict]
        assert verdicts(analysis, "SI-05") == ["fail"]

    def test_without_an_answer_it_cannot_be_told(self, tell, verdicts):
        edits = dict.fromkeys(("isc-ok", "gm-ok", "gm-ack", "isc-ack"), Edit(drop=True))
        analysis = tell(invited(group=UNICAST, authorize="never", status="403 Forbidden", edits=edits))
        assert verdicts(analysis, "SI-06") == ["inconc"]


class TestAfterTheSession:
    def test_other_sessions_may_go_on(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk()
        story.bye()
        story.invite()
        story.wait(120)
        story.msk(v=False)
        assert "fail" not in verdicts(tell(story), "SI-17")


class TestAnnounced:
    def test_nothing_announced_is_nothing_to_follow(self, sample, verdicts):
        assert verdicts(sample("http_good"), "SI-18") == []

    def test_each_ue_by_what_it_was_told(self, sample, verdicts):
        assert sorted(verdicts(sample("http_where_sip_is_announced"), "SI-18")) == ["fail", "pass"]
