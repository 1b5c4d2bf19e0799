"""The key arithmetic of the samples, written from the specifications alone: AKA, GBA and the MIKEY PRF."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

UA_MBMS = bytes.fromhex("0100000001")  # TS 33.220 Annex H
UA_HTTP_BASED = bytes.fromhex("0100000003")
UA_SIP_BASED = bytes.fromhex("0100000004")
UA_TMPI = bytes.fromhex("0100000100")


def made_up(name: str, length: int) -> bytes:
    """Return octets that look random and are the same in each run: SHA-256 over a name, as often as it takes."""
    found = b""
    while len(found) < length:
        found += hashlib.sha256(f"keyshark sample {name} {len(found)}".encode()).digest()
    return found[:length]


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def aes_block(key: bytes, block: bytes) -> bytes:
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def aes_counter(key: bytes, first: bytes, data: bytes) -> bytes:
    """Return data XOR the AES counter mode key stream whose first counter block is `first` (RFC 3711 4.1.1)."""
    counter = int.from_bytes(first, "big")
    stream = b"".join(
        aes_block(key, ((counter + n) % (1 << 128)).to_bytes(16, "big")) for n in range((len(data) + 15) // 16)
    )
    return xor(data, stream[: len(data)])


# ------------------------------------------------------------------------------------------------ Milenage


@dataclass(frozen=True)
class Vector:
    """One authentication vector (TS 33.102 6.3), and what its RAND gives in the USIM."""

    rand: bytes
    autn: bytes
    res: bytes
    ck: bytes
    ik: bytes

    @property
    def ks(self) -> bytes:
        return self.ck + self.ik


def opc_of(k: bytes, op: bytes) -> bytes:
    return xor(aes_block(k, op), op)


def _out(k: bytes, opc: bytes, rand: bytes, rotate: int, constant: int) -> bytes:
    temp = aes_block(k, xor(rand, opc))
    turned = xor(temp, opc)
    turned = turned[rotate // 8 :] + turned[: rotate // 8]
    return xor(aes_block(k, xor(turned, constant.to_bytes(16, "big"))), opc)


def f1(k: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes) -> tuple[bytes, bytes]:
    """Return MAC-A and MAC-S (TS 35.206)."""
    temp = aes_block(k, xor(rand, opc))
    given = xor((sqn + amf) * 2, opc)
    out = xor(aes_block(k, xor(temp, given[8:] + given[:8])), opc)
    return out[:8], out[8:]


def milenage(k: bytes, opc: bytes, rand: bytes, sqn: bytes, amf: bytes = b"\xb9\xb9") -> Vector:
    """Return the authentication vector of a RAND (TS 35.206: f1 to f5)."""
    out2 = _out(k, opc, rand, 0, 1)
    autn = xor(sqn, out2[:6]) + amf + f1(k, opc, rand, sqn, amf)[0]
    return Vector(rand, autn, out2[8:], _out(k, opc, rand, 32, 2), _out(k, opc, rand, 64, 4))


def auts(k: bytes, opc: bytes, rand: bytes, sqn_ms: bytes) -> bytes:
    """Return the AUTS of a resynchronisation: SQN_MS XOR AK*, MAC-S with AMF 0 (TS 33.102 6.3.3)."""
    concealed = xor(sqn_ms, _out(k, opc, rand, 96, 8)[:6])
    return concealed + f1(k, opc, rand, sqn_ms, bytes(2))[1]


# ------------------------------------------------------------------------------------------------ GBA


def b_tid_of(rand: bytes, bsf: str) -> str:
    """Return the B-TID of a RAND (TS 33.220 4.5.2)."""
    return f"{base64.b64encode(rand).decode()}@{bsf}"


def naf_key(ks: bytes, rand: bytes, impi: str, naf_fqdn: str, ua_id: bytes, label: str = "gba-me") -> bytes:
    """Return Ks_NAF (Ks_ext_NAF), or with label gba-u Ks_int_NAF (TS 33.220 Annex B)."""
    text = b"\x01"
    for part in (label.encode(), rand, impi.encode(), naf_fqdn.encode() + ua_id):
        text += part + len(part).to_bytes(2, "big")
    return hmac.digest(ks, text, "sha256")


def mrk_of(ks_naf: bytes) -> bytes:
    """Return the MRK of ME based key management (TS 33.246 Annex F)."""
    return hmac.digest(ks_naf, b"\x01mbms-mrk\x00\x08", "sha256")


def tmpi_of(vector: Vector, impi: str, bsf: str) -> str:
    """Return the temporary identity that follows from a Ks (TS 33.220 Annex B.4)."""
    key = naf_key(vector.ks, vector.rand, impi, bsf, UA_TMPI)
    return f"{base64.b64encode(key[:24]).decode()}@tmpi.{bsf}"


# ------------------------------------------------------------------------------------------------ MIKEY PRF


@dataclass(frozen=True)
class MikeyKeys:
    """What a pre-shared key gives for one message (RFC 3830 4.1.4)."""

    encr_key: bytes
    auth_key: bytes
    salt: bytes


def prf(key: bytes, label: bytes, length: int) -> bytes:
    """Return `length` octets of the MIKEY PRF (RFC 3830 4.1.2)."""
    result = bytes(length)
    for start in range(0, len(key), 32):
        piece = key[start : start + 32]
        chain, stream = label, b""
        while len(stream) < length:
            chain = hmac.digest(piece, chain, "sha1")
            stream += hmac.digest(piece, chain + label, "sha1")
        result = xor(result, stream[:length])
    return result


def psk_keys(psk: bytes, csb_id: int, rand: bytes) -> MikeyKeys:
    """Return the keys that protect a MIKEY message under a pre-shared key."""
    tail = b"\xff" + csb_id.to_bytes(4, "big") + rand
    return MikeyKeys(
        prf(psk, bytes.fromhex("150533e1") + tail, 16),
        prf(psk, bytes.fromhex("2d22ac75") + tail, 20),
        prf(psk, bytes.fromhex("29b88916") + tail, 14),
    )


@dataclass(frozen=True)
class DownloadKeys:
    """What an MTK gives for a download (TS 33.246 6.5.4)."""

    encr_key: bytes
    auth_key: bytes


def download_keys(mtk: bytes, csb_id: int, rand: bytes) -> DownloadKeys:
    """Return the keys of a download, the MTK being the TGK of RFC 3830 4.1.3, with cs_id 0 of 8 bits."""
    tail = b"\0" + csb_id.to_bytes(4, "big") + rand
    return DownloadKeys(prf(mtk, bytes.fromhex("15798cef") + tail, 16), prf(mtk, bytes.fromhex("1b5c7973") + tail, 20))
