"""The AVPs of Diameter: no name twice, every one read as its kind says, every value told by its name, as in tshark."""

import pytest

from dissectors import dissect, tree
from dissectors.diameter_avps import AVPS, XML
from dissectors.diameter_names import VENDOR_3GPP, VENDORS
from sample_pcaps.forge_diameter import APP_ZN, address, avp, message

NAMED = [(vendor, code) for (vendor, code), known in AVPS.items() if known.names is not None]
OCTETS = {"text": b"a", "octets": b"abcde", "grouped": b"", "address": address("10.0.0.1"), "naf_id": b"naf" + bytes(5)}
TYPES = {  # how tshark calls our kinds
    "text": {"FT_STRING"}, "octets": {"FT_BYTES", "FT_STRING"}, "grouped": {"FT_BYTES"}, "address": {"FT_BYTES"},
    "naf_id": {"FT_BYTES"}, "uint": {"FT_UINT32", "FT_UINT64", "FT_INT32"}, "int": {"FT_INT32", "FT_UINT32"},
    "time": {"FT_ABSOLUTE_TIME"},
}  # fmt: skip


@pytest.fixture
def texts(payload):
    """Gives the texts of the fields of a message with these AVPs, by name."""

    def of(octets=b"", command=310, app=APP_ZN):
        head = message([], command=command, app=app, request=True, hop_by_hop=1, end_to_end=1)
        data = head[:1] + (len(head) + len(octets)).to_bytes(3, "big") + head[4:] + octets
        found = dissect(payload(data), "diameter")
        assert (found.error, found.body.notes) == (None, ())
        return {field.name: field.text for top in tree(found) for field in top.walk()}

    return of


def test_each_set_of_values_has_names_of_their_own():
    for known in AVPS.values():
        assert len(set((known.names or {}).values())) == len(known.names or {}), known.name


def test_each_avp_has_a_name_of_its_own():
    assert len({known.name for known in AVPS.values()}) == len(AVPS)
    assert {vendor for vendor, _ in AVPS} <= set(VENDORS)


@pytest.mark.parametrize(("vendor", "code"), AVPS, ids=[known.name for known in AVPS.values()])
def test_each_avp_is_read_as_its_kind_says(texts, vendor, code):
    known = AVPS[vendor, code]
    data = OCTETS.get(known.kind, bytes(known.size))
    found = texts(avp(code, data, vendor=vendor))
    assert f"diameter.{known.name}" in found
    assert not {"diameter.avp.unknown", "diameter.avp.invalid-data"} & set(found)


@pytest.mark.parametrize(("vendor", "code"), NAMED, ids=[AVPS[key].name for key in NAMED])
def test_values_are_told_by_their_names(texts, vendor, code):
    known = AVPS[vendor, code]
    for value, name in known.names.items():
        found = texts(avp(code, value.to_bytes(known.size, "big"), vendor=vendor))
        assert found[f"diameter.{known.name}"] == f"{name} ({value})"


def test_documents_inside_are_messages_of_their_own(payload):
    for vendor, code in XML:
        for data, inner in ((b'<guss id="a"><ussList/></guss>', ["mbms-xml"]), (bytes(8), [])):
            octets = avp(code, data, vendor=vendor)
            head = message([], command=310, app=APP_ZN, request=False, hop_by_hop=1, end_to_end=1)
            whole = head[:1] + (len(head) + len(octets)).to_bytes(3, "big") + head[4:] + octets
            found = dissect(payload(whole), "diameter")
            assert [part.protocol for part in found.inner] == inner
            assert all(whole[part.offset :].startswith(part.payload.data) for part in found.inner)
            assert all(part.payload.data == data and part.error is None for part in found.inner)


def test_names_and_types_are_those_of_tshark(tshark_fields):
    ours_only = {"NAF-Id"}  # NAF-Hostname there, as in the first releases of TS 29.109
    renamed = {"Privileged-Sender-Indication"}  # misspelt there
    for (vendor, _), known in AVPS.items():
        if known.name in ours_only | renamed:
            assert f"diameter.{known.name}" not in tshark_fields
            continue
        assert vendor in (0, VENDOR_3GPP)
        assert tshark_fields[f"diameter.{known.name}"] in TYPES[known.kind], known.name
