"""MT rules: other breaks than the samples', repeats, wraps, late captures, several services and UEs."""

import pytest

from sample_pcaps import forge_mikey as mikey
from sample_pcaps.clock import START
from sample_pcaps.forge_srtp import RCCM2
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK

MS = 10**6  # ns
OTHER_GROUP = bytes.fromhex("00020001")
CODES = ("MT-01", "MT-02", "MT-03", "MT-04", "MT-05", "MT-06", "MT-07", "MT-09", "MT-10", "MT-14", "MS-30")
INSIDE = ("MT-05", "MT-10", "MT-14")


def keyed(**more):
    story = Story.registered_by_http(**more)
    for ue in story.ues:
        story.msk(ue)
    story.wait(0.2)
    return story


def with_mtk(**more):
    story = keyed()
    story.mtk(**more)
    return story


def seconds(story):
    """The time after the last message: where a capture may begin."""
    return (story.now + MS - START) / 10**9


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_passes_on_good_stories(sample, verdicts, code, name):
    assert set(verdicts(sample(name), code)) == {"pass"}


@pytest.mark.parametrize("code", INSIDE)
def test_nothing_can_be_told_without_keys(tell, verdicts, keep, code):
    story = keep(with_mtk(), ("ue", "bm_sc"), ("bm_sc", "group"))
    assert verdicts(tell(story, ""), code) == ["inconc"]


@pytest.mark.parametrize("code", [*CODES, "MT-08"])
def test_an_msk_in_the_keyring_is_enough(tell, verdicts, code):
    """The capture begins after the MSK message; only the window of the MSK is not known then."""
    story = keyed()
    at = seconds(story)
    story.mtk(times=2)
    story.media()
    story.cut(at)
    found = verdicts(tell(story, story.keyring(msks=(FIRST_MSK,))), code)
    assert found == (["inconc"] if code == "MT-07" else ["pass"])


class TestGroup:
    def test_another_port(self, tell, verdicts):
        assert verdicts(tell(with_mtk(dport=5000)), "MT-01") == ["fail"]

    def test_one_host_is_no_group(self, tell, verdicts):
        assert verdicts(tell(with_mtk(dst="10.1.0.11")), "MT-01") == ["fail"]

    def test_unless_its_media_go_there_too(self, tell, verdicts):
        """Over a unicast bearer both go to the UE."""
        story = with_mtk(dst="10.1.0.11")
        story.media(dst="10.1.0.11")
        assert verdicts(tell(story), "MT-01") == ["pass"]

    def test_media_of_another_msk_say_nothing(self, tell, verdicts):
        story = with_mtk(dst="239.1.2.4")
        story.media(OTHER_GROUP, 1)
        assert verdicts(tell(story), "MT-01") == ["pass"]


class TestHeader:
    @pytest.mark.parametrize(
        "more",
        [
            {"cs_count": 1},
            {"cs_count": 1, "map_type": mikey.MAP_SRTP, "map_info": mikey.srtp_id(1)},
            {"arrange": lambda p: [p[0], (mikey.RAND, mikey.rand_payload(b"\1" * 16)), *p[1:]]},
            {"arrange": lambda p: [p[0], (mikey.ID, mikey.identity("bmsc.home1.net")), *p[1:]]},
            {"arrange": lambda p: [p[0], (mikey.SP, mikey.policy()), *p[1:]]},
        ],
        ids=["a session", "a map", "RAND", "ID", "SP"],
    )
    def test_is_bare(self, tell, verdicts, more):
        assert verdicts(tell(with_mtk(**more)), "MT-02") == ["fail"]

    @pytest.mark.parametrize(
        "ids",
        [
            ((mikey.MSK_ID, FIRST_MSK), (mikey.MTK_ID, b"\0\1")),
            ((mikey.KEY_DOMAIN, KEY_DOMAIN), (mikey.MTK_ID, b"\0\1")),
            ((mikey.KEY_DOMAIN, KEY_DOMAIN[:2]), (mikey.MSK_ID, FIRST_MSK), (mikey.MTK_ID, b"\0\1")),
        ],
        ids=["no domain", "no MSK ID", "short domain"],
    )
    def test_key_id_is_whole(self, tell, verdicts, ids):
        assert verdicts(tell(with_mtk(ext=mikey.key_ids(*ids))), "MT-03") == ["fail"]


class TestMskWasDelivered:
    def test_to_one_ue_is_enough(self, tell, verdicts):
        story = Story.registered_by_http(ues=2)
        story.msk(story.ues[1])
        story.mtk()
        assert verdicts(tell(story), "MT-04") == ["pass"]

    def test_only_after_the_mtk(self, tell, verdicts):
        story = Story.registered_by_http()
        story.mtk()
        story.msk()
        assert verdicts(tell(story), "MT-04") == ["inconc"]

    def test_the_service_of_others_may_be_older_than_the_capture(self, tell, verdicts):
        """One UE begins; the MTKs of another service go on."""
        story = keyed()
        story.mtk(OTHER_GROUP, dst="239.9.9.9")
        assert verdicts(tell(story), "MT-04") == ["inconc"]

    def test_so_may_an_older_msk(self, tell, verdicts):
        """The UE got the next MSK at once; those that came before still live on the older."""
        story = Story.registered_by_http()
        story.msk(msk_id=SECOND_MSK)
        story.mtk(FIRST_MSK)
        assert verdicts(tell(story), "MT-04") == ["inconc"]

    def test_the_same_msk_id_of_another_domain(self, tell, verdicts):
        story = with_mtk(key_domain=bytes.fromhex("00f220"))
        assert verdicts(tell(story), "MT-04") == ["inconc"]

    def test_a_pull_delivers_nothing(self, tell, verdicts):
        story = keyed()
        story.pull()
        story.mtk(SECOND_MSK)
        assert verdicts(tell(story), "MT-04") == ["fail"]


class TestInside:
    @pytest.mark.parametrize(
        ("plain", "verdict"),
        [
            (mikey.key_data(b"\1" * 16, key_type=mikey.TGK), "pass"),  # download
            (mikey.key_data(b"\1" * 16, key_type=mikey.TEK), "fail"),
            (mikey.key_data(b"\1" * 16, key_type=mikey.TEK_SALT, salt=b"\2" * 14, interval=(b"\0\0", b"\0\1")), "fail"),
            (
                mikey.key_data(b"\1" * 16, key_type=mikey.TEK_SALT, salt=b"\2" * 14, next_payload=20)
                + mikey.key_data(b"\1" * 16, key_type=mikey.TEK_SALT, salt=b"\2" * 14),
                "fail",
            ),
        ],
        ids=["TGK", "no salt", "interval", "two keys"],
    )
    def test_one_key_of_the_right_kind(self, tell, verdicts, plain, verdict):
        assert verdicts(tell(with_mtk(key_data=plain)), "MT-05") == [verdict]

    def test_a_tgk_is_for_no_stream(self, tell, verdicts):
        story = with_mtk(key_type=mikey.TGK, salt=b"")
        story.media(packets=10)
        assert verdicts(tell(story), "MT-05") == ["fail"]

    @pytest.mark.parametrize(("kind", "verdict"), [(mikey.TGK, "pass"), (mikey.TEK_SALT, "fail")])
    def test_a_tek_is_for_no_download(self, tell, verdicts, kind, verdict):
        story = Story.registered_by_http(tsi=1)
        story.msk(download=True)
        story.carousel([story.download_mtk(toi=1, key_type=kind), story.content(toi=2)])
        assert set(verdicts(tell(story), "MT-05")) == {verdict}

    @pytest.mark.parametrize(("length", "verdict"), [(16, "pass"), (24, "pass"), (32, "pass"), (8, "fail")])
    def test_length(self, tell, verdicts, length, verdict):
        assert verdicts(tell(with_mtk(key=b"\1" * length)), "MT-14") == [verdict]


class TestMtkId:
    @pytest.mark.parametrize(("number", "verdict"), [(0, "fail"), (1, "pass"), (0xFFFE, "pass"), (0xFFFF, "fail")])
    def test_limits(self, tell, verdicts, number, verdict):
        assert verdicts(tell(with_mtk(mtk_id=number)), "MT-06") == [verdict]

    def test_each_msk_begins_anew(self, tell, verdicts):
        story = with_mtk(mtk_id=9)
        story.msk(msk_id=SECOND_MSK)
        story.mtk(SECOND_MSK, 1)
        assert verdicts(tell(story), "MT-06") == ["pass", "pass"]
        assert verdicts(tell(story), "MT-09") == ["pass", "pass"]

    def test_the_old_one_may_be_repeated_while_the_next_is_announced(self, tell, verdicts):
        story = with_mtk(mtk_id=1)
        story.mtk(mtk_id=2)
        story.mtk(mtk_id=1, counter=1)
        story.mtk(mtk_id=3)
        analysis = tell(story)
        for code in ("MT-06", "MT-09"):
            assert verdicts(analysis, code) == ["pass"] * 3

    def test_as_the_first_that_a_late_capture_shows(self, tell, verdicts):
        story = keyed()
        story.mtk(mtk_id=1)
        at = seconds(story)
        story.mtk(mtk_id=2)
        story.mtk(mtk_id=1, counter=1)
        story.cut(at)
        analysis = tell(story, story.keyring(msks=(FIRST_MSK,)))
        assert verdicts(analysis, "MT-06") == verdicts(analysis, "MT-09") == ["pass", "inconc"]

    def test_or_with_a_new_counter_while_its_media_go_on(self, tell, verdicts):
        story = keyed()
        story.mtk(mtk_id=1)
        at = seconds(story)
        story.mtk(mtk_id=2)
        story.media(mtk_id=1)
        story.mtk(mtk_id=1)
        story.cut(at)
        assert verdicts(tell(story, story.keyring(msks=(FIRST_MSK,))), "MT-06") == ["pass", "inconc"]

    @pytest.mark.parametrize(
        ("seq", "number", "verdict"),
        [((4, 9), 4, "fail"), ((4, 9), 5, "pass"), ((4, 9), 9, "pass"), ((4, 9), 10, "fail")],
    )
    def test_window(self, tell, verdicts, seq, number, verdict):
        story = Story.registered_by_http()
        story.msk(seq=seq)
        story.mtk(mtk_id=number)
        assert verdicts(tell(story), "MT-07") == [verdict]

    def test_the_window_may_be_moved(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(seq=(0, 5))
        story.msk(seq=(0, 50))
        story.mtk(mtk_id=20)
        assert verdicts(tell(story), "MT-07") == ["pass"]

    def test_an_invalidation_is_no_window(self, tell, verdicts):
        story = with_mtk(mtk_id=2)
        story.deregister()
        story.msk(seq=(2, 1), sp=None)
        assert verdicts(tell(story), "MT-07") == ["pass"]


class TestCounter:
    def test_goes_round(self, tell, verdicts):
        story = with_mtk(mtk_id=1, counter=0xFFFFFFFF)
        story.mtk(mtk_id=2, counter=0)
        assert verdicts(tell(story), "MT-09") == ["pass", "pass"]

    def test_a_new_mtk_with_the_counter_of_the_last(self, tell, verdicts):
        story = with_mtk(mtk_id=1)
        story.mtk(mtk_id=2, counter=1)
        assert verdicts(tell(story), "MT-09") == ["pass", "fail"]

    @pytest.mark.parametrize(("counter", "verdict"), [(3, "pass"), (2, "pass"), (1, "fail")])
    def test_of_a_repeat(self, tell, verdicts, counter, verdict):
        story = with_mtk(counter=2)
        story.wait(1)
        story.mtk(counter=counter)
        assert verdicts(tell(story), "MT-09") == [verdict]

    def test_two_probes_with_clocks_apart(self, tell_merged, failed):
        story = keyed()
        at = story.now
        for counter in (1, 2, 3):
            story.mtk(counter=counter)
            story.wait(0.3)
        story.mtk(mtk_id=2)
        packets = story.tape.sorted()
        again = [(time + 800 * MS, packet) for time, packet in packets if time > at]
        assert failed(tell_merged([packets, again], story.keyring())) == set()

    def test_ntp_is_ms_04s(self, tell, verdicts):
        assert verdicts(tell(with_mtk(ts_type=0)), "MT-09") == []


class TestRepeats:
    def test_the_same_key_with_the_next_counter(self, tell, verdicts):
        story = with_mtk()
        story.mtk()
        assert verdicts(tell(story), "MT-08") == ["pass"]

    def test_another_salt_is_another_key(self, tell, verdicts):
        story = with_mtk()
        story.mtk(salt=b"\1" * 14)
        assert verdicts(tell(story), "MT-08") == ["fail"]

    def test_needs_two(self, tell, verdicts):
        assert verdicts(tell(with_mtk()), "MT-08") == []


class TestMac:
    def test_the_rand_of_another_msk(self, tell, verdicts):
        assert verdicts(tell(with_mtk(rand=b"\1" * 16)), "MT-10") == ["fail"]

    def test_another_msk(self, tell, verdicts):
        assert verdicts(tell(with_mtk(msk_key=b"\1" * 16)), "MT-10") == ["fail"]

    def test_one_broken_among_repeats_is_found(self, tell, verdicts):
        story = with_mtk()
        story.mtk(break_mac=True)
        story.mtk()
        assert verdicts(tell(story), "MT-10") == ["fail"]

    def test_an_msk_without_its_rand_opens_nothing(self, tell, verdicts):
        story = keyed()
        at = seconds(story)
        story.mtk()
        story.cut(at)
        keyring = story.keyring(msks=(FIRST_MSK,))
        without = "\n".join(line for line in keyring.splitlines() if not line.startswith("rand"))
        assert verdicts(tell(story, without), "MT-10") == ["inconc"]

    def test_a_null_mac_is_not_looked_at(self, tell, verdicts):
        assert verdicts(tell(with_mtk(mac_alg=mikey.MAC_NULL)), "MT-10") == []


class TestErrors:
    def test_an_error_that_answers_something_else(self, tell, verdicts):
        story = with_mtk(csb_id=5)
        story.mikey_error(csb_id=6)
        assert verdicts(tell(story), "MS-30") == ["pass"]

    def test_one_csb_id_for_everything(self, tell, verdicts):
        story = Story.registered_by_http()
        story.msk(csb_id=5)
        story.mtk(csb_id=5)
        story.mikey_error(csb_id=5)
        assert verdicts(tell(story), "MS-30") == ["inconc"]

    def test_an_error_before_the_message(self, tell, verdicts):
        story = keyed()
        story.mikey_error(csb_id=5)
        story.mtk(csb_id=5)
        assert verdicts(tell(story), "MS-30") == ["pass"]


def test_media_of_all_lengths_of_keys_open(tell, failed):
    for length in (16, 24, 32):
        story = with_mtk(key=bytes(range(length)), times=2)
        story.media(mode=RCCM2)
        analysis = tell(story)
        assert failed(analysis) == set()
        assert all(group.authenticated == group.packets for group in analysis.story.media)
