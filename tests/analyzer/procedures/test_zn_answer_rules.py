"""ZN rules on the answer: keys, their lifetime, the user, and codes; without keys, and where others are at fault."""

import pytest

from analyzer.correlate import gba
from dissectors.diameter import Avp, Diameter
from sample_pcaps import forge_diameter as diameter
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story

CODES = ("ZN-04", "ZN-05", "ZN-09")
ZN, UA, UB = ("bm_sc", "bsf"), ("ue", "bm_sc"), ("ue", "bsf")


def registered(lifetime=3600, wait=0.0, **asked):
    story = Story.begun_by_http(lifetime=lifetime)
    story.wait(wait)
    story.register(zn=asked or None)
    return story


def without(*codes):
    return lambda avps: [avp for avp in avps if avp[0] not in codes]


def replaced(code, value):
    return lambda avps: [(code, value) if avp[0] == code else avp for avp in avps]


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_the_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", [*CODES, "ZN-06", "ZN-07"])
class TestNothingToLookAt:
    def test_without_zn(self, tell, keep, verdicts, code):
        assert verdicts(tell(keep(registered(), UA, UB)), code) == []

    def test_without_the_answer(self, tell, verdicts, code):
        assert verdicts(tell(registered(edits={"bia": Edit(drop=True)})), code) == []

    def test_in_a_refusal_within_the_lifetime(self, tell, verdicts, code):
        """Why the BSF does not know a B-TID, a capture does not tell."""
        assert verdicts(tell(registered(result=5403)), code) == []


class TestKeys:
    def test_are_missing(self, tell, verdicts):
        assert verdicts(tell(registered(bia_avps=without(diameter.ME_KEY))), "ZN-04") == ["fail"]

    def test_for_the_uicc_are_for_a_naf_that_knows_gba_u(self, tell, verdicts):
        key = made_up("UICC key", 32)
        assert verdicts(tell(registered(uicc_key=key, aware=True)), "ZN-04") == ["pass"]
        assert verdicts(tell(registered(uicc_key=key, aware=False)), "ZN-04") == ["fail"]
        assert verdicts(tell(registered(uicc_key=key)), "ZN-04") == ["fail"]

    def test_for_the_uicc_have_32_octets_too(self, tell, verdicts):
        assert verdicts(tell(registered(uicc_key=bytes(16), aware=True)), "ZN-04") == ["fail"]

    def test_for_the_uicc_do_not_come_of_2g(self, tell, verdicts):
        change = replaced(diameter.GBA_TYPE, diameter.number(1))
        analysis = tell(registered(uicc_key=bytes(32), aware=True, bia_avps=change))
        assert verdicts(analysis, "ZN-04") == ["fail"]
        assert verdicts(analysis, "ZN-09") == []


class TestLifetime:
    def test_may_be_shorter_than_that_of_ks(self, tell, verdicts):
        expiry = Story("clock", by_sip=False).now + 600 * SECOND
        assert verdicts(tell(registered(expiry=expiry)), "ZN-05") == ["pass"]

    @pytest.mark.parametrize(("more", "verdict"), [(1, "pass"), (5, "fail")])
    def test_may_be_a_second_longer(self, tell, verdicts, more, verdict):
        story = Story.begun_by_http()
        story.register(zn={"expiry": story.ue.last.lifetime + more * SECOND})
        assert verdicts(tell(story), "ZN-05") == [verdict]

    @pytest.mark.parametrize(("ago", "verdict"), [(1, "pass"), (5, "fail")])
    def test_must_not_have_passed(self, tell, verdicts, ago, verdict):
        story = Story.begun_by_http()
        story.register(zn={"expiry": story.now - ago * SECOND})
        assert verdicts(tell(story), "ZN-05") == [verdict]

    def test_need_not_be_told(self, tell, verdicts):
        assert verdicts(tell(registered(bia_avps=without(diameter.EXPIRY))), "ZN-05") == []

    def test_is_held_against_the_clock_alone_where_ub_was_not_captured(self, tell, keep, verdicts):
        expiry = Story("clock", by_sip=False).now + 86400 * SECOND
        assert verdicts(tell(keep(registered(expiry=expiry), ZN, UA)), "ZN-05") == ["pass"]

    @pytest.mark.parametrize(
        ("octets", "seconds"),
        [
            ((2208988800).to_bytes(4, "big"), 0),
            (b"\x80\0\0\0", 2**31 - 2208988800),
            (b"\0\0\0\x01", 2**32 + 1 - 2208988800),  # RFC 6733 4.3.1: the next era, from 2036 on
            (bytes(8), 2**32 - 2208988800),
        ],
    )
    def test_is_read_beyond_2036(self, octets, seconds):
        answer = Diameter(1, 0, 310, 16777220, 1, 1, (Avp(gba.KEY_EXPIRY, 0xC0, 10415, octets),))
        assert gba.key_expiry(answer) == seconds * SECOND

    @pytest.mark.parametrize("octets", [b"", b"\xff" * 3, b"\xff" * 8])
    def test_that_is_no_time_is_none(self, octets):
        answer = Diameter(1, 0, 310, 16777220, 1, 1, (Avp(gba.KEY_EXPIRY, 0xC0, 10415, octets),))
        assert gba.key_expiry(answer) is None


class TestExpired:
    def late(self, seconds=70, **asked):
        return registered(lifetime=60, wait=seconds, **asked)

    @pytest.mark.parametrize(
        ("result", "verdict"),
        [(5403, "pass"), (5402, "pass"), (5401, "fail"), (2001, "fail"), (5012, "inconc"), (3004, "inconc")],
    )
    def test_is_refused_by_its_own_code(self, tell, verdicts, result, verdict):
        assert verdicts(tell(self.late(result=result)), "ZN-06") == [verdict]

    def test_counts_from_the_second(self, tell, verdicts):
        assert verdicts(tell(self.late(60.5)), "ZN-06") == []

    def test_is_not_known_without_ub(self, tell, keep, verdicts):
        assert verdicts(tell(keep(self.late(), ZN, UA)), "ZN-06") == []

    def test_of_an_older_bootstrapping_is_told_by_its_own_lifetime(self, tell, verdicts):
        story = Story.begun_by_http(lifetime=60)
        old = story.ue.last.b_tid
        story.wait(70)
        story.bootstrap()
        story.register()
        story.zn(b_tid=old, result=5403)
        assert verdicts(tell(story), "ZN-06") == ["pass"]


class TestUser:
    def test_is_the_impi(self, sample, verdicts):
        assert verdicts(sample("http_good"), "ZN-07") == ["pass"]

    def test_may_be_written_in_capitals(self, tell, verdicts):
        assert verdicts(tell(registered(impi="user1_private@HOME1.net")), "ZN-07") == ["pass"]

    def test_need_not_be_told(self, tell, verdicts):
        assert verdicts(tell(registered(bia_avps=without(diameter.USER_NAME))), "ZN-07") == []

    def test_cannot_be_the_tmpi_that_the_ue_goes_by(self, tell, verdicts):
        """The IMPI behind a TMPI is known to the BSF alone."""
        story = Story.begun_by_http()
        story.bootstrap()
        story.register()
        assert verdicts(tell(story), "ZN-07") == []


class TestDerivation:
    def test_without_a_keyring_is_not_told(self, tell, verdicts):
        assert verdicts(tell(registered(), keyring=""), "ZN-09") == ["inconc"]

    def test_with_another_k_in_the_keyring_is_not_told(self, tell, verdicts):
        """AUTN does not verify: it is the keyring that is wrong."""
        story = registered()
        keys = story.keyring().replace(story.ue.k.hex(), "00" * 16)
        assert verdicts(tell(story, keyring=keys), "ZN-09") == ["inconc"]

    def test_with_another_impi_in_the_keyring_is_not_told(self, tell, verdicts):
        story = registered()
        keys = story.keyring().replace(story.ue.impi, "somebody@home1.net")
        assert verdicts(tell(story, keyring=keys), "ZN-09") == ["inconc"]

    def test_of_another_name_is_right_for_that_name(self, tell, verdicts):
        assert verdicts(tell(registered(naf_fqdn="node7.home1.net")), "ZN-09") == ["pass"]

    def test_of_other_octets_is_a_fault(self, tell, verdicts):
        other = made_up("another key", 32)
        assert verdicts(tell(registered(me_key=other)), "ZN-09") == ["fail"]
        assert verdicts(tell(registered(uicc_key=other, aware=True)), "ZN-09") == ["fail"]

    def test_of_the_uicc_key_is_looked_at_too(self, tell, verdicts):
        story = Story.begun_by_http()
        story.register(zn={"uicc_key": story.ue.last.naf_key(story.naf_fqdn, story.ua_id, "gba-u"), "aware": True})
        assert verdicts(tell(story), "ZN-09") == ["pass"]

    def test_with_ks_in_the_keyring_is_told_once_the_ks_is_proven(self, tell, verdicts):
        """By the digest of the UE, which fits a key that comes of this Ks."""
        story = registered()
        run = story.ue.last
        keys = (
            f'[[ue]]\nimpi = "{story.ue.impi}"\n\n  [[ue.gba]]\n  b_tid = "{run.b_tid}"\n'
            f'  ks = "{run.vector.ks.hex()}"\n'
        )
        assert verdicts(tell(story, keyring=keys), "ZN-09") == ["pass"]
        assert verdicts(tell(story, keyring=keys.replace(run.vector.ks.hex(), "11" * 32)), "ZN-09") == ["inconc"]

    def test_shows_no_key(self, tell):
        other = made_up("another key", 32)
        analysis = tell(registered(me_key=other))
        assert other.hex() not in " ".join(j.message for j in analysis.report.judgements)
