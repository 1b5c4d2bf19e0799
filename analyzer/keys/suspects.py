"""Wrong keys told from wrong captures: what a key of the keyring that opens nothing would have to be to fit.

Each slip of the pen that people make is tried on a few messages of the capture; only a MAC or a digest that then
verifies is told. What is tried is bounded, whatever the keyring and the capture hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from analyzer.correlate import bodies, gba
from analyzer.correlate.sessions import Session
from analyzer.correlate.traffic import Traffic
from analyzer.keys import aka
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.keys.keyring import GbaRun, Keyring, MskEntry, NafKeys, UeKeys
from analyzer.keys.unlock import unlock
from dissectors import Message
from dissectors.http import Http
from dissectors.sip import Sip

MAX_SUSPECTS = 8  # keys that are looked into; a keyring may have thousands that are of other captures
MAX_SESSIONS = 4  # UEs whose messages are tried
MAX_OF_EACH = 3  # bootstrappings, digests and MSK messages of a UE that are tried, and MTK messages of a key group
MAX_FQDNS, MAX_IMPIS, MAX_NAMES = 8, 8, 16
UA_IDS = tuple(bytes.fromhex(f"01000000{number:02x}") for number in range(32))  # TS 33.220 Annex H, and some room
KINDS = ("K", "Ks", "Ks_NAF", "Ks_ext_NAF", "Ks_int_NAF", "MUK", "MRK", "MSK")
WORD = 4
_HOST = re.compile(r"sips?:(?:[^@;>]*@)?([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A key of the keyring that opened nothing: whose it is, and the nearest change that makes it fit, if any does."""

    kind: str
    owner: str
    fingerprint: str
    reason: str
    fits: bool


Try = tuple[str, UeKeys]  # what is changed, and the entry with the change


def suspects(traffic: Traffic, keyring: Keyring, chain: Chain) -> tuple[Suspect, ...]:
    """Look into the keys of the keyring that opened nothing though the capture has what they should open."""
    found: list[Suspect] = []
    by_impi = {ue.impi: ue for ue in keyring.ues}
    idle = [key for key in chain.keys if key.status == "supplied" and key.kind in KINDS]
    shut = _unserved(traffic, chain)
    if not shut and not any(key.kind == "MSK" for key in idle):
        return ()
    proven = (key for key in chain.keys if key.kind in ("MUK", "MRK") and key.value in chain.proven)
    served = {key.impi for key in proven}  # below whose keys something has verified, and not a challenge alone
    present = {_bare(impi) for session in traffic.sessions for impi in session.impi}
    for key in idle:
        if len(found) == MAX_SUSPECTS:
            break
        if key.kind == "MSK":
            suspect = None if key.value in chain.proven else _msk(traffic, chain, key)
        else:
            ue = by_impi.get(key.impi or "")
            fine = key.value in chain.proven and (key.kind != "K" or key.impi in served)
            known = ue is not None and _bare(ue.impi) in present
            suspect = None if ue is None or fine else _of_ue(traffic, shut, key, ue, known)
        if suspect is not None:
            found.append(suspect)
    return tuple(found)


# ------------------------------------------------------------------------------------------------ whose


def _unserved(traffic: Traffic, chain: Chain) -> tuple[Session, ...]:
    """Return the UEs of which something stayed shut: those that the keys of the keyring may be of."""
    closed = {id(shut.message) for shut in chain.shut.values()}
    return tuple(
        session for session in traffic.sessions
        if any(id(m) in closed for m in session.loose)
        or any(chain.digest(m).ok is not True and _has_digest(m) for e in session.exchanges for m in e.requests)
    )  # fmt: skip


def _has_digest(message: Message) -> bool:
    body = bodies.http(message)
    given = None if body is None or not body.is_request else gba.authorization(body)
    return given is not None and bool(given.get("response"))


def _same(impi: str, other: str) -> bool:
    """Say whether two spellings may be of one user: case, realm, a scheme, or blanks make no difference."""
    return _bare(impi) == _bare(other)


def _bare(impi: str) -> str:
    return impi.strip().rstrip(".").casefold().removeprefix("sip:").partition("@")[0]


def _of_ue(traffic: Traffic, shut: tuple[Session, ...], key: Key, ue: UeKeys, known: bool) -> Suspect | None:
    own = [session for session in shut if any(_same(ue.impi, impi) for impi in session.impi)]
    if not shut or (known and not own):
        return None  # nothing is left that it could open
    sessions = (own or list(shut))[:MAX_SESSIONS]
    sample = _sample(traffic, sessions)
    reason = next(_fitting(traffic, sessions, sample, key, ue), None)
    if reason is not None:
        return Suspect(key.kind, ue.impi, key.fingerprint, reason, fits=True)
    if not known:
        users = [impi for session in traffic.sessions for impi in session.impi]
        shown = f", which shows {', '.join(users[:3])}" if users else ""
        return Suspect(
            key.kind, ue.impi, key.fingerprint, f"this user is not in the capture{shown}: another capture?", fits=False
        )
    return Suspect(
        key.kind, ue.impi, key.fingerprint,
        "no other spelling, order, NAF or use of it fits either: the value is another one", fits=False,
    )  # fmt: skip


def _sample(traffic: Traffic, sessions: Iterable[Session]) -> Traffic:
    """Return a few messages of each UE, without who it is: spellings of names must not keep a key from being tried."""
    wanted: list[Session] = list(sessions)
    owned = {id(e) for session in wanted for e in session.exchanges}
    runs = [run for run in traffic.bootstrappings if any(id(e) in owned for e in run.exchanges)]
    b_tids = {b_tid for session in wanted for b_tid in session.b_tid}
    mikey: list[Message] = []
    exchanges = {id(e): e for run in runs[: MAX_OF_EACH * len(wanted)] for e in run.exchanges}
    for session in wanted:
        msks = (m for m in session.loose if (body := bodies.mikey(m)) is not None and bodies.is_msk_message(body))
        mikey += islice(msks, MAX_OF_EACH)
        digests = (e for e in session.exchanges if any(map(_has_digest, e.requests)) and id(e) not in exchanges)
        exchanges |= {id(e): e for e in islice(digests, MAX_OF_EACH)}
    return replace(
        traffic,
        mikey=tuple(mikey),
        exchanges=tuple(exchanges.values()),
        bootstrappings=tuple(replace(run, impi=None) for run in runs[: MAX_OF_EACH * len(wanted)]),
        naf_keys=(),
        sessions=tuple(replace(session, impi=(), b_tid=tuple(islice(sorted(b_tids & set(session.b_tid)), MAX_NAMES)))
                       for session in wanted),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ what to try


def _fitting(traffic: Traffic, sessions: list[Session], sample: Traffic, key: Key, ue: UeKeys) -> Iterator[str]:
    """Yield the changes that make a key open something."""
    nafs = tuple(NafKeys(fqdn, ua_id) for fqdn in _fqdns(traffic, sessions, ue) for ua_id in UA_IDS)
    impis = tuple(islice(_impis(sessions, ue), MAX_IMPIS))
    for said, changed in _changes(key, ue):
        tried = unlock(sample, Keyring(ues=(changed,)))
        if _verified(tried):
            here = _spelling(said, ue, sessions)
            yield here
            return
        if key.kind in ("K", "Ks") and (key.kind == "Ks" or changed.k in tried.proven):
            yield from _named(sample, said, changed, impis, nafs)
        if key.kind == "K" and changed.k in tried.proven and said:
            yield f"{said}: the challenge (AUTN) then verifies"
            return


def _spelling(said: str, ue: UeKeys, sessions: list[Session]) -> str:
    users = [impi for session in sessions for impi in session.impi]
    if said or not users or ue.impi in users:
        return said or "it fits another B-TID than the one it stands for"
    return f"it is right, but the capture spells the user {users[0]}"


def _verified(chain: Chain) -> Key | None:
    """Return a key under which an MSK message or a digest on Ua has verified."""
    return next((key for key in chain.keys if key.kind in ("MUK", "MRK") and key.value in chain.proven), None)


def _named(sample: Traffic, said: str, ue: UeKeys, impis: Iterable[str], nafs: tuple[NafKeys, ...]) -> Iterator[str]:
    """Yield the user and NAF names that make what is derived from a right K or Ks fit."""
    for impi in (ue.impi, *impis):
        entries = tuple(entry for entry in ue.naf if entry not in nafs)
        opened = _verified(unlock(sample, Keyring(ues=(replace(ue, impi=impi, naf=(*entries, *nafs)),))))
        if opened is None:
            continue
        told = [said] if said else []
        if impi != ue.impi:
            told.append(f"the keys are made with the user spelled {impi}")
        if opened.ua_id is not None and (impi == ue.impi or opened.ua_id not in USUAL):
            told.append(f"they are for NAF {opened.naf} with Ua id {opened.ua_id.hex()}")
        yield " and ".join(told)
        return


USUAL = frozenset(bytes.fromhex(digits) for digits in ("0100000001", "0100000003", "0100000004"))


def _impis(sessions: Iterable[Session], ue: UeKeys) -> Iterator[str]:
    """Yield other spellings of a user: those of the capture, with and without the realm, and in lower case."""
    seen = {ue.impi}
    realms = [impi.partition("@")[2] for session in sessions for impi in session.impi if "@" in impi]
    realms += [impu.partition("@")[2].partition(";")[0] for impu in ue.impu if "@" in impu]
    bare = ue.impi.partition("@")[0]
    spelled = [impi for session in sessions for impi in session.impi]
    spelled += [ue.impi.strip(), ue.impi.rstrip("."), bare, ue.impi.lower(), *(f"{bare}@{realm}" for realm in realms)]
    spelled += [ue.impi.removeprefix("sip:"), *(impu.removeprefix("sip:") for impu in ue.impu)]
    for impi in spelled:
        if impi and impi not in seen:
            seen.add(impi)
            yield impi


def _fqdns(traffic: Traffic, sessions: Iterable[Session], ue: UeKeys) -> tuple[str, ...]:
    """Return the names of servers that the capture shows, and those that the keyring has."""
    found: dict[str, None] = {told.naf_fqdn: None for told in traffic.naf_keys[:MAX_NAMES] if told.naf_fqdn}
    for session in sessions:
        for message in session.loose[:MAX_NAMES]:
            body = bodies.mikey(message)
            if body is not None and body.idi is not None:
                found[body.idi.text] = None
        for exchange in session.exchanges[:MAX_NAMES]:
            found |= dict.fromkeys(_hosts(exchange.first.body))
    found |= {naf.fqdn: None for naf in ue.naf}
    return tuple(filter(None, found))[:MAX_FQDNS]


def _hosts(body: object) -> Iterator[str]:
    if isinstance(body, Http) and body.is_request:
        given = gba.authorization(body)
        realm = (given.get("realm") or "") if given is not None else ""
        if "@" in realm:
            yield realm.split("@", 1)[1]
        yield (body.headers.get("Host") or "").split(":")[0]
    elif isinstance(body, Sip):
        found = _HOST.search(body.headers.get("To") or "")
        if found is not None:
            yield found[1]


# ------------------------------------------------------------------------------------------------ slips of the pen


def _changes(key: Key, ue: UeKeys) -> Iterator[Try]:
    """Yield what an entry would be without a slip, the nearest first; the first is the entry as it stands."""
    if key.kind == "K":
        yield "", replace(ue, gba=(), naf=())
        yield from _of_root(ue)
        return
    bare = replace(ue, k=None, opc=None, op=None, gba=(), naf=())
    fqdn = key.naf or "unknown"
    uses: dict[str, Callable[[bytes], UeKeys]] = {
        "Ks": lambda value: replace(bare, gba=(GbaRun(ks=value),)),
        "Ks_NAF": lambda value: replace(bare, naf=(NafKeys(fqdn, ks_naf=value),)),
        "Ks_ext_NAF": lambda value: replace(bare, naf=(NafKeys(fqdn, ks_ext_naf=value),)),
        "Ks_int_NAF": lambda value: replace(bare, naf=(NafKeys(fqdn, ks_int_naf=value),)),
        "MUK": lambda value: replace(bare, naf=(NafKeys(fqdn, muk=value),)),
        "MRK": lambda value: replace(bare, naf=(NafKeys(fqdn, mrk=value),)),
    }
    orders = (("", key.value), *_orders(key.value))
    for said, value in orders:
        yield said, uses[key.kind](value)
    # What opens as a MUK or an MRK opens as the NAF key that it may be as well: the nearer one is told.
    near = ("MUK", "MRK") if key.kind in ("MUK", "MRK") else ()
    for kind in dict.fromkeys((*near, *uses)):
        use = uses[kind]
        if kind != key.kind:
            for said, value in orders:
                yield ", ".join(filter(None, (f"the value is a {kind}, no {key.kind}", said))), use(value)


def _of_root(ue: UeKeys) -> Iterator[Try]:
    """Yield the ways in which K, OP and OPc are mixed up."""
    k, opc, given = ue.k or b"", ue.opc or b"", ue.op
    if len(k) != len(opc):
        return
    if given is None:
        yield "the opc given is an OP", _with(ue, k, op=opc)
        yield "K and opc are mixed up", _with(ue, opc, opc=k)
        yield "K and opc are mixed up, and the opc is an OP", _with(ue, opc, op=k)
    else:
        yield "the op given is an OPc", _with(ue, k, opc=given)
        yield "K and op are mixed up", _with(ue, given, op=k)
        yield "K and op are mixed up, and the op is an OPc", _with(ue, given, opc=k)
    second = opc if given is None else given
    for of_k, changed_k in (("", k), *_orders(k)):
        for of_opc, changed in (("", second), *_orders(second)):
            said = " and ".join(filter(None, (of_k and f"of K {of_k}", of_opc and f"of OP or OPc {of_opc}")))
            if said:
                yield said, _with(ue, changed_k, **{"opc" if given is None else "op": changed})


def _with(ue: UeKeys, k: bytes, *, op: bytes | None = None, opc: bytes | None = None) -> UeKeys:
    made = opc or aka.derive_opc(k=k, op=op or b"", algorithm=ue.algorithm, iterations=ue.iterations)
    return replace(ue, k=k, opc=made, op=op, gba=(), naf=())


def _orders(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the same octets in the orders that tools write them in."""
    half = len(value) // 2
    words = [value[at : at + WORD] for at in range(0, len(value), WORD)]
    yield "the octets are in reverse order", value[::-1]
    yield "the octets of each word are in reverse order", b"".join(word[::-1] for word in words)
    yield "the halves are the wrong way round", value[half:] + value[:half]
    with suppress(UnicodeDecodeError, ValueError):
        yield "the digits are those of hex written as text", bytes.fromhex(value.decode("ascii"))


# ------------------------------------------------------------------------------------------------ MSKs


def _msk(traffic: Traffic, chain: Chain, key: Key) -> Suspect | None:
    """Look into an MSK that was given outright: its name, its order, or the RAND that it lacks."""
    closed = [shut.message for shut in chain.shut.values()]
    mtks: dict[tuple[bytes | None, bytes], list[Message]] = {}
    for message in closed:
        body = bodies.mikey(message)
        if body is not None and bodies.is_mtk_message(body) and body.msk_id is not None:
            mtks.setdefault((body.key_domain_id, body.msk_id), []).append(message)
    if not mtks:
        return None
    owner = f"{'' if key.key_domain is None else key.key_domain.hex()}/{'' if key.msk_id is None else key.msk_id.hex()}"
    msks = [m for m in traffic.mikey if (b := bodies.mikey(m)) is not None and bodies.is_msk_message(b)]
    for (domain, msk_id), messages in islice(mtks.items(), MAX_NAMES):
        sample = replace(
            traffic, mikey=(*msks[:MAX_NAMES], *messages[:MAX_OF_EACH]), exchanges=(), bootstrappings=(), naf_keys=(),
            sessions=(),
        )  # fmt: skip
        for said, value in (("", key.value), *_orders(key.value)):
            entry = MskEntry(domain or b"", msk_id, value, key.rand)
            if value in unlock(sample, Keyring(msks=(entry,))).proven:
                other = "" if msk_id == key.msk_id and domain == key.key_domain else f"it is MSK {msk_id.hex()}"
                told = " and ".join(filter(None, (other, said)))
                return Suspect("MSK", owner, key.fingerprint, told or "it fits", fits=True)
    if (key.key_domain, key.msk_id) not in mtks:
        return Suspect("MSK", owner, key.fingerprint, "no MTK message names this MSK", fits=False)
    lacking = key.rand is None and not any(_names(m, key) for m in msks)
    return Suspect(
        "MSK", owner, key.fingerprint,
        "its MSK message is not in the capture: give its RAND too" if lacking
        else "neither another name nor another order of its octets fits: the value is another one", fits=False,
    )  # fmt: skip


def _names(message: Message, key: Key) -> bool:
    body = bodies.mikey(message)
    return body is not None and body.msk_id == key.msk_id
