"""Downloads in whole stories: which MTK fits, from what is known of it, and in which reading."""

import gzip
from ipaddress import ip_address

import pytest

from analyzer import openings
from analyzer.accounts import keys_of
from analyzer.keys.key import KEYRING
from sample_pcaps import forge_flute as flute
from sample_pcaps.forge_keys import DownloadKeys, made_up, prf
from sample_pcaps.forge_mikey import TGK
from sample_pcaps.good_download import download_good
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK


def begun():
    story = Story.registered_by_http(tsi=1)
    story.msk(download=True)
    story.wait(0.2)
    return story


def unpacked(analysis):
    return list(analysis.story.chain.unpacked.values())


def test_all_of_the_good_story_opens(sample):
    found = unpacked(sample("download_good"))
    assert [(one.ok, one.variant) for one in found] == [(True, "")] * 4
    assert [one.message.frame for one in found] == [46, 51, 58, 66]
    plains = [plain for one in found for plain in one.plains]
    assert plains[1] == made_up("video 11", 3000)
    assert plains[3] == made_up("video 21", 6000)
    assert plains[0].startswith(b"<?xml")
    assert not any(repr(plain)[2:30] in repr(found) for plain in plains[1::2])


def test_what_they_prove_is_in_the_report(sample):
    analysis = sample("download_good")
    (ue,) = analysis.story.traffic.sessions
    mtks = [key for key in keys_of(ue, analysis.story) if key.kind == "MTK"]
    assert [(key.mtk_id, key.variant) for key in mtks] == [
        (b"\0\1", "TGK, for a download"),
        (b"\0\2", "TGK, for a download"),
    ]
    opened = [[(o.what, o.frame) for o in openings.of_key(analysis.story, key)] for key in mtks]
    assert opened == [[("dcf", 46), ("dcf", 51)], [("dcf", 58), ("dcf", 66)]]
    told = [(one.signature, one.content, one.content_types) for one in analysis.report.downloads]
    assert told[:2] == [("verified", "clear", ("application/fdt+xml",)), ("verified", "decrypted", ("video/mp4",))]
    one = analysis.report.downloads[1]
    assert (one.source, one.destination, one.mtk_id) == ("10.4.0.1:49154", "239.1.2.3:5000", "0001")


def test_an_mtk_of_the_keyring_and_one_msk_message_in_the_clear(tell):
    """CSB ID and RAND stand in messages that no key opens."""
    story = download_good()
    ring = "".join(
        f'[[mtk]]\nkey_domain = "{m["key_domain"].hex()}"\nmsk_id = "{m["msk_id"].hex()}"\n'
        f'mtk_id = "{m["mtk_id"]:04x}"\nvalue = "{m["value"].hex()}"\n'
        for m in story.secrets()["mtks"]
    )
    analysis = tell(without_bsf(story), ring)
    assert [one.ok for one in unpacked(analysis)] == [True] * 4
    assert {one.key.origin for one in unpacked(analysis)} == {KEYRING}


def without_bsf(story):
    """Take out what the BSF says: on Zn keys stand in the clear."""
    bsf = ip_address(story.addresses.bsf).packed
    story.tape.packets = [(time, packet) for time, packet in story.tape.packets if bsf not in packet[26:34]]
    return story


def test_without_keys_nothing_is_tried(tell):
    analysis = tell(without_bsf(download_good()), "")
    assert [(one.ok, one.tried, one.plains) for one in unpacked(analysis)] == [(None, 0, ())] * 4
    assert {(one.signature, one.content) for one in analysis.report.downloads} == {
        ("no-key", "clear"), ("no-key", "no-key"),
    }  # fmt: skip


def test_a_cs_id_of_32_bits(tell):
    """TS 33.246 6.5.4 gives 0x00000000, where the label has 8 bits: both are tried."""
    story = begun()
    mtk = story.download_mtk(toi=1)
    held, msk = story.mtks[FIRST_MSK + b"\0\1"], story.msks[FIRST_MSK]
    csb_id = mtk.octets[4:8]
    tail = bytes(4) + csb_id + msk.rand
    story._download_keys = DownloadKeys(
        prf(held.key, bytes.fromhex("15798cef") + tail, 16), prf(held.key, bytes.fromhex("1b5c7973") + tail, 20)
    )
    story.carousel([mtk, story.content(toi=2)])
    found = unpacked(tell(story))
    assert [(one.ok, one.variant) for one in found] == [(True, "cs_id of 32 bits")] * 2
    assert found[1].plains == (made_up("video 2", 3000),)


def test_contents_without_a_signature_are_decrypted_by_their_padding(tell):
    story = begun()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2, signed=False)])
    analysis = tell(story)
    assert unpacked(analysis)[1].plains == (made_up("video 2", 3000),)
    one = analysis.report.downloads[1]
    assert (one.signature, one.content) == ("none", "decrypted")
    (mtk,) = [key for key in analysis.story.chain.keys if key.kind == "MTK"]
    assert [o.frame for o in openings.of_key(analysis.story, mtk)] == [46]  # only a signature proves


def test_a_wrong_signature_opens_nothing(sample):
    one = unpacked(sample("dcf_with_a_wrong_signature"))[1]
    assert (one.ok, one.key, one.plains) == (False, None, ())
    told = sample("dcf_with_a_wrong_signature").report.downloads[1]
    assert (told.signature, told.content) == ("failed", "failed")


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_key_message_of_several_packets(tell, monkeypatch, coding):
    monkeypatch.setattr(flute, "SYMBOL", 20)
    monkeypatch.setattr(flute, "LONGEST_BLOCK", 3)
    story = begun()
    mtk = story.download_mtk(toi=1)
    if coding:
        mtk = flute.File(1, mtk.location, mtk.content_type, gzip.compress(mtk.octets), coding)
    story.carousel([mtk, story.content(toi=2)])
    assert [one.ok for one in unpacked(tell(story))] == [True, True]


def test_mtks_of_other_kinds_open_no_download(tell):
    """The MTK that came is another one: what it gives does not fit."""
    story = begun()
    mtk = story.download_mtk(toi=1)
    video = story.content(toi=2)
    story.mtk(FIRST_MSK, 1, key=bytes(16), key_type=TGK, times=0)
    other = flute.File(1, mtk.location, mtk.content_type, story._last_mtk[3])
    story.carousel([other, video])
    found = unpacked(tell(story))
    assert [(one.ok, one.key) for one in found] == [(False, None)] * 2
    assert found[0].tried
