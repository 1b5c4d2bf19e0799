"""What answers, their absence, and the network say of a cause, where no rule tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.correlate import bodies, gba
from analyzer.correlate.nodes import BM_SC, BSF, IM_CN, SCF, UE
from analyzer.diagnosis.effects import CERTAIN, LIKELY, NOT_DELIVERED, POSSIBLE
from analyzer.diagnosis.trouble import FORBIDDEN, UNAUTHORIZED, Known, Trouble, place
from analyzer.judging import Run, Story
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import maker
from analyzer.report import Evidence
from dissectors import Message
from dissectors.http import Http
from dissectors.sip import Sip

MAX_SHOWN = 40  # characters of a header: a date is shorter
UNAVAILABLE = (500, 502, 503)
ZN_IDENTITY_UNKNOWN, ZN_B_TID_INVALID = 5401, 5403  # TS 29.109 6.2
ICMP_WITHIN = 5 * 10**9  # ns; an ICMP error that comes later speaks of another packet


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause of a trouble: how sure, why, and what to do."""

    cause: str
    confidence: str
    text: str
    remedy: str
    evidence: tuple[Evidence, ...]
    waived: str | None = None  # of the broken rule that shows it


def answered(known: Known, trouble: Trouble) -> Iterator[Reason]:
    """Yield what the answer itself, or its absence, says of the cause."""
    asked, answer, code = trouble.asked, trouble.answer, trouble.code
    shown = _places(*(message for message in (asked, answer) if message is not None))
    if trouble.run.procedure.kind == "msk-delivery":
        yield from _undelivered(known, trouble, shown)
        return
    if trouble.run.procedure.kind == "gba-bootstrapping":
        text = "The UE did not answer the challenge." if code == UNAUTHORIZED else "Nothing says why."
        remedy = "BSF and HSS: see whether K, OP and SQN of this subscription are those of its UICC."
        yield Reason("bootstrapping-failed", LIKELY if code else POSSIBLE, text, remedy, shown)
        return
    if asked is None:
        return
    if answer is None:
        yield Reason(
            "request-timeout", LIKELY, "No answer came.",
            f"{_server(trouble)}: see whether the request arrived, and what became of it.", shown,
        )  # fmt: skip
        return
    if code in UNAVAILABLE:
        yield _unavailable(trouble, answer, shown)
        return
    said = f"With {code} the {_server(trouble)} says"
    for codes, cause, text, remedy in _STATUSES:
        if code in codes:
            yield Reason(cause, LIKELY, f"{said} {text}.", _told(known.story, asked, remedy), shown)
            return
    if code == UNAUTHORIZED:
        yield _unauthorized(known, asked, shown)
    elif code in (FORBIDDEN, 404) and trouble.ue is not None:
        yield _forbidden(known, trouble, shown)
    else:
        yield Reason(
            "server-unavailable", POSSIBLE, "Nothing else explains it.", f"{_server(trouble)}: see its log.", shown
        )


_STATUSES: tuple[tuple[tuple[int, ...], str, str, str], ...] = (
    ((400, 413), "malformed-body", "that it could not read the request",
     "{sender}: see what of the body that {address} {sent} is not as specified."),
    ((415, 406), "wrong-content-type", "that it does not take this kind of content",
     "{sender}: name the content type of the request that {address} {sent} as TS 33.246 and TS 26.237 have it."),
    ((405, 501), "wrong-request-uri", "that it does not do this at this address",
     "{sender}: see method and Request-URI of the request that {address} {sent}."),
    ((408,), "request-timeout", "that the request was not over in time", "See what lies between the two ends."),
    ((504,), "zn-no-answer", "that it got no answer from a server behind it",
     "BM-SC and BSF: see whether Zn requests arrive and are answered."),
)  # fmt: skip

SENDERS = {UE: "UE", IM_CN: "UE and IM CN", SCF: "SCF", BM_SC: "BM-SC", BSF: "BSF"}  # who may have made a request


def _told(story: Story, asked: Message, remedy: str) -> str:
    """Address a remedy to whoever made a request: the node that sent it, or who is behind a proxy that sent it on."""
    address = asked.payload.src
    role = story.traffic.nodes.role(address)
    forwarded = role == IM_CN or history.was_forwarded(asked)
    sender = SENDERS.get(role, "Sender of the request")
    return remedy.format(sender=sender, address=address, sent="sent on" if forwarded else "sent")


def _unavailable(trouble: Trouble, answer: Message, shown: tuple[Evidence, ...]) -> Reason:
    server, body = _server(trouble), answer.body
    wait = body.headers.get("Retry-After") if isinstance(body, Http | Sip) else None
    said = f"With {trouble.code} the {server} says that it is overloaded or out of order"
    if wait is None:
        remedy = f"{server}: see its load and its log, and send Retry-After. UE: wait before asking again."
        return Reason("server-unavailable", LIKELY, f"{said}, and not for how long.", remedy, shown)
    remedy = f"{server}: see its load and its log. UE: wait for as long as Retry-After says."
    return Reason(
        "server-unavailable", LIKELY, f"{said}, and with Retry-After {wait[:MAX_SHOWN]} for how long.", remedy, shown
    )


def _unauthorized(known: Known, asked: Message, shown: tuple[Evidence, ...]) -> Reason:
    checked = known.story.chain.digest(asked)
    if checked.ok is False:
        return Reason(
            "digest-wrong-response", CERTAIN, "The response of the UE does not verify.",
            "UE: compute the response with base64 of the MRK of this B-TID and NAF.", shown,
        )  # fmt: skip
    told = bodies.http(asked)
    given = None if told is None else gba.authorization(told)
    if given is None or not given.get("nonce"):
        return Reason(
            "digest-no-retry-after-401", LIKELY, "The UE did not come back with credentials.",
            "UE: answer the challenge with the B-TID and a response.", shown,
        )  # fmt: skip
    good = "The response of the UE verifies; all the same the BM-SC may have" if checked.ok else "The BM-SC may have"
    return Reason(
        "unknown-b-tid-at-bsf", POSSIBLE, f"{good} got no keys for B-TID {given.get('username')} from the BSF.",
        "BM-SC: see what the BSF said of this B-TID, which is not in the capture.", shown,
    )  # fmt: skip


def _forbidden(known: Known, trouble: Trouble, shown: tuple[Evidence, ...]) -> Reason:
    kind, ue = trouble.run.procedure.kind, trouble.ue
    if ue is not None and kind not in history.REGISTERING and history.deregistered(known.story, ue, trouble.time):
        return Reason(
            "service-not-registered", CERTAIN, "The UE had deregistered.",
            "UE: register before asking for keys.", shown,
        )  # fmt: skip
    registered = ue is not None and any(history.before(known.story, ue, trouble.time, *history.REGISTERING))
    if kind not in (*history.REGISTERING, "http-initiation") and not registered:
        return Reason(
            "service-not-registered", POSSIBLE, "The capture shows no registration of the UE before.",
            "UE: register before asking for keys. BM-SC: see whether it lost the registration.", shown,
        )  # fmt: skip
    if kind == "http-registration":
        return Reason(
            "not-authorized-by-scf", LIKELY, "The BM-SC does not take this user for authorized.",
            "SCF and BM-SC: see whether the SCF authorized this user for this service.", shown,
        )  # fmt: skip
    return Reason(
        "not-authorized-by-scf", LIKELY, "Nothing that the capture shows before it explains the refusal.",
        "SCF: see whether this user has subscribed to the service.", shown,
    )  # fmt: skip


def unreachable(known: Known, trouble: Trouble) -> Iterator[Reason]:
    """Yield what the network said of the messages of a delivery that did not reach the UE."""
    if trouble.symptom != NOT_DELIVERED:
        return
    for message in trouble.run.all("msk"):
        for error in known.story.icmp_errors:
            there = (error.dst, error.dport) == (message.payload.dst, message.payload.dport)
            if there and message.time <= error.time <= message.time + ICMP_WITHIN:
                yield Reason(
                    "msk-port-unreachable", CERTAIN,
                    f"{error.reporter} answered the MSK message in frame {message.frame} with ICMP {error.what} in "
                    f"frame {error.frame}.",
                    "UE: listen on UDP port 2269 from registration on. Network: let it through, NAT and firewall too.",
                    (place(message), Evidence(error.capture, error.frame)),
                )  # fmt: skip
                return


def _undelivered(known: Known, trouble: Trouble, shown: tuple[Evidence, ...]) -> Iterator[Reason]:
    """Yield why an MSK message may have got no verification."""
    message = trouble.run.messages[-1]
    shut = known.story.chain.closing(message)
    if shut is not None and shut.tried:
        yield Reason(
            "msk-wrong-key", POSSIBLE,
            f"None of the {shut.tried} keys at hand opens the MSK message in frame {message.frame}.",
            "BM-SC: see under which MUK it sends. You: see whether the keyring has the MUK of this B-TID.", shown,
        )  # fmt: skip
    opened = known.story.chain.opening(message)
    fine = "is under the right MUK, asks" if opened is not None else "asks"
    yield Reason(
        "msk-not-acknowledged", LIKELY if opened is not None else POSSIBLE,
        f"The MSK message in frame {message.frame} {fine} for a verification, and none came.",
        "UE: see whether the message arrived, and answer it when V is set. Network: see UDP port 2269.", shown,
    )  # fmt: skip


def _server(trouble: Trouble) -> str:
    kind = trouble.run.procedure.kind
    if trouble.answer is not None and bodies.http(trouble.answer) is not None:
        return "BSF" if kind == "gba-bootstrapping" else "BM-SC"
    return "SCF" if kind.startswith(("sip-", "http-initiation", "ks-naf")) else "BM-SC"


def _places(*messages: Message) -> tuple[Evidence, ...]:
    return tuple(map(place, messages))


# ------------------------------------------------------------------------------------------------ Zn


def no_keys(known: Known, run: Run) -> Iterator[Reason]:
    """Yield why the BSF gave no keys."""
    asked, answer = run.first("bir"), run.first("bia")
    if run.outcome == "success" or asked is None:
        return
    if answer is None:
        yield Reason(
            "zn-no-answer", LIKELY, f"The BSF did not answer the Zn request in frame {asked.frame}.",
            "NAF and BSF: look at the Diameter connection and at the load of the BSF.", _places(asked),
        )  # fmt: skip
        return
    body, request = bodies.diameter(answer), bodies.diameter(asked)
    code = None if body is None else bodies.result_code(body)
    b_tid = (None if request is None else request.text(gba.TRANSACTION_IDENTIFIER)) or "that was asked for"
    said = f"On Zn the BSF answered {code} (frame {answer.frame}) for B-TID {b_tid}"
    made = maker(known.story, b_tid)
    if code in (ZN_B_TID_INVALID, ZN_IDENTITY_UNKNOWN) and made is not None and _is_over(made, asked.time):
        yield Reason(
            "expired-ks-naf", CERTAIN, f"{said}, whose lifetime had ended {gba.when(made.lifetime)}.",
            "UE: bootstrap again before the lifetime of Ks ends, and register with the new B-TID.",
            _places(asked, answer),
        )  # fmt: skip
    elif code in (ZN_B_TID_INVALID, ZN_IDENTITY_UNKNOWN):
        unseen = "" if made is not None else ", or its lifetime has passed: its bootstrapping is not in the capture"
        yield Reason(
            "unknown-b-tid-at-bsf", CERTAIN if made is not None else LIKELY,
            f"{said}: it does not know it, or no longer{unseen}.",
            "BSF: keep a B-TID for its lifetime, over restarts too. UE: bootstrap again when it is refused.",
            _places(asked, answer),
        )  # fmt: skip
    else:
        yield Reason(
            "zn-rejected", CERTAIN, f"{said}.",
            "BSF and NAF: see which NAF names, services and security settings the BSF grants this NAF.",
            _places(asked, answer),
        )  # fmt: skip


def _is_over(made: gba.Bootstrapping, time: int) -> bool:
    return made.lifetime is not None and made.lifetime < time
