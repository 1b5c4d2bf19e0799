"""What is gleaned of a stretch of a capture: the frames that need a closer look, and an account of all media in it.

It is done without knowledge of what is before the stretch. Where that could matter nothing is gleaned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from analyzer.capture.block import Block, Ints
from analyzer.capture.frame import CaptureFacts
from analyzer.capture.reader import Capture, CaptureError, Records
from analyzer.capture.stretch import STRETCH, Stretch, opened
from analyzer.decode.decoder import Decoder, Found
from analyzer.decode.link import carries_tcp
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import is_rtp
from analyzer.decode.sift import HEAD, Knows, sift
from analyzer.medialog import MediaLog, StreamKey, key_of

MOST = STRETCH // 4  # octets that are worth sending: the rest of a stretch is read where it is needed

Unicast = tuple[str, str, int, int]  # source, destination, port, SSRC


@dataclass(frozen=True, slots=True)
class Known:
    """What is known by who asks for a stretch: of that, what is gleaned depends on nothing else.

    `media` are unicast streams that were told to be media. With `keeps` samples are wanted of the streams that are
    `settled` (and where their MKIs stand), and where the log is `full`, of all others. `offset` (ns) is added to times.
    """

    ports: Mapping[str, tuple[int, ...]]
    media: frozenset[Unicast]
    keeps: bool
    full: bool
    settled: Mapping[StreamKey, int]
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Gleaned:
    """What was gleaned from the place `begin` on, its frames counted from 1.

    `records` are as they were at the end, `facts` those of the capture where it is from its begin on, and otherwise
    of the stretch alone. `media` are the unicast streams that it relied on.
    """

    begin: int
    end: int
    records: Records = field(repr=False)
    facts: CaptureFacts = field(repr=False)
    blocks: tuple[Block, ...] = field(repr=False)
    log: MediaLog = field(repr=False)
    media: frozenset[Unicast] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Gleaning:
    """A stretch to be gleaned: a part of the work that others can do."""

    stretch: Stretch
    known: Known = field(repr=False)

    def follow(self) -> Gleaned | None:
        """Glean it; None where it has to be read by who knows all that is before."""
        try:
            capture = opened(self.stretch)
            return None if capture is None else self._glean(capture)
        except (CaptureError, OSError):
            return None

    def _glean(self, capture: Capture) -> Gleaned | None:
        known, begin = self.known, capture.place
        log = MediaLog(known.keeps, apart=known.settled)
        decoder = Decoder(known.ports)
        relied: set[Unicast] = set()
        alone: set[StreamKey] = set()  # streams of packets that no columns tell
        blocks: list[Block] = []
        octets = 0

        def knows(*media: str | int) -> bool:
            if media not in known.media:
                return False
            relied.add(media)
            return True

        for block in capture.until(self.stretch.end, only_packets=bool(begin)):
            small, odd = _sifted(block.shifted(known.offset), decoder.named, knows, log)
            blocks.append(small)
            if known.keeps and not known.full and not log.streams.keys() <= known.settled.keys():
                return None
            octets += len(small.octets)
            if octets > MOST:
                return None
            for frame in small.frames(odd):
                if not carries_tcp(frame.link_type, frame.data):
                    alone.update(_media(decoder.feed(frame)))
        facts = capture.facts
        told = facts.frame_comments or facts.comment_octets or any(one.missed for one in facts.interfaces)
        # What packets come to that columns do not tell, and when, only the decoder of all of them knows
        if capture.records is None or (begin and told) or decoder.has_fragments or alone & log.streams.keys():
            return None
        return Gleaned(begin, capture.place, capture.records, facts, tuple(blocks), log, frozenset(relied))


def _media(found: Iterable[Found]) -> Iterator[StreamKey]:
    """Yield the streams of what is media, and of what may be to who knows more."""
    for item in found:
        if isinstance(item, MediaPacket):
            yield key_of(item)
        elif item.transport == "udp" and is_rtp(item.data):
            yield item.dst, item.dport, int.from_bytes(item.data[8:12], "big"), False


def _sifted(block: Block, named: frozenset[int], knows: Knows, log: MediaLog) -> tuple[Block, Ints]:
    """Return the records of a block that are neither media, which go to the log, nor nobody's, and which are odd."""
    odd = np.zeros(0, dtype=np.int64)
    for _ in range(2):  # the last frame may be odd only because too few octets come after it
        odd, media, datagrams = sift(block, named, knows)
        for columns in media:
            log.add_columns(columns)
        left = np.zeros(len(block), dtype=bool)
        left[odd] = left[datagrams.rows] = True
        odd = np.cumsum(left)[odd] - 1
        block = block.extract(np.flatnonzero(left), HEAD)
    return block, odd
