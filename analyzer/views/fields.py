"""The fields that dissectors leave: as rows, as JSON values, as a page of each protocol."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.views.plain import Plain
from dissectors.catalogue import FieldType

ORIGINS = {"both": "Wireshark's", "ours": "ours"}
COLUMNS = ("field", "type", "name", "meaning")


def row(field: FieldType) -> tuple[str, str, str, str]:
    """Return a field as a row of COLUMNS."""
    return field.name, field.kind, ORIGINS[field.origin], field.meaning


def plain_field(field: FieldType) -> dict[str, Plain]:
    """Return what there is to say of a field, as JSON values."""
    return {"name": field.name, "type": field.kind, "origin": field.origin, "meaning": field.meaning}


def markdown(protocol: str, fields: Iterable[FieldType]) -> str:
    """Return docs/dissectors/PROTOCOL.md."""
    rows = [
        f"| `{name}` | {kind} | {origin} | {meaning.replace('|', '/')} |"
        for name, kind, origin, meaning in map(row, fields)
    ]
    head = [
        f"# Fields of {protocol}", "",
        "<!-- Written by `make fields`: change dissectors/fields.tsv, not this file. -->", "",
        f"{len(rows)} fields. `*` stands for a name that comes from the network.", "",
        "| Field | Type | Name | Meaning |", "|---|---|---|---|",
    ]  # fmt: skip
    return "\n".join((*head, *rows)) + "\n"
