"""Why the MAC of an MSK message fails: another MUK, an older one, or octets that changed on the way."""

from __future__ import annotations

from analyzer.correlate import bodies
from analyzer.diagnosis.effects import CERTAIN, LIKELY
from analyzer.diagnosis.trouble import Known, Trouble, place
from analyzer.judging import Story
from analyzer.keys.chain import Opened
from analyzer.keys.key import Key
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.report import Judgement
from dissectors import Message

OLD, CORRUPTED, WRONG = "old-muk-used", "msk-corrupted", "msk-wrong-key"


def of_mac(known: Known, trouble: Trouble, judgement: Judgement) -> tuple[str, str]:
    """Return the cause of a MAC that fails under the MUK that the message names, and how sure it is."""
    story = known.story
    message = next((m for m in reversed(trouble.run.messages) if place(m) in judgement.evidence), None)
    body = None if message is None else bodies.mikey(message)
    if message is None or body is None or body.idr is None:
        return WRONG, LIKELY
    opened = story.chain.opening(message)
    if opened is not None:
        made, other = maker(story, body.idr.text), maker(story, opened.key.b_tid)
        is_old = made is not None and other is not None and other.time < made.time
        return (OLD, CERTAIN) if is_old else (WRONG, LIKELY)
    if twin(known, trouble, message) is not None:
        return CORRUPTED, LIKELY
    return WRONG, CERTAIN if _is_sure(story, body.idr.text) else LIKELY


def twin(known: Known, trouble: Trouble, message: Message) -> Opened | None:
    """Return an MSK message to the same UE that its MUK opens: that key is right, and the message is not."""
    body = bodies.mikey(message)
    if trouble.ue is None or body is None or body.idr is None:
        return None
    for other in history.msk_messages(known.story, trouble.ue):
        opened = known.story.chain.opening(other)
        if opened is not None and opened.key.b_tid == body.idr.text and other.payload.src == message.payload.src:
            return opened
    return None


def _is_sure(story: Story, b_tid: str) -> bool:
    """Say whether the UE has this MUK beyond doubt: what Zn says alone may be a mistake of the BSF."""
    if any(map(story.chain.is_sure, story.chain.ks.get(b_tid, ()))):
        return True
    return any(key.value in story.chain.proven and not _is_seen(key) for key in story.chain.muks.get(b_tid, ()))


def _is_seen(key: Key) -> bool:
    return key.status == "seen" or any(map(_is_seen, key.parents))
