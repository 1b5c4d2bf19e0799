"""MIKEY messages of MBMS, octet by octet (RFC 3830, RFC 4563, TS 33.246 6.4).

Every field is an argument, so that a story can say what is wrong in it. The payloads of a message are a
list of (payload number, body without its next-payload octet): `arrange` may add, drop, repeat or reorder
them before the next-payload octets are written and the MAC is taken.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Sequence

from sample_pcaps.forge_keys import MikeyKeys, aes_counter, psk_keys, xor

LAST, KEMAC, T, ID, V, SP, RAND, ERR, EXT = 0, 1, 5, 6, 9, 10, 11, 12, 21  # next payload values, RFC 3830 6.1
PSK, VERIFICATION, ERROR = 0, 1, 6  # data types
MAP_SRTP, MAP_EMPTY = 0, 1
TGK, TEK, TEK_SALT = 0, 2, 3  # key types, RFC 3830 6.13
COUNTER = 2
ENCR_NULL, AES_CM = 0, 1
MAC_NULL, HMAC_SHA1 = 0, 1
KEY_DOMAIN, MSK_ID, MTK_ID = 0, 1, 2  # Key ID types, RFC 4563 4

Payloads = list[tuple[int, bytes]]
Arrange = Callable[[Payloads], Payloads]

# RFC 3830 6.10.1 and RFC 4771 4: AES-CM-128, HMAC-SHA-1 in mode RCCm2 with 14 octets, R = 16; SRTCP with 10 octets.
POLICY: tuple[tuple[int, bytes], ...] = (
    (0, b"\x01"), (1, b"\x10"), (2, b"\x03"), (3, b"\x14"), (4, b"\x0e"), (5, b"\x00"), (6, b"\x00"), (7, b"\x01"),
    (8, b"\x01"), (10, b"\x01"), (11, b"\x0e"), (13, b"\x00\x10"), (15, b"\x01"), (19, b"\x0a"),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ payloads


def timestamp(value: int, ts_type: int = COUNTER) -> bytes:
    """Return a T payload: 4 octets of a counter, 8 of the NTP types 0 and 1."""
    return bytes((ts_type,)) + value.to_bytes(8 if ts_type in {0, 1} else 4, "big")


def rand_payload(rand: bytes) -> bytes:
    return bytes((len(rand),)) + rand


def identity(text: str | bytes, id_type: int = 0) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("!BH", id_type, len(data)) + data


def policy(params: Sequence[tuple[int, bytes]] = POLICY, number: int = 1, protocol: int = 0) -> bytes:
    """Return an SP payload."""
    listed = b"".join(bytes((kind, len(value))) + value for kind, value in params)
    return struct.pack("!BBH", number, protocol, len(listed)) + listed


def key_ids(*ids: tuple[int, bytes], ext_type: int = 3) -> bytes:
    """Return a Key ID extension (RFC 4563 4)."""
    listed = b"".join(bytes((kind, len(value))) + value for kind, value in ids)
    return struct.pack("!BH", ext_type, len(listed)) + listed


def srtp_id(ssrc: int, roc: int = 0, policy_number: int = 1) -> bytes:
    """Return the map entry of one crypto session (RFC 3830 6.1.1)."""
    return struct.pack("!BII", policy_number, ssrc, roc)


def key_data(
    key: bytes,
    *,
    key_type: int,
    salt: bytes = b"",
    interval: tuple[bytes, bytes] | None = None,
    kv: int | None = None,
    next_payload: int = 0,
) -> bytes:
    """Return a key data sub-payload (RFC 3830 6.13); `interval` is ValidFrom and ValidTo."""
    kind = (2 if interval else 0) if kv is None else kv
    octets = struct.pack("!BBH", next_payload, key_type << 4 | kind, len(key)) + key
    if key_type in {1, 3, 5}:
        octets += struct.pack("!H", len(salt)) + salt
    if interval is not None:
        octets += b"".join(bytes((len(end),)) + end for end in interval)
    return octets


# ------------------------------------------------------------------------------------------------ messages


def header(
    *, data_type: int, first: int, v: bool = False, prf: int = 0, csb_id: int, cs_count: int, map_type: int,
    map_info: bytes = b"", version: int = 1,
) -> bytes:  # fmt: skip
    flags = (0x80 if v else 0) | prf
    return struct.pack("!BBBBIBB", version, data_type, first, flags, csb_id, cs_count, map_type) + map_info


def chained(payloads: Payloads, end: int) -> tuple[int, bytes]:
    """Write the next-payload octets; return the number of the first payload, and all octets but those of `end`."""
    numbers = [number for number, _ in payloads] + [end]
    octets = b"".join(bytes((numbers[at + 1],)) + body for at, (_, body) in enumerate(payloads))
    return numbers[0], octets


def encrypted(keys: MikeyKeys, csb_id: int, t: int, data: bytes) -> bytes:
    """Encrypt with AES-CM as RFC 3830 4.2.3 has it, the counter right aligned in the IV."""
    iv = xor(keys.salt, bytes(2) + csb_id.to_bytes(4, "big") + t.to_bytes(8, "big")) + bytes(2)
    return aes_counter(keys.encr_key, iv, data)


def protected(
    payloads: Payloads,
    *,
    keys: MikeyKeys,
    csb_id: int,
    t: int,
    data: bytes,
    cs_count: int,
    map_type: int,
    map_info: bytes = b"",
    v: bool = False,
    data_type: int = PSK,
    prf: int = 0,
    version: int = 1,
    encr_alg: int = AES_CM,
    mac_alg: int = HMAC_SHA1,
    arrange: Arrange | None = None,
    break_mac: bool = False,
) -> bytes:
    """Return a message that ends in a KEMAC with the encrypted key data and a MAC over all before it."""
    if arrange is not None:
        payloads = arrange(list(payloads))
    first, octets = chained(payloads, KEMAC)
    start = header(
        data_type=data_type, first=first, v=v, prf=prf, csb_id=csb_id, cs_count=cs_count, map_type=map_type,
        map_info=map_info, version=version,
    )  # fmt: skip
    inside = encrypted(keys, csb_id, t, data) if encr_alg == AES_CM else data
    covered = start + octets + bytes((LAST, encr_alg)) + len(inside).to_bytes(2, "big") + inside + bytes((mac_alg,))
    mac = hmac.digest(keys.auth_key, covered, "sha1") if mac_alg == HMAC_SHA1 else b""
    return covered + (bytes(len(mac)) if break_mac else mac)


def verification(
    *,
    keys: MikeyKeys,
    csb_id: int,
    t: int,
    idi: str,
    idr: str,
    cs_count: int = 0,
    map_type: int = MAP_EMPTY,
    map_info: bytes = b"",
    data_type: int = VERIFICATION,
    ts_type: int = COUNTER,
    shown_idr: str | None = None,
    mac_alg: int = HMAC_SHA1,
    arrange: Arrange | None = None,
    break_mac: bool = False,
) -> bytes:
    """Return the verification message of a UE (TS 33.246 6.4.5.2); the MAC also covers IDi, IDr and T (RFC 3830 5.2).

    `shown_idr` is what stands in the message where that differs from the IDr under the MAC.
    """
    payloads: Payloads = [(T, timestamp(t, ts_type)), (ID, identity(idr if shown_idr is None else shown_idr))]
    if arrange is not None:
        payloads = arrange(payloads)
    first, octets = chained(payloads, V)
    start = header(
        data_type=data_type, first=first, csb_id=csb_id, cs_count=cs_count, map_type=map_type, map_info=map_info
    )
    covered = start + octets + bytes((LAST, mac_alg))
    mac = hmac.digest(keys.auth_key, covered + idi.encode() + idr.encode() + timestamp(t, ts_type)[1:], "sha1")
    if mac_alg != HMAC_SHA1:
        return covered
    return covered + (bytes(20) if break_mac else mac)


def error(*, csb_id: int, t: int, number: int) -> bytes:
    """Return an error message (RFC 3830 5.1.2)."""
    first, octets = chained([(T, timestamp(t))], ERR)
    start = header(data_type=ERROR, first=first, csb_id=csb_id, cs_count=0, map_type=MAP_EMPTY)
    return start + octets + bytes((LAST, number, 0, 0))


def keys_of(psk: bytes, csb_id: int, rand: bytes) -> MikeyKeys:
    return psk_keys(psk, csb_id, rand)
