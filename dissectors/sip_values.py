"""Fields in SIP values: URIs (sip, sips), and the headers of IMS that are lists of parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dissectors.cursor import Field
from dissectors.text import number, parameter_fields, to_text

# user [":" password] "@" host [":" port]
_URI = re.compile(
    rb"(?:sips?|SIPS?):(?:([^@:;?>\s]++)(?::[^@\s]*+)?@)?(\[[^\]\s]++\]|[^\[:;?>\s]++)(?::(\d{1,5}))?(?=[;?>\s]|\Z)"
)
_FIRST = re.compile(rb"\s*+([^\s;,]++)")
_CAUSES = {"sip": "sip.reason_cause_sip", "q.850": "sip.reason_cause_q850"}

_SECURITY = {
    name: f"sip.sec_mechanism.{shown}"
    for name, shown in {
        "q": "q", "alg": "alg", "ealg": "ealg", "prot": "prot", "mod": "mod", "spi-c": "spi_c", "spi-s": "spi_s",
        "port1": "port1", "port2": "port2", "port-c": "port_c", "port-s": "port_s",  # TS 33.203 Annex H
        "d-alg": "d_alg", "d-qop": "d_qop", "d-ver": "d_ver",  # RFC 3329 2.2
    }.items()
}  # fmt: skip
_NUMBERS = frozenset({"spi_c", "spi_s", "port1", "port2", "port_c", "port_s"})
_ACCESS = (  # RFC 7315 5.4
    "cgi-3gpp", "ci-3gpp2", "dsl-location", "i-wlan-node-id", "local-time-zone",
    "operator-specific-gi", "utran-cell-id-3gpp", "utran-sai-3gpp",
)  # fmt: skip
_CHARGING = {
    "icid-value": "sip.icid_value", "icid-generated-at": "sip.icid_gen_addr", "orig-ioi": "sip.orig_ioi",
    "term-ioi": "sip.term_ioi", "transit-ioi": "sip.transit_ioi", "related-icid": "sip.related_icid",
}  # fmt: skip
_PARAMETERS: Mapping[str, tuple[str, Mapping[str, str]]] = {  # the field of the first word, those of parameters
    "Security-Client": ("sip.sec_mechanism", _SECURITY),
    "Security-Server": ("sip.sec_mechanism", _SECURITY),
    "Security-Verify": ("sip.sec_mechanism", _SECURITY),
    "P-Access-Network-Info": (
        "sip.P-Access-Network-Info.access-type",
        {name: f"sip.P-Access-Network-Info.{name}" for name in _ACCESS},
    ),
    "P-Charging-Vector": ("", _CHARGING),
    "Recv-Info": ("sip.Recv-Info.package", {}),  # RFC 6086 7
    "Info-Package": ("sip.Info-Package.package", {}),
}
HEADERS = frozenset({*_PARAMETERS, "Reason"})


def uri_fields(data: bytes, prefix: str, start: int, end: int) -> tuple[Field, ...]:
    """Return user, host and port of the URI that begins at `start`."""
    found = _URI.match(data, start, end)
    if found is None:  # a telephone number has no user, as Wireshark has it too
        return ()
    user, host, port = (found.span(group) for group in (1, 2, 3))
    fields = [_field(f"{prefix}.user", data, *user)] if user[0] >= 0 else []
    fields.append(_field(f"{prefix}.host", data, *host))
    if port[0] >= 0:
        fields.append(_field(f"{prefix}.port", data, *port))
    return tuple(fields)


def header_fields(name: str, data: bytes, start: int, end: int) -> list[Field]:
    """Return the fields of a header of HEADERS, whose value is in start..end."""
    fields: list[Field] = []
    for first, stop in _elements(data, start, end):
        word = _FIRST.match(data, first, stop)
        if word is None:
            continue
        if name == "Reason":
            cause = _CAUSES.get(to_text(word.group(1)).lower(), "sip.reason_cause_other")
            own, named = "sip.reason_protocols", {"cause": cause, "text": "sip.reason_text"}
        else:
            own, named = _PARAMETERS[name][0], dict(_PARAMETERS[name][1])
        if own:
            fields.append(_field(own, data, *word.span(1)))
            fields += map(_counted, parameter_fields(data, named, first, stop))
        else:  # all of it is parameters: the first one has no ";" before it
            fields += _bare(data, named, first, stop)
    return fields


def _elements(data: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Return where the elements of a list stand; a comma in quotes does not count."""
    cuts = [match.start() for match in _COMMA.finditer(data, start, end) if match.group() == b","]
    return list(zip([start, *[cut + 1 for cut in cuts]], [*cuts, end], strict=True))


_COMMA = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|,', re.DOTALL)
_BARE = re.compile(rb'([^\s;=,"]++)\s*+=\s*+("[^"]*+"|[^\s;,"]++)')


def _bare(data: bytes, named: Mapping[str, str], start: int, end: int) -> list[Field]:
    fields: list[Field] = []
    for match in _BARE.finditer(data, start, end):
        name = named.get(to_text(match.group(1)).lower())
        if name is not None:
            first, stop = match.span(2)
            quoted = data[first] == 0x22
            fields.append(_field(name, data, first + quoted, stop - quoted))
    return fields


def _counted(field: Field) -> Field:
    count = number(str(field.value)) if field.name.rpartition(".")[2] in _NUMBERS or "cause" in field.name else None
    return field if count is None else Field(field.name, count, field.start, field.end)


def _field(name: str, data: bytes, start: int, end: int) -> Field:
    return Field(name, to_text(data[start:end]), start, end)
