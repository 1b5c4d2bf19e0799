"""The key chain of a UE as an outline: what each key came from, what it opened, what stayed shut."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.accounts import keys_of
from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.keys.chain import Opened
from analyzer.keys.key import Key
from analyzer.tui.cells import Cell, Mark
from analyzer.tui.model import Index, Place, media_mark, octets_text, utc
from analyzer.tui.outline import Node
from analyzer.views.ink import plural
from dissectors import Message

Name = tuple[str, str, str | None, str | None, bytes | None, bytes | None, bytes | None]


def chain_nodes(found: Index, session: Session, revealed: bool) -> tuple[Node, ...]:
    """Return the keys of a UE under the keys they came from, then the MIKEY messages that nothing opened."""
    keys = {_name(key): key for key in keys_of(session, found.analysis.story)}
    below: dict[Name | None, list[Key]] = {}
    opened: dict[Name, list[Opened]] = {}
    for opening in found.analysis.story.chain.opened.values():
        opened.setdefault(_name(opening.key), []).append(opening)
    for key in keys.values():
        parents = [_name(parent) for parent in key.parents]
        below.setdefault(next((name for name in parents if name in keys), None), []).append(key)

    def branch(key: Key) -> Node:
        children = [branch(child) for child in below.get(_name(key), ())]
        return _key_node(found, key, (*children, *_uses(found, key, opened.get(_name(key), ()))), revealed)

    shut = _shut(found, session)
    return (*(branch(key) for key in below.get(None, ())), *shut)


def _name(key: Key) -> Name:
    return (key.kind, key.fingerprint, key.b_tid, key.naf, key.key_domain, key.msk_id, key.mtk_id)


def _key_node(found: Index, key: Key, children: Iterable[Node], revealed: bool) -> Node:
    begin = found.analysis.story.traffic.begin
    stale = key.expires is not None and key.expires < begin
    line = [
        Cell(f"{key.kind} ", "accent"),
        Cell(f"{_ids(key)} " if _ids(key) else ""),
        Cell(f"{key.status} ", "good" if key.status == "decrypted" else ""),
        Cell(f"#{key.fingerprint} ", "dim"),
        Cell(f"{key.value.hex()} " if revealed else "", "warn"),
        Cell(f"{_valid(key)} ", "bad" if stale else ""),
        Cell(_origin(key), "dim"),
    ]
    place = None if key.frame is None else (key.capture or 0, key.frame)
    return Node(line, tuple(children), place, open=True)


def _ids(key: Key) -> str:
    match key.kind:
        case "MSK":
            domain = "" if key.key_domain is None else f"{key.key_domain.hex()}/"
            return domain + (key.msk_id or b"").hex()
        case "MTK":
            return f"{(key.msk_id or b'').hex()}.{(key.mtk_id or b'').hex()}"
        case "K":
            return key.impi or ""
        case "Ks":
            return key.b_tid or key.impi or ""
        case _:
            return key.naf or key.b_tid or ""


def _valid(key: Key) -> str:
    if key.kind == "MSK" and key.valid_from is not None:
        return f"MTK IDs {key.valid_from:04x}-{key.valid_to or 0:04x}"
    return "" if key.expires is None else f"until {utc(key.expires)}"


def _origin(key: Key) -> str:
    return key.origin if not key.variant else f"{key.origin} ({key.variant})"


def _uses(found: Index, key: Key, opened: Iterable[Opened]) -> Iterable[Node]:
    """What a key opened: MIKEY messages whose MAC verified under it, and media."""
    for opening in opened:
        yield _message_node(found, "opened ", opening.message, "good")
    if key.kind != "MTK":
        return
    for group in found.analysis.story.media:
        if group.mki is not None and group.mki == (key.msk_id or b"") + (key.mtk_id or b""):
            mark = media_mark(group)
            text = f"{group.protocol.upper()} to {group.destination}:{group.port}, {plural(group.packets, 'packet')}, "
            text += f"{group.authenticated} authenticated"
            text += f", {group.failed} failed" if group.failed else ""
            yield Node((Cell(f"{mark.sign} ", mark.tone), Cell(text)), (), (group.capture, group.frame), mark)


def _message_node(found: Index, verb: str, message: Message, tone: str) -> Node:
    place: Place = (message.payload.capture, message.frame)
    mark = found.mark(message)
    words = f"frame {found.number(place)}: {bodies.summary(message)} ({octets_text(len(message.payload.data))})"
    return Node((Cell(f"{mark.sign} ", mark.tone), Cell(verb, tone), Cell(words)), (), place, mark)


def _shut(found: Index, session: Session) -> tuple[Node, ...]:
    story = found.analysis.story
    mine = {id(message) for message in session.loose}
    for _, run in found.runs_of(session):
        mine |= {id(message) for message in run.messages}
    shut = [closed for closed in story.chain.shut.values() if id(closed.message) in mine]
    if not shut:
        return ()
    tried = max(closed.tried for closed in shut)
    reason = "no key was at hand" if not tried else f"none of {tried} keys fits"
    children = [_message_node(found, "shut ", closed.message, "bad") for closed in shut]
    line = (Cell("? ", "warn"), Cell(f"{len(shut)} MIKEY message{'s' if len(shut) > 1 else ''} not opened: {reason}"))
    return (Node(line, children, None, Mark.UNSURE, open=True),)
