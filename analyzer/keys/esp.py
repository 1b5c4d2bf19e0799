"""IPsec ESP with keys (RFC 4303): ICVs verified, ciphertexts decrypted; the algorithms of TS 33.203 Annex H."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analyzer.decode.esp import HEADER, TRAILER, Layout, Opener, Plain, Refused, evidence, is_padded, strip
from analyzer.keys.keyring import EspSa

MAX_TRIED = 64  # associations of one SPI, the last that were made known

HASHES = {"hmac-md5-96": "md5", "hmac-sha-1-96": "sha1"}
NO_LAYOUT = Layout(0, 0)
LAYOUTS = {"null": NO_LAYOUT, "hmac-md5-96": Layout(0, 12), "hmac-sha-1-96": Layout(0, 12), "aes-gmac": Layout(8, 16)}
GCM_TAG = 16
SALT = 4  # octets, at the end of the key of AES-GCM and AES-GMAC
GCM_IV = 8
DES_KEY = 8

REFUSED = Refused("ESP that no key given for its SPI opens")


def opener(sas: Iterable[EspSa]) -> Opener:
    """Return what opens the packets of these associations; of several that can be meant the one that fits."""
    by_spi: dict[int, list[EspSa]] = {}
    for sa in sas:
        by_spi.setdefault(sa.spi, []).append(sa)

    def open_(src: str, dst: str, data: bytes) -> Plain | Refused | None:
        meant = [
            sa
            for sa in by_spi.get(int.from_bytes(data[:4], "big"), ())
            if sa.src in (None, src) and sa.dst in (None, dst)
        ]
        found = (open_packet(sa, src, dst, data) for sa in meant[-MAX_TRIED:])
        return next((plain for plain in found if plain is not None), REFUSED if meant else None)

    return open_


def open_packet(sa: EspSa, src: str, dst: str, data: bytes) -> Plain | None:
    """Return what a packet carries, None where it was not made with these keys.

    Without an ICV the inner packet has to fit, as nothing else tells a right key from a wrong one.
    """
    if sa.integrity in HASHES:
        tag = hmac.digest(sa.integrity_key, data[:-12], HASHES[sa.integrity])[:12]
        if not hmac.compare_digest(tag, data[-12:]):
            return None
    elif sa.integrity == "aes-gmac" and not _gmac_fits(sa.integrity_key, data):
        return None
    layout = LAYOUTS[sa.integrity]
    if sa.encryption == "null":
        inner, layout_within = data, layout
    else:
        clear = decrypt(sa, data[: len(data) - layout.icv])
        if clear is None:
            return None
        inner, layout_within = data[:HEADER] + clear, NO_LAYOUT
    verified = sa.integrity != "null" or sa.encryption == "aes-gcm"
    if not verified and not evidence(inner, layout_within, src, dst):
        return None
    found = strip(inner, layout_within) if len(inner) >= HEADER + TRAILER else None
    # an ICV says nothing of the key of the cipher
    if found is None or (sa.encryption != "null" and not is_padded(inner, layout_within)):
        return None
    return Plain(*found, _how(sa), layout if sa.encryption == "null" else None)


def _how(sa: EspSa) -> str:
    cipher = "NULL encryption" if sa.encryption == "null" else sa.encryption.upper()
    if sa.encryption == "aes-gcm":
        return f"{cipher} verified"
    return f"{cipher}, {'no ICV' if sa.integrity == 'null' else f'{sa.integrity.upper()} verified'}"


def decrypt(sa: EspSa, packet: bytes) -> bytes | None:
    """Return payload and trailer of a packet without its ICV, None where it cannot be of this cipher and key."""
    body = packet[HEADER:]
    if sa.encryption == "aes-gcm":
        return _gcm(sa.encryption_key, body[:GCM_IV], body[GCM_IV:], packet[:HEADER])
    block = 16 if sa.encryption == "aes-cbc" else 8
    if len(body) < 2 * block or len(body) % block:
        return None
    decryptor = Cipher(_cipher(sa), modes.CBC(body[:block])).decryptor()
    return decryptor.update(body[block:]) + decryptor.finalize()


def unsealed(sa: EspSa, data: bytes) -> tuple[bytes, bytes]:
    """Return the IV, and payload with trailer, of a packet that `open_packet` opens."""
    layout = LAYOUTS[sa.integrity]
    if sa.encryption == "null":
        start = HEADER + layout.iv
        return data[HEADER:start], data[start : len(data) - layout.icv]
    packet = data[: len(data) - layout.icv]
    clear = decrypt(sa, packet) or b""
    return packet[HEADER : HEADER + _iv(sa)], clear


def sealed(sa: EspSa, head: bytes, iv: bytes, clear: bytes) -> bytes:
    """Return the packet of these: SPI and sequence number, IV, payload with trailer of whole blocks."""
    if sa.encryption == "aes-gcm":
        packet = head + iv + AESGCM(sa.encryption_key[:-SALT]).encrypt(sa.encryption_key[-SALT:] + iv, clear, head)
    elif sa.encryption == "null":
        packet = head + iv + clear
    else:
        encryptor = Cipher(_cipher(sa), modes.CBC(iv)).encryptor()
        packet = head + iv + encryptor.update(clear) + encryptor.finalize()
    if sa.integrity in HASHES:
        return packet + hmac.digest(sa.integrity_key, packet, HASHES[sa.integrity])[:12]
    if sa.integrity == "aes-gmac":
        nonce = sa.integrity_key[-SALT:] + packet[HEADER : HEADER + GCM_IV]
        return packet + AESGCM(sa.integrity_key[:-SALT]).encrypt(nonce, b"", packet)
    return packet


def _iv(sa: EspSa) -> int:
    return GCM_IV if sa.encryption == "aes-gcm" else 16 if sa.encryption == "aes-cbc" else 8


def _cipher(sa: EspSa) -> algorithms.AES | TripleDES:
    key = sa.encryption_key
    if sa.encryption == "aes-cbc":
        return algorithms.AES(key)
    # TS 33.203 Annex I: CK1 || CK2 || CK1
    return TripleDES(key if len(key) == 3 * DES_KEY else key + key[:DES_KEY])


def _gmac_fits(key: bytes, data: bytes) -> bool:
    """RFC 4543 3.3: all before the tag is authenticated, the IV too, and nothing is encrypted."""
    covered, tag = data[:-GCM_TAG], data[-GCM_TAG:]
    return _gcm(key, covered[HEADER : HEADER + GCM_IV], tag, covered) is not None


def _gcm(key: bytes, iv: bytes, sealed: bytes, covered: bytes) -> bytes | None:
    """RFC 4106 4: the nonce is salt and IV."""
    if len(iv) < GCM_IV or len(sealed) < GCM_TAG:
        return None
    try:
        return AESGCM(key[:-SALT]).decrypt(key[-SALT:] + iv, sealed, covered)
    except InvalidTag:
        return None
