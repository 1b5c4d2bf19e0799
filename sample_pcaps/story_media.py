"""Steps of media: SRTP and SRTCP to the group, or RTP in the clear (TS 33.246 6.6.2)."""

from __future__ import annotations

from collections.abc import Callable

from sample_pcaps import forge_srtp as srtp
from sample_pcaps.forge import SECOND
from sample_pcaps.forge_keys import made_up
from sample_pcaps.forge_srtp import RCCM2
from sample_pcaps.stage import FIRST_SEQ
from sample_pcaps.story_mikey import FIRST_MSK, SSRC, MikeySteps

MEDIA_PORT = 49152  # the source port of the media sender
NTP_1900 = 2208988800

Change = Callable[[int, dict[str, object]], dict[str, object] | None]


class MediaSteps(MikeySteps):
    """The protected stream of a story; sequence numbers, ROC and SRTCP index go on from step to step."""

    rtcp_index = 1

    def media(
        self,
        msk_id: bytes = FIRST_MSK,
        mtk_id: int = 1,
        *,
        packets: int = 20,
        interval: float = 0.04,
        mki: bytes | None = None,
        key: bytes | None = None,
        salt: bytes | None = None,
        ssrc: int = SSRC,
        size: int = 24,
        rate: int = 16,
        mode: int = RCCM2,
        tag_length: int = 14,
        clear: bool = False,
        change: Change | None = None,
        report: bool = True,
        mtk_every: int = 0,
        dst: str | None = None,
        dport: int | None = None,
        src: str | None = None,
    ) -> None:
        """Send SRTP packets under an MTK, then with `report` one SRTCP sender report.

        MTK and salt are those of (msk_id, mtk_id), made up where no MTK message brought them. `mki` replaces the
        MKI. `change` gets the number of the packet in this step (from 0) and the keywords of forge_srtp.srtp for
        it, and returns them changed, or None to leave the packet out. `clear` sends RTP without protection.
        `mtk_every` repeats the last MTK message before every so many packets.
        """
        held = self.mtks.get(msk_id + mtk_id.to_bytes(2, "big"))
        name = f"media {msk_id.hex()} {mtk_id}"
        master = key or (held.key if held else made_up(f"{name} key", 16))
        salt = salt if salt is not None else held.salt if held else made_up(f"{name} salt", 14)
        keys = srtp.stream_keys(master, salt)
        named = mki if mki is not None else msk_id + mtk_id.to_bytes(2, "big")
        source, target = src or self.addresses.bm_sc, dst or self.addresses.group
        port = dport or self.group_port
        for n in range(packets):
            if mtk_every and n % mtk_every == 0 and n:
                self.repeat_mtk()
            self.now += round(interval * SECOND)
            number = self.packet_number
            self.packet_number += 1
            arguments: dict[str, object] | None = {
                "seq": number & 0xFFFF, "roc": number >> 16, "ssrc": ssrc, "timestamp": number * 3600, "mki": named,
                "payload": made_up(f"picture {number}", size), "rate": rate, "mode": mode, "tag_length": tag_length,
            }  # fmt: skip
            if change is not None and arguments is not None:
                arguments = change(n, arguments)
            if arguments is None:
                continue
            if clear:
                octets = srtp.rtp_header(seq=number, timestamp=number * 3600, ssrc=ssrc) + made_up(f"{number}", size)
            else:
                octets = srtp.srtp(keys, **arguments)  # type: ignore[arg-type]
            self.tape.add_udp(self.now, source, MEDIA_PORT, target, port, octets)
        if report and not clear:
            self.report(master, salt, named, ssrc=ssrc, dst=dst, dport=port + 1, src=src)

    def report(
        self,
        key: bytes,
        salt: bytes,
        mki: bytes,
        *,
        ssrc: int = SSRC,
        index: int | None = None,
        packet: bytes | None = None,
        encrypt: bool = True,
        tag_length: int = 10,
        break_tag: bool = False,
        dst: str | None = None,
        dport: int | None = None,
        src: str | None = None,
    ) -> None:
        """Send one SRTCP packet, a sender report unless `packet` gives another; `index` None counts on."""
        number = self.packet_number - 1
        if packet is None:
            ntp = (self.now // SECOND + NTP_1900) << 32
            sent = number - FIRST_SEQ + 1
            packet = srtp.sender_report(ssrc=ssrc, ntp=ntp, timestamp=number * 3600, packets=sent, octets=sent * 24)
        used = self.rtcp_index if index is None else index
        self.rtcp_index = max(self.rtcp_index, used + 1)
        keys = srtp.stream_keys(key, salt, rtcp=True)
        octets = srtp.srtcp(
            keys, packet, index=used, mki=mki, tag_length=tag_length, encrypt=encrypt, break_tag=break_tag
        )  # fmt: skip
        port = dport or self.group_port + 1
        source, target = src or self.addresses.bm_sc, dst or self.addresses.group
        self.tape.add_udp(self.tick(), source, MEDIA_PORT + 1, target, port, octets)
