"""The sequence diagram of a UE as arrows: who spoke to whom, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from analyzer.accounts import handshakes_of
from analyzer.correlate import bodies
from analyzer.correlate.handshakes import Handshake
from analyzer.correlate.nodes import BM_SC, MULTICAST, ROLES, Nodes
from analyzer.correlate.sessions import Session
from analyzer.judging import Run
from analyzer.media import Group
from analyzer.tui.cells import Mark
from analyzer.tui.model import SECOND, Index, Place, mark_of, media_mark
from analyzer.views.ink import plural
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.http import Http
from dissectors.mikey import Mikey
from dissectors.sip import Sip

OTHER = "other"
SAID_AGAIN = 32 * 10**9  # ns in which SIP over UDP sends a message again: 64 T1 (RFC 3261 17.1)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow: a message, its repeats, a handshake, a whole procedure, or the media under one MKI.

    `message` is the first one, None for media. `runs` are the procedures that it is of, `broken` the codes of rules
    that fail there.
    """

    time: int
    place: Place
    source: str
    target: str
    title: str
    detail: str
    mark: Mark
    message: Message | None = field(default=None, repr=False)
    repeats: tuple[Place, ...] = ()  # where it was said again
    runs: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    is_whole: bool = False  # a procedure, or a handshake: said to and fro

    @property
    def count(self) -> int:
        return 1 + len(self.repeats)


def arrows(found: Index, session: Session) -> tuple[Arrow, ...]:
    """Return all that a UE and the nodes around it said, with handshakes of TLS and the media sent to it."""
    planned: dict[int, tuple[str, str]] = {}
    told: dict[int, Message] = {}
    media: dict[int, Group] = {}
    runs: dict[int, tuple[str, ...]] = {}
    for group in (session.loose, *(exchange.messages for exchange in session.exchanges)):
        told |= {id(message): message for message in group}
    for name, run in found.runs_of(session):
        planned |= _planned(run)
        told |= {id(message): message for message in run.messages}
        media |= {id(group): group for group in run.media}
        for part in (*run.messages, *run.media):
            runs[id(part)] = (*runs.get(id(part), ()), name)
    drawn = [_arrow(found, m, planned.get(id(m)), runs.get(id(m), ())) for m in told.values()]
    drawn += [_media(group, runs.get(id(group), ())) for group in media.values()]
    drawn += [_handshake(found, each) for each in handshakes_of(session, found.analysis.story)]
    return tuple(_folded(sorted(drawn, key=lambda arrow: (arrow.time, arrow.place))))


def compressed(found: Index, session: Session, drawn: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """Return one arrow for all messages of a procedure, over all nodes that took part; what is of none stays."""
    runs = dict(found.runs_of(session))
    kept: list[Arrow] = []
    of_run: dict[str, list[Arrow]] = {}
    for arrow in drawn:
        if not arrow.runs:
            kept.append(arrow)
        for name in arrow.runs:
            of_run.setdefault(name, []).append(arrow)
    kept += [_procedure(found, name, runs[name], parts) for name, parts in of_run.items()]
    return tuple(sorted(kept, key=lambda arrow: (arrow.time, arrow.place)))


def _procedure(found: Index, name: str, run: Run, parts: Sequence[Arrow]) -> Arrow:
    order = (*ROLES, OTHER)
    ends = sorted({end for part in parts for end in (part.source, part.target)}, key=order.index)
    count, first = sum(part.count for part in parts), parts[0]
    places = sorted({place for part in parts for place in (part.place, *part.repeats)} - {first.place})
    broken = tuple(dict.fromkeys(code for part in parts for code in part.broken))
    noun = "message" if any(part.message is not None for part in parts) else "stream"
    detail = f"{plural(count, noun)} in {(run.end - run.start) / SECOND:.3f} s, {run.outcome}"
    return Arrow(
        first.time, first.place, ends[0], ends[-1], run.procedure.kind, detail, found.run_mark(name, run),
        first.message, tuple(places), (name,), broken, is_whole=True,
    )  # fmt: skip


def _planned(run: Run) -> dict[int, tuple[str, str]]:
    ends = {step.name: (step.sender, step.receiver) for step in run.procedure.steps}
    return {id(m): ends[name] for name, messages in run.steps.items() if name in ends for m in messages}


def _arrow(found: Index, message: Message, planned: tuple[str, str] | None, runs: tuple[str, ...]) -> Arrow:
    nodes, payload = found.analysis.story.traffic.nodes, message.payload
    sender, receiver = planned or (OTHER, OTHER)
    source, target = _role(nodes, payload.src, sender), _role(nodes, payload.dst, receiver)
    title, detail = _words(message)
    place = (payload.capture, message.frame)
    return Arrow(
        message.time, place, source, target, title, detail, found.mark(message), message,
        runs=runs, broken=_broken(found, place),
    )  # fmt: skip


def _broken(found: Index, place: Place) -> tuple[str, ...]:
    """Return the rules that fail in a frame."""
    return tuple(dict.fromkeys(each.rule for each in found.problems.get(place, ()) if mark_of(each) is Mark.FAIL))


def _handshake(found: Index, shake: Handshake) -> Arrow:
    nodes = found.analysis.story.traffic.nodes
    source, target = _role(nodes, shake.client, OTHER), _role(nodes, shake.server, OTHER)
    places = [(message.payload.capture, message.frame) for message in shake.messages]
    others = tuple(place for place in dict.fromkeys(places) if place != places[0])
    return Arrow(
        shake.first.time, places[0], source, target, shake.name, shake.summary,
        max(map(found.mark, shake.messages)), shake.first, others, is_whole=True,
    )  # fmt: skip


def _role(nodes: Nodes, address: str, planned: str) -> str:
    """Return the role of an address; one that did nothing known has the role that the step gives it."""
    told = nodes.role(address)
    told = planned if told == address else told
    return told if told in ROLES else OTHER


def _words(message: Message) -> tuple[str, str]:
    """Return what a message is, and what more there is to say of it."""
    match message.body:
        case Sip() as body:
            if body.is_request:
                return body.method or "?", body.uri or ""
            return str(body.status), f"{body.reason} ({body.cseq_method})"
        case Http() as body:
            if not body.is_request:
                return str(body.status), str(body.reason)
            asked = bodies.request_type(body)
            if asked is None:
                return body.method or "?", body.uri or ""
            return asked, f"{body.method or '?'} {(body.uri or '').partition('?')[0]}"  # its query says no more
        case Diameter():
            name, _, rest = bodies.summary(message).partition(" ")
            return name, rest
        case Mikey() as body:
            return _mikey_words(body)
        case _:
            return message.protocol, ""


def _mikey_words(body: Mikey) -> tuple[str, str]:
    msk_id = (body.msk_id or b"").hex()
    if body.data_type == bodies.DATA_TYPE_VERIFICATION:
        return "verify", f"CSB {body.csb_id:08x}"
    counter = f" T {body.t.value}" if body.t is not None else ""
    if body.mtk_id is not None:
        return "MTK", f"{body.mtk_id.hex()} of MSK {msk_id}"
    if bodies.is_solicited_pull(body):
        return "pull", f"MSK {msk_id}{counter}"
    return "MSK" if bodies.is_msk_message(body) else "MIKEY", f"{msk_id}{counter}"


def _media(group: Group, runs: tuple[str, ...]) -> Arrow:
    mki = "in the clear" if group.mki is None else f"MKI {group.mki.hex()}"
    shown = [plural(group.packets, "packet"), mki]
    shown += [f"{count} {word}" for count, word in ((group.failed, "failed"), (group.no_key, "no key")) if count]
    return Arrow(
        group.first, (group.capture, group.frame), BM_SC, MULTICAST, group.protocol.upper(), ", ".join(shown),
        media_mark(group), runs=runs,
    )  # fmt: skip


def _folded(drawn: Iterable[Arrow]) -> list[Arrow]:
    """One arrow for messages that are sent again and again: an MTK, a retransmission."""
    folded: list[Arrow] = []
    sent: dict[tuple[object, ...], int] = {}  # of SIP over UDP: where its arrow is
    for arrow in drawn:
        octets = _of_sip(arrow)
        before = sent.get(octets) if octets is not None else None
        if before is not None and arrow.time - folded[before].time <= SAID_AGAIN:
            folded[before] = _joined(folded[before], arrow)
        elif folded and _same(folded[-1], arrow):
            folded[-1] = _joined(folded[-1], arrow)
        else:
            folded.append(arrow)
            if octets is not None:
                sent[octets] = len(folded) - 1
    return folded


def _joined(first: Arrow, again: Arrow) -> Arrow:
    return replace(
        first,
        repeats=(*first.repeats, again.place),
        mark=max(first.mark, again.mark),
        runs=tuple(dict.fromkeys((*first.runs, *again.runs))),
        broken=tuple(dict.fromkeys((*first.broken, *again.broken))),
    )


def _of_sip(arrow: Arrow) -> tuple[object, ...] | None:
    """Return what two retransmissions have alike, None for what is sent once."""
    message = arrow.message
    if arrow.is_whole or message is None or message.protocol != "sip" or message.payload.transport != "udp":
        return None
    at = message.payload
    return at.src, at.sport, at.dst, at.dport, at.data


def _same(one: Arrow, other: Arrow) -> bool:
    kinds = (one.source, one.target, one.title, one.detail) == (other.source, other.target, other.title, other.detail)
    return kinds and not one.is_whole and None not in (one.message, other.message)
