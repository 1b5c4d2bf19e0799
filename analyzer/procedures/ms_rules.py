"""Rules on MSK messages as anyone can read them: header, counter, identities, policy (TS 33.246 6.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies, gba
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage, history, sent
from analyzer.procedures.bootstrapping import made_for
from analyzer.procedures.delivery import CURRENT_MSK, MSK_DELIVERY, SOLICITED_PULL
from analyzer.procedures.ua import crowded
from dissectors import Message
from dissectors.mikey import Mikey

MIKEY_PORT = 2269  # IANA "mikey", TS 33.246 6.4.1
RAND_OCTETS = 16
TS_COUNTER = 2
ID_NAI = 0
KEY_DOMAIN_OCTETS, MSK_ID_OCTETS = 3, 4
SP_RATE, SP_KDR = 13, 6  # RFC 4771 R, RFC 3830 6.10.1
OVERTAKING = 100_000_000  # ns; messages that change places on the way are not further apart
HALF = 1 << 31  # RFC 1982 with 32 bits


@once
def mikeys(run: Run, *names: str) -> tuple[tuple[Message, Mikey], ...]:
    """Return the MIKEY messages of the steps named with their bodies."""
    return tuple((m, body) for m in run.all(*names) if (body := bodies.mikey(m)) is not None)


def later(counter: int, stored: int) -> bool:
    """RFC 1982 serial number comparison on 32 bits; an undefined one counts as not later (TS 33.246 6.4.3)."""
    return 0 < (counter - stored) % (1 << 32) < HALF


def _sure_of_no_request(run: Run, message: Message) -> None:
    """Raise CannotTell where a registration or request before an MSK message may only be missing from the capture.

    Or its answer.
    """
    if run.ues:
        history.be_settled(run.story, run.ue, message)
    coverage.sure_of_absence(run.story, "other registration or request", "http", run.story.traffic.begin, message.time)


@rule(
    "MS-01", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.1", level="shall",
    remedy="BM-SC: send MIKEY to UDP port 2269 of the address that the UE registered from (or the SCF's ueIPaddress).",
)  # fmt: skip
def sent_to_registered_address(run: Run) -> Iterator[Problem]:
    """An MSK message goes to UDP port 2269 of the address that the UE registered from.

    The BM-SC learns the address from the registration on Ua, or from ueIPaddress in the SCF's POST. Sent
    elsewhere, the MSK never arrives, and nobody notices but the user. Behind a NAT the port is the one that it keeps
    for the UE, and requests may come from a proxy: where a UE verified from the very end that a message went to, that
    end is its own; where it did not, a port is wrong only at an address that the UE names in its SIP as its own.
    """
    for message in run.all("msk", "pull"):
        payload = message.payload
        answered = _answering_ends(run.story, run.ue) if run.ues else frozenset()
        if payload.dport != MIKEY_PORT and (payload.dst, payload.dport) not in answered:
            if payload.dst in crowded(run.story) or payload.dst not in _unmapped(run.story):
                raise CannotTell(f"port {payload.dport} of {payload.dst} may be one of a NAT")
            yield wrong(f"MSK message to UDP port {payload.dport}, expected {MIKEY_PORT}", message)
        known = history.registered_addresses(run.story, run.ue, message.time) if run.ues else ()
        if known and payload.dst not in known and (payload.dst, payload.dport) not in answered:
            _sure_of_no_request(run, message)
            yield wrong(f"MSK message to {payload.dst}, the UE registered from {', '.join(known)}", message)


@once
def _unmapped(story: Story) -> frozenset[str]:
    """Return the addresses that whoever sends SIP from them knows for its own: no NAT is before them."""
    found: set[str] = set()
    for message in story.traffic.messages:
        body = bodies.sip(message)
        if body is not None and body.is_request and len(body.vias) == 1:
            sent_by = body.vias[0].partition(";")[0].split()[-1:]  # RFC 3261 18.2.1
            own = message.payload.src
            if sent_by and sent_by[0].lower() in (
                own,
                f"{own}:{message.payload.sport}",
                f"[{own}]:{message.payload.sport}",
            ):
                found.add(own)
    return frozenset(found)


@once
def _answering_ends(story: Story, ue: Session) -> frozenset[tuple[str, int]]:
    """Return the ends that MSK messages to a UE went to and that it answered one from."""
    found: set[tuple[str, int]] = set()
    for delivery in story.runs_of(ue, "msk-delivery"):
        sent = {(message.payload.dst, message.payload.dport) for message in delivery.all("msk")}
        found |= sent & {(message.payload.src, message.payload.sport) for message in delivery.all("verification")}
    return frozenset(found)


@rule(
    "MS-02", MSK_DELIVERY, SOLICITED_PULL, clause="RFC 3830 6.1", level="shall",
    remedy="BM-SC: use MIKEY version 1, data type 0 (pre-shared key) and PRF 0 (MIKEY-1).",
)  # fmt: skip
def header_is_psk(run: Run) -> Iterator[Problem]:
    """An MSK message is MIKEY version 1 of the pre-shared key method with PRF 0.

    UEs must support nothing else; another PRF leads to other keys and a MAC that fails.
    """
    for message, body in mikeys(run, "msk", "pull"):
        if (body.version, body.data_type, body.prf) != (1, 0, 0):
            yield wrong(
                f"version {body.version}, data type {body.data_type}, PRF {body.prf}; expected 1, 0, 0", message
            )


@rule(
    "MS-03", MSK_DELIVERY, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: for streaming one crypto session with an SRTP-ID map, for download none with an empty map.",
)  # fmt: skip
def crypto_sessions_fit_map(run: Run) -> Iterator[Problem]:
    """An MSK message has one crypto session with an SRTP-ID map (streaming), or none with an empty map (download).

    Anything between leaves the UE without SSRC and ROC, or with a map for a session that does not exist.
    """
    for message, body in mikeys(run, "msk"):
        if (body.cs_count, body.map_type) not in ((1, 0), (0, 1)):
            yield wrong(
                f"#CS {body.cs_count} with CS ID map type {body.map_type}; expected 1 with 0, or 0 with 1", message
            )


@rule(
    "MS-04", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.3", level="shall",
    remedy="BM-SC: put a COUNTER (TS type 2) into the T payload of every MBMS MIKEY message.",
)  # fmt: skip
def timestamp_is_counter(run: Run) -> Iterator[Problem]:
    """An MSK message carries a T payload of type COUNTER.

    Replay protection of MBMS counts; a UE need not understand NTP time stamps.
    """
    for message, body in mikeys(run, "msk", "pull"):
        if body.t is None:
            yield wrong("no T payload", message)
        elif body.t.ts_type != TS_COUNTER:
            yield wrong(f"TS type {body.t.ts_type}, expected {TS_COUNTER} (COUNTER)", message)


@rule(
    "MS-05", MSK_DELIVERY, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: draw one RAND of 16 octets for each MSK and send the same to all UEs.",
)  # fmt: skip
def rand_is_common(run: Run) -> Iterator[Problem]:
    """An MSK message carries a RAND of 16 octets, the same for every UE that gets this MSK.

    MTK messages have no RAND of their own: they are opened with that of the MSK. UEs that got another RAND
    hold the right MSK and still open no MTK.
    """
    for message, body in mikeys(run, "msk"):
        if body.rand is None or len(body.rand) != RAND_OCTETS:
            found = "no RAND" if body.rand is None else f"a RAND of {len(body.rand)} octets"
            yield wrong(f"{found}, expected {RAND_OCTETS} octets", message)
            continue
        first = sent.first_msks(run.story).get((body.key_domain_id, body.msk_id))
        other = None if first is None else bodies.mikey(first)
        if first is not None and other is not None and other.rand != body.rand:
            yield wrong("this RAND differs from the one first sent with the MSK", first, message)


@rule(
    "MS-06", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: IDi is the NAF FQDN without Ua id, IDr the B-TID, both of ID type 0 (NAI).",
)  # fmt: skip
def identities_name_the_muk(run: Run) -> Iterator[Problem]:
    """An MSK message names its MUK: IDi is the NAF FQDN, IDr the B-TID, both of type NAI.

    The UE looks its MUK up by exactly this pair; with a wrong name it finds none and drops the message.
    """
    for message, body in mikeys(run, "msk", "pull"):
        if body.idi is None or body.idr is None:
            yield wrong(f"{'IDi' if body.idi is None else 'IDr'} is missing", message)
            continue
        for name, identity in (("IDi", body.idi), ("IDr", body.idr)):
            if identity.id_type != ID_NAI:
                yield wrong(f"{name} has ID type {identity.id_type}, expected {ID_NAI} (NAI)", message)
        if "@" not in body.idr.text:
            yield wrong(f"IDr {body.idr.text} is no B-TID", message)
        known = history.naf_fqdns(run.story, run.ue, message.time) if run.ues else ()
        by_http = not run.story.runs_of(run.ue, "sip-initiation", "ks-naf-refresh") if run.ues else False
        if by_http and known and body.idi.text not in known:
            yield wrong(f"IDi {body.idi.text}, the UE registered at {', '.join(known)}", message)


@rule(
    "MS-07", MSK_DELIVERY, clause="TS 33.246 6.3.2", level="shall",
    remedy="BM-SC: after a registration or request with a new B-TID, use the MUK of that B-TID at once.",
)  # fmt: skip
def b_tid_is_the_last_registered(run: Run) -> Iterator[Problem]:
    """An MSK message is for the B-TID of the UE's last successful registration or request.

    A BM-SC that goes on with the MUK of an older one forces the UE into a solicited pull, or into silence.
    """
    for message, body in mikeys(run, "msk"):
        if not run.ues or body.idr is None or "@" not in body.idr.text:
            raise NotHere
        known = history.last_b_tid(run.story, run.ue, message.time)
        if known is None:
            raise NotHere
        if body.idr.text != known:
            if body.idr.text not in _named(run.story, run.ue):
                raise CannotTell(f"that B-TID {body.idr.text} is of this UE, nothing but an address says")
            _sure_of_no_request(run, message)
            yield wrong(f"IDr {body.idr.text}, the last registration or request used {known}", message)


@once
def _named(story: Story, ue: Session) -> frozenset[str]:
    """Return the B-TIDs of a UE that more than MIKEY names: behind a NAT there may be other UEs."""
    asked = [message for exchange in ue.exchanges for message in exchange.requests]
    said = {b_tid for message in asked for b_tid in (*bodies.b_tids(message), gba.username(message)) if b_tid}
    return frozenset(said | {made.b_tid for made in made_for(story, ue) if made.b_tid})


@rule(
    "MS-08", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.4", level="shall",
    remedy="BM-SC: add the Key ID extension (type 3) with a Key Domain ID of 3 and an MSK ID of 4 octets.",
)  # fmt: skip
def key_id_is_complete(run: Run) -> Iterator[Problem]:
    """An MSK message carries the Key ID extension with Key Domain ID (3 octets) and MSK ID (4 octets).

    Without it the UE cannot tell which MSK it got, nor which MTK messages it opens.
    """
    for message, body in mikeys(run, "msk", "pull"):
        for name, octets, size in (
            ("Key Domain ID", body.key_domain_id, KEY_DOMAIN_OCTETS),
            ("MSK ID", body.msk_id, MSK_ID_OCTETS),
        ):
            if octets is None:
                yield wrong(f"no {name}", message)
            elif len(octets) != size:
                yield wrong(f"{name} of {len(octets)} octets, expected {size}", message)


@rule(
    "MS-09", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: use AES-CM-128 and HMAC-SHA-1-160 in the KEMAC; NULL is forbidden.",
)  # fmt: skip
def kemac_is_not_null(run: Run) -> Iterator[Problem]:
    """The KEMAC of an MSK message is encrypted and has a MAC.

    NULL algorithms would hand the MSK to everybody on the path.
    """
    for message, body in mikeys(run, "msk", "pull"):
        if body.kemac is None:
            raise NotHere
        for name, value in (("encryption", body.kemac.encr_alg), ("MAC", body.kemac.mac_alg)):
            if value == 0:
                yield wrong(f"NULL {name} algorithm in KEMAC", message)


@rule(
    "MS-12", MSK_DELIVERY, SOLICITED_PULL, clause="TS 33.246 6.4.3", level="shall",
    remedy="BM-SC: add one to the counter of the UE for every MSK message, retransmissions included.",
)  # fmt: skip
def counter_increases(run: Run) -> Iterator[Problem]:
    """The counter of an MSK message is greater than that of the last one under the same MUK.

    The UE takes an equal or lower counter for a replay and drops the message without a word.
    """
    if not run.ues or not any(_counts(body) for _, body in mikeys(run, "msk", "pull")):
        raise NotHere
    overtaken = False
    for message, body in mikeys(run, "msk", "pull"):
        replayed = stale(run.story).get(id(message))
        if replayed is None:
            continue
        previous, counter = replayed
        value = 0 if body.t is None else body.t.value
        if value != counter and message.time - previous.time <= OVERTAKING:
            overtaken = True
            continue
        yield wrong(f"counter {value} after {counter} under the same MUK", previous, message)
    if overtaken:
        raise CannotTell("two MSK messages came so close together that one may have overtaken the other")


def _counts(body: Mikey) -> bool:
    return body.t is not None and body.t.ts_type == TS_COUNTER and body.idr is not None


@once
def stale(story: Story) -> Mapping[int, tuple[Message, int]]:
    """Return the MSK messages whose counter is not later than all before it under the same MUK.

    By `id`, with the message that has the highest counter, and this counter. A packet that was seen twice is one.
    """
    seen = sent.sighted(story)
    found: dict[int, tuple[Message, int]] = {}
    for ue in story.traffic.sessions:
        highest: dict[tuple[bytes, ...], tuple[Message, int]] = {}
        for message in history.msk_messages(story, ue):
            body = bodies.mikey(message)
            if body is None or body.t is None or not _counts(body) or id(message) in seen:
                continue
            before = highest.get(_muk(body))
            if before is None or later(body.t.value, before[1]):
                highest[_muk(body)] = message, body.t.value
            else:
                found[id(message)] = before
    return found


def _muk(body: Mikey) -> tuple[bytes, ...]:
    """What names a MUK: IDi and IDr (TS 33.246 6.4.6.1)."""
    return tuple(identity.data for identity in (body.idi, body.idr) if identity is not None)


@rule(
    "MS-13", MSK_DELIVERY, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: send SP with the MSK that answers a registration or request; never with an empty CS ID map.",
)  # fmt: skip
def policy_is_where_it_belongs(run: Run) -> Iterator[Problem]:
    """SP comes with the MSK of a stream that the UE has asked for, and never with one for download.

    A UE that has just registered knows no algorithms; without SP it cannot even find the MKI in a packet.
    """
    for message, body in mikeys(run, "msk"):
        if body.map_type == 1:
            if body.policies:
                yield wrong("SP payload in an MSK message with an empty CS ID map", message)
            continue
        if not run.ues or body.policies or history.deregistered(run.story, run.ue, message.time):
            continue
        if _answers_a_request(run, message):
            history.be_settled(run.story, run.ue, message)
            run.story.be_whole()
            yield wrong("no SP payload in the first MSK message after a registration or MSK request", message)


def _answers_a_request(run: Run, message: Message) -> bool:
    """The first MSK message after a registration or request: nothing else stands between."""
    asked = next(history.before(run.story, run.ue, message.time, *history.REGISTERING, *history.REQUESTING), None)
    if asked is None:
        return False
    since = history.answered(asked)
    return not any(since < other.time < message.time for other in history.msk_messages(run.story, run.ue))


@rule(
    "MS-14", MSK_DELIVERY, clause="TS 33.246 6.6.2.1, RFC 4771 4", level="shall",
    remedy="BM-SC: put R (type 13, not zero) into SP and leave the key derivation rate at 0.",
)  # fmt: skip
def policy_has_roc_rate(run: Run) -> Iterator[Problem]:
    """SP carries the ROC transmission rate R, not zero, and no key derivation rate but 0.

    R tells which packets carry the ROC: a UE that joins late cannot find its place without it.
    """
    shown = [(message, policy) for message, body in mikeys(run, "msk") for policy in body.policies]
    if not shown:
        raise NotHere
    for message, policy in shown:
        if not policy.value(SP_RATE):
            yield wrong(f"R (SP type {SP_RATE}) is {'0' if policy.value(SP_RATE) == 0 else 'absent'}", message)
        if policy.value(SP_KDR):
            yield wrong(f"key derivation rate {policy.value(SP_KDR)}, expected 0", message)


@rule(
    "MS-15", MSK_DELIVERY, clause="TS 33.246 6.4.5.1", level="shall",
    remedy="BM-SC: keep SP as it is while the service runs; start a new service to change it.",
)  # fmt: skip
def policy_does_not_change(run: Run) -> Iterator[Problem]:
    """SP stays the same for a key group once its service has started.

    UEs apply the first policy to all packets; after a change half of the audience cannot authenticate.
    """
    shown = [(message, body) for message, body in mikeys(run, "msk") if body.policies and body.msk_id]
    if not shown:
        raise NotHere
    for message, body in shown:
        first = sent.first_policies(run.story).get((body.key_domain_id, (body.msk_id or b"")[:2]))
        earlier = None if first is None or first.time >= message.time else bodies.mikey(first)
        if first is None or earlier is None:
            continue
        if [sorted(p.params) for p in earlier.policies] != [sorted(p.params) for p in body.policies]:
            yield wrong("SP differs from the one sent before for this key group", first, message)


@rule(
    "MS-27", SOLICITED_PULL, clause="TS 33.246 6.3.2.2.4", level="shall",
    remedy="BM-SC: a message without a key is a solicited pull: V 0 and Key Number 0.",
)  # fmt: skip
def keyless_message_is_a_pull(run: Run) -> Iterator[Problem]:
    """An MSK message without a key asks for no verification and names Key Number 0.

    Only the solicited pull has no key inside; with another Key Number the UE does not know what to ask for.
    """
    for message, body in mikeys(run, "pull"):
        if body.v:
            yield wrong("V is 1 in a message without a key", message)
        if body.msk_id is not None and body.msk_id[2:] != CURRENT_MSK:
            yield wrong(f"Key Number {body.msk_id[2:].hex()} in a message without a key, expected 0000", message)


RULES: tuple[Rule, ...] = (
    sent_to_registered_address,
    header_is_psk,
    crypto_sessions_fit_map,
    timestamp_is_counter,
    rand_is_common,
    identities_name_the_muk,
    b_tid_is_the_last_registered,
    key_id_is_complete,
    kemac_is_not_null,
    counter_increases,
    policy_is_where_it_belongs,
    policy_has_roc_rate,
    policy_does_not_change,
    keyless_message_is_a_pull,
)
