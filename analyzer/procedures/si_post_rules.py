"""Rules on the authorization that the SCF notifies to the BM-SC (TS 26.237 10.4.1.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import OVERTAKING, status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import coverage
from analyzer.procedures.invites import HTTP_INITIATION, asserted, invitations, posts, sips
from analyzer.procedures.roles import names, outcome
from analyzer.tolerances import seconds
from dissectors import Message
from dissectors.http import Http

KEY_MANAGEMENT = "/keymanagement"
AUTHORIZE_TYPE = "application/mbms-authorize+xml"


def line_problems(message: Message, body: Http, asked: str | None) -> Iterator[Problem]:
    """Say what is wrong with the request line of a key management POST; `asked` None takes any request type."""
    if body.method != "POST":
        yield wrong(f"method {body.method}, expected POST", message)
    if body.version not in ("HTTP/1.1", "HTTP/2"):  # RFC 9113 8: a proxy may say the same in HTTP/2
        yield wrong(f"{body.version}, expected HTTP/1.1", message)
    if not body.path.rstrip("/").endswith(KEY_MANAGEMENT):
        yield wrong(f"path {body.path}, expected one that ends with {KEY_MANAGEMENT}", message)
    if asked is not None and body.request_type != asked:
        yield wrong(f"requesttype {body.request_type!r}, expected {asked!r}", message)


def has_type(body: Http, *types: str) -> bool:
    """Say whether the body, or a part of it, has one of the content types."""
    return bodies.content_type(body) in types or any(part.content_type in types for part in body.parts)


def lacks_post(run: Run, ok: Message) -> bool:
    """Say whether an accepted INVITE surely had no POST to the BM-SC.

    The capture has to show that leg all the time, and the INVITE at an SCF that is known by its other POSTs; or no
    POST at all for the same services meanwhile, which may be that of a leg behind a B2BUA.
    """
    until = ok.time + run.tolerances.http_answer
    if not coverage.shows(run.story, coverage.legs(run.story).posts, run.start, until):
        return False
    sent = coverage.scf_posts(run.story)
    own = {service for message in run.all("invite") for service in bodies.services(message)}
    invited, _ = _invited(run)
    if any(invited & named for named in _strays(run.story)):
        return False  # by a clock that is wrong
    early = [e.first for e in sent if run.start - OVERTAKING <= e.first.time < run.start]
    if any((body := bodies.http(message)) is not None and set(asserted(body)) & invited for message in early):
        return False  # it may have overtaken the INVITE
    meanwhile = [e for e in sent if run.start <= e.first.time <= until]
    at_scf = {message.payload.dst for message in run.all("invite")} & {exchange.client for exchange in sent}
    if not at_scf and any(own & set(bodies.services(exchange.first)) for exchange in meanwhile):
        return False
    coverage.sure_of_absence(run.story, "POST of the SCF", "http", run.start, until)
    return True


@once
def _strays(story: Story) -> tuple[frozenset[str], ...]:
    """Return the identities in the POSTs of SCFs that are of no INVITE in another capture than they are in."""
    own = {id(exchange) for invitation in invitations(story) for exchange in invitation.posts}
    captures = {leg.first.payload.capture for invitation in invitations(story) for leg in invitation.legs}
    strays = [e.first for e in coverage.scf_posts(story) if id(e) not in own]
    told = [bodies.http(message) for message in strays if captures - {message.payload.capture}]
    return tuple(frozenset(asserted(body)) for body in told if body is not None)


def unanswered(run: Run, post: Message) -> Iterator[Problem]:
    """Say that a POST got no answer; CannotTell where the capture could not have shown it."""
    until = post.time + run.tolerances.http_answer
    if not coverage.shows(run.story, coverage.legs(run.story).posts, post.time, until):
        raise CannotTell("the capture ends before the answer of the BM-SC is due")
    if not coverage.hears(run.story, post):
        raise CannotTell(f"the capture does not show what {post.payload.dst} answers {post.payload.src}")
    coverage.sure_of_absence(run.story, "answer of the BM-SC", "http", post.time - OVERTAKING, until)
    yield wrong(f"no answer to the POST within {seconds(run.tolerances.http_answer)} s", post)


@rule(
    "SI-08", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.3", level="shall",
    remedy="SCF: send the authorize POST first, wait for its 200, and only then answer the INVITE with 200.",
)  # fmt: skip
def authorization_precedes_the_ok(run: Run) -> Iterator[Problem]:
    """The SCF notifies the authorization, and has its acknowledgement, before it answers the INVITE with 200.

    The UE registers as soon as it has the 200. When the BM-SC does not know of it by then, the registration is
    refused, now and then, as the race goes.
    """
    ok = run.needs("ok")
    sent = posts(run)
    if not sent:
        raise NotHere
    post, _, answer = sent[0]
    late = answer if answer is not None and outcome(answer) == "success" else post
    reversed_ = coverage.is_reversed(late, ok, run.story)
    if reversed_ is None:
        raise CannotTell("the order of the 200 and the authorization depends on the clocks of two captures")
    if reversed_:
        what = "was acknowledged" if late is answer else "was sent"
        yield wrong(f"the authorization {what} {(late.time - ok.time) / 10**6:.0f} ms after the 200 OK", ok, late)


@rule(
    "SI-09", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.3", level="shall",
    remedy="SCF: POST /keymanagement?requesttype=authorize HTTP/1.1 on the base URI of the BM-SC.",
)  # fmt: skip
def authorize_post_has_its_form(run: Run) -> Iterator[Problem]:
    """The SCF notifies the authorization by an HTTP/1.1 POST to …/keymanagement with requesttype=authorize.

    The BM-SC tells its requests apart by this line; with another one it refuses, or does something else.
    """
    run.needs("post")
    for message, body, _ in posts(run):
        yield from line_problems(message, body, "authorize")


@rule(
    "SI-10", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.3, TS 24.109 Annex G", level="shall",
    remedy="SCF: copy the asserted IMPU of the INVITE into X-3GPP-Asserted-Identity, and keep to the content type.",
)  # fmt: skip
def authorization_names_the_user(run: Run) -> Iterator[Problem]:
    """The authorize POST names the IMPU of the INVITE in X-3GPP-Asserted-Identity, and has its own content type.

    The BM-SC joins authorization and registration by this identity: under another one the UE is a stranger.
    """
    run.needs("post")
    invited, vouched = _invited(run)
    for message, body, _ in posts(run):
        if not has_type(body, AUTHORIZE_TYPE):
            yield wrong(f"Content-Type {bodies.content_type(body) or 'missing'}, expected {AUTHORIZE_TYPE}", message)
        given = asserted(body)
        if not given:
            yield wrong("no X-3GPP-Asserted-Identity", message)
        elif not set(given) & invited:
            if not vouched:
                raise CannotTell("no leg shows which identity the network asserted")
            yield wrong(
                f"X-3GPP-Asserted-Identity {', '.join(given)}, the INVITE had {', '.join(sorted(invited))}",
                run.all("invite")[-1], message,
            )  # fmt: skip


def _invited(run: Run) -> tuple[set[str], bool]:
    """The identities of the INVITE on all legs, and whether a leg shows what the network asserted."""
    found = sips(run, "invite")
    identities = {name for _, body in found for name in names(bodies.identities(body))}
    return identities, any(body.headers.get("P-Asserted-Identity") for _, body in found)


@rule(
    "SI-11", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.3", level="shall",
    remedy="SCF: put the service id of the INVITE, as it is, into the body of the authorize POST.",
)  # fmt: skip
def authorization_names_the_service(run: Run) -> Iterator[Problem]:
    """The authorize POST names the services of the INVITE, no other and none less.

    A UE that was authorized for another service gets 403 for the one it asked for; one too many is a free gift.
    """
    run.needs("post")
    asked = {service for message in run.all("invite") for service in bodies.services(message)}
    told = {service for message in run.all("post") for service in bodies.services(message)}
    if not asked:
        raise NotHere
    if not told:
        raise CannotTell("no service id could be read in the authorize POST")
    if asked != told:
        yield wrong(f"authorized {', '.join(sorted(told))}, invited {', '.join(sorted(asked))}", *run.all("post"))


@rule(
    "SI-12", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.4", level="shall",
    remedy="BM-SC: store the authorization and answer 200; look at its reachability and its rights for the SCF.",
)  # fmt: skip
def authorization_is_acknowledged(run: Run) -> Iterator[Problem]:
    """The BM-SC answers the authorize POST with 200.

    It has nothing to decide here: it stores what the SCF says. Refused or unanswered, no UE gets to its service.
    """
    run.needs("post")
    sent = posts(run)
    if any(outcome(answer) == "success" for _, _, answer in sent):
        return  # one that was repeated after a 503 counts by its end
    message, _, answer = sent[-1]
    if answer is not None:
        yield wrong(f"{status(answer)} to the authorize POST, expected 200", message, answer)
    else:
        yield from unanswered(run, message)


@rule(
    "SI-13", HTTP_INITIATION, clause="TS 26.237 10.4.1.1.1.3", level="shall",
    remedy="SCF: never answer 200 to the INVITE without the acknowledgement of the BM-SC; refuse it instead.",
)  # fmt: skip
def no_ok_without_acknowledgement(run: Run) -> Iterator[Problem]:
    """The SCF does not answer 200 to an INVITE that the BM-SC has not acknowledged.

    The session looks established, yet the BM-SC will refuse the registration, and the user sees nothing.
    Judged only for services that the capture shows to be protected, and where it shows the leg to the BM-SC.
    """
    ok = run.needs("ok")
    sent = posts(run)
    if not sent:
        if not _is_protected(run) or not lacks_post(run, ok):
            raise NotHere
        yield wrong("200 to the INVITE, and no authorize POST to the BM-SC", *run.all("invite")[-1:], ok)
        return
    message, _, answer = sent[-1]
    if any(outcome(a) == "success" for _, _, a in sent):
        return
    if answer is not None:
        yield wrong(f"200 to the INVITE though the BM-SC answered {status(answer)}", message, answer, ok)
    else:
        yield from unanswered(run, message)


def _is_protected(run: Run) -> bool:
    """Whether key management speaks of a service of the INVITE, or its media are offered as SRTP."""
    own = {service for message in run.all("invite") for service in bodies.services(message)}
    if any("SAVP" in media.proto for m in run.all("invite") if (sdp := bodies.sdp(m)) for media in sdp.media):
        return True
    return bool(own & coverage.keyed_services(run.story))


@rule(
    "SI-19", HTTP_INITIATION, clause="RFC 3261 13.2.2.4, 17.2.1, TS 26.237 10.4.1.1.1.3", level="info",
    remedy="UE: send an ACK for the 200. SCF: authorize once for each INVITE, and answer a repeated one as before.",
)  # fmt: skip
def authorization_is_sent_once(run: Run) -> Iterator[Problem]:
    """An INVITE, however often it is retransmitted, makes one authorize POST, and its 200 gets an ACK.

    More POSTs do no harm by themselves, but show an SCF that takes retransmissions for new requests. Without an ACK
    the SCF ends the session after half a minute, and the BM-SC may not hear of it.
    """
    if run.first("post") is None and run.first("ok") is None:
        raise NotHere
    done: dict[str, Message] = {}
    for message, body, answer in posts(run):
        before = done.get(body.host or message.payload.dst)
        if before is not None and set(bodies.services(before)) & set(bodies.services(message)):
            yield wrong("a second authorize POST for the same INVITE", before, message)
        if outcome(answer) == "success":
            done[body.host or message.payload.dst] = message
    ok = run.first("ok")
    if ok is None or run.first("ack") is not None:
        return
    within = run.tolerances.sip_answer
    if not run.story.covers(ok.time, within) or not coverage.shows(
        run.story, coverage.legs(run.story).sip, ok.time, ok.time + within
    ):
        raise CannotTell("the capture ends before the ACK is due")
    yield wrong(f"no ACK within {seconds(within)} s of the 200", ok)


RULES: tuple[Rule, ...] = (
    authorization_precedes_the_ok,
    authorize_post_has_its_form,
    authorization_names_the_user,
    authorization_names_the_service,
    authorization_is_acknowledged,
    no_ok_without_acknowledgement,
    authorization_is_sent_once,
)
