"""What the keyring makes of the challenges of a capture: AKA of 3G and 2G GBA, and the AUTS of resynchronisations."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.correlate import bodies, gba
from analyzer.correlate.traffic import Traffic
from analyzer.keys import aka
from analyzer.keys import gba as arithmetic
from analyzer.keys.aka import AkaRun
from analyzer.keys.chain import Chain, Vector
from analyzer.keys.key import KEYRING, Key
from analyzer.keys.keyring import GbaRun, Keyring, UeKeys
from dissectors import Message
from dissectors.digest import Auth

OF_2G = "2G GBA"
MAX_VECTORS = 64  # of one RAND that no MAC has proven; a keyring may have thousands of UEs


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as far as it was seen: of a run that only its B-TID tells of there is the RAND alone."""

    rand: bytes
    autn: bytes | None = None
    data: bytes = b""

    @property
    def is_2g(self) -> bool:
        """2G GBA has an AUTN of zeros, and Ks-input behind it (TS 33.220 I.5.2)."""
        return self.autn is not None and not any(self.autn)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of a challenge, from what, and whether the long-term key was part of it."""

    run: AkaRun
    origin: str
    from_k: bool = True


def answered(run: gba.Bootstrapping) -> Challenge | None:
    """Return the challenge that the keys of a run come from."""
    return None if run.rand is None else Challenge(run.rand, run.autn, run.server_data)


def check(chain: Chain, traffic: Traffic, keyring: Keyring) -> None:
    """Run AKA for every challenge of Ub, also of runs that end without a B-TID, and check every AUTS."""
    by_impi: dict[str, list[UeKeys]] = {}
    for ue in keyring.ues:
        by_impi.setdefault(ue.impi, []).append(ue)
    for run in traffic.bootstrappings:
        own = keyring.ues if run.impi is None else by_impi.get(run.impi, ())
        challenge = answered(run)
        for ue in own if challenge is not None else ():
            assert challenge is not None
            learn(chain, ue, challenge)
        for message, given in _resynchronisations(run):
            parts = gba.nonce_parts(given.get("nonce"))
            if parts is not None:
                for ue in own:
                    learn(chain, ue, Challenge(*parts))
                _check_auts(chain, own, message, parts[0], given.get("auts") or "")


def learn(chain: Chain, ue: UeKeys, challenge: Challenge) -> tuple[Made, ...]:
    """Return what the keys of a UE make of a challenge, and keep it by its RAND.

    What they give proves itself or not: whoever has another K gets other octets.
    """
    found = tuple(_runs(ue, challenge))
    kept = chain.vectors.setdefault(challenge.rand, {})
    for made in found:
        if made.run.mac_ok or len(kept) < MAX_VECTORS:
            kept[Vector(made.run, root(ue) if made.from_k else None)] = None
        if made.from_k and made.run.mac_ok:
            chain.proven.add(ue.k or b"")
        known = chain.aka.get(challenge.rand)
        # Of several UEs it is the one whose K the challenge was made with.
        if known is None or (made.run.mac_ok and not known.mac_ok):
            chain.aka[challenge.rand] = made.run
    return found


def root(ue: UeKeys) -> Key:
    """Return the long-term key of a UE."""
    return Key("K", ue.k or b"", KEYRING, "supplied", impi=ue.impi)


def _runs(ue: UeKeys, challenge: Challenge) -> Iterator[Made]:
    if ue.k is not None and ue.opc is not None:
        for run in aka.runs(
            k=ue.k, opc=ue.opc, rand=challenge.rand, autn=None if challenge.is_2g else challenge.autn,
            algorithm=ue.algorithm, iterations=ue.iterations,
        ):  # fmt: skip
            if not challenge.is_2g:
                yield Made(run, ue.algorithm)
            elif len(challenge.data) >= arithmetic.KS_INPUT_LENGTH:
                # A USIM that stands in for a SIM; which SRES the operator chose, a digest tells.
                kc = aka.kc(ck=run.ck, ik=run.ik)
                for name, sres in aka.sres(res=run.res):
                    yield Made(_of_2g(challenge.rand, kc, sres, challenge.data, name), f"{OF_2G}, {ue.algorithm}")
    for entry in ue.gba:
        if fits(entry, challenge.rand):
            yield from _supplied(entry, challenge)


def fits(entry: GbaRun, rand: bytes) -> bool:
    """Say whether a run of the keyring may be that of a RAND: by RAND or B-TID, or because it names neither."""
    if entry.rand is not None:
        return entry.rand == rand
    return entry.b_tid is None or arithmetic.rand_of(entry.b_tid) == rand


def _supplied(entry: GbaRun, challenge: Challenge) -> Iterator[Made]:
    """RES, or Kc and SRES, of the keyring; the Ks that it gives outright needs no vector."""
    data = entry.ks_input or challenge.data
    if entry.kc is not None and entry.sres is not None and len(data) >= arithmetic.KS_INPUT_LENGTH:
        run = _of_2g(challenge.rand, entry.kc, entry.sres, data, "")
        yield Made(run, f"{OF_2G}, Kc and SRES of the keyring", from_k=False)
    elif entry.res is not None:
        run = AkaRun(entry.res, entry.ck or b"", entry.ik or b"", b"", b"", mac_ok=None, gba_u=False)
        yield Made(run, "", from_k=False)


def _of_2g(rand: bytes, kc: bytes, sres: bytes, data: bytes, chosen: str) -> AkaRun:
    ks_input = data[: arithmetic.KS_INPUT_LENGTH]
    ks = arithmetic.ks_2g(kc=kc, rand=rand, sres=sres, ks_input=ks_input)
    res = arithmetic.res_2g(kc=kc, rand=rand, sres=sres)
    return AkaRun(res, ks[:16], ks[16:], b"", b"", mac_ok=None, gba_u=False, variant=chosen)


def _resynchronisations(run: gba.Bootstrapping) -> Iterator[tuple[Message, Auth]]:
    for exchange in run.exchanges:
        for message in exchange.requests:
            body = bodies.http(message)
            given = None if body is None else gba.authorization(body)
            if given is not None and given.get("auts"):
                yield message, given


def _check_auts(chain: Chain, ues: Sequence[UeKeys], message: Message, rand: bytes, encoded: str) -> None:
    """Keep SQN_MS of the K that AUTS was made with; b"" where none of those at hand is it (TS 33.102 6.3.3)."""
    try:
        auts = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return
    if len(auts) != aka.AUTS_LENGTH:
        return
    for ue in ues:
        if ue.k is None or ue.opc is None:
            continue
        chain.resynchronisations.setdefault(id(message), b"")
        sqn = aka.check_auts(
            k=ue.k, opc=ue.opc, rand=rand, auts=auts, algorithm=ue.algorithm, iterations=ue.iterations
        )  # fmt: skip
        if sqn is not None:
            chain.resynchronisations[id(message)] = sqn
            return
