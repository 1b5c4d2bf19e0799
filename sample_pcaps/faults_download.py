"""One thing wrong in a download (rules SR-13, SR-14)."""

from __future__ import annotations

import base64

from sample_pcaps.casebook import case
from sample_pcaps.story import Story


def with_msk() -> Story:
    """Registration for a download, and one MSK with its verification."""
    story = Story.registered_by_http(tsi=1)
    story.msk(download=True)
    story.wait(0.2)
    return story


@case(breaks=("SR-13",))
def fdt_that_nothing_protects() -> Story:
    """The FDT is sent as it is, and not in a DCF of its own."""
    story = with_msk()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2)], plain_fdt=True)
    return story


@case(breaks=("SR-13",))
def key_id_without_its_key_domain() -> Story:
    """The KeyID of a DCF has MSK ID and MTK ID only."""
    story = with_msk()
    mtk = story.download_mtk(toi=1)
    story.carousel([mtk, story.content(toi=2, named=base64.b64encode(bytes.fromhex("000100010001")))])
    return story


@case(breaks=("SR-13",))
def dcf_without_a_signature() -> Story:
    """A DCF has no signature box."""
    story = with_msk()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2, signed=False)])
    return story


@case(breaks=("SR-14",))
def dcf_with_a_wrong_signature() -> Story:
    """The signature of a DCF does not verify; that of the FDT does."""
    story = with_msk()
    story.carousel([story.download_mtk(toi=1), story.content(toi=2, break_signature=True)])
    return story
