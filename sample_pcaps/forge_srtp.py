"""SRTP and SRTCP of MBMS, octet by octet: MKI and the ROC carrying tags of RFC 4771 (TS 33.246 6.6.2)."""

from __future__ import annotations

import hmac
import struct
from dataclasses import dataclass

from sample_pcaps.forge_keys import aes_counter

RCCM1, RCCM2, RCCM3 = 2, 3, 4  # values of the authentication algorithm, RFC 4771 4


@dataclass(frozen=True)
class StreamKeys:
    """Session keys under one master key (RFC 3711 4.3)."""

    encr_key: bytes
    auth_key: bytes
    salt: bytes


def stream_keys(master_key: bytes, master_salt: bytes, *, rtcp: bool = False) -> StreamKeys:
    """Derive the session keys for a key derivation rate of 0."""
    found = []
    for label, length in zip((3, 4, 5) if rtcp else (0, 1, 2), (len(master_key), 20, 14), strict=True):
        x = int.from_bytes(master_salt, "big") ^ (label << 48)
        found.append(aes_counter(master_key, (x << 16).to_bytes(16, "big"), bytes(length)))
    return StreamKeys(*found)


def _crypt(keys: StreamKeys, ssrc: int, index: int, data: bytes) -> bytes:
    iv = int.from_bytes(keys.salt, "big") << 16 ^ ssrc << 64 ^ index << 16
    return aes_counter(keys.encr_key, iv.to_bytes(16, "big"), data)


def rtp_header(*, seq: int, timestamp: int, ssrc: int, payload_type: int = 96, marker: bool = False) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type | (marker << 7), seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)


def srtp(
    keys: StreamKeys,
    *,
    seq: int,
    roc: int,
    ssrc: int,
    timestamp: int,
    mki: bytes,
    payload: bytes,
    rate: int = 16,
    mode: int = RCCM2,
    tag_length: int = 14,
    payload_type: int = 96,
    shown_roc: int | None = None,
    break_tag: bool = False,
) -> bytes:
    """Return one SRTP packet.

    The tag is that of RFC 4771: with ROC where SEQ mod `rate` is 0, otherwise plain (RCCm2) or none.
    `shown_roc` is the ROC in the tag and under the MAC where it differs from that under the cipher.
    """
    header = rtp_header(seq=seq, timestamp=timestamp, ssrc=ssrc, payload_type=payload_type)
    covered = header + _crypt(keys, ssrc, roc << 16 | seq, payload)
    told = (roc if shown_roc is None else shown_roc).to_bytes(4, "big")
    mac = hmac.digest(keys.auth_key, covered + told, "sha1")
    if break_tag:
        mac = bytes(octet ^ 0xFF for octet in mac)
    if seq % rate == 0:
        tag = told + (b"" if mode == RCCM3 else mac[: tag_length - 4])
    else:
        tag = mac[:tag_length] if mode == RCCM2 else b""
    return covered + mki + tag


def sender_report(*, ssrc: int, ntp: int, timestamp: int, packets: int, octets: int, packet_type: int = 200) -> bytes:
    """Return an RTCP sender report without report blocks (RFC 3550 6.4.1)."""
    return struct.pack("!BBHIQIII", 0x80, packet_type, 6, ssrc, ntp, timestamp & 0xFFFFFFFF, packets, octets)


def receiver_report(*, ssrc: int, about: int) -> bytes:
    """Return an RTCP receiver report with one block (RFC 3550 6.4.2)."""
    return struct.pack("!BBHIIIIIII", 0x81, 201, 7, ssrc, about, 0, 0, 0, 0, 0)


def srtcp(
    keys: StreamKeys, packet: bytes, *, index: int, mki: bytes, tag_length: int = 10, encrypt: bool = True,
    break_tag: bool = False,
) -> bytes:  # fmt: skip
    """Protect one RTCP packet (RFC 3711 3.4)."""
    ssrc = int.from_bytes(packet[4:8], "big")
    rest = _crypt(keys, ssrc, index, packet[8:]) if encrypt else packet[8:]
    covered = packet[:8] + rest + (index | (0x80000000 if encrypt else 0)).to_bytes(4, "big")
    mac = hmac.digest(keys.auth_key, covered, "sha1")[:tag_length]
    return covered + mki + (bytes(len(mac)) if break_tag else mac)
