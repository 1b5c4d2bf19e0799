"""From what the user supplies and the capture shows to MUK and MRK: K → Ks → Ks_NAF → MUK, MRK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.traffic import Traffic
from analyzer.keys import gba as arithmetic
from analyzer.keys import vectors
from analyzer.keys.chain import Chain
from analyzer.keys.key import KEYRING, Key
from analyzer.keys.keyring import GbaRun, Keyring, UeKeys
from analyzer.keys.vectors import Challenge
from dissectors.http import Http

# Spec contradiction 7: Annex H of 33.220 lists …03 and …04 for 26.237, plain 33.246 has …01. All are tried.
UA_IDS = (arithmetic.UA_HTTP, arithmetic.UA_SIP, arithmetic.UA_MBMS)
MAX_NAFS = 32  # FQDNs that are tried with one Ks
GBA_REALM = "3GPP-bootstrapping"
TYPE_2G = 1
GBA_TYPES = {TYPE_2G: "2G GBA", gba.OF_DIGEST: "GBA_Digest"}  # TS 29.109 6.3.1.11; 0, that of a UICC, needs no word


def fill(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    """Find every MUK and MRK that the keyring or the capture can give, by B-TID."""
    nafs = _nafs(traffic, keyring)
    for key in _ks(chain, traffic, keyring):
        assert key.b_tid is not None
        chain.ks.setdefault(key.b_tid, []).append(key)
        for naf_keys in _naf_keys(key, nafs):
            _add(chain, naf_keys)
    for naf_keys in (*_supplied(traffic, keyring), *_seen(traffic)):
        _add(chain, naf_keys)


def _add(chain: Chain, keys: Iterable[Key]) -> None:
    for key in keys:
        assert key.b_tid is not None
        if key.kind == "MUK":
            chain.muks.setdefault(key.b_tid, []).append(key)
        elif key.kind == "MRK":
            chain.mrks.setdefault(key.b_tid, []).append(key)
        elif key.status == "seen":
            chain.tell(key)


def _b_tids(traffic: Traffic) -> dict[str, gba.Bootstrapping | None]:
    """All B-TIDs that anything names, with the run that made them where it was seen."""
    found: dict[str, gba.Bootstrapping | None] = {run.b_tid: run for run in traffic.bootstrappings if run.b_tid}
    for session in traffic.sessions:
        for b_tid in session.b_tid:
            found.setdefault(b_tid, None)
    for told in traffic.naf_keys:
        if told.b_tid:
            found.setdefault(told.b_tid, None)
    return found


def _ks(chain: Chain, traffic: Traffic, keyring: Keyring) -> Iterator[Key]:
    impis = {b_tid: session.impi for session in traffic.sessions for b_tid in session.b_tid}
    by_impi = {ue.impi: ue for ue in keyring.ues}
    for b_tid, seen in _b_tids(traffic).items():
        challenge = None if seen is None else vectors.answered(seen)
        rand = challenge.rand if challenge is not None else arithmetic.rand_of(b_tid)
        if rand is None:
            continue
        known = impis.get(b_tid, ())
        for ue in (by_impi[impi] for impi in known if impi in by_impi) if known else keyring.ues:
            supplied = (entry.lifetime for entry in ue.gba if b_tid == entry.b_tid or rand == entry.rand)
            expires = next(supplied, None) if seen is None else seen.lifetime
            yield from _ks_of(chain, ue, b_tid, challenge or Challenge(rand), expires)


def _ks_of(chain: Chain, ue: UeKeys, b_tid: str, challenge: Challenge, expires: int | None) -> Iterator[Key]:
    rand = challenge.rand
    named = [entry for entry in ue.gba if entry.b_tid == b_tid or vectors.fits(entry, rand)]
    for entry in named:
        value = entry.ks or _ks_from(entry)
        if value is not None:
            yield Key(
                "Ks", value, KEYRING, "supplied" if entry.ks else "derived",
                b_tid=b_tid, impi=ue.impi, rand=rand, expires=entry.lifetime or expires, variant=entry.type,
            )  # fmt: skip
    said = next((entry.type for entry in named if entry.type != "me"), None)
    for made in vectors.learn(chain, ue, challenge):
        if not made.origin:
            continue  # RES alone, or with the CK and IK that were taken above
        run = made.run
        roots = (vectors.root(ue),) if made.from_k else ()
        kind = "2g" if made.origin.startswith(vectors.OF_2G) else said or ("u" if run.gba_u else "me")
        yield Key(
            "Ks", arithmetic.ks(ck=run.ck, ik=run.ik), f"{made.origin} with RAND {rand.hex()}", "derived",
            b_tid=b_tid, impi=ue.impi, rand=rand, expires=expires, parents=roots,
            variant=", ".join(filter(None, (kind, run.variant))),
        )  # fmt: skip


def _ks_from(entry: GbaRun) -> bytes | None:
    return arithmetic.ks(ck=entry.ck, ik=entry.ik) if entry.ck and entry.ik else None


def _nafs(traffic: Traffic, keyring: Keyring) -> tuple[tuple[str, bytes], ...]:
    """The NAFs that keys may be for: those that Zn, POSTs, realms, MIKEY identities and the keyring name."""
    fqdns: dict[str, None] = {}
    exact: dict[tuple[str, bytes], None] = {}
    for told in traffic.naf_keys:
        if told.naf_fqdn and told.ua_id:
            exact[told.naf_fqdn, told.ua_id] = None
        elif told.naf_fqdn:
            fqdns[told.naf_fqdn] = None
    for message in traffic.mikey:
        body = bodies.mikey(message)
        if body is not None and body.idi is not None:
            fqdns[body.idi.text] = None
    for exchange in traffic.exchanges:
        for message in exchange.messages if exchange.protocol == "http" else ():
            fqdns |= dict.fromkeys(_http_nafs(message.body))
    for ue in keyring.ues:
        for naf in ue.naf:
            if naf.ua_id:
                exact[naf.fqdn, naf.ua_id] = None
            fqdns[naf.fqdn] = None
    exact |= dict.fromkeys((fqdn, ua_id) for fqdn in list(fqdns)[:MAX_NAFS] for ua_id in UA_IDS)
    return tuple(exact)


def _http_nafs(body: object) -> Iterator[str]:
    if not isinstance(body, Http):
        return
    given = gba.authorization(body) if body.is_request else gba.challenge(body)
    realm = (given.get("realm") or "") if given is not None else ""
    if realm.startswith(GBA_REALM) and "@" in realm:
        yield realm.split("@", 1)[1]
    if bodies.request_type(body) is not None and body.headers.get("Host"):
        yield (body.headers.get("Host") or "").split(":")[0]


def _naf_keys(ks: Key, nafs: Iterable[tuple[str, bytes]]) -> Iterator[tuple[Key, ...]]:
    """Derive from one Ks all that MUK and MRK can be (TS 33.246 6.1), the likely case first."""
    if ks.rand is None or ks.impi is None:
        return
    kind = ks.variant.split(",")[0]
    for fqdn, ua_id in nafs:
        naf_id = arithmetic.naf_id(fqdn=fqdn, ua_id=ua_id)
        told = ks._replace(naf=fqdn, ua_id=ua_id, status="derived", parents=(ks,), variant=f"Ua id {ua_id.hex()}")
        ext = told._replace(
            kind="Ks_NAF", origin=f"Ks for {fqdn}",
            value=arithmetic.ks_naf(ks=ks.value, rand=ks.rand, impi=ks.impi, naf_id=naf_id),
        )  # fmt: skip
        internal = told._replace(
            kind="Ks_int_NAF", origin=f"Ks for {fqdn}",
            value=arithmetic.ks_int_naf(ks=ks.value, rand=ks.rand, impi=ks.impi, naf_id=naf_id),
        )  # fmt: skip
        yield _mbms_keys(ext, None if kind == "2g" else internal, kind)


def _mbms_keys(ext: Key | None, internal: Key | None, kind: str) -> tuple[Key, ...]:
    """Return MUK and MRK in all cases of TS 33.246 6.1, that of the kind of GBA first; the name of a key says which.

    GBA_ME and 2G GBA: MUK is Ks_NAF, MRK is derived from it. GBA_U with a UICC that does MBMS: MUK is Ks_int_NAF, MRK
    Ks_ext_NAF. GBA_U with one that does not: MUK is Ks_ext_NAF, MRK is derived from it.
    """
    on_uicc: list[Key] = []
    on_me: list[Key] = []
    if internal is not None:
        on_uicc.append(_from(internal, "MUK", internal.value, "Ks_int_NAF is the MUK"))
    if ext is not None:
        named = ext._replace(kind="Ks_ext_NAF")
        on_uicc.append(_from(named, "MRK", ext.value, "Ks_ext_NAF is the MRK"))
        own = named if kind in ("u", "u-me") else ext
        mrk = arithmetic.mrk(ks_naf=ext.value)
        on_me.append(_from(own, "MUK", ext.value, f"{own.kind} is the MUK"))
        on_me.append(_from(own, "MRK", mrk, f"KDF of {own.kind}"))
    if kind == "2g":
        return tuple(on_me)
    return (*on_uicc, *on_me) if kind == "u" else (*on_me, *on_uicc)


def _from(parent: Key, kind: str, value: bytes, origin: str) -> Key:
    return parent._replace(kind=kind, value=value, origin=origin, status="derived", parents=(parent,))


def _supplied(traffic: Traffic, keyring: Keyring) -> Iterator[tuple[Key, ...]]:
    known, places = tuple(_b_tids(traffic)), _places(traffic) if any(ue.naf for ue in keyring.ues) else {}
    for ue in keyring.ues:
        of_user = places.get(ue.impi) or sorted(
            {place for impu in ue.impu for place in places.get(bodies.public_identity(impu), ())}
        )
        linked = [b_tid for place in of_user for b_tid in traffic.sessions[place].b_tid]
        for naf in ue.naf:
            for b_tid in (naf.b_tid,) if naf.b_tid else linked or known:
                base = Key(
                    "MUK", b"", KEYRING, "supplied",
                    b_tid=b_tid, naf=naf.fqdn, ua_id=naf.ua_id, impi=ue.impi,
                )  # fmt: skip
                ext_kind = "Ks_ext_NAF" if naf.ks_ext_naf or naf.ks_int_naf else "Ks_NAF"
                given = {
                    kind: base._replace(kind=kind, value=value)
                    for kind, value in ((ext_kind, naf.ks_naf or naf.ks_ext_naf), ("Ks_int_NAF", naf.ks_int_naf))
                    if value
                }
                yield tuple(given.values())
                yield tuple(
                    base._replace(kind=kind, value=value)
                    for kind, value in (("MUK", naf.muk), ("MRK", naf.mrk))
                    if value
                )
                internal = given.get("Ks_int_NAF")
                on = "u" if internal is not None else "u-me" if naf.ks_ext_naf else "me"
                yield _mbms_keys(given.get(ext_kind), internal, on)


def _places(traffic: Traffic) -> dict[str, list[int]]:
    """Where the sessions of an IMPI are among all, and those of an IMPU."""
    found: dict[str, list[int]] = {}
    for place, session in enumerate(traffic.sessions):
        for name in dict.fromkeys((*session.impi, *session.impu)):
            found.setdefault(name, []).append(place)
    return found


def _seen(traffic: Traffic) -> Iterator[tuple[Key, ...]]:
    """Keys that Zn answers and the SCF's POSTs show in the clear."""
    for told in traffic.naf_keys:
        if told.b_tid is None:
            continue
        source = "Zn" if told.muk is None else "POST of the SCF"
        kind = GBA_TYPES.get(told.type or 0, "")
        base = Key(
            "MUK", b"", f"{source}, frame {told.message.frame}{kind and ', '}{kind}", "seen",
            b_tid=told.b_tid, naf=told.naf_fqdn, ua_id=told.ua_id, impi=told.impi, expires=told.expires,
            capture=told.message.payload.capture, frame=told.message.frame,
        )  # fmt: skip
        if told.muk:
            muk = base._replace(value=told.muk)
            yield (
                muk,
                base._replace(kind="MRK", value=arithmetic.mrk(ks_naf=told.muk), status="derived", parents=(muk,)),
            )
        ext = (
            base._replace(kind="Ks_ext_NAF" if told.uicc_key else "Ks_NAF", value=told.me_key) if told.me_key else None
        )
        internal = base._replace(kind="Ks_int_NAF", value=told.uicc_key) if told.uicc_key else None
        yield tuple(key for key in (ext, internal) if key is not None)
        yield _mbms_keys(ext, internal, "u" if internal is not None else "2g" if told.type == TYPE_2G else "me")
