"""Rules on MTK messages (TS 33.246 6.3.3, 6.4.5.3, 6.5.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from analyzer.correlate import bodies
from analyzer.correlate.nodes import is_multicast
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, sent
from analyzer.procedures.delivery import MTK_DELIVERY
from analyzer.procedures.ms_key_rules import MTK_ID_MAX, inside
from analyzer.procedures.ms_rules import MIKEY_PORT, TS_COUNTER, later, mikeys
from dissectors import Message
from dissectors.mikey import KeyData

TGK, TEK_SALT = 0, 3  # RFC 3830 6.13
SALT_OCTETS = 14
MTK_SIZES = (16, 24, 32)  # TS 33.246 4.2
MTK_ID_OCTETS = 2
NOTHING = sent.Before()


@rule(
    "MT-01", MTK_DELIVERY, clause="TS 33.246 6.3.3.2.2", level="shall",
    remedy="BM-SC: send MTK messages to the group address of the RTP session, UDP port 2269.",
)  # fmt: skip
def sent_to_the_group(run: Run) -> Iterator[Problem]:
    """For streaming an MTK message goes to the address of its RTP session, UDP port 2269.

    A UE listens there and nowhere else. Objects of FLUTE are left out: there a download has its MTK messages.
    """
    streams = _destinations(run.story).get(_msk_id(run), frozenset())
    for message in run.all("mtk"):
        payload = message.payload
        if bodies.is_object(message):
            continue
        if payload.dport != MIKEY_PORT:
            yield wrong(f"MTK message to UDP port {payload.dport}, expected {MIKEY_PORT}", message)
        elif not is_multicast(payload.dst) and payload.dst not in streams:
            yield wrong(f"MTK message to {payload.dst}, which is no group address", message)
        elif streams and payload.dst not in streams:
            yield wrong(f"MTK message to {payload.dst}, its media go to {', '.join(sorted(streams))}", message)


@once
def _destinations(story: Story) -> Mapping[bytes | None, frozenset[str]]:
    """Return where the media under each MSK go."""
    found: dict[bytes | None, set[str]] = {}
    for group in story.media:
        if group.mki is not None:
            found.setdefault(group.msk_id, set()).add(group.destination)
    return {msk_id: frozenset(destinations) for msk_id, destinations in found.items()}


def _msk_id(run: Run) -> bytes | None:
    return next((body.msk_id for _, body in mikeys(run, "mtk")), None)


@rule(
    "MT-02", MTK_DELIVERY, clause="TS 33.246 6.4.5.3", level="shall",
    remedy="BM-SC: an MTK message has V 0, no crypto session, an empty map, and neither RAND, identities nor SP.",
)  # fmt: skip
def header_is_bare(run: Run) -> Iterator[Problem]:
    """An MTK message asks for nothing and carries nothing but T, Key ID and KEMAC.

    It goes to everybody: identities, policies or a wish for an answer have no place in it.
    """
    for message, body in mikeys(run, "mtk"):
        found = [
            name
            for name, present in (
                ("V is 1", body.v),
                (f"#CS is {body.cs_count}", body.cs_count != 0),
                (f"CS ID map type is {body.map_type}", body.map_type != 1),
                ("RAND is present", body.rand is not None),
                ("an ID is present", body.idi is not None or body.idr is not None),
                ("SP is present", bool(body.policies)),
            )
            if present
        ]
        if found:
            yield wrong(f"{', '.join(found)} in an MTK message", message)


@rule(
    "MT-03", MTK_DELIVERY, clause="TS 33.246 6.4.4", level="shall",
    remedy="BM-SC: name Key Domain ID, MSK ID and MTK ID (2 octets) in the Key ID extension.",
)  # fmt: skip
def key_id_names_the_mtk(run: Run) -> Iterator[Problem]:
    """An MTK message carries Key Domain ID, MSK ID and MTK ID.

    The first two find the key that opens it, the last says which key is inside.
    """
    for message, body in mikeys(run, "mtk"):
        for name, octets, size in (
            ("Key Domain ID", body.key_domain_id, 3),
            ("MSK ID", body.msk_id, 4),
            ("MTK ID", body.mtk_id, MTK_ID_OCTETS),
        ):  # fmt: skip
            if octets is None:
                yield wrong(f"no {name} in an MTK message", message)
            elif len(octets) != size:
                yield wrong(f"{name} of {len(octets)} octets, expected {size}", message)


@rule(
    "MT-04", MTK_DELIVERY, clause="TS 33.246 6.3.3", level="shall",
    remedy="BM-SC: deliver an MSK to the UEs before sending MTKs under it; look whether the key groups are mixed up.",
)  # fmt: skip
def msk_was_delivered(run: Run) -> Iterator[Problem]:
    """The MSK that an MTK message is under has been delivered to the UEs before.

    Otherwise no UE can open it, and all of them ask for the MSK at once.
    """
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.msk_id is None or body.key_domain_id is None:
        raise NotHere
    delivered = sent.of_groups(run.story).get((body.key_domain_id, body.msk_id[:2]), ())
    before = [msk_id for time, msk_id in delivered if time <= message.time]
    if body.msk_id in before:
        return
    if any(key.status == "supplied" for key in run.story.chain.msks.get((body.key_domain_id, body.msk_id), ())):
        return  # the user has supplied it: it was delivered before the capture began
    # Key numbers go up: one above all that were delivered here was not delivered before the capture began.
    if not before or max(before) > body.msk_id or body.msk_id in (msk_id for _, msk_id in delivered):
        raise CannotTell(f"MSK {body.msk_id.hex()} may have been delivered before the capture began")
    registered = [
        r for ue in run.story.traffic.sessions for r in run.story.runs_of(ue, "http-registration", "sip-initiation")
        if r.outcome == "success"
    ]  # fmt: skip
    if min((r.start for r in registered), default=message.time + 1) > message.time:
        raise CannotTell(f"MSK {body.msk_id.hex()} may have been delivered before the capture began")
    run.story.be_whole()
    told = {address for ue in run.story.traffic.sessions for address in ue.addresses}
    if any(coverage.misses(run.story, message.payload.src, address) for address in told):
        raise CannotTell("not all that the BM-SC has sent to UEs is in the capture")
    yield wrong(f"no UE has been sent MSK {body.msk_id.hex()}", message)


@rule(
    "MT-05", MTK_DELIVERY, clause="TS 33.246 6.4.5.3", level="shall",
    remedy="BM-SC: one TEK with a salt of 14 octets for streaming, one TGK without salt for download, no interval.",
)  # fmt: skip
def one_key_of_the_right_kind(run: Run) -> Iterator[Problem]:
    """An MTK message holds one key: TEK with a salt of 14 octets (streaming), or TGK (download), without interval.

    With another salt the SRTP session keys differ, and with them every packet. Which of the two it has to be is told by
    where the message is, in FLUTE, or by SRTP under its MKI.
    """
    for message in run.all("mtk"):
        keys = inside(run.plain(message))
        in_flute = bodies.is_object(message)
        if len(keys) != 1:
            yield wrong(f"{len(keys)} keys in an MTK message, expected 1", message)
        for key in keys:
            if key.kind not in (TGK, TEK_SALT):
                yield wrong(
                    f"key data of type {key.kind}, expected {TEK_SALT} (streaming) or {TGK} (download)", message
                )
            elif key.kind == TEK_SALT and in_flute:
                yield wrong(f"key data of type {key.kind} in a download, expected {TGK}", message)
            elif key.kind == TGK and not in_flute and _is_streamed(run, message):
                yield wrong(f"key data of type {key.kind} for SRTP, expected {TEK_SALT}", message)
            elif key.kind == TEK_SALT and len(key.salt) != SALT_OCTETS:
                yield wrong(f"salt of {len(key.salt)} octets, expected {SALT_OCTETS}", message)
            if key.kv:
                yield wrong(f"key validity type {key.kv} in an MTK message, expected 0", message)


def _is_streamed(run: Run, message: Message) -> bool:
    """Say whether SRTP to the address of an MTK message names its MTK."""
    body = bodies.mikey(message)
    mki = (body.msk_id or b"") + (body.mtk_id or b"") if body is not None else b""
    return any(group.mki == mki and group.destination == message.payload.dst for group in run.story.media)


@rule(
    "MT-06", MTK_DELIVERY, clause="TS 33.246 6.3.3.1", level="shall",
    remedy="BM-SC: count MTK IDs up from 1 under each MSK, never FFFF, and never go back.",
)  # fmt: skip
def mtk_id_increases(run: Run) -> Iterator[Problem]:
    """MTK IDs under one MSK only go up, begin above 0 and never reach FFFF.

    A UE discards an MTK whose ID is not above its last. This looks at MTK messages; SR-09 at the MKIs of media.
    """
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.mtk_id is None or len(body.mtk_id) != MTK_ID_OCTETS:
        raise NotHere
    number = int.from_bytes(body.mtk_id, "big")
    if number in (0, MTK_ID_MAX):
        yield wrong(f"MTK ID {number:04x} is never used", message)
    highest = sent.before_mtks(run.story).get(id(message), NOTHING).highest
    if highest is not None and number < sent.mtk_number(highest):
        if not _is_new(run, message, highest):
            raise CannotTell(f"MTK {number:04x} may have been sent before the capture began")
        yield wrong(f"MTK ID {number:04x} after {sent.mtk_number(highest):04x} under the same MSK", highest, message)


def _is_new(run: Run, message: Message, highest: Message) -> bool:
    """A repeat of an MTK from before the capture has a counter of then, or protects media already."""
    body, other = bodies.mikey(message), bodies.mikey(highest)
    if body is None or other is None or body.t is None or other.t is None or body.msk_id is None:
        return False
    mki = body.msk_id + (body.mtk_id or b"")
    used = any(group.mki == mki and group.first < message.time for group in run.story.media)
    return later(body.t.value, other.t.value) and not used


@rule(
    "MT-07", MTK_DELIVERY, clause="TS 33.246 6.5.4", level="shall",
    remedy="BM-SC: send MTK IDs above SEQl and up to SEQu of the MSK; deliver a new MSK before the window is used up.",
)  # fmt: skip
def mtk_id_is_in_the_window(run: Run) -> Iterator[Problem]:
    """An MTK ID lies above SEQl and not above SEQu of its MSK.

    Outside its window the UE rejects the key although its MAC is right.
    """
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.mtk_id is None or body.msk_id is None:
        raise NotHere
    windows = [
        key for key in run.story.chain.msks.get((body.key_domain_id, body.msk_id), ())
        if key.valid_from is not None and key.valid_to is not None and key.valid_from <= key.valid_to
    ]  # fmt: skip
    if not windows:
        raise CannotTell(f"the window of MSK {body.msk_id.hex()} is not known")
    number = sent.mtk_number(message)
    if not any((key.valid_from or 0) < number <= (key.valid_to or 0) for key in windows):
        low, high = windows[-1].valid_from or 0, windows[-1].valid_to or 0
        yield wrong(f"MTK ID {number:04x} outside the window {low:04x} to {high:04x} of its MSK", message)


@rule(
    "MT-08", MTK_DELIVERY, clause="TS 33.246 6.3.3.2.2", level="info",
    remedy="BM-SC: repeat an MTK message as it is; a new key needs a new MTK ID.",
)  # fmt: skip
def repeats_bring_the_same_key(run: Run) -> Iterator[Problem]:
    """A repeated MTK ID brings the same key.

    Two keys under one ID split the audience into those who joined before and after.
    """
    if len(run.all("mtk")) < 2:
        raise NotHere
    first: tuple[Message, tuple[KeyData, ...]] | None = None
    for message in run.all("mtk"):
        keys = inside(run.plain(message))
        if first is None:
            first = (message, keys)
        elif [(k.key, k.salt) for k in keys] != [(k.key, k.salt) for k in first[1]]:
            yield wrong("another key under the same MTK ID", first[0], message)


@rule(
    "MT-09", MTK_DELIVERY, clause="TS 33.246 6.4.3", level="shall",
    remedy="BM-SC: raise the counter with every new MTK under an MSK; only a new MSK starts it anew.",
)  # fmt: skip
def mtk_counter_increases(run: Run) -> Iterator[Problem]:
    """The counter goes up with every new MTK under an MSK; a repeat may keep it.

    A UE takes an MTK message with an old counter for a replay.
    """
    message = run.one("mtk")
    body = bodies.mikey(message)
    if body is None or body.t is None or body.t.ts_type != TS_COUNTER:
        raise NotHere
    earlier = sent.before_mtks(run.story).get(id(message), NOTHING).other
    if earlier is not None:
        stored = bodies.mikey(earlier)
        if stored is not None and stored.t is not None and not later(body.t.value, stored.t.value):
            if sent.mtk_number(message) < sent.mtk_number(earlier):
                raise CannotTell(f"MTK {sent.mtk_number(message):04x} may have been sent before the capture began")
            text = f"counter {body.t.value} of a new MTK after {stored.t.value} under the same MSK"
            yield wrong(text, earlier, message)
    seen = sent.sighted(run.story)
    for previous, repeat in pairwise(m for m in run.all("mtk") if id(m) not in seen):
        before, after = bodies.mikey(previous), bodies.mikey(repeat)
        if before is None or after is None or before.t is None or after.t is None:
            continue
        if before.t.value != after.t.value and not later(after.t.value, before.t.value):
            yield wrong(f"counter {after.t.value} of a repeat after {before.t.value}", previous, repeat)


@rule(
    "MT-10", MTK_DELIVERY, clause="TS 33.246 6.4.1", level="shall",
    remedy="BM-SC: derive the keys of an MTK message from the MSK, its own CSB ID, and the RAND of the MSK message.",
)  # fmt: skip
def mac_verifies_under_msk(run: Run) -> Iterator[Problem]:
    """The MAC of an MTK message verifies under the MSK that it names.

    The RAND is that of the MSK message, the CSB ID its own. Mixed up, every UE drops the message.
    """
    checked = [(m, body) for m, body in mikeys(run, "mtk") if body.kemac is not None and body.kemac.mac_alg]
    if not checked:
        raise NotHere
    open_, chain = "", run.story.chain
    for message, body in checked:
        if chain.opening(message) is not None:
            continue
        shut = chain.closing(message)
        if shut is None or not shut.tried:
            open_ = open_ or f"MSK {(body.msk_id or b'').hex()} is needed to check the MAC in frame {message.frame}"
        elif not any(map(chain.is_sure, chain.msks.get((body.key_domain_id, body.msk_id or b""), ()))):
            open_ = open_ or f"the keyring's key opened nothing: its MSK does not fit the MAC in frame {message.frame}"
        else:
            yield wrong(f"the MAC fails under MSK {(body.msk_id or b'').hex()}", message)
    if open_:
        raise CannotTell(open_)


@rule(
    "MT-14", MTK_DELIVERY, clause="TS 33.246 4.2", level="shall",
    remedy="BM-SC: use MTKs of 16, 24 or 32 octets.",
)  # fmt: skip
def mtk_has_a_legal_length(run: Run) -> Iterator[Problem]:
    """An MTK has 128, 192 or 256 bits.

    SRTP takes it as its master key and knows no other lengths. That the MSK be as long is a should, and not judged.
    """
    for message in run.all("mtk"):
        for key in inside(run.plain(message)):
            if len(key.key) not in MTK_SIZES:
                yield wrong(f"MTK of {len(key.key)} octets, expected 16, 24 or 32", message)


@rule(
    "MS-30", MTK_DELIVERY, clause="TS 33.246 6.5.4", level="shall",
    remedy="UE: drop an MTK message that fails without a word; never answer it with a MIKEY error.",
)  # fmt: skip
def no_error_message(run: Run) -> Iterator[Problem]:
    """No UE answers an MTK message with a MIKEY error message.

    Everybody gets the same MTK message: answers of a whole audience would flood the BM-SC.
    """
    asked = {body.csb_id: message for message, body in mikeys(run, "mtk")}
    begun = run.one("mtk").time
    for csb_id, message in asked.items():
        for error in sent.errors(run.story).get(csb_id, ()):
            if error.time < begun:
                continue
            if csb_id in sent.msk_csb_ids(run.story):
                raise CannotTell(f"the error message in frame {error.frame} may answer an MSK message of its CSB ID")
            yield wrong(f"MIKEY error message from {error.payload.src}", message, error)


RULES: tuple[Rule, ...] = (
    sent_to_the_group,
    header_is_bare,
    key_id_names_the_mtk,
    msk_was_delivered,
    one_key_of_the_right_kind,
    mtk_id_increases,
    mtk_id_is_in_the_window,
    repeats_bring_the_same_key,
    mtk_counter_increases,
    mac_verifies_under_msk,
    mtk_has_a_legal_length,
    no_error_message,
)
