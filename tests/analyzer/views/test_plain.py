"""Values as JSON values."""

import json
from dataclasses import dataclass

import pytest

from analyzer.report import Evidence, Verdict
from analyzer.views.plain import plain


@dataclass(frozen=True, slots=True)
class Thing:
    from_: str
    octets: bytes


def test_values():
    given = {"a": (1, 2.5, None, True, "x"), "b": [Verdict.FAIL, Evidence(0, 3)], "c": Thing("ue", b"\x0f")}
    expected = {
        "a": [1, 2.5, None, True, "x"], "b": ["fail", {"capture": 0, "frame": 3}], "c": {"from": "ue", "octets": "0f"}
    }  # fmt: skip
    assert plain(given) == expected
    assert json.loads(json.dumps(plain(given))) == expected


@pytest.mark.parametrize("value", [object(), {1, 2}, Thing, 1j])
def test_anything_else_is_our_bug(value):
    with pytest.raises(TypeError):
        plain(value)
