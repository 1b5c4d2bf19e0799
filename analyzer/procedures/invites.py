"""INVITE and re-INVITE procedures of both variants (TS 26.237 10.4.1.1.1 and 10.4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import Exchange, of_request_type
from analyzer.correlate.nodes import is_multicast
from analyzer.judging import Procedure, Run, Step, Story
from analyzer.procedures.roles import finals, outcome, owners
from dissectors import Message
from dissectors.mbms_xml import BTids, MskRequest, ServiceList
from dissectors.sip import Sip

# An SCF that asks the BM-SC only after its SIP answer is late, not absent: how long after it we look.
LATE_POST = 10 * 10**9  # ns


@dataclass(frozen=True, slots=True)
class Invitation:
    """One INVITE or re-INVITE on all its legs, and the POST of the SCF that belongs to it."""

    kind: str
    legs: tuple[Exchange, ...]
    post: Exchange | None


def invitations(story: Story) -> tuple[Invitation, ...]:
    """Return the INVITEs of the case that belong to MBMS, each with its legs and its POST, in the order of time."""
    calls: dict[tuple[str | None, int | None], list[Exchange]] = {}
    for exchange in story.traffic.exchanges:
        body = exchange.first.body
        if exchange.protocol == "sip" and isinstance(body, Sip) and body.cseq_method == "INVITE":
            calls.setdefault((body.call_id, body.cseq), []).append(exchange)
    posts = list(
        of_request_type(
            story.traffic.exchanges,
            "authorize", "sip-based-register", "sip-based-deregister", "sip-based-msk-request",
        )
    )  # fmt: skip
    taken: set[int] = set()
    b_tids: dict[str | None, set[str]] = {}  # of the dialog so far
    found: list[Invitation] = []
    for (call_id, _), legs in calls.items():
        post = _post_of(legs, posts, taken)
        known = b_tids.setdefault(call_id, set())
        kind = _kind(legs, post, known)
        known.update(b_tid for leg in legs for m in leg.requests for b_tid in bodies.b_tids(m))
        if kind is None:
            continue
        if post is not None:
            taken.add(id(post))
        found.append(Invitation(kind, tuple(legs), post))
    return tuple(found)


def _post_of(legs: list[Exchange], posts: list[Exchange], taken: set[int]) -> Exchange | None:
    """The POST that the SCF sends for this INVITE: from where the last leg ends, of the same identity or service."""
    first = min(leg.first.time for leg in legs)
    ends = [leg.final.time for leg in legs if leg.final is not None]
    last = max(ends, default=first) + LATE_POST
    requests = [message for leg in legs for message in leg.requests]
    names = {impu for m in requests if isinstance(m.body, Sip) for impu in bodies.identities(m.body)}
    services = {service for m in requests for service in bodies.services(m)}
    b_tids = {b_tid for m in requests for b_tid in bodies.b_tids(m)}
    servers = {leg.server for leg in legs}
    for post in posts:
        if id(post) in taken or not first <= post.first.time <= last or post.client not in servers:
            continue
        body = bodies.http(post.first)
        asserted = bodies.unquoted((body.headers.get("X-3GPP-Asserted-Identity") or "") if body else "")
        if names & set(asserted) or services & set(bodies.services(post.first)) or b_tids & set(bodies.b_tids(post.first)):
            return post
    return None


def _kind(legs: list[Exchange], post: Exchange | None, known: set[str]) -> str | None:
    requests = [message for leg in legs for message in leg.requests]
    if not requests:
        return None
    body = requests[0].body
    assert isinstance(body, Sip)
    asked = None
    if post is not None and (posted := bodies.http(post.first)) is not None:
        asked = bodies.request_type(posted)
    if not body.to_tag:
        if any(bodies.find(m, BTids) or bodies.find(m, ServiceList) for m in requests):
            return "sip-initiation"
        if asked is not None and asked.startswith("sip-based"):
            return "sip-initiation"
        return "http-initiation" if asked == "authorize" or any(map(_is_mbms, requests)) else None
    if asked == "sip-based-msk-request" or any(bodies.find(m, MskRequest) for m in requests):
        return "sip-msk-refresh"
    listed = next((found for m in requests if (found := bodies.find(m, ServiceList))), None)
    if asked == "sip-based-deregister" or (listed is not None and listed.kind == "deregister"):
        return "sip-deauthorization"
    if asked == "sip-based-register" or listed is not None or any(bodies.find(m, BTids) for m in requests):
        return "ks-naf-refresh"
    return None


def _is_mbms(message: Message) -> bool:
    offer = bodies.sdp(message)
    if offer is None:
        return False
    addresses = [offer.connection, *(media.connection for media in offer.media)]
    return bool(offer.mbms_services) or any(address is not None and is_multicast(address) for address in addresses)


def find_invitations(procedure: Procedure, story: Story) -> Iterator[Run]:
    for invitation in invitations(story):
        if invitation.kind != procedure.kind:
            continue
        legs, post = invitation.legs, invitation.post
        answers = finals(legs)
        steps = {
            "invite": tuple(message for leg in legs for message in leg.requests),
            "post": () if post is None else tuple(post.requests),
            "post-answer": () if post is None else finals((post,)),
            "ok": tuple(m for m in answers if outcome(m) == "success"),
            "refusal": tuple(m for m in answers if outcome(m) != "success"),
            "ack": tuple(message for leg in legs for message in leg.acks),
        }
        final = next((leg.final for leg in legs if leg.final is not None), None)
        shown = {name: tuple(sorted(found, key=lambda m: (m.time, m.frame))) for name, found in steps.items() if found}
        yield Run(procedure, story, shown, outcome(final), owners(story, legs[0].first))


STEPS = (
    Step("invite", "ue", "scf"),
    Step("post", "scf", "bm-sc"),
    Step("post-answer", "bm-sc", "scf"),
    Step("ok", "scf", "ue"),
    Step("refusal", "scf", "ue", optional=True),
    Step("ack", "ue", "scf"),
)

HTTP_INITIATION = Procedure("http-initiation", "TS 26.237 10.4.1.1.1", STEPS, find_invitations)
SIP_INITIATION = Procedure("sip-initiation", "TS 26.237 10.4.2.1", STEPS, find_invitations)
SIP_DEAUTHORIZATION = Procedure("sip-deauthorization", "TS 26.237 10.4.2.1a", STEPS, find_invitations)
SIP_MSK_REFRESH = Procedure("sip-msk-refresh", "TS 26.237 10.4.2.2", STEPS, find_invitations)
KS_NAF_REFRESH = Procedure("ks-naf-refresh", "TS 26.237 10.4.2.3", STEPS, find_invitations)


def scf_invite(run: Run) -> Message:
    """Return the INVITE as it reached the SCF: the leg with most Vias."""
    return max(run.all("invite"), key=lambda m: len(m.body.vias) if isinstance(m.body, Sip) else 0)


def ue_invite(run: Run) -> Message:
    """Return the INVITE as the UE sent it, or the nearest leg that the capture has."""
    return min(run.all("invite"), key=lambda m: len(m.body.vias) if isinstance(m.body, Sip) else 0)
