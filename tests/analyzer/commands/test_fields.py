"""`keyshark fields`."""

import json

from analyzer import cli
from dissectors.catalogue import fields


def test_all_fields_a_line_each(capsys):
    assert cli.run(["fields"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["field", "type", "name", "meaning"]
    assert [line.split()[0] for line in lines] == list(fields())


def test_those_that_begin_so_as_json(capsys):
    assert cli.run(["fields", "mikey.ext", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [field["name"] for field in found] == [name for name in fields() if name.startswith("mikey.ext")]
    assert {"name": "mikey.ext.msk_id", "type": "octets", "origin": "ours",
            "meaning": "MSK ID: key group and key number"} in found  # fmt: skip


def test_no_such_field(capsys):
    assert cli.run(["fields", "zzz"]) == 2
    assert "no field begins with zzz" in capsys.readouterr().err


def test_a_filter_of_an_unknown_field_is_a_wrong_command_line(capsys):
    assert cli.run(["packets", "any.pcap", "--filter", "sip.Metod == INVITE"]) == 2
    assert "did you mean sip.Method?" in capsys.readouterr().err
