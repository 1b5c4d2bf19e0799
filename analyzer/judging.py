"""Procedures as tables, rules as functions, and the judge that runs them."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, wraps
from itertools import groupby
from typing import Any, Protocol, TypeVar, TypeVarTuple

from analyzer.correlate.sessions import Session
from analyzer.correlate.traffic import Traffic
from analyzer.decode.held import Ends
from analyzer.decode.packets import IcmpError
from analyzer.keys.chain import Chain, Opened
from analyzer.media import Group
from analyzer.profiles import DEFAULT, Difference, Profile, of_rule
from analyzer.report import Evidence, Judgement, Verdict
from analyzer.tolerances import AS_MEANT, Tolerances
from dissectors import Message

Of = TypeVar("Of", bound="Remembering")
Made = TypeVar("Made")
More = TypeVarTuple("More")

UNKNOWN = object()  # what was not made yet
MAX_EVIDENCE = 20  # frames that one judgement names


class CannotTell(Exception):  # noqa: N818  # an outcome, not an error
    """The capture or the keyring does not hold what a rule needs: the judge makes it *inconc*."""


class NotHere(Exception):  # noqa: N818
    """What a rule looks at is not part of this run: the judge makes it *none*."""


class Remembering(Protocol):
    """A story or a run: it keeps what was made of it, as many rules ask for the same."""

    @property
    def made(self) -> dict[object, Any]: ...


def once(make: Callable[[Of, *More], Made]) -> Callable[[Of, *More], Made]:
    """Make of a function one that is computed once for each story or run, and what else it is asked with.

    What it returns is everybody's, and nobody's to change.
    """

    @wraps(make)
    def made(of: Of, *more: *More) -> Made:
        asked = (make, *more) if more else make  # most often the latter, and a tuple for each would be much to keep
        found: Made = of.made.get(asked, UNKNOWN)
        if found is UNKNOWN:
            found = of.made[asked] = make(of, *more)
        return found

    return made


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, in words, and the messages that show it."""

    text: str
    messages: tuple[Message, ...]
    frames: tuple[Evidence, ...] = ()  # media packets, which are no messages


def wrong(text: str, *messages: Message, frames: Iterable[Evidence] = ()) -> Problem:
    """Say what is wrong and which messages show it."""
    return Problem(text, messages, tuple(frames))


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a case when it is judged; `runs` is filled by `analyzer.procedures.tell`."""

    traffic: Traffic
    chain: Chain = field(repr=False)
    media: tuple[Group, ...] = ()
    holes: int = 0  # octets of TCP streams and chunks of SCTP that were not captured
    icmp_errors: tuple[IcmpError, ...] = ()
    lost: int = 0  # packets that did not come into the captures, as these say themselves
    tolerances: Tolerances = AS_MEANT
    profile: Profile = DEFAULT
    missed: frozenset[Ends] = frozenset()  # directions of TCP in which octets arrived that were not captured
    overtaken: Mapping[tuple[int, int], int] = field(default_factory=dict)  # frames before what they acknowledge, by ns
    runs: list[Run] = field(default_factory=list, repr=False)
    by_ue: dict[tuple[str, str], list[Run]] = field(default_factory=dict, repr=False)  # (UE id, kind)
    made: dict[object, Any] = field(default_factory=dict, repr=False, compare=False)  # see `once`

    @once
    def runs_of(self, ue: Session, *kinds: str) -> tuple[Run, ...]:
        """Return the procedures of these kinds that a UE went through, in the order of time."""
        found = [run for kind in kinds for run in self.by_ue.get((ue.id, kind), ())]
        return tuple(sorted(found, key=lambda run: run.start))

    def be_whole(self) -> None:
        """Raise CannotTell where packets were lost on their way into the captures: nobody is blamed for silence."""
        if self.lost:
            raise CannotTell(f"the capture says that it lost {self.lost} packets: what is not in it may have been sent")

    def covers(self, start: int, duration: int) -> bool:
        """Say whether the capture goes on for `duration` ns after `start`: what did not come then, is missing.

        Raises CannotTell where what is missing may have been lost on its way into the capture.
        """
        self.be_whole()
        return start + duration <= self.traffic.end


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a procedure: its name and who speaks to whom (roles of analyzer.correlate.nodes)."""

    name: str
    sender: str
    receiver: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One instance of a procedure: its messages by step, and the story around it.

    `ues` are the UEs it belongs to: one, or for what is sent to all, every UE that it is for.
    """

    procedure: Procedure
    story: Story = field(repr=False)
    steps: Mapping[str, tuple[Message, ...]]
    outcome: str  # success, failure, incomplete
    ues: tuple[Session, ...] = ()
    media: tuple[Group, ...] = ()
    messages: tuple[Message, ...] = field(init=False, repr=False)  # of all steps, in the order of time
    start: int = field(init=False)
    end: int = field(init=False)
    first_frame: tuple[int, int] = field(init=False)  # capture, frame
    made: dict[object, Any] = field(default_factory=dict, init=False, repr=False, compare=False)  # see `once`

    def __post_init__(self) -> None:
        """Reckon once what rules and views ask for again and again."""
        messages = _ordered(self.steps, self.steps)
        times = [message.time for message in (*messages[:1], *messages[-1:])]
        starts, ends = [group.first for group in self.media], [group.last for group in self.media]
        shown = [(m.payload.capture, m.frame) for m in messages] + [(g.capture, g.frame) for g in self.media]
        object.__setattr__(self, "messages", messages)
        object.__setattr__(self, "start", min(times + starts, default=0))
        object.__setattr__(self, "end", max(times + ends, default=0))
        object.__setattr__(self, "first_frame", min(shown, default=(0, 0)))

    @property
    def ue(self) -> Session:
        """The UE of the run; CannotTell where it is nobody's or everybody's."""
        if len(self.ues) != 1:
            raise CannotTell("the UE of this procedure is not known")
        return self.ues[0]

    @property
    def tolerances(self) -> Tolerances:
        return self.story.tolerances

    def demands(self, part: Difference) -> bool:
        """Say whether the profile that is judged by has a part of a rule."""
        return self.story.profile.has(part)

    def all(self, *names: str) -> tuple[Message, ...]:
        """Return the messages of the steps named, in the order of time."""
        found = [self.steps[name] for name in names if name in self.steps]
        if len(found) == 1 and len(found[0]) == 1:
            return found[0]  # mostly
        return self._all(*names) if found else ()

    @once
    def _all(self, *names: str) -> tuple[Message, ...]:
        return _ordered(self.steps, names)

    def first(self, name: str) -> Message | None:
        return next(iter(self.steps.get(name, ())), None)

    def one(self, name: str) -> Message:
        """Return the first message of a step; CannotTell where the capture has none."""
        message = self.first(name)
        if message is None:
            raise CannotTell(f"step {name} is not in the capture")
        return message

    def needs(self, name: str) -> Message:
        """Return the first message of a step; NotHere where the run has none, so that the rule does not apply."""
        message = self.first(name)
        if message is None:
            raise NotHere(name)
        return message

    def plain(self, message: Message) -> Opened:
        """Return how a MIKEY message was opened; CannotTell where no key was at hand."""
        opened = self.story.chain.opening(message)
        if opened is None:
            raise CannotTell(f"no key opens the MIKEY message in frame {message.frame}")
        return opened


@dataclass(frozen=True, slots=True)
class Procedure:
    """A procedure kind of the contract: its clause, its steps, and how its runs are found in a story."""

    kind: str
    clause: str
    steps: tuple[Step, ...]
    find: Callable[[Procedure, Story], Iterable[Run]]


Check = Callable[[Run], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement: its code and name, the procedures it looks at, its clause, level, and page."""

    code: str
    name: str
    procedures: tuple[Procedure, ...]
    clause: str
    level: str  # shall, should, info
    remedy: str
    check: Check = field(repr=False)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(procedure.kind for procedure in self.procedures)

    @property
    def page(self) -> str:
        """The rule's page: what it demands in its first line, then why and how a break looks."""
        return _page(self.check)

    @property
    def title(self) -> str:
        return _title(self.check)


@cache
def _page(check: Check) -> str:
    return inspect.getdoc(check) or ""


@cache
def _title(check: Check) -> str:
    return _page(check).split("\n", 1)[0]


def rule(code: str, *procedures: Procedure, clause: str, level: str, remedy: str) -> Callable[[Check], Rule]:
    """Make a rule of a function that yields what is wrong in a run, and nothing when all is well."""

    def make(check: Check) -> Rule:
        return Rule(code, check.__name__.replace("_", "-"), procedures, clause, level, remedy, check)

    return make


def judge(rules: Iterable[Rule], runs: Sequence[tuple[str, Run]], doubt: str = "") -> tuple[Judgement, ...]:
    """Hold every rule against every run of its procedures; `runs` come with their ids, and are of one story.

    `doubt` says why no order in the story can be trusted: then nothing fails, and what would have is told with it.
    Sorted by first evidence, then rule. A rule that finds nothing to look at gives no judgement. What runs remember is
    gone afterwards.
    """
    profile = runs[0][1].story.profile if runs else DEFAULT
    by_kind: dict[str, list[tuple[Rule, str]]] = {}
    for item in rules:
        for kind in item.kinds:
            by_kind.setdefault(kind, []).append((item, _passed(item, profile)))
    by_ue: dict[str | None, list[tuple[str, Run]]] = {}
    for name, run in runs:
        by_ue.setdefault(_ue(run), []).append((name, run))
    found: list[Judgement] = []
    for own in by_ue.values():
        for name, run in own:
            found += _judge_run(by_kind.get(run.procedure.kind, ()), name, run, doubt)
        for _, run in own:
            run.made.clear()  # rules ask for it with runs of the same UE, and hardly any other: it makes room
    return tuple(_in_order(found))


def _ue(run: Run) -> str | None:
    """Return the UE of a run; None where it is nobody's or everybody's."""
    return run.ues[0].id if len(run.ues) == 1 else None


def _in_order(judgements: list[Judgement]) -> Iterator[Judgement]:
    """Put the many of a case in order frame by frame: keys for all of them at once would be a hundred MB."""
    judgements.sort(key=_first_evidence)
    for _, same in groupby(judgements, _first_evidence):
        yield from sorted(same, key=_rule_and_run)


def _first_evidence(judgement: Judgement) -> Evidence:
    return judgement.evidence[0]


def _rule_and_run(judgement: Judgement) -> tuple[str, str]:
    return judgement.rule, judgement.procedure or ""


def _passed(item: Rule, profile: Profile) -> str:
    """Return what a judgement says where all is well: what the rule demands, and what of it the profile does not."""
    missing = profile.lacks(of_rule(item.code))
    if not missing:
        return item.title
    return f"{item.title} Not demanded by {profile.name}: {'; '.join(part.demand for part in missing)}."


def _judge_run(rules: Iterable[tuple[Rule, str]], name: str, run: Run, doubt: str) -> Iterator[Judgement]:
    ue = _ue(run)
    beginning = (Evidence(*run.first_frame),)  # evidence that it was looked at
    for item, passed in rules:
        verdict, text, trace, remedy = Verdict.PASS, passed, None, ""
        problems: list[Problem] = []
        try:
            for problem in item.check(run):
                problems.append(problem)  # what was found stays found, whatever is raised after it
        except NotHere:
            if not problems:
                continue
        except CannotTell as reason:
            verdict, text, remedy = Verdict.INCONC, str(reason), item.remedy
        except Exception as bug:  # noqa: BLE001  # a rule that crashes is our bug: all others still run
            verdict, text, trace = Verdict.ERROR, f"the rule failed: {type(bug).__name__}", traceback.format_exc()
        if problems and verdict is not Verdict.ERROR:
            text, remedy = "; ".join(dict.fromkeys(problem.text for problem in problems)), item.remedy
            verdict, text = (Verdict.INCONC, f"{doubt}: {text}") if doubt else (Verdict.FAIL, text)
        evidence = (_evidence(problems) if problems else ()) or beginning
        yield Judgement(item.code, item.name, verdict, item.level, ue, name, item.clause, text, remedy, evidence, trace)


def _evidence(problems: list[Problem]) -> tuple[Evidence, ...]:
    """The frames that show what is wrong, as many as a judgement names."""
    shown = {(m.payload.capture, m.frame) for problem in problems for m in problem.messages}
    shown |= {(frame.capture, frame.frame) for problem in problems for frame in problem.frames}
    return tuple(Evidence(*place) for place in sorted(shown)[:MAX_EVIDENCE])


def _ordered(steps: Mapping[str, tuple[Message, ...]], names: Iterable[str]) -> tuple[Message, ...]:
    found = [message for name in names for message in steps.get(name, ())]
    return tuple(sorted(found, key=_order)) if len(found) > 1 else tuple(found)


def _order(message: Message) -> tuple[int, int, int]:
    return message.time, message.payload.capture, message.frame
