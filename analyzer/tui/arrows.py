"""The sequence diagram of a UE as plain lines: who spoke to whom, in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from analyzer.correlate import bodies
from analyzer.correlate.nodes import BM_SC, MULTICAST, ROLES, Nodes
from analyzer.correlate.sessions import Session
from analyzer.judging import Run
from analyzer.media import Group
from analyzer.tui.cells import Mark
from analyzer.tui.model import Index, Place, media_mark
from analyzer.views.ink import plural
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.http import Http
from dissectors.mikey import Mikey
from dissectors.sip import Sip

NAMES = {"ue": "UE", "im-cn": "IM CN", "scf": "SCF", "bm-sc": "BM-SC", "bsf": "BSF", "multicast": "MCast"}
OTHER = "other"
MIN_LANE, MAX_LANE = 6, 16  # columns
MIN_LABEL = 22


@dataclass(frozen=True, slots=True)
class Arrow:
    """One arrow: a message, its repeats, or the media under one MKI (`message` is None)."""

    time: int
    place: Place
    source: str
    target: str
    title: str
    detail: str
    mark: Mark
    message: Message | None = field(default=None, repr=False)
    repeats: tuple[Place, ...] = ()  # where it was said again

    @property
    def count(self) -> int:
        return 1 + len(self.repeats)


def arrows(found: Index, session: Session) -> tuple[Arrow, ...]:
    """Return all that a UE and the nodes around it said, with the media sent to it."""
    planned: dict[int, tuple[str, str]] = {}
    told: dict[int, Message] = {}
    media: dict[int, Group] = {}
    for group in (session.loose, *(exchange.messages for exchange in session.exchanges)):
        told |= {id(message): message for message in group}
    for _, run in found.runs_of(session):
        planned |= _planned(run)
        told |= {id(message): message for message in run.messages}
        media |= {id(group): group for group in run.media}
    drawn = [_arrow(found, message, planned.get(id(message))) for message in told.values()]
    drawn += [_media(group) for group in media.values()]
    return tuple(_folded(sorted(drawn, key=lambda arrow: (arrow.time, arrow.place))))


def lanes(drawn: Iterable[Arrow]) -> tuple[str, ...]:
    """Return the nodes that take part, from UE to multicast."""
    seen = {end for arrow in drawn for end in (arrow.source, arrow.target)}
    return tuple(role for role in (*ROLES, OTHER) if role in seen)


def lane_width(nodes: int, width: int) -> int:
    """Return the columns of a lane, when `width` is for all lanes and the label."""
    return max(MIN_LANE, min(MAX_LANE, (width - max(MIN_LABEL, width // 2)) // max(1, nodes)))


def heads(nodes: Sequence[str], lane: int) -> str:
    """Return the names over the lanes."""
    return "".join(_name(role, lane).center(lane) for role in nodes)


def _name(role: str, lane: int) -> str:
    name = NAMES.get(role, role)
    return name if len(name) < lane else name[: lane - 2] + "…"


def picture(arrow: Arrow, nodes: Sequence[str], lane: int) -> tuple[str, bool]:
    """Return the lanes with one arrow, and whether its title stands on it."""
    canvas = list((" " * (lane // 2) + "│").ljust(lane) * len(nodes))
    start, end = (nodes.index(role) * lane + lane // 2 for role in (arrow.source, arrow.target))
    if start == end:
        canvas[start] = "↻"
        return "".join(canvas), False
    line = "═" if arrow.message is None else "─"
    low, high = min(start, end), max(start, end)
    canvas[low + 1 : high] = line * (high - low - 1)
    canvas[end - 1 if end > start else end + 1] = "▶" if end > start else "◀"
    canvas[start] = "├" if end > start else "┤"
    fits = len(arrow.title) + 5 <= high - low
    if fits:
        text = f" {arrow.title} "
        middle = low + 1 + (high - low - 1 - len(text)) // 2
        canvas[middle : middle + len(text)] = text
    return "".join(canvas), fits


def label(arrow: Arrow, titled: bool) -> str:
    """Return what stands beside an arrow."""
    words = [arrow.detail] if titled else [arrow.title, arrow.detail]
    if arrow.count > 1:
        words.insert(0, f"×{arrow.count}")
    return " ".join(word for word in words if word)


def _planned(run: Run) -> dict[int, tuple[str, str]]:
    ends = {step.name: (step.sender, step.receiver) for step in run.procedure.steps}
    return {id(m): ends[name] for name, messages in run.steps.items() if name in ends for m in messages}


def _arrow(found: Index, message: Message, planned: tuple[str, str] | None) -> Arrow:
    nodes, payload = found.analysis.story.traffic.nodes, message.payload
    sender, receiver = planned or (OTHER, OTHER)
    source, target = _role(nodes, payload.src, sender), _role(nodes, payload.dst, receiver)
    title, detail = _words(message)
    return Arrow(
        message.time, (payload.capture, message.frame), source, target, title, detail, found.mark(message), message
    )


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


def _media(group: Group) -> Arrow:
    mki = "in the clear" if group.mki is None else f"MKI {group.mki.hex()}"
    shown = [plural(group.packets, "packet"), mki]
    shown += [f"{count} {word}" for count, word in ((group.failed, "failed"), (group.no_key, "no key")) if count]
    return Arrow(
        group.first, (group.capture, group.frame), BM_SC, MULTICAST, group.protocol.upper(), ", ".join(shown),
        media_mark(group),
    )  # fmt: skip


def _folded(drawn: Iterable[Arrow]) -> list[Arrow]:
    """One arrow for messages that are sent again and again: an MTK, a retransmission."""
    folded: list[Arrow] = []
    for arrow in drawn:
        last = folded[-1] if folded else None
        if last is not None and arrow.message is not None and _same(last, arrow):
            folded[-1] = replace(last, repeats=(*last.repeats, arrow.place), mark=max(last.mark, arrow.mark))
        else:
            folded.append(arrow)
    return folded


def _same(one: Arrow, other: Arrow) -> bool:
    kinds = (one.source, one.target, one.title, one.detail) == (other.source, other.target, other.title, other.detail)
    return kinds and one.message is not None
