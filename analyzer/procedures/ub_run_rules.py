"""Rules on when a UE bootstraps, as whom, and on what sets one run apart from the next (TS 33.220 4.5.2, 4.5.3)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from analyzer.correlate import bodies, gba
from analyzer.correlate.claims import TMPI_DOMAIN
from analyzer.correlate.exchanges import Exchange, status
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, history
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, maker, of_run
from analyzer.procedures.dg_rules import KINDS, UA
from analyzer.procedures.invites import HTTP_INITIATION
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.roles import SCF_REQUESTS
from analyzer.procedures.sb_rules import ALL
from analyzer.procedures.ub_grant_rules import TMPI_TOKEN
from analyzer.procedures.ub_rules import challenges, ub
from dissectors import Message
from dissectors.mikey import Mikey
from dissectors.sip import Sip

UICC_TOKEN = "3gpp-gba-uicc"  # a product token  # noqa: S105


def _made_before(run: Run) -> list[Run]:
    """Return the successful bootstrappings of the UE that ended before a run began."""
    made = run.story.runs_of(run.ue, BOOTSTRAPPING.kind) if run.ues else []
    return [other for other in made if other.outcome == "success" and other.end <= run.start and other is not run]


Answered = dict[bytes, list[tuple[gba.Bootstrapping, frozenset[str]]]]


@once
def answered(story: Story) -> Answered:
    """Return the bootstrappings by RAND in which a UE answered it, each with its cnonces."""
    found: Answered = {}
    for made in story.traffic.bootstrappings:
        cnonces: dict[bytes, set[str]] = {}
        for exchange in made.exchanges:
            for message in exchange.requests:
                body = bodies.http(message)
                given = None if body is None else gba.authorization(body)
                vector = None if given is None else gba.nonce_vector(given.get("nonce"))
                if given is not None and vector is not None and given.get("auts") is None:
                    cnonces.setdefault(vector[0], set()).add(given.get("cnonce") or "")
        for rand, names in cnonces.items():
            found.setdefault(rand, []).append((made, frozenset(names)))
    return found


@rule(
    "UB-14", BOOTSTRAPPING, clause="TS 33.220 4.5.2, TS 33.102 6.3", level="shall",
    remedy="HSS and BSF: use each authentication vector once, and fetch a new one for each bootstrapping.",
)  # fmt: skip
def rand_is_new(run: Run) -> Iterator[Problem]:
    """Each bootstrapping has a RAND of its own: one that a UE has answered before does not come again.

    B-TID and Ks follow from the RAND. The same one once more gives the old key a new life, under a name that
    NAFs know already.
    """
    own, known = of_run(run), answered(run.story)
    for message, offered in challenges(run):
        vector = gba.nonce_vector(offered.get("nonce"))
        if vector is None:
            continue
        here = next((names for made, names in known.get(vector[0], ()) if made is own), frozenset())
        for other, names in known.get(vector[0], ()):
            messages = [m for exchange in other.exchanges for m in exchange.messages]
            if other is own or max(m.time for m in messages) >= run.start or names & here:
                continue  # the same run, seen on another leg
            if messages[-1].payload.capture == message.payload.capture:
                yield wrong(f"RAND {vector[0].hex()} was answered before", messages[-1], message)
                break


@rule(
    "UB-15", BOOTSTRAPPING, clause="TS 33.220 4.5.3", level="should",
    remedy="UE: keep Ks and B-TID for all NAFs and applications, and bootstrap anew when Ks ends or a NAF asks for it.",
)  # fmt: skip
def one_bootstrapping_serves_all(run: Run) -> Iterator[Problem]:
    """A UE does not bootstrap again within seconds of getting a Ks, unless it was refused in between.

    One Ks serves all NAFs. A UE that bootstraps for each use takes vectors from the HSS for nothing, and the BM-SC
    may hold the key of a B-TID that the UE has given up. A refusal that is not in the capture excuses it: where
    something was lost, or an answer to the UE is missing, nobody can tell.
    """
    ub(run)
    before = _made_before(run)
    if not before or before[-1].end + run.tolerances.bootstrapping_again < run.start:
        return
    last = of_run(before[-1])
    if last.lifetime is None or last.lifetime <= run.end:
        return
    if not any(map(_shows_a_b_tid, run.ue.exchanges)):
        raise CannotTell("a NAF may have asked for new keys: what the UE asks of one is not in the capture")
    if not _was_refused(run, before[-1].end, run.start):
        _be_sure_of_no_refusal(run, before[-1].end)
        yield wrong(f"bootstraps again while {last.b_tid} is good until {gba.when(last.lifetime)}", *run.messages[:1])


def _shows_a_b_tid(exchange: Exchange) -> bool:
    """Say whether a UE uses a Ks in an exchange, or may be asked to: on Ua, or in an INVITE."""
    if exchange.protocol == "http":
        return exchange.asked not in SCF_REQUESTS and not gba.is_ub(exchange)
    return any(bodies.b_tids(message) for message in exchange.requests)


def _was_refused(run: Run, since: int, until: int) -> bool:
    """Whether anybody refused the UE something, or pulled it for a new key."""
    refused = any(
        since <= answer.time <= until and (status(answer) or 0) >= 400
        for exchange in run.ue.exchanges for answer in exchange.answers
    )  # fmt: skip
    return refused or any(
        since <= message.time <= until and (body := bodies.mikey(message)) is not None
        and bodies.is_solicited_pull(body)
        for message in run.ue.loose
    )  # fmt: skip


def _be_sure_of_no_refusal(run: Run, since: int) -> None:
    """Raise CannotTell where the UE may have been refused something, or pulled, and the capture does not show it."""
    for exchange in run.ue.exchanges:
        if since <= exchange.first.time <= run.start and exchange.requests and exchange.final is None:
            raise CannotTell(f"the answer to frame {exchange.first.frame} may have sent the UE back to the BSF")
    coverage.sure_of_absence(run.story, "refusal", "http", since, run.start)


@rule(
    "UB-16", HTTP_INITIATION, clause="TS 26.237 10.1", level="should",
    remedy="UE: bootstrap after IMS registration and before the INVITE: then the key is there when the session is.",
)  # fmt: skip
def bootstrapping_comes_before_the_invite(run: Run) -> Iterator[Problem]:
    """A UE that is registered with the IMS has a valid Ks when it sends the INVITE.

    The registration for the key follows the INVITE at once; a bootstrapping in between makes the user wait. A Ks of
    before the capture is not known: a UE that bootstraps after its INVITE is judged where the capture shows all since
    it has registered with the IMS.
    """
    if not run.ues:
        raise NotHere
    invite = run.one("invite")
    made = [r for r in run.story.runs_of(run.ue, BOOTSTRAPPING.kind) if r.outcome == "success"]
    before = [r for r in made if r.end <= invite.time]
    asked = next(
        ((m, b_tid) for r in run.story.runs_of(run.ue, *KINDS) for m in r.all("authorized")
         if m.time > invite.time and (b_tid := gba.username(m))), None
    )  # fmt: skip
    if before:
        last = of_run(before[-1])
        if last.lifetime is None or not is_over(run, last.lifetime, invite):
            return
        if asked is not None and asked[1] not in {of_run(r).b_tid for r in made}:
            raise CannotTell(f"the bootstrapping of B-TID {asked[1]} is not in the capture")
        _be_sure_of_no_bootstrapping(run, before[-1].end, invite)
        yield wrong(f"B-TID {last.b_tid} expired at {gba.when(last.lifetime)}, before the INVITE", invite)
        return
    late = [r for r in made if r.start > invite.time and asked is not None and r.end <= asked[0].time]
    if not late:
        raise NotHere
    attached = [time for time in _attached(run.story, run.ue) if time < invite.time]
    if not attached:
        raise CannotTell("the UE may have a Ks of before the capture")
    _be_sure_of_no_bootstrapping(run, attached[-1], invite)
    yield wrong("the UE bootstraps after the INVITE", invite, late[0].messages[0])


def _be_sure_of_no_bootstrapping(run: Run, since: int, invite: Message) -> None:
    """Raise CannotTell where a bootstrapping before an INVITE may only be missing from the capture."""
    captures = frozenset(m.payload.capture for r in run.story.runs_of(run.ue, BOOTSTRAPPING.kind) for m in r.messages)
    if not coverage.shows(run.story, captures, since, invite.time):
        raise CannotTell("the capture of Ub does not show all of the time before the INVITE")
    coverage.sure_of_absence(run.story, "bootstrapping before the INVITE", "http", since, invite.time)


@once
def _attached(story: Story, ue: Session) -> tuple[int, ...]:
    """Return when a UE has registered with the IMS, in the order of time."""
    return tuple(
        exchange.first.time for exchange in ue.exchanges
        if isinstance(exchange.first.body, Sip) and exchange.first.body.method == "REGISTER"
        and exchange.first.body.headers.get("Expires") != "0" and status(exchange.final) == 200
    )  # fmt: skip


@rule(
    "UB-17", BOOTSTRAPPING, clause="TS 33.220 4.5.2, Annex B.4", level="should",
    remedy="UE: keep the TMPI that follows from Ks, and use it as user name of the next bootstrapping.",
)  # fmt: skip
def tmpi_hides_the_impi(run: Run) -> Iterator[Problem]:
    """A UE that holds a TMPI uses it as user name.

    Ub is in the clear: an IMPI shows everybody on the path who bootstraps where.
    """
    ub(run)
    asked = [(m, given) for m in run.all("request") if (b := bodies.http(m)) and (given := gba.authorization(b))]
    before = [other for other in _made_before(run) if _gives_a_tmpi(other)]
    if not asked or not before:
        raise NotHere
    message, given = asked[0]
    if TMPI_DOMAIN in (given.get("username") or ""):
        return
    if _was_refused_as_tmpi(run, before[-1]) or _was_off(run, before[-1]):
        raise NotHere
    if _may_have_been_off(run, before[-1]):
        raise CannotTell("the UE may have been switched off since its last bootstrapping, and lost its TMPI")
    yield wrong("the IMPI as user name, though the last bootstrapping gave a TMPI", before[-1].messages[-1], message)


def _gives_a_tmpi(run: Run) -> bool:
    """Whether both ends of a run have said that they know the TMPI."""
    said = [bodies.http(message) for message in run.messages]
    agents = [body.headers.get("User-Agent" if body.is_request else "Server") for body in said if body is not None]
    return all(TMPI_TOKEN in (agent or "") for agent in agents)


def _was_refused_as_tmpi(run: Run, since: Run) -> bool:
    """Whether a BSF did not know a TMPI of the UE: the IMPI is what is left then."""
    return any(
        since.end <= other.start <= run.start and other.outcome != "success"
        and TMPI_DOMAIN in (of_run(other).impi or "")
        for other in run.story.runs_of(run.ue, BOOTSTRAPPING.kind)
    )  # fmt: skip


def _was_off(run: Run, since: Run) -> bool:
    """Whether a UE was surely switched off between two runs: its TMPI went with Ks (TS 33.220 4.4.11)."""
    return any(sure and since.end <= message.time <= run.start for message, sure in _begun(run.story, run.ue))


def _may_have_been_off(run: Run, since: Run) -> bool:
    """Whether a UE was silent for a while, or registered with the IMS, between two runs.

    Nothing may be told by a silence after which it goes on with a dialog or a B-TID of before.
    """
    exchanges = [e for e in run.ue.exchanges if since.end <= e.first.time <= run.start]
    if any(isinstance(e.first.body, Sip) and e.first.body.cseq_method == "REGISTER" for e in exchanges):
        return True
    sent = [m for m in _sent(run.story, run.ue) if m.time >= since.start]
    if sent[-1].time < run.start:  # where it is not known what comes from it
        return True
    last = {name: message.time for message in sent for name in _remembered(run.ue, message)}
    until = 0  # when something of before was named last
    for earlier, later in pairwise(sent):
        until = max(until, *(last[name] for name in _remembered(run.ue, earlier)), 0)
        if later.time - earlier.time > run.tolerances.switched_off and until < later.time:
            return True
        if later.time >= run.start:
            break
    return False


@once
def _sent(story: Story, ue: Session) -> tuple[Message, ...]:
    """Return what came from the addresses of a UE, in the order of time."""
    said = [m for e in ue.exchanges for m in e.messages] + list(ue.loose)
    return tuple(sorted((m for m in said if m.payload.src in ue.addresses), key=lambda m: (m.time, m.frame)))


def _remembered(ue: Session, message: Message) -> set[str]:
    """Return what a message of a UE names that it forgets when it is switched off: Call-ID of a dialog, and B-TIDs."""
    body = message.body
    b_tids = {*bodies.b_tids(message), gba.username(message)}
    if isinstance(body, Mikey) and body.idr is not None:
        b_tids.add(body.idr.text)
    found = {b_tid for b_tid in ue.b_tid if b_tid in b_tids}
    if isinstance(body, Sip) and body.cseq_method != "REGISTER" and body.call_id:
        found.add(body.call_id)
    return found


# ------------------------------------------------------------------------------------------------ switched off


@rule(
    "UB-18", *UA, *ALL, clause="TS 33.220 4.4.11", level="info",
    remedy="UE: delete Ks and all NAF keys of GBA_ME when you are switched off or the UICC changes; bootstrap anew.",
)  # fmt: skip
def ks_ends_with_the_power(run: Run) -> Iterator[Problem]:
    """A UE that was switched off in between does not use the B-TID of before.

    Whoever takes the UE, or puts another UICC into it, would have the keys of the last user. That it was switched off
    shows in its IMS registration: it was ended, and begun anew with another Call-ID. It looks so after flight mode too,
    where keys may stay. Another Call-ID alone may mean a UE that lost its power, or one that takes a new one each time.
    Keys of GBA_U are safe on the UICC.
    """
    b_tid = history.b_tid_of(run)
    made = maker(run.story, b_tid)
    message = run.all("request", "authorized", "invite")[-1]
    begun = [] if not run.ues else [(m, sure) for m, sure in _begun(run.story, run.ue) if m.time < message.time]
    if made is None or not begun or _is_on_the_uicc(run, made):
        raise NotHere
    for register, sure in begun:
        if made.time < register.time:
            if not sure:
                raise CannotTell(f"whether the UE was switched off before its REGISTER in frame {register.frame}")
            text = f"B-TID {b_tid} of {gba.when(made.time)}, the UE had left the IMS before its REGISTER"
            yield wrong(text, made.exchanges[-1].messages[-1], register, message)
            return


@once
def _begun(story: Story, ue: Session) -> tuple[tuple[Message, bool], ...]:
    """Return the REGISTERs with which a UE began another IMS registration, and whether the one before was ended."""
    found: list[tuple[Message, bool]] = []
    known: set[str] = set()
    ended = False
    for exchange in ue.exchanges:
        message, body = exchange.first, exchange.first.body
        if not isinstance(body, Sip) or body.method != "REGISTER" or not body.call_id or status(exchange.final) != 200:
            continue
        if _ends(body):
            known.add(body.call_id)
            ended = True
            continue
        if known and body.call_id not in known:
            found.append((message, ended))
        known.add(body.call_id)
        ended = False
    return tuple(found)


def _ends(body: Sip) -> bool:
    """Whether a REGISTER ends a registration (RFC 3261 10.2.2)."""
    if "expires=0" in (body.headers.get("Contact") or "").replace(" ", "").lower().split(";"):
        return True
    return (body.headers.get("Expires") or "").strip() == "0"


def _is_on_the_uicc(run: Run, made: gba.Bootstrapping) -> bool:
    """Whether a Ks is one of GBA_U."""
    found = None if made.rand is None else run.story.chain.aka.get(made.rand)
    if found is not None and found.mac_ok:
        return found.gba_u
    agents = (body.headers.get("User-Agent") or "" for m in run.messages if (body := bodies.http(m)) is not None)
    return any(UICC_TOKEN in agent for agent in agents)


RULES: tuple[Rule, ...] = (
    rand_is_new,
    one_bootstrapping_serves_all,
    bootstrapping_comes_before_the_invite,
    tmpi_hides_the_impi,
    ks_ends_with_the_power,
)
