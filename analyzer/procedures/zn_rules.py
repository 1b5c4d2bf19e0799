"""Rules on Zn: what the NAF asks the BSF (TS 33.220 4.5.3, TS 29.109 clauses 5 and 6, RFC 6733)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.keys import gba as arithmetic
from analyzer.procedures import coverage
from analyzer.procedures.dg_rules import realm_fqdn
from analyzer.procedures.roles import outcome
from analyzer.procedures.zn import USAGE, Presented, b_tid_asked, bir, naf_asked, waiting
from analyzer.tolerances import seconds
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.mbms_xml import NafKeyInfo

APPLICATION = 16777220  # 3GPP Zn
DESTINATION_REALM, SESSION_ID = 283, 263  # RFC 6733
AWARENESS, AWARE = 407, 1  # GBA_U-Awareness-Indicator, YES
UA_OF_HTTP = (arithmetic.UA_HTTP, arithmetic.UA_MBMS)
UA_OF_TLS = bytes.fromhex("010001")  # the first octets of a Ua protocol inside TLS (TS 33.220 H.3)
UICC_TOKEN = "3gpp-gba-uicc"  # noqa: S105  # a product token
PRINTABLE = range(0x20, 0x7F)

_FQDN = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?", re.IGNORECASE)
_OPERATOR = re.compile(r"mnc\d{3}\.mcc\d{3}\.")  # TS 23.003 13.2: the realm of an operator


@rule(
    "ZN-01", USAGE, clause="TS 29.109 5.2", level="shall",
    remedy="NAF: send Bootstrapping-Info with application 16777220, Transaction-Identifier (401) and NAF-Id (402).",
)  # fmt: skip
def request_names_b_tid_and_naf(run: Run) -> Iterator[Problem]:
    """A request on Zn is of application 16777220 and carries Transaction-Identifier and NAF-Id.

    The B-TID finds the bootstrapping, the NAF-Id goes into the key: without either the BSF has nothing to derive.
    """
    message, body = run.needs("bir"), bir(run)
    if body.application != APPLICATION:
        yield wrong(f"Application-Id {body.application}, expected {APPLICATION}", message)
    for code, name in ((gba.TRANSACTION_IDENTIFIER, "Transaction-Identifier"), (gba.NAF_ID, "NAF-Id")):
        found = body.find(code)
        if found is None or not found.data:
            yield wrong(f"{name} is {'missing' if found is None else 'empty'}", message)


@rule(
    "ZN-02", USAGE, clause="TS 33.220 4.5.2, 4.5.3", level="shall",
    remedy="NAF: make NAF-Id of the FQDN that UEs know you by, and the 5 octets of the Ua protocol behind it.",
)  # fmt: skip
def naf_id_is_fqdn_and_ua_id(run: Run) -> Iterator[Problem]:
    """NAF-Id is the FQDN of the NAF, as in its realm on Ua, followed by the five octets of the Ua protocol.

    UE and BSF derive for these very octets. With another FQDN, or without the five octets, the NAF gets a key that
    fits no digest of the UE. Which Ua protocol it is, ZN-03 looks at.
    """
    message = run.needs("bir")
    fqdn, ua_id = naf_asked(run)
    if not fqdn or all(octet in PRINTABLE for octet in ua_id):
        yield wrong("NAF-Id has no Ua id behind the FQDN", message)
        return
    if not _FQDN.fullmatch(fqdn):
        yield wrong(f"NAF-Id does not begin with an FQDN but with {fqdn!r}", message)
        return
    waits = [(request, realm_fqdn(request.given.get("realm"))) for request in waiting(run)]
    realms = {realm for _, realm in waits if realm is not None}
    if realms and fqdn.lower() not in realms:
        shown = [request.message for request, _ in waits]
        yield wrong(f"NAF-Id for {fqdn}, the UE talks to {', '.join(sorted(realms))}", *shown, message)


@rule(
    "ZN-03", USAGE, clause="TS 33.220 Annex H.3", level="shall",
    remedy="BM-SC: end NAF-Id with 0100000003 for UEs that come by TS 26.237, with 0100000001 in plain TS 33.246.",
)  # fmt: skip
def ua_id_is_that_of_mbms(run: Run) -> Iterator[Problem]:
    """The BM-SC asks for the Ua protocol of key management over HTTP: 0100000003, or 0100000001 without IMS.

    The five octets go into the key: with others every digest of the UE is refused, without a word on why. What
    the SCF of the SIP based procedure asks for, SB-04 looks at.
    """
    message = run.needs("bir")
    _, ua_id = naf_asked(run)
    waits = [request for request in waiting(run) if bodies.request_type(request.body) is not None]
    if not waits:
        raise NotHere
    if ua_id.startswith(UA_OF_TLS) or all(octet in PRINTABLE for octet in ua_id):
        raise NotHere  # derived for a TLS tunnel; or no Ua id at all, which ZN-02 says
    if ua_id not in UA_OF_HTTP:
        expected = " or ".join(known.hex() for known in UA_OF_HTTP)
        yield wrong(f"NAF-Id ends with {ua_id.hex()}, expected {expected}", *(w.message for w in waits), message)


@rule(
    "ZN-08", USAGE, clause="TS 29.109 5.2", level="shall",
    remedy="NAF: take the Destination-Realm out of the B-TID: what stands behind its @, or the domain of that.",
)  # fmt: skip
def realm_is_that_of_the_b_tid(run: Run) -> Iterator[Problem]:
    """The Destination-Realm of a request on Zn follows from the host in the B-TID.

    It is the only thing that tells which operator's BSF holds the key. Sent elsewhere, the B-TID is unknown.
    """
    message, body = run.needs("bir"), bir(run)
    realm = (body.text(DESTINATION_REALM) or "").lower().rstrip(".")
    server = b_tid_asked(run).rpartition("@")[2].lower().rstrip(".")
    if not realm or "@" not in b_tid_asked(run):
        raise NotHere
    if not _is_within(server, realm) and not _is_within(realm, server) and _operator(realm) != _operator(server):
        yield wrong(f"Destination-Realm {realm}, the B-TID is of {server}", message)


def _is_within(name: str, domain: str) -> bool:
    return name == domain or name.endswith("." + domain)


def _operator(name: str) -> str:
    """Return the operator that a name of 3gppnetwork.org is of; the name itself where it is of none."""
    found = _OPERATOR.search(name + ".")
    return name if found is None else found.group()


@rule(
    "ZN-10", USAGE, clause="TS 33.246 6.1, TS 29.109 5.2", level="should",
    remedy="BM-SC: set GBA_U-Awareness-Indicator to 1, so that the BSF gives the UICC key of a GBA_U subscriber.",
)  # fmt: skip
def awareness_is_told(run: Run) -> Iterator[Problem]:
    """A BM-SC asks with the GBA_U awareness indicator when the UE keeps its MBMS keys in the UICC.

    The MUK of such a UE is Ks_int_NAF, which the BSF gives only to a NAF that says it knows GBA_U. Judged where the
    UE names UICC keys in User-Agent, or has its MRK from a UICC that does MBMS.
    """
    waits = [request for request in waiting(run) if _wants_uicc_keys(run, request)]
    if not waits:
        raise NotHere
    if bir(run).uint(AWARENESS) != AWARE:
        text = "the UE uses UICC keys, and GBA_U-Awareness-Indicator is not set"
        yield wrong(text, *(request.message for request in waits), run.needs("bir"))


def _wants_uicc_keys(run: Run, request: Presented) -> bool:
    if UICC_TOKEN in (request.body.headers.get("User-Agent") or ""):
        return True
    checked = run.story.chain.digest(request.message)
    # TS 33.246 6.1: Ks_ext_NAF itself is the MRK where the UICC does MBMS
    return bool(checked.ok and checked.key is not None and any(p.kind == "Ks_ext_NAF" for p in checked.key.parents))


# ------------------------------------------------------------------------------------------------ one answer


@rule(
    "ZN-11", USAGE, clause="RFC 6733 3, 6.2", level="shall",
    remedy="BSF and agents: answer each request once, with its Hop-by-Hop Identifier; look at routing and load.",
)  # fmt: skip
def request_is_answered_once(run: Run) -> Iterator[Problem]:
    """Each request on Zn gets one answer in time, with the Hop-by-Hop Identifier that it came with.

    A NAF that gets none, or one that it cannot match, answers its UE with 504 and has no key for it.
    """
    message, body = run.needs("bir"), bir(run)
    answers = {answer.payload.data: answer for answer in run.all("bia")}
    if answers:
        if len(answers) > len(run.all("bir")):
            yield wrong(f"{len(answers)} different answers to one request", message, *answers.values())
        return
    stray = _mismatched(run, message, body)
    if stray is not None:
        other = bodies.diameter(stray)
        shown = "another" if other is None else f"{other.hop_by_hop:08x}"
        yield wrong(f"Hop-by-Hop Identifier {shown} in the answer, {body.hop_by_hop:08x} expected", message, stray)
        return
    if _is_answered_elsewhere(run, message, body):
        return
    if not run.story.covers(message.time, run.tolerances.diameter_answer):
        raise CannotTell("the capture ends before an answer is due")
    _be_sure_of_silence(run, message, body)
    yield wrong(f"no answer within {seconds(run.tolerances.diameter_answer)} s", *run.all("bir"))


def _others(run: Run, message: Message, body: Diameter) -> Iterator[Exchange]:
    """Yield the exchanges that carry the same request or its answer: on another leg, or sent again after a failover."""
    session_id, since = body.find(SESSION_ID), message.time - run.tolerances.diameter_answer
    for exchange in run.story.traffic.exchanges:
        shown = bodies.diameter(exchange.first) if exchange.protocol == "diameter" else None
        if shown is None or exchange.first is message or shown.command != body.command:
            continue
        named = shown.find(SESSION_ID)
        same = session_id is None or named is None or session_id.data == named.data
        if same and shown.end_to_end == body.end_to_end and exchange.first.time >= since:
            yield exchange


def _mismatched(run: Run, message: Message, body: Diameter) -> Message | None:
    """Return an answer that came back on the same connection under another Hop-by-Hop Identifier."""
    sent = message.payload
    for exchange in _others(run, message, body):
        back = exchange.first.payload
        ends = (back.dst, back.dport, back.src, back.sport)
        if not exchange.requests and ends == (sent.src, sent.sport, sent.dst, sent.dport):
            return exchange.first
    return None


def _is_answered_elsewhere(run: Run, message: Message, body: Diameter) -> bool:
    """Whether the request went out again by another way, and was answered there."""
    return any(
        exchange.answers and exchange.client == message.payload.src for exchange in _others(run, message, body)
    )  # fmt: skip


def _be_sure_of_silence(run: Run, message: Message, body: Diameter) -> None:
    """Raise CannotTell where an answer may only be missing from the capture."""
    story, sent = run.story, message.payload
    until = message.time + run.tolerances.diameter_answer
    coverage.sure_of_absence(story, "answer on Zn", "diameter", message.time, until)
    if any(exchange.answers for exchange in _others(run, message, body)):
        raise CannotTell("an answer is to be seen beyond an agent, and not on this leg")
    heard = any(
        isinstance(other.body, Diameter) and not other.body.is_request
        and (other.payload.src, other.payload.dst, other.payload.capture) == (sent.dst, sent.src, sent.capture)
        for other in story.traffic.messages
    )  # fmt: skip
    if not heard:
        raise CannotTell(f"the capture shows nothing that {sent.dst} has answered")
    begin, end = coverage.legs(story).windows[sent.capture]
    if len(coverage.legs(story).windows) > 1 and not begin <= until <= end:
        raise CannotTell("the capture of this leg ends before an answer is due")
    if _has_keys(run, message):
        raise CannotTell("the NAF goes on with keys of this B-TID: the answer is missing from the capture only")


def _has_keys(run: Run, message: Message) -> bool:
    """Whether the NAF does after a request what it cannot do without its answer."""
    b_tid = b_tid_asked(run)
    return any(outcome(wait.answer) == "success" for wait in waiting(run)) or any(
        other.time >= message.time and (told := bodies.find(other, NafKeyInfo)) is not None and b_tid in told.b_tids
        for exchange in run.story.traffic.exchanges if exchange.protocol == "http"
        for other in exchange.requests
    )  # fmt: skip


RULES: tuple[Rule, ...] = (
    request_names_b_tid_and_naf,
    naf_id_is_fqdn_and_ua_id,
    ua_id_is_that_of_mbms,
    realm_is_that_of_the_b_tid,
    awareness_is_told,
    request_is_answered_once,
)
