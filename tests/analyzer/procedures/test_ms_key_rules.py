"""MS rules that need the keys: what is inside an MSK message, and under what."""

import pytest

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge_keys import made_up
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MSK = bytes.fromhex("77" * 16)
WINDOW = (b"\0\0", b"\0\x64")


@pytest.fixture
def with_plain(with_msk):
    """An MSK message with these key data inside."""
    return lambda *keys: with_msk(key_data=b"".join(keys))


def tek(**more):
    return mikey.key_data(MSK, **({"key_type": mikey.TEK, "interval": WINDOW} | more))


@pytest.mark.parametrize("code", ["MS-10", "MS-11", "MS-16"])
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6", "mid_capture"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", ["MS-10", "MS-11", "MS-16"])
def test_nothing_can_be_told_without_keys(with_msk, tell, verdicts, keep, code):
    story = keep(with_msk(), ("ue", "bm_sc"))
    assert verdicts(tell(story, ""), code) == ["inconc"]


class TestInside:
    @pytest.mark.parametrize(
        "keys",
        [
            (tek(next_payload=20), tek()),
            (mikey.key_data(MSK, key_type=mikey.TGK, interval=WINDOW),),
            (mikey.key_data(MSK, key_type=mikey.TEK_SALT, salt=b"\1" * 14, interval=WINDOW),),
            (tek(interval=(b"\0", b"\x64")),),
            (tek(interval=(b"\0\0\0\0", b"\0\0\0\x64")),),
        ],
        ids=["two keys", "TGK", "with a salt", "an octet each", "four octets each"],
    )
    def test_one_tek_with_two_octets_each(self, with_plain, tell, verdicts, keys):
        assert verdicts(tell(with_plain(*keys)), "MS-10") == ["fail"]

    def test_what_cannot_be_read_is_left_open(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(key_data=b"\x00\x22\xff\xff\x01")), "MS-10") == ["inconc"]

    def test_the_length_of_an_msk_is_free(self, with_plain, tell, verdicts):
        long = mikey.key_data(b"\x77" * 32, key_type=mikey.TEK, interval=WINDOW)
        assert verdicts(tell(with_plain(long)), "MS-10") == ["pass"]


class TestInterval:
    @pytest.mark.parametrize(
        ("seq", "verdict"),
        [((0, 0xFFFE), "pass"), ((5, 5), "pass"), ((5, 4), "fail"), ((0, 0xFFFF), "fail")],
    )
    def test_limits(self, with_msk, tell, verdicts, seq, verdict):
        assert verdicts(tell(with_msk(seq=seq)), "MS-11") == [verdict]

    def test_an_msk_is_invalidated_after_a_deregistration(self, with_msk, tell, verdicts):
        story = with_msk()
        story.deregister()
        story.msk(seq=(2, 1), sp=None)
        assert verdicts(tell(story), "MS-11") == ["pass", "pass"]

    def test_but_not_after_a_new_registration(self, with_msk, tell, verdicts):
        story = with_msk()
        story.deregister()
        story.register()
        story.msk(seq=(2, 1))
        assert verdicts(tell(story), "MS-11") == ["pass", "fail"]

    def test_who_registered_before_the_capture_may_have_deregistered(self, begun_late, tell, verdicts):
        story = begun_late(seq=(2, 1))
        assert verdicts(tell(story, story.keyring(runs=True)), "MS-11") == ["pass"]

    def test_an_interval_of_another_form_is_ms_10s(self, with_plain, tell, verdicts):
        assert verdicts(tell(with_plain(tek(interval=(b"\x64", b"\0")))), "MS-11") == []


class TestMac:
    def test_the_muk_of_an_older_bootstrapping(self, tell, verdicts):
        story = Story.registered_by_http()
        old = story.ue.last.naf_key(story.naf_fqdn, story.ua_id)
        story.bootstrap()
        story.register()
        story.msk(muk=old, verify=False)
        assert verdicts(tell(story), "MS-16") == ["fail"]

    def test_a_mac_that_is_damaged(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(break_mac=True, verify=False)), "MS-16") == ["fail"]

    def test_a_muk_that_nothing_has_proven_blames_nobody(self, with_msk, tell, verdicts, keep):
        """Three Ua ids are tried; which one the BM-SC has to use nobody said."""
        story = keep(with_msk(muk=made_up("other", 32), verify=False), ("ue", "bsf"), ("ue", "bm_sc"))
        assert "pass" not in verdicts(tell(story), "MS-16")

    def test_of_two_ues_only_one_is_broken(self, tell, verdicts):
        story = Story.registered_by_http(ues=2)
        story.msk(story.ues[0])
        story.msk(story.ues[1], break_mac=True, verify=False)
        assert verdicts(tell(story), "MS-16") == ["pass", "fail"]

    def test_a_pull_is_checked_too(self, with_msk, tell, verdicts):
        story = with_msk()
        story.pull(break_mac=True)
        assert verdicts(tell(story), "MS-16") == ["pass", "fail"]

    def test_a_null_mac_is_ms_09s(self, with_msk, tell, verdicts):
        assert verdicts(tell(with_msk(mac_alg=mikey.MAC_NULL, v=False)), "MS-16") == []

    def test_an_msk_in_the_keyring_is_no_muk(self, with_msk, tell, verdicts, keep):
        story = with_msk()
        story.msk(msk_id=SECOND_MSK)
        keep(story, ("ue", "bm_sc"))
        only_msk = story.keyring(msks=(FIRST_MSK,)).split("[[msk]]", 1)[1]
        assert set(verdicts(tell(story, "[[msk]]" + only_msk), "MS-16")) == {"inconc"}
