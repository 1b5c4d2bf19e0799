"""The codes of Diameter: no name twice, every AVP read as its kind says, every value told by its name."""

import pytest

from dissectors import diameter_names, dissect, tree
from dissectors.diameter_names import APPLICATIONS, AVPS, COMMANDS, EXPERIMENTAL_RESULTS, RESULTS, VENDORS
from sample_pcaps.forge_diameter import APP_ZN, address, avp, message

TABLES = {
    name: table
    for name, table in vars(diameter_names).items()
    if isinstance(table, dict) and table is not AVPS and not name.startswith("__")
}
TABLES |= {known.name: known.names for known in AVPS.values() if known.names is not None}
NAMED = [(vendor, code) for (vendor, code), known in AVPS.items() if known.names is not None]
OCTETS = {"text": b"a", "octets": b"abcde", "grouped": b"", "address": address("10.0.0.1"), "naf_id": b"naf" + bytes(5)}


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


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_code_has_a_name_of_its_own(table):
    assert all(name == name.strip() != "" for name in table.values())
    assert len(set(table.values())) == len(table)
    assert all(0 <= code < 1 << 32 for code in table)


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


def test_commands_and_applications_are_told_by_their_names(texts):
    for code, name in COMMANDS.items():
        assert texts(command=code)["diameter.cmd.code"] == f"{name} ({code})"
    for code, name in APPLICATIONS.items():
        assert texts(app=code)["diameter.applicationId"] == f"{name} ({code})"


def test_results_are_of_the_classes_of_the_rfc():
    """RFC 6733 7.1: informational, success, protocol, transient and permanent; TS 29.109 6.2: 5401 to 5403."""
    assert {code // 1000 for code in RESULTS} == {1, 2, 3, 4, 5}
    assert sorted(EXPERIMENTAL_RESULTS) == [5401, 5402, 5403]
