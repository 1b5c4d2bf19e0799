"""How a diagnosis begins: who did what, when, in which frame."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import status
from analyzer.correlate.nodes import UE
from analyzer.diagnosis.answers import Reason
from analyzer.diagnosis.trouble import Known, Trouble, place
from analyzer.diagnosis.words import clock, mikey_name, node, of_when, presented, who
from analyzer.judging import Run, Story, once
from analyzer.media import Group
from analyzer.report import Evidence
from dissectors import Message
from dissectors.http import Http
from dissectors.sip import Sip

ASKED = {  # what a UE wants of whom
    "gba-bootstrapping": "bootstrapped with the BSF",
    "http-initiation": "sent the SCF an INVITE for the service",
    "http-registration": "asked the BM-SC to register it",
    "http-deregistration": "asked the BM-SC to deregister it",
    "http-msk-request": "asked the BM-SC for an MSK",
    "sip-initiation": "registered with the SCF by INVITE",
    "sip-deauthorization": "deregistered with the SCF",
    "sip-msk-refresh": "asked for an MSK by re-INVITE",
    "ks-naf-refresh": "told the SCF of its new B-TID by re-INVITE",
}
AT_LAST = ("answer-changes-the-offer", "mtk-wrong-key")  # causes that the last of several frames shows
MAX_ASKED = 3  # MSKs of a request that are named


def opening(known: Known, trouble: Trouble, reason: Reason) -> str:
    """Say what happened, in one sentence."""
    if trouble.asked is not None and trouble.run.procedure.kind in ASKED:
        return _request(known, trouble, trouble.asked)
    media = _media(trouble.run, reason)
    if media is not None:
        return _stream(known, media)
    own = [m for m in trouble.run.messages if place(m) in reason.evidence]
    shown = trouble.asked or (own[-1 if reason.cause in AT_LAST else 0] if own else None)
    shown = shown or next((_by_place(known.story)[e] for e in reason.evidence if e in _by_place(known.story)), None)
    return "" if shown is None else _sent(known, trouble, shown)


def _request(known: Known, trouble: Trouble, asked: Message) -> str:
    story, kind = known.story, trouble.run.procedure.kind
    address = asked.payload.src if trouble.ue is not None else None
    named = [name.msk_id.hex() for name in bodies.msk_names(asked)] if kind == "http-msk-request" else []
    want = f"asked the BM-SC for MSK {', '.join(named[:MAX_ASKED])}" if named else ASKED[kind]
    b_tid = presented(asked) if kind != "gba-bootstrapping" else None
    under = f" with {of_when(story, b_tid)}" if b_tid else ""
    said = f"At {clock(story, asked.time)} {who(trouble.ue, address)} {want} (frame {asked.frame}){under}"
    if trouble.answer is None:
        return f"{said}."
    code = "an answer" if trouble.code is None else str(trouble.code)
    return f"{said}, and {_answerer(trouble)} answered {code} (frame {trouble.answer.frame})."


def _answerer(trouble: Trouble) -> str:
    kind = trouble.run.procedure.kind
    if trouble.answer is not None and isinstance(trouble.answer.body, Http):
        return "the BSF" if kind == "gba-bootstrapping" else "the BM-SC"
    return "the SCF"


def _media(run: Run, reason: Reason) -> Group | None:
    """Return the media that a reason is about: of several streams and MKIs the one that begins last before it."""
    if not run.media:
        return None
    last = max(((e.capture, e.frame) for e in reason.evidence), default=(0, 0))
    begun = [group for group in run.media if (group.capture, group.frame) <= last]
    return max(begun, key=lambda group: (group.capture, group.frame), default=run.media[0])


def _stream(known: Known, group: Group) -> str:
    story = known.story
    keys = "in the clear" if group.mki is None else f"under MTK {group.mki[4:].hex()} of MSK {group.mki[:4].hex()}"
    until = clock(story, group.last)
    return (
        f"Media to {group.destination}:{group.port} {keys} ran from {clock(story, group.first)} (frame {group.frame}) "
        f"to {until}, {group.packets} packets."
    )


def _sent(known: Known, trouble: Trouble, message: Message) -> str:
    story, payload = known.story, message.payload
    at, frame = clock(story, message.time), f"in frame {message.frame}"
    body = bodies.mikey(message)
    if body is None:
        src, dst = _end(known, trouble, payload.src), _end(known, trouble, payload.dst)
        code, want = status(message), ASKED.get(trouble.run.procedure.kind)
        if code is not None and want is not None:
            return f"At {at} {src} answered {code} to {dst}, which had {want} ({frame[3:]})."
        return f"At {at} {src} sent {_said(message)} to {dst} {frame}."
    if body.data_type == bodies.DATA_TYPE_VERIFICATION:
        return f"At {at} {who(trouble.ue, payload.src)} acknowledged {_acknowledged(trouble)} {frame}."
    if bodies.is_mtk_message(body):
        return f"At {at} the BM-SC sent {mikey_name(message)} to {payload.dst} {frame}."
    what = f"a solicited pull for {mikey_name(message)}" if bodies.is_solicited_pull(body) else mikey_name(message)
    opened = story.chain.opening(message)
    under = "" if opened is None or trouble.symptom == "msk-not-usable" else f" under MUK {opened.key.fingerprint}"
    astray = trouble.ue is not None and payload.dst not in trouble.ue.addresses
    to = f" to {payload.dst}" if astray else ""
    return f"At {at} the BM-SC sent {what} for {who(trouble.ue, payload.dst)}{to}{under} {frame}."


def _acknowledged(trouble: Trouble) -> str:
    sent = trouble.run.first("msk")
    return "an MSK" if sent is None else mikey_name(sent)


def _said(message: Message) -> str:
    if isinstance(message.body, Http | Sip):
        return f"“{bodies.summary(message)}”"
    return bodies.summary(message)


@once
def _by_place(story: Story) -> Mapping[Evidence, Message]:
    return {place(message): message for message in story.traffic.messages}


def _end(known: Known, trouble: Trouble, address: str) -> str:
    if known.story.traffic.nodes.role(address) == UE:
        return who(trouble.ue, address)
    return node(known.story, address)
