"""FLUTE packets, FDTs and DCFs, octet by octet (RFC 6726, RFC 5651, RFC 5445, OMA DRM 2.0, TS 33.246 6.6.3)."""

from __future__ import annotations

import base64
import hmac
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from sample_pcaps.forge_keys import DownloadKeys

SYMBOL = 1024  # octets of a symbol
LONGEST_BLOCK = 2  # symbols of a source block
DCF_TYPE, MIKEY_TYPE, FDT_TYPE = "application/vnd.oma.drm.dcf", "application/mikey", "application/fdt+xml"
NULL, AES_CBC = 0, 1  # encryption methods
KEY_ID_OF_MBMS = 2
NO_SIGNATURE, HMAC_SHA1 = 0, 1


@dataclass(frozen=True)
class File:
    """An object of a session, as its FDT describes it."""

    toi: int
    location: str
    content_type: str
    octets: bytes
    encoding: str = ""


def fdt(files: Sequence[File], expires: int) -> bytes:
    """Return an FDT instance (RFC 6726 3.4.2); `expires` in seconds since 1900."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<FDT-Instance xmlns="urn:IETF:metadata:2005:FLUTE:FDT" Expires="{expires}">',
    ]
    for file in files:
        coding = f' Content-Encoding="{file.encoding}"' if file.encoding else ""
        lines.append(
            f'<File TOI="{file.toi}" Content-Location="{file.location}" Content-Type="{file.content_type}"{coding}'
            f' Transfer-Length="{len(file.octets)}" FEC-OTI-FEC-Encoding-ID="0"'
            f' FEC-OTI-Encoding-Symbol-Length="{SYMBOL}" FEC-OTI-Maximum-Source-Block-Length="{LONGEST_BLOCK}"/>'
        )
    return "\n".join([*lines, "</FDT-Instance>", ""]).encode()


def packets(tsi: int, toi: int, octets: bytes, *, instance: int | None = None) -> Iterator[bytes]:
    """Yield the ALC packets of an object without FEC, a symbol each; `instance` is that of an FDT."""
    symbols = [octets[at : at + SYMBOL] for at in range(0, len(octets), SYMBOL)]
    total = len(symbols)
    blocks = -(-total // LONGEST_BLOCK)
    extensions = b"" if instance is None else b"\xc0" + (1 << 20 | instance).to_bytes(3, "big")
    extensions += (
        struct.pack("!BB", 64, 4) + len(octets).to_bytes(6, "big") + struct.pack("!HHI", 0, SYMBOL, LONGEST_BLOCK)
    )
    header = struct.pack("!BBBBIII", 0x10, 0xA0, 4 + len(extensions) // 4, 0, 0, tsi, toi) + extensions
    for block in range(blocks):
        # RFC 5052 9.1: the first blocks are one symbol longer where they do not come out even
        for number in range(total // blocks + (block < total % blocks)):
            yield header + struct.pack("!HH", block, number) + symbols.pop(0)


# ------------------------------------------------------------------------------------------------ DCF


def box(kind: bytes, *parts: bytes, full: bool = True) -> bytes:
    """Return a box of ISO 14496-12, with version and flags 0 where it is `full`."""
    inside = (bytes(4) if full else b"") + b"".join(parts)
    return struct.pack("!I4s", 8 + len(inside), kind) + inside


def dcf(
    content: bytes,
    content_type: str,
    *,
    keys: DownloadKeys,
    key_id: bytes,
    iv: bytes = b"",
    content_id: str = "cid:news@home1.net",
    named: bytes | None = None,
    url: str = "",
    signed: bool = True,
    break_signature: bool = False,
) -> bytes:
    """Return a DCF with one content: with an `iv` encrypted in CBC, without one in the clear.

    `key_id` is Key Domain ID, MSK ID and MTK ID; `named` replaces its base64, a `url` the whole box, as in releases
    before TS 33.246 had it. The signature is over all but the mutable
    box, which stands last.
    """
    name = base64.b64encode(key_id) if named is None else named
    key_info = b"" if url else box(b"obki", bytes((1, 0, KEY_ID_OF_MBMS, len(name))), name)
    identifier, issuer = content_id.encode(), url.encode()
    sizes = len(content), len(identifier), len(issuer), 0
    common = struct.pack("!BBQHHH", AES_CBC if iv else NULL, int(bool(iv)), *sizes)
    inner = box(b"ohdr", common, identifier, issuer, key_info)
    head = box(b"odhe", bytes((len(content_type),)), content_type.encode(), inner)
    data = iv + _cbc(keys.encr_key, iv, content) if iv else content
    file = box(b"ftyp", b"odcf", struct.pack("!I", 2), b"odcf", full=False)
    file += box(b"odrm", head, box(b"odda", struct.pack("!Q", len(data)), data))
    if not signed:
        return file
    mac = hmac.digest(keys.auth_key, file, "sha1")
    return file + box(b"mdri", box(b"odfs", bytes((HMAC_SHA1,)), bytes(20) if break_signature else mac), full=False)


def _cbc(key: bytes, iv: bytes, data: bytes) -> bytes:
    count = 16 - len(data) % 16  # RFC 2630 6.3
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data + bytes((count,)) * count)
