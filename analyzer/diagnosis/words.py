"""How a diagnosis names things: UEs with their identity, times of day, nodes, B-TIDs with their bootstrapping."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from analyzer.correlate import bodies, gba
from analyzer.correlate.nodes import UE
from analyzer.correlate.sessions import Session
from analyzer.judging import Story
from analyzer.keys.key import Key
from analyzer.procedures.bootstrapping import maker
from dissectors import Message
from dissectors.http import Http

SHOWN = 8  # characters of the RAND in a B-TID that are told: enough to find it by
NODES = {UE: "the UE", "im-cn": "the IM CN", "scf": "the SCF", "bm-sc": "the BM-SC", "bsf": "the BSF"}
B_TID = re.compile(r"(?:B-TID )?\b([A-Za-z0-9+/]{16,}={0,2}@[\w.:-]*\w)")
TIME = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")


def clock(story: Story, time: int) -> str:
    """Return the time of day (UTC), with the date where it is not that on which the case begins."""
    return moment(time // 10**9, story.traffic.begin // 10**9)


def moment(time: float, beginning: float) -> str:
    """Return the time of day of seconds since 1970, with the date where it is not that of the beginning."""
    try:
        told, begin = datetime.fromtimestamp(time, UTC), datetime.fromtimestamp(beginning, UTC)
    except (OverflowError, OSError, ValueError):
        return gba.when(None)
    return f"{told:%H:%M:%S}" if told.date() == begin.date() else f"{told:%Y-%m-%d %H:%M:%S}"


def who(session: Session | None, address: str | None = None) -> str:
    """Name a UE by its address, that of a message where one is given, and by who it is."""
    if session is None:
        return f"UE {address}" if address else "a UE"
    known = address if address in session.addresses else next(iter(session.addresses), None)
    identity = next(iter((*session.impi, *session.impu)), None)
    if known is None:
        return f"UE {identity or session.id}"
    return f"UE {known} ({identity})" if identity else f"UE {known}"


def node(story: Story, address: str) -> str:
    """Name a node by its role, or by its address where it has none."""
    role = story.traffic.nodes.role(address)
    return f"{NODES[role]} ({address})" if role in NODES else address


def short(b_tid: str) -> str:
    """Return a B-TID with the beginning of its RAND alone: whole they take a line, and tell no more."""
    name, at, bsf = b_tid.partition("@")
    return f"{name[:SHOWN]}…{at}{bsf}" if at and len(name) > SHOWN + 1 else b_tid


def alike(text: str) -> bool:
    """Say whether a text has B-TIDs that are one as soon as they are short: then they are told whole."""
    names = {found[1] for found in B_TID.finditer(text)}
    return len({short(name) for name in names}) < len(names)


def of_when(story: Story, b_tid: str) -> str:
    """Name a B-TID and the bootstrapping that gave it, where the capture shows that."""
    made = maker(story, b_tid)
    if made is None or made.info is None:
        return f"B-TID {short(b_tid)}"
    return f"B-TID {short(b_tid)} (bootstrapping of {clock(story, made.info.time)}, frame {made.info.frame})"


def presented(message: Message) -> str | None:
    """Return the B-TID that a request presents: in its digest, or in its bodies."""
    if isinstance(message.body, Http):
        given = gba.authorization(message.body)
        if given is not None and given.get("username"):
            return given.get("username")
    listed = bodies.b_tids(message)
    return listed[-1] if listed else None


def told(story: Story, text: str) -> str:
    """Return what a rule says as it is said to people: times of day, B-TIDs short and with when they were made."""
    if alike(text):
        return text
    seen: set[str] = set()

    def b_tid(found: re.Match[str]) -> str:
        name = found[1]
        if name in seen:
            return f"B-TID {short(name)}"
        seen.add(name)
        return of_when(story, name)

    def time(found: re.Match[str]) -> str:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00")
        return clock(story, int(moment.timestamp()) * 10**9)

    try:
        return B_TID.sub(b_tid, TIME.sub(time, text))
    except ValueError:  # a time that no calendar has
        return B_TID.sub(b_tid, text)


def muk_of(story: Story, b_tid: str, naf: str | None) -> Key | None:
    """Return the MUK of a B-TID that is beyond doubt, None where none is."""
    keys = [key for key in story.chain.muks.get(b_tid, ()) if naf is None or key.naf in (None, naf)]
    proven = (key for key in keys if key.value in story.chain.proven)
    return next(proven, None) or next((key for key in keys if key.status == "seen"), None)


def muk(story: Story, key: Key | None) -> str:
    """Name a MUK by its fingerprint and its bootstrapping."""
    if key is None:
        return "the MUK that it names"
    made = maker(story, key.b_tid)
    of = "" if made is None or made.info is None else f" (bootstrapping of {clock(story, made.info.time)})"
    return f"MUK {key.fingerprint}{of}"


def mikey_name(message: Message) -> str:
    """Say which key a MIKEY message brings or asks for."""
    body = bodies.mikey(message)
    if body is None:
        return "a message"
    msk = "an MSK" if body.msk_id is None else f"MSK {body.msk_id.hex()}"
    if bodies.is_mtk_message(body):
        mtk = "an MTK" if body.mtk_id is None else f"MTK {body.mtk_id.hex()}"
        return f"{mtk} under {msk}"
    return msk
