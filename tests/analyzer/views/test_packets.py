"""Messages as rows, and as JSON values with their trees."""

import json

import pytest

import dissectors
from analyzer.keys.chain import Chain, Opened
from analyzer.keys.key import Key
from analyzer.views.hiding import HIDDEN, Hider
from analyzer.views.packets import Line, plain_message, table, with_plaintext
from analyzer.views.tables import draw
from dissectors import Dissector, Leg, Message, Part, Payload

SECRET = bytes.fromhex("9600b54e1bd8f14c26a85842e00d9fc2")


def _parse(cursor):
    with cursor.group("toy.head", "the head"):
        cursor.u8("toy.kind", {1: "one"})
        cursor.octets("toy.key", 16)
    cursor.string("toy.text", 2)
    if cursor.left:
        raise cursor.fail("toy.end", f"{cursor.left} octets too many")
    return object()


TOY = Dissector("toy", lambda payload: True, _parse, lambda body: (Part("inside", SECRET, 1),))
INSIDE = Dissector("inside", lambda payload: False, lambda cursor: cursor.octets("inside.all", cursor.left))


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    monkeypatch.setattr(dissectors, "DISSECTORS", (TOY, INSIDE))


def message(data=b"\x01" + SECRET + b"hi", capture=0, src="10.0.0.1") -> Message:
    found = dissectors.dissect(Payload(data, "udp", src, 5, "ff02::1", 2269, capture, 7, 3_500_000_000, (6, 7)))
    assert found is not None
    return found


def test_a_row_a_message():
    lines = [
        Line(message(), "a toy"),
        Line(message(capture=1, src="fe80::1"), "another"),
        Line(message(b"\x01"), "broken"),
    ]
    assert draw(table(lines, 1_500_000_000)) == (
        "frame  seconds  source       destination     protocol    summary\n"
        "    7  2.000000  10.0.0.1:5   [ff02::1]:2269  toy/inside  a toy\n"
        "[1] 7  2.000000  [fe80::1]:5  [ff02::1]:2269  toy/inside  another\n"
        "    7  2.000000  10.0.0.1:5   [ff02::1]:2269  toy         broken [malformed: toy.key at offset 1: "
        "needs 16 octets, 0 left]\n"
    ).replace("frame  seconds ", "frame   seconds ")


def test_another_sighting_is_marked():
    first, seen = message(capture=1), message()
    told = Line(seen._replace(payload=seen.payload._replace(leg=Leg(2, ("ESP",), 63))), "a toy", first)
    assert [row[-1] for row in table([told], 0).rows] == ["[[1] 7 again] a toy"]
    document = plain_message("story", told, Hider(()))
    assert (document["again"], document["summary"]) == ({"capture": 1, "frame": 7}, "a toy")
    assert (document["interface"], document["tunnels"], document["hops"]) == (2, ["ESP"], 63)


def test_a_message_with_a_comment_that_may_hold_a_key():
    told = Line(message(), "a toy", comment="look")
    assert [row[-1] for row in table([told], 0).rows] == ["a toy [comment: look]"]
    assert plain_message("story", told, Hider(()))["comment"] == "look"
    hidden = Line(message(), "a toy", comment=SECRET.hex())
    assert plain_message("story", hidden, Hider((SECRET,)))["comment"] == HIDDEN


def test_a_message_with_its_tree():
    document = plain_message("story", Line(message(), "a toy"), Hider(()))
    assert json.loads(json.dumps(document)) == document
    assert document == {
        "case": "story", "capture": 0, "frame": 7, "frames": [6, 7], "time": 3.5, "transport": "udp",
        "src": "10.0.0.1", "sport": 5, "dst": "ff02::1", "dport": 2269,
        "interface": 0, "tunnels": [], "hops": None, "again": None, "comment": None, "summary": "a toy",
        "protocol": "toy", "offset": -1, "error": None, "notes": [],
        "fields": [
            {
                "name": "toy.head", "value": None, "text": "the head", "start": 0, "end": 17,
                "children": [
                    {"name": "toy.kind", "value": 1, "text": "one (1)", "start": 0, "end": 1, "children": []},
                    {"name": "toy.key", "value": SECRET.hex(), "text": "", "start": 1, "end": 17, "children": []},
                ],
            },
            {"name": "toy.text", "value": "hi", "text": "", "start": 17, "end": 19, "children": []},
        ],
        "inner": [
            {
                "protocol": "inside", "offset": 1, "error": None, "notes": [], "inner": [],
                "fields": [{"name": "inside.all", "value": SECRET.hex(), "text": "", "start": 0, "end": 16, "children": []}],
            }
        ],
    }  # fmt: skip


def test_a_key_is_hidden_wherever_it_stands():
    text = json.dumps(plain_message("story", Line(message(), f"a toy with {SECRET.hex()}"), Hider((SECRET,))))
    assert SECRET.hex() not in text
    document = json.loads(text)
    assert document["summary"] == "hidden: holds a key"
    head, plain = document["fields"]
    assert (head["value"], head["text"]) == (None, "")
    assert head["children"][0]["value"] == 1
    assert head["children"][1] == {
        "name": "toy.key", "value": None, "text": "hidden: holds a key", "start": 1, "end": 17, "children": []
    }  # fmt: skip
    assert plain["value"] == "hi"
    assert document["inner"][0]["fields"][0]["value"] is None


def test_what_is_malformed_says_where():
    document = plain_message("story", Line(message(b"\x01" + SECRET + b"hi!"), ""), Hider(()))
    assert document["error"] == {"field": "toy.end", "offset": 19, "reason": "1 octets too many"}
    assert document["fields"][-1] == {
        "name": "toy.unread", "value": "21", "text": "", "start": 19, "end": 20, "children": []
    }  # fmt: skip


def test_what_was_decrypted_is_inside():
    closed = message()
    plain = dissectors.dissect(Payload(b"plain", "udp", "a", 1, "b", 2, 0, 7, 0), "inside")
    chain = Chain()
    assert with_plaintext(closed, chain) is not closed or with_plaintext(closed, chain) == closed
    chain.opened[id(closed)] = Opened(closed, Key("MUK", SECRET, "", "seen"), b"", "", plain)
    opened = with_plaintext(closed, chain)
    assert opened.inner == (*closed.inner, plain)
    assert opened.payload is closed.payload
