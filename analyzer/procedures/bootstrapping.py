"""GBA bootstrapping on Ub: a UE and its BSF agree on Ks (TS 33.220 4.5.2, TS 24.109 clause 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import is_interim, status
from analyzer.correlate.sessions import Session
from analyzer.judging import Procedure, Run, Step, Story, once
from dissectors import Message
from dissectors.digest import Auth


def find_bootstrappings(procedure: Procedure, story: Story) -> Iterator[Run]:
    for run in story.traffic.bootstrappings:
        steps: dict[str, list[Message]] = {}
        for exchange in run.exchanges:
            for message in exchange.messages:
                if not is_interim(message):
                    steps.setdefault(_step(message), []).append(message)
        if run.info is not None:
            outcome = "success"
        else:
            final = run.exchanges[-1].final
            outcome = "failure" if final is not None and status(final) != 401 else "incomplete"
        session = story.traffic.session_of(run.exchanges[0].first)
        yield Run(
            procedure, story, {name: tuple(found) for name, found in steps.items()}, outcome,
            () if session is None else (session,),
        )  # fmt: skip


def _step(message: Message) -> str:
    body = bodies.http(message)
    if body is not None and body.is_request:
        given = gba.authorization(body)
        return "response" if given is not None and answers_a_challenge(given) else "request"
    return {401: "challenge", 200: "info"}.get(status(message) or 0, "refusal")


def answers_a_challenge(given: Auth) -> bool:
    """Say whether credentials answer a challenge; those of a first request have an empty nonce (TS 24.109 4.2)."""
    return bool(given.get("nonce")) and bool(given.get("response") or given.get("auts"))


BOOTSTRAPPING = Procedure(
    "gba-bootstrapping",
    "TS 33.220 4.5.2",
    (
        Step("request", "ue", "bsf"),
        Step("challenge", "bsf", "ue"),
        Step("response", "ue", "bsf"),
        Step("info", "bsf", "ue"),
        Step("refusal", "bsf", "ue", optional=True),
    ),
    find_bootstrappings,
)


def of_run(run: Run) -> gba.Bootstrapping:
    """Return the bootstrapping that a run was made of."""
    return _by_message(run.story)[id(run.messages[0])]


@once
def _by_message(story: Story) -> Mapping[int, gba.Bootstrapping]:
    return {id(m): found for found in story.traffic.bootstrappings for e in found.exchanges for m in e.messages}


def maker(story: Story, b_tid: str | None) -> gba.Bootstrapping | None:
    """Return the bootstrapping that gave a B-TID, None where the capture has none; the last one, if several did."""
    return _makers(story).get(b_tid or "")


@once
def _makers(story: Story) -> Mapping[str, gba.Bootstrapping]:
    return {run.b_tid: run for run in story.traffic.bootstrappings if run.b_tid}


def was_made(story: Story, b_tid: str) -> bool:
    """Say whether a bootstrapping in the capture has given a B-TID."""
    return b_tid in _made(story)


def made_for(story: Story, ue: Session) -> list[gba.Bootstrapping]:
    """Return the bootstrappings that gave the B-TIDs of a UE, in the order of time."""
    by_b_tid = _made(story)
    runs = ((run.info, run) for b_tid in ue.b_tid for run in by_b_tid.get(b_tid, ()))
    given = sorted(((info.time, number, run) for number, (info, run) in enumerate(runs) if info is not None))
    return [run for _, _, run in given]


@once
def _made(story: Story) -> Mapping[str, list[gba.Bootstrapping]]:
    made: dict[str, list[gba.Bootstrapping]] = {}
    for run in story.traffic.bootstrappings:
        if run.b_tid and run.info is not None:
            made.setdefault(run.b_tid, []).append(run)
    return made
