"""HTTP procedures on Ua: registration, deregistration, MSK request (TS 33.246 6.3.2, TS 26.237 10.4.1.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange, is_interim, of_request_type, status
from analyzer.correlate.sessions import Session
from analyzer.judging import Procedure, Run, Step, Story, once
from analyzer.procedures.roles import outcome, owners
from dissectors import Message

RETRY_WITHIN = 60 * 10**9  # ns; a request this long after a 401 is a new attempt, not the retry

REQUEST_TYPES = {
    "http-registration": "register",
    "http-deregistration": "deregister",
    "http-msk-request": "msk-request",
}
STEPS = (
    Step("request", "ue", "bm-sc"),
    Step("challenge", "bm-sc", "ue", optional=True),
    Step("authorized", "ue", "bm-sc"),
    Step("answer", "bm-sc", "ue"),
)


def find_requests(procedure: Procedure, story: Story) -> Iterator[Run]:
    """A request, the 401s it met and its retries are one run, ended by the first other answer.

    Behind one address there may be many UEs that ask for the same: the identity intended keeps them apart, or where
    they name none, what ties each request to a UE (nonce, B-TID).
    """
    open_runs: dict[tuple[str, str, tuple[str, ...]], list[Exchange]] = {}
    for exchange in of_request_type(story.traffic.exchanges, REQUEST_TYPES[procedure.kind]):
        key = (exchange.client, _whose(story, exchange.first), _subject(exchange.first))
        run = open_runs.get(key)
        if run is not None and exchange.first.time - run[-1].first.time > RETRY_WITHIN:
            yield _run(procedure, story, open_runs.pop(key))
            run = None
        if run is None:
            run = open_runs[key] = []
        run.append(exchange)
        if status(exchange.final) != 401:
            yield _run(procedure, story, open_runs.pop(key))
    for run in open_runs.values():
        yield _run(procedure, story, run)


def _whose(story: Story, message: Message) -> str:
    """Whom a request says it is for, or else the UE that it was found to be of; "" where nothing tells."""
    body = bodies.http(message)
    said = None if body is None else body.headers.get("X-3GPP-Intended-Identity")
    session = story.traffic.session_of(message) if not said else None
    return said or ("" if session is None else session.id)


def is_anybodys(run: Run) -> bool:
    """Say whether a run names nobody, and any of several UEs behind its address may have gone on with it."""
    return bool(run.ues) and not _is_named(run.ue) and any(a in crowded(run.story) for a in run.ue.addresses)


def _is_named(session: Session) -> bool:
    return bool(session.impi or session.impu or session.b_tid)


@once
def crowded(story: Story) -> frozenset[str]:
    """Return the addresses at which several UEs are that have names."""
    found = Counter(address for ue in story.traffic.sessions if _is_named(ue) for address in ue.addresses)
    return frozenset(address for address, count in found.items() if count > 1)


def _subject(message: Message) -> tuple[str, ...]:
    """What a request is about: its services, or the MSKs that it asks for."""
    return bodies.services(message) or tuple((m.key_domain + m.msk_id).hex() for m in bodies.msk_names(message))


def _run(procedure: Procedure, story: Story, exchanges: list[Exchange]) -> Run:
    steps: dict[str, list[Message]] = {}
    for exchange in exchanges:
        for message in exchange.requests:
            body = bodies.http(message)
            authorized = body is not None and gba.authorization(body) is not None
            steps.setdefault("authorized" if authorized else "request", []).append(message)
        for message in exchange.answers:
            if is_interim(message):
                continue
            steps.setdefault("challenge" if status(message) == 401 else "answer", []).append(message)
    ended = outcome(exchanges[-1].final)
    owner = next((found for e in reversed(exchanges) if (found := owners(story, e.first))), ())
    return Run(procedure, story, {name: tuple(found) for name, found in steps.items()}, ended, owner)


REGISTRATION = Procedure("http-registration", "TS 33.246 6.3.2.1A", STEPS, find_requests)
DEREGISTRATION = Procedure("http-deregistration", "TS 33.246 6.3.2.1B", STEPS, find_requests)
MSK_REQUEST = Procedure("http-msk-request", "TS 33.246 6.3.2.2", STEPS, find_requests)
