"""The payloads of identity based encryption: MIKEY-IBAKE (RFC 6267 6.1) and MIKEY-SAKKE (RFC 6509 4.2)."""

from __future__ import annotations

from dissectors.cursor import Bits, Cursor, Layout
from dissectors.mikey_keydata import read_validity
from dissectors.mikey_names import CURVE_OCTETS, CURVES, MAC_ALGS, SAKKE_PARAMETERS, SAKKE_SCHEMES, SECRETS, VALIDITIES
from dissectors.mikey_values import Found, Reader

_TYPE_AND_KV = (Bits("mikey.sk.type", 0xF0, SECRETS), Bits("mikey.sk.kv", 0x0F, VALIDITIES))
_AFTER_POINT = Layout(("mikey.eccpt.auth_alg", 1, MAC_ALGS), ("mikey.eccpt.tgk_len", 2))
_RESERVED_AND_KV = (Bits("mikey.eccpt.reserv", 0xF0), Bits("mikey.eccpt.kv", 0x0F, VALIDITIES))
_SAKKE = Layout(
    ("mikey.sakke.params", 1, SAKKE_PARAMETERS), ("mikey.sakke.idscheme", 1, SAKKE_SCHEMES), ("mikey.sakke.len", 2)
)


def _ibake(cursor: Cursor, found: Found) -> None:
    cursor.octets("mikey.ibake.data", cursor.u16("mikey.ibake.len"))


def _esk(cursor: Cursor, found: Found) -> None:
    cursor.octets("mikey.esk.data", cursor.u16("mikey.esk.len"))


def _sk(cursor: Cursor, found: Found) -> None:
    _, kv = cursor.bits("", 1, _TYPE_AND_KV)
    cursor.octets("mikey.sk.data", cursor.u16("mikey.sk.len"))
    read_validity(cursor, kv)


def _eccpt(cursor: Cursor, found: Found) -> None:
    start = cursor.pos - 1
    curve = cursor.u8("mikey.eccpt.curve", CURVES)
    if curve not in CURVE_OCTETS:
        raise cursor.fail("mikey.eccpt.curve", f"{curve} is not known, nor the length that it means", cursor.pos - 1)
    cursor.octets("mikey.eccpt.point", _point_octets(cursor, CURVE_OCTETS[curve]))
    # RFC 6267 6.1.4: padded to end on a boundary of 32 bits, which its figure counts from the payload on
    cursor.octets("mikey.eccpt.pad", (start - cursor.pos) % 4)
    cursor.numbers(_AFTER_POINT)
    _, kv = cursor.bits("", 1, _RESERVED_AND_KV)
    read_validity(cursor, kv)


def _point_octets(cursor: Cursor, coordinate: int) -> int:
    """Tell the length of a point from its first octet (SEC 1 2.3.3)."""
    form = cursor.data[cursor.pos] if cursor.left else 0
    sizes = {0: 1, 2: 1 + coordinate, 3: 1 + coordinate, 4: 1 + 2 * coordinate}
    if form not in sizes:
        raise cursor.fail("mikey.eccpt.point", f"a point does not begin with {form}")
    return sizes[form]


def _sakke(cursor: Cursor, found: Found) -> None:
    _, _, size = cursor.numbers(_SAKKE)
    cursor.octets("mikey.sakke.data", size)


READERS = {
    22: Reader("mikey.ibake", _ibake),
    23: Reader("mikey.esk", _esk),
    24: Reader("mikey.sk", _sk),
    25: Reader("mikey.eccpt", _eccpt),
    26: Reader("mikey.sakke", _sakke),
}
