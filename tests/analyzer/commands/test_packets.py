"""`keyshark packets`: all fields as JSON, keys hidden or shown, and what passes a filter."""

import json

import pytest

GOOD = ("http_good", "sip_good")


@pytest.mark.parametrize("name", GOOD)
def test_packets_as_json_hold_every_octet(told, name, sample, samples):
    _, out = told("packets", "--format", "json", "--show-keys", str(samples / name))
    messages = json.loads(out)
    assert len(messages) == len(sample(name).messages)
    assert out.count("\n") == len(messages) + 2
    assert {"sip", "http", "mikey"} <= {message["protocol"] for message in messages}
    for message in messages:
        spans = [(field["start"], field["end"]) for field in message["fields"]]
        assert spans == sorted(spans)
        assert spans[0][0] == 0
    opened = [part for m in messages for part in m["inner"] if part["protocol"] == "mikey.keydata"]
    assert len(opened) >= 3
    assert all(part["offset"] == -1 for part in opened)


def test_verdicts_are_filtered_by(told, samples):
    filtered = ("packets", "--filter", 'keyshark.verdict == "fail" && mikey', str(samples / "mtk_outside_window"))
    code, out = told(*filtered)
    assert (code, len(out.splitlines())) == (0, 2)


def test_hidden_values_say_so(told, samples):
    _, out = told("packets", "--format", "json", "--filter", "mikey.keydata", str(samples / "http_good"))
    messages = json.loads(out)
    assert messages
    for message in messages:
        (plain,) = [part for part in message["inner"] if part["protocol"] == "mikey.keydata"]
        (key,) = plain["fields"]
        (data,) = [field for field in key["children"] if field["name"] == "mikey.key.data"]
        assert (data["value"], data["text"]) == (None, "hidden: holds a key")
        assert data["end"] - data["start"] == 16
        assert next(field for field in key["children"] if field["name"] == "mikey.key.type")["value"] is not None


def test_packets_are_filtered(told, samples):
    _, out = told("packets", "--filter", "mikey && mikey.key.data.len == 16", str(samples / "http_good"))
    lines = out.splitlines()
    assert lines[0].split() == ["frame", "seconds", "source", "destination", "protocol", "summary"]
    assert len(lines) > 3
    assert all("mikey/mikey.keydata" in line for line in lines[1:])
    _, out = told("packets", "--filter", "mikey && sip", str(samples / "http_good"))
    assert out.endswith(" messages: none of them passes the filter\n")
    _, out = told("packets", "--filter", "mikey && sip", "--format", "json", str(samples / "http_good"))
    assert json.loads(out) == []


def test_of_no_messages_it_says_where_to_look(told, silent):
    assert told("packets", silent) == (0, "0 messages: see `keyshark info` for what the captures hold\n")
    code, out = told("packets", "--format", "json", silent)
    assert (code, json.loads(out)) == (0, [])
