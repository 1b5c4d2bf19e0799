"""The one function that knows the order of things: read, decode, dissect, correlate, unlock, judge."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date

from analyzer import accounts, waivers
from analyzer.capture.case import CaseFiles
from analyzer.capture.follow import Follow
from analyzer.capture.reader import Capture
from analyzer.correlate.traffic import correlate
from analyzer.decode.decoder import DecodeFacts
from analyzer.decode.sctp import MISSING as MISSING_CHUNKS
from analyzer.decode.stream import MISSING
from analyzer.examination import examine
from analyzer.helping import Helpers
from analyzer.judging import Run, Story, judge
from analyzer.keys.keyring import Keyring, merge
from analyzer.keys.unlock import unlock
from analyzer.medialog import MediaLog
from analyzer.messages import Messages
from analyzer.procedures import CATALOGUE, tell
from analyzer.procedures.contradictions import contradiction
from analyzer.profiles import DEFAULT, PROFILES
from analyzer.reading import NO_KEYS, Progress, begin
from analyzer.report import CaseReport
from analyzer.tolerances import AS_MEANT, Tolerances
from dissectors import Message, dissect

GARBAGE = (50_000, 20, 10)  # objects, and collections of the younger ones, before gc looks for cycles


@dataclass(frozen=True, slots=True)
class Options:
    """What a user asks of an analysis; the report depends on nothing else."""

    show_keys: bool = False
    engine: str = "native"  # or "tshark"
    select: tuple[str, ...] = ()  # rule codes or their beginnings; empty: all
    ignore: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()  # keyrings beyond those of the case
    media: str = "sample"  # of huge streams, or "all", "none": what is verified
    waive: tuple[str, ...] = ()  # files of waivers beyond those of the case
    today: date | None = None  # by which waivers expire; None: none has
    profile: str | None = None  # a name of PROFILES; None: what case.toml says, or else the default
    tolerances: Tolerances = AS_MEANT  # where case.toml sets no other
    typed: Keyring = NO_KEYS  # keys that are in no file


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
    media: MediaLog = field(repr=False)
    expired: tuple[str, ...] = ()  # waivers that count no longer
    offsets: Mapping[int, int] = field(default_factory=dict, repr=False)  # ns added to the times of a capture
    with_keys: Callable[[Keyring], Analysis] | None = field(default=None, repr=False)  # the same with more keys


def comment(captures: Sequence[Capture], message: Message) -> str:
    """Return the comments that a capture has to the frames of a message."""
    payload = message.payload
    told = captures[payload.capture].facts.frame_comments
    return "\n".join(told[frame] for frame in payload.frames if frame in told) if told else ""


def _unseen(message: Message, begin: int) -> None:
    """Look at no message before all are there."""


@dataclass(slots=True)
class Live:
    """Who looks on while captures that grow are read: `seen` takes each message with the time of the first frame.

    `analyse` sets the others: `account` tells of all that came so far, and may be asked for while `follow` rests.
    """

    follow: Follow
    seen: Callable[[Message, int], None] = _unseen
    account: Callable[[], Analysis] | None = None
    captures: Sequence[Capture] = ()
    messages: int = 0  # that were seen


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the collector of cycles look less often at objects that nearly all live to the end of an analysis.

    Those that are frozen meanwhile it passes over until then.
    """
    usual = gc.get_threshold()
    gc.set_threshold(*GARBAGE)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*usual)


@_seldom_collecting()
def analyse(
    case: CaseFiles,
    options: Options = Options(),
    progress: Progress | None = None,
    live: Live | None = None,
    helpers: Helpers | None = None,
) -> Analysis:
    """Analyse a case: same octets, keyring and options, same report. With `live` it follows captures that grow.

    `helpers` take part in what is long.

    Raises CaptureError, KeyringError or ConfigError for what cannot be read; damage within a capture
    is told in the report.
    """
    keep = options.media != "none"
    follow = None if live is None else live.follow
    reading = begin(case, options.keys, progress, follow, keep, options.typed, helpers)
    again = reading.again if options.media == "all" and live is None and reading.comes_again else None
    keyring, decoded = reading.keyring, reading.decoder.facts
    messages: list[Message] = []
    codes = tuple(rule.code for rule in CATALOGUE)
    waiving = waivers.read(case.config or "", reading.config.waive, codes)
    waiving += tuple(waiver for path in options.waive for waiver in waivers.load(path, codes))
    expired = waivers.expired(waiving, options.today)
    profile = PROFILES[options.profile or reading.config.profile or DEFAULT.name]
    tolerances = replace(options.tolerances, **reading.config.tolerances)

    def account(more: Keyring = NO_KEYS) -> Analysis:
        """Judge what was read, with more keys than the keyring has; those of ESP open no more of it."""
        gc.freeze()  # messages
        known = merge((keyring, more))
        window, nodes = reading.window(), reading.config.nodes
        traffic = correlate(messages, *window, nodes, case.points, decoded.repeats, decoded.overtaken)
        chain = unlock(traffic, known)
        lost = sum(capture.facts.lost for capture in reading.captures)
        holes = sum(decoded.counts.get(reason, 0) for reason in (MISSING, MISSING_CHUNKS))
        media = examine(reading.media, traffic, chain, again, helpers)
        story = Story(
            traffic,
            chain,
            media,
            holes,
            tuple(decoded.icmp_errors),
            lost,
            tolerances,
            profile,
            frozenset(decoded.missed),
        )
        gc.freeze()  # and what was made of them
        runs = tell(story)
        chosen = [rule for rule in CATALOGUE if _chosen(rule.code, options) and profile.applies(rule.code)]
        judged = [(name, run) for name, run in runs if profile.knows(run.procedure.kind)]
        judgements = judge(chosen, judged, contradiction(story))
        facts = [capture.facts for capture in reading.captures]
        story.made.clear()  # what rules have asked for makes room for the report
        report = accounts.case_report(
            case.name, facts, decoded, story, runs, judgements, options.show_keys, reading.clocks, waiving,
            options.today,
        )  # fmt: skip
        return Analysis(
            case, report, traffic.folded.seen, story, runs, reading.captures, decoded, known, reading.media, expired,
            reading.offsets, _seldom_collecting()(account) if live is None else None,
        )  # fmt: skip

    seen = messages.append
    if live is not None:
        live.account, live.captures = account, reading.captures
        seen = _looked_at(messages, live, lambda: reading.window()[0])
    made = Messages(decoded)
    for payload in reading.payloads(lambda: messages):
        for message in made.of(payload):
            seen(message)
    made.finish()
    if options.engine == "tshark":
        messages += filter(None, map(dissect, reading.through_tshark(messages)))
    return account()


def _looked_at(messages: list[Message], live: Live, begin: Callable[[], int]) -> Callable[[Message], None]:
    """Return what keeps each message and shows it to who looks on."""

    def see(message: Message) -> None:
        messages.append(message)
        live.messages += 1
        live.seen(message, begin())

    return see


def _chosen(code: str, options: Options) -> bool:
    if options.select and not any(code.startswith(prefix) for prefix in options.select):
        return False
    return not any(code.startswith(prefix) for prefix in options.ignore)
