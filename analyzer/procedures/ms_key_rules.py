"""Rules on MSK messages that need their keys: under what, and what is inside (TS 33.246 6.4)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import profiles
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.keys.chain import Opened
from analyzer.keys.key import KEYRING, Key
from analyzer.procedures import coverage, history
from analyzer.procedures.delivery import MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.ms_rules import mikeys
from dissectors import Message
from dissectors.mikey import KeyData, KeyDataPlain, Mikey

TEK, KV_INTERVAL = 2, 2  # RFC 3830 6.13, 6.14
BY_SIP = ("sip-initiation", "ks-naf-refresh")
MTK_ID_OCTETS = 2
MTK_ID_MAX = 0xFFFF  # never used (TS 33.246 6.3.3.1)


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
                history.be_settled(run.story, run.ue, message)
                coverage.sure_of_absence(run.story, "deregistration", "http", run.story.traffic.begin, message.time)
                if not run.demands(profiles.END_OF_SERVICE) and run.story.runs_of(run.ue, *BY_SIP):
                    raise CannotTell("the SCF may have ended the service of the UE, in a way that no text describes")
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
        muk = proven_muk(run, body)
        if muk is None and _supplied_muk(run, body.idr.text):
            raise CannotTell(
                f"the keyring's key opened nothing: no MUK made of it fits the MAC in frame {message.frame}"
            )
        if muk is None:
            raise CannotTell(f"no MUK of B-TID {body.idr.text} is at hand to check the MAC in frame {message.frame}")
        yield wrong(f"the MAC fails under MUK {muk} of {body.idr.text}, and under every other MUK at hand", message)


def proven_muk(run: Run, body: Mikey) -> str | None:
    """Return the fingerprint of a MUK of this B-TID and NAF that the capture shows, or that has opened something.

    One of the keyring that has opened nothing may be a wrong one, and one of several readings of a Ks is.
    """
    idr, idi, chain = body.idr, body.idi, run.story.chain
    for key in chain.muks.get(idr.text if idr is not None else "", ()):
        seen = key.status == "seen" or any(parent.status == "seen" for parent in key.parents)
        same_naf = idi is None or key.naf in (None, idi.text)
        if same_naf and (seen or key.value in chain.proven):
            return key.fingerprint
    return None


def _supplied_muk(run: Run, b_tid: str) -> bool:
    """Whether a MUK of a B-TID is made of the keyring."""
    return any(_is_supplied(key) for key in run.story.chain.muks.get(b_tid, ()))


def _is_supplied(key: Key) -> bool:
    return key.origin == KEYRING or any(map(_is_supplied, key.parents))


RULES: tuple[Rule, ...] = (
    one_tek_with_interval,
    interval_is_usable,
    mac_verifies_under_muk,
)
