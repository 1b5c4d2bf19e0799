"""MSK delivery, solicited pull and MTK delivery: what BM-SC and UE say in MIKEY (TS 33.246 6.3.2.3, 6.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import Exchange, of_request_type, status
from analyzer.correlate.sessions import Session
from analyzer.judging import Procedure, Run, Step, Story
from analyzer.procedures.invites import invitations
from analyzer.procedures.roles import owners
from dissectors import Message

PULL_ANSWER_WITHIN = 120 * 10**9  # ns; a request later than this answers something else
CURRENT_MSK = b"\0\0"  # Key Number 0x0 (TS 33.246 6.3.2.1)


def find_msk_deliveries(procedure: Procedure, story: Story) -> Iterator[Run]:
    """One run a message; a message sent again because no verification came belongs to the first."""
    verifications: dict[int, list[Message]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and body.data_type == bodies.DATA_TYPE_VERIFICATION:
            verifications.setdefault(body.csb_id, []).append(message)
    waiting: dict[tuple[str | None, int, bytes | None], list[Message]] = {}
    deliveries: list[list[Message]] = []
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_msk_message(body) or bodies.is_solicited_pull(body):
            continue
        key = (None if body.idr is None else body.idr.text, body.csb_id, body.msk_id)
        sent = waiting.get(key)
        answers = verifications.get(body.csb_id, ())
        if sent and body.v and not any(sent[0].time <= m.time <= message.time for m in answers):
            sent.append(message)
        else:
            waiting[key] = [message]
            deliveries.append(waiting[key])
    taken: set[int] = set()
    for sent in deliveries:
        body = bodies.mikey(sent[0])
        assert body is not None
        until = _next_of_same_csb(sent, deliveries)
        answers = [
            m for m in verifications.get(body.csb_id, ())
            if id(m) not in taken and sent[0].time <= m.time and (until is None or m.time < until)
        ]  # fmt: skip
        taken.update(map(id, answers))
        steps = {"msk": tuple(sent)} | ({"verification": tuple(answers)} if answers else {})
        wanted = body.v
        outcome = "success" if answers or not wanted else "incomplete"
        yield Run(procedure, story, steps, outcome, owners(story, sent[0]))


def _next_of_same_csb(sent: list[Message], deliveries: list[list[Message]]) -> int | None:
    csb_id = getattr(sent[0].body, "csb_id", None)
    later = [
        d[0].time for d in deliveries if getattr(d[0].body, "csb_id", None) == csb_id and d[0].time > sent[-1].time
    ]
    return min(later, default=None)


MSK_DELIVERY = Procedure(
    "msk-delivery",
    "TS 33.246 6.3.2.3",
    (Step("msk", "bm-sc", "ue"), Step("verification", "ue", "bm-sc", optional=True)),
    find_msk_deliveries,
)


def find_pulls(procedure: Procedure, story: Story) -> Iterator[Run]:
    """A keyless MSK message, and the first MSK request of the same UE after it."""
    refreshes = [i for i in story.once(invitations) if i.kind == "sip-msk-refresh"]
    asked = [
        *of_request_type(story.traffic.exchanges, "msk-request", "sip-based-msk-request"),
        *(leg for invitation in refreshes for leg in invitation.legs),
    ]
    by_ue: dict[str, list[Exchange]] = {}
    for exchange in sorted(asked, key=lambda e: e.first.time):
        for session in owners(story, exchange.first):
            by_ue.setdefault(session.id, []).append(exchange)
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is None or not bodies.is_solicited_pull(body):
            continue
        ues = owners(story, message)
        answer = next(
            (e for ue in ues for e in by_ue.get(ue.id, ())
             if message.time <= e.first.time <= message.time + PULL_ANSWER_WITHIN),
            None,
        )  # fmt: skip
        steps: dict[str, tuple[Message, ...]] = {"pull": (message,)}
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
    return story.once(_holders).get((key_domain, msk_id)) or story.traffic.sessions


def _holders(story: Story) -> dict[tuple[bytes | None, bytes | None], tuple[Session, ...]]:
    """The UEs that each MSK was sent to, by Key Domain ID and MSK ID."""
    holders: dict[tuple[bytes | None, bytes | None], dict[str, Session]] = {}
    for message in story.traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and bodies.is_msk_message(body):
            known = holders.setdefault((body.key_domain_id, body.msk_id), {})
            known |= {session.id: session for session in owners(story, message)}
    return {name: tuple(sessions.values()) for name, sessions in holders.items()}
