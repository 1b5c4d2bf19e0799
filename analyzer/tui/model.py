"""What the screens show, as plain rows: an analysis in, cells out, no widget in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analyzer.accounts import keys_of
from analyzer.analysis import Analysis
from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.decode.headers import Stream, stream_of
from analyzer.judging import Run
from analyzer.media import Group
from analyzer.report import Judgement, Verdict
from analyzer.tui.cells import Cell, Mark, Row
from analyzer.views.hiding import Hider, secrets
from analyzer.views.layers import opened
from analyzer.views.packets import with_plaintext
from dissectors import Message, catalogue, tree

SECOND = 10**9
Place = tuple[int, int]  # capture, frame
MAX_NAMED = 300  # messages whose field names are offered for completion


@dataclass(frozen=True, slots=True)
class Index:
    """An analysis, and where to find things in it."""

    analysis: Analysis = field(repr=False)
    marks: dict[Place, Mark] = field(repr=False)
    problems: dict[Place, tuple[Judgement, ...]] = field(repr=False)  # what is worse than pass, the worst first
    judgements: dict[str, tuple[Judgement, ...]] = field(repr=False)  # by procedure
    places: dict[Place, int] = field(repr=False)  # row of the first message of a frame
    times: tuple[int, ...] = field(repr=False)  # of the messages, ns
    names: frozenset[str] = field(repr=False)  # protocols and fields that a filter can ask for
    hider: Hider = field(repr=False)  # knows every key of the case
    opened: dict[Place, tuple[str, ...]] = field(default_factory=dict, repr=False)  # which keys fit a message, in words
    secured: dict[Stream, str] = field(default_factory=dict, repr=False)  # what packets of protected streams are called

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.analysis.messages

    @property
    def sessions(self) -> tuple[Session, ...]:
        return self.analysis.story.traffic.sessions

    def runs_of(self, session: Session) -> list[tuple[str, Run]]:
        """Return the procedures of a UE with the names that judgements know them by."""
        return [(name, run) for name, run in self.analysis.runs if session in run.ues]

    def run_mark(self, name: str, run: Run) -> Mark:
        """Return the worst mark of a procedure; where no rule looked at it, its outcome decides."""
        found = max((mark_of(j) for j in self.judgements.get(name, ())), default=Mark.NONE)
        outcomes = {"success": Mark.PASS, "failure": Mark.FAIL, "incomplete": Mark.UNSURE}
        return found or outcomes.get(run.outcome, Mark.NONE)

    def number(self, place: Place) -> str:
        """Return a frame as the user knows it: its number, after that of its capture where there are several."""
        return str(place[1]) if len(self.analysis.captures) == 1 else f"{place[0]}:{place[1]}"

    def summary(self, message: Message) -> str:
        """Return what a message is; one that was seen before is marked with the frame that showed it first."""
        first = self.analysis.story.traffic.folded.again.get(id(message))
        again = "" if first is None else f"[{self.number((first.payload.capture, first.frame))} again] "
        return again + bodies.summary(message)

    def protocol(self, message: Message) -> str:
        """Return what to call a message: a packet of media as its stream is known."""
        return self.protection(message) or message.protocol.upper()

    def protection(self, message: Message) -> str:
        """Return SRTP or SRTCP of a packet of media whose stream is protected, "" of all else."""
        if message.protocol not in ("rtp", "rtcp"):
            return ""
        payload = message.payload
        stream = stream_of(payload.dst, payload.dport, payload.data, message.protocol == "rtcp")
        return self.secured.get(stream, "")

    def problems_in(self, message: Message) -> tuple[Judgement, ...]:
        """Return what rules have against the frame of a message, the worst first."""
        return self.problems.get((message.payload.capture, message.frame), ())

    def whole(self, message: Message) -> Message:
        """Return a message with the plaintext of what was opened in it."""
        return with_plaintext(message, self.analysis.story.chain)

    def mark(self, message: Message) -> Mark:
        return self.marks.get((message.payload.capture, message.frame), Mark.NONE)


def index(analysis: Analysis) -> Index:
    """Index an analysis by frame and by procedure."""
    marks: dict[Place, Mark] = {}
    by_run: dict[str, list[Judgement]] = {}
    problems: dict[Place, list[Judgement]] = {}
    for judgement in analysis.report.judgements:
        if judgement.procedure is not None:
            by_run.setdefault(judgement.procedure, []).append(judgement)
        for shown in judgement.evidence:
            place = (shown.capture, shown.frame)
            marks[place] = max(marks.get(place, Mark.NONE), mark_of(judgement))
            if mark_of(judgement) > Mark.PASS:
                problems.setdefault(place, []).append(judgement)
    for name, run in analysis.runs:
        if any(j.verdict is Verdict.PASS for j in by_run.get(name, ())):
            for message in run.messages:
                marks.setdefault((message.payload.capture, message.frame), Mark.PASS)
    places: dict[Place, int] = {}
    for row, message in enumerate(analysis.messages):
        for frame in (message.frame, *message.payload.frames):
            places.setdefault((message.payload.capture, frame), row)
    return Index(
        analysis,
        marks,
        {place: tuple(sorted(found, key=mark_of, reverse=True)) for place, found in problems.items()},
        {name: tuple(found) for name, found in by_run.items()},
        places,
        tuple(message.time for message in analysis.messages),
        _names(with_plaintext(message, analysis.story.chain) for message in analysis.messages[:MAX_NAMED]),
        Hider(secrets(analysis.messages, analysis.story.chain)),
        opened(analysis.report),
        {
            Stream(each.destination, each.port, each.ssrc, each.protocol == "srtcp"): each.protocol.upper()
            for each in analysis.story.media
            if each.protocol in ("srtp", "srtcp")
        },
    )


def _names(messages: Iterable[Message]) -> frozenset[str]:
    """Return what a filter can ask for: all that dissectors have, and names that only the network knows."""
    trees = (tree(part) for message in messages for part in message.walk())
    seen = (each.name for fields in trees for outermost in fields for each in outermost.walk())
    return frozenset((*(name for name in catalogue.fields() if catalogue.FAMILY not in name), *seen))


def mark_of(judgement: Judgement) -> Mark:
    """Return the mark of a judgement: a fail that no verdict of a case counts is advice, of level info or waived."""
    match judgement.verdict:
        case Verdict.ERROR:
            return Mark.FAIL
        case Verdict.FAIL:
            return Mark.FAIL if judgement.counts else Mark.ADVICE
        case Verdict.INCONC:
            return Mark.UNSURE
        case Verdict.PASS:
            return Mark.PASS
        case _:
            return Mark.NONE


def verdict_mark(verdict: Verdict) -> Mark:
    """Return the mark of the verdict of a case."""
    marks = {Verdict.PASS: Mark.PASS, Verdict.INCONC: Mark.UNSURE, Verdict.FAIL: Mark.FAIL, Verdict.ERROR: Mark.FAIL}
    return marks.get(verdict, Mark.NONE)


def verdict_cell(verdict: Verdict) -> Cell:
    """Return a verdict as its sign and word."""
    mark = verdict_mark(verdict)
    return Cell(f"{mark.sign} {verdict}".strip(), mark.tone)


def utc(time: int | None, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
    """Return a time in ns as UTC; empty where there is none, or none that a calendar holds."""
    if time is None:
        return ""
    try:
        return datetime.fromtimestamp(time // SECOND, UTC).strftime(pattern)
    except (ValueError, OverflowError, OSError):
        return "?"


def clock(time: int, begin: int, before: int | None, form: str) -> str:
    """Return a time in ns in one of TIMES; `before` is the message that came before."""
    if form == "UTC":
        return f"{utc(time, '%H:%M:%S')}.{time % SECOND // 1000:06d}"
    since = begin if form == "relative" else time if before is None else before
    return f"{'+' if form == 'delta' else ''}{(time - since) / SECOND:.6f}"


def endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def session_row(found: Index, session: Session) -> Row:
    """Return a UE as a line of the sessions screen."""
    runs = found.runs_of(session)
    marks = [found.run_mark(name, run) for name, run in runs]
    kinds = {run.procedure.kind for _, run in runs}
    keys = keys_of(session, found.analysis.story)
    worst = max((mark_of(j) for name, _ in runs for j in found.judgements.get(name, ())), default=Mark.NONE)
    names = (*session.impi, *session.impu) or session.b_tid
    words = ("no rule", "pass", "inconc", "advice", "fail")
    return Row(
        (
            Cell(session.id, "accent"),
            Cell(", ".join(names) or "unknown", "" if names else "dim"),
            Cell(", ".join(session.addresses)),
            Cell(variant(kinds)),
            Cell(", ".join(session.services)),
            Cell(counts(marks), max(marks, default=Mark.NONE).tone),
            Cell(str(len(keys))),
            Cell(utc(max((key.expires for key in keys if key.expires is not None), default=None), "%m-%d %H:%M")),
            Cell(f"{worst.sign} {words[worst]}".strip(), worst.tone),
        ),
        worst,
    )


def variant(kinds: Iterable[str]) -> str:
    """Return which variant of TS 26.237 10.4 a UE follows, from the kinds of its procedures."""
    ways = {"HTTP": False, "SIP": False}
    for kind in kinds:
        ways["HTTP"] |= kind.startswith("http-")
        ways["SIP"] |= kind.startswith("sip-") or kind == "ks-naf-refresh"
    return "+".join(way for way, seen in ways.items() if seen) or "-"


def counts(marks: Sequence[Mark]) -> str:
    """Return how many of each sign there are, the worst first: `1✗ 2? 7✓`."""
    shown = (Mark.FAIL, Mark.ADVICE, Mark.UNSURE, Mark.PASS)
    return " ".join(f"{marks.count(mark)}{mark.sign}" for mark in shown if mark in marks) or "-"


def finding_row(found: Index, judgement: Judgement) -> Row:
    """Return a judgement as a line of the findings screen."""
    mark = mark_of(judgement)
    frames = [found.number((shown.capture, shown.frame)) for shown in judgement.evidence]
    more = f"+{len(frames) - 1}" if len(frames) > 1 else ""
    return Row(
        (
            Cell(mark.sign, mark.tone),
            Cell(judgement.rule, "accent"),
            Cell(judgement.level, "dim" if judgement.level == "info" else ""),
            Cell(judgement.ue or "all"),
            Cell(judgement.procedure or ""),
            Cell(f"{frames[0]}{more}" if frames else ""),
            Cell(judgement.message, "dim" if mark is Mark.PASS else ""),
        ),
        mark,
    )


def findings(judgements: Iterable[Judgement], words: str, kinds: Mapping[str, str]) -> tuple[Judgement, ...]:
    """Return the judgements that all words name, the worst first: what `named` gives; `kinds` are of procedures."""
    wanted = [word.casefold() for word in words.split()]
    chosen = [j for j in judgements if all(_is_named(j, word, kinds) for word in wanted)]
    return tuple(sorted(chosen, key=mark_of, reverse=True))


def names_of(judgement: Judgement, kinds: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a judgement can be asked for by: verdict, level, UE, procedure and its kind, rule and its name."""
    names = (str(judgement.verdict), judgement.level, judgement.ue, judgement.procedure, judgement.rule, judgement.name)
    return tuple(name for name in (*names, kinds.get(judgement.procedure or "")) if name)


def _is_named(judgement: Judgement, word: str, kinds: Mapping[str, str]) -> bool:
    return any(name.casefold().startswith(word) for name in names_of(judgement, kinds))


def media_row(group: Group) -> Row:
    """Return the packets of one MKI of a stream as a line of the media screen."""
    mark = media_mark(group)
    return Row(
        (
            Cell(mark.sign, mark.tone),
            Cell(endpoint(group.destination, group.port)),
            Cell(f"{group.ssrc:08x}"),
            Cell(group.protocol.upper(), "accent"),
            Cell("in the clear" if group.mki is None else group.mki.hex(), "warn" if group.mki is None else ""),
            Cell(str(group.packets)),
            Cell(str(group.authenticated), "good" if group.authenticated else "dim"),
            Cell(str(group.failed), "bad" if group.failed else "dim"),
            Cell(str(group.no_key), "warn" if group.no_key else "dim"),
            Cell(str(group.not_checked), "dim"),
        ),
        mark,
    )


def media_mark(group: Group) -> Mark:
    """Return the mark of a stream: fail where a packet does not authenticate, unsure where no key was at hand."""
    if group.failed:
        return Mark.FAIL
    return Mark.PASS if group.authenticated and not group.no_key else Mark.UNSURE


def octets_text(count: int) -> str:
    """Return a number of octets for people: `9.1 kB`."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError
