"""DG rules on the digest of Ua: what they pass, what they leave alone, and what they cannot tell."""

import pytest

from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

CODES = ("DG-01", "DG-03", "DG-04", "DG-05", "DG-06", "DG-07", "DG-15", "DG-16", "DG-17")
WRONG = made_up("wrong password", 16).hex().encode()


def registered(**more):
    story = Story.begun_by_http()
    story.register(**more)
    return story


def both(edit):
    """The same deviation in the request that is refused and in the one that is not."""
    return {"request": edit, "authorized": edit}


@pytest.mark.parametrize("code", [*CODES, "DG-02"])
@pytest.mark.parametrize("name", ["http_good", "two_ues", "ipv6", "missed_update"])
def test_passes_on_the_good_stories(sample, verdicts, name, code):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", [*CODES, "DG-02"])
def test_is_not_of_the_sip_variant(sample, verdicts, code):
    assert verdicts(sample("sip_good"), code) == []


@pytest.mark.parametrize("code", ["DG-02", "DG-04", "DG-17"])
def test_what_was_before_the_capture_is_not_judged(sample, verdicts, code):
    assert verdicts(sample("mid_capture"), code) == []


@pytest.mark.parametrize("seconds", [0.01, 0.03, 0.1, 0.25, 0.27, 0.3, 0.35, 0.37, 0.38, 0.39, 0.4, 0.41])
def test_a_cut_is_nobodys_fault(tell, failed, seconds):
    story = Story.registered_by_http()
    story.msk_request()
    story.linger(25)
    story.cut(seconds)
    assert failed(tell(story)) & {*CODES, "DG-02", "DG-08", "DG-11", "DG-12"} == set()


class TestUserAgent:
    @pytest.mark.parametrize("token", ["3gpp-gba", "3gpp-gba-uicc", "3gpp-gba-digest"])
    def test_any_token_will_do(self, tell, verdicts, token):
        assert verdicts(tell(registered(user_agent=f"ue/1.0 {token}")), "DG-01") == ["pass"]

    def test_none_at_all(self, tell, verdicts):
        assert verdicts(tell(registered(user_agent=None)), "DG-01") == ["fail"]


class TestRealm:
    def test_of_uicc_keys(self, tell, verdicts):
        analysis = tell(registered(realm="3GPP-bootstrapping-uicc@bmsc.home1.net"))
        assert [verdicts(analysis, code) for code in ("DG-02", "DG-03")] == [["pass"], ["pass"]]

    def test_the_case_of_a_name_does_not_matter(self, tell, verdicts):
        assert verdicts(tell(registered(realm="3GPP-bootstrapping@BMSC.home1.net")), "DG-02") == ["pass"]

    def test_the_port_of_the_host_does_not_matter(self, tell, verdicts):
        assert verdicts(tell(registered(host="bmsc.home1.net:80")), "DG-02") == ["pass"]

    def test_of_another_server(self, tell, verdicts):
        assert verdicts(tell(registered(realm="3GPP-bootstrapping@other.net")), "DG-02") == ["fail"]

    def test_without_a_challenge_the_host_tells(self, tell, verdicts):
        good = registered(challenge=False)
        assert verdicts(tell(good), "DG-02") == []
        assert verdicts(tell(good), "DG-03") == ["pass"]
        assert verdicts(tell(registered(challenge=False, realm="3GPP-bootstrapping@other.net")), "DG-03") == ["fail"]


class TestBTid:
    def test_of_a_bootstrapping_that_is_not_in_the_capture(self, tell, verdicts):
        story = Story("unknown", by_sip=False)
        story.bootstrap()
        story.invite()
        story.register(b_tid="AAAAAAAAAAAAAAAAAAAAAA==@bsf.home1.net", zn=False)
        assert "fail" not in verdicts(tell(story), "DG-04")

    def test_a_lifetime_that_cannot_be_read(self, tell, verdicts):
        story = Story("odd", by_sip=False)
        story.bootstrap(lifetime_text="soon")
        story.invite()
        story.register()
        assert verdicts(tell(story), "DG-04") == ["inconc"]

    def test_an_older_one_that_is_good_still(self, tell, verdicts):
        story = Story.begun_by_http()
        old = story.ue.last.b_tid
        story.bootstrap()
        story.register(b_tid=old)
        assert verdicts(tell(story), "DG-04") == ["pass"]


class TestResponse:
    def test_without_keys_nobody_can_tell(self, tell, verdicts):
        story = registered(zn=False)
        for code in ("DG-05", "DG-07"):
            assert verdicts(tell(story, keyring=""), code) == ["inconc"]

    def test_zn_shows_the_key(self, tell, verdicts):
        assert verdicts(tell(registered(), keyring=""), "DG-05") == ["pass"]
        assert verdicts(tell(registered(password=WRONG), keyring=""), "DG-05") == ["fail"]

    def test_k_of_another_subscription_proves_nothing(self, tell, verdicts):
        """AUTN does not fit the K of the keyring: what follows from it is not the UE's MRK."""
        story = registered(zn=False)
        story.ue.k = made_up("K of a stranger", 16)
        assert verdicts(tell(story), "DG-05") == ["inconc"]

    def test_k_without_the_bootstrapping_proves_nothing(self, tell, verdicts):
        story = registered(zn=False)
        story.ue.k = made_up("K of a stranger", 16)
        story.cut(0.1)
        assert verdicts(tell(story), "DG-05") == ["inconc"]

    @pytest.mark.parametrize("form", ["raw", "hex"])
    def test_an_mrk_written_otherwise(self, tell, verdicts, form):
        story = Story.begun_by_http()
        mrk = story.ue.last.mrk(story.naf_fqdn, story.ua_id)
        story.register(password=mrk if form == "raw" else mrk.hex().encode())
        assert verdicts(tell(story), "DG-05") == ["fail"]

    def test_a_changed_body_is_not_the_key(self, sample, verdicts):
        assert "fail" not in verdicts(sample("body_changed_on_the_way"), "DG-05")


class TestProof:
    def test_a_wrong_rspauth(self, tell, verdicts):
        analysis = tell(registered(edits={"answer": Edit(claim={"rspauth": "0" * 32})}))
        assert verdicts(analysis, "DG-07") == ["fail"]

    def test_a_refusal_needs_none(self, tell, verdicts):
        assert verdicts(tell(registered(status="403 Forbidden")), "DG-07") == []

    def test_a_wrong_request_is_another_matter(self, tell, verdicts):
        assert verdicts(tell(registered(password=WRONG)), "DG-07") == []


class TestUri:
    @pytest.mark.parametrize(
        "uri",
        [
            "/bmsc.home1.net/keymanagement?requesttype=register",
            "http://bmsc.home1.net/keymanagement?requesttype=register",
        ],
    )
    def test_with_the_host_before_it(self, tell, verdicts, uri):
        """TS 33.246 Annex H writes the host into it."""
        assert verdicts(tell(registered(edits={"authorized": Edit(digest={"uri": uri})})), "DG-15") == ["pass"]

    @pytest.mark.parametrize(
        ("line", "verdict"),
        [
            ("POST http://bmsc.home1.net/keymanagement?requesttype=register HTTP/1.1", "pass"),
            ("POST http://BMSC.home1.net/keymanagement?requesttype=register HTTP/1.1", "pass"),
            ("POST http://bmsc.home2.net/keymanagement?requesttype=register HTTP/1.1", "fail"),
            ("POST http://bmsc.home1.net/keymanagement?requesttype=deregister HTTP/1.1", "fail"),
            ("POST http://bmsc.home1.net/other?requesttype=register HTTP/1.1", "fail"),
        ],
        ids=["the same", "capitals", "another host", "another query", "another path"],
    )
    def test_of_a_request_to_a_proxy(self, tell, verdicts, line, verdict):
        assert verdict in verdicts(tell(registered(edits={"authorized": Edit(line=line)})), "DG-15")


class TestIdentity:
    @pytest.mark.parametrize(
        ("value", "verdict"),
        [
            ('"sip:user1@home1.net"', "pass"),
            ("sip:user1@home1.net", "fail"),
            ('"sip:user1@home1.net", "sip:user2@home1.net"', "fail"),
            (['"sip:user1@home1.net"', '"sip:user1@home1.net"'], "fail"),
        ],
        ids=["quoted", "bare", "two", "twice"],
    )
    def test_how_it_is_written(self, tell, verdicts, value, verdict):
        edits = both(Edit(headers={"X-3GPP-Intended-Identity": value}))
        assert verdicts(tell(registered(edits=edits)), "DG-16") == [verdict]

    def test_without_the_invite_there_is_nothing_to_compare(self, tell, keep, verdicts):
        assert verdicts(tell(keep(registered(), ("ue", "bm_sc"))), "DG-17") == []
