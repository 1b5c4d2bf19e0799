"""New keys for a case: the long-term keys are drawn, and all that hangs on them is derived again as it was before."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from analyzer.analysis import Analysis
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.keys import aka, gba, tuak
from analyzer.keys.aka import AkaRun
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.keys.keyring import EspSa, GbaRun, Keyring, NafKeys, UeKeys

AUTN_LENGTH = 16
MAX_STRANGE = 64  # UEs whose K is tried for a challenge that the analysis knew nothing of
OF_U = ("Ks_int_NAF",)
OF_ME = ("Ks_NAF", "Ks_ext_NAF")


@dataclass(slots=True)
class Rekeyed:
    """Old octets with the new ones: `values` of keys and of what challenges are made of, `runs` by old RAND.

    `text` gives a name as it is afterwards.
    """

    analysis: Analysis
    names: Pseudonyms
    text: Callable[[str], str]
    values: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    runs: dict[bytes, list[tuple[AkaRun, AkaRun]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        chain, keyring = self.analysis.story.chain, self.analysis.keyring
        for ue in keyring.ues:
            for value in (ue.k, ue.opc, ue.op):
                if value is not None:
                    self.values.setdefault(value, self.names.octets(value, "key"))
        self._challenges(chain, keyring)
        for run in (run for ue in keyring.ues for run in ue.gba):
            if run.ck is not None and run.ik is not None:  # TS 33.220 4.5.2: Ks is both
                self.values.setdefault(run.ck + run.ik, self.octets(run.ck) + self.octets(run.ik))
        derived: list[Key] = []
        outright: list[Key] = []
        for key in _keys(chain):
            (derived if key.parents else outright).append(key)
        for key in (*derived, *outright):
            self.key(key)

    def octets(self, value: bytes) -> bytes:
        """Return what stands for octets that are a key, whichever."""
        if value and value not in self.values:
            self.values[value] = self.names.octets(value, "key")
        return self.values.get(value, b"")

    def key(self, key: Key) -> bytes:
        """Return the new value of a key; derived from its parent as the old one was."""
        if key.value in self.values:
            return self.values[key.value]
        parent = key.parents[0] if key.parents else None
        made = None if parent is None else self._derived(key, parent)
        self.values[key.value] = self.names.octets(key.value, "key") if made is None else made
        return self.values[key.value]

    def _derived(self, key: Key, parent: Key) -> bytes | None:
        if parent.value == key.value:
            return self.key(parent)
        if key.kind in OF_U + OF_ME and parent.kind == "Ks" and key.rand and key.impi and key.naf and key.ua_id:
            make = gba.ks_int_naf if key.kind in OF_U else gba.ks_naf
            naf_id = gba.naf_id(fqdn=self.text(key.naf), ua_id=key.ua_id)
            return make(ks=self.key(parent), rand=self.rand(key.rand), impi=self.text(key.impi), naf_id=naf_id)
        if key.kind == "MRK":
            return gba.mrk(ks_naf=self.key(parent))
        return None

    def rand(self, rand: bytes) -> bytes:
        """Return the RAND that stands for one of AKA: as base64 it has the form of the old one."""
        return base64.b64decode(self.names.encoded(base64.b64encode(rand).decode()))

    def nonce(self, nonce: str) -> str | None:
        """Return the nonce of a challenge of AKA, None where it is none."""
        try:
            octets = base64.b64decode(nonce, validate=True)
        except ValueError:
            return None
        if len(octets) < 2 * AUTN_LENGTH:
            return None
        rand, autn, data = octets[:16], octets[16:32], octets[32:]
        return base64.b64encode(self.rand(rand) + self.autn(rand, autn) + data).decode()

    def autn(self, rand: bytes, autn: bytes) -> bytes:
        """Return an AUTN: with the MAC that the new K makes, or none where the old one was of another."""
        if not any(autn):  # of 2G GBA
            return autn
        if autn not in self.values:
            self.values[autn] = self._autn(rand, autn) or self.names.octets(autn, "AUTN")
        return self.values[autn]

    def auts(self, rand: bytes, auts: bytes) -> bytes:
        """Return an AUTS, with the SQN of the USIM as before (TS 33.102 6.3.3)."""
        for ue in self._likely(rand):
            if ue.k and ue.opc and len(auts) == aka.AUTS_LENGTH:
                given: dict[str, Any] = {
                    "rand": rand,
                    "auts": auts,
                    "algorithm": ue.algorithm,
                    "iterations": ue.iterations,
                }
                sqn = aka.check_auts(k=ue.k, opc=ue.opc, **given)
                if sqn is not None:
                    made, mac = self._star(ue, self.rand(rand), sqn)
                    return aka.xor(sqn, made) + mac
        return self.names.octets(auts, "AUTS")

    def pair(self, rand: bytes, autn: bytes, ck: bytes, ik: bytes) -> tuple[bytes, bytes]:
        """Return CK and IK of a challenge: what the new K makes where the old ones were made of a K, else drawn."""
        self.values.setdefault(rand, self.rand(rand))
        self.autn(rand, autn)
        for ue in self._likely(rand):
            if ue.k is None or ue.opc is None:
                continue
            given: dict[str, Any] = {"algorithm": ue.algorithm, "iterations": ue.iterations}
            for run in aka.runs(k=ue.k, opc=ue.opc, rand=rand, autn=autn, **given):
                if (run.ck, run.ik) == (ck, ik):
                    self._note(run, self._run(run, ue, rand))
        return self.octets(ck), self.octets(ik)

    def _likely(self, rand: bytes) -> Iterator[UeKeys]:
        """Yield the UEs that a challenge may be for: those that the analysis tried, then some of the others."""
        ues = self.analysis.keyring.ues
        roots = {
            vector.root.value for vector in self.analysis.story.chain.vectors.get(rand, ()) if vector.root is not None
        }
        yield from (ue for ue in ues if ue.k in roots)
        yield from islice((ue for ue in ues if ue.k not in roots), MAX_STRANGE)

    def _star(self, ue: UeKeys, rand: bytes, sqn: bytes) -> tuple[bytes, bytes]:
        k, opc = self.values[ue.k or b""], self.values[ue.opc or b""]
        amf = bytes(2)
        if ue.algorithm == "tuak":
            base: dict[str, Any] = {"k": k, "topc": opc, "rand": rand, "iterations": ue.iterations}
            return tuak.f5_star(**base), tuak.f1_star(**base, sqn=sqn, amf=amf, mac_length=aka.MAC_LENGTH)
        return aka.f5_star(k=k, opc=opc, rand=rand), aka.f1_star(k=k, opc=opc, rand=rand, sqn=sqn, amf=amf)

    def _autn(self, rand: bytes, autn: bytes) -> bytes | None:
        for ue in self._likely(rand):
            if ue.k is None or ue.opc is None:
                continue
            given: dict[str, Any] = {"algorithm": ue.algorithm, "iterations": ue.iterations}
            for run in aka.runs(k=ue.k, opc=ue.opc, rand=rand, autn=autn, **given):
                if run.mac_ok:
                    return self._challenge(ue, run, self.rand(rand))
        return None

    def _challenge(self, ue: UeKeys, run: AkaRun, rand: bytes) -> bytes:
        k, opc = self.values[ue.k or b""], self.values[ue.opc or b""]
        if ue.algorithm == "tuak":
            base: dict[str, Any] = {"k": k, "topc": opc, "rand": rand, "iterations": ue.iterations}
            keys = tuak.f2345(**base, res_length=len(run.res), ck_length=len(run.ck), ik_length=len(run.ik))
            mac = tuak.f1(**base, sqn=run.sqn, amf=run.amf, mac_length=aka.MAC_LENGTH)
        else:
            keys = aka.f2345(k=k, opc=opc, rand=rand)
            mac = aka.f1(k=k, opc=opc, rand=rand, sqn=run.sqn, amf=run.amf)
        mac = aka.hidden_mac(mac=mac, ik=keys.ik) if run.gba_u else mac
        return aka.xor(run.sqn, keys.ak) + run.amf + mac

    # ------------------------------------------------------------------------------------------------- AKA

    def _challenges(self, chain: Chain, keyring: Keyring) -> None:
        by_k = {ue.k: ue for ue in keyring.ues if ue.k is not None}
        for rand, vectors in chain.vectors.items():
            for vector in vectors:
                ue = None if vector.root is None else by_k.get(vector.root.value)
                made = self._run(vector.run, ue, rand)
                self.runs.setdefault(rand, []).append((vector.run, made))
                self._note(vector.run, made)
            self.values[rand] = self.rand(rand)
        for run in self.analysis.story.traffic.bootstrappings:
            if run.rand is not None and run.autn is not None:
                self.autn(run.rand, run.autn)

    def _note(self, old: AkaRun, new: AkaRun) -> None:
        both = (old.ck, new.ck), (old.ik, new.ik), (old.ck + old.ik, new.ck + new.ik), (old.res, new.res)
        for before, after in both:
            if before and len(before) == len(after):
                self.values.setdefault(before, after)

    def _run(self, run: AkaRun, ue: UeKeys | None, rand: bytes) -> AkaRun:
        """Return the same run of AKA with the new keys; what no K has made is drawn."""
        new = None
        if ue is not None and ue.k and ue.opc:
            found = aka.runs(
                k=self.values[ue.k], opc=self.values[ue.opc], rand=self.rand(rand), autn=None, algorithm=ue.algorithm,
                iterations=ue.iterations,
            )  # fmt: skip
            sizes = len(run.res), len(run.ck), len(run.ik)
            new = next((one for one in found if (len(one.res), len(one.ck), len(one.ik)) == sizes), None)
        if new is None:
            drawn = [self.names.octets(value, "key") for value in (run.res, run.ck, run.ik)]
            return replace(run, res=drawn[0], ck=drawn[1], ik=drawn[2])
        return replace(run, res=new.res, ck=new.ck, ik=new.ik)

    # ------------------------------------------------------------------------------------------------- the keyring

    def keyring(self, keyring: Keyring) -> str:
        """Return a keyring of the new keys and names as TOML."""
        lines = ["# Made by keyshark anonymize: keys and names stand for others.", ""]
        for ue in keyring.ues:
            lines += ["[[ue]]", f'impi = "{self.text(ue.impi)}"']
            if ue.impu:
                lines.append(f"impu = [{', '.join(f'{chr(34)}{self.text(impu)}{chr(34)}' for impu in ue.impu)}]")
            if ue.k is not None:
                lines += _given("k", self.values[ue.k]) + _given("opc", self.values.get(ue.opc or b""))
                lines += [f'algorithm = "{ue.algorithm}"']
                lines += [f"iterations = {ue.iterations}"] if ue.iterations > 1 else []
            for run in ue.gba:
                lines += ["", "  [[ue.gba]]", *self._gba(run)]
            for naf in ue.naf:
                lines += ["", "  [[ue.naf]]", *self._naf(naf)]
            lines.append("")
        for msk in keyring.msks:
            lines += ["[[msk]]", *_given("key_domain", msk.key_domain), *_given("msk_id", msk.msk_id)]
            lines += [*_given("value", self.octets(msk.value)), *_given("rand", msk.rand), ""]
        for mtk in keyring.mtks:
            lines += ["[[mtk]]", *_given("key_domain", mtk.key_domain), *_given("msk_id", mtk.msk_id)]
            lines += [*_given("mtk_id", mtk.mtk_id), *_given("value", self.octets(mtk.value))]
            lines += [*_given("salt", self.octets(mtk.salt) or None), ""]
        for sa in keyring.esp:
            lines += ["[[esp.sa]]", *self._sa(sa), ""]
        return "\n".join(lines)

    def sa(self, sa: EspSa) -> EspSa:
        """Return an association of ESP with other addresses and keys."""
        src, dst = (None if end is None else self.names.address(end) for end in (sa.src, sa.dst))
        keys = self.octets(sa.encryption_key), self.octets(sa.integrity_key)
        return replace(sa, src=src, dst=dst, encryption_key=keys[0], integrity_key=keys[1])

    def _sa(self, old: EspSa) -> Iterator[str]:
        sa = self.sa(old)
        yield f"spi = {sa.spi:#x}"
        yield from (f'{name} = "{end}"' for name, end in (("src", sa.src), ("dst", sa.dst)) if end is not None)
        yield f'encryption = "{sa.encryption}"'
        yield from _given("encryption_key", sa.encryption_key or None)
        yield f'integrity = "{sa.integrity}"'
        yield from _given("integrity_key", sa.integrity_key or None)

    def _gba(self, run: GbaRun) -> Iterator[str]:
        if run.b_tid is not None:
            yield f'b_tid = "{self.text(run.b_tid)}"'
        yield from _given("rand", None if run.rand is None else self.rand(run.rand))
        for name in ("ks", "ck", "ik", "res", "kc", "sres"):
            value = getattr(run, name)
            yield from _given(name, None if value is None else self.octets(value))
        yield from _given("ks_input", run.ks_input)
        if run.lifetime is not None:
            yield f"lifetime = {_time(run.lifetime)}"
        yield f'type = "{run.type}"'

    def _naf(self, naf: NafKeys) -> Iterator[str]:
        yield f'fqdn = "{self.text(naf.fqdn)}"'
        yield from _given("ua_id", naf.ua_id)
        if naf.b_tid is not None:
            yield f'b_tid = "{self.text(naf.b_tid)}"'
        for name in ("ks_naf", "ks_ext_naf", "ks_int_naf", "muk", "mrk"):
            value = getattr(naf, name)
            yield from _given(name, None if value is None else self.octets(value))


def _keys(chain: Chain) -> Iterator[Key]:
    for kind in (chain.ks, chain.muks, chain.mrks):
        for keys in kind.values():
            for key in keys:
                yield from key.parents
                yield key
    for held in (chain.msks, chain.mtks):
        for keys in held.values():
            yield from (key._replace(parents=()) for key in keys)
    yield from (key for key in chain.keys if key.kind not in ("MSK", "MTK"))


def _given(name: str, value: bytes | None) -> list[str]:
    return [] if value is None else [f'{name} = "{value.hex()}"']


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
