"""Steps as a table and as JSON."""

import json

from analyzer.keys.steps import Step
from analyzer.views import steps as view
from analyzer.views.tables import draw

STEPS = (Step("K", b"\x00\xff" * 16, "TS 1"), Step("fits", "yes"))


def test_table_has_hex_that_is_never_broken():
    table = view.table(STEPS)
    assert table.rows == (("K", "00ff" * 16, "TS 1"), ("fits", "yes", ""))
    assert "00ff" * 16 in draw(table, 40)


def test_json_keeps_the_order():
    told = json.loads(view.as_json("thing", STEPS))
    assert told["derived"] == "thing"
    assert [(step["name"], step["value"]) for step in told["steps"]] == [("K", "00ff" * 16), ("fits", "yes")]
