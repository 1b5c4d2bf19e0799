"""The frames of a case written anew: media, DCFs, and MIKEY where keys may be shown, in the clear; the rest as is."""

from __future__ import annotations

import heapq
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from analyzer.analysis import Analysis
from analyzer.capture.frame import Frame
from analyzer.capture.reader import Capture, open_capture
from analyzer.capture.writer import PcapngWriter
from analyzer.correlate import bodies
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rewrite import with_payload
from analyzer.decode.rtp import RTCP_HEADER, header_length, is_rtcp, is_rtp
from analyzer.examination import receivers
from analyzer.export_objects import Clear, Place, pieces
from analyzer.keys import srtp
from analyzer.media import Opened, Receiver
from analyzer.medialog import StreamKey, key_of
from analyzer.mki import MKI_OCTETS
from dissectors import Message, Payload
from dissectors.mikey import Mikey

MAX_RECENT = 4096  # packets that may be seen again on another leg
LEFT_MEDIA = "media packets left as they are, in fragments, a tunnel or ESP"
LEFT_MIKEY = "MIKEY messages left as they are, within another message, fragments, a tunnel or ESP"
LEFT_OBJECTS = "FLUTE packets left as they are, in fragments, a tunnel or ESP"
MEDIA, MIKEY, OBJECTS = "media packets decrypted", "MIKEY messages decrypted", "FLUTE packets decrypted"
NO_MAC = 0
UNCHECKED = "not authenticated, its policy puts no MAC into it"


@dataclass(slots=True)
class Exporter:
    """Writes the frames of a case; `counts` says what became of them."""

    analysis: Analysis
    show_keys: bool = False
    frames: frozenset[Place] | None = None  # those that are written; None: all
    counts: Counter[str] = field(default_factory=Counter)

    def plain(self, out: PcapngWriter) -> None:
        """Write frames as they are."""
        for capture, frame in self._all():
            if self._wanted(frame):
                out.write(frame, capture.facts)

    def decrypted(self, out: PcapngWriter) -> None:
        """Write frames with what can be opened in the clear."""
        media, mikey = _Media(self.analysis), self._mikey() if self.show_keys else {}
        objects = pieces(self.analysis)
        for capture, frame in self._all():
            data, comments = frame.data, []
            cleared = [*((MEDIA, LEFT_MEDIA, one) for one in media.clear(frame)),
                       *((OBJECTS, LEFT_OBJECTS, one) for one in objects.get((frame.capture, frame.number), ())),
                       *((MIKEY, LEFT_MIKEY, one) for one in mikey.get((frame.capture, frame.number), ()))]  # fmt: skip
            for done, left, (before, after, what) in cleared:
                changed = with_payload(frame.link_type, data, before, after)
                self.counts[left if changed is None else done] += 1
                comments.append(
                    f"keyshark: {'left as it is, not an ordinary packet: ' if changed is None else ''}{what}"
                )
                data = data if changed is None else changed
            if self._wanted(frame):
                cut = len(frame.data) - len(data)
                out.write(frame._replace(data=data, length=frame.length - cut), capture.facts, comments)

    def _wanted(self, frame: Frame) -> bool:
        return self.frames is None or (frame.capture, frame.number) in self.frames

    def _all(self) -> Iterator[tuple[Capture, Frame]]:
        """Yield all frames in the order of time, each with its capture, which is read anew."""
        case = self.analysis.case

        def of(group: Sequence[int]) -> Iterator[tuple[Capture, Frame]]:
            for index in group:
                capture = open_capture(case.captures[index], index)
                for frame in capture:
                    yield capture, frame

        yield from heapq.merge(*map(of, case.by_point), key=lambda found: found[1].time)

    def _mikey(self) -> dict[Place, list[Clear]]:
        """Return by frame the MIKEY messages that a key opened, as they would be without a cipher."""
        found: dict[Place, list[Clear]] = {}
        again = self.analysis.story.traffic.folded.again
        for message in self.analysis.messages:
            opened = self.analysis.story.chain.opening(again.get(id(message), message))
            if opened is None or opened.plain is None:
                continue
            if (
                message.payload.transport != "udp"
                or bodies.is_object(message)
                or (after := in_the_clear(message, opened.plain.payload)) is None
            ):
                self.counts[LEFT_MIKEY] += 1
                continue
            what = f"KEMAC of this MIKEY message decrypted with {opened.key.kind} {opened.key.fingerprint}; MAC removed"
            place = message.payload.capture, message.frame
            found.setdefault(place, []).append((message.payload.data, after, what))
        return found


def in_the_clear(message: Message, plain: Payload) -> bytes | None:
    """Return a MIKEY message with the plaintext in its KEMAC: NULL cipher and no MAC (RFC 3830 6.2)."""
    body, data = message.body, message.payload.data
    if not isinstance(body, Mikey) or body.kemac is None:
        return None
    kemac = body.kemac
    start, end = kemac.start, kemac.start + len(kemac.encr_data)
    rest = data[kemac.mac_start + len(kemac.mac) :]
    head = bytes((srtp.ENCR_NULL,)) + len(plain.data).to_bytes(2, "big")
    return data[: start - 3] + head + plain.data + bytes((NO_MAC,)) + rest if end < len(data) else None


class _Media:
    """Decrypts the media packets of frames, which come in the order of time."""

    def __init__(self, analysis: Analysis) -> None:
        story = analysis.story
        self.streams: dict[StreamKey, Receiver] = {}
        for receiver in receivers(analysis.media, story.traffic, story.chain):
            receiver.start()
            self.streams[receiver.stream.key] = receiver
        self.decoder = Decoder()
        self.recent: OrderedDict[int, Opened] = OrderedDict()

    def clear(self, frame: Frame) -> Iterator[Clear]:
        """Yield what of a frame can be decrypted."""
        if not self.streams:
            return
        for found in self.decoder.feed(frame):
            packet = found if isinstance(found, MediaPacket) else _as_media(found)
            if packet is None or packet.frame != frame.number or (stream := self.streams.get(key_of(packet))) is None:
                continue
            key = hash(packet.data)
            opened = stream.take(packet) or self.recent.get(key)
            if opened is None:
                continue
            self.recent[key] = opened
            if len(self.recent) > MAX_RECENT:
                self.recent.popitem(last=False)
            after = _rtcp(packet.data, opened) if stream.stream.rtcp else _rtp(packet.data, opened)
            if after is not None:
                yield packet.data, after, _told(opened, stream.stream.rtcp)


def _as_media(payload: Payload) -> MediaPacket | None:
    """Return a datagram that may be the first packet of a unicast stream, which nothing yet tells to be media."""
    data = payload.data
    if payload.transport != "udp" or not (is_rtp(data) or is_rtcp(data)):
        return None
    return MediaPacket(payload.capture, payload.frame, payload.time, payload.src, payload.dst, payload.dport, data)


def _rtp(data: bytes, opened: Opened) -> bytes | None:
    header = header_length(data)
    if header is None:
        return None
    keys, policy, roc = opened.keys, opened.policy, opened.roc
    plain = srtp.decrypt(
        keys=keys, policy=policy, data=data, header_length=header, roc=roc, mki_length=MKI_OCTETS
    )  # fmt: skip
    return None if plain is None or (not plain and policy.encr_alg not in srtp.CIPHERS) else data[:header] + plain


def _rtcp(data: bytes, opened: Opened) -> bytes | None:
    if opened.policy.encr_alg not in srtp.CIPHERS:
        return None
    checked = srtp.verify_rtcp(keys=opened.keys, policy=opened.policy, data=data, mki_length=MKI_OCTETS)
    return data[:RTCP_HEADER] + checked.payload if checked.ok else None


def _told(opened: Opened, rtcp: bool) -> str:
    key = opened.key
    ids = f"MSK {(key.msk_id or b'').hex()}, MTK {(key.mtk_id or b'').hex()}"
    removed = "index, MKI and tag removed" if rtcp else f"ROC {opened.roc}; MKI and tag removed"
    checked = "authenticated" if opened.by_mac else UNCHECKED
    return f"{'SRTCP' if rtcp else 'SRTP'} decrypted with the key {key.fingerprint} ({ids}); {removed}; {checked}"
