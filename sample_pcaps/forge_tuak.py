"""The USIMs and SIMs of the samples that do not run Milenage: TUAK (TS 35.231), and 2G GBA (TS 33.220 Annex I)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from sample_pcaps.forge_keys import Vector, xor

# FIPS 202 3.2.2: how far the lane of each column x and row y is turned, in bits
TURNS = ((0, 36, 3, 41, 18), (1, 44, 10, 45, 2), (62, 6, 43, 15, 61), (28, 55, 25, 21, 56), (27, 20, 39, 8, 14))
# FIPS 202 3.2.5, as the Keccak team prints them
ROUNDS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
)  # fmt: skip
MASK = (1 << 64) - 1
STATE = 200  # octets
NAME = b"TUAK1.0"


def permute(state: bytes) -> bytes:
    """Return Keccak-f[1600] of 200 octets (FIPS 202 3.3): theta, rho, pi, chi and iota, 24 times."""
    a = {(x, y): int.from_bytes(state[8 * (x + 5 * y) :][:8], "little") for x in range(5) for y in range(5)}
    for constant in ROUNDS:
        columns = [a[x, 0] ^ a[x, 1] ^ a[x, 2] ^ a[x, 3] ^ a[x, 4] for x in range(5)]
        mixed = {(x, y): a[x, y] ^ columns[x - 1] ^ _turn(columns[(x + 1) % 5], 1) for x, y in a}
        moved = {(y, (2 * x + 3 * y) % 5): _turn(mixed[x, y], TURNS[x][y]) for x, y in a}
        a = {(x, y): moved[x, y] ^ (moved[(x + 1) % 5, y] ^ MASK) & moved[(x + 2) % 5, y] for x, y in a}
        a[0, 0] ^= constant
    return b"".join(a[x, y].to_bytes(8, "little") for y in range(5) for x in range(5))


def _turn(lane: int, bits: int) -> int:
    return (lane << bits | lane >> 64 - bits) & MASK


@dataclass(frozen=True)
class Tuak:
    """What an operator chooses of TUAK: the octets of RES, CK and IK, and how often Keccak runs (TS 35.231 6.1)."""

    res: int = 8
    ck: int = 16
    ik: int = 16
    iterations: int = 1

    def topc(self, k: bytes, top: bytes) -> bytes:
        return self._out(k, top, 0)[:32][::-1]

    def f1(self, k: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes, star: bool = False) -> bytes:
        """Return MAC-A, or with `star` MAC-S, of 64 bits: AUTN has no room for more."""
        return self._out(k, topc, 0x88 if star else 0x08, rand, amf, sqn)[:8][::-1]

    def f5_star(self, k: bytes, topc: bytes, rand: bytes) -> bytes:
        return self._out(k, topc, 0xC0, rand)[96:102][::-1]

    def vector(self, k: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes = b"\xb9\xb9") -> Vector:
        """Return the authentication vector of a RAND."""
        instance = 0x40 | {4: 0, 8: 0x08, 16: 0x10, 32: 0x20}[self.res]
        instance |= (0x04 if self.ck == 32 else 0) | (0x02 if self.ik == 32 else 0)
        out = self._out(k, topc, instance, rand)
        ak = out[96:102][::-1]
        autn = xor(sqn, ak) + amf + self.f1(k, topc, rand, sqn, amf)
        return Vector(rand, autn, out[: self.res][::-1], out[32:][: self.ck][::-1], out[64:][: self.ik][::-1])

    def auts(self, k: bytes, topc: bytes, rand: bytes, sqn_ms: bytes) -> bytes:
        """Return the AUTS of a resynchronisation (TS 33.102 6.3.3)."""
        return xor(sqn_ms, self.f5_star(k, topc, rand)) + self.f1(k, topc, rand, sqn_ms, bytes(2), star=True)

    def _out(
        self, k: bytes, top: bytes, instance: int, rand: bytes = bytes(16), amf: bytes = bytes(2),
        sqn: bytes = bytes(6),
    ) -> bytes:  # fmt: skip
        """Fill the state and permute it (TS 35.231 6.2 to 6.6); each field goes in with its last octet first."""
        state = bytearray(STATE)
        at = 0
        for field in (top, bytes([instance | (len(k) == 32)]), NAME, rand, amf, sqn, k):
            state[at : at + len(field)] = field[::-1]
            at += len(field)
        state[96], state[135] = 0x1F, 0x80
        for _ in range(self.iterations):
            state = bytearray(permute(bytes(state)))
        return bytes(state)


@dataclass(frozen=True)
class Sim:
    """What a SIM makes of one RAND."""

    kc: bytes
    sres: bytes

    def vector(self, rand: bytes, ks_input: bytes) -> Vector:
        """Return what 2G GBA makes of it, the halves of Ks as CK and IK, AUTN of zeros (TS 33.220 I.5.2)."""
        key = self.kc * 2 + rand
        ks = _derived(key, ks_input, b"3gpp-gba-ks", self.sres)
        return Vector(rand, bytes(16), _derived(key, b"3gpp-gba-res", self.sres)[:16], ks[:16], ks[16:])


def _derived(key: bytes, *parts: bytes) -> bytes:
    text = b"\x01" + b"".join(part + len(part).to_bytes(2, "big") for part in parts)
    return hmac.digest(key, text, "sha256")
