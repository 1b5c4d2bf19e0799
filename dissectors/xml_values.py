"""Values in XML bodies: ids, keys, names and addresses, however a sender encodes them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from urllib.parse import unquote

from dissectors.text import number

MAX_TEXT = 64 * 1024  # characters of one value that is decoded
MAX_ID = 4  # octets of an id; longer values are keys, and never decimal


_HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]+)")
_ADDRESS = re.compile(r"(?:[^/]*://)?(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?/*")
_HOST = re.compile(rb"[A-Za-z0-9._-]{1,255}")


def decoded(value: str, size: int) -> bytes:
    """Decode an id or key: hex of the right length, base64 of it, a decimal id, else any base64 or hex."""
    if len(value) > MAX_TEXT:
        return b""
    value = "".join(unquote(value).split()) if "%" in value else "".join(value.split())  # anyURI in I.2
    match = _HEX.fullmatch(value)
    digits = match.group(1) if match else ""
    # Base64 may begin with 0x too
    if len(digits) == 2 * size or (digits and value[:2] in ("0x", "0X") and len(digits) % 2 == 0):
        return bytes.fromhex(digits)
    octets = base64_octets(value)
    if len(octets) == size:
        return octets
    count = number(value) if size <= MAX_ID else None
    if count is not None and count < 256**size:
        return count.to_bytes(size, "big")
    return octets or (bytes.fromhex(digits) if len(digits) % 2 == 0 else b"")


def base64_octets(value: str) -> bytes:
    """Decode base64 of either alphabet, with blanks and line ends in it (XML Schema 3.2.16) and without padding."""
    text = "".join(value.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def fqdn(value: str) -> str:
    octets = base64_octets(value) if "." not in value else b""
    return octets.decode("ascii") if b"." in octets and _HOST.fullmatch(octets) else value


def address(value: str) -> str:
    match = _ADDRESS.fullmatch(value)  # with a scheme, brackets or a port
    bare = (match.group(1) or match.group(2)) if match is not None else value.strip("[]")
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))  # a zone means nothing elsewhere (RFC 4007 6)
    except ValueError:
        return value
