"""Rules on what UEs answer to MSK messages, what follows when they do not, and what they can decode before them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, history, sent
from analyzer.procedures.bootstrapping import made_for
from analyzer.procedures.delivery import CURRENT_MSK, MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.ms_key_rules import proven_muk
from analyzer.procedures.ms_rules import MIKEY_PORT, TS_COUNTER, mikeys, stale
from analyzer.tolerances import seconds
from dissectors import Message

ASKING = (*history.REGISTERING, *history.REQUESTING, *history.DEREGISTERING)  # where a request of a UE is to be seen


@rule(
    "MS-19", MSK_DELIVERY, clause="TS 33.246 6.4.5.2, RFC 3830 3.1", level="shall",
    remedy="UE: answer V=1 with a verification message. If the UE did, look for its packet on the way to the BM-SC.",
)  # fmt: skip
def verification_follows(run: Run) -> Iterator[Problem]:
    """A UE answers an MSK message that asks for it with a verification message.

    The BM-SC cannot know that the MSK arrived, and sends it again. When the message itself is in order and
    nothing comes back, either the UE dropped it or the answer was lost.
    """
    if not any(body.v for _, body in mikeys(run, "msk")):
        raise NotHere
    if run.first("verification") is not None:
        return
    due = [message for message, body in mikeys(run, "msk") if body.v and _is_in_order(run, message)]
    if not due:
        raise NotHere
    if not run.story.covers(due[0].time, run.tolerances.verification):
        raise CannotTell("the capture ends before a verification message is due")
    if not any(_hears(run, message) for message in due):
        raise CannotTell("the capture does not show what this UE sends the BM-SC")
    yield wrong(f"no verification message within {seconds(run.tolerances.verification)} s", *run.all("msk"))


def _hears(run: Run, message: Message) -> bool:
    """Say whether the capture of a message shows the other direction as well, and nothing is known to miss there."""
    bm_sc, ue, capture = message.payload.src, message.payload.dst, message.payload.capture
    return (ue, bm_sc, capture) in _ways(run.story) and not coverage.misses(run.story, ue, bm_sc)


@once
def _ways(story: Story) -> frozenset[tuple[str, str, int]]:
    """Return who says something to whom, and in which captures."""
    return frozenset((m.payload.src, m.payload.dst, m.payload.capture) for m in story.traffic.messages)


def _is_in_order(run: Run, message: Message) -> bool:
    """A message that the UE has reason to drop gets no answer: bad form, MAC, MUK or address, or a replay."""
    opened, body = run.story.chain.opening(message), bodies.mikey(message)
    if opened is None and run.story.chain.closing(message) is None:
        return False
    if opened is None:
        if proven_muk(run, body) is None if body is not None else True:
            raise CannotTell(f"whether the UE could open frame {message.frame} needs its MUK")
        return False
    if body is None or body.idr is None or opened.key.b_tid not in (None, body.idr.text):
        return False
    if (body.version, body.prf) != (1, 0) or body.key_domain_id is None or body.msk_id is None:
        return False
    if message.payload.dport != MIKEY_PORT:
        return False
    if body.t is None or body.t.ts_type != TS_COUNTER or id(message) in stale(run.story):
        return False
    if opened.key.expires is not None and opened.key.expires < message.time:
        return False
    if run.ues and not _is_last_generated(run, message, body.idr.text):
        return False
    known = history.registered_addresses(run.story, run.ue, message.time) if run.ues else ()
    if known and message.payload.dst not in known:
        return False
    if opened.key.expires is None and history.muk_expiry(run.story, body.idr.text, message.time) is None:
        raise CannotTell(f"when the MUK of frame {message.frame} expires is not known: the UE may have dropped it")
    return True


def _is_last_generated(run: Run, message: Message, b_tid: str) -> bool:
    """TS 33.246 6.3.2.3.1: under an older MUK than the last generated the UE asks instead of answering."""
    made = made_for(run.story, run.ue)
    done = [r for r in made if r.info is not None and r.info.time < message.time]
    return not done or done[-1].b_tid == b_tid or all(r.b_tid != b_tid for r in made)


@rule(
    "MS-20", MSK_DELIVERY, clause="TS 33.246 6.4.5.2", level="shall",
    remedy="UE: send a verification message only when the V bit asks for one.",
)  # fmt: skip
def no_verification_unasked(run: Run) -> Iterator[Problem]:
    """A UE sends no verification message when V is 0.

    It costs uplink and may be taken for the answer to something else.
    """
    asked = [body for _, body in mikeys(run, "msk")]
    if any(body.v for body in asked):
        raise NotHere
    for message in run.all("verification"):
        yield wrong("verification message though V was 0", run.one("msk"), message)


@rule(
    "MS-21", MSK_DELIVERY, clause="TS 33.246 6.4.5.2", level="shall",
    remedy="UE: answer with #CS 0, an empty map, the received counter and its B-TID, from the address written to.",
)  # fmt: skip
def verification_repeats_what_was_sent(run: Run) -> Iterator[Problem]:
    """A verification message has no crypto session, an empty map, the received counter and the B-TID of the UE.

    The BM-SC matches it by these; another counter answers a message that was never sent.
    """
    run.needs("verification")
    sent = dict(_by_counter(run))
    for message, body in mikeys(run, "verification"):
        if (body.cs_count, body.map_type) != (0, 1):
            yield wrong(
                f"#CS {body.cs_count} with map type {body.map_type} in verification, expected 0 with 1", message
            )
        first = run.one("msk")
        asked = bodies.mikey(first)
        if body.t is None or body.t.value not in sent:
            found = "no T" if body.t is None else f"T {body.t.value}"
            yield wrong(f"{found} in verification, expected {' or '.join(map(str, sent))}", first, message)
        if asked is not None and asked.idr is not None and (body.idr is None or body.idr.data != asked.idr.data):
            found = "no IDr" if body.idr is None else f"IDr {body.idr.text}"
            yield wrong(f"{found} in verification, expected {asked.idr.text}", first, message)
        if message.payload.src not in {m.payload.dst for m in run.all("msk")}:
            yield wrong(
                f"verification from {message.payload.src}, the message went to {first.payload.dst}", first, message
            )


def _by_counter(run: Run) -> Iterator[tuple[int, Message]]:
    for message, body in mikeys(run, "msk"):
        if body.t is not None:
            yield body.t.value, message


@rule(
    "MS-22", MSK_DELIVERY, clause="RFC 3830 5.2", level="shall",
    remedy="UE: compute V over the message, IDi, IDr and T with the auth key of the MSK message.",
)  # fmt: skip
def verification_mac_is_valid(run: Run) -> Iterator[Problem]:
    """The MAC of a verification message is valid.

    All readings of the texts are tried (counter of 4 or 8 octets, identities with or without header); when none
    fits, the UE holds another key or computes otherwise.
    """
    run.needs("verification")
    for message in run.all("verification"):
        checked = run.story.chain.verification(message)
        if checked.ok is None:
            raise CannotTell(f"the MUK is needed to check the verification message in frame {message.frame}")
        if not checked.ok:
            yield wrong("the MAC of the verification message is wrong in every reading", message)


@rule(
    "MS-23", MSK_DELIVERY, clause="TS 33.246 6.3.2.3, 6.4.3", level="info",
    remedy="BM-SC: wait some seconds for the verification message, then send the MSK again with the next counter.",
)  # fmt: skip
def unanswered_message_is_sent_again(run: Run) -> Iterator[Problem]:
    """An MSK message that asks for a verification message, and gets none, is sent again.

    One lost packet of UDP would leave the UE without the MSK. The specification has no timer: half a minute is given
    here, and an answer after it comes too late. Not judged where the UE has asked for something itself meanwhile, has
    deregistered, or gets a newer MSK. That an answer is missing is MS-19; that what is sent again has the
    counter of before, a replay to the UE, is MS-12, and EX-04 under a new name. Nothing can be told where
    the next counter shows that something was sent that the capture does not have.
    """
    seen = sent.sighted(run.story)
    sendings = [(message, body) for message, body in mikeys(run, "msk") if id(message) not in seen]
    if not run.ues or not sendings or not sendings[0][1].v:
        raise NotHere
    (message, body), again = sendings[0], next((m for m, _ in sendings[1:]), None)
    until = message.time + run.tolerances.msk_repeat if again is None else again.time
    if any(answer.time <= until for answer in run.all("verification")) or _is_settled(run, message, until):
        raise NotHere
    if again is not None:
        if id(again) in stale(run.story):
            raise NotHere  # a replay in the eyes of the UE: MS-12 says so
        return
    if not run.story.covers(message.time, run.tolerances.msk_repeat):
        raise CannotTell("the capture ends before the MSK message has to be sent again")
    if not _hears(run, message):
        raise CannotTell("the capture does not show what this UE sends the BM-SC")
    following = _following(run, message)
    if following is not None and body.t is not None and following != (body.t.value + 1) % (1 << 32):
        raise CannotTell(
            f"the counter goes from {body.t.value} to {following}: not all that was sent is in the capture"
        )
    waited = seconds(run.tolerances.msk_repeat)
    yield wrong(f"no verification message within {waited} s, and the MSK is not sent again", message)


def _is_settled(run: Run, message: Message, until: int) -> bool:
    """Say whether a BM-SC has no reason to send an MSK again: the UE is gone or asks, or a newer one is under way."""
    body = bodies.mikey(message)
    if body is None or history.deregistered(run.story, run.ue, message.time):
        return True
    if any(message.time < asked.start <= until for asked in run.story.runs_of(run.ue, *ASKING)):
        return True
    expires = None if body.idr is None else history.muk_expiry(run.story, body.idr.text, message.time)
    if expires is not None and expires < until:
        return True
    return any(
        message.time < other.time < until
        and (newer := bodies.mikey(other)) is not None
        and newer.msk_id is not None
        and (newer.key_domain_id, newer.msk_id[:2]) == (body.key_domain_id, (body.msk_id or b"")[:2])
        for other in history.msk_messages(run.story, run.ue)
    )


def _following(run: Run, message: Message) -> int | None:
    """Return the counter of the next message to a UE under the MUK of an MSK message; None where there is none."""
    body, seen = bodies.mikey(message), sent.sighted(run.story)
    for other in history.msk_messages(run.story, run.ue):
        next_ = bodies.mikey(other)
        if other.time <= message.time or id(other) in seen or next_ is None or body is None:
            continue
        if next_.t is not None and next_.idr is not None and body.idr is not None and next_.idr.data == body.idr.data:
            return next_.t.value
    return None


@rule(
    "MS-24", MSK_DELIVERY, clause="TS 33.246 6.3.3, 6.5.3", level="info",
    remedy="BM-SC: draw a new key and RAND for every MSK, and deliver it before anything is sent under it.",
)  # fmt: skip
def nothing_decodes_before_delivery(run: Run) -> Iterator[Problem]:
    """A UE can decode nothing under an MSK before it is sent this MSK.

    What a UE decodes is not to be seen; what it could is. MTK messages under an MSK that it has not got yet are
    nothing to it, unless the octets and RAND are those of an older MSK that it holds. Then the new MSK is one
    in name only, and does not shut out who has only the old one. That nobody has been sent the MSK is MT-04, a counter
    that starts anew with the new name EX-04. With early MTK messages the keys of both MSKs are needed to tell.
    """
    message = run.one("msk")
    body = bodies.mikey(message)
    if not run.ues or body is None or body.msk_id is None:
        raise NotHere
    name = (body.key_domain_id, body.msk_id)
    if _first_msks(run.story, run.ue).get(name) is not message:
        raise NotHere  # the UE has it already
    under = sent.under_msks(run.story).get(name, ())
    if not under and not any(group.first > message.time for group in run.story.media if group.msk_id == body.msk_id):
        raise NotHere
    others = (m for other, m in _first_msks(run.story, run.ue).items() if other != name)
    oldest = next(others, message)
    early = under[bisect_right(under, oldest.time, key=_when) : bisect_right(under, message.time, key=_when)]
    if not early:
        return
    older = [m for m in (oldest, *others) if m.time < message.time]
    if next(history.before(run.story, run.ue, early[-1].time, *history.REGISTERING), None) is None:
        raise CannotTell(f"MSK {body.msk_id.hex()} may have been delivered before the capture began")
    shut = ""
    opened = run.story.chain.opening(early[-1])
    for old in older:
        held = run.story.chain.opening(old)
        if opened is None or held is None:
            shut = (
                shut
                or f"keys are needed to tell whether the MTK message in frame {early[-1].frame} is under an older MSK"
            )
        elif old.time < early[-1].time and (opened.key.value, opened.key.rand) in [
            (k.value, k.rand) for k in held.keys
        ]:
            yield wrong(
                f"an MTK message under MSK {body.msk_id.hex()} decodes under an older MSK", old, early[-1], message
            )
    if shut:
        raise CannotTell(shut)


def _when(message: Message) -> int:
    return message.time


@once
def _first_msks(story: Story, ue: Session) -> Mapping[sent.MskName, Message]:
    """Return the first message of each MSK to a UE; no solicited pulls."""
    found: dict[sent.MskName, Message] = {}
    for message in history.msk_messages(story, ue):
        body = bodies.mikey(message)
        if body is not None and not bodies.is_solicited_pull(body):
            found.setdefault((body.key_domain_id, body.msk_id), message)
    return found


@rule(
    "MS-26", MSK_DELIVERY, clause="TS 33.246 6.3.2.3.1", level="shall",
    remedy="UE: an MSK under an older MUK than the last generated is a solicited pull: ask, do not acknowledge.",
)  # fmt: skip
def old_muk_is_not_acknowledged(run: Run) -> Iterator[Problem]:
    """A UE does not acknowledge an MSK message under an older MUK than its last; it sends an MSK request.

    The acknowledgement would leave the BM-SC with the old MUK until it expires.
    """
    message = run.one("msk")
    body = bodies.mikey(message)
    if not run.ues or body is None or body.idr is None or _is_last_generated(run, message, body.idr.text):
        raise NotHere
    for answer in run.all("verification"):
        _be_sure_that_it_was_newer(run, message, body.idr.text)
        yield wrong(f"verification for {body.idr.text} though a newer bootstrapping has been made", message, answer)


def _be_sure_that_it_was_newer(run: Run, message: Message, b_tid: str) -> None:
    """Raise CannotTell where a bootstrapping before a message is before it by another clock alone, which is wrong."""
    capture = message.payload.capture
    newer = [r.info for r in made_for(run.story, run.ue) if r.b_tid != b_tid and r.info is not None]
    before = [info for info in newer if info.time < message.time]
    if all(message.time - i.time <= coverage.slack(run.story, i.payload.capture, capture) for i in before[-1:]):
        raise CannotTell("the order of the MSK message and the bootstrapping depends on clocks that differ")


@rule(
    "MS-28", SOLICITED_PULL, clause="TS 33.246 6.3.2.2.4, TS 26.237 10.4.2.4", level="shall",
    remedy="UE: answer a solicited pull at once with an MSK request (HTTP) or re-INVITE (SIP) for Key Number 0.",
)  # fmt: skip
def pull_is_answered(run: Run) -> Iterator[Problem]:
    """A UE answers a solicited pull with an MSK request for the current key of that key group, without back-off.

    The BM-SC pulls when it cannot push: unanswered, the UE runs out of keys with the next MSK.
    """
    message = run.all("pull")[-1]  # one that was sent again was lost on the way
    body = bodies.mikey(message)
    if id(message) in stale(run.story):
        raise NotHere  # a replay in the eyes of the UE: MS-12 says so
    if run.story.chain.opening(message) is None and run.story.chain.closing(message) is None:
        raise NotHere
    if run.story.chain.opening(message) is None and (body is None or proven_muk(run, body) is not None):
        raise NotHere  # the UE has reason to drop it: MS-16 says so
    named = None if body is None or body.idr is None else body.idr.text
    if run.ues and named and history.muk_retired_by(run.story, run.ue, named, message.time) is not None:
        raise NotHere  # the UE has no such MUK any more (TS 33.246 6.1)
    asked = run.first("request")
    if asked is None:
        if not run.story.covers(message.time, run.tolerances.pull_answer):
            raise CannotTell("the capture ends before an MSK request is due")
        if not run.ues or not run.story.runs_of(run.ue, *ASKING):
            raise CannotTell("the capture shows no request of this UE at all")
        waited = seconds(run.tolerances.pull_answer)
        yield wrong(f"no MSK request within {waited} s of the solicited pull", message)
        return
    if asked.time - message.time > run.tolerances.pull_answer:
        yield wrong(
            f"MSK request only {(asked.time - message.time) / 10**9:.1f} s after the solicited pull", message, asked
        )
    names = bodies.msk_names(asked)
    if not names or body is None or body.msk_id is None:
        raise CannotTell("the MSK request could not be read")
    wanted = (body.key_domain_id, body.msk_id[:2] + CURRENT_MSK)
    if wanted not in [(name.key_domain, name.msk_id) for name in names]:
        found = ", ".join(f"{name.key_domain.hex()} {name.msk_id.hex()}" for name in names)
        yield wrong(f"MSK request for {found}, expected {wanted[1].hex()}", message, asked)


RULES: tuple[Rule, ...] = (
    verification_follows,
    no_verification_unasked,
    verification_repeats_what_was_sent,
    verification_mac_is_valid,
    unanswered_message_is_sent_again,
    nothing_decodes_before_delivery,
    old_muk_is_not_acknowledged,
    pull_is_answered,
)
