"""A download in which all is as the specifications want it."""

from __future__ import annotations

from sample_pcaps.casebook import case
from sample_pcaps.story import Story


@case()
def download_good() -> Story:
    """The HTTP variant with a download instead of media, all of it right.

    INVITE for the FLUTE session of a download service; an MSK for download; an MTK message, which is a TGK, as an
    object of the session, with a video in a DCF under it, and the FDT in a DCF of its own; all of it twice, as in a
    carousel. Then the same under a second MTK, and deregistration.
    """
    story = Story.registered_by_http(tsi=1)
    story.msk(download=True)
    story.wait(0.2)
    for number in (1, 2):
        mtk = story.download_mtk(toi=10 * number, mtk_id=number)
        story.carousel([mtk, story.content(toi=10 * number + 1, size=3000 * number)])
        story.wait(1)
    story.deregister()
    story.msk(seq=(3, 2), download=True)
    story.bye()
    return story
