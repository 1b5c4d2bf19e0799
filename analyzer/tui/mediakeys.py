"""Which key a media packet is under, and whether the packets under it authenticate."""

from __future__ import annotations

from analyzer.analysis import Analysis
from analyzer.keys.key import Key
from analyzer.media import Group
from analyzer.mki import Located, Locator, named
from analyzer.tui.cells import Cell
from analyzer.tui.model import media_mark
from analyzer.views.ink import plural
from dissectors import Field, Malformed, Message, Recorder
from dissectors.rtcp import srtcp_parser
from dissectors.rtp import srtp_parser

PROTECTED = {"rtp": "srtp", "rtcp": "srtcp"}


class MediaKeys:
    """Tells of media packets of one analysis; what finds MKIs is made when the first of them is asked for."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._locators: dict[bool, Locator] = {}

    def told(self, message: Message) -> tuple[Cell, ...]:
        """Return what a line says of the key of a packet; nothing where its stream is not known."""
        groups = self._groups(message)
        if not groups:
            return ()
        located = self._located(message)
        group = next((group for group in groups if group.mki == (located[1] if located else None)), None)
        if group is None or group.mki is None:
            return (Cell("! ", "warn"), Cell("in the clear: no MKI that is known stands in this packet"))
        mark = media_mark(group)
        key = self._key(group)
        name = f"MTK {group.mki[4:].hex()} of MSK {group.mki[:4].hex()}"
        if key is None:
            return (Cell(f"{mark.sign} ", mark.tone), Cell(f"under {name}, which is not at hand"))
        counted = f"{group.authenticated} of {plural(group.packets, 'packet')} under it authenticate"
        return (Cell(f"{mark.sign} ", mark.tone), Cell(f"under {name}, {key.fingerprint}, {key.origin}: {counted}"))

    def fields(self, message: Message) -> tuple[Field, ...] | None:
        """Return the fields of a packet that is under an MKI, which stands behind what is encrypted; else None."""
        located = self._located(message) if self._groups(message) else None
        if located is None:
            return None
        policy, mki = located
        is_control, data = message.protocol == "rtcp", message.payload.data
        tag = self._locator(is_control).tag_length(data, policy)
        recorder = Recorder(data)
        try:
            (srtcp_parser if is_control else srtp_parser)(len(mki), tag)(recorder)
        except Malformed:
            return None
        return tuple(recorder.fields)

    def _groups(self, message: Message) -> list[Group]:
        protocol = PROTECTED.get(message.protocol, "")
        return [group for group in self.analysis.story.media if protocol and self._is_of(group, message, protocol)]

    def _located(self, message: Message) -> Located | None:
        return self._locator(message.protocol == "rtcp").locate_one(message.payload.data)

    def _is_of(self, group: Group, message: Message, protocol: str) -> bool:
        payload = message.payload
        at = 4 if message.protocol == "rtcp" else 8
        ssrc = int.from_bytes(payload.data[at : at + 4], "big")
        ends = (group.destination, group.port, group.ssrc) == (payload.dst, payload.dport, ssrc)
        return ends and group.protocol in (protocol, message.protocol)

    def _locator(self, rtcp: bool) -> Locator:
        if rtcp not in self._locators:
            story = self.analysis.story
            beside = frozenset(group.mki for group in story.media if group.mki is not None)
            self._locators[rtcp] = Locator(named(story.traffic), story.chain, rtcp=rtcp, beside=beside)
        return self._locators[rtcp]

    def _key(self, group: Group) -> Key | None:
        mtks = self.analysis.story.chain.mtks
        return next(iter(mtks.get((group.key_domain, group.msk_id or b"", group.mtk_id or b""), ())), None)
