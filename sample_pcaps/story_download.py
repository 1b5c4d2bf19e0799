"""Steps of a download: the MTK, contents and the FDT as objects of FLUTE (TS 33.246 6.3.3.2.1, 6.6.3)."""

from __future__ import annotations

from collections.abc import Sequence

from sample_pcaps import forge_flute as flute
from sample_pcaps import forge_mikey as mikey
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_flute import File
from sample_pcaps.forge_keys import DownloadKeys, download_keys, made_up
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story_mikey import FIRST_MSK, MikeySteps

FLUTE_PORT = 49154  # the source port of the sender
NTP_1900 = 2208988800
HOUR = 3600


class DownloadSteps(MikeySteps):
    """The FLUTE session of a story, whose TSI is that of the stage."""

    fdt_instance = 0
    _download_keys: DownloadKeys
    _key_id: bytes

    def download_mtk(self, toi: int, msk_id: bytes = FIRST_MSK, mtk_id: int = 1, *, key_type: int = mikey.TGK) -> File:
        """Make the MTK message of a download, and return it as an object; what follows is under this MTK."""
        csb_id = int.from_bytes(self.octets("CSB", 4), "big")
        self.mtk(msk_id, mtk_id, key_type=key_type, csb_id=csb_id, times=0)
        *_, octets = self._last_mtk
        mtk = self.mtks[msk_id + mtk_id.to_bytes(2, "big")]
        self._download_keys = download_keys(mtk.key, csb_id, self.msks[msk_id].rand)
        self._key_id = KEY_DOMAIN + mtk.mki
        return File(toi, f"http://bmsc.home1.net/mtk/{mtk_id}", flute.MIKEY_TYPE, octets)

    def content(
        self, toi: int, size: int = 3000, *, named: bytes | None = None, url: str = "", signed: bool = True,
        break_signature: bool = False,
    ) -> File:  # fmt: skip
        """Return a video as an object: in a DCF, encrypted and signed under the last MTK; keywords as of `dcf`."""
        video = made_up(f"video {toi}", size)
        octets = flute.dcf(
            video, "video/mp4", keys=self._download_keys, key_id=self._key_id, iv=self.octets("IV", 16),
            content_id=f"cid:{toi}@home1.net", named=named, url=url, signed=signed, break_signature=break_signature,
        )  # fmt: skip
        return File(toi, f"http://bmsc.home1.net/video/{toi}", flute.DCF_TYPE, octets)

    def carousel(self, files: Sequence[File], *, times: int = 2, plain_fdt: bool = False) -> None:
        """Send the FDT of some objects, in a DCF of its own, and all of them, `times` times."""
        self.fdt_instance += 1
        octets = flute.fdt(files, self.now // SECOND + NTP_1900 + HOUR)
        if not plain_fdt:
            octets = flute.dcf(
                octets, flute.FDT_TYPE, keys=self._download_keys, key_id=self._key_id, content_id="cid:fdt@home1.net"
            )
        for _ in range(times):
            self._send(0, octets, self.fdt_instance)
            for file in files:
                self._send(file.toi, file.octets)
            self.wait(0.5)

    def _send(self, toi: int, octets: bytes, instance: int | None = None) -> None:
        for packet in flute.packets(self.tsi or 0, toi, octets, instance=instance):
            self.datagram(self.addresses.bm_sc, FLUTE_PORT, self.addresses.group, self.group_port, packet)
