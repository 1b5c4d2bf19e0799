"""TUAK (TS 35.231): the AKA functions over Keccak-f[1600]. Slow, and run once per bootstrapping."""

from __future__ import annotations

from analyzer.keys.key import AkaKeys

RES_LENGTHS = (8, 4, 16, 32)  # octets; TS 35.231 6.1, the likelier first
MAC_LENGTHS = (8, 16, 32)
KEY_LENGTHS = (16, 32)  # of CK and IK
AK_LENGTH = 6
MAX_ITERATIONS = 16  # of Keccak, which the operator chooses; TS 35.231 6.1 recommends one

_LANE = (1 << 64) - 1
_ROUNDS = 24


def _round_constants() -> tuple[int, ...]:
    # FIPS 202 3.2.5: a linear feedback register fills bit 2^j - 1 of each constant
    constants = []
    register = 1
    for _ in range(_ROUNDS):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return tuple(constants)


_ROUND_CONSTANTS = _round_constants()


def _rotate(lane: int, bits: int) -> int:
    return ((lane << bits) | (lane >> (64 - bits))) & _LANE


def _keccak(state: bytes) -> bytes:
    """Keccak-f[1600] of FIPS 202 over 200 octets."""
    lanes = [int.from_bytes(state[8 * i : 8 * i + 8], "little") for i in range(25)]  # lane x, y at x + 5y
    for constant in _ROUND_CONSTANTS:
        # theta
        parity = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
        effect = [parity[(x + 4) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        lanes = [lane ^ effect[i % 5] for i, lane in enumerate(lanes)]
        # rho and pi
        x, y, moving = 1, 0, lanes[1]
        for t in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            moving, lanes[x + 5 * y] = lanes[x + 5 * y], _rotate(moving, (t + 1) * (t + 2) // 2 % 64)
        # chi
        lanes = [
            lanes[i] ^ (~lanes[i - i % 5 + (i + 1) % 5] & lanes[i - i % 5 + (i + 2) % 5] & _LANE) for i in range(25)
        ]
        # iota
        lanes[0] ^= constant
    return b"".join(lane.to_bytes(8, "little") for lane in lanes)


def _run(*, top: bytes, instance: int, k: bytes, rand: bytes, amf: bytes, sqn: bytes, iterations: int) -> bytes:
    # TS 35.231 6.2 to 6.5: every field goes in with its octets reversed
    if len(k) not in (16, 32) or len(top) != 32:
        raise ValueError("TUAK takes a K of 16 or 32 octets and a TOP of 32")
    instance |= len(k) == 32
    state = (
        top[::-1] + bytes([instance]) + b"TUAK1.0"[::-1] + rand[::-1] + amf[::-1] + sqn[::-1] + k[::-1].ljust(32, b"\0")
    )
    state = (state + b"\x1f").ljust(135, b"\0") + b"\x80" + bytes(64)
    for _ in range(iterations):
        state = _keccak(state)
    return state


def _field(out: bytes, start: int, length: int) -> bytes:
    return out[start : start + length][::-1]


def topc(*, top: bytes, k: bytes, iterations: int = 1) -> bytes:
    """Return TOPc, 32 octets, from the operator's TOP (TS 35.231 6.2)."""
    out = _run(top=top, instance=0, k=k, rand=bytes(16), amf=bytes(2), sqn=bytes(6), iterations=iterations)
    return _field(out, 0, 32)


def _mac(
    *, k: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes, mac_length: int, star: int, iterations: int
) -> bytes:
    # INSTANCE: MAC of 64, 128 or 256 bit is 0x08, 0x10 or 0x20; f1* adds 0x80
    out = _run(top=topc, instance=star | mac_length, k=k, rand=rand, amf=amf, sqn=sqn, iterations=iterations)
    return _field(out, 0, mac_length)


def f1(
    *, k: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes, mac_length: int = 8, iterations: int = 1
) -> bytes:
    """Return MAC-A, of 8, 16 or 32 octets (TS 35.231 6.3)."""
    return _mac(k=k, topc=topc, rand=rand, sqn=sqn, amf=amf, mac_length=mac_length, star=0, iterations=iterations)


def f1_star(
    *, k: bytes, topc: bytes, rand: bytes, sqn: bytes, amf: bytes, mac_length: int = 8, iterations: int = 1
) -> bytes:
    """Return MAC-S, of 8, 16 or 32 octets (TS 35.231 6.3)."""
    return _mac(k=k, topc=topc, rand=rand, sqn=sqn, amf=amf, mac_length=mac_length, star=0x80, iterations=iterations)


def f2345(
    *,
    k: bytes,
    topc: bytes,
    rand: bytes,
    res_length: int = 8,
    ck_length: int = 16,
    ik_length: int = 16,
    iterations: int = 1,
) -> AkaKeys:
    """Return RES (4, 8, 16 or 32 octets), CK and IK (16 or 32) and AK (TS 35.231 6.4).

    The lengths go into the computation: another RES length gives another CK, IK and AK.
    """
    instance = 0x40 | (res_length if res_length > 4 else 0)
    instance |= (0x04 if ck_length == 32 else 0) | (0x02 if ik_length == 32 else 0)
    out = _run(top=topc, instance=instance, k=k, rand=rand, amf=bytes(2), sqn=bytes(6), iterations=iterations)
    return AkaKeys(
        res=_field(out, 0, res_length),
        ck=_field(out, 32, ck_length),
        ik=_field(out, 64, ik_length),
        ak=_field(out, 96, AK_LENGTH),
    )


def f5_star(*, k: bytes, topc: bytes, rand: bytes, iterations: int = 1) -> bytes:
    """Return AK*, 6 octets (TS 35.231 6.5)."""
    out = _run(top=topc, instance=0xC0, k=k, rand=rand, amf=bytes(2), sqn=bytes(6), iterations=iterations)
    return _field(out, 96, AK_LENGTH)
