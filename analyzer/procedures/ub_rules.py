"""Rules on the challenge of Ub and what the UE makes of it (TS 24.109 clause 4, RFC 3310)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from itertools import pairwise

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange, status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, once, rule, wrong
from analyzer.keys import aka, digest, digests
from analyzer.procedures import coverage
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, answers_a_challenge, of_run
from dissectors import Message
from dissectors.digest import Auth, parse_auths
from dissectors.http import Http
from dissectors.mbms_xml import BootstrappingInfo

ALGORITHM = "AKAV1-MD5"  # RFC 3310 3.1, compared in capitals
GBA_TOKEN = "3gpp-gba"  # in User-Agent or Server, with or without -tmpi  # noqa: S105  # a product token, no secret
VECTOR_OCTETS = 32  # RAND and AUTN


def ub(run: Run) -> tuple[Exchange, ...]:
    """Return the exchanges of a run that is Ub beyond doubt; NotHere for other uses of AKA or of GBA's tokens."""
    if not _is_ub(run):
        raise NotHere
    return of_run(run).exchanges


@once
def _is_ub(run: Run) -> bool:
    messages = [message for exchange in of_run(run).exchanges for message in exchange.messages]
    return any(map(_is_at_a_bsf, messages)) and not any(map(_is_at_a_naf, messages))


def _is_at_a_bsf(message: Message) -> bool:
    body = bodies.http(message)
    if body is None:
        return False
    if bodies.find(message, BootstrappingInfo) is not None or (body.host or "").lower().startswith("bsf."):
        return True
    told = gba.authorization(body) if body.is_request else gba.challenge(body)
    by_token = GBA_TOKEN in (body.headers.get("User-Agent") or "") + (body.headers.get("Server") or "")
    return by_token and told is not None and (_is_aka(told) or (body.is_request and not told.get("nonce")))


def _is_at_a_naf(message: Message) -> bool:
    body = bodies.http(message)
    told = None if body is None else gba.authorization(body) if body.is_request else gba.challenge(body)
    return told is not None and (told.get("realm") or "").lower().startswith(gba.NAF_REALM)


def _is_aka(told: Auth) -> bool:
    return (told.get("algorithm") or "").upper().startswith("AKA")


@once
def challenges(run: Run) -> tuple[tuple[Message, Auth], ...]:
    """Return the AKA challenges of a run; NotHere where it has none."""
    found = tuple(
        (message, offered)
        for exchange in ub(run)
        for message in exchange.answers
        if (body := bodies.http(message)) is not None and status(message) == 401
        and (offered := gba.challenge(body)) is not None and _is_aka(offered)
    )  # fmt: skip
    if not found:
        raise NotHere
    return found


@once
def responses(run: Run) -> tuple[tuple[Exchange, Message, Http, Auth], ...]:
    """Return the requests of a run that answer a challenge, resynchronisations included; NotHere where it has none."""
    found = tuple(
        (exchange, message, body, given)
        for exchange in ub(run)
        for message in exchange.requests
        if (body := bodies.http(message)) is not None and (given := gba.authorization(body)) is not None
        and answers_a_challenge(given)
    )  # fmt: skip
    if not found:
        raise NotHere
    return found


def offers(answer: Message) -> tuple[Auth, ...]:
    """Return all challenges of a 401: AKAv1-MD5 and AKAv2-MD5 may stand side by side."""
    body = bodies.http(answer)
    values = () if body is None else body.headers.all("WWW-Authenticate")
    return tuple(offered for value in values for offered in parse_auths(value))


def aka_of(run: Run, nonce: str | None) -> aka.AkaRun | None:
    """Return what the subscriber's K makes of a challenge, None where K is not known."""
    vector = gba.nonce_vector(nonce)
    return None if vector is None else run.story.chain.aka.get(vector[0])


@rule(
    "UB-01", BOOTSTRAPPING, clause="TS 24.109 4.2", level="shall",
    remedy="UE: begin Ub with Authorization: Digest username=<IMPI or TMPI>, realm=<BSF>, nonce=\"\", response=\"\".",
)  # fmt: skip
def first_request_introduces_the_ue(run: Run) -> Iterator[Problem]:
    """The first GET on Ub says who asks: Digest credentials with user name and realm, nonce and response empty.

    The BSF needs the user name to fetch an authentication vector of this subscriber; without it there is nobody
    to challenge. A response at this point answers nothing.
    """
    exchanges, asked = ub(run), run.all("request")
    if not asked:
        raise NotHere
    for exchange in exchanges:
        for message in exchange.requests:
            body = bodies.http(message)
            if body is None or not any(message is first for first in asked):
                continue
            given = gba.authorization(body)
            if given is None or given.scheme.lower() != "digest":
                yield wrong("no Digest Authorization in the first request", message)
                continue
            yield from _introduction(exchange, message, body, given)


def _introduction(exchange: Exchange, message: Message, body: Http, given: Auth) -> Iterator[Problem]:
    if not given.get("username"):
        yield wrong("no user name in the first request", message)
    for name in ("nonce", "response"):
        if given.get(name):
            yield wrong(f"{name} is not empty in the first request", message)
    realm = given.get("realm")
    told = {(offered.get("realm") or "").lower() for answer in exchange.answers for offered in offers(answer)}
    known = {name for name in (*told, (body.host or "").lower()) if name}
    if not realm:
        yield wrong("no realm in the first request", message)
    elif told and realm.lower() not in known:
        yield wrong(f"realm {realm!r} in the first request, the BSF is {' or '.join(sorted(known))}", message)


@rule(
    "UB-02", BOOTSTRAPPING, clause="TS 24.109 4.2, RFC 3310 3.1", level="shall",
    remedy="BSF: challenge with algorithm=AKAv1-MD5, a nonce and qop=\"auth-int\".",
)  # fmt: skip
def challenge_is_aka_with_integrity(run: Run) -> Iterator[Problem]:
    """The 401 of a BSF is a Digest challenge with AKAv1-MD5, a nonce, and auth-int among its qop.

    A UE has no password but the RES that AKA gives it, and only auth-int protects the B-TID in the answer.
    AKAv2-MD5 may stand beside it.
    """
    exchanges = ub(run)
    asked = [bodies.http(message) for exchange in exchanges for message in exchange.requests]
    if any(gba.DIGEST_TOKEN in (body.headers.get("User-Agent") or "") for body in asked if body is not None):
        raise NotHere  # GBA_Digest has passwords of its own
    refused = run.all("challenge")
    if not refused:
        raise NotHere
    for message in refused:
        offered = offers(message)
        if not offered:
            yield wrong("no WWW-Authenticate in the 401", message)
            continue
        right = [offer for offer in offered if (offer.get("algorithm") or "").upper() == ALGORITHM]
        if not right:
            shown = ", ".join(repr(offer.get("algorithm")) for offer in offered)
            yield wrong(f"algorithm {shown}, expected AKAv1-MD5", message)
            continue
        if not right[0].get("nonce"):
            yield wrong("no nonce in the challenge", message)
        qop = right[0].get("qop") or ""
        if "auth-int" not in [item.strip().lower() for item in qop.split(",")]:
            yield wrong(f"qop {qop!r}, expected auth-int", message)


@rule(
    "UB-03", BOOTSTRAPPING, clause="RFC 3310 3.2", level="shall",
    remedy="BSF: nonce is base64 of RAND (16 octets), AUTN (16 octets) and, if wanted, server data.",
)  # fmt: skip
def nonce_holds_rand_and_autn(run: Run) -> Iterator[Problem]:
    """The nonce of a challenge is base64 of at least 32 octets: RAND, AUTN, and perhaps server data.

    The UE hands both to its UICC. What is shorter or written otherwise gives it nothing to work with.
    """
    for message, offered in challenges(run):
        try:
            octets = base64.b64decode(offered.get("nonce") or "", validate=True)
        except (binascii.Error, ValueError):
            yield wrong("the nonce is no base64", message)
            continue
        if len(octets) < VECTOR_OCTETS:
            yield wrong(f"the nonce holds {len(octets)} octets, expected {VECTOR_OCTETS} or more", message)


@rule(
    "UB-04", BOOTSTRAPPING, clause="TS 24.109 4.2, RFC 2617 3.2.2", level="shall",
    remedy="UE: copy realm, nonce and opaque from the challenge, and add nc, cnonce and qop=auth-int.",
)  # fmt: skip
def response_repeats_the_challenge(run: Run) -> Iterator[Problem]:
    """The answer to a challenge repeats its realm, nonce and opaque, and adds nc, cnonce and qop=auth-int.

    The BSF finds the authentication vector by the nonce, its own state by opaque; a changed one fits no vector.
    """
    exchanges = ub(run)
    before = {id(later): earlier for earlier, later in pairwise(exchanges)}
    for exchange, message, _, given in responses(run):
        earlier = before.get(id(exchange))
        for name in ("realm", "nonce", "opaque"):
            expected = {offered.get(name) for m in _final(earlier) for offered in offers(m)}
            if expected and None not in expected and given.get(name) not in expected:
                coverage.sure_of_absence(run.story, f"challenge with this {name}", "http", run.start, run.end)
                yield wrong(f"{name} differs from that of the challenge", *_final(earlier), message)
        if given.get("auts") is not None:
            continue
        for name in ("nc", "cnonce"):
            if not given.get(name):
                yield wrong(f"no {name} in the answer to the challenge", message)
        if (given.get("qop") or "").lower() != "auth-int":
            yield wrong(f"qop {given.get('qop')!r}, expected auth-int", message)


def _final(exchange: Exchange | None) -> tuple[Message, ...]:
    return () if exchange is None or exchange.final is None else (exchange.final,)


@rule(
    "UB-05", BOOTSTRAPPING, clause="RFC 3310 3.3", level="shall",
    remedy="UE: the password is RES as bare octets; when AUTN verified, compare OP or OPc, and how RES is written.",
)  # fmt: skip
def response_verifies_with_res(run: Run) -> Iterator[Problem]:
    """The digest response on Ub is made with RES, as bare octets.

    RES written in base64 or hex, or another RES, makes the BSF refuse a UE that is in the right.
    """
    answers = [(m, given) for _, m, _, given in responses(run) if given.get("auts") is None]
    if not answers:
        raise NotHere
    for message, given in answers:
        checked, found = run.story.chain.digest(message), aka_of(run, given.get("nonce"))
        if checked.ok is None or found is None:
            raise CannotTell("K of the subscription is needed to check the digest response on Ub")
        if checked.ok and checked.variant not in digests.RIGHT:
            yield wrong(f"the digest response fits only with {checked.variant}", message)
        elif not checked.ok and not found.mac_ok:
            raise CannotTell("K of the keyring fits neither AUTN nor the response: it may be another subscription's")
        elif not checked.ok:
            yield wrong("the digest response does not fit RES", message)


@rule(
    "UB-06", BOOTSTRAPPING, clause="TS 33.102 6.3.3, TS 33.220 5.3.2", level="info",
    remedy="HSS: compare K, OP or OPc, AMF and the algorithm with the UICC's.",
)  # fmt: skip
def autn_is_of_this_subscription(run: Run) -> Iterator[Problem]:
    """The MAC in AUTN is what K makes of RAND, SQN and AMF; that of GBA_U is tried too.

    A UICC refuses any other as the challenge of a false network. Where the UE refuses it too, K of the keyring
    and of the UICC agree, and the HSS is wrong.
    """
    checked = False
    for message, offered in challenges(run):
        if _has_no_autn(offered.get("nonce")):
            raise NotHere
        found = aka_of(run, offered.get("nonce"))
        if found is None or found.mac_ok is None:
            continue
        checked = True
        if found.mac_ok:
            continue
        if _res_proves_k(run, message):
            yield wrong("the MAC in AUTN is not of the subscriber's K", message)
        elif run.first("info") is not None:
            raise CannotTell("K of the keyring does not fit a challenge that UE and BSF agree on")
        else:
            yield wrong("the MAC in AUTN is not of the K in the keyring", message)
    if not checked:
        raise CannotTell("K of the subscription is needed to check AUTN")


def _has_no_autn(nonce: str | None) -> bool:
    """Whether a nonce is one of 2G GBA, whose AUTN is all zero (TS 33.220 Annex I), or holds no vector at all."""
    vector = gba.nonce_vector(nonce)
    return vector is None or not any(vector[1])


def _res_proves_k(run: Run, challenge: Message) -> bool:
    """RES depends on K and RAND alone: where a response fits it, K is the subscriber's, whatever AUTN says."""
    return any(
        m.time >= challenge.time and run.story.chain.digest(m).ok for m in run.all("response")
    )  # fmt: skip


@rule(
    "UB-07", BOOTSTRAPPING, clause="RFC 3310 3.4, TS 24.109 4.2", level="shall",
    remedy="HSS and BSF: take SQN from auts and fetch a fresh vector; UE: send 14 octets and an empty password.",
)  # fmt: skip
def resynchronisation_brings_a_fresh_rand(run: Run) -> Iterator[Problem]:
    """A UE whose SQN is ahead sends auts of 14 octets and an empty password, and gets a challenge with another RAND.

    The same RAND once more is refused once more: the UE never bootstraps, until somebody resets the HSS. Where K is
    known, auts is held against it, and the SQN of the new challenge has to be above the one that the UICC told.
    """
    asked = [(e, m, body, given) for e, m, body, given in responses(run) if given.get("auts") is not None]
    if not asked:
        raise NotHere
    for exchange, message, body, given in asked:
        yield from _resynchronisation(message, body, given)
        answer = exchange.final
        if answer is None:
            raise CannotTell("the answer to the resynchronisation is not in the capture")
        offered = None if (told := bodies.http(answer)) is None else gba.challenge(told)
        vector, new = gba.nonce_vector(given.get("nonce")), gba.nonce_vector(offered.get("nonce") if offered else None)
        if status(answer) == 200:
            coverage.sure_of_absence(run.story, "second challenge", "http", run.start, run.end)
            yield wrong("200 to a resynchronisation, which proves nothing; expected a new challenge", message, answer)
        elif vector is not None and new is not None and vector[0] == new[0]:
            yield wrong("the challenge after a resynchronisation has the same RAND", message, answer)
        yield from _sequence_numbers(
            run, message, answer, given.get("nonce"), offered.get("nonce") if offered else None
        )


def _sequence_numbers(
    run: Run, message: Message, answer: Message, nonce: str | None, new_nonce: str | None
) -> Iterator[Problem]:
    """Hold AUTS against K, and SQN of the new challenge against that of the UICC (TS 33.102 6.3.5)."""
    sqn, before, after = run.story.chain.resynchronisations.get(id(message)), aka_of(run, nonce), aka_of(run, new_nonce)
    if sqn == b"" and before is not None and before.mac_ok:
        yield wrong("the MAC in auts is not of the K that made the challenge", message)
    if sqn and after is not None and after.mac_ok and after.sqn <= sqn:
        text = f"SQN {after.sqn.hex()} of the new challenge, the UICC told {sqn.hex()} and takes only what is above"
        yield wrong(text, message, answer)


def _resynchronisation(message: Message, body: Http, given: Auth) -> Iterator[Problem]:
    try:
        octets = base64.b64decode(given.get("auts") or "", validate=True)
    except (binascii.Error, ValueError):
        yield wrong("auts is no base64", message)
        return
    if len(octets) != aka.AUTS_LENGTH:
        yield wrong(f"auts holds {len(octets)} octets, expected {aka.AUTS_LENGTH}", message)
    if not given.get("response"):
        return
    empty = digest.matches(
        claimed=given.get("response") or "",
        username=given.get("username") or "",
        realm=given.get("realm") or "",
        password=b"",
        method=body.method or "",
        uri=given.get("uri") or "",
        nonce=given.get("nonce") or "",
        qop=given.get("qop"),
        nc=given.get("nc") or "",
        cnonce=given.get("cnonce") or "",
        body=body.raw,
        algorithm=given.get("algorithm") or "MD5",
    )
    if empty is False:
        yield wrong("the response beside auts is not that of an empty password", message)


@rule(
    "UB-13", BOOTSTRAPPING, clause="TS 24.109 4.2, TS 33.102 6.3.3", level="shall",
    remedy="UE: stop when the UICC reports a MAC failure; an answer proves the UE to whoever sent the challenge.",
)  # fmt: skip
def false_network_gets_no_response(run: Run) -> Iterator[Problem]:
    """A UE sends no digest response to a challenge whose AUTN fails.

    AUTN is how the network proves itself. A UE that answers all the same agrees on keys with anybody.
    """
    answers = [(m, given) for _, m, _, given in responses(run) if given.get("auts") is None]
    for message, given in answers:
        if _has_no_autn(given.get("nonce")):
            raise NotHere
        found = aka_of(run, given.get("nonce"))
        if found is None or found.mac_ok is None:
            raise CannotTell("K of the subscription is needed to check AUTN")
        if found.mac_ok:
            continue
        if not run.story.chain.digest(message).ok:
            raise CannotTell("K of the keyring fits neither AUTN nor the response: it may be another subscription's")
        yield wrong("a response to a challenge whose AUTN has a wrong MAC", message)


RULES: tuple[Rule, ...] = (
    first_request_introduces_the_ue,
    challenge_is_aka_with_integrity,
    nonce_holds_rand_and_autn,
    response_repeats_the_challenge,
    response_verifies_with_res,
    autn_is_of_this_subscription,
    resynchronisation_brings_a_fresh_rand,
    false_network_gets_no_response,
)
