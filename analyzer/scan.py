"""What the captures of a case hold, at a glance: read, sifted and decoded, but neither dissected nor judged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer import gist
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import Capture
from analyzer.correlate.sightings import fold
from analyzer.decode.decoder import DecodeFacts
from analyzer.decode.objects import FLUTE
from analyzer.keys.agreements import may_agree
from analyzer.keys.keyring import Keyring
from analyzer.medialog import Stream
from analyzer.messages import Messages
from analyzer.reading import Progress, begin
from analyzer.report import CaseReport
from dissectors import Message, Payload, dissect, told

SAYS_FLUTE = (b"FLUTE/", b"flute-tsi")  # in an SDP


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan tells: the report of a case that was not judged, and what was seen.

    `messages` have their protocol, each once, but were not read. `streams` are media, those first that began first.
    """

    case: CaseFiles
    report: CaseReport
    messages: tuple[Message, ...] = field(repr=False)
    streams: tuple[Stream, ...] = field(repr=False)
    captures: tuple[Capture, ...] = field(repr=False)
    decoded: DecodeFacts = field(repr=False)
    keyring: Keyring = field(repr=False)


def scan(
    case: CaseFiles, keys: tuple[str, ...] = (), engine: str = "native", progress: Progress | None = None
) -> Scan:  # fmt: skip
    """Scan a case: of messages only the protocol is told, as dissect() would; those inside others are not looked for.

    Objects of FLUTE are, as packets alone say little.

    Raises what `analyse` does.
    """
    reading = begin(case, keys, progress, keep_media=False)
    messages: list[Message] = []

    def agreeing() -> Iterable[Message]:
        """Read what shows keys of ESP, where ESP waits for them."""
        return [read for one in messages if may_agree(one) and (read := dissect(one.payload)) is not None]

    made = Messages(reading.decoder.facts, _told)
    for payload in reading.payloads(agreeing):
        messages += made.of(payload)
    made.finish()
    if engine == "tshark":
        messages += [message for payload in reading.through_tshark(messages) if (message := _told(payload)) is not None]
    decoded = reading.decoder.facts
    folded = fold(sorted(messages, key=lambda m: (m.time, m.payload.capture, m.frame)), case.points, decoded.repeats)
    report = gist.scan_report(
        case.name, [capture.facts for capture in reading.captures], decoded, folded, reading.clocks
    )
    streams = sorted(reading.media.streams.values(), key=lambda s: (s.first, s.destination, s.port, s.ssrc, s.rtcp))
    return Scan(case, report, folded.messages, tuple(streams), reading.captures, decoded, reading.keyring)


def _told(payload: Payload) -> Message | None:
    """Return a message that was not read, but where it is of FLUTE, or may name a session of it."""
    protocol = told(payload)
    if protocol is None:
        return None
    if protocol == FLUTE or any(word in payload.data for word in SAYS_FLUTE):
        return dissect(payload)
    return Message(protocol, payload, None)
