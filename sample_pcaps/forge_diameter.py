"""Diameter octet by octet: base messages and Bootstrapping-Info on Zn (RFC 6733, TS 29.109)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

APP_ZN = 16777220
VENDOR_3GPP = 10415
CAPABILITIES, BOOTSTRAPPING_INFO = 257, 310
REQUEST, PROXIABLE, ERROR = 0x80, 0x40, 0x20
UNIX_TO_NTP = 2208988800

ORIGIN_HOST, ORIGIN_REALM, DESTINATION_HOST, DESTINATION_REALM = 264, 296, 293, 283
SESSION_ID, RESULT_CODE, EXPERIMENTAL_RESULT, EXPERIMENTAL_CODE = 263, 268, 297, 298
VENDOR_APP, VENDOR_ID, AUTH_APP, AUTH_STATE, USER_NAME = 260, 266, 258, 277, 1
HOST_ADDRESS, PRODUCT = 257, 269
GBA_SETTINGS, TRANSACTION, NAF_ID, SERVICE, EXPIRY, ME_KEY, UICC_KEY, AWARENESS, CREATED = range(400, 409)
GBA_TYPE = 410

Avp = tuple[int, bytes]


def avp(code: int, data: bytes, *, vendor: int | None = None) -> bytes:
    """Return one AVP, padded; those of Zn carry the vendor 10415 and V and M, the others M."""
    if vendor is None:
        vendor = VENDOR_3GPP if 400 <= code < 500 else 0
    size = (12 if vendor else 8) + len(data)
    mandatory = 0 if code == PRODUCT else 0x40
    start = struct.pack("!IB", code, (0x80 if vendor else 0) | mandatory) + size.to_bytes(3, "big")
    if vendor:
        start += struct.pack("!I", vendor)
    return start + data + b"\0" * (-len(data) % 4)


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def time_of(ns: int) -> bytes:
    """Return a Time AVP's octets: seconds since 1900."""
    return number(ns // 10**9 + UNIX_TO_NTP)


def address(text: str) -> bytes:
    ip = ip_address(text)
    return (b"\0\x01" if ip.version == 4 else b"\0\x02") + ip.packed


def grouped(avps: Sequence[Avp]) -> bytes:
    return b"".join(avp(code, data) for code, data in avps)


def vendor_application(app: int = APP_ZN) -> Avp:
    return VENDOR_APP, grouped([(VENDOR_ID, number(VENDOR_3GPP)), (AUTH_APP, number(app))])


def experimental(code: int) -> Avp:
    return EXPERIMENTAL_RESULT, grouped([(VENDOR_ID, number(VENDOR_3GPP)), (EXPERIMENTAL_CODE, number(code))])


def message(
    avps: Sequence[Avp], *, command: int, app: int, request: bool, hop_by_hop: int, end_to_end: int,
    error: bool = False,
) -> bytes:  # fmt: skip
    """Return a Diameter message."""
    body = grouped(avps)
    flags = (REQUEST if request else 0) | (PROXIABLE if app else 0) | (ERROR if error else 0)
    return (
        b"\x01" + (20 + len(body)).to_bytes(3, "big") + bytes((flags,)) + command.to_bytes(3, "big")
        + struct.pack("!III", app, hop_by_hop, end_to_end) + body
    )  # fmt: skip


def capabilities(host: str, realm: str, ip: str, *, request: bool, hop_by_hop: int = 1) -> bytes:
    """Return a Capabilities-Exchange request or answer."""
    result: list[Avp] = [] if request else [(RESULT_CODE, number(2001))]
    avps: list[Avp] = [
        *result,
        (ORIGIN_HOST, host.encode()),
        (ORIGIN_REALM, realm.encode()),
        (HOST_ADDRESS, address(ip)),
        (VENDOR_ID, number(VENDOR_3GPP)),
        (PRODUCT, b"sample"),
        vendor_application(),
    ]
    return message(avps, command=CAPABILITIES, app=0, request=request, hop_by_hop=hop_by_hop, end_to_end=hop_by_hop)
