"""What a UE and its BM-SC had agreed on when something happened."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, Run, Story, once
from analyzer.procedures.bootstrapping import made_for, maker
from analyzer.procedures.coverage import slack
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import MskStatuses, NafKeyInfo, ServiceStatuses

# After any of these the BM-SC knows the UE, its address and its B-TID.
REGISTERING = ("http-registration", "sip-initiation", "ks-naf-refresh")
REQUESTING = ("http-msk-request", "sip-msk-refresh")
DEREGISTERING = ("http-deregistration", "sip-deauthorization")
SECOND = 10**9


def before(story: Story, ue: Session, time: int, *kinds: str) -> Iterator[Run]:
    """Yield the successful runs of a UE that ended at or before a time, the newest first."""
    runs = story.runs_of(ue, *kinds)
    for place in reversed(range(bisect_right(runs, time, key=_start))):
        run = runs[place]
        if run.outcome == "success" and answered(run) <= time:
            yield run


def _start(run: Run) -> int:
    return run.start


@once
def answered(run: Run) -> int:
    """Return when the BM-SC gave its answer: MSK messages may follow at once."""
    answers = run.all("answer") or run.all("post-answer") or run.messages
    return min(message.time for message in answers)


def last_b_tid(story: Story, ue: Session, time: int) -> str | None:
    """Return the B-TID of the last successful registration or request of a UE before a time."""
    used = map(b_tid_of, before(story, ue, time, *REGISTERING, *REQUESTING))
    return next((b_tid for b_tid in used if b_tid is not None), None)


@once
def b_tid_of(run: Run) -> str | None:
    """Return the B-TID that a registration or request used: in its digest, its INVITE, or its POST."""
    for message in reversed(run.all("authorized", "request", "invite", "post")):
        if isinstance(message.body, Http):
            given = gba.authorization(message.body)
            if given is not None and given.get("username"):
                return given.get("username")
        listed = bodies.b_tids(message)
        if listed:
            return listed[-1]
    return None


def registered_addresses(story: Story, ue: Session, time: int) -> tuple[str, ...]:
    """Return where the BM-SC was told to reach a UE: source of the registration, or ueIPaddress of the POST.

    Of the last registration or request before the time; empty where the capture shows none. A request that was seen on
    both sides of an address translator has two sources.
    """
    for run in before(story, ue, time, *REGISTERING, *REQUESTING):
        if own := _addresses(run):
            given = {_credentials(message) for message in run.messages} - {""}
            return (*own, *sorted({src for name in given for src in _sources(story).get(name, ())} - {*own}))
    return ()


@once
def _sources(story: Story) -> Mapping[str, frozenset[str]]:
    """Return where requests came from that no proxy has sent on, by their Authorization, which is of one request."""
    found: dict[str, set[str]] = {}
    for exchange in story.traffic.exchanges:
        for message in exchange.requests if exchange.asked is not None else ():
            if (given := _credentials(message)) and not was_forwarded(message):
                found.setdefault(given, set()).add(message.payload.src)
    return {name: frozenset(sources) for name, sources in found.items()}


def was_forwarded(message: Message) -> bool:
    """Say whether a proxy has sent an HTTP request on (RFC 9110 7.6.3): the address it comes from is not the UE's."""
    body = bodies.http(message)
    return body is not None and body.headers.get("Via") is not None


@once
def _addresses(run: Run) -> tuple[str, ...]:
    post = run.first("post")
    if post is None:
        asked = run.first("authorized") or run.first("request")
        return () if asked is None or was_forwarded(asked) else (asked.payload.src,)
    told = bodies.find(post, NafKeyInfo)
    return () if told is None else told.ue_addresses


def naf_fqdns(story: Story, ue: Session, time: int) -> tuple[str, ...]:
    """Return the NAF FQDNs under which the last registration of a UE ran: its realm, Host, or nafFqdn."""
    return next(filter(None, map(_nafs, before(story, ue, time, *REGISTERING))), ())


@once
def _nafs(run: Run) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for message in run.all("authorized", "request", "post"):
        told = bodies.find(message, NafKeyInfo)
        found |= dict.fromkeys(told.naf_fqdns if told is not None else ())
        if told is None and isinstance(message.body, Http) and run.first("post") is None:
            given = gba.authorization(message.body)
            realm = (given.get("realm") or "") if given is not None else ""
            if "@" in realm:
                found[realm.split("@", 1)[1]] = None
    return tuple(found)


@once
def granted(run: Run) -> tuple[str, ...]:
    """Return the services, or MSKs as hex of domain and id, that an answer gives status 200."""
    found: dict[str, None] = {}
    for message in run.all("answer", "post-answer", "ok"):
        if (status(message) or 0) != 200:
            continue
        for listed in bodies.find_all(message, ServiceStatuses):
            found |= dict.fromkeys(item.service for item in listed.items if item.code == 200)
        for asked in bodies.find_all(message, MskStatuses):
            found |= dict.fromkeys((i.msk.key_domain + i.msk.msk_id).hex() for i in asked.items if i.code == 200)
    return tuple(found)


def be_settled(story: Story, ue: Session, message: Message) -> None:
    """Raise CannotTell where what a UE asked last before a message is not known to be granted, or known to come before.

    Its answer is not in the case, or stands so near to the message that their order says nothing.
    """
    for run in reversed(story.runs_of(ue, *REGISTERING, *REQUESTING, *DEREGISTERING)):
        first, settled = run.messages[0], run.outcome == "success" and answered(run)
        near = max(
            slack(story, capture, message.payload.capture) for capture in {m.payload.capture for m in run.messages}
        )
        if near and settled and abs(settled - message.time) <= near:
            raise CannotTell(f"whether frame {message.frame} came before what answers frame {first.frame}")
        if run.start <= message.time:
            if run.outcome == "incomplete":
                raise CannotTell(f"the answer to frame {first.frame}, which may change it, is not to be seen")
            if settled and settled <= message.time:
                return


def deregistered(story: Story, ue: Session, time: int) -> bool:
    """Say whether the last thing a UE did before a time, of registering and deregistering, was the latter."""
    last = next(before(story, ue, time, *REGISTERING, *DEREGISTERING), None)
    return last is not None and last.procedure.kind in DEREGISTERING


@once
def msk_messages(story: Story, ue: Session) -> tuple[Message, ...]:
    """Return the MSK messages to a UE, solicited pulls included, in the order of time."""
    return tuple(
        message for message in ue.loose if (body := bodies.mikey(message)) is not None and bodies.is_msk_message(body)
    )


@once
def keys_told(story: Story) -> Mapping[str, tuple[gba.NafKeys, ...]]:
    """Return the NAF keys of Zn answers and POSTs in the order of time, by B-TID."""
    found: dict[str, list[gba.NafKeys]] = {}
    for known in sorted(story.traffic.naf_keys, key=lambda told: told.message.time):
        if known.b_tid is not None:
            found.setdefault(known.b_tid, []).append(known)
    return {b_tid: tuple(known) for b_tid, known in found.items()}


def muk_expiry(story: Story, b_tid: str, time: int) -> int | None:
    """Return when a BM-SC had to take the MUK of a B-TID for expired, as far as it was told before a time.

    By the POST of the SCF, else on Zn; the latest, where it was told several times. Where the capture shows neither,
    the lifetime that the UE got on Ub. None where nothing tells.
    """
    told = [known for known in keys_told(story).get(b_tid, ()) if known.message.time <= time]
    posted = [known.expires for known in told if known.muk is not None and known.expires is not None]
    asked = [known.expires for known in told if known.muk is None and known.expires is not None]
    if posted or asked:
        return max(posted or asked)
    made = maker(story, b_tid)
    return None if made is None else made.lifetime


def muk_retired_by(story: Story, ue: Session, b_tid: str, time: int) -> Message | None:
    """Return the verification message by which a UE gave up the MUK of a B-TID before a time; None where it did not.

    A UE keeps the MUK generated last and the one used last (TS 33.246 6.1): when it acknowledges an MSK message under
    a newer one, the old one goes.
    """
    order = [made.b_tid for made in made_for(story, ue) if made.time < time]
    if b_tid not in order:
        return None
    newer = set(order[order.index(b_tid) + 1 :])
    under: set[int] = set()  # CSB IDs of the MSK messages under a newer MUK
    for message in ue.loose:
        body = bodies.mikey(message)
        if message.time >= time or body is None:
            continue
        if body.data_type == bodies.DATA_TYPE_VERIFICATION and body.csb_id in under:
            return message
        if bodies.is_msk_message(body) and body.idr is not None and body.idr.text in newer:
            under.add(body.csb_id)
    return None


def _credentials(message: Message) -> str:
    """Return the Authorization of a request as it stands, empty where it has none."""
    body = bodies.http(message)
    return "" if body is None else body.headers.get("Authorization") or ""


def was_pulled(run: Run, b_tid: str | None) -> bool:
    """Say whether a solicited pull under the MUK of a B-TID has asked for a request.

    It may come under a MUK that has expired; the request is then to be met with a 401 (TS 33.246 6.3.2.2.4).
    """
    asked = {id(message) for message in run.messages}
    given = {_credentials(message) for message in run.messages} - {""}  # where a proxy has sent the request on
    return any(
        any(id(message) in asked or _credentials(message) in given for message in pull.all("request"))
        and (body := bodies.mikey(pull.one("pull"))) is not None
        and body.idr is not None
        and body.idr.text == b_tid
        for ue in run.ues
        for pull in run.story.runs_of(ue, "solicited-pull")
    )
