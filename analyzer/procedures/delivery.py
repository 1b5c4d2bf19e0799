"""MSK delivery, solicited pull and MTK delivery: what BM-SC and UE say in MIKEY (TS 33.246 6.3.2.3, 6.3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import OVERTAKING, Exchange, of_request_type, status
from analyzer.correlate.sessions import Session
from analyzer.correlate.sightings import OTHER_CAPTURE
from analyzer.judging import Procedure, Run, Step, Story, once
from analyzer.procedures.invites import invitations
from analyzer.procedures.roles import owners
from analyzer.procedures.sent import sighted
from dissectors import Message
from dissectors.mikey import Mikey

PULL_ANSWER_WITHIN = 120 * 10**9  # ns; a request later than this answers something else
CURRENT_MSK = b"\0\0"  # Key Number 0x0 (TS 33.246 6.3.2.1)


Mark = tuple[int | None, str, object]  # CSB ID, and what else a verification repeats


@dataclass(slots=True, eq=False)
class _Delivery:
    """An MSK message, those sent again for want of an answer, and the answers."""

    sent: list[Message]
    answers: list[Message] = field(default_factory=list)


def find_msk_deliveries(procedure: Procedure, story: Story) -> Iterator[Run]:
    """One run a message; a message sent again because no verification came belongs to the first.

    So does a packet that was seen twice.
    """
    seen = sighted(story)
    waiting: dict[tuple[bytes | None, ...], _Delivery] = {}
    deliveries: list[_Delivery] = []
    known: dict[Mark, dict[int, _Delivery]] = {}  # by what they have in common with their answers
    early: list[Message] = []  # verifications before what they answer: the clocks of two captures differ
    of: dict[int, list[Message]] = {}  # by the id of a message, the step that it went to
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None:
            continue
        if id(message) in seen:
            if id(seen[id(message)]) in of:
                of[id(seen[id(message)])].append(message)
        elif body.data_type == bodies.DATA_TYPE_VERIFICATION:
            asked = _asked(known, message, body)
            if asked is None:
                early.append(message)
            else:
                asked.answers.append(message)
                of[id(message)] = asked.answers
        elif bodies.is_msk_message(body) and not bodies.is_solicited_pull(body):
            key = (None if body.idr is None else body.idr.data, body.key_domain_id, body.msk_id)
            delivery = waiting.get(key)
            if delivery is None or delivery.answers or not (body.v and getattr(delivery.sent[-1].body, "v", False)):
                delivery = waiting[key] = _Delivery([])
                deliveries.append(delivery)
            delivery.sent.append(message)
            of[id(message)] = delivery.sent
            for mark in _marks(body, message.payload.dst):
                there = known.setdefault(mark, {})
                there.pop(id(delivery), None)  # the last to be sent stands last
                there[id(delivery)] = delivery
    for message in early:
        csb_id = getattr(message.body, "csb_id", None)
        for delivery in known.get((csb_id, "address", message.payload.src), {}).values():
            if any(_is_just_after(message, sent) for sent in delivery.sent):
                delivery.answers.append(message)
                break
    for delivery in deliveries:
        sent, answers = delivery.sent, delivery.answers
        steps = {"msk": tuple(sent)} | ({"verification": tuple(answers)} if answers else {})
        outcome = "success" if answers or not getattr(sent[0].body, "v", False) else "incomplete"
        yield Run(procedure, story, steps, outcome, owners(story, sent[0]))


def _is_just_after(message: Message, sent: Message) -> bool:
    """Say whether an MSK message can be what a verification before it answers: overtaken by it, or by another clock."""
    body, asked = bodies.mikey(message), bodies.mikey(sent)
    within = OVERTAKING if message.payload.capture == sent.payload.capture else OTHER_CAPTURE
    return (
        0 <= sent.time - message.time <= within
        and body is not None and asked is not None and body.t is not None and asked.t is not None
        and (body.csb_id, body.t.value, message.payload.src) == (asked.csb_id, asked.t.value, sent.payload.dst)
    )  # fmt: skip


def _marks(body: Mikey, address: str) -> list[Mark]:
    """Return what an MSK message may have in common with its verification, besides the CSB ID."""
    marks: list[Mark] = [(body.csb_id, "", None), (body.csb_id, "address", address)]
    if body.idr is not None:
        marks.append((body.csb_id, "IDr", body.idr.data))
    if body.t is not None:
        marks.append((body.csb_id, "counter", body.t.value))
    return marks


def _asked(known: Mapping[Mark, dict[int, _Delivery]], message: Message, body: Mikey) -> _Delivery | None:
    """Return the delivery that a verification fits best, the last of several.

    One BM-SC uses one CSB ID for all UEs, another a new one each time: whose it is counts more than its counter.
    """
    there = {mark[1]: known[mark] for mark in _marks(body, message.payload.src) if mark in known}
    own = [*there.get("IDr", {}).values(), *there.get("address", {}).values()]
    if own:
        return max(own, key=lambda delivery: (_fit(delivery, message, body), delivery.sent[-1].time))
    others = there.get("counter") or there.get("") or {}
    return next(reversed(others.values()), None)


def _fit(delivery: _Delivery, message: Message, body: Mikey) -> int:
    """Say how well a verification fits a delivery of its CSB ID."""
    asked = [(sent, found) for sent in delivery.sent if (found := bodies.mikey(sent)) is not None]
    same_idr = any(a.idr is not None and body.idr is not None and a.idr.data == body.idr.data for _, a in asked)
    same_end = any(sent.payload.dst == message.payload.src for sent, _ in asked)
    same_t = any(a.t is not None and body.t is not None and a.t.value == body.t.value for _, a in asked)
    return 2 * same_idr + 2 * same_end + same_t


MSK_DELIVERY = Procedure(
    "msk-delivery",
    "TS 33.246 6.3.2.3",
    (Step("msk", "bm-sc", "ue"), Step("verification", "ue", "bm-sc", optional=True)),
    find_msk_deliveries,
)


def find_pulls(procedure: Procedure, story: Story) -> Iterator[Run]:
    """A keyless MSK message, repeated until the UE answers, and the first MSK request of the UE after it."""
    refreshes = [i for i in invitations(story) if i.kind == "sip-msk-refresh"]
    asked = [
        *of_request_type(story.traffic.exchanges, "msk-request", "sip-based-msk-request"),
        *(leg for invitation in refreshes for leg in invitation.legs),
    ]
    by_ue: dict[str, list[Exchange]] = {}
    for exchange in sorted(asked, key=lambda e: e.first.time):
        for session in owners(story, exchange.first):
            by_ue.setdefault(session.id, []).append(exchange)
    pulls: dict[int, tuple[list[Message], Exchange | None]] = {}  # by the id of the first message
    open_: dict[tuple[bytes | None, ...], list[Message]] = {}
    seen = sighted(story)
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_solicited_pull(body):
            continue
        first = seen.get(id(message), message)
        answer = next(
            (e for ue in owners(story, first) for e in by_ue.get(ue.id, ())
             if first.time <= e.first.time <= first.time + PULL_ANSWER_WITHIN),
            None,
        )  # fmt: skip
        key = (None if body.idr is None else body.idr.data, body.key_domain_id, body.msk_id)
        sent = open_.get(key)
        if sent is None or (message is first and pulls[id(sent[0])][1] is not answer):
            sent = open_[key] = []
        sent.append(message)
        pulls[id(sent[0])] = (sent, answer if len(sent) == 1 else pulls[id(sent[0])][1])
    for sent, answer in pulls.values():
        message, ues = sent[0], owners(story, sent[0])
        steps: dict[str, tuple[Message, ...]] = {"pull": tuple(sent)}
        if answer is not None:
            steps["request"] = tuple(answer.requests)
            if answer.final is not None and status(answer.final) != 401:
                steps["answer"] = (answer.final,)
        yield Run(procedure, story, steps, "success" if answer is not None else "incomplete", ues)


SOLICITED_PULL = Procedure(
    "solicited-pull",
    "TS 33.246 6.3.2.2.4",
    (Step("pull", "bm-sc", "ue"), Step("request", "ue", "bm-sc"), Step("answer", "bm-sc", "ue")),
    find_pulls,
)


def find_mtk_deliveries(procedure: Procedure, story: Story) -> Iterator[Run]:
    """All messages with one MTK ID to one destination, repeats included."""
    sent: dict[tuple[str, bytes | None, bytes | None, bytes | None], list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body):
            key = (message.payload.dst, body.key_domain_id, body.msk_id, body.mtk_id)
            sent.setdefault(key, []).append(message)
    for (_, domain, msk_id, _), messages in sent.items():
        yield Run(procedure, story, {"mtk": tuple(messages)}, "success", audience(story, domain, msk_id))


MTK_DELIVERY = Procedure(
    "mtk-delivery",
    "TS 33.246 6.3.3.2",
    (Step("mtk", "bm-sc", "multicast"),),
    find_mtk_deliveries,
)


def audience(story: Story, key_domain: bytes | None, msk_id: bytes | None) -> tuple[Session, ...]:
    """Return the UEs that something under an MSK is for: those the MSK went to, or else all there are."""
    return _holders(story).get((key_domain, msk_id)) or story.traffic.sessions


@once
def _holders(story: Story) -> dict[tuple[bytes | None, bytes | None], tuple[Session, ...]]:
    """The UEs that each MSK was sent to, by Key Domain ID and MSK ID."""
    holders: dict[tuple[bytes | None, bytes | None], dict[str, Session]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_msk_message(body):
            known = holders.setdefault((body.key_domain_id, body.msk_id), {})
            known |= {session.id: session for session in owners(story, message)}
    return {name: tuple(sessions.values()) for name, sessions in holders.items()}
