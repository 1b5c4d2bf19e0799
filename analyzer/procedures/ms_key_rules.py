"""Rules on MSK messages that need their keys or their consequences: what is inside, who answers (TS 33.246 6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.keys.chain import Opened
from analyzer.procedures import history
from analyzer.procedures.delivery import CURRENT_MSK, MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.ms_rules import mikeys
from dissectors import Message
from dissectors.mikey import KeyData, KeyDataPlain, Mikey

TEK, KV_INTERVAL = 2, 2  # RFC 3830 6.13, 6.14
MTK_ID_OCTETS = 2
MTK_ID_MAX = 0xFFFF  # never used (TS 33.246 6.3.3.1)
VERIFICATION_WITHIN = 2 * 10**9  # ns; a UE answers at once, its BM-SC retransmits after about a second
PULL_WITHIN = 10 * 10**9  # ns; a solicited pull is answered without back-off


def inside(opened: Opened) -> tuple[KeyData, ...]:
    """Return the key data sub-payloads of an opened message; CannotTell where they could not be read."""
    body = None if opened.plain is None else opened.plain.body
    if not isinstance(body, KeyDataPlain):
        raise CannotTell(f"what is inside frame {opened.message.frame} could not be read")
    return body.keys


def interval(key: KeyData) -> tuple[int, int] | None:
    """Return SEQl and SEQu of a key with an interval."""
    if key.valid_from is None or key.valid_to is None:
        return None
    return int.from_bytes(key.valid_from, "big"), int.from_bytes(key.valid_to, "big")


@rule(
    "MS-10", MSK_DELIVERY, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: put exactly one TEK into the KEMAC, with a validity interval of two octets each.",
)  # fmt: skip
def one_tek_with_interval(run: Run) -> Iterator[Problem]:
    """An MSK message holds exactly one key: a TEK with a validity interval SEQl to SEQu of two octets each.

    The interval says which MTK IDs the MSK may bring; without it the UE cannot accept any.
    """
    for message in run.all("msk"):
        keys = inside(run.plain(message))
        if len(keys) != 1:
            yield wrong(f"{len(keys)} keys inside, expected 1", message)
        for key in keys:
            if key.kind != TEK or key.kv != KV_INTERVAL:
                yield wrong(f"key data of type {key.kind} with KV {key.kv}, expected {TEK} with {KV_INTERVAL}", message)
            elif {len(key.valid_from or b""), len(key.valid_to or b"")} != {MTK_ID_OCTETS}:
                yield wrong("SEQl and SEQu are not of two octets each", message)


@rule(
    "MS-11", MSK_DELIVERY, clause="TS 33.246 6.3.3.1, 6.3.2.1B", level="shall",
    remedy="BM-SC: keep SEQl <= SEQu <= FFFE; SEQl above SEQu invalidates the MSK and belongs after a deregistration.",
)  # fmt: skip
def interval_is_usable(run: Run) -> Iterator[Problem]:
    """SEQl does not exceed SEQu, unless the MSK is being invalidated, and SEQu stays below FFFF.

    An interval turned round takes the MSK away from the UE, with or without intent.
    """
    for message in run.all("msk"):
        for key in inside(run.plain(message)):
            limits = interval(key)
            if limits is None or len(key.valid_to or b"") != MTK_ID_OCTETS:
                raise NotHere
            low, high = limits
            if high >= MTK_ID_MAX:
                yield wrong(f"SEQu {high:04x}, at most fffe is allowed", message)
            if low > high and _is_registered(run, message):
                yield wrong(f"SEQl {low:04x} above SEQu {high:04x} while the UE is registered", message)


def _is_registered(run: Run, message: Message) -> bool:
    if not run.ues or next(history.before(run.story, run.ue, message.time, *history.REGISTERING), None) is None:
        return False
    return not history.deregistered(run.story, run.ue, message.time)


@rule(
    "MS-16", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.1, RFC 3830 5.2", level="shall",
    remedy="BM-SC: protect the message with the MUK that IDi and IDr name; look at its Zn answer and its Ua id.",
)  # fmt: skip
def mac_verifies_under_muk(run: Run) -> Iterator[Problem]:
    """The MAC of an MSK message verifies under the MUK that the message names.

    A UE that finds another MAC drops the message silently. When the MUK of another bootstrapping fits, the
    BM-SC has mixed up its keys; when none fits, it derived a wrong one.
    """
    for message, body in mikeys(run, "msk", "pull"):
        if body.kemac is None or body.kemac.mac_alg == 0 or body.idr is None or body.rand is None:
            raise NotHere
        opened = run.story.chain.opening(message)
        if opened is not None:
            if opened.key.b_tid not in (None, body.idr.text):
                yield wrong(f"the MAC verifies under the MUK of {opened.key.b_tid}, IDr is {body.idr.text}", message)
            continue
        muk = _proven_muk(run, body)
        if muk is None:
            raise CannotTell(f"no MUK of B-TID {body.idr.text} is at hand to check the MAC in frame {message.frame}")
        yield wrong(f"the MAC fails under MUK {muk} of {body.idr.text}, and under every other MUK at hand", message)


def _proven_muk(run: Run, body: Mikey) -> str | None:
    """A MUK of this B-TID and NAF that was given, seen, or has opened something: its fingerprint."""
    idr, idi = body.idr, body.idi
    used = {key.fingerprint for key in run.story.chain.keys}
    for key in run.story.chain.muks.get(idr.text if idr is not None else "", ()):
        source = key.status if key.status != "derived" else key.parents[0].status if key.parents else "derived"
        same_naf = idi is None or key.naf in (None, idi.text)
        if same_naf and (source in ("supplied", "seen") or key.fingerprint in used):
            return key.fingerprint
    return None


@rule(
    "MS-19", MSK_DELIVERY, clause="TS 33.246 6.4.5.2, RFC 3830 3.1", level="shall",
    remedy="UE: answer V=1 with a verification message. If the UE did, look for its packet on the way to the BM-SC.",
)  # fmt: skip
def verification_follows(run: Run) -> Iterator[Problem]:
    """A UE answers an MSK message that asks for it with a verification message.

    The BM-SC cannot know that the MSK arrived, and sends it again. When the message itself is in order and
    nothing comes back, either the UE dropped it or the answer was lost.
    """
    if not any(body.v for _, body in mikeys(run, "msk")) or run.first("verification") is not None:
        if run.first("verification") is None:
            raise NotHere
        return
    last = run.all("msk")[-1]
    if not _is_in_order(run, last):
        raise NotHere
    if not run.story.covers(last.time, VERIFICATION_WITHIN):
        raise CannotTell("the capture ends before a verification message is due")
    yield wrong(f"no verification message within {VERIFICATION_WITHIN // 10**9} s", *run.all("msk"))


def _is_in_order(run: Run, message: Message) -> bool:
    """A message that the UE has reason to drop gets no answer: wrong MAC, wrong MUK, replay, other address."""
    opened, body = run.story.chain.opening(message), bodies.mikey(message)
    if opened is None and run.story.chain.closing(message) is None:
        return False
    if opened is None:
        if _proven_muk(run, body) is None if body is not None else True:
            raise CannotTell(f"whether the UE could open frame {message.frame} needs its MUK")
        return False
    if body is None or body.idr is None or opened.key.b_tid not in (None, body.idr.text):
        return False
    if opened.key.expires is not None and opened.key.expires < message.time:
        return False
    if run.ues and not _is_last_generated(run, message, body.idr.text):
        return False
    known = history.registered_addresses(run.story, run.ue, message.time) if run.ues else ()
    return not known or message.payload.dst in known


def _is_last_generated(run: Run, message: Message, b_tid: str) -> bool:
    """TS 33.246 6.3.2.3.1: under an older MUK than the last generated the UE asks instead of answering."""
    made = [r for r in run.story.traffic.bootstrappings if r.b_tid in run.ue.b_tid and r.info is not None]
    done = [r for r in made if r.info is not None and r.info.time < message.time]
    return not done or done[-1].b_tid == b_tid or all(r.b_tid != b_tid for r in made)


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
        yield wrong(f"verification for {body.idr.text} though a newer bootstrapping has been made", message, answer)


@rule(
    "MS-28", SOLICITED_PULL, clause="TS 33.246 6.3.2.2.4, TS 26.237 10.4.2.4", level="shall",
    remedy="UE: answer a solicited pull at once with an MSK request (HTTP) or re-INVITE (SIP) for Key Number 0.",
)  # fmt: skip
def pull_is_answered(run: Run) -> Iterator[Problem]:
    """A UE answers a solicited pull with an MSK request for the current key of that key group, without back-off.

    The BM-SC pulls when it cannot push: unanswered, the UE runs out of keys with the next MSK.
    """
    message = run.one("pull")
    body = bodies.mikey(message)
    if run.story.chain.opening(message) is None and run.story.chain.closing(message) is None:
        raise NotHere
    if run.story.chain.opening(message) is None and (body is None or _proven_muk(run, body) is not None):
        raise NotHere  # the UE has reason to drop it: MS-16 says so
    asked = run.first("request")
    if asked is None:
        if not run.story.covers(message.time, PULL_WITHIN):
            raise CannotTell("the capture ends before an MSK request is due")
        yield wrong(f"no MSK request within {PULL_WITHIN // 10**9} s of the solicited pull", message)
        return
    if asked.time - message.time > PULL_WITHIN:
        yield wrong(f"MSK request only {(asked.time - message.time) / 10**9:.1f} s after the solicited pull", message, asked)
    names = bodies.msk_names(asked)
    if not names or body is None or body.msk_id is None:
        raise CannotTell("the MSK request could not be read")
    wanted = (body.key_domain_id, body.msk_id[:2] + CURRENT_MSK)
    if wanted not in [(name.key_domain, name.msk_id) for name in names]:
        found = ", ".join(f"{name.key_domain.hex()} {name.msk_id.hex()}" for name in names)
        yield wrong(f"MSK request for {found}, expected {wanted[1].hex()}", message, asked)


RULES: tuple[Rule, ...] = (
    one_tek_with_interval,
    interval_is_usable,
    mac_verifies_under_muk,
    verification_follows,
    verification_mac_is_valid,
    old_muk_is_not_acknowledged,
    pull_is_answered,
)
