"""GBA usage on Zn: a NAF fetches its keys from the BSF (TS 33.220 4.5.3, TS 29.109 clause 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies, gba
from analyzer.judging import CannotTell, NotHere, Procedure, Run, Step, Story, once
from analyzer.procedures.roles import owners
from analyzer.procedures.ua import RETRY_WITHIN
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.digest import Auth
from dissectors.http import Http

SUCCESS = 2001  # DIAMETER_SUCCESS


def find_usages(procedure: Procedure, story: Story) -> Iterator[Run]:
    for exchange in story.traffic.exchanges:
        if exchange.protocol != "diameter" or not gba.is_zn(exchange):
            continue
        answer = None if exchange.final is None else bodies.diameter(exchange.final)
        code = None if answer is None else bodies.result_code(answer)
        outcome = "incomplete" if answer is None else "success" if code == SUCCESS else "failure"
        steps = {"bir": tuple(exchange.requests), "bia": tuple(exchange.answers)}
        yield Run(procedure, story, steps, outcome, owners(story, exchange.first))


USAGE = Procedure(
    "gba-usage",
    "TS 33.220 4.5.3",
    (Step("bir", "bm-sc", "bsf"), Step("bia", "bsf", "bm-sc")),
    find_usages,
)


# ------------------------------------------------------------------------------------------------ what a run says


def bir(run: Run) -> Diameter:
    """Return the request of a run; NotHere without one, CannotTell where it could not be read to its end."""
    return _read(run.needs("bir"))


def bia(run: Run) -> Diameter:
    """Return the answer of a run; NotHere without one, CannotTell where it could not be read to its end."""
    return _read(run.needs("bia"))


def keys_answer(run: Run) -> Diameter:
    """Return the answer that brings keys; NotHere where the BSF has refused."""
    answer = bia(run)
    if bodies.result_code(answer) != SUCCESS:
        raise NotHere
    return answer


def _read(message: Message) -> Diameter:
    body = bodies.diameter(message)
    if body is None or message.error is not None:
        raise CannotTell(f"the Diameter message in frame {message.frame} could not be read")
    return body


def b_tid_asked(run: Run) -> str:
    """Return the B-TID that a run asks for; NotHere where it names none."""
    found = bir(run).text(gba.TRANSACTION_IDENTIFIER)
    if not found:
        raise NotHere
    return found


def naf_asked(run: Run) -> tuple[str, bytes]:
    """Return the FQDN and the Ua id of the NAF-Id in a run; NotHere where it has none."""
    found = bir(run).find(gba.NAF_ID)
    if found is None:
        raise NotHere
    return gba.split_naf_id(found.data)


# ------------------------------------------------------------------------------------------------ who waits for it


@dataclass(frozen=True, slots=True)
class Presented:
    """A request on Ua with credentials: it presents its B-TID to the NAF, and waits for the answer."""

    message: Message
    body: Http
    given: Auth
    answer: Message | None

    @property
    def until(self) -> int:
        """Until when the UE waits."""
        return self.message.time + RETRY_WITHIN if self.answer is None else self.answer.time


@once
def presented(story: Story) -> Mapping[str, tuple[Presented, ...]]:
    """Return the requests that present a B-TID, by B-TID."""
    found: dict[str, list[Presented]] = {}
    of_ub = {id(exchange) for run in story.traffic.bootstrappings for exchange in run.exchanges}
    for exchange in story.traffic.exchanges:
        if exchange.protocol != "http" or id(exchange) in of_ub:
            continue
        for message in exchange.requests:
            body = bodies.http(message)
            given = None if body is None else gba.authorization(body)
            if body is not None and given is not None and (b_tid := given.get("username")):
                found.setdefault(b_tid, []).append(Presented(message, body, given, exchange.final))
    return {b_tid: tuple(requests) for b_tid, requests in found.items()}


def waiting(run: Run) -> tuple[Presented, ...]:
    """Return the requests that wait at the NAF for the keys that a run asks for."""
    asked = run.needs("bir")
    return tuple(
        request for request in presented(run.story).get(b_tid_asked(run), ())
        if request.message.payload.dst == asked.payload.src and request.message.time <= asked.time <= request.until
    )  # fmt: skip
