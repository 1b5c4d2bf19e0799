"""The one function that knows the order of things: read, decode, dissect, correlate, unlock, judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer import accounts
from analyzer.capture import tshark
from analyzer.capture.case import CaseConfig, CaseFiles, load_case_config
from analyzer.capture.follow import Follow
from analyzer.capture.frame import Frame
from analyzer.capture.merge import merged, rolling
from analyzer.capture.reader import Capture, open_capture
from analyzer.correlate.clocks import Clock, held, look
from analyzer.correlate.clocks import offsets as offsets_of
from analyzer.correlate.traffic import correlate
from analyzer.decode.decoder import DecodeFacts, Decoder
from analyzer.decode.esp import Opener
from analyzer.decode.packets import MediaPacket
from analyzer.decode.sctp import MISSING as MISSING_CHUNKS
from analyzer.decode.stream import MISSING
from analyzer.judging import Run, Story, judge
from analyzer.keys import agreements, esp
from analyzer.keys.keyring import EspSa, Keyring, load_keyring, merge
from analyzer.keys.unlock import unlock
from analyzer.media import examine
from analyzer.medialog import MediaLog
from analyzer.procedures import CATALOGUE, tell
from analyzer.report import CaseReport, Judgement, Verdict
from dissectors import Message, Payload, dissect

Progress = Callable[[int, int], None]  # octets read, octets in all


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks of an analysis; the report depends on nothing else."""

    show_keys: bool = False
    engine: str = "native"  # or "tshark"
    select: tuple[str, ...] = ()  # rule codes or their beginnings; empty: all
    ignore: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # keyrings beyond those of the case


@dataclass(frozen=True, slots=True)
class Analysis:
    """The report of a case, and what it was made of, for those who look closer."""

    case: CaseFiles
    report: CaseReport
    messages: tuple[Message, ...] = field(repr=False)  # every sighting; each once: story.traffic.messages
    story: Story = field(repr=False)
    runs: tuple[tuple[str, Run], ...] = field(repr=False)
    captures: tuple[Capture, ...] = field(repr=False)
    decoded: DecodeFacts = field(repr=False)
    keyring: Keyring = field(repr=False)


def _unseen(message: Message, begin: int) -> None:
    """Look at no message before all are there."""


@dataclass(slots=True)
class Live:
    """Who looks on while captures that grow are read: `seen` takes each message with the time of the first frame.

    `account`, which `analyse` sets, tells of all that came so far; it may be asked for while `follow` rests.
    """

    follow: Follow
    seen: Callable[[Message, int], None] = _unseen
    account: Callable[[], Analysis] | None = None
    messages: int = 0  # that were seen


def analyse(
    case: CaseFiles, options: Options = Options(), progress: Progress | None = None, live: Live | None = None
) -> Analysis:  # fmt: skip
    """Analyse a case: same octets, keyring and options, same report. With `live` it follows captures that grow.

    Raises CaptureError, KeyringError or ConfigError for what cannot be read; damage within a capture
    is told in the report.
    """
    config = CaseConfig() if case.config is None else load_case_config(case.config)
    keyring = merge([load_keyring(path) for path in (*case.keyrings, *options.keys)])
    follow = None if live is None else live.follow
    captures = [open_capture(path, index, follow) for index, path in enumerate(case.captures)]
    decoder = Decoder(ports=config.ports, opener=esp.opener(keyring.esp))
    media = MediaLog()
    clocks, offsets = _clocks(case, config, captures if live is None else ())
    told = _told(captures, progress)
    sifted = [_sifted(c, offsets.get(c.index, 0), decoder, media, told) for c in captures]
    frames = merged([rolling([sifted[index] for index in group]) for group in case.by_point])
    messages: list[Message] = []

    def account() -> Analysis:
        """Judge what was read."""
        begin, end = _window(captures, offsets)
        traffic = correlate(messages, begin, end, config.nodes, case.points, decoder.facts.repeats)
        chain = unlock(traffic, keyring)
        holes = sum(decoder.facts.counts.get(reason, 0) for reason in (MISSING, MISSING_CHUNKS))
        story = Story(traffic, chain, examine(media, traffic, chain), holes, tuple(decoder.facts.icmp_errors))
        runs = tell(story)
        judgements = judge((rule for rule in CATALOGUE if _chosen(rule.code, options)), runs)
        facts = [capture.facts for capture in captures]
        report = accounts.case_report(
            case.name, facts, decoder.facts, story, runs, judgements, options.show_keys, clocks
        )  # fmt: skip
        return Analysis(case, report, traffic.folded.seen, story, runs, tuple(captures), decoder.facts, keyring)

    seen = messages.append
    if live is not None:
        live.account = account
        seen = _looked_at(messages, live, lambda: _window(captures, offsets)[0])
    _read(frames, decoder, media, _agreed(messages, keyring), seen)
    if options.engine == "tshark":
        messages += _through_tshark(case, keyring, messages)
    return account()


def _looked_at(messages: list[Message], live: Live, begin: Callable[[], int]) -> Callable[[Message], None]:
    """Return what keeps each message and shows it to who looks on."""

    def see(message: Message) -> None:
        messages.append(message)
        live.messages += 1
        live.seen(message, begin())

    return see


def _read(
    frames: Iterable[Frame],
    decoder: Decoder,
    media: MediaLog,
    shown: Callable[[], Opener | None],
    seen: Callable[[Message], None],
) -> None:
    """Read all frames: messages are seen one by one, media go to the log."""

    def take(found: Iterable[Payload | MediaPacket]) -> None:
        for item in found:
            if isinstance(item, MediaPacket):
                media.add(item)
            elif (message := dissect(item)) is not None:
                seen(message)

    for frame in frames:
        take(decoder.feed(frame))
    take(decoder.finish(shown))


def _agreed(messages: Sequence[Message], keyring: Keyring) -> Callable[[], Opener | None]:
    """Return what finds the keys of ESP in the messages there are so far, None when it finds no new ones."""
    known: set[EspSa] = set()

    def opener() -> Opener | None:
        found = agreements.agreed(messages, keyring)
        if known.issuperset(found):
            return None
        known.update(found)
        return esp.opener(found)

    return opener


def _sifted(
    capture: Capture, offset: int, decoder: Decoder, media: MediaLog, told: Callable[[], None]
) -> Iterator[Frame]:  # fmt: skip
    """Yield the frames of a capture that need a closer look; its media go to the log as columns."""
    for block in capture.blocks():
        shifted = block.shifted(offset) if offset else block
        odd, found = decoder.sift(shifted)
        for columns in found:
            media.add_columns(columns)
        for row in odd:
            yield shifted.frame(row)
        told()


def _told(captures: Sequence[Capture], progress: Progress | None) -> Callable[[], None]:
    """Return what tells the progress of reading."""
    total = sum(capture.size for capture in captures)

    def tell_progress() -> None:
        if progress is not None:
            progress(sum(capture.position for capture in captures), total)

    return tell_progress


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


def _through_tshark(case: CaseFiles, keyring: Keyring, known: Iterable[Message]) -> Iterator[Message]:
    """What tshark opens in frames that our own readers could not."""
    seen = {(message.payload.capture, frame) for message in known for frame in message.payload.frames}
    for index, path in enumerate(case.captures):
        for payload in tshark.read_with_tshark(path, index, keylog=keyring.keylog):
            message = None if (index, payload.frame) in seen else dissect(payload)
            if message is not None:
                yield message


def _window(captures: Sequence[Capture], offsets: Mapping[int, int]) -> tuple[int, int]:
    """Return the times of the first and the last frame, by the clock that the offsets make one."""
    facts = [(capture.facts, offsets.get(capture.index, 0)) for capture in captures]
    firsts = [known.first + offset for known, offset in facts if known.first is not None]
    lasts = [known.last + offset for known, offset in facts if known.last is not None]
    return min(firsts, default=0), max(lasts, default=0)


def _chosen(code: str, options: Options) -> bool:
    if options.select and not any(code.startswith(prefix) for prefix in options.select):
        return False
    return not any(code.startswith(prefix) for prefix in options.ignore)


def failing(judgements: Iterable[Judgement], level: str) -> bool:
    """Say whether a judgement fails at a level or above it: shall, then should."""
    counted = ("shall",) if level == "shall" else ("shall", "should")
    return any(j.verdict is Verdict.FAIL and j.level in counted for j in judgements)
