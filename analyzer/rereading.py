"""All media of a case once more, in this process or in another."""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import Capture, open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from analyzer.keys import esp
from analyzer.keys.keyring import EspSa
from analyzer.medialog import StreamKey, key_in


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads the captures of a case for their media alone; `offsets` (ns) are added to the times of a capture."""

    case: CaseFiles
    ports: Mapping[str, tuple[int, ...]]
    sas: tuple[EspSa, ...] = field(repr=False)
    offsets: Mapping[int, int]

    def packets(self, wanted: Container[StreamKey]) -> Iterator[MediaPacket]:
        """Yield the media of some streams in the order of time, and perhaps a few of others."""
        decoder = Decoder(ports=self.ports, opener=esp.opener(self.sas))
        captures = [open_capture(path, index) for index, path in enumerate(self.case.captures)]
        points = [
            chain.from_iterable(self._media(captures[index], decoder, wanted) for index in group)
            for group in self.case.by_point
        ]
        yield from heapq.merge(*points, key=lambda packet: packet.time)

    def _media(
        self, capture: Capture, decoder: Decoder, wanted: Container[StreamKey]
    ) -> Iterator[MediaPacket]:  # fmt: skip
        offset = self.offsets.get(capture.index, 0)
        for block in capture.blocks():
            shifted = block.shifted(offset) if offset else block
            odd, found, _ = decoder.sift(shifted)
            media = [
                packet
                for columns in found
                for own in columns.streams()
                if key_in(columns, own) in wanted
                for packet in columns.packets(own)
            ]
            for frame in shifted.frames(odd):
                media += [item for item in decoder.feed(frame) if isinstance(item, MediaPacket)]
            yield from sorted(media, key=lambda packet: packet.frame)
