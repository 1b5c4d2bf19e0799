"""Rules on HTTP digest with GBA keys on Ua (TS 24.109 clause 5, TS 33.246 6.2.1.3, RFC 2617)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, once, rule, wrong
from analyzer.procedures import coverage, digests, history
from analyzer.procedures.bootstrapping import maker
from analyzer.procedures.delivery import CURRENT_MSK, PULL_ANSWER_WITHIN
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.ua import DEREGISTRATION, MSK_REQUEST, REGISTRATION
from dissectors import Message
from dissectors.digest import Auth
from dissectors.http import Http
from dissectors.http_message import split_uri
from dissectors.sip import Sip

REALMS = ("3GPP-bootstrapping", "3GPP-bootstrapping-uicc", "3GPP-bootstrapping-digest")  # TS 24.109 5.2.4
TOKEN = "3gpp-gba"  # with or without -uicc, -digest  # noqa: S105  # a product token, no secret
UA = (REGISTRATION, DEREGISTRATION, MSK_REQUEST)
KINDS = tuple(procedure.kind for procedure in UA)


@once
def requests(run: Run) -> tuple[tuple[Message, Http], ...]:
    """Return the POSTs of a run with their bodies."""
    return tuple((m, body) for m in run.all("request", "authorized") if (body := bodies.http(m)) is not None)


@once
def credentials(run: Run) -> tuple[tuple[Message, Http, Auth], ...]:
    """Return the POSTs that carry an Authorization; NotHere where none does."""
    found = tuple((m, b, given) for m, b in requests(run) if (given := gba.authorization(b)) is not None)
    if not found:
        raise NotHere
    return found


@once
def intended(run: Run) -> tuple[tuple[Message, tuple[str, ...], tuple[str, ...]], ...]:
    """Return the POSTs of a run with all their X-3GPP-Intended-Identity, and the identities in the first of these."""
    told = ((message, body.headers.all("X-3GPP-Intended-Identity")) for message, body in requests(run))
    return tuple((message, values, bodies.unquoted(values[0]) if values else ()) for message, values in told)


def host(body: Http) -> str:
    """Return the FQDN that a request is for: its Host without port."""
    return (body.headers.get("Host") or "").rsplit(":", 1)[0].strip("[]").lower()


def realm_fqdn(realm: str | None) -> str | None:
    """Return the FQDN of a GBA realm, None where the realm is no such."""
    prefix, _, fqdn = (realm or "").partition("@")
    return fqdn.lower() if prefix in REALMS and fqdn else None


@rule(
    "DG-01", *UA, clause="TS 24.109 5.2.1", level="shall",
    remedy="UE: add the product token 3gpp-gba (3gpp-gba-uicc for UICC keys) to User-Agent on every Ua request.",
)  # fmt: skip
def user_agent_names_gba(run: Run) -> Iterator[Problem]:
    """Every Ua request has a User-Agent with the token 3gpp-gba or 3gpp-gba-uicc.

    It tells the NAF which keys the UE has; without it the NAF may not even offer GBA.
    """
    for message, body in requests(run):
        if TOKEN not in (body.headers.get("User-Agent") or ""):
            yield wrong(f"User-Agent {body.headers.get('User-Agent')!r} has no token {TOKEN}", message)


@rule(
    "DG-02", *UA, clause="TS 24.109 5.2.4", level="shall",
    remedy="BM-SC: challenge with realm 3GPP-bootstrapping@<own FQDN>, the FQDN that UEs know it by.",
)  # fmt: skip
def realm_names_this_naf(run: Run) -> Iterator[Problem]:
    """The realm of a 401 is 3GPP-bootstrapping@ and the FQDN that the UE has asked.

    The UE derives its key for the FQDN in the realm: another name, another key.
    """
    run.needs("challenge")
    asked = {host(body) for _, body in requests(run)}
    for message in run.all("challenge"):
        body = bodies.http(message)
        given = None if body is None else gba.challenge(body)
        realm = None if given is None else given.get("realm")
        fqdn = realm_fqdn(realm)
        if fqdn is None or (asked and fqdn not in asked):
            expected = ", ".join(f"{REALMS[0]}@{name}" for name in sorted(asked)) or f"{REALMS[0]}@<FQDN>"
            yield wrong(f"realm {realm!r}, expected {expected}", message)


@rule(
    "DG-03", *UA, clause="TS 24.109 5.2.2", level="shall",
    remedy="UE: repeat the realm of the challenge, and only when it names the server that you talk to.",
)  # fmt: skip
def credentials_repeat_the_realm(run: Run) -> Iterator[Problem]:
    """The realm in Authorization is that of the challenge, and names the server that is asked.

    Another realm means a mix-up of servers, or somebody in the middle.
    """
    offered = [
        given.get("realm") for m in run.all("challenge") if (b := bodies.http(m)) and (given := gba.challenge(b))
    ]
    for message, body, given in credentials(run):
        realm = given.get("realm")
        if offered and realm not in offered:
            yield wrong(f"realm {realm!r} in Authorization, the challenge had {offered[-1]!r}", message)
        elif not offered and realm_fqdn(realm) != host(body):
            yield wrong(f"realm {realm!r} in Authorization, the request is for {host(body)}", message)


@rule(
    "DG-04", *UA, clause="TS 33.246 6.2.1.3", level="shall",
    remedy="UE: when Ks has expired, run bootstrapping again before using the NAF.",
)  # fmt: skip
def b_tid_is_valid(run: Run) -> Iterator[Problem]:
    """The user name is the B-TID of a bootstrapping whose key lifetime has not passed.

    The BM-SC gets no key from the BSF for an expired one, and has to send the UE back. A request that a solicited pull
    under the expired MUK has asked for is let pass (TS 33.246 6.3.2.2.4): MS-29 looks at its answer. A request for the
    current MSK may answer a pull that the capture does not show: it is blamed where the capture shows what the UE gets.
    """
    for message, _, given in credentials(run):
        b_tid = given.get("username")
        made = maker(run.story, b_tid)
        if made is None:
            if not any(maker(run.story, other) for ue in run.ues for other in ue.b_tid):
                raise NotHere
            raise CannotTell(f"the bootstrapping of B-TID {b_tid} is not in the capture")
        if made.lifetime is None:
            raise CannotTell(f"the lifetime of B-TID {b_tid} could not be read")
        if is_over(run, made.lifetime, message) and not history.was_pulled(run, b_tid):
            _be_sure_of_no_pull(run, message)
            yield wrong(f"B-TID {b_tid} expired at {gba.when(made.lifetime)}", message)


def _be_sure_of_no_pull(run: Run, message: Message) -> None:
    """Raise CannotTell where a request may answer a solicited pull that is only missing from the capture."""
    if all((name.msk_id or b"")[-2:] != CURRENT_MSK for name in bodies.msk_names(message)):
        return
    ends = {message.payload.src} | {address for ue in run.ues for address in ue.addresses}
    captures = coverage.of_any(coverage.legs(run.story).msks, ends)
    shown = coverage.shows(run.story, captures, message.time - PULL_ANSWER_WITHIN, message.time)
    if not shown or any(coverage.misses(run.story, message.payload.dst, end) for end in ends):
        raise CannotTell(
            "a solicited pull may have asked for it, and the capture does not show all that the UE was sent"
        )


@rule(
    "DG-05", *UA, clause="TS 33.246 6.2.1.3, Annex H", level="shall",
    remedy="UE and BM-SC: password is base64 of MRK; compare Ua id (…03, …01), FQDN and IMPI that went into Ks_NAF.",
)  # fmt: skip
def response_verifies_with_mrk(run: Run) -> Iterator[Problem]:
    """The digest response verifies with base64 of the MRK of the B-TID.

    When it does with another encoding, or not at all, UE and BM-SC derive different keys or write them differently.
    """
    for message, body, given in credentials(run):
        if not given.get("response"):
            raise NotHere
        checked = run.story.chain.digest(message)
        if checked.ok is None:
            raise CannotTell(f"the MRK of B-TID {given.get('username')} is needed to check the digest")
        if digests.without_body(run.story, message, body, given) is not None:
            continue  # the key is right: RG-16 looks at the body
        if not checked.ok:
            if not _is_of_the_b_tid(run, given.get("username"), host(body)):
                raise CannotTell("no MRK at hand fits the digest, and none is known to be of its B-TID")
            yield wrong(f"the digest response fits no MRK of B-TID {given.get('username')}", message)
        elif checked.variant:
            yield wrong(f"the digest response fits only with {checked.variant}", message)


def _is_of_the_b_tid(run: Run, b_tid: str | None, fqdn: str) -> bool:
    """Whether an MRK is at hand that is of a B-TID beyond doubt: its K has made the AUTN, or the BSF has told it."""
    made = maker(run.story, b_tid)
    found = None if made is None or made.rand is None else run.story.chain.aka.get(made.rand)
    if found is not None and found.mac_ok:
        return True
    known = run.story.chain.mrks.get(b_tid or "", ())
    return any(key.status == "seen" and (key.naf or "").lower() == fqdn for mrk in known for key in mrk.parents)


@rule(
    "DG-06", *UA, clause="TS 33.246 6.2.1.3", level="shall",
    remedy="BM-SC: offer auth-int; UE: use it. Nothing else protects the body when there is no TLS.",
)  # fmt: skip
def qop_is_auth_int(run: Run) -> Iterator[Problem]:
    """The digest protects the body: qop is auth-int.

    With auth alone anyone on the path may change the list of services.
    """
    for message, _, given in credentials(run):
        if given.get("qop") != "auth-int":
            yield wrong(f"qop {given.get('qop')!r}, expected auth-int", message)


@rule(
    "DG-07", *UA, clause="TS 33.246 6.2.1.3, RFC 2617 3.2.3", level="shall",
    remedy="BM-SC: add Authentication-Info with rspauth over the body to every 200.",
)  # fmt: skip
def answer_is_authenticated(run: Run) -> Iterator[Problem]:
    """A 200 carries Authentication-Info whose rspauth is valid.

    It is how the UE knows that the BM-SC holds the key, and that the statuses were not changed.
    """
    sent = [message for message, _, _ in credentials(run)]
    answers = [m for m in run.all("answer") if status(m) == 200]
    if not answers:
        raise NotHere
    for message in answers:
        body = bodies.http(message)
        if body is None or body.headers.get("Authentication-Info") is None:
            yield wrong("no Authentication-Info in the 200", message)
            continue
        asked = run.story.chain.digest(sent[-1])
        if asked.ok is False:
            raise NotHere  # the request is wrong already
        checked = run.story.chain.digest(message)
        if checked.ok is None:
            raise CannotTell("the MRK is needed to check rspauth")
        if not checked.ok:
            coverage.sure_of_absence(run.story, "request that this is the answer to", "http", run.start, run.end)
            yield wrong("rspauth is wrong", message)


@rule(
    "DG-15", *UA, clause="RFC 2617 3.2.2.5", level="shall",
    remedy="UE: write the Request-URI into the uri directive; if the UE sends them equal, a proxy rewrites it.",
)  # fmt: skip
def uri_is_the_request_uri(run: Run) -> Iterator[Problem]:
    """The uri directive is the Request-URI; with the host before it, as in Annex H, it is taken too.

    Of a request to a proxy one may have the host and the other not. A server that compares them refuses the request;
    one that does not lets a digest be used elsewhere.
    """
    for message, body, given in credentials(run):
        uri, wanted = given.get("uri") or "", body.uri or ""
        if uri != wanted and not _are_of_one(uri, wanted, body):
            yield wrong(f"uri {uri!r} in Authorization, Request-URI {wanted!r}", message)


def _are_of_one(uri: str, wanted: str, body: Http) -> bool:
    """Say whether two URIs designate one resource of the host of a request (RFC 2617 3.2.2.5)."""
    path, authority, query = split_uri(uri)
    own_path, own_authority, own_query = split_uri(wanted)
    hosts = ("", (body.headers.get("Host") or own_authority).lower())
    same = (authority.lower() in hosts, own_authority.lower() in hosts, query == own_query)
    return all(same) and path in (own_path, f"/{host(body)}{own_path}")


@rule(
    "DG-16", *UA, clause="TS 26.237 10.4.1.1, TS 24.109 Annex G", level="shall",
    remedy="UE: add X-3GPP-Intended-Identity with exactly one identity in quotes to every key management POST.",
)  # fmt: skip
def intended_identity_is_there(run: Run) -> Iterator[Problem]:
    """Every Ua request names exactly one quoted IMPU in X-3GPP-Intended-Identity.

    The BM-SC joins the request with the authorization of the SCF by this identity.
    """
    for message, values, named in intended(run):
        if not values:
            yield wrong("no X-3GPP-Intended-Identity", message)
        elif len(values) > 1 or len(named) != 1:
            yield wrong("more than one identity in X-3GPP-Intended-Identity", message)
        elif not (values[0].startswith('"') and values[0].endswith('"')):
            yield wrong(f"the identity {values[0]} is not in quotes", message)


@rule(
    "DG-17", *UA, clause="TS 26.237 10.4.1.1.1", level="info",
    remedy="UE: use one IMPU for INVITE and key management; where two are meant, the SCF has to authorize both.",
)  # fmt: skip
def identity_is_that_of_the_invite(run: Run) -> Iterator[Problem]:
    """The intended identity is the IMPU of the INVITE.

    Another one of the same user is legal, but seldom meant.
    """
    invites = run.story.runs_of(run.ue, "http-initiation") if run.ues else ()
    known = {impu for invite in invites for impu in _invited(invite)}
    if not known:
        raise NotHere
    for message, _, named in intended(run):
        for impu in named:
            if bodies.public_identity(impu) not in known:
                yield wrong(f"intended identity {impu}, the INVITE had {', '.join(sorted(known))}", message)


@once
def _invited(run: Run) -> frozenset[str]:
    """Return the IMPUs of an INVITE."""
    asked = (m.body for m in run.all("invite") if isinstance(m.body, Sip))
    return frozenset(bodies.public_identity(impu) for body in asked for impu in bodies.identities(body))


RULES: tuple[Rule, ...] = (
    user_agent_names_gba,
    realm_names_this_naf,
    credentials_repeat_the_realm,
    b_tid_is_valid,
    response_verifies_with_mrk,
    qop_is_auth_int,
    answer_is_authenticated,
    uri_is_the_request_uri,
    intended_identity_is_there,
    identity_is_that_of_the_invite,
)
