"""Rules on what a BSF grants on Ub: its proof, B-TID and lifetime (TS 24.109 4.2 and Annex C, TS 33.220 4.5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.keys.gba import rand_of
from analyzer.procedures import coverage
from analyzer.procedures.bootstrapping import BOOTSTRAPPING
from analyzer.procedures.lifetimes import date_of
from analyzer.procedures.si_rules import is_readable
from analyzer.procedures.ub_rules import GBA_TOKEN, responses, ub
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import BootstrappingInfo, parse_time

INFO_TYPE = "application/vnd.3gpp.bsf+xml"
NAMESPACE = "uri:3gpp-gba"
TMPI_TOKEN = f"{GBA_TOKEN}-tmpi"
IN_UTC = re.compile(r"(Z|[+-]00:00)$")


def grants(run: Run) -> list[tuple[Message, Http]]:
    """Return the 200s of a run of Ub; NotHere where it has none."""
    ub(run)
    found = [(message, body) for message in run.all("info") if (body := bodies.http(message)) is not None]
    if not found:
        raise NotHere
    return found


def told(message: Message) -> BootstrappingInfo:
    """Return what a 200 grants; NotHere where it has no such body, which is what UB-09 looks at."""
    found = bodies.find(message, BootstrappingInfo)
    if found is None:
        raise NotHere
    return found


@rule(
    "UB-08", BOOTSTRAPPING, clause="TS 24.109 4.2, RFC 3310 3.5", level="shall",
    remedy="BSF: add Authentication-Info with rspauth, made with XRES over the body, to the 200.",
)  # fmt: skip
def grant_is_authenticated(run: Run) -> Iterator[Problem]:
    """The 200 of a BSF carries Authentication-Info whose rspauth is made with XRES.

    It covers the B-TID and the lifetime, which nothing else protects; a UE throws away a 200 that it does not fit.
    """
    asked = {id(answer): message for exchange, message, _, _ in responses(run) for answer in exchange.answers}
    for message, body in grants(run):
        if body.headers.get("Authentication-Info") is None:
            yield wrong("no Authentication-Info in the 200", message)
            continue
        if message.error is not None:
            raise CannotTell(f"the 200 in frame {message.frame} is not whole")
        checked = run.story.chain.digest(message)
        if id(message) not in asked or not run.story.chain.digest(asked[id(message)]).ok or checked.ok is None:
            raise CannotTell("rspauth can be checked only with the RES that the request was made with")
        if not checked.ok:
            coverage.sure_of_absence(run.story, "request that this is the answer to", "http", run.start, run.end)
            yield wrong("rspauth does not fit XRES and this body", message)


@rule(
    "UB-09", BOOTSTRAPPING, clause="TS 24.109 4.2, Annex C", level="shall",
    remedy=f"BSF: answer with {INFO_TYPE}, root BootstrappingInfo of namespace {NAMESPACE}, with btid and lifetime.",
)  # fmt: skip
def grant_has_its_form(run: Run) -> Iterator[Problem]:
    """The 200 of a BSF has the content type application/vnd.3gpp.bsf+xml, and BootstrappingInfo with btid and lifetime.

    A UE that cannot read one of them has done AKA for nothing.
    """
    for message, body in grants(run):
        if message.error is not None:
            raise CannotTell(f"the 200 in frame {message.frame} is not whole")
        content = bodies.content_type(body)
        if content != INFO_TYPE:
            yield wrong(f"Content-Type {content!r}, expected {INFO_TYPE}", message)
        found = bodies.find(message, BootstrappingInfo)
        if found is None:
            if not is_readable(message):
                raise CannotTell("the body of the 200 could not be read")
            yield wrong("no BootstrappingInfo in the 200", message)
            continue
        if found.namespace != NAMESPACE:
            yield wrong(f"namespace {found.namespace!r}, expected {NAMESPACE}", message)
        for name, value in (("btid", found.b_tid), ("lifetime", found.lifetime)):
            if not value:
                yield wrong(f"no {name} in BootstrappingInfo", message)


@rule(
    "UB-10", BOOTSTRAPPING, clause="TS 33.220 4.5.2", level="shall",
    remedy="BSF: make the B-TID of the RAND that the UE has answered, and the BSF's own domain name.",
)  # fmt: skip
def b_tid_is_made_of_the_rand(run: Run) -> Iterator[Problem]:
    """The B-TID is base64 of the RAND that the UE has answered, an @, and the domain name of the BSF.

    A NAF finds the BSF by the name behind the @. With the RAND of another challenge the BSF mixes up two runs, and
    hands out the keys of one as those of the other.
    """
    answered = [gba.nonce_vector(given.get("nonce")) for _, _, _, given in responses(run) if given.get("auts") is None]
    for message, _ in grants(run):
        b_tid = told(message).b_tid
        if not b_tid:
            raise NotHere
        if not b_tid.partition("@")[2]:
            yield wrong(f"B-TID {b_tid} names no BSF", message)
            continue
        if not answered or answered[-1] is None:
            raise CannotTell("the RAND of the challenge cannot be read")
        if rand_of(b_tid) != answered[-1][0]:
            yield wrong(f"B-TID {b_tid} is not made of the RAND {answered[-1][0].hex()}", message)


@rule(
    "UB-11", BOOTSTRAPPING, clause="TS 24.109 Annex C", level="shall",
    remedy="BSF: write the end of the lifetime in UTC with Z, and check the clock of the BSF.",
)  # fmt: skip
def lifetime_is_in_the_future(run: Run) -> Iterator[Problem]:
    """The lifetime in the 200 is a dateTime in UTC, with Z, that is still to come.

    A key that has expired when it is made sends the UE back at once; one in local time ends hours too early or late.
    """
    for message, body in grants(run):
        value = told(message).lifetime
        if not value:
            raise NotHere
        ends, now = parse_time(value), _clock(message, body)
        if "T" not in value or ends is None:
            yield wrong(f"lifetime {value!r} is no dateTime", message)
            continue
        if not IN_UTC.search(value.strip()):
            yield wrong(f"lifetime {value} is not in UTC", message)
        if ends <= now:
            yield wrong(f"lifetime {value} is over at {gba.when(now)}", message)


def _clock(message: Message, body: Http) -> int:
    """Return the time of an answer in ns: by the clock of its sender where it tells, else by that of the capture."""
    sent = date_of(body)
    return message.time if sent is None else sent


@rule(
    "UB-12", BOOTSTRAPPING, clause="TS 33.220 4.5.2, Annex B.4", level="info",
    remedy="UE: name 3gpp-gba-tmpi in User-Agent; BSF: name it in Server. Both of Release 11 or later can.",
)  # fmt: skip
def both_ends_know_the_tmpi(run: Run) -> Iterator[Problem]:
    """UE and BSF both say 3gpp-gba-tmpi, in User-Agent and Server.

    Without it the UE shows its IMPI in the clear on each bootstrapping. Releases before 11 do not know it.
    """
    messages = [message for exchange in ub(run) for message in exchange.messages]
    for message in messages:
        body = bodies.http(message)
        if body is None:
            continue
        name = "User-Agent" if body.is_request else "Server"
        if TMPI_TOKEN not in (body.headers.get(name) or ""):
            yield wrong(f"{name} {body.headers.get(name)!r} has no token {TMPI_TOKEN}", message)


RULES: tuple[Rule, ...] = (
    grant_is_authenticated,
    grant_has_its_form,
    b_tid_is_made_of_the_rand,
    lifetime_is_in_the_future,
    both_ends_know_the_tmpi,
)
