import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.tui.arrows import Arrow
from analyzer.tui.cells import Mark
from analyzer.tui.rungs import heads, label, lane_width, picture, sides

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")


def arrow(source="ue", target="bm-sc", title="MSK", **more):
    return Arrow(0, (0, 1), source, target, title, "detail", Mark.NONE, **more)


@settings(max_examples=100)
@given(
    ends=st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)),
    title=st.text(max_size=30),
    lane=st.integers(6, 16),
)
def test_a_picture_is_as_wide_as_its_lanes(ends, title, lane):
    drawn, _ = picture(arrow(*ends, title=title), NODES, lane)
    assert len(drawn) == lane * len(NODES)


@pytest.mark.parametrize("width", [30, 80, 160, 300])
def test_lanes_leave_room_for_the_label(width):
    assert 6 <= lane_width(6, width) <= 16


def test_arrows_point_where_the_message_goes():
    right, fits = picture(arrow("ue", "im-cn", "too long"), ("ue", "im-cn"), 8)
    left, _ = picture(arrow("im-cn", "ue", "too long"), ("ue", "im-cn"), 8)
    assert not fits
    assert right == "    ├══════▶│   "  # without a message it is media
    assert left == "    │◀══════┤   "
    assert picture(arrow("ue", "im-cn", "MSK"), ("ue", "im-cn"), 10)[0] == "     ├═ MSK ═▶│    ".replace(
        "├═ MSK ═▶", "├══ MSK ═▶"
    )
    itself, titled = picture(arrow("ue", "ue", "x"), ("ue", "im-cn"), 8)
    assert "↻" in itself
    assert not titled


def test_names_of_nodes_stand_over_their_lanes():
    assert heads(("ue", "im-cn"), 8) == "   UE    IM CN  "
    assert heads(("multicast",), 6).strip() == "MCast"


def test_what_is_whole_goes_to_and_fro():
    drawn, _ = picture(arrow("ue", "im-cn", "too long", is_whole=True), ("ue", "im-cn"), 8)
    assert drawn == "    ├◀═════▶│   "


def test_rules_that_fail_stand_first_beside_the_arrow():
    assert label(arrow(broken=("MS-16",)), titled=False) == "MS-16 MSK detail"


def drawn(*runs):
    rows = [None if names is None else arrow(runs=tuple(names.split())) for names in runs]
    found, begins = sides(rows, {"b": Mark.FAIL})
    return ["".join(cell.text for cell in side) for side in found], begins, found


def test_brackets_go_from_the_first_to_the_last_line_of_a_procedure():
    lines, begins, cells = drawn("a", "a b", None, "", "a", "b", "c")
    assert lines == ["╭ ", "│╭", "││", "││", "╰│", " ╰", "╶ "]
    assert begins == {0: ("a",), 1: ("b",), 6: ("c",)}
    assert {cell.tone for side in cells for cell in side if cell.text != " "} == {"dim", "bad"}


def test_without_procedures_there_is_nothing_beside():
    assert drawn("", "")[0] == ["", ""]


def test_more_procedures_at_once_than_there_is_room_for_are_left_out():
    lines, begins, _ = drawn("a b c d e", "a b c d e")
    assert lines == ["╭╭╭╭", "╰╰╰╰"]
    assert begins == {0: ("a", "b", "c", "d", "e")}
