import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.tui.arrows import Arrow, arrows, heads, label, lane_width, lanes, picture
from analyzer.tui.cells import Mark

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")


def arrow(source="ue", target="bm-sc", title="MSK", **more):
    return Arrow(0, (0, 1), source, target, title, "detail", Mark.NONE, **more)


def test_the_story_of_a_ue_has_all_nodes_and_goes_by_time(found):
    index = found("http_good")
    drawn = arrows(index, index.sessions[0])
    assert lanes(drawn) == NODES
    assert [each.time for each in drawn] == sorted(each.time for each in drawn)
    titles = [each.title for each in drawn]
    for title in ("INVITE", "authorize", "register", "401", "BIR", "BIA", "MSK", "verify", "MTK", "SRTP", "SRTCP"):
        assert title in titles, title


def test_an_msk_message_goes_from_bm_sc_to_ue_and_an_mtk_to_the_group(found):
    index = found("http_good")
    ways = {each.title: (each.source, each.target) for each in arrows(index, index.sessions[0])}
    assert ways["MSK"] == ("bm-sc", "ue")
    assert ways["verify"] == ("ue", "bm-sc")
    assert ways["MTK"] == ("bm-sc", "multicast")
    assert ways["authorize"] == ("scf", "bm-sc")
    assert ways["BIR"] == ("bm-sc", "bsf")


def test_repeats_are_one_arrow_that_knows_where_they_were(found):
    index = found("http_good")
    repeated = [each for each in arrows(index, index.sessions[0]) if each.title == "MTK" and each.count > 1]
    assert repeated
    assert label(repeated[0], True).startswith(f"×{repeated[0].count} ")
    assert repeated[0].place not in repeated[0].repeats


def test_what_failed_is_marked_on_its_arrow(found):
    index = found("mtk_outside_window")
    failed = [each for each in arrows(index, index.sessions[0]) if each.mark is Mark.FAIL]
    assert [each.title for each in failed] == ["MTK"]


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
