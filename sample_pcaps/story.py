"""Stories: what happens between UEs, IM CN, SCF, BM-SC and BSF, step by step, each step open to one deviation.

A case writes a good story and changes one thing in it:

    @case(breaks=("RG-01",))
    def wrong_requesttype() -> Story:
        \"\"\"The registration says requesttype=registr; everything else is right.\"\"\"
        story = Story.begun_by_http()
        story.register(requesttype="registr")
        ...
        return story

The steps, with the messages that `edits` can name (see each docstring for all its keywords):

* `bootstrap` (Ub): first, challenge, resync, second-challenge, second, ok
* `zn` (Diameter, by itself or inside register and sip): bir, bia
* `invite` (HTTP variant): gm-invite, gm-100, isc-invite, isc-100, post, post-answer, isc-ok, gm-ok, gm-ack, isc-ack
* `sip` (SIP variant; asked is register, deregister, msk-request): the same
* `bye`: gm-bye, isc-bye, isc-ok, gm-ok
* `register`, `deregister`, `msk_request` (Ua, all through `ua`): request, challenge, authorized, answer
* `msk`: msk, verification;  `pull`: pull;  `mtk`, `repeat_mtk`: mtk;  `mikey_error`
* `attach`, `detach` (IMS registration): register, ok;  `announce` (service protection description): get, description
* `media` (its `change` sees every packet), `report` (one SRTCP packet)
* `download_mtk` and `content` make objects of FLUTE, `carousel` sends them; the constructor takes a `tsi` then

`edits={"name": Edit(...)}` deviates in one message: Edit(line=, headers={name: value, or a list, or None to drop},
late= (the same, after the digest was computed), body=, mutate=octets -> octets, drop=True, delay=s, shift=s (this
message alone, may be negative), repeat=n, src=, dst=, digest={directive: value} (before the computation of response or
rspauth), claim= (after it)). A step refuses an edit for a message that it does not have.

The clock: `wait(s)` lets time pass, `at(s)` sets it (steps of two UEs may overlap), `story.now` is in ns. UEs are
`story.ues[n]`; `story.ue` is the first, and what steps take when none is named. `linger(s)` lets time pass and shows it
by a last packet (a rule that waits for something fails only where the capture goes on); `cut(s)` begins the capture
later.

Short beginnings to build faults on: `Story.begun_by_http()` and `Story.begun_by_sip()` (bootstrapping and INVITE, ready
for register; the SIP one is registered already), and on top of one of them `keys_and_media()` (one MSK with its
verification, one MTK sent twice, 10 packets and a sender report).
"""

from __future__ import annotations

from typing import Any

from sample_pcaps.stage import HOUR
from sample_pcaps.story_download import DownloadSteps
from sample_pcaps.story_ims import ImsSteps
from sample_pcaps.story_media import MediaSteps
from sample_pcaps.story_mikey import FIRST_MSK
from sample_pcaps.story_sip import SipSteps
from sample_pcaps.story_ua import UaSteps


class Story(UaSteps, SipSteps, MediaSteps, DownloadSteps, ImsSteps):
    """All steps of both variants."""

    @classmethod
    def begun_by_http(cls, *, lifetime: float = HOUR, **more: Any) -> Story:
        """Bootstrapping and INVITE of the HTTP variant, one UE; further keywords are those of the constructor."""
        story = cls("http", by_sip=False, **more)
        for ue in story.ues:
            story.bootstrap(ue, lifetime=lifetime)
            story.wait(0.2)
            story.invite(ue)
            story.wait(0.1)
        return story

    @classmethod
    def begun_by_sip(cls, *, lifetime: float = HOUR, **more: Any) -> Story:
        """Bootstrapping and initiation of the SIP variant, which is the registration, one UE."""
        story = cls("sip", by_sip=True, **more)
        for ue in story.ues:
            story.bootstrap(ue, lifetime=lifetime)
            story.wait(0.2)
            story.sip("register", ue)
            story.wait(0.1)
        return story

    @classmethod
    def registered_by_http(cls, *, lifetime: float = HOUR, **more: Any) -> Story:
        """The same with the registration on Ua: ready for the MSK."""
        story = cls.begun_by_http(lifetime=lifetime, **more)
        for ue in story.ues:
            story.register(ue)
            story.wait(0.1)
        return story

    def keys_and_media(self, msk_id: bytes = FIRST_MSK, mtk_id: int = 1, *, packets: int = 10) -> None:
        """Deliver one MSK to each UE and one MTK to all, twice, and send media under it."""
        for ue in self.ues:
            self.msk(ue, msk_id)
        self.wait(0.2)
        self.mtk(msk_id, mtk_id, times=2, interval=0.5)
        self.media(msk_id, mtk_id, packets=packets)
