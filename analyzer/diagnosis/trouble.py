"""What did not work: runs that failed, were refused on the way, or broke a rule that no UE gets over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.correlate.sessions import Session
from analyzer.diagnosis.effects import EFFECTS, NOT_USABLE, OF_THE_REPEAT
from analyzer.judging import Run, Story, once
from analyzer.keys.downloads import mbms_keys
from analyzer.procedures import history
from analyzer.procedures.ua import is_anybodys
from analyzer.report import Evidence, Judgement, Verdict
from dissectors import Message
from dissectors.dcf import Dcf
from dissectors.mbms_xml import MskStatuses, ServiceStatuses

SYMPTOMS = {
    "http-initiation": "initiation-failed",
    "sip-initiation": "initiation-failed",
    "http-registration": "registration-failed",
    "http-deregistration": "deregistration-failed",
    "sip-deauthorization": "deregistration-failed",
    "http-msk-request": "msk-request-failed",
    "sip-msk-refresh": "msk-refresh-failed",
    "ks-naf-refresh": "ks-naf-refresh-failed",
    "msk-delivery": "msk-not-delivered",
    "solicited-pull": "msk-refresh-failed",
}
STARTED = ("http-initiation", "sip-initiation", "http-registration")
UNAUTHORIZED, FORBIDDEN = 401, 403


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that did not work: the run that shows it, and the answer that says so, where there is one."""

    symptom: str
    run: Run
    name: str  # of the run
    asked: Message | None = None  # what got no answer, or a bad one
    answer: Message | None = None
    code: int | None = None  # the status, for one of several services perhaps
    group: tuple[Session, ...] = ()  # who something sent to all is for, where the run alone does not tell

    @property
    def ues(self) -> tuple[Session, ...]:
        return self.group or self.run.ues

    @property
    def ue(self) -> Session | None:
        return self.ues[0] if len(self.ues) == 1 else None

    @property
    def time(self) -> int:
        return self.run.end if self.answer is None else self.answer.time


@dataclass(frozen=True, slots=True)
class Known:
    """A case when it is diagnosed: its story, what its runs are named, and the rules that each broke or left open."""

    story: Story
    runs: tuple[tuple[str, Run], ...] = field(repr=False)
    names: Mapping[int, str] = field(repr=False)  # by the id of a run
    broken: Mapping[str, list[Judgement]] = field(repr=False)
    unclear: Mapping[str, list[Judgement]] = field(repr=False)

    @classmethod
    def of(cls, story: Story, runs: Iterable[tuple[str, Run]], judgements: Iterable[Judgement]) -> Known:
        told = tuple(runs)
        broken: dict[str, list[Judgement]] = {}
        unclear: dict[str, list[Judgement]] = {}
        holding: dict[Evidence, str] | None = None
        for judgement in judgements:
            if judgement.verdict is Verdict.PASS:
                continue  # nearly all
            name = judgement.procedure or ""
            if judgement.rule in OF_THE_REPEAT and judgement.evidence:
                if holding is None:
                    holding = {place(message): name for name, run in told for message in run.messages}
                name = holding.get(judgement.evidence[-1], name)
            if judgement.verdict is Verdict.FAIL and judgement.rule in EFFECTS:
                broken.setdefault(name, []).append(judgement)
            elif judgement.verdict is Verdict.INCONC and judgement.rule in EFFECTS:
                unclear.setdefault(name, []).append(judgement)
        return cls(story, told, {id(run): name for name, run in told}, broken, unclear)

    def name(self, run: Run) -> str:
        """Return what a run is named in the report."""
        return self.names[id(run)]

    def only(self, run: Run) -> Known:
        """Return the same case with no run but one."""
        return replace(self, runs=((self.name(run), run),))


def place(message: Message) -> Evidence:
    """Return where a message is in the case."""
    return Evidence(message.payload.capture, message.frame)


def troubles(known: Known) -> Iterator[Trouble]:
    """Yield what did not work, in the order of time."""
    for name, run in known.runs:
        match run.procedure.kind:
            case "gba-bootstrapping":
                yield from _bootstrapping(known, name, run)
            case "http-registration" | "http-deregistration" | "http-msk-request":
                yield from _ua(known, name, run)
            case "http-initiation" | "sip-initiation" | "sip-deauthorization" | "sip-msk-refresh" | "ks-naf-refresh":
                yield from _invite(known, name, run)
            case "msk-delivery" | "solicited-pull" if run.outcome == "incomplete" and name not in known.broken:
                if _waited(known.story, run):
                    yield Trouble(SYMPTOMS[run.procedure.kind], run, name, asked=run.messages[-1])
            case _:
                pass
        seen: set[str] = set()
        for judgement in known.broken.get(name, ()):
            symptom = EFFECTS[judgement.rule].symptom
            if symptom == NOT_USABLE and run.procedure.kind == "solicited-pull" and run.outcome == "success":
                continue  # the UE could use it after all: it asks
            if symptom and symptom not in seen:
                seen.add(symptom)
                yield Trouble(symptom, run, name, group=_listening(known.story, run))


def _listening(story: Story, run: Run) -> tuple[Session, ...]:
    """Return the UEs that hold an MSK of the key group that a run is about, empty where none does.

    What is under an MSK that nobody got is for those, and not for all UEs of the capture.
    """
    if len(run.ues) < 2:
        return ()
    groups = {group.mki[:2] for group in run.media if group.mki is not None}
    clear = {(group.destination, group.port) for group in run.media if group.mki is None}
    groups |= {g.mki[:2] for g in story.media if g.mki is not None and (g.destination, g.port) in clear}
    for message in run.messages:
        body = bodies.mikey(message)
        if body is not None and body.msk_id is not None:
            groups.add(body.msk_id[:2])
        if isinstance(message.body, Dcf):
            groups |= {key.msk_id[:2] for key in mbms_keys(message.body)}
    return tuple(session for session in run.ues if any(session.id in _holders(story).get(g, ()) for g in groups))


@once
def _holders(story: Story) -> Mapping[bytes, frozenset[str]]:
    """Return the UEs that were sent an MSK of each key group."""
    found: dict[bytes, set[str]] = {}
    for session in story.traffic.sessions:
        for message in history.msk_messages(story, session):
            body = bodies.mikey(message)
            if body is not None and body.msk_id is not None:
                found.setdefault(body.msk_id[:2], set()).add(session.id)
    return {group: frozenset(ues) for group, ues in found.items()}


def _waited(story: Story, run: Run) -> bool:
    return not story.lost and not story.holes and story.covers(run.end, story.tolerances.sip_answer)


def _bootstrapping(known: Known, name: str, run: Run) -> Iterator[Trouble]:
    shown = run.outcome == "failure" or name in known.broken or _waited(known.story, run)
    if run.outcome == "success" or not shown:
        return
    started = bool(run.ues) and any(r.end < run.start for r in known.story.runs_of(run.ues[0], *STARTED))
    symptom = "ks-naf-refresh-failed" if started else "initiation-failed"
    asked = run.all("request", "response")
    answer = next(iter(reversed(run.all("challenge", "refusal"))), None)
    yield Trouble(symptom, run, name, asked[-1] if asked else None, answer, status(answer))


def _ua(known: Known, name: str, run: Run) -> Iterator[Trouble]:
    if is_anybodys(run):
        return
    symptom = _request_symptom(known, run)
    asked = run.all("authorized", "request")
    latest = asked[-1] if asked else None
    answer = next(iter(reversed(run.all("answer"))), None)
    refused = _refused_credentials(run)
    if refused is not None and run.outcome == "success" and not _is_renegotiated(known.story, run, refused[0]):
        yield Trouble(symptom, run, name, refused[0], refused[1], UNAUTHORIZED)
    if run.outcome == "failure":
        told = answer if answer is not None else next(iter(reversed(run.all("challenge"))), None)
        if answer is not None or refused is not None or name in known.broken or _waited(known.story, run):
            yield Trouble(symptom, run, name, latest, told, status(told))
    elif run.outcome == "incomplete" and latest is not None and _waited(known.story, run):
        yield Trouble(symptom, run, name, latest)
    elif run.outcome == "success" and (code := _worst(answer)) is not None:
        yield Trouble(symptom, run, name, latest, answer, code)


def _is_renegotiated(story: Story, run: Run, asked: Message) -> bool:
    """Say whether a 401 is as it should be: a pull under an expired MUK has made the UE ask (TS 33.246 6.3.2.2.4)."""
    b_tid = gba.username(asked)
    until = None if b_tid is None else history.muk_expiry(story, b_tid, asked.time)
    return until is not None and until < asked.time and history.was_pulled(run, b_tid)


def _request_symptom(known: Known, run: Run) -> str:
    """A request for an MSK refreshes, where the UE has had an MSK before."""
    kind = run.procedure.kind
    if kind == "http-msk-request" and run.ues:
        had = any(message.time < run.start for message in history.msk_messages(known.story, run.ues[0]))
        return "msk-refresh-failed" if had else SYMPTOMS[kind]
    return SYMPTOMS[kind]


def _refused_credentials(run: Run) -> tuple[Message, Message] | None:
    """Return the last request whose credentials met a 401 that does not say stale, and that 401."""
    found = None
    waiting: Message | None = None
    for message in run.all("authorized", "challenge"):
        body = bodies.http(message)
        if body is None:
            continue
        if body.is_request:
            given = gba.authorization(body)
            waiting = message if given is not None and given.get("nonce") else None
        elif waiting is not None:
            told = gba.challenge(body)
            if told is None or (told.get("stale") or "").lower() != "true":
                found = (waiting, message)
            waiting = None
    return found


def _invite(known: Known, name: str, run: Run) -> Iterator[Trouble]:
    symptom = SYMPTOMS[run.procedure.kind]
    invite = run.first("invite")
    if run.outcome == "failure":
        answer = run.first("refusal")
        yield Trouble(symptom, run, name, invite, answer, status(answer))
    elif run.outcome == "incomplete" and invite is not None and _waited(known.story, run):
        yield Trouble(symptom, run, name, invite)
    elif run.outcome == "success":
        for answer in run.all("post-answer"):
            code = _worst(answer)
            if code is not None:
                yield Trouble(symptom, run, name, run.first("post"), answer, code)
                return


def _worst(answer: Message | None) -> int | None:
    """Return the status that an answer gives one of several services or MSKs and that is no success."""
    if answer is None:
        return None
    codes = [item.code for listed in bodies.find_all(answer, ServiceStatuses) for item in listed.items]
    codes += [item.code for listed in bodies.find_all(answer, MskStatuses) for item in listed.items]
    return next((code for code in codes if code is not None and code >= 300), None)
