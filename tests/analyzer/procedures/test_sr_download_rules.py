"""SR-13 and SR-14: other breaks than the samples', late captures, missing keys, and what is no download of MBMS."""

import base64

import pytest

from analyzer.analysis import Options
from analyzer.keys import dcf
from dissectors.dcf import Dcf
from sample_pcaps import forge_flute as flute
from sample_pcaps.clock import START
from sample_pcaps.good_download import download_good
from sample_pcaps.story import Story

CODES = ("SR-13", "SR-14")


def begun(**more):
    story = Story.registered_by_http(tsi=1, **more)
    story.msk(download=True)
    story.wait(0.2)
    return story


@pytest.mark.parametrize("code", CODES)
def test_passes_on_the_good_story(sample, verdicts, code):
    assert verdicts(sample("download_good"), code) == ["pass"]
    assert verdicts(sample("http_good"), code) == []


def test_all_of_the_good_story_passes_over_ipv6_too(tell, failed, verdicts):
    story = begun(ipv6=True)
    story.carousel([story.download_mtk(toi=1), story.content(toi=2)])
    analysis = tell(story)
    assert failed(analysis) == set()
    assert [verdicts(analysis, code) for code in CODES] == [["pass"], ["pass"]]


def test_a_download_is_a_run_of_media(sample):
    (run,) = [run for _, run in sample("download_good").runs if run.procedure.kind == "media"]
    assert (run.outcome, list(run.steps), len(run.steps["object"])) == ("success", ["object"], 4)
    (wrong,) = [run for _, run in sample("dcf_with_a_wrong_signature").runs if run.procedure.kind == "media"]
    assert wrong.outcome == "incomplete"


def test_without_keys_only_signatures_are_open(tell, verdicts, keep):
    analysis = tell(keep(download_good(), ("ue", "p_cscf"), ("ue", "bm_sc"), ("bm_sc", "group")), "")
    assert [verdicts(analysis, code) for code in CODES] == [["pass"], ["inconc"]]


def test_an_mtk_from_before_the_capture(tell, verdicts):
    story = begun()
    story.download_mtk(toi=1)
    story.carousel([story.content(toi=2)])
    analysis = tell(story)
    assert [verdicts(analysis, code) for code in CODES] == [["inconc"], ["inconc"]]


def test_an_mtk_that_is_not_seen(tell, verdicts):
    """It may be that its only packet was lost on the way to the capture point."""
    story = begun()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2)])
    story.download_mtk(toi=3, mtk_id=2)
    story.carousel([story.content(toi=4)])
    assert verdicts(tell(story), "SR-13") == ["inconc"]


def test_another_session_to_the_same_port_has_its_own_fdt(tell, verdicts):
    story = begun()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2)])
    story.tsi = 2
    story.carousel([flute.File(1, "http://bmsc.home1.net/clear", "text/plain", b"for all")], plain_fdt=True)
    assert verdicts(tell(story), "SR-13") == ["pass"]


def test_a_signature_is_held_against_nobody_where_none_fits(tell, verdicts, monkeypatch):
    """The texts leave open what is signed: where nothing shows how this BM-SC signs, nobody can tell."""
    story = begun()
    mtk = story.download_mtk(toi=1)
    story._download_keys = flute.DownloadKeys(bytes(16), bytes(20))
    story.carousel([mtk, story.content(toi=2)])
    assert verdicts(tell(story), "SR-14") == ["inconc"]


def test_a_null_signature_is_none(tell, verdicts):
    story = begun()
    mtk, video = story.download_mtk(toi=1), story.content(toi=2)
    at = video.octets.index(b"odfs") + 8
    null = video.octets[:at] + b"\0" + video.octets[at + 1 :]
    story.carousel([mtk, flute.File(2, video.location, video.content_type, null)])
    assert [verdicts(tell(story), code) for code in CODES] == [["pass"], ["pass"]]


def test_a_dcf_without_a_name_of_an_mtk_is_left(tell, verdicts):
    story = begun()
    mtk = story.download_mtk(toi=1)
    video = story.content(toi=2)
    other = video.octets.replace(bytes((1, 0, flute.KEY_ID_OF_MBMS, 12)), bytes((1, 0, 1, 12)))
    story.carousel([mtk, flute.File(2, video.location, video.content_type, other)], plain_fdt=True)
    assert [verdicts(tell(story), code) for code in CODES] == [[], []]


def test_an_fdt_before_the_capture_is_not_missed(tell, verdicts):
    story = begun()
    story.carousel([story.download_mtk(toi=1)], times=1)
    at = (story.now - START) / 10**9
    story.carousel([story.content(toi=2)], times=1)
    assert verdicts(tell(story), "SR-13") == ["pass"]
    story.cut(at)
    assert "fail" not in verdicts(tell(story), "SR-13")


def test_names_that_lie(tell, verdicts):
    story = begun()
    mtk = story.download_mtk(toi=1)
    for toi, named in ((2, b"!!!!"), (3, base64.b64encode(bytes(10))), (4, b"")):
        story.carousel([mtk, story.content(toi=toi, named=named)])
    assert verdicts(tell(story), "SR-13") == ["fail"]


@pytest.mark.parametrize("profile", ["rel8", "rel11", "rel16"])
def test_a_key_named_by_a_url_as_in_older_releases_is_not_judged(tell, verdicts, profile):
    """Which release went over to the key in a box of its own our texts do not say, nor what is in the URL."""
    story = begun()
    url = "mbms-key://00f110.00010001.0001"
    story.carousel([story.download_mtk(toi=1), story.content(toi=2, url=url, signed=False)], plain_fdt=True)
    found = tell(story, options=Options(profile=profile))
    assert [verdicts(found, code) for code in CODES] == [[], []]
    assert found.report.diagnoses == ()
    issuers = [c.rights_issuer for m in found.messages if isinstance(m.body, Dcf) for c in m.body.contents]
    assert issuers == [url] * len(issuers)
    assert issuers


def test_the_mtk_message_may_be_an_object(sample, verdicts):
    assert set(verdicts(sample("download_good"), "MT-01")) == {"pass"}


def test_the_likeliest_reading_is_what_the_samples_have(sample):
    variants = {one.variant for one in sample("download_good").story.chain.unpacked.values()}
    assert variants == {""}
    assert dcf.BEFORE_MUTABLE
