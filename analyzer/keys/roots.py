"""From what the user supplies and the capture shows to MUK and MRK: K → Ks → Ks_NAF → MUK, MRK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.correlate import bodies, gba
from analyzer.correlate.traffic import Traffic
from analyzer.keys import aka
from analyzer.keys import gba as arithmetic
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.keys.keyring import GbaRun, Keyring, UeKeys
from dissectors.http import Http

# Spec contradiction 7: Annex H of 33.220 lists …03 and …04 for 26.237, plain 33.246 has …01. All are tried.
UA_IDS = (arithmetic.UA_HTTP, arithmetic.UA_SIP, arithmetic.UA_MBMS)
MAX_NAFS = 32  # FQDNs that are tried with one Ks
GBA_REALM = "3GPP-bootstrapping"


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
        elif key.status != "derived":
            chain.use(key)


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
    for run in traffic.bootstrappings:  # runs that ended without a B-TID are checked too
        for ue in keyring.ues:
            if run.impi is None or ue.impi == run.impi:
                _aka(chain, ue, run.rand, run.autn)
    for b_tid, seen in _b_tids(traffic).items():
        rand = seen.rand if seen is not None else arithmetic.rand_of(b_tid)
        if rand is None:
            continue
        known = impis.get(b_tid, ())
        for ue in keyring.ues:
            if known and ue.impi not in known:
                continue
            supplied = (entry.lifetime for entry in ue.gba if b_tid == entry.b_tid or rand == entry.rand)
            expires = next(supplied, None) if seen is None else seen.lifetime
            yield from _ks_of(chain, ue, b_tid, rand, None if seen is None else seen.autn, expires)


def _aka(chain: Chain, ue: UeKeys, rand: bytes | None, autn: bytes | None) -> aka.AkaRun | None:
    """Run AKA with the long-term key; what it gives proves itself or not, whatever AUTN says."""
    if ue.k is None or ue.opc is None or rand is None:
        return None
    run = aka.run(k=ue.k, opc=ue.opc, rand=rand, autn=autn, algorithm=ue.algorithm)
    known = chain.aka.get(rand)
    if known is None or (run.mac_ok and not known.mac_ok):  # of several UEs the one whose K the challenge was made with
        chain.aka[rand] = run
    return run


def _ks_of(
    chain: Chain, ue: UeKeys, b_tid: str, rand: bytes, autn: bytes | None, expires: int | None
) -> Iterator[Key]:  # fmt: skip
    for entry in ue.gba:
        value = entry.ks or _ks_from(entry)
        if value is not None and (entry.b_tid == b_tid or entry.rand == rand or (not entry.b_tid and not entry.rand)):
            yield Key(
                "Ks", value, "keyring", "supplied" if entry.ks else "derived",
                b_tid=b_tid, impi=ue.impi, rand=rand, expires=entry.lifetime or expires, variant=entry.type,
            )  # fmt: skip
    run = _aka(chain, ue, rand, autn)
    if run is not None and ue.k is not None:
        root = Key("K", ue.k, "keyring", "supplied", impi=ue.impi)
        yield Key(
            "Ks", arithmetic.ks(ck=run.ck, ik=run.ik), f"{ue.algorithm} with RAND {rand.hex()}", "derived",
            b_tid=b_tid, impi=ue.impi, rand=rand, expires=expires, parents=(root,),
            variant="u" if run.gba_u else "me",
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
    for fqdn, ua_id in nafs:
        naf_id = arithmetic.naf_id(fqdn=fqdn, ua_id=ua_id)
        told = replace(ks, naf=fqdn, ua_id=ua_id, status="derived", parents=(ks,), variant=f"Ua id {ua_id.hex()}")
        ext = replace(
            told, kind="Ks_NAF", origin=f"Ks for {fqdn}",
            value=arithmetic.ks_naf(ks=ks.value, rand=ks.rand, impi=ks.impi, naf_id=naf_id),
        )  # fmt: skip
        internal = replace(
            told, kind="Ks_int_NAF", origin=f"Ks for {fqdn}",
            value=arithmetic.ks_int_naf(ks=ks.value, rand=ks.rand, impi=ks.impi, naf_id=naf_id),
        )  # fmt: skip
        yield _mbms_keys(ext, internal)


def _mbms_keys(ext: Key | None, internal: Key | None) -> tuple[Key, ...]:
    """MUK and MRK from NAF keys: GBA_ME, GBA_U with an MBMS UICC, GBA_U without (TS 33.246 6.1)."""
    found: list[Key] = []
    if ext is not None:
        mrk = arithmetic.mrk(ks_naf=ext.value)
        found.append(_from(ext, "MUK", ext.value, "Ks_NAF is the MUK"))
        found.append(_from(ext, "MRK", mrk, "KDF of Ks_NAF"))
        found.append(_from(replace(ext, kind="Ks_ext_NAF"), "MRK", ext.value, "Ks_ext_NAF is the MRK"))
    if internal is not None:
        found.append(_from(internal, "MUK", internal.value, "Ks_int_NAF is the MUK"))
    return tuple(found)


def _from(parent: Key, kind: str, value: bytes, origin: str) -> Key:
    return replace(parent, kind=kind, value=value, origin=origin, status="derived", parents=(parent,))


def _supplied(traffic: Traffic, keyring: Keyring) -> Iterator[tuple[Key, ...]]:
    for ue in keyring.ues:
        own = [b for session in traffic.sessions if ue.impi in session.impi for b in session.b_tid]
        linked = own or [b for s in traffic.sessions if set(ue.impu) & set(s.impu) for b in s.b_tid]
        for naf in ue.naf:
            for b_tid in (naf.b_tid,) if naf.b_tid else linked or tuple(_b_tids(traffic)):
                base = Key(
                    "MUK", b"", "keyring", "supplied",
                    b_tid=b_tid, naf=naf.fqdn, ua_id=naf.ua_id, impi=ue.impi,
                )  # fmt: skip
                given = {
                    kind: replace(base, kind=kind, value=value)
                    for kind, value in (("Ks_NAF", naf.ks_naf or naf.ks_ext_naf), ("Ks_int_NAF", naf.ks_int_naf))
                    if value
                }
                yield tuple(given.values())
                yield tuple(
                    replace(base, kind=kind, value=value)
                    for kind, value in (("MUK", naf.muk), ("MRK", naf.mrk))
                    if value
                )
                yield _mbms_keys(given.get("Ks_NAF"), given.get("Ks_int_NAF"))


def _seen(traffic: Traffic) -> Iterator[tuple[Key, ...]]:
    """Keys that Zn answers and the SCF's POSTs show in the clear."""
    for told in traffic.naf_keys:
        if told.b_tid is None:
            continue
        source = "Zn" if told.muk is None else "POST of the SCF"
        base = Key(
            "MUK", b"", f"{source}, frame {told.message.frame}", "seen",
            b_tid=told.b_tid, naf=told.naf_fqdn, ua_id=told.ua_id, impi=told.impi, expires=told.expires,
            capture=told.message.payload.capture, frame=told.message.frame,
        )  # fmt: skip
        if told.muk:
            muk = replace(base, value=told.muk)
            yield (
                muk,
                replace(base, kind="MRK", value=arithmetic.mrk(ks_naf=told.muk), status="derived", parents=(muk,)),
            )
        ext = (
            replace(base, kind="Ks_ext_NAF" if told.uicc_key else "Ks_NAF", value=told.me_key) if told.me_key else None
        )
        internal = replace(base, kind="Ks_int_NAF", value=told.uicc_key) if told.uicc_key else None
        yield tuple(key for key in (ext, internal) if key is not None)
        yield _mbms_keys(ext, internal)
