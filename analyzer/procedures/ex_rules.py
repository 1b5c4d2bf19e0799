"""Rules on keys over time: their end, their renewal, and who may see them (TS 33.220 4.4.9, TS 33.246 6.1)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

from analyzer.correlate import bodies, gba
from analyzer.correlate.claims import TMPI_DOMAIN
from analyzer.correlate.sessions import Session
from analyzer.judging import CannotTell, NotHere, Problem, Rule, Run, Story, once, rule, wrong
from analyzer.keys.key import Key
from analyzer.procedures import history
from analyzer.procedures.bootstrapping import BOOTSTRAPPING, made_for, maker
from analyzer.procedures.delivery import MSK_DELIVERY
from analyzer.procedures.dg_rules import UA, realm_fqdn
from analyzer.procedures.invites import HTTP_INITIATION
from analyzer.procedures.lifetimes import is_over
from analyzer.procedures.sb_rules import ALL
from analyzer.procedures.zn import USAGE, b_tid_asked, keys_answer, presented
from dissectors import Message
from dissectors.http import Http
from dissectors.mikey import Mikey
from dissectors.sip import Sip

SECRET_OCTETS = 16  # what is shorter may stand in a message by chance
SHORTEST = 8  # octets of RES and MSK, which are not derived but drawn: in hex or base64 no chance makes them
MAX_SECRETS = 64  # keys of one B-TID, or MSKs of one UE, that are looked for, from the first on
IN_THE_CLEAR = (BOOTSTRAPPING, HTTP_INITIATION, *ALL, *UA)  # procedures that any node on the way can read
OF_THE_NETWORK = ("post", "post-answer")  # between SCF and BM-SC, where the MUK belongs (TS 26.237 10.4.2.1)


@rule(
    "EX-02", MSK_DELIVERY, clause="TS 33.220 4.4.9, TS 33.246 6.3.2.2.4", level="shall",
    remedy="BM-SC: send no MSK under a MUK whose lifetime has ended; pull instead, and answer the request with 401.",
)  # fmt: skip
def muk_is_still_valid(run: Run) -> Iterator[Problem]:
    """An MSK message is protected with a MUK whose lifetime has not ended.

    The UE throws the MUK away when its Ks expires, and drops the message. A solicited pull is the one message that
    may still be under the old MUK: it makes the UE bootstrap and ask. The lifetime is the one that the BM-SC was
    told on Zn or by the SCF; where that is not in the capture, the one of Ub or of the keyring.
    """
    for message in run.all("msk"):
        opened = run.story.chain.opening(message)
        b_tid = _b_tid_of(run, message)
        expires = None if b_tid is None else history.muk_expiry(run.story, b_tid, message.time)
        if expires is None and opened is not None:
            expires = opened.key.expires
        if expires is None:
            raise CannotTell(f"the lifetime of the MUK in frame {message.frame} is not known")
        if is_over(run, expires + run.tolerances.clock, message):
            yield wrong(f"the MUK of B-TID {b_tid} expired at {gba.when(expires)}", message)


def _b_tid_of(run: Run, message: Message) -> str | None:
    """Return the B-TID of the MUK that opens a message, or of the one that it names."""
    opened, body = run.story.chain.opening(message), bodies.mikey(message)
    if opened is not None and opened.key.b_tid is not None:
        return opened.key.b_tid
    return None if body is None or body.idr is None else body.idr.text


@rule(
    "EX-05", USAGE, clause="TS 33.246 6.1, TS 33.220 4.5.3", level="shall",
    remedy="BSF: keep each B-TID with the IMPI that bootstrapped it; look at what maps a TMPI to its IMPI.",
)  # fmt: skip
def new_b_tid_is_of_the_same_user(run: Run) -> Iterator[Problem]:
    """The B-TIDs that one UE uses one after the other belong to one IMPI on Zn.

    By the IMPI the network knows that a new B-TID replaces an old one. With another IMPI the old keys stay in use,
    or those of a stranger are replaced. Judged where both B-TIDs came in one SIP dialog, which is one UE's for sure,
    or where one IMPI has bootstrapped both.
    """
    b_tid, user = b_tid_asked(run), keys_answer(run).text(gba.USER_NAME)
    siblings = _dialogs(run.story).get(b_tid, frozenset()) | _of_impi(run.story, b_tid)
    before = [
        known for other in siblings - {b_tid} for known in history.keys_told(run.story).get(other, ())
        if known.impi and known.message.time < run.needs("bia").time
    ]  # fmt: skip
    if not user or not before:
        raise NotHere
    last = max(before, key=lambda known: known.message.time)
    if (last.impi or "").lower() != user.lower():
        yield wrong(f"User-Name {user}, that of the B-TID before is {last.impi}", last.message, run.needs("bia"))


@once
def _dialogs(story: Story) -> Mapping[str, frozenset[str]]:
    """Return for each B-TID those that came in the same dialogs, itself included."""
    by_call: dict[tuple[str, str], set[str]] = {}
    for exchange in story.traffic.exchanges:
        for message in exchange.requests if exchange.protocol == "sip" else ():
            body = message.body
            if isinstance(body, Sip) and body.method == "INVITE" and body.call_id:
                by_call.setdefault((body.call_id, body.from_uri or ""), set()).update(bodies.b_tids(message))
    found: dict[str, frozenset[str]] = {}
    for b_tids in by_call.values():
        for b_tid in b_tids:
            found[b_tid] = found.get(b_tid, frozenset()) | b_tids
    return found


def _of_impi(story: Story, b_tid: str) -> frozenset[str]:
    """Return the B-TIDs that the IMPI of a bootstrapping was given; none where it went by a TMPI."""
    made = maker(story, b_tid)
    impi = None if made is None else made.impi
    if not impi or TMPI_DOMAIN in impi:
        return frozenset()
    return _by_impi(story).get(impi, frozenset())


@once
def _by_impi(story: Story) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for run in story.traffic.bootstrappings:
        if run.impi and run.b_tid:
            found.setdefault(run.impi, set()).add(run.b_tid)
    return {impi: frozenset(b_tids) for impi, b_tids in found.items()}


@rule(
    "EX-06", *IN_THE_CLEAR, clause="TS 33.246 4.2, TS 26.237 10.4.2.1", level="info",
    remedy="Sender of the message: take the key out; and renew it, as whoever saw the message has it.",
)  # fmt: skip
def no_key_is_written_out(run: Run) -> Iterator[Problem]:
    """No message to or from a UE has a key of its chain in the clear.

    A key on its way through the IM CN hands every MSK to whoever sees that leg. Looked for are the known keys of the
    UE from Ks to MSK, and RES, as octets, in hex and in base64, in SIP and HTTP. What the BSF and the SCF hand to a
    NAF is meant to be there, and is not looked at.
    """
    written = _written_out(run.story, run.ue) if run.ues else None
    if written is None:
        raise NotHere
    for message in _open(run) if written else ():
        octets = _text(message)
        for kind in dict.fromkeys(kind for form, kind in written if form in octets):
            yield wrong(f"{kind} stands in the clear", message)


def _open(run: Run) -> Iterator[Message]:
    """Yield the messages of a run that no key should stand in."""
    inner = {id(message) for message in run.all(*OF_THE_NETWORK)}
    return (m for m in run.messages if isinstance(m.body, Sip | Http) and id(m) not in inner)


def _text(message: Message) -> bytes:
    """Return the octets of a message, with its body where a coding hides it."""
    data, body = message.payload.data, message.body
    return data + body.content if isinstance(body, Http) and body.content_start < 0 else data


@once
def _written_out(story: Story, ue: Session) -> tuple[tuple[bytes, str], ...] | None:
    """Return the secrets of a UE that may stand in its messages, nearly always none; None where it has no secrets.

    Most lines come again in message after message, and are looked through once.
    """
    secrets = _secrets(story, ue)
    texts = (
        [_text(m) for run in story.runs_of(ue, *(p.kind for p in IN_THE_CLEAR)) for m in _open(run)] if secrets else []
    )
    if not all(map(bytes.isascii, texts)):
        return secrets  # octets as they are may have the end of a line among them
    lines = b"\n".join(dict.fromkeys(line for octets in texts for line in octets.split(b"\n")))
    found = tuple((form, kind) for form, kind in secrets if form.isascii() and (b"\n" in form or form in lines))
    return found if secrets else None


def _secrets(story: Story, ue: Session) -> tuple[tuple[bytes, str], ...]:
    """Return the secrets of a UE in every form that a message may have them in, with their kinds."""
    keys = [key for b_tid in ue.b_tid for key in _long_keys(story).get(b_tid, ())[:MAX_SECRETS]]
    known = [(key.value, key.kind) for key in keys]
    opened = (story.chain.opening(message) for message in history.msk_messages(story, ue))
    brought = {key.value: key.kind for each in opened if each is not None for key in each.keys}
    vectors = (story.chain.aka.get(made.rand or b"") for made in made_for(story, ue))
    brought |= {vector.res: "RES" for vector in vectors if vector is not None and vector.mac_ok}
    known += [(value, kind) for value, kind in list(brought.items())[:MAX_SECRETS] if len(value) >= SHORTEST]
    return tuple(dict.fromkeys((form, kind) for value, kind in known for form in _written(value)))


@once
def _long_keys(story: Story) -> Mapping[str, Sequence[Key]]:
    """Return the keys of the chain that stand in no message by chance, by B-TID."""
    known: dict[str, list[Key]] = {}
    for key in story.chain.keys:
        if key.b_tid is not None and len(key.value) >= SECRET_OCTETS:
            known.setdefault(key.b_tid, []).append(key)
    return known


def _written(value: bytes) -> tuple[bytes, ...]:
    digits = value.hex().encode()
    return value, digits, digits.upper(), base64.b64encode(value).rstrip(b"=")


@rule(
    "EX-07", *UA, clause="TS 33.220 4.3.2, 4.5.3", level="info",
    remedy="UE: once a new B-TID has been used at a NAF, forget the old one there, in every application.",
)  # fmt: skip
def old_b_tid_does_not_come_back(run: Run) -> Iterator[Problem]:
    """A UE that has gone over to a new B-TID at a NAF does not come back with an old one.

    Two Ks_NAF in use at once make the NAF take the wrong MUK for the next MSK. Judged where both bootstrappings are
    in the capture, from the address of the request.
    """
    looked = False
    for message in run.all("authorized", "request") if run.ues else ():
        body = bodies.http(message)
        given = None if body is None else gba.authorization(body)
        own = None if given is None else maker(run.story, given.get("username"))
        if given is None or own is None or own.address != message.payload.src:
            continue
        looked = True
        newer = _newer(run, own, message, realm_fqdn(given.get("realm")))
        if newer is not None:
            text = f"B-TID {own.b_tid} again after {_user(newer)}, which is newer"
            yield wrong(text, newer, message)
    if not looked:
        raise NotHere


def _newer(run: Run, own: gba.Bootstrapping, message: Message, realm: str | None) -> Message | None:
    """Return an answered request to the same NAF, before a message, with a B-TID that was made after its own."""
    for b_tid in run.ue.b_tid:
        made = maker(run.story, b_tid)
        if made is None or made.time <= own.time or made.address != own.address:
            continue
        for request in presented(run.story).get(b_tid, ()):
            answered = request.answer is not None and request.answer.time < message.time
            if answered and realm_fqdn(request.given.get("realm")) == realm:
                return request.message
    return None


def _user(message: Message) -> str:
    body = bodies.http(message)
    given = None if body is None else gba.authorization(body)
    return "" if given is None else given.get("username") or ""


@rule(
    "EX-10", *UA, *ALL, USAGE, MSK_DELIVERY, clause="TS 33.220 4.5.2, TS 33.246 6.1", level="shall",
    remedy='Sender of the message: copy the B-TID, with the "=" at its end, and write no %-codes or other letters.',
)  # fmt: skip
def b_tid_is_copied_as_it_is(run: Run) -> Iterator[Problem]:
    """A B-TID is the same on Ub, Ua, SIP, Zn and in MIKEY, character for character.

    It is only a name, and every node looks keys up by it. Without the "=" at its end, or with codes of a URI in it,
    it is another name: the BSF does not know it, or the UE has no MUK of it.
    """
    known, looked = _b_tids_made(run.story), False
    for message in run.messages:
        for b_tid in named_b_tids(message):
            if maker(run.story, b_tid) is not None:
                looked = True
                continue
            made = known.get(_plain(b_tid), ())
            looked = looked or bool(made)
            if made and _spelled(b_tid) not in {_spelled(name) for name in made}:
                yield wrong(f"B-TID {b_tid}, the BSF gave {made[-1]}", message)
    if not looked:
        raise NotHere


@once
def _b_tids_made(story: Story) -> Mapping[str, tuple[str, ...]]:
    """Return the B-TIDs that were given on Ub, by their plain form."""
    found: dict[str, tuple[str, ...]] = {}
    for b_tid in (run.b_tid for run in story.traffic.bootstrappings if run.b_tid):
        found[_plain(b_tid)] = (*found.get(_plain(b_tid), ()), b_tid)
    return found


def _plain(b_tid: str) -> str:
    """Return a B-TID without what senders change by mistake: padding, codes of a URI, base64 of file names."""
    local, _, domain = unquote(b_tid).strip().partition("@")
    return f"{local.rstrip('=').replace('-', '+').replace('_', '/')}@{domain.lower()}"


def _spelled(b_tid: str) -> tuple[str, str]:
    """Return a B-TID as it is compared: the domain without regard to case."""
    local, _, domain = b_tid.partition("@")
    return local, domain.lower()


def named_b_tids(message: Message) -> Iterator[str]:
    """Yield the B-TIDs that a message names: in its body, digest, identities or AVPs."""
    yield from bodies.b_tids(message)
    match message.body:
        case Http():
            if user := _user(message):
                yield user
        case Mikey() as body if body.idr is not None:
            yield body.idr.text
        case _:
            asked = bodies.diameter(message)
            named = None if asked is None else asked.text(gba.TRANSACTION_IDENTIFIER)
            if named:
                yield named


RULES: tuple[Rule, ...] = (
    muk_is_still_valid,
    new_b_tid_is_of_the_same_user,
    no_key_is_written_out,
    old_b_tid_does_not_come_back,
    b_tid_is_copied_as_it_is,
)
