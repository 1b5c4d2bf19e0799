"""From the captures of a case to payloads and media: what the analysis and the scan have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from analyzer.capture import tshark
from analyzer.capture.block import Block
from analyzer.capture.case import CaseConfig, CaseFiles, load_case_config
from analyzer.capture.follow import Follow
from analyzer.capture.frame import Frame
from analyzer.capture.merge import merged, rolling
from analyzer.capture.reader import Capture, open_capture
from analyzer.correlate.clocks import Clock, held, look
from analyzer.correlate.clocks import offsets as offsets_of
from analyzer.correlate.sightings import Sightings
from analyzer.decode.decoder import Decoder
from analyzer.decode.esp import Opener
from analyzer.decode.packets import MediaPacket
from analyzer.helping import Ask, Helpers
from analyzer.keys import agreements, esp
from analyzer.keys.keyring import EspSa, Keyring, load_keyring, merge
from analyzer.medialog import MediaLog
from analyzer.rereading import Rereading
from analyzer.stretched import Stretched, pays
from dissectors import Message, Payload

SEALED = frozenset({"tls", "dtls"})  # protocols whose messages may hold others
NO_KEYS = Keyring()

Progress = Callable[[int, int], None]  # octets read, octets in all; may raise Enough


class Enough(Exception):  # noqa: N818  # nothing went wrong
    """Whoever waits for a case has seen enough of it: what was read is judged, and nothing after it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A case, opened: its captures, and what decodes and keeps what is in them.

    `offsets` (ns) are added to the times of a capture, as `clocks` tell.
    """

    case: CaseFiles
    config: CaseConfig
    keyring: Keyring
    captures: tuple[Capture, ...]
    decoder: Decoder
    media: MediaLog
    clocks: tuple[Clock, ...]
    offsets: Mapping[int, int]
    progress: Progress | None
    helpers: Helpers | None = None

    def payloads(self, messages: Callable[[], Iterable[Message]]) -> Iterator[Payload]:
        """Yield all payloads in the order of time; media go to the log. Comes to an end with the captures.

        `messages` is asked for those read of what was yielded so far, where they may show keys of ESP.
        """
        groups = [[self.captures[index] for index in group] for group in self.case.by_point]
        with self._helping(groups) as ask:
            for sieved in merged([rolling(self._sifted(group, ask)) for group in groups]):
                if isinstance(sieved, Payload):
                    yield sieved
                    continue
                for item in self.decoder.feed(sieved):
                    if isinstance(item, MediaPacket):
                        self.media.add(item)
                    else:
                        yield item
        for item in self.decoder.finish(_agreed(messages, self.keyring)):
            if isinstance(item, MediaPacket):
                self.media.add(item)
            else:
                yield item

    @property
    def comes_again(self) -> bool:
        """Whether the captures can be read once more: files, no pipes."""
        return all(capture.size for capture in self.captures)

    @property
    def again(self) -> Rereading:
        """What reads the media once more."""
        return Rereading(self.case, self.config.ports, self.keyring.esp, self.offsets)

    def through_tshark(self, known: Iterable[Message]) -> Iterator[Payload]:
        """Yield what tshark opens in frames that our own readers could not: in those of no message that is known.

        TLS that our own readers know is what tshark looks into. What several probes saw comes once, sorted by time.
        """
        read = (message.payload for message in known if message.protocol not in SEALED)
        seen = {(payload.capture, frame) for payload in read for frame in payload.frames}
        points = self.case.points or range(len(self.case.captures))
        sightings: Sightings[Payload] = Sightings()
        found = [
            payload._replace(time=payload.time + self.offsets.get(index, 0))
            for index, path in enumerate(self.case.captures)
            for payload in tshark.read_with_tshark(path, index, keylog=self.keyring.keylog, ports=self.config.ports)
            if (index, payload.frame) not in seen
        ]
        for payload in sorted(found, key=lambda payload: (payload.time, payload.capture, payload.frame)):
            point = points[payload.capture]
            first = sightings.first(payload, payload[:6], point, payload.time)
            if first is None or points[first.capture] == point:  # of one probe tshark itself tells what comes again
                yield payload

    def window(self) -> tuple[int, int]:
        """Return the times of the first and the last frame so far, by the clock that the offsets make one."""
        facts = [(capture.facts, self.offsets.get(capture.index, 0)) for capture in self.captures]
        firsts = [known.first + offset for known, offset in facts if known.first is not None]
        lasts = [known.last + offset for known, offset in facts if known.last is not None]
        return min(firsts, default=0), max(lasts, default=0)

    def _helping(self, groups: Iterable[Sequence[Capture]]) -> AbstractContextManager[Ask | None]:
        """Return who can be asked to read on in captures that are long enough."""
        count = 0 if self.helpers is None else self.helpers.count
        if self.helpers is None or not self.comes_again or not any(pays(group, count) for group in groups):
            return nullcontext()
        return self.helpers.helping()

    def _sifted(self, group: Sequence[Capture], ask: Ask | None) -> list[Iterator[Frame | Payload]]:
        """Return what needs a closer look in each capture of a probe."""
        blocks = self._blocks
        if ask is not None and self.helpers is not None:
            count, ports = self.helpers.count, self.config.ports
            blocks = Stretched(group, self.decoder, self.media, ports, self.offsets, ask, count).blocks
        return [self._looked_at(capture, blocks(capture)) for capture in group]

    def _blocks(self, capture: Capture) -> Iterator[Block]:
        offset = self.offsets.get(capture.index, 0)
        for block in capture.blocks():
            yield block.shifted(offset) if offset else block

    def _looked_at(self, capture: Capture, blocks: Iterator[Block]) -> Iterator[Frame | Payload]:
        """Yield the frames of a capture that need a closer look, and its plain datagrams; media go to the log."""
        for block in blocks:
            odd, found, datagrams = self.decoder.sift(block)
            for columns in found:
                self.media.add_columns(columns)
            yield from datagrams.among(block.frames(odd))
            if self.progress is not None:
                try:
                    self.progress(sum(one.position for one in self.captures), sum(one.size for one in self.captures))
                except Enough:
                    capture.facts.problems.append(f"reading was stopped after packet {capture.facts.packets}")
                    return


def begin(
    case: CaseFiles,
    keys: Sequence[str] = (),
    progress: Progress | None = None,
    follow: Follow | None = None,
    keep_media: bool = True,
    typed: Keyring = NO_KEYS,
    helpers: Helpers | None = None,
) -> Reading:
    """Open a case; with `follow` the captures are read as they grow, and otherwise `helpers` may read on ahead.

    `keys` are files of keyrings beyond its own, `typed` are keys that are in no file.

    Raises CaptureError, KeyringError or ConfigError for what cannot be read.
    """
    config = CaseConfig() if case.config is None else load_case_config(case.config)
    keyring = merge([*map(load_keyring, (*case.keyrings, *keys)), typed])
    if typed.keylog is not None:  # it was asked for last
        keyring = replace(keyring, keylog=typed.keylog)
    captures = tuple(open_capture(path, index, follow) for index, path in enumerate(case.captures))
    decoder = Decoder(ports=config.ports, opener=esp.opener(keyring.esp))
    media = MediaLog(keep_media, case.points)
    clocks, offsets = _clocks(case, config, captures if follow is None else ())
    others = helpers if follow is None else None
    return Reading(case, config, keyring, captures, decoder, media, clocks, offsets, progress, others)


def _agreed(messages: Callable[[], Iterable[Message]], keyring: Keyring) -> Callable[[], Opener | None]:
    """Return what finds the keys of ESP in the messages there are so far, None when it finds no new ones."""
    known: set[EspSa] = set()

    def opener() -> Opener | None:
        found = agreements.agreed(messages(), keyring)
        if known.issuperset(found):
            return None
        known.update(found)
        return esp.opener(found)

    return opener


def _clocks(
    case: CaseFiles, config: CaseConfig, captures: Sequence[Capture]
) -> tuple[tuple[Clock, ...], dict[int, int]]:
    """Hold the clocks of several probes against each other; return with them the ns to add to each capture.

    Captures that grow are not there to be looked through first.
    """
    said = {
        index: round(config.clock_offsets[name] * 10**9)
        for index, path in enumerate(case.captures)
        if (name := path.replace("\\", "/").rsplit("/", 1)[-1]) in config.clock_offsets
    }
    groups = case.by_point
    if len(groups) < 2 or not captures:
        return (), said
    seen = look([[captures[index] for index in group] for group in groups], config.ports)
    clocks = held(groups, seen.differences(), said)
    return clocks, offsets_of(clocks, said)
