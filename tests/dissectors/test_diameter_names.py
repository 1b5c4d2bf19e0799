"""The codes of Diameter: no name twice, every value told by its name."""

import pytest

from dissectors import diameter_names, dissect, tree
from dissectors.diameter_names import APPLICATIONS, COMMANDS, EXPERIMENTAL_RESULTS, RESULTS
from sample_pcaps.forge_diameter import APP_ZN, message

TABLES = {
    name: table for name, table in vars(diameter_names).items() if isinstance(table, dict) and not name.startswith("__")
}


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


def test_commands_and_applications_are_told_by_their_names(texts):
    for code, name in COMMANDS.items():
        assert texts(command=code)["diameter.cmd.code"] == f"{name} ({code})"
    for code, name in APPLICATIONS.items():
        assert texts(app=code)["diameter.applicationId"] == f"{name} ({code})"


def test_results_are_of_the_classes_of_the_rfc():
    """RFC 6733 7.1: informational, success, protocol, transient and permanent; those of 3GPP the same."""
    assert {code // 1000 for code in RESULTS} == {1, 2, 3, 4, 5}
    assert {code // 1000 for code in EXPERIMENTAL_RESULTS} == {2, 4, 5}
    assert {5401, 5402, 5403} < set(EXPERIMENTAL_RESULTS)
