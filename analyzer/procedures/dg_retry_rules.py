"""Rules on what follows a challenge or a refusal on Ua (TS 24.109 clause 5, TS 33.246 Annex G.2.4, RFC 2617)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange, status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, maker
from analyzer.procedures.dg_rules import KINDS, UA, credentials, requests
from analyzer.procedures.invites import HTTP_INITIATION
from analyzer.procedures.ua import is_anybodys
from analyzer.tolerances import seconds
from dissectors import Message
from dissectors.digest import Auth
from dissectors.http import Http
from dissectors.sip import Sip

SHORTEST_WAIT = 10**9  # ns; timers of Diameter are of seconds
UNKNOWN_B_TID = 5403  # TS 29.109 6.2: DIAMETER_ERROR_TRANSACTION_IDENTIFIER_INVALID


@rule(
    "DG-08", *UA, clause="RFC 2617 3.2.2", level="shall",
    remedy="UE: raise nc with every request under one nonce, and send a cnonce.",
)  # fmt: skip
def nonce_count_increases(run: Run) -> Iterator[Problem]:
    """Under one nonce nc goes up with every request, and each request has a cnonce.

    A server takes an nc that it has seen for a replay.
    """
    own = credentials(run)
    for message, _, given in own:
        if not given.get("cnonce"):
            yield wrong("no cnonce", message)
        count, earlier = _count(given), _earlier(run, message, given)
        if count is None or not earlier or count > earlier[-1].highest:
            continue
        for used in reversed(earlier):
            if used.given.get("response") == given.get("response"):
                continue  # the same credentials once more are a replay, of whomever: DG-09 looks at the answer
            if used.number is not None and count <= used.number:
                text = f"nc {given.get('nc')} after {used.given.get('nc')} under the same nonce"
                yield wrong(text, used.message, message)
                break


@rule(
    "DG-09", *UA, clause="RFC 2617 3.2.2, 4.5", level="should",
    remedy="BM-SC: remember nc for each nonce, and answer a repeated one with a 401 and a new nonce.",
)  # fmt: skip
def replay_is_refused(run: Run) -> Iterator[Problem]:
    """Credentials that were accepted once are not accepted again.

    The same nonce and nc with the same response are a copy: whoever has recorded a request registers
    or deregisters the UE whenever he likes.
    """
    granted = [m for m in run.all("answer") if status(m) == 200]
    used = credentials(run)
    if not granted:
        raise NotHere
    message, _, given = used[-1]
    for earlier in reversed(_copies(run, message, given)):
        if any(answer.time < message.time for answer in _granted(run, earlier)):
            told = f"nonce and nc {given.get('nc')} are accepted a second time"
            yield wrong(told, earlier, message, granted[-1])
            break


def _granted(run: Run, message: Message) -> list[Message]:
    """Return the 200s to an earlier request, as seen in the same capture: on another leg they come later."""
    exchanges = run.ue.exchanges if run.ues else run.story.traffic.exchanges
    return [
        answer for exchange in exchanges if any(asked is message for asked in exchange.requests)
        for answer in exchange.answers
        if status(answer) == 200 and answer.payload.capture == run.messages[-1].payload.capture
    ]  # fmt: skip


@rule(
    "DG-10", *UA, clause="RFC 2617 3.2.1, TS 24.109 5.2.5", level="should",
    remedy="UE: at stale=true repeat the request with the new nonce and the same B-TID; bootstrap only without it.",
)  # fmt: skip
def stale_nonce_keeps_the_b_tid(run: Run) -> Iterator[Problem]:
    """At a 401 with stale=true the UE tries again with the same B-TID.

    Only the nonce is too old, the key is good. A UE that bootstraps at each of them loads BSF and HSS.
    """
    stale = [m for m in run.all("challenge") if (b := bodies.http(m)) is not None and _is_stale(gba.challenge(b))]
    used = [(message, given.get("username")) for message, _, given in credentials(run)]
    found = False
    for challenge in stale:
        before = [name for message, name in used if message.time < challenge.time]
        after = [(message, name) for message, name in used if message.time > challenge.time]
        if not before or not after:
            continue
        found = True
        repeated, name = after[0]
        if name == before[-1]:
            continue
        made = maker(run.story, before[-1])
        if made is None or made.lifetime is None:
            raise CannotTell(f"when B-TID {before[-1]} expires is not in the capture")
        if made.lifetime > repeated.time + run.tolerances.early_renewal:
            yield wrong(f"a new B-TID after a 401 that says stale=true; {before[-1]} is good", challenge, repeated)
    if not found:
        raise NotHere


def _count(given: Auth) -> int | None:
    try:
        return int(given.get("nc") or "", 16)
    except ValueError:
        return None


class Used(NamedTuple):
    """Credentials that a request had, and the highest nc under their nonce so far, theirs included."""

    message: Message
    given: Auth
    number: int | None  # what nc comes to
    highest: int


def _earlier(run: Run, message: Message, given: Auth) -> Sequence[Used]:
    """Return the credentials of the same UE under the same nonce before this request, in the order of time."""
    used = _by_nonce(run.story)[_whose(run), given.get("nonce") or ""]
    return used[: bisect_left(used, _place(message), key=_place_of_used)]


def _copies(run: Run, message: Message, given: Auth) -> Sequence[Message]:
    """Return the requests with the same credentials before this one, in the order of time."""
    sent = _by_credentials(run.story)[_whose(run), *_credentials(given)]
    return sent[: bisect_left(sent, _place(message), key=_place)]


def _place(message: Message) -> tuple[int, int]:
    return message.time, message.frame


def _place_of_used(used: Used) -> tuple[int, int]:
    return _place(used.message)


def _whose(run: Run) -> object:
    """Return what tells the UE of a run; where it is not known, the run has nothing to do with any other."""
    return run.ues or id(run)


def _credentials(given: Auth) -> tuple[str | None, ...]:
    return given.get("nonce") or "", given.get("nc"), given.get("cnonce"), given.get("response")


@once
def _presenting(story: Story) -> Mapping[object, Sequence[tuple[Message, Auth]]]:
    """Return the requests with credentials of each UE, in the order of time."""
    found: dict[object, list[tuple[Message, Auth]]] = {}
    for run in story.runs:
        for message, body in requests(run) if run.procedure.kind in KINDS else ():
            given = gba.authorization(body)
            if given is not None:
                found.setdefault(_whose(run), []).append((message, given))
    for sent in found.values():
        sent.sort(key=lambda one: _place(one[0]))
    return found


@once
def _by_nonce(story: Story) -> Mapping[tuple[object, str], Sequence[Used]]:
    """Return the credentials of each UE by their nonce, in the order of time."""
    found: dict[tuple[object, str], list[Used]] = {}
    for who, sent in _presenting(story).items():
        for message, given in sent:
            before = found.setdefault((who, given.get("nonce") or ""), [])
            number, highest = _count(given), before[-1].highest if before else -1
            before.append(Used(message, given, number, highest if number is None else max(highest, number)))
    return found


@once
def _by_credentials(story: Story) -> Mapping[tuple[object, ...], Sequence[Message]]:
    """Return the requests of each UE by nonce, nc, cnonce and response, in the order of time."""
    found: dict[tuple[object, ...], list[Message]] = {}
    for who, sent in _presenting(story).items():
        for message, given in sent:
            found.setdefault((who, *_credentials(given)), []).append(message)
    return found


@once
def zn_by_b_tid(story: Story) -> dict[str, list[Exchange]]:
    """Return the requests for NAF keys by the B-TID that they name."""
    found: dict[str, list[Exchange]] = {}
    for exchange in story.traffic.exchanges:
        if exchange.protocol != "diameter" or exchange.request is None or not gba.is_zn(exchange):
            continue
        asked = bodies.diameter(exchange.request)
        b_tid = None if asked is None else asked.text(gba.TRANSACTION_IDENTIFIER)
        if b_tid:
            found.setdefault(b_tid, []).append(exchange)
    return found


def _zn(run: Run) -> Iterator[tuple[Exchange, Message]]:
    """Yield what was asked on Zn for the B-TIDs of a run while it went on, with the request, in the order of time."""
    used = (gba.authorization(body) for _, body in requests(run))
    own = dict.fromkeys(given.get("username") or "" for given in used if given is not None)
    for b_tid in own:
        for exchange in zn_by_b_tid(run.story).get(b_tid, ()):
            if exchange.request is not None and run.start <= exchange.request.time <= run.end:
                yield exchange, exchange.request


@rule(
    "DG-11", *UA, clause="TS 24.109 5.2.5, RFC 2617 3.3", level="shall",
    remedy="UE: answer a 401 with credentials; when the request had them and stale is not set, bootstrap again first.",
)  # fmt: skip
def challenge_is_answered(run: Run) -> Iterator[Problem]:
    """A UE answers a 401: with credentials, or, where its present ones were refused, after a new bootstrapping.

    A 401 to a request with valid form means: bootstrap again. The same B-TID once more ends in a loop, and no
    answer at all leaves the user without a key.
    """
    challenges = run.all("challenge")
    if not challenges:
        raise NotHere
    sent = [(m, gba.authorization(b)) for m, b in requests(run)]
    for challenge in challenges:
        later = [(m, given) for m, given in sent if m.time >= challenge.time]
        if not later:
            if not run.story.covers(challenge.time, run.tolerances.digest_retry):
                raise CannotTell("the capture ends before the UE has to answer the 401")
            if _is_busy_otherwise(run, challenge.time):
                continue
            if is_anybodys(run):
                raise CannotTell("the request names nobody, and which of the UEs at its address went on is not known")
            near = coverage.slack(run.story, challenge.payload.capture, challenge.payload.capture)
            if near and sum(m.time >= challenge.time - near for m, _ in sent) > 1:
                raise CannotTell("the answer to the 401 may be the request right before it")
            until = challenge.time + run.tolerances.digest_retry
            coverage.sure_of_absence(run.story, "answer to the 401", "http", challenge.time, until)
            yield wrong(f"no new request within {seconds(run.tolerances.digest_retry)} s of the 401", challenge)
            continue
        body = bodies.http(challenge)
        offered = None if body is None else gba.challenge(body)
        refused = [given for m, given in sent if m.time < challenge.time]
        repeated, now = later[0]
        if not refused or refused[-1] is None or now is None or _is_stale(offered):
            continue
        if now.get("username") == refused[-1].get("username"):
            yield wrong(f"the request is repeated with the refused B-TID {now.get('username')}", challenge, repeated)


def _is_busy_otherwise(run: Run, time: int) -> bool:
    """Whether a UE has reason to leave a 401 alone: it asks for something else, has left, or gets no Ks."""
    for exchange in run.ue.exchanges if run.ues else ():
        body = exchange.first.body
        if not time < exchange.first.time <= time + run.tolerances.digest_retry:
            continue
        if isinstance(body, Sip) and body.cseq_method == "BYE":
            return True
        if isinstance(body, Http) and bodies.request_type(body) is not None:
            return True
    made = run.story.runs_of(run.ue, BOOTSTRAPPING.kind) if run.ues else []
    refused = [given for m, body in requests(run) if m.time < time and (given := gba.authorization(body)) is not None]
    gave_up = len({given.get("username") for given in refused}) > 1  # even a new B-TID was refused
    return gave_up or any(other.start > time and other.outcome != "success" for other in made)


def _is_stale(offered: Auth | None) -> bool:
    """Whether a challenge says that the credentials are right and only their nonce is old (RFC 2617 3.2.1)."""
    return offered is not None and (offered.get("stale") or "").lower() == "true"


@rule(
    "DG-12", *UA, clause="TS 33.220 4.5.3", level="shall",
    remedy="BM-SC: map Zn 5403 (unknown or expired B-TID) to a 401, which makes the UE bootstrap again.",
)  # fmt: skip
def unknown_b_tid_is_renegotiated(run: Run) -> Iterator[Problem]:
    """When the BSF does not know the B-TID, the BM-SC answers 401.

    Any other status forbids the UE to repeat the request, and with it to get a key.
    """
    refused = [
        exchange.final for exchange, _ in _zn(run)
        if exchange.final is not None and (told := bodies.diameter(exchange.final)) is not None
        and bodies.result_code(told) == UNKNOWN_B_TID
    ]  # fmt: skip
    if not refused:
        raise NotHere
    after = [m for m in run.all("challenge", "answer") if m.time >= refused[0].time]
    if not after:
        raise CannotTell("the answer to the UE is not in the capture")
    if status(after[0]) != 401:
        yield wrong(f"{status(after[0])} after Zn result 5403, expected 401", refused[0], after[0])


@rule(
    "DG-13", *UA, clause="TS 33.246 Annex G.2.4", level="shall",
    remedy="BM-SC: answer 504 when the BSF is silent, and add Retry-After to every 503.",
)  # fmt: skip
def server_trouble_is_named(run: Run) -> Iterator[Problem]:
    """A BM-SC that gets no Zn answer says 504, and an overloaded one says 503 with Retry-After.

    These are what tells a UE whether and when to try again. A BM-SC that answers at once, or with a proof that it has
    the key, has not waited for the BSF in vain: the Zn answer is missing from the capture only, or was not needed.
    """
    answers = [m for m in run.all("answer") if (status(m) or 0) >= 400]
    if not answers:
        raise NotHere
    for message in answers:
        body = bodies.http(message)
        if body is not None and body.status == 503 and body.headers.get("Retry-After") is None:
            yield wrong("503 without Retry-After", message)
        silent = _unanswered_zn(run, message)
        if silent is not None and status(message) not in (504, 503):
            _be_sure_that_it_waited(silent, message)
            yield wrong(f"{status(message)} though the BSF gave no answer, expected 504", silent, message)


def _unanswered_zn(run: Run, answer: Message) -> Message | None:
    for exchange, request in _zn(run):
        if request.time > answer.time or exchange.answers:
            continue
        if not any(other.answers for other in _of_bsf(run.story, exchange.server)):
            raise CannotTell("no answer of the BSF is in the capture: it may show one direction only")
        coverage.sure_of_absence(run.story, "Zn answer", "diameter", request.time, answer.time)
        return request
    return None


def _be_sure_that_it_waited(request: Message, answer: Message) -> None:
    """Raise CannotTell where a BM-SC answers its UE as if Zn had been answered."""
    body = bodies.http(answer)
    if body is not None and body.headers.get("Authentication-Info") is not None:
        raise CannotTell("the BM-SC proves that it has the key: the Zn answer is missing from the capture only")
    if answer.time - request.time < SHORTEST_WAIT:
        raise CannotTell("the BM-SC answers before it can take the BSF for silent")


def _of_bsf(story: Story, server: str) -> list[Exchange]:
    return [e for e in story.traffic.exchanges if e.protocol == "diameter" and e.server == server]


@rule(
    "DG-14", *UA, clause="TS 33.246 Annex G.2.4", level="shall",
    remedy="UE: repeat a request only after 401 or 503, and after a 503 not before Retry-After has passed.",
)  # fmt: skip
def no_repeat_after_refusal(run: Run) -> Iterator[Problem]:
    """A UE repeats a refused request only after 401 or 503, and respects Retry-After.

    Everything else would come to the same refusal, from every UE at once.
    """
    if not run.ues:
        raise NotHere
    first = next(iter(run.all("request", "authorized")), None)
    earlier = [r for r in run.story.runs_of(run.ue, run.procedure.kind) if r.end <= run.start and r is not run]
    if first is None or not earlier:
        raise NotHere
    refusal = earlier[-1].first("answer")
    code = status(refusal)
    if refusal is None or code is None or code < 400 or not _same_subject(earlier[-1], run):
        raise NotHere
    waited = (first.time - refusal.time) / 10**9
    if code == 503:
        body = bodies.http(refusal)
        delay = body.retry_after if body is not None else None
        if body is not None and delay is not None and waited < delay:
            told = body.headers.get("Retry-After")
            yield wrong(f"repeated {waited:.1f} s after a 503 with Retry-After {told}", refusal, first)
    elif waited < run.tolerances.digest_retry / 10**9 and not _has_changed(run, refusal.time, first.time):
        yield wrong(f"the request is repeated {waited:.1f} s after a {code}", refusal, first)


def _has_changed(run: Run, since: int, until: int) -> bool:
    """Whether a UE has done in between what may get it another answer: an INVITE, or a new bootstrapping."""
    tried = run.story.runs_of(run.ue, HTTP_INITIATION.kind, BOOTSTRAPPING.kind)
    return any(since < m.time < until for other in tried for m in other.messages)


def _same_subject(one: Run, other: Run) -> bool:
    def subject(run: Run) -> set[str]:
        return {name for m, _ in requests(run) for name in (*bodies.services(m), *map(str, bodies.msk_names(m)))}

    return bool(subject(one) & subject(other))


RULES: tuple[Rule, ...] = (
    nonce_count_increases,
    replay_is_refused,
    stale_nonce_keeps_the_b_tid,
    challenge_is_answered,
    unknown_b_tid_is_renegotiated,
    server_trouble_is_named,
    no_repeat_after_refusal,
)
