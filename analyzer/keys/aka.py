"""AKA: Milenage (TS 35.206), and one run as the terminal sees it (TS 33.102 6.3) with Milenage or TUAK."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from analyzer.keys import tuak
from analyzer.keys.key import AkaKeys

ALGORITHMS = ("milenage", "tuak")
MacFunction = Callable[[bytes, bytes], bytes]  # of SQN and AMF
SQN_LENGTH = 6
AUTN_LENGTH = 16
AUTS_LENGTH = 14
MAC_LENGTH = 8


@dataclass(frozen=True, slots=True)
class AkaRun:
    """What K makes of a challenge; `mac_ok` says whether the challenge was made with the same K.

    Without an AUTN there is no `sqn`, no `amf`, and `mac_ok` is None: nobody can tell. `gba_u` is set where
    the MAC fits only after the change that a BSF makes for a GBA_U capable UICC. `variant` names what else was
    chosen of several: the sizes of TUAK, the SRES of 2G GBA.
    """

    res: bytes = field(repr=False)
    ck: bytes = field(repr=False)
    ik: bytes = field(repr=False)
    sqn: bytes
    amf: bytes
    mac_ok: bool | None
    gba_u: bool
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Sizes:
    """The octets of RES, CK and IK, which an operator chooses with TUAK (TS 35.231 6.1)."""

    res: int = 8
    ck: int = 16
    ik: int = 16

    @property
    def named(self) -> str:
        """Nothing for the usual ones, otherwise the bits of each."""
        return "" if self == Sizes() else f"RES {8 * self.res}, CK {8 * self.ck}, IK {8 * self.ik} bit"


SIZES = tuple(  # the likelier first
    Sizes(res, ck, ik) for ck in tuak.KEY_LENGTHS for ik in tuak.KEY_LENGTHS for res in tuak.RES_LENGTHS
)


def xor(a: bytes, b: bytes) -> bytes:
    """Return a XOR b; both have one length."""
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _encrypt(k: bytes, block: bytes) -> bytes:
    # one block, as Milenage is built on the bare cipher
    return Cipher(algorithms.AES(k), modes.ECB()).encryptor().update(block)  # noqa: S305


def _rotate(block: bytes, octets: int) -> bytes:
    return block[octets:] + block[:octets]


def opc(*, k: bytes, op: bytes) -> bytes:
    """Return OPc, 16 octets (TS 35.206 4.1)."""
    return xor(_encrypt(k, op), op)


def _out1(*, k: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    # TS 35.206 4.1: r1 = 64 bit, c1 = 0
    temp = _encrypt(k, xor(rand, opc))
    rotated = _rotate(xor((sqn + amf) * 2, opc), 8)
    return xor(_encrypt(k, xor(temp, rotated)), opc)


def _out(*, k: bytes, opc: bytes, rand: bytes, r: int, c: int) -> bytes:
    # TS 35.206 4.1: OUT2 to OUT5; r in octets
    temp = _encrypt(k, xor(rand, opc))
    rotated = _rotate(xor(temp, opc), r)
    return xor(_encrypt(k, xor(rotated, c.to_bytes(16, "big"))), opc)


def f1(*, k: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """Return MAC-A, 8 octets (TS 35.206 4.1)."""
    return _out1(k=k, opc=opc, rand=rand, sqn=sqn, amf=amf)[:8]


def f1_star(*, k: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> bytes:
    """Return MAC-S, 8 octets (TS 35.206 4.1)."""
    return _out1(k=k, opc=opc, rand=rand, sqn=sqn, amf=amf)[8:]


def f2345(*, k: bytes, opc: bytes, rand: bytes) -> AkaKeys:
    """Return RES (8 octets), CK, IK (16 each) and AK (6) (TS 35.206 4.1)."""
    out = partial(_out, k=k, opc=opc, rand=rand)
    out2 = out(r=0, c=1)
    return AkaKeys(res=out2[8:], ck=out(r=4, c=2), ik=out(r=8, c=4), ak=out2[:SQN_LENGTH])


def f5_star(*, k: bytes, opc: bytes, rand: bytes) -> bytes:
    """Return AK*, 6 octets (TS 35.206 4.1)."""
    return _out(k=k, opc=opc, rand=rand, r=12, c=8)[:SQN_LENGTH]


def derive_opc(*, k: bytes, op: bytes, algorithm: str = "milenage", iterations: int = 1) -> bytes:
    """Return OPc of Milenage or TOPc of TUAK from the operator's OP or TOP."""
    _check(algorithm)
    return tuak.topc(top=op, k=k, iterations=iterations) if algorithm == "tuak" else opc(k=k, op=op)


def run(
    *,
    k: bytes,
    opc: bytes,
    rand: bytes,
    autn: bytes | None,
    algorithm: str = "milenage",
    sizes: Sizes = Sizes(),
    iterations: int = 1,
) -> AkaRun:
    """Return the keys of a challenge, and whether its MAC fits `k` (TS 33.102 6.3.3).

    `autn` is (SQN xor AK) || AMF || MAC, 16 octets, None where it was not seen. `opc` is TOPc for TUAK, where
    `sizes` also enter CK, IK and AK; Milenage has those of the default. Raises ValueError for an unknown
    algorithm or wrong lengths.
    """
    _check(algorithm)
    if len(rand) != 16 or (autn is not None and len(autn) != AUTN_LENGTH):
        raise ValueError("RAND and AUTN are 16 octets each")
    if algorithm == "tuak":
        keys = tuak.f2345(
            k=k,
            topc=opc,
            rand=rand,
            res_length=sizes.res,
            ck_length=sizes.ck,
            ik_length=sizes.ik,
            iterations=iterations,
        )
    else:
        keys = f2345(k=k, opc=opc, rand=rand)
    if autn is None:
        return AkaRun(keys.res, keys.ck, keys.ik, sqn=b"", amf=b"", mac_ok=None, gba_u=False, variant=sizes.named)
    sqn, amf, mac = xor(autn[:6], keys.ak), autn[6:8], autn[8:]
    if algorithm == "tuak":
        expected = tuak.f1(k=k, topc=opc, rand=rand, sqn=sqn, amf=amf, iterations=iterations)
    else:
        expected = f1(k=k, opc=opc, rand=rand, sqn=sqn, amf=amf)
    plain = hmac.compare_digest(mac, expected)
    gba_u = not plain and hmac.compare_digest(mac, hidden_mac(mac=expected, ik=keys.ik))
    return AkaRun(keys.res, keys.ck, keys.ik, sqn, amf, mac_ok=plain or gba_u, gba_u=gba_u, variant=sizes.named)


def hidden_mac(*, mac: bytes, ik: bytes) -> bytes:
    """Return MAC*, which a BSF puts in the place of MAC for a GBA_U capable UICC (TS 33.220 5.3.2)."""
    return xor(mac, hashlib.sha1(ik).digest()[:MAC_LENGTH])  # noqa: S324 - the SHA-1 of the specification


def runs(
    *, k: bytes, opc: bytes, rand: bytes, autn: bytes | None, algorithm: str = "milenage", iterations: int = 1
) -> tuple[AkaRun, ...]:
    """Return what a challenge may be: the sizes of TUAK are the operator's choice, and only AUTN tells which.

    One run where the MAC fits, or where no size makes it fit; without an AUTN one of each size.
    """
    found: list[AkaRun] = []
    for sizes in SIZES if algorithm == "tuak" else SIZES[:1]:
        tried = run(k=k, opc=opc, rand=rand, autn=autn, algorithm=algorithm, sizes=sizes, iterations=iterations)
        if tried.mac_ok:
            return (tried,)
        found.append(tried)
    return tuple(found) if autn is None else tuple(found[:1])


def check_auts(
    *, k: bytes, opc: bytes, rand: bytes, auts: bytes, algorithm: str = "milenage", iterations: int = 1
) -> bytes | None:
    """Return SQN_MS, 6 octets, of a resynchronisation, or None when MAC-S does not fit `k` (TS 33.102 6.3.3).

    `auts` is (SQN_MS xor AK*) || MAC-S, 14 octets. Raises ValueError for an unknown algorithm or wrong lengths.
    """
    _check(algorithm)
    if len(rand) != 16 or len(auts) != AUTS_LENGTH:
        raise ValueError("RAND is 16 octets, AUTS 14")
    if algorithm == "tuak":
        sqn = xor(auts[:6], tuak.f5_star(k=k, topc=opc, rand=rand, iterations=iterations))
        expected = tuak.f1_star(k=k, topc=opc, rand=rand, sqn=sqn, amf=bytes(2), iterations=iterations)
    else:
        sqn = xor(auts[:6], f5_star(k=k, opc=opc, rand=rand))
        expected = f1_star(k=k, opc=opc, rand=rand, sqn=sqn, amf=bytes(2))
    return sqn if hmac.compare_digest(auts[6:], expected) else None


def kc(*, ck: bytes, ik: bytes) -> bytes:
    """Return Kc, 8 octets, of the SIM that a USIM can be: the conversion c3 (TS 33.102 6.8.1.2, TS 55.205 4)."""
    return xor(xor(ck[:8], ck[8:16]), xor(ik[:8], ik[8:16]))


def sres(*, res: bytes) -> tuple[tuple[str, bytes], ...]:
    """Return both SRES, 4 octets, that an operator may choose of RES, named (TS 33.102 6.8.1.2, TS 55.205 4)."""
    padded = res.ljust(16, b"\0")
    folded = xor(xor(padded[:4], padded[4:8]), xor(padded[8:12], padded[12:16]))
    return (("SRES#1", folded), ("SRES#2", res[:4]))


def flipped_res(*, res: bytes) -> bytes:
    """Return RES with its last bit changed, as a GBA_U run may answer with (TS 33.220 5.3.2)."""
    return res[:-1] + bytes([res[-1] ^ 1])


def _check(algorithm: str) -> None:
    if algorithm not in ALGORITHMS:
        raise ValueError(f"no AKA algorithm {algorithm}")
