"""Values as JSON values."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report import Evidence, Verdict
from analyzer.views.plain import indented, plain


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


@pytest.mark.parametrize(
    "value",
    [
        (), [], {}, ((),), {"a": {}}, "", "ä\n\x1b\ud800\"\\/", 0, -1, 1.0, 1e300, 1767225600.000001, True, False, None,
        Verdict.ERROR, Evidence(1, 2), Thing("ue", b"\x0f"), {"a": (1, [2.5, {"b": Thing("x", b"")}])}, b"\xff", {1: 2},
    ],
)  # fmt: skip
def test_indented_is_what_the_standard_library_writes(value):
    assert indented(value) == json.dumps(plain(value), indent=2)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
        max_leaves=20,
    )
)
def test_indented_is_what_the_standard_library_writes_of_anything(value):
    assert indented(value) == json.dumps(plain(value), indent=2)


@pytest.mark.parametrize("value", [object(), {1, 2}, Thing, 1j, float("nan"), float("inf"), [float("-inf")]])
def test_indented_refuses_what_json_has_not(value):
    with pytest.raises(TypeError):
        indented(value)
