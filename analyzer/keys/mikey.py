"""MIKEY key derivation, MAC and encryption for pre-shared keys (RFC 3830 4.1, 4.2, 5.2; RFC 6043)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PRF_HASHES = {0: "sha1", 1: "sha256"}  # PRF func of the common header: MIKEY-1, PRF-HMAC-SHA-256
MAC_HASHES = {1: "sha1", 2: "sha256"}
MAC_LENGTHS = {0: 0, 1: 20, 2: 32}  # octets: NULL, HMAC-SHA-1-160, HMAC-SHA-256-256

ENCR_NULL = 0
ENCR_AES_CM_128 = 1
ENCR_AES_KW_128 = 2
ENCR_AES_CM_256 = 3
ENCR_LENGTHS = {  # octets of key and salt, RFC 3830 4.2.3
    ENCR_NULL: (0, 0),
    ENCR_AES_CM_128: (16, 14),
    ENCR_AES_KW_128: (16, 8),
    ENCR_AES_CM_256: (32, 14),
}

WITH_IV = (ENCR_AES_CM_128, ENCR_AES_CM_256)

# RFC 3830 4.1.4: constants of keys from a pre-shared or envelope key
PSK_ENCRYPTION = bytes.fromhex("150533e1")
PSK_AUTHENTICATION = bytes.fromhex("2d22ac75")
PSK_SALT = bytes.fromhex("29b88916")
# RFC 3830 4.1.3: constants of keys from a TGK
TGK_AUTHENTICATION = bytes.fromhex("1b5c7973")
TGK_ENCRYPTION = bytes.fromhex("15798cef")

# TS 33.246 6.5.4 gives the cs_id 32 bits, the label of RFC 3830 has 8
CS_IDS = (bytes(1), bytes(4))

_INKEY_BLOCK = 32  # octets
_KW_BLOCK = 8


class UnsupportedError(ValueError):
    """An algorithm number that nothing here computes."""


class UndecryptableError(ValueError):
    """Octets that do not decrypt under this key."""


@dataclass(frozen=True, slots=True)
class PskKeys:
    """The keys that protect one MIKEY message, from its pre-shared key."""

    encr_key: bytes = field(repr=False)
    auth_key: bytes = field(repr=False)
    salt: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TgkKeys:
    """The keys of a download session, from the MTK that is its TGK."""

    encr_key: bytes = field(repr=False)
    auth_key: bytes = field(repr=False)


def prf(*, inkey: bytes, label: bytes, length: int, algorithm: int = 0) -> bytes:
    """Return `length` octets of the PRF (RFC 3830 4.1.2); algorithm 0 is MIKEY-1, 1 PRF-HMAC-SHA-256.

    Raises UnsupportedError for another algorithm.
    """
    digest = _algorithm(PRF_HASHES, algorithm, "PRF")
    if len(inkey) <= _INKEY_BLOCK:
        return _p(inkey, label, length, digest)
    result = 0
    for start in range(0, len(inkey), _INKEY_BLOCK):
        result ^= int.from_bytes(_p(inkey[start : start + _INKEY_BLOCK], label, length, digest), "big")
    return result.to_bytes(length, "big")


def _p(block: bytes, label: bytes, length: int, digest: str) -> bytes:
    """The P function of RFC 3830 4.1.2, for one block of the key."""
    stream, a = b"", label
    while len(stream) < length:
        a = hmac.digest(block, a, digest)
        stream += hmac.digest(block, a + label, digest)
    return stream[:length]


def psk_keys(*, psk: bytes, csb_id: int, rand: bytes, prf: int = 0, encr_alg: int = 1, mac_alg: int = 1) -> PskKeys:
    """Return the keys of a message protected with `psk`: a MUK for MSK messages, an MSK for MTK messages.

    RFC 3830 4.1.4. `rand` is the RAND of the MSK message in both cases. Raises UnsupportedError for an
    algorithm number without keys.
    """
    key_length, salt_length = _encr_lengths(encr_alg)
    tail = psk_label_tail(csb_id=csb_id, rand=rand)
    return PskKeys(
        encr_key=_derive(psk, PSK_ENCRYPTION + tail, key_length, prf),
        auth_key=psk_auth_key(psk=psk, csb_id=csb_id, rand=rand, prf=prf, mac_alg=mac_alg),
        salt=_derive(psk, PSK_SALT + tail, salt_length, prf),
    )


def psk_auth_key(*, psk: bytes, csb_id: int, rand: bytes, prf: int = 0, mac_alg: int = 1) -> bytes:
    """Return the authentication key of `psk_keys` alone: it tells whether a message is under `psk` at all."""
    label = PSK_AUTHENTICATION + psk_label_tail(csb_id=csb_id, rand=rand)
    return _derive(psk, label, _mac_length(mac_alg), prf)


def psk_label_tail(*, csb_id: int, rand: bytes) -> bytes:
    """Return what follows the constant in the label of every key under a pre-shared key (RFC 3830 4.1.4)."""
    return b"\xff" + csb_id.to_bytes(4, "big") + rand


def tgk_keys(
    *, tgk: bytes, cs_id: bytes, csb_id: int, rand: bytes, prf: int = 0, encr_length: int = 16, auth_length: int = 20
) -> TgkKeys:
    """Return the keys of a download session from its MTK (TS 33.246 6.5.4, RFC 3830 4.1.3).

    `cs_id` is one of CS_IDS. Raises UnsupportedError for an unknown PRF.
    """
    tail = cs_id + csb_id.to_bytes(4, "big") + rand
    return TgkKeys(
        encr_key=_derive(tgk, TGK_ENCRYPTION + tail, encr_length, prf),
        auth_key=_derive(tgk, TGK_AUTHENTICATION + tail, auth_length, prf),
    )


def kemac_mac(*, auth_key: bytes, covered: bytes, mac_alg: int = 1) -> bytes:
    """Return the MAC over `covered`: the message up to and including its MAC algorithm octet (RFC 3830 5.2).

    Empty for the NULL algorithm; raises UnsupportedError for an unknown one.
    """
    if mac_alg == 0:
        return b""
    return hmac.digest(auth_key, covered, _algorithm(MAC_HASHES, mac_alg, "MAC algorithm"))


def verification_macs(
    *,
    auth_key: bytes,
    covered: bytes,
    idi: bytes,
    idr: bytes,
    idi_payload: bytes,
    idr_payload: bytes,
    t4: bytes,
    t8: bytes,
    mac_alg: int = 1,
) -> Iterator[tuple[str, bytes]]:
    """Yield every reading of the MAC of a verification message, named, the likelier first (RFC 3830 5.2).

    `covered` is the message without its ver data; `idi`, `idr` are the ID data of both ends, `idi_payload`,
    `idr_payload` the whole ID payloads around them, or empty where there is none; `t4` is the counter as
    sent, `t8` its 64-bit value. Raises UnsupportedError for an unknown MAC algorithm.
    """
    # ID type and length are the 3 octets before the data
    typed = idi_payload[-len(idi) - 3 :] + idr_payload[-len(idr) - 3 :]
    identities = (
        ("raw IDs", idi + idr),
        ("type+len+data IDs", typed),
        ("whole ID payloads", idi_payload + idr_payload),
        ("no IDs", b""),
    )
    for ids, octets in identities:
        for time, t in (("4-octet T", t4), ("8-octet T", t8)):
            yield f"{ids} + {time}", kemac_mac(auth_key=auth_key, covered=covered + octets + t, mac_alg=mac_alg)


def decrypt(*, keys: PskKeys, encr_alg: int, csb_id: int, t: int, data: bytes) -> bytes:
    """Return the key data sub-payloads of a KEMAC (RFC 3830 4.2.3).

    `t` is the 64-bit timestamp value; the 32-bit counter of MBMS stands right aligned in it. Raises
    UnsupportedError for an unknown algorithm, UndecryptableError where AES key wrap finds another key.
    """
    _encr_lengths(encr_alg)
    if encr_alg == ENCR_NULL:
        return data
    if encr_alg == ENCR_AES_KW_128:
        return _unwrap(keys.encr_key, keys.salt, data)
    return _aes_cm(keys, csb_id, t, data)


def encrypt(*, keys: PskKeys, encr_alg: int, csb_id: int, t: int, data: bytes) -> bytes:
    """Return the Encr data of a KEMAC: the inverse of decrypt; AES key wrap needs a multiple of 8 octets."""
    _encr_lengths(encr_alg)
    if encr_alg == ENCR_NULL:
        return data
    if encr_alg == ENCR_AES_KW_128:
        return _wrap(keys.encr_key, keys.salt, data)
    return _aes_cm(keys, csb_id, t, data)


def iv(*, salt: bytes, csb_id: int, t: int) -> bytes:
    """Return the IV of AES-CM, 16 octets, for a salt of 14 (RFC 3830 4.2.3)."""
    mask = bytes(2) + csb_id.to_bytes(4, "big") + t.to_bytes(8, "big")
    return bytes(a ^ b for a, b in zip(salt, mask, strict=True)) + bytes(2)


def _aes_cm(keys: PskKeys, csb_id: int, t: int, data: bytes) -> bytes:
    counter = iv(salt=keys.salt, csb_id=csb_id, t=t)
    return Cipher(algorithms.AES(keys.encr_key), modes.CTR(counter)).encryptor().update(data)


def _wrap(key: bytes, iv: bytes, data: bytes) -> bytes:
    # RFC 3394 2.2.1, with the salt for A6A6A6A6A6A6A6A6 (RFC 3830 4.2.3)
    if len(data) % _KW_BLOCK or len(data) < 2 * _KW_BLOCK:
        raise ValueError("AES key wrap takes two or more whole blocks of 8 octets")
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the cipher RFC 3394 is built on
    a = iv
    blocks = [data[start : start + _KW_BLOCK] for start in range(0, len(data), _KW_BLOCK)]
    for step in range(6 * len(blocks)):
        i = step % len(blocks)
        b = block.update(a + blocks[i])
        a = (int.from_bytes(b[:_KW_BLOCK], "big") ^ (step + 1)).to_bytes(_KW_BLOCK, "big")
        blocks[i] = b[_KW_BLOCK:]
    return a + b"".join(blocks)


def _unwrap(key: bytes, iv: bytes, data: bytes) -> bytes:
    # RFC 3394 2.2.2, with the salt for A6A6A6A6A6A6A6A6 (RFC 3830 4.2.3)
    if len(data) % _KW_BLOCK or len(data) < 3 * _KW_BLOCK:
        raise UndecryptableError("AES key wrap takes three or more whole blocks of 8 octets")
    block = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - the cipher RFC 3394 is built on
    a = data[:_KW_BLOCK]
    blocks = [data[start : start + _KW_BLOCK] for start in range(_KW_BLOCK, len(data), _KW_BLOCK)]
    for step in reversed(range(6 * len(blocks))):
        i = step % len(blocks)
        a = (int.from_bytes(a, "big") ^ (step + 1)).to_bytes(_KW_BLOCK, "big")
        b = block.update(a + blocks[i])
        a, blocks[i] = b[:_KW_BLOCK], b[_KW_BLOCK:]
    if not hmac.compare_digest(a, iv):
        raise UndecryptableError("AES key wrap finds another key or changed octets")
    return b"".join(blocks)


def _derive(inkey: bytes, label: bytes, length: int, algorithm: int) -> bytes:
    return prf(inkey=inkey, label=label, length=length, algorithm=algorithm)


def _algorithm(names: dict[int, str], number: int, what: str) -> str:
    if number not in names:
        raise UnsupportedError(f"{what} {number}")
    return names[number]


def _encr_lengths(encr_alg: int) -> tuple[int, int]:
    if encr_alg not in ENCR_LENGTHS:
        raise UnsupportedError(f"encryption algorithm {encr_alg}")
    return ENCR_LENGTHS[encr_alg]


def _mac_length(mac_alg: int) -> int:
    if mac_alg not in MAC_LENGTHS:
        raise UnsupportedError(f"MAC algorithm {mac_alg}")
    return MAC_LENGTHS[mac_alg]
