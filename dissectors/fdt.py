"""The FDT instance of FLUTE (RFC 6726 3.4.2): which objects a session carries."""

from __future__ import annotations

from dataclasses import dataclass

from dissectors.base import Dissector, Payload
from dissectors.cursor import Cursor, Field, Malformed, Recorder, filled
from dissectors.text import number, to_text
from dissectors.xml_tree import Element, read

LONGEST = 38  # digits of a TOI, which has 112 bits at most


@dataclass(frozen=True, slots=True)
class FdtFile:
    """One File: its TOI (-1 when it is none), and what is told of it; "" what is not told.

    `length` is that of the content, `transfer_length` that on the way; None what is not told. `symbol_length` and
    `block_length` say how it is cut, 0 what is not told.
    """

    toi: int
    location: str
    content_type: str = ""
    encoding: str = ""
    length: int | None = None
    transfer_length: int | None = None
    symbol_length: int = 0
    block_length: int = 0


@dataclass(frozen=True, slots=True)
class Fdt:
    """An FDT instance; `expires` is in seconds since 1900, None when it is missing or no number."""

    expires: int | None
    complete: bool
    files: tuple[FdtFile, ...]


def parse(cursor: Cursor) -> Fdt:
    """Read an FDT instance; raises Malformed with the files that were read before an error."""
    shift, data = cursor.pos, cursor.data[cursor.pos : cursor.end]
    document = read(data)
    root = document.root
    if isinstance(cursor, Recorder) and root is not None:
        cursor.fields.extend(filled(_fields(root, cursor, bool(document.problem)), "fdt"))
    if root is None or document.problem:
        partial = None if root is None else _fdt(root)
        raise Malformed("fdt", shift + min(document.end, len(data)), document.problem or "no element", partial)
    if root.name != "fdt-instance":
        raise cursor.fail(f"fdt.{root.tag}", "not an FDT instance", shift + root.start)
    cursor.pos = cursor.end
    return _fdt(root)


def _fdt(root: Element) -> Fdt:
    given = dict(root.own_values())
    files = tuple(_file(given, child) for child in root.children if child.name == "file")
    return Fdt(number(given.get("expires", ""), 10), given.get("complete", "") in ("true", "1"), files)


def _file(given: dict[str, str], element: Element) -> FdtFile:
    own = {**given, **dict(element.own_values())}  # RFC 6726 3.4.2: what is told of all holds for each
    toi = number(own.get("toi", ""), LONGEST)
    return FdtFile(
        -1 if toi is None else toi,
        own.get("content-location", ""),
        own.get("content-type", ""),
        own.get("content-encoding", ""),
        number(own.get("content-length", ""), 20),
        number(own.get("transfer-length", ""), 20),
        number(own.get("fec-oti-encoding-symbol-length", ""), 5) or 0,
        number(own.get("fec-oti-maximum-source-block-length", ""), 10) or 0,
    )


def _fields(root: Element, cursor: Cursor, broken: bool) -> list[Field]:
    shift, first, fields = cursor.pos, root.start + cursor.pos, []
    if shift < first:
        fields.append(Field("xml.prolog", to_text(cursor.data[shift:first]).strip(), shift, first))
    fields.append(_field(root, shift))
    last = fields[-1].end
    if last < cursor.end and not broken:
        fields.append(Field("xml.epilog", to_text(cursor.data[last : cursor.end]).strip(), last, cursor.end))
    return fields


def _field(element: Element, shift: int) -> Field:
    told = " ".join(f'{name.rpartition("}")[2]}="{value}"' for name, value in element.attributes.items())
    children = tuple(_field(child, shift) for child in element.children)
    return Field(f"fdt.{element.tag}", told or element.text, element.start + shift, element.end + shift, "", children)


def _never(payload: Payload) -> bool:
    return False  # an object of FLUTE


FDT = Dissector("fdt", _never, parse)
