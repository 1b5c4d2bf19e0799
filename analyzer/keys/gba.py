"""GBA keys (TS 33.220 Annex B) and the MRK of MBMS (TS 33.246 Annex F)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence

# TS 33.220 Annex H
UA_MBMS = bytes.fromhex("0100000001")  # TS 33.246
UA_HTTP = bytes.fromhex("0100000003")  # TS 26.237 10.4.1
UA_SIP = bytes.fromhex("0100000004")  # TS 26.237 10.4.2

KS_INPUT_LENGTH = 16  # octets, of 2G GBA

RAND_LENGTH = 16
LABEL_ME, LABEL_U, LABEL_MRK = b"gba-me", b"gba-u", b"mbms-mrk"  # P0


def kdf(*, key: bytes, fc: int, params: Sequence[bytes]) -> bytes:
    """Return the 32 octets derived from `key`, the function code and the parameters (TS 33.220 B.2)."""
    return hmac.digest(key, kdf_input(fc=fc, params=params), "sha256")


def kdf_input(*, fc: int, params: Sequence[bytes]) -> bytes:
    """Return S, which goes into the derivation: FC || P0 || L0 || P1 || L1 … (TS 33.220 B.2)."""
    s = bytes([fc])
    for param in params:
        # a length has two octets; a longer parameter has no defined key, so any result is as wrong
        s += param + (len(param) & 0xFFFF).to_bytes(2, "big")
    return s


def naf_id(*, fqdn: str, ua_id: bytes) -> bytes:
    """Return NAF_Id: the FQDN of the NAF and the 5 octets of the Ua security protocol (TS 33.220 4.5.2)."""
    return _text(fqdn) + ua_id


def ks(*, ck: bytes, ik: bytes) -> bytes:
    """Return Ks, 32 octets (TS 33.220 4.5.2)."""
    return ck + ik


def ks_naf(*, ks: bytes, rand: bytes, impi: str, naf_id: bytes) -> bytes:
    """Return Ks_NAF of GBA_ME, or Ks_ext_NAF of GBA_U, 32 octets (TS 33.220 B.3)."""
    return hmac.digest(ks, naf_input(label=LABEL_ME, rand=rand, impi=impi, naf_id=naf_id), "sha256")


def ks_int_naf(*, ks: bytes, rand: bytes, impi: str, naf_id: bytes) -> bytes:
    """Return Ks_int_NAF of GBA_U, 32 octets (TS 33.220 B.3)."""
    return hmac.digest(ks, naf_input(label=LABEL_U, rand=rand, impi=impi, naf_id=naf_id), "sha256")


def naf_input(*, label: bytes, rand: bytes, impi: str, naf_id: bytes) -> bytes:
    """Return S of the derivation of a NAF key (TS 33.220 B.3)."""
    return kdf_input(fc=0x01, params=(label, rand, _text(impi), naf_id))


def key_2g(*, kc: bytes, rand: bytes) -> bytes:
    """Return the key that RES and Ks of 2G GBA are derived with, 32 octets (TS 33.220 I.5.2)."""
    return kc + kc + rand


def res_2g(*, kc: bytes, rand: bytes, sres: bytes) -> bytes:
    """Return RES of 2G GBA, 16 octets: the password on Ub (TS 33.220 I.5.2)."""
    return kdf(key=key_2g(kc=kc, rand=rand), fc=0x01, params=(b"3gpp-gba-res", sres))[:16]


def ks_2g(*, kc: bytes, rand: bytes, sres: bytes, ks_input: bytes) -> bytes:
    """Return Ks of 2G GBA, 32 octets; `ks_input` is the server data of the challenge (TS 33.220 I.5.2)."""
    return kdf(key=key_2g(kc=kc, rand=rand), fc=0x01, params=(ks_input, b"3gpp-gba-ks", sres))


def passwd_input(*, tls_mk_extr: bytes) -> bytes:
    """Return S of the password on Ub of GBA_Digest; `tls_mk_extr` is what TLS exports, 48 octets (TS 33.220 B.5)."""
    return kdf_input(fc=0x01, params=(b"GBA_Digest_RESP", tls_mk_extr))


def ks_digest_input(*, tls_mk_extr: bytes, resp: bytes) -> bytes:
    """Return S of Ks of GBA_Digest; `resp` is the digest that the UE answered with (TS 33.220 B.5)."""
    return kdf_input(fc=0x01, params=(b"GBA_Digest_Ks", tls_mk_extr, resp))


def mrk(*, ks_naf: bytes) -> bytes:
    """Return the MRK of ME based key management, 32 octets, from Ks_NAF or Ks_ext_NAF (TS 33.246 Annex F)."""
    return kdf(key=ks_naf, fc=0x01, params=(LABEL_MRK,))


def b_tid(*, rand: bytes, bsf: str) -> str:
    """Return the B-TID that a BSF makes of a RAND (TS 33.220 4.5.2)."""
    return f"{base64.b64encode(rand).decode('ascii')}@{bsf}"


def rand_of(b_tid: str) -> bytes | None:
    """Return the RAND inside a B-TID, or None where there is none of 16 octets (TS 33.220 4.5.2)."""
    encoded, at, _ = b_tid.partition("@")
    try:
        rand = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return rand if at and len(rand) == RAND_LENGTH else None


def _text(value: str) -> bytes:
    # text from a network may hold what UTF-8 cannot; it has no key then, but it must not raise
    return value.encode("utf-8", "backslashreplace")
