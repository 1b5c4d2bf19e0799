"""The attributes of MBMS in SDP (TS 26.237 8.3.3, 14.2; TS 26.346 7.3; RFC 4570, RFC 6364), and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dissectors.cursor import Field
from dissectors.text import number, to_text

_WORD = re.compile(rb"[^\s\0]+")
# The words of each value in turn; the last name serves what follows
WORDS: Mapping[bytes, tuple[str, ...]] = {
    b"mbms_service": ("sdp.mbms_service",),
    b"mbms_download_service": ("sdp.mbms_download_service",),
    b"flute-tsi": ("sdp.flute_tsi",),
    b"flute-ch": ("sdp.flute_ch",),
    b"source-filter": (
        "sdp.source_filter.mode", "sdp.source_filter.network_type", "sdp.source_filter.address_type",
        "sdp.source_filter.destination", "sdp.source_filter.source",
    ),
    b"fec": ("sdp.fec",),
    b"fec-declaration": ("sdp.fec_declaration.ref", "sdp.fec_declaration.value"),
    b"fec-source-flow": ("sdp.fec_flow",),
    b"fec-repair-flow": ("sdp.fec_flow",),
    b"mbms-mode": ("sdp.mbms_mode",),
    b"fdt_address": ("sdp.fdt_address",),
    b"repair-server-address": ("sdp.repair_server_address",),
    b"report-channel": ("sdp.report_channel",),
    b"suggestedPresentationOffset": ("sdp.presentation_offset",),
}  # fmt: skip
_NUMBERS = frozenset({"sdp.flute_tsi", "sdp.flute_ch"})


def value_fields(key: bytes, data: bytes, start: int, end: int) -> tuple[Field, ...]:
    """Return the fields of the words of an attribute's value in start..end, nothing where it is none of MBMS."""
    names = WORDS.get(key)
    if names is None:
        return ()
    fields: list[Field] = []
    for index, match in enumerate(_WORD.finditer(data, start, end)):
        name, value = names[min(index, len(names) - 1)], to_text(match.group())
        count = number(value) if name in _NUMBERS else None
        fields.append(Field(name, value if count is None else count, match.start(), match.end()))
    return tuple(fields)
