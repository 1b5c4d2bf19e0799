"""INVITE and re-INVITE procedures of both variants (TS 26.237 10.4.1.1.1 and 10.4.2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import OVERTAKING, Dialog, Exchange, of_request_type
from analyzer.correlate.nodes import UE, is_multicast
from analyzer.judging import Procedure, Run, Step, Story, once
from analyzer.procedures.roles import SCF_REQUESTS, finals, names, outcome, owners
from dissectors import Message
from dissectors.http import Http
from dissectors.mbms_xml import BTids, MskRequest, ServiceList
from dissectors.sdp import Sdp
from dissectors.sip import Sip

# An SCF that asks the BM-SC only after its SIP answer is late, not absent: how long after it we look.
LATE_POST = 10 * 10**9  # ns
UNANSWERED = 32 * 10**9  # ns; RFC 3261 17.1.1.2, timer B: an INVITE that is older gets no answer
ANONYMOUS = frozenset(("sip:anonymous@anonymous.invalid",))  # RFC 3323 4.1.1.3: From of whoever hides
DEREGISTER_TYPE = "application/mbms-deregister+xml"
TISPAN_SERVICE = "bc_service"  # ETSI TS 183 063: IPTV over multicast, which is no MBMS


@dataclass(frozen=True, slots=True)
class Invitation:
    """One INVITE or re-INVITE on all its legs, and the POSTs of the SCF that belong to it: one for each BM-SC."""

    kind: str
    legs: tuple[Exchange, ...]
    posts: tuple[Exchange, ...]


@dataclass(slots=True)
class _Call:
    """One INVITE of one UE while its legs and POSTs are gathered; times in ns."""

    legs: list[Exchange]
    first: int
    end: int
    initial: bool
    asserted: bool  # a P-CSCF has put its P-Asserted-Identity
    call_ids: set[str | None]
    identities: set[str]
    subjects: set[str]
    b_tids: set[str]
    posts: list[Exchange] = field(default_factory=list)

    @property
    def requests(self) -> list[Message]:
        return [message for leg in self.legs for message in leg.requests]

    @property
    def accepted(self) -> bool:
        return any(outcome(leg.final) == "success" for leg in self.legs) or not finals(self.legs)

    def absorb(self, other: _Call) -> None:
        self.legs = sorted(self.legs + other.legs, key=lambda leg: (leg.first.time, leg.first.frame))
        self.asserted |= other.asserted
        self.call_ids |= other.call_ids
        self.identities |= other.identities
        self.subjects |= other.subjects
        self.b_tids |= other.b_tids


def _call(legs: list[Exchange]) -> _Call:
    requests = [message for leg in legs for message in leg.requests]
    said = [body for message in requests if (body := bodies.sip(message)) is not None]
    ends = [leg.final.time for leg in legs if leg.final is not None]
    return _Call(
        legs=legs,
        first=legs[0].first.time,
        end=max(ends, default=legs[0].first.time + UNANSWERED),
        initial=all(leg.initial for leg in legs),
        asserted=any(body.headers.get("P-Asserted-Identity") for body in said),
        call_ids={leg.dialog[0] for leg in legs},
        identities={name for body in said for name in names((*bodies.identities(body), body.from_uri or ""))}
        - ANONYMOUS,
        subjects={subject for message in requests for subject in _subjects(message)},
        b_tids={b_tid for message in requests for b_tid in bodies.b_tids(message)},
    )


@dataclass(frozen=True, slots=True)
class _Post:
    """A POST of an SCF: when it was sent, and for whom and what."""

    exchange: Exchange
    time: int
    identities: frozenset[str]
    subjects: frozenset[str]
    b_tids: frozenset[str]


def _post(exchange: Exchange) -> _Post:
    message = exchange.first
    body = bodies.http(message)
    whom = () if body is None else asserted(body)
    b_tids = frozenset(bodies.b_tids(message))
    return _Post(exchange, message.time, frozenset(whom), frozenset(_subjects(message)), b_tids)


def _subjects(message: Message) -> set[str]:
    """What a message is about: services and MSKs."""
    return {*bodies.services(message), *((m.key_domain + m.msk_id).hex() for m in bodies.msk_names(message))}


# ------------------------------------------------------------------------------------------------ legs


@once
def invitations(story: Story) -> tuple[Invitation, ...]:
    """Return the INVITEs of the case that belong to MBMS, each with its legs and its POSTs, in the order of time."""
    legs = [e for e in story.traffic.exchanges if e.method == "INVITE" and e.requests]
    posts = [_post(exchange) for exchange in of_request_type(story.traffic.exchanges, *SCF_REQUESTS)]
    if not posts and not any(_is_of_mbms(message) for leg in legs for message in leg.requests):
        return ()  # calls that are none of ours
    calls = _calls(legs)
    _give_posts(calls, posts)
    found = ((_kind(call), call) for call in calls)
    return tuple(Invitation(kind, tuple(call.legs), tuple(call.posts)) for kind, call in found if kind is not None)


def _calls(invites: Iterable[Exchange]) -> list[_Call]:
    """Gather the legs of each INVITE: by Call-ID and CSeq, and across a B2BUA, which changes both."""
    legs: dict[Dialog, list[Exchange]] = {}
    for exchange in invites:
        legs.setdefault(exchange.dialog, []).append(exchange)
    calls: list[_Call] = []
    going: dict[str, list[tuple[int, _Call]]] = {}  # by identity, those that a leg beyond a B2BUA may belong to
    for call in sorted(map(_call, legs.values()), key=lambda call: call.first):
        near: dict[int, _Call] = {}
        for identity in call.identities:
            going[identity] = [(place, one) for place, one in going.get(identity, ()) if one.end >= call.first]
            near |= going[identity]
        place = next((place for place in sorted(near, reverse=True) if _goes_on(near[place], call)), len(calls))
        if place == len(calls):
            calls.append(call)
        else:
            calls[place].absorb(call)
        for identity in call.identities:
            if (place, calls[place]) not in going[identity]:
                going[identity].append((place, calls[place]))
    return calls


def _goes_on(one: _Call, other: _Call) -> bool:
    """Say whether an INVITE of a UE goes on as another of the same UE behind a B2BUA: it lies within the first.

    Of one sender they are two calls, the first of which may have ended unseen.
    """
    if one.initial != other.initial or one.call_ids & other.call_ids:
        return False
    if {leg.client for leg in one.legs} & {leg.client for leg in other.legs}:
        return False
    if other.end > one.end and finals(other.legs):
        return False
    handed_on = other.legs[0].client in {leg.server for leg in one.legs}
    return handed_on or bool(one.subjects & other.subjects)


# ------------------------------------------------------------------------------------------------ POSTs


def _give_posts(calls: list[_Call], posts: Iterable[_Post]) -> None:
    """Give each POST of the SCF to the INVITE that it was sent for.

    First those that name the UE of an INVITE and what it asks for, or its B-TID. What then is left goes to an
    INVITE that has none, if one of both fits and nothing speaks against it: the other is what the SCF got wrong.
    """
    longest = max((call.end - call.first for call in calls), default=0) + LATE_POST
    starts = [call.first for call in calls]
    known: dict[str, list[int]] = {}  # where those are that know an identity or a B-TID
    for place, call in enumerate(calls):
        for name in call.identities | call.b_tids:
            known.setdefault(name, []).append(place)
    left: list[_Post] = []
    for post in posts:
        places = {place for name in post.identities | post.b_tids for place in known.get(name, ())}
        if not _take([calls[place] for place in sorted(places)], post, sure=True):
            left.append(post)
    for post in left:
        around = calls[bisect_left(starts, post.time - longest) : bisect_right(starts, post.time)]
        _take(around, post, sure=False)
    for call in calls:
        call.posts.sort(key=lambda post: (post.first.time, post.first.frame))


def _take(calls: list[_Call], post: _Post, sure: bool) -> bool:
    time = post.time
    slack = OVERTAKING if sure else 0  # it may stand before its INVITE
    near = [call for call in calls if call.first - slack <= time <= call.end + LATE_POST and (sure or not call.posts)]
    fitting = [call for call in near if _fits(call, post, sure)]
    within = [call for call in fitting if call.first <= time <= call.end]
    late = [call for call in fitting if call.end < time and call.accepted and not call.posts]
    early = [call for call in fitting if time < call.first and not call.posts]
    for found in (within, late, early[:1]):
        if found:
            found[-1].posts.append(post.exchange)  # the latest: what came before it, a challenge has ended
            return True
    return False


def _fits(call: _Call, post: _Post, sure: bool) -> bool:
    same_ue = not call.identities.isdisjoint(post.identities)
    same_subject = not call.subjects.isdisjoint(post.subjects)
    if not call.b_tids.isdisjoint(post.b_tids) or (same_ue and same_subject):
        return True
    if sure or not (same_ue or same_subject):
        return False
    return post.exchange.client in {leg.server for leg in call.legs} or not call.asserted


def asserted(body: Http) -> tuple[str, ...]:
    """Return the identities that an SCF asserts in a POST, in the form of `names`."""
    return names(bodies.unquoted(body.headers.get("X-3GPP-Asserted-Identity") or ""))


# ------------------------------------------------------------------------------------------------ kinds


def _kind(call: _Call) -> str | None:
    """Tell the procedure: what the UE says goes before what the SCF made of it."""
    requests = call.requests
    asked = (call.posts[0].asked if call.posts else None) or ""
    listed = next((found for m in requests if (found := bodies.find(m, ServiceList))), None)
    if (listed is not None and listed.kind == "deregister") or any(map(_deregisters, requests)):
        return "sip-deauthorization"
    if listed is None and any(bodies.find(m, MskRequest) for m in requests):
        return "sip-msk-refresh"
    has_b_tid = any(bodies.find(m, BTids) for m in requests)
    if call.initial:
        if listed is not None or has_b_tid or asked.startswith("sip-based"):
            return "sip-initiation"
        return "http-initiation" if asked == "authorize" or any(map(_is_mbms, requests)) else None
    if asked == "sip-based-msk-request":
        return "sip-msk-refresh"
    # The list of a deregistration may look like that of a registration: then the SCF tells them apart.
    if asked == "sip-based-deregister":
        return "sip-deauthorization"
    return "ks-naf-refresh" if asked == "sip-based-register" or listed is not None or has_b_tid else None


def _is_of_mbms(message: Message) -> bool:
    """Say whether an INVITE has anything to do with MBMS by what itself says."""
    listed = any(isinstance(part.body, ServiceList | MskRequest | BTids) for part in bodies.whole(message))
    return listed or _deregisters(message) or _is_mbms(message)


def _deregisters(message: Message) -> bool:
    return isinstance(message.body, Sip) and any(part.content_type == DEREGISTER_TYPE for part in message.body.parts)


def _is_mbms(message: Message) -> bool:
    """Say whether an INVITE offers multicast media."""
    offer = bodies.sdp(message)
    if offer is None:
        return False
    addresses = [offer.connection, *(media.connection for media in offer.media)]
    multicast = any(address is not None and is_multicast(address) for address in addresses)
    return bool(offer.mbms_services) or (multicast and not offer.attr(TISPAN_SERVICE))


# ------------------------------------------------------------------------------------------------ runs


def find_invitations(procedure: Procedure, story: Story) -> Iterator[Run]:
    for invitation in invitations(story):
        if invitation.kind != procedure.kind:
            continue
        legs, posts = invitation.legs, invitation.posts
        answers = finals(legs)
        steps = {
            "invite": tuple(message for leg in legs for message in leg.requests),
            "post": tuple(message for post in posts for message in post.requests),
            "post-answer": finals(posts),
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


@once
def sips(run: Run, *steps: str) -> tuple[tuple[Message, Sip], ...]:
    """Return the SIP messages of the steps named with their bodies, in the order of time."""
    return tuple((message, body) for message in run.all(*steps) if (body := bodies.sip(message)) is not None)


@once
def sent_by_ue(run: Run) -> list[tuple[Message, Sip]]:
    """Return the INVITEs as the UE sent them: one Via, from its own address, not yet asserted by a proxy.

    Empty where the capture shows only legs behind the P-CSCF.
    """
    role = run.story.traffic.nodes.role
    return [
        (message, body) for message, body in sips(run, "invite")
        if len(body.vias) == 1 and role(message.payload.src) == UE and body.headers.get("P-Asserted-Identity") is None
    ]  # fmt: skip


@once
def nearest_to_scf(run: Run) -> list[tuple[Message, Sip]]:
    """Return the INVITEs of the leg that comes nearest to the SCF: beyond the last B2BUA that with most Vias."""
    found = sips(run, "invite")
    askers = {(message.payload.src, body.call_id) for message, body in found}
    first = found[0][1].call_id if found else None
    beyond = {
        body.call_id for message, body in found
        if body.call_id != first and not any(src == message.payload.dst for src, _ in askers)
    }  # fmt: skip
    last = [(message, body) for message, body in found if not beyond or body.call_id in beyond]
    most = max((len(body.vias) for _, body in last), default=0)
    return [(message, body) for message, body in last if len(body.vias) == most]


@once
def posts(run: Run) -> list[tuple[Message, Http, Message | None]]:
    """Return the POSTs of a run, each with its final answer where the capture has it."""
    answers = _answers(run.story)
    found = ((message, bodies.http(message)) for message in run.all("post"))
    return [(message, body, answers.get(id(message))) for message, body in found if body is not None]


@once
def _answers(story: Story) -> Mapping[int, Message | None]:
    """Return the final answers of the POSTs of SCFs, by the `id` of the POST."""
    asked = of_request_type(story.traffic.exchanges, *SCF_REQUESTS)
    return {id(message): exchange.final for exchange in asked for message in exchange.requests}


@once
def offer_and_answer(run: Run) -> tuple[Message, Sdp, Message, Sdp | None] | None:
    """Return an INVITE with its offer and the 2xx of the same leg with its answer, nearest to the SCF."""
    accepted, nearest = sips(run, "ok"), {id(message) for message, _ in nearest_to_scf(run)}
    inwards = sorted(sips(run, "invite"), key=lambda pair: (id(pair[0]) not in nearest, -len(pair[1].vias)))
    for message, body in inwards:
        offer = bodies.sdp(message)
        if offer is None:
            continue
        for ok, told in accepted:
            back = (ok.payload.dst, ok.payload.src) == (message.payload.src, message.payload.dst)
            if back and told.branch == body.branch:
                return message, offer, ok, bodies.sdp(ok)
    return None
