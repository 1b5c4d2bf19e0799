"""IPsec ESP octet by octet (RFC 4303) with the algorithms of TS 33.203 Annex H, and NAT traversal (RFC 3948)."""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sample_pcaps.forge import ip_packet, udp

ESP = 50
NATT_PORT = 4500


@dataclass(frozen=True)
class Sa:
    """One association: `cipher` is null, aes-cbc, des-ede3-cbc or aes-gcm; `mac` null, md5, sha1 or gmac.

    The keys of GCM and GMAC end in four octets of salt.
    """

    spi: int
    cipher: str = "null"
    cipher_key: bytes = b""
    mac: str = "null"
    mac_key: bytes = b""


def inner(packet: bytes) -> tuple[int, bytes]:
    """Return protocol and segment of an IP packet without options: what transport mode protects."""
    return (packet[9], packet[20:]) if packet[0] >> 4 == 4 else (packet[6], packet[40:])


def esp(sa: Sa, sequence: int, protocol: int, body: bytes) -> bytes:
    """Return the ESP packet that carries `body`; the IV is made of SPI and sequence number."""
    head = struct.pack("!II", sa.spi, sequence)
    block = {"aes-cbc": 16, "des-ede3-cbc": 8}.get(sa.cipher, 4)
    padding = bytes(range(1, 1 + -(len(body) + 2) % block))
    clear = body + padding + bytes((len(padding), protocol))
    iv = hashlib.sha256(head).digest()
    if sa.cipher == "aes-gcm":
        sealed = AESGCM(sa.cipher_key[:-4]).encrypt(sa.cipher_key[-4:] + iv[:8], clear, head)
        return head + iv[:8] + sealed
    if sa.mac == "gmac":
        covered = head + iv[:8] + clear
        return covered + AESGCM(sa.mac_key[:-4]).encrypt(sa.mac_key[-4:] + iv[:8], b"", covered)
    if sa.cipher == "aes-cbc":
        packet = head + iv[:16] + _cbc(algorithms.AES(sa.cipher_key), iv[:16], clear)
    elif sa.cipher == "des-ede3-cbc":
        packet = head + iv[:8] + _cbc(TripleDES(sa.cipher_key), iv[:8], clear)
    else:
        packet = head + clear
    return packet if sa.mac == "null" else packet + hmac.new(sa.mac_key, packet, sa.mac).digest()[:12]


def _cbc(cipher: algorithms.AES | TripleDES, iv: bytes, clear: bytes) -> bytes:
    encryptor = Cipher(cipher, modes.CBC(iv)).encryptor()
    return encryptor.update(clear) + encryptor.finalize()


def transport(sa: Sa, sequence: int, packet: bytes, src: str, dst: str) -> bytes:
    """Return an IP packet whose segment is protected (TS 33.203 6.3)."""
    return ip_packet(src, dst, ESP, esp(sa, sequence, *inner(packet)))


def tunnel(sa: Sa, sequence: int, packet: bytes, src: str, dst: str) -> bytes:
    """Return an IP packet between gateways that protects a whole one."""
    return ip_packet(src, dst, ESP, esp(sa, sequence, 4 if packet[0] >> 4 == 4 else 41, packet))


def traversal(sa: Sa, sequence: int, packet: bytes, src: str, dst: str) -> bytes:
    """Return the same as transport, in UDP for NATs."""
    return udp(src, NATT_PORT, dst, NATT_PORT, esp(sa, sequence, *inner(packet)))
