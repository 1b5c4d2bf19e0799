"""Rules on the INVITE of an MBMS session and its answer (TS 26.237 8.3.3, 10.4.1.1.1; RFC 3325)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import status
from analyzer.correlate.nodes import is_multicast
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, rule, wrong
from analyzer.procedures.invites import (
    HTTP_INITIATION,
    SIP_INITIATION,
    nearest_to_scf,
    offer_and_answer,
    posts,
    sent_by_ue,
    sips,
)
from analyzer.procedures.roles import name
from dissectors import Message
from dissectors.mbms_xml import SecurityProcedure
from dissectors.sdp import Sdp, SdpMedia
from dissectors.sip import Sip

INITIATIONS = (HTTP_INITIATION, SIP_INITIATION)
DIRECTIONS = ("sendonly", "recvonly", "sendrecv", "inactive")  # RFC 4566 6
DOWNLOAD = "mbms_download_service"  # TS 26.237 14.2: its answer has another direction
FORBIDDEN = 403
# Codes by which the SCF itself would refuse an offer; others come from proxies, or say something else.
OTHER_REFUSALS = (400, 404, 406, 415, 488, 500, 606)
KEYED_BY = {"http-initiation": "HTTP", "sip-initiation": "SIP"}  # TS 26.237 Annex H


def is_readable(message: Message) -> bool:
    """Say whether a message and all inside it could be read to their ends."""
    return all(part.error is None and part.body is not None for part in message.walk())


def offers(run: Run) -> list[tuple[Message, Sdp]]:
    """Return the INVITEs with the SDP that they offer, the leg nearest to the UE first."""
    found = [(message, offer) for message, _ in sips(run, "invite") if (offer := bodies.sdp(message)) is not None]
    if not found and not all(map(is_readable, run.all("invite"))):
        raise CannotTell("the body of the INVITE could not be read")
    return found


def address_of(offer: Sdp, media: SdpMedia) -> str | None:
    """Return the address that counts for a media line."""
    return media.connection or offer.connection


def direction(offer: Sdp, media: SdpMedia) -> str:
    """Return the direction of a media line: its own, that of the session, or the default."""
    for attributes in (media.attributes, offer.attributes):
        for key, _ in attributes:
            if key in DIRECTIONS:
                return key
    return "sendrecv"


def multicast_media(offer: Sdp) -> list[SdpMedia]:
    """Return the media lines that go to a multicast address."""
    return [media for media in offer.media if is_multicast(address_of(offer, media) or "")]


def unicast(offer: Sdp) -> list[str]:
    """Return the addresses of an offer whose media all go to unicast; none where one does not, or has a host name."""
    found = [address for media in offer.media if media.port and (address := address_of(offer, media)) is not None]
    literal = all(":" in address or address.replace(".", "").isdigit() for address in found)
    return found if literal and not any(map(is_multicast, found)) else []


@rule(
    "SI-01", HTTP_INITIATION, clause="TS 26.237 8.3.3.2, 14.2.2, 10.4.1.1.1.1", level="shall",
    remedy="UE: add a=mbms_service (a=mbms_download_service for download) with the service id to the SDP offer.",
)  # fmt: skip
def invite_names_the_service(run: Run) -> Iterator[Problem]:
    """The INVITE of an MBMS session names its user service in the SDP: mbms_service, or mbms_download_service.

    The SCF checks the right to this service and tells the BM-SC of it. Without the name it can do neither, and
    the later registration of the UE finds nothing to stand on.
    """
    invites = run.all("invite")
    if any(bodies.services(message) for message in invites):
        return
    if not all(map(is_readable, invites)):
        raise CannotTell("the body of the INVITE could not be read")
    yield wrong("no mbms_service and no mbms_download_service in the INVITE", invites[0])


@rule(
    "SI-02", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.1, RFC 3325 9.2", level="shall",
    remedy="UE: put the IMPU that the user wants into P-Preferred-Identity of the INVITE.",
)  # fmt: skip
def invite_prefers_an_identity(run: Run) -> Iterator[Problem]:
    """The INVITE that a UE sends carries P-Preferred-Identity with the IMPU that it wants to use.

    A user with several IMPUs is authorized under the one that the network picks, and registers under another.
    The header is seen before the P-CSCF only. P-Intended-Identity of early drafts is taken for the same.
    """
    sent = sent_by_ue(run)
    if not sent:
        raise NotHere
    for message, body in sent:
        if not (body.headers.get("P-Preferred-Identity") or body.headers.get("P-Intended-Identity")):
            yield wrong("no P-Preferred-Identity", message)


@rule(
    "SI-03", *INITIATIONS, clause="RFC 3325 9.1, 9.2", level="shall",
    remedy="P-CSCF: replace P-Preferred-Identity by P-Asserted-Identity before the INVITE enters the network.",
)  # fmt: skip
def identity_is_asserted_to_the_scf(run: Run) -> Iterator[Problem]:
    """The INVITE that reaches the SCF carries P-Asserted-Identity, and no P-Preferred-Identity any more.

    The SCF authorizes whom the network vouches for. A preferred identity is a claim of the UE; an SCF that
    sees both may take the wrong one.
    """
    dialog = sips(run, "invite")[0][1].call_id  # that of the UE: beyond a B2BUA it is another
    behind = [(m, body) for m, body in nearest_to_scf(run) if len(body.vias) > 1 or body.call_id != dialog]
    if not behind:
        raise NotHere
    for message, body in behind:
        # RFC 3325 9.1: the last trusted proxy takes it away where the user asked for it
        private = any("id" in value.lower().split(";") for value in body.headers.all("Privacy"))
        if body.headers.get("P-Asserted-Identity") is None and not private:
            yield wrong("no P-Asserted-Identity behind the P-CSCF", message)
        if body.headers.get("P-Preferred-Identity") is not None:
            yield wrong("P-Preferred-Identity was left in behind the P-CSCF", message)


@rule(
    "SI-04", HTTP_INITIATION, clause="TS 26.237 8.3.3.2", level="shall",
    remedy="UE: address the INVITE to the PSI of the MBMS service, in the Request-URI and in To.",
)  # fmt: skip
def invite_is_addressed_to_the_service(run: Run) -> Iterator[Problem]:
    """Request-URI and To of the INVITE that a UE sends are the same: the PSI of the MBMS service.

    The network routes by the one, the SCF may look at the other: where they differ, the user is charged for,
    or refused, another service than the one asked for.
    """
    sent = sent_by_ue(run)
    if not sent:
        raise NotHere
    for message, body in sent:
        one, other = name(body.uri or ""), name(body.to_uri or "")
        if one.partition(":")[0] != other.partition(":")[0]:
            raise CannotTell(f"Request-URI {body.uri} and To {body.to_uri} cannot be compared")
        if one != other:
            yield wrong(f"Request-URI {body.uri}, To {body.to_uri}", message)


@rule(
    "SI-05", *INITIATIONS, clause="TS 26.237 8.3.3.2", level="shall",
    remedy="UE: take m= and c= from the service description, a multicast address, and ask with a=recvonly.",
)  # fmt: skip
def offer_is_multicast_and_recvonly(run: Run) -> Iterator[Problem]:
    """The SDP offer has the multicast address of the service, and asks to receive only.

    MBMS media come by multicast or not at all; an offer with a unicast address asks for another service, and
    one that would also send has no meaning in a broadcast. A unicast address that the SCF has accepted is left
    to SI-06.
    """
    found = [(message, offer) for message, offer in offers(run) if offer.media and offer.mbms_services]
    if not found:
        raise NotHere
    message, offer = found[0]
    if (address := unicast(offer)) and run.first("ok") is None:
        yield wrong(f"c= has {', '.join(dict.fromkeys(address))}, expected a multicast address", message)
    if offer.attr(DOWNLOAD):
        return
    for media in multicast_media(offer):
        asked = direction(offer, media)
        if asked != "recvonly":
            yield wrong(f"m={media.kind} is {asked}, expected recvonly", message)


@rule(
    "SI-06", *INITIATIONS, clause="TS 26.237 8.3.3.4", level="shall",
    remedy="SCF: answer 403 when the service is not allowed or c= is no multicast address of the service.",
)  # fmt: skip
def bad_offer_is_forbidden(run: Run) -> Iterator[Problem]:
    """An INVITE whose c= line is no multicast address is answered 403, as is one for a service that is not allowed.

    An SCF that accepts it has not compared the offer with its service, and the UE waits for media that nobody
    sends; another code does not tell the UE that asking again is of no use.
    """
    named = [(message, offer) for message, offer in offers(run) if offer.mbms_services]
    asked = [(message, offer) for message, offer in named if unicast(offer)]
    final = next((m for m in run.all("ok", "refusal")), None)
    if not asked and named and status(final) == FORBIDDEN:
        return
    if not asked:
        raise NotHere
    if final is None:
        raise CannotTell("the answer to the INVITE is not in the capture")
    code = status(final) or 0
    if code in OTHER_REFUSALS or 200 <= code < 300:
        yield wrong(f"{code} to an offer with a unicast address, expected {FORBIDDEN}", asked[0][0], final)


@rule(
    "SI-07", *INITIATIONS, clause="TS 26.237 8.3.3.4", level="shall",
    remedy="SCF: repeat m= and c= of the offer in the answer, with a=sendonly.",
)  # fmt: skip
def answer_repeats_the_offer(run: Run) -> Iterator[Problem]:
    """The SDP answer has the m= and c= lines of the offer, with a=sendonly.

    There is nothing to negotiate in a broadcast: another address or port leads the UE to other media, or none.
    For download the direction is not looked at, since the texts give another one there.
    """
    run.needs("ok")
    found = offer_and_answer(run)
    if found is None:
        raise CannotTell("no leg shows the offer and its answer")
    invite, offer, ok, answer = found
    if not multicast_media(offer):
        raise NotHere
    if answer is None:
        raise CannotTell("the 200 has no SDP; the answer may have come before it")
    if len(answer.media) != len(offer.media):
        yield wrong(f"{len(answer.media)} media lines, the offer has {len(offer.media)}", invite, ok)
        return
    for one, other in zip(offer.media, answer.media, strict=True):
        if one not in multicast_media(offer):
            continue
        lines = [f"m={m.kind} {m.port} {m.proto} {' '.join(m.formats)}" for m in (one, other)]
        if lines[0] != lines[1]:
            yield wrong(f"{lines[1]}, the offer has {lines[0]}", invite, ok)
        if address_of(offer, one) != address_of(answer, other):
            yield wrong(f"c= has {address_of(answer, other)}, the offer {address_of(offer, one)}", invite, ok)
        if not offer.attr(DOWNLOAD) and direction(answer, other) != "sendonly":
            yield wrong(f"m={other.kind} is {direction(answer, other)}, expected sendonly", ok)


@rule(
    "SI-17", *INITIATIONS, clause="TS 26.237 8.3.5", level="info",
    remedy="UE: deregister from key management when the session ends; BM-SC: ask whether to serve on without one.",
)  # fmt: skip
def keying_ends_with_the_session(run: Run) -> Iterator[Problem]:
    """When a session has ended with BYE, its keys are no longer delivered.

    The texts let key management outlive the session; an MSK that still arrives long after the last session of
    a UE mostly means that the UE forgot to deregister.
    """
    if not run.ues:
        raise NotHere
    ends = _ends(run)
    begun = run.story.runs_of(run.ue, *KEYED_BY)
    if not ends or any(other is not run and other.outcome == "success" for other in begun):
        raise NotHere
    after = ends[0].time + run.tolerances.msk_after_bye
    left = run.story.runs_of(run.ue, "http-deregistration", "sip-deauthorization")
    if any(other.outcome == "success" and other.start >= run.end for other in left):
        return
    for message in run.ue.loose:
        body = bodies.mikey(message)
        if body is not None and bodies.is_msk_message(body) and message.time > after:
            waited = (message.time - ends[0].time) // 10**9
            yield wrong(f"MSK message {waited} s after the BYE, with no deregistration", ends[0], message)
            return


def _ends(run: Run) -> list[Message]:
    """The accepted BYEs of the dialogs of a run."""
    dialogs = {body.call_id for _, body in sips(run, "invite")}
    return [
        exchange.first for exchange in run.ue.exchanges
        if isinstance(exchange.first.body, Sip) and exchange.first.body.cseq_method == "BYE"
        and exchange.first.body.call_id in dialogs and (status(exchange.final) or 0) // 100 == 2
    ]  # fmt: skip


@rule(
    "SI-18", *INITIATIONS, clause="TS 26.237 10.4, Annex H", level="shall",
    remedy="UE and SCF: follow MBMSSecurityProcedure of the service attachment; SDF: announce what the SCF does.",
)  # fmt: skip
def procedure_is_the_announced_one(run: Run) -> Iterator[Problem]:
    """The variant used, HTTP or SIP based, is the one that the SDF announced as MBMSSecurityProcedure.

    Both variants lead to other keys and other ends: a UE that registers over HTTP at a BM-SC that waits for the
    SCF gets none.
    """
    if not run.ues:
        raise NotHere
    told = [
        (exchange.first, values)
        for exchange in run.ue.exchanges
        if exchange.protocol == "sip" and exchange.first.time < run.start
        for announced in bodies.find_all(exchange.first, SecurityProcedure)
        if (values := {value.strip().upper() for value in announced.values})
    ]
    announced = set().union(*(values for _, values in told))
    if len(announced) != 1:  # nothing, or services of both kinds
        raise NotHere
    used = KEYED_BY[run.procedure.kind]
    by_http = bool(posts(run)) or bool(run.story.runs_of(run.ue, "http-registration"))
    if used == "HTTP" and not by_http:
        raise NotHere  # a session without protection goes by neither
    if announced != {used}:
        yield wrong(f"the {used} based procedure, announced was {announced.pop()}", told[-1][0], run.all("invite")[0])


RULES: tuple[Rule, ...] = (
    invite_names_the_service,
    invite_prefers_an_identity,
    identity_is_asserted_to_the_scf,
    invite_is_addressed_to_the_service,
    offer_is_multicast_and_recvonly,
    bad_offer_is_forbidden,
    answer_repeats_the_offer,
    keying_ends_with_the_session,
    procedure_is_the_announced_one,
)
