"""UB rules on the challenge: what they pass, what they leave alone, and what they cannot tell."""

import base64
import hashlib

import pytest

from sample_pcaps.forge_keys import made_up, milenage
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

CODES = ("UB-01", "UB-02", "UB-03", "UB-04", "UB-05", "UB-06", "UB-13")
BY_KEY = ("UB-05", "UB-06", "UB-13")
RAND = made_up("RAND of a test", 16)
STRANGER = made_up("K of a stranger", 16)


def bootstrapped(**more):
    story = Story("bootstrapping", by_sip=False)
    story.bootstrap(**more)
    return story


def of(rand, autn, more=b""):
    return base64.b64encode(rand + autn + more).decode()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_the_good_stories(sample, verdicts, name, code):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", [*CODES, "UB-07"])
def test_is_not_of_a_capture_without_ub(sample, verdicts, code):
    assert verdicts(sample("mid_capture"), code) == []


@pytest.mark.parametrize("code", BY_KEY)
def test_without_k_nobody_can_tell(tell, verdicts, code):
    assert verdicts(tell(bootstrapped(), keyring=""), code) == ["inconc"]


@pytest.mark.parametrize("code", BY_KEY)
def test_k_of_another_subscription_proves_nothing(tell, verdicts, code):
    """UE and BSF agree on a challenge that the K of the keyring does not fit: the keyring is wrong."""
    story = bootstrapped()
    story.ue.k = STRANGER
    assert verdicts(tell(story), code) == ["inconc"]


@pytest.mark.parametrize("seconds", [0.011, 0.017, 0.022, 0.027, 0.033, 0.04])
def test_a_cut_is_nobodys_fault(tell, failed, seconds):
    story = bootstrapped(resync=True)
    story.linger(1)
    story.cut(seconds)
    assert failed(tell(story)) == set()


class TestIntroduction:
    def test_the_case_of_the_realm_does_not_matter(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(edits={"first": Edit(claim={"realm": "BSF.home1.net"})})), "UB-01") == [
            "pass"
        ]

    @pytest.mark.parametrize(
        ("claim", "text"),
        [
            ({"response": "0" * 32}, "response is not empty"),
            ({"realm": ""}, "no realm"),
            ({"username": ""}, "no user name"),
        ],
    )
    def test_what_is_missing_or_too_much(self, tell, claim, text):
        analysis = tell(bootstrapped(edits={"first": Edit(claim=claim)}))
        (told,) = [j for j in analysis.report.judgements if j.rule == "UB-01" and str(j.verdict) == "fail"]
        assert text in told.message

    def test_a_request_of_nobody(self, tell, verdicts):
        analysis = tell(bootstrapped(edits={"first": Edit(headers={"Authorization": None})}))
        assert verdicts(analysis, "UB-01") == ["fail"]


class TestOffer:
    def test_akav2_may_stand_beside(self, tell, verdicts):
        two = Edit(
            mutate=lambda octets: octets.replace(
                b"WWW-Authenticate: ",
                b'WWW-Authenticate: Digest realm="bsf.home1.net", nonce="x", algorithm=AKAv2-MD5, qop="auth-int"\r\n'
                b"WWW-Authenticate: ",
            )
        )
        analysis = tell(bootstrapped(edits={"challenge": two}))
        assert verdicts(analysis, "UB-02") == ["pass"]
        assert verdicts(analysis, "UB-04") == ["pass"]

    def test_of_several_qop_one_is_enough(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(challenge={"qop": "auth,auth-int"})), "UB-02") == ["pass"]

    def test_another_algorithm(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(challenge={"algorithm": "MD5"}, stop_after="challenge")), "UB-02") == ["fail"]

    def test_gba_digest_has_no_aka(self, tell, verdicts):
        told = bootstrapped(challenge={"algorithm": "MD5"}, user_agent="ue 3gpp-gba-digest 3gpp-gba-tmpi")
        assert verdicts(tell(told), "UB-02") == []

    def test_server_data_may_follow(self, tell, verdicts):
        analysis = tell(bootstrapped(server_data=b"of the server"))
        assert verdicts(analysis, "UB-03") == ["pass"]
        assert verdicts(analysis, "UB-06") == ["pass"]

    def test_a_nonce_that_is_no_base64(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(nonce="!" * 40, stop_after="challenge")), "UB-03") == ["fail"]


class TestAnswer:
    @pytest.mark.parametrize("name", ["realm", "nonce"])
    def test_what_is_not_repeated(self, tell, verdicts, name):
        analysis = tell(bootstrapped(edits={"second": Edit(claim={name: "another"})}))
        assert verdicts(analysis, "UB-04") == ["fail"]

    @pytest.mark.parametrize(("name", "value"), [("nc", None), ("cnonce", None), ("qop", "auth")])
    def test_what_is_not_added(self, tell, verdicts, name, value):
        analysis = tell(bootstrapped(edits={"second": Edit(claim={name: value})}))
        assert verdicts(analysis, "UB-04") == ["fail"]

    def test_a_challenge_that_was_not_captured_is_not_compared(self, tell, verdicts):
        story = bootstrapped(resync=True)
        story.tape.packets = [p for p in story.tape.packets if b"401 Unauthorized" not in p[1]]
        assert "fail" not in verdicts(tell(story), "UB-04")

    def test_another_res(self, tell, verdicts):
        wrong = made_up("RES of nobody", 8)
        assert verdicts(tell(bootstrapped(res=wrong)), "UB-05") == ["fail"]

    def test_no_answer_is_not_judged(self, tell, verdicts):
        analysis = tell(bootstrapped(stop_after="challenge"))
        assert [verdicts(analysis, code) for code in ("UB-04", "UB-05", "UB-13")] == [[], [], []]


class TestFalseNetwork:
    def test_2g_gba_has_no_autn(self, tell, verdicts):
        analysis = tell(bootstrapped(rand=RAND, nonce=of(RAND, bytes(16), bytes(16))))
        assert verdicts(analysis, "UB-06") == []
        assert verdicts(analysis, "UB-13") == []

    def test_gba_u_hides_itself_in_the_mac(self, tell, verdicts):
        story = Story("gba u", by_sip=False)
        vector = milenage(story.ue.k, story.ue.opc, RAND, story.ue.sqn.to_bytes(6, "big"))
        mask = hashlib.sha1(vector.ik).digest()[:8]
        mac = bytes(a ^ b for a, b in zip(vector.autn[8:], mask, strict=True))
        story.bootstrap(rand=RAND, nonce=of(RAND, vector.autn[:8] + mac))
        analysis = tell(story)
        assert verdicts(analysis, "UB-06") == ["pass"]
        assert verdicts(analysis, "UB-13") == ["pass"]

    def test_a_response_proves_the_k(self, tell, verdicts):
        false = of(RAND, made_up("AUTN of nobody", 16))
        analysis = tell(bootstrapped(rand=RAND, nonce=false))
        assert verdicts(analysis, "UB-13") == ["fail"]
        assert verdicts(analysis, "UB-06") == ["fail"]


class TestResynchronisation:
    def test_a_new_rand_is_right(self, sample, verdicts):
        assert verdicts(sample("second_challenges"), "UB-07") == ["pass"]

    @pytest.mark.parametrize(
        "claim", [{"auts": "!"}, {"auts": "AAAA"}, {"response": "0" * 32}], ids=["no base64", "short", "response"]
    )
    def test_what_is_no_resynchronisation(self, tell, verdicts, claim):
        analysis = tell(bootstrapped(resync=True, edits={"resync": Edit(claim=claim)}))
        assert verdicts(analysis, "UB-07") == ["fail"]

    def test_none_was_needed(self, sample, verdicts):
        assert verdicts(sample("http_good"), "UB-07") == []

    def test_its_answer_is_missing(self, tell, verdicts):
        assert verdicts(tell(bootstrapped(resync=True, stop_after="resync")), "UB-07") == ["inconc"]

    def test_auts_of_another_k(self, tell, verdicts):
        """AUTN is of the K in the keyring, so that is the subscriber's, and the UICC has another."""
        wrong = base64.b64encode(bytes(14)).decode()
        story = bootstrapped(resync=True, edits={"resync": Edit(claim={"auts": wrong})})
        assert verdicts(tell(story), "UB-07") == ["fail"]
        assert verdicts(tell(story, ""), "UB-07") == ["pass"]
        assert verdicts(tell(story, story.keyring().replace(story.ue.k.hex(), "00" * 16)), "UB-07") == ["pass"]

    @pytest.mark.parametrize(("sqn", "verdict"), [(127, "fail"), (128, "fail"), (129, "pass")])
    def test_the_new_challenge_is_above_what_the_uicc_told(self, tell, verdicts, sqn, verdict):
        """AUTS tells SQN 128; the UICC refuses that and all below, and nobody resets the HSS."""
        rand, ue = made_up("RAND after AUTS", 16), Story("names", by_sip=False).ue
        told, sent = (base64.b64encode(rand + milenage(ue.k, ue.opc, rand, number.to_bytes(6, "big")).autn)
                      for number in (160, sqn))  # fmt: skip
        edit = Edit(mutate=lambda octets: octets.replace(told, sent))
        story = bootstrapped(
            resync=True, resync_rand=rand, stop_after="second-challenge", edits={"second-challenge": edit}
        )
        assert verdicts(tell(story), "UB-07") == [verdict]
