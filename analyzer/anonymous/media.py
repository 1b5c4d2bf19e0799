"""Media packets under new keys: what was authentic is so again, its content is drawn; the rest stays shut."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator

from analyzer.analysis import Analysis
from analyzer.anonymous.rekey import Rekeyed
from analyzer.capture.frame import Frame
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTCP_HEADER, header_length, is_rtcp, is_rtp
from analyzer.examination import receivers
from analyzer.keys import esp, srtp
from analyzer.keys.keyring import EspSa
from analyzer.media import Opened, Receiver
from analyzer.medialog import StreamKey, key_of
from analyzer.mki import MKI_OCTETS
from dissectors import Payload

USUAL_TAG = 10  # octets
MAX_REMEMBERED = 32_768  # packets, as they may be seen on other legs too
EXTENSION = 0x10  # the bit of RTP that says that there is one


class Media:
    """Takes the frames of a case in the order of time and gives the media packets in them, before and after."""

    def __init__(self, analysis: Analysis, rekeyed: Rekeyed, sas: Iterable[EspSa] = ()) -> None:
        self.rekeyed = rekeyed
        self.streams: dict[StreamKey, Receiver] = {}
        for receiver in receivers(analysis.media, analysis.story.traffic, analysis.story.chain):
            receiver.start()
            self.streams[receiver.stream.key] = receiver
        self.decoder = Decoder(opener=esp.opener(sas))
        self.made: OrderedDict[bytes, bytes] = OrderedDict()
        self.located = {key: next(filter(None, each.located), None) for key, each in self.streams.items()}

    def packets(self, frame: Frame) -> Iterator[tuple[bytes, bytes]]:
        """Yield the octets of media packets, before and after."""
        for found in self.decoder.feed(frame):
            packet = found if isinstance(found, MediaPacket) else _as_media(found)
            if packet is None or packet.frame != frame.number or (stream := self.streams.get(key_of(packet))) is None:
                continue
            opened = stream.take(packet)
            if opened is not None or packet.data not in self.made:
                self.made[packet.data] = self._made(packet.data, stream, opened)
                while len(self.made) > MAX_REMEMBERED:
                    self.made.popitem(last=False)
            yield packet.data, self.made[packet.data]

    def _made(self, data: bytes, stream: Receiver, opened: Opened | None) -> bytes:
        rtcp = stream.stream.rtcp
        header = RTCP_HEADER if rtcp else header_length(data) or srtp.RTP_HEADER
        if opened is None:
            end = max(len(data) - self._kept(data, stream), header)
            return self._head(data, header) + self.rekeyed.names.octets(data[header:end], "media") + data[end:]
        return self._rtcp(data, opened) if rtcp else self._rtp(data, header, opened)

    def _kept(self, data: bytes, stream: Receiver) -> int:
        """Return how many octets stay at the end of a packet that nothing opens: MKI and tag."""
        located = self.located.get(stream.stream.key)
        if located is not None:
            return MKI_OCTETS + stream.locator.tag_length(data, located[0])
        return 0 if stream.last_mki is None else MKI_OCTETS + USUAL_TAG

    def _head(self, data: bytes, size: int) -> bytes:
        """Return a header of so many octets with another extension, if it has one (RFC 3550 5.3.1)."""
        begin = srtp.RTP_HEADER + 4 * (data[0] & 0x0F) + 4
        if not data[0] & EXTENSION or begin >= size or is_rtcp(data):
            return data[:size]
        return data[:begin] + self.rekeyed.names.octets(data[begin:size], "extension")

    def _keys(self, opened: Opened, index: int, *, rtcp: bool) -> srtp.SessionKeys:
        policy, key = opened.policy, opened.key
        length = min(policy.srtcp_auth_key_length if rtcp else policy.auth_key_length, srtp.MAX_AUTH_KEY)
        return srtp.session_keys(
            master_key=self.rekeyed.key(key), master_salt=self.rekeyed.octets(key.salt), rtcp=rtcp, auth_length=length,
            turn=index // policy.key_derivation_rate if policy.key_derivation_rate else 0,
        )  # fmt: skip

    def _rtp(self, data: bytes, header: int, opened: Opened) -> bytes:
        policy, roc = opened.policy, opened.roc
        sequence = int.from_bytes(data[2:4], "big")
        roc_octets, mac_octets = (0, policy.steady) if policy.steady >= 0 else srtp.tag_layout(policy, sequence)
        mac_start = len(data) - mac_octets
        end = mac_start - roc_octets - MKI_OCTETS
        if end < header:
            return data[: srtp.RTP_HEADER] + self.rekeyed.names.octets(data[srtp.RTP_HEADER :], "media")
        made = self._head(data, header) + self.rekeyed.names.octets(data[header:end], "media") + data[end:mac_start]
        mac = self._keys(opened, roc << 16 | sequence, rtcp=False).mac(made[:end], roc.to_bytes(srtp.ROC_LENGTH, "big"))
        return made + mac[:mac_octets] if opened.by_mac else made + data[mac_start:]

    def _rtcp(self, data: bytes, opened: Opened) -> bytes:
        policy = opened.policy
        mac_octets = 0 if policy.srtcp_auth_alg == srtp.AUTH_NULL else policy.srtcp_tag_length
        mac_start = len(data) - mac_octets
        end = mac_start - MKI_OCTETS
        body = end - srtp.INDEX_LENGTH
        made = data[:RTCP_HEADER] + self.rekeyed.names.octets(data[RTCP_HEADER:body], "media") + data[body:mac_start]
        return made + self._keys(opened, opened.roc, rtcp=True).mac(made[:end])[:mac_octets]


def _as_media(payload: Payload) -> MediaPacket | None:
    """Return a datagram that may be the first packet of a unicast stream, which nothing yet tells to be media."""
    data = payload.data
    if payload.transport != "udp" or not (is_rtp(data) or is_rtcp(data)):
        return None
    return MediaPacket(payload.capture, payload.frame, payload.time, payload.src, payload.dst, payload.dport, data)
