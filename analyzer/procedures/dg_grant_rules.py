"""Rules on whom a BM-SC grants what, and on what protects its answers (TS 24.109 clause 7, TS 33.246 6.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import status
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.procedures import history
from analyzer.procedures.dg_retry_rules import zn_by_b_tid
from analyzer.procedures.dg_rules import UA, credentials, intended
from analyzer.procedures.invites import HTTP_INITIATION
from analyzer.procedures.roles import names
from analyzer.procedures.ua import REGISTRATION
from dissectors import Message
from dissectors.digest import parse_info
from dissectors.gba_xml import Settings, ZnAnswer

TLS_PORT = 443  # what is read of it was decrypted
PROTECTING = frozenset(("ESP", "TLS"))  # tunnels of `dissectors.Leg`


@once
def _settings(story: Story) -> Mapping[str, tuple[tuple[Message, frozenset[str]], ...]]:
    """Return the Zn answers with user security settings, by B-TID, each with the identities that they list."""
    found: dict[str, list[tuple[Message, frozenset[str]]]] = {}
    for b_tid, exchanges in zn_by_b_tid(story).items():
        for message in (e.final for e in exchanges if e.final is not None):
            listed = [*bodies.find_all(message, Settings), *(a.settings for a in bodies.find_all(message, ZnAnswer))]
            if any(each.settings for each in listed):
                uids = names(uid for each in listed for uss in each.settings for uid in uss.uids)
                found.setdefault(b_tid, []).append((message, frozenset(uids)))
    return {b_tid: tuple(told) for b_tid, told in found.items()}


@rule(
    "DG-18", *UA, clause="TS 26.237 10.4.1.1.1.4, TS 24.109 7", level="should",
    remedy="BM-SC: look for the intended identity in the user security settings of Zn, and answer 403 without it.",
)  # fmt: skip
def identity_belongs_to_the_user(run: Run) -> Iterator[Problem]:
    """A request is granted only for an IMPU of the user whose keys it is made with.

    The digest proves the B-TID, not the IMPU: a subscriber could register as somebody else, whom the SCF has
    authorized. Which IMPUs are the user's, the user security settings in the answer on Zn say; without them this is
    not judged. Nor is a registration under another IMPU than the UE has invited with: SI-15 looks at that.
    """
    used = credentials(run)
    message, _, given = used[-1]
    own = names(identity for asked, _, told in intended(run) if asked is message for identity in told)
    known = [
        (answer, uids) for answer, uids in _settings(run.story).get(given.get("username") or "", ())
        if answer.time <= run.end
    ]  # fmt: skip
    if not own or not known or not any(status(answer) is not None for answer in run.all("answer")):
        raise NotHere
    if run.procedure is REGISTRATION and run.ues and _invited_otherwise(run, own):
        raise NotHere
    answer, uids = known[-1]
    if not uids:
        raise CannotTell(f"the user security settings in frame {answer.frame} name no identity")
    for identity in own:
        if identity not in uids and history.granted(run):
            text = f"granted for {identity}, the B-TID is of {', '.join(sorted(uids))}"
            yield wrong(text, answer, message, *run.all("answer")[-1:])


def _invited_otherwise(run: Run, own: tuple[str, ...]) -> bool:
    """Whether a UE has invited, and with none of the identities given."""
    invited = {
        name for other in run.story.runs_of(run.ue, HTTP_INITIATION.kind) for m in other.all("invite")
        if (body := bodies.sip(m)) is not None for name in names(bodies.identities(body))
    }  # fmt: skip
    return bool(invited) and not invited & set(own)


@rule(
    "DG-19", *UA, clause="TS 33.246 6.2, RFC 2617 3.2.3", level="info",
    remedy="BM-SC: protect the answer with qop auth-int, as the request is; or use TLS.",
)  # fmt: skip
def clear_answer_is_protected(run: Run) -> Iterator[Problem]:
    """An answer on Ua in the clear has a digest that covers its body.

    TLS is optional on Ua; without it the digest is all that protects. With qop auth the proof of the BM-SC says
    nothing of the statuses, and anyone on the path may change a 200 into a 403. Whether the request is protected
    so, DG-06 says, and whether there is a proof at all, DG-07; what came in TLS or ESP needs neither.
    """
    if any(given.get("qop") != "auth-int" for _, _, given in credentials(run)):
        raise NotHere
    shown = [
        (m, parse_info(value)) for m in run.all("answer")
        if status(m) == 200 and not _is_in_tls_or_esp(m) and (body := bodies.http(m)) is not None
        and (value := body.headers.get("Authentication-Info")) is not None
    ]  # fmt: skip
    if not shown:
        raise NotHere
    for message, told in shown:
        qop = told.get("qop")
        if qop is None:
            raise CannotTell(f"Authentication-Info in frame {message.frame} does not say what it covers")
        if qop != "auth-int":
            yield wrong(f"the answer is in the clear, and qop {qop!r} leaves its body open", message)


def _is_in_tls_or_esp(message: Message) -> bool:
    return message.payload.sport == TLS_PORT or not PROTECTING.isdisjoint(message.payload.leg.tunnels)


RULES: tuple[Rule, ...] = (
    identity_belongs_to_the_user,
    clear_answer_is_protected,
)
