"""The list of fields: it holds all that samples show, with their types; names are Wireshark's where it says so."""

from pathlib import Path

import pytest

from dissectors import DISSECTORS, Field, tree
from dissectors.catalogue import FAMILY, TABLE, fields, unknown

KINDS = {"number": (int,), "text": (str,), "octets": (bytes,), "address": (str,), "time": (int,), "group": (bytes, str)}


def test_each_line_has_a_name_of_its_own():
    names = [line.split("\t")[0] for line in TABLE.read_text().splitlines()[1:]]
    assert len(names) == len(set(names))
    assert all(each.kind in KINDS and each.origin in ("both", "ours") and each.meaning for each in fields().values())


def test_each_protocol_is_a_name():
    assert [dissector.protocol for dissector in DISSECTORS if unknown(dissector.protocol)] == []


def test_origins_are_as_tshark_has_them(tshark_fields):
    known = [each for each in fields().values() if FAMILY not in each.name]
    assert [each.name for each in known if (each.origin == "both") != (each.name in tshark_fields)] == []


@pytest.mark.parametrize("case", ["http_good", "sip_good", "ipv6"])
def test_what_samples_show_is_in_the_list(case):
    from analyzer.analysis import analyse
    from analyzer.capture.case import find_cases

    (found,) = find_cases([str(Path(__file__).parents[2] / "sample_pcaps" / case)])
    seen: dict[str, Field] = {}
    for message in analyse(found).messages:
        for part in message.walk():
            for outer in tree(part):
                seen |= {field.name: field for field in outer.walk()}
    assert len(seen) > 100
    assert [name for name in seen if unknown(name)] == []
    known = fields()
    unlike = [
        name for name, field in seen.items()
        if name in known and not isinstance(field.value, KINDS[known[name].kind])
    ]  # fmt: skip
    assert unlike == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mikey.csb_id", ""), ("mikey", ""), ("sip.X-Own", ""), ("mbms_xml.anything", ""),
        ("mi", "only the beginning"), ("sip.", "only the beginning"), ("mikey.csb", "only the beginning"),
        ("sip.Metod", "did you mean sip.Method?"), ("mikey.csbid", "did you mean mikey.csb_id?"),
        ("nothing", "`keyshark fields` lists them"),
    ],
)  # fmt: skip
def test_names_that_are_none_are_told(name, told):
    assert told in unknown(name)
    assert bool(told) == bool(unknown(name))
