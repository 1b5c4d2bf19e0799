import pytest

from analyzer.tui.cells import Cell, Mark
from analyzer.tui.outline import Node, Outline


def node(text, *children, **more):
    return Node((Cell(text),), children, text, **more)


@pytest.fixture
def trees():
    return (
        node("root", node("left", node("deep", mark=Mark.FAIL), name="left"), node("right"), open=True, name="root"),
        node("other"),
    )


async def test_nodes_open_and_close(alone, lines, trees):
    outline = Outline()
    async with alone(outline).run_test(size=(40, 10)) as pilot:
        outline.plant(trees)
        assert lines(outline) == ["root", "left", "right", "other"]
        await pilot.press("right", "right")  # into the open root, then open left
        assert lines(outline)[1:3] == ["left", "deep"]
        await pilot.press("l", "left")
        assert outline.node.target == "left"
        await pilot.press("h", "h", "space")
        assert lines(outline) == ["root", "other"]
        await pilot.press("asterisk")
        assert len(lines(outline)) == 5


async def test_a_planted_tree_opens_as_it_was_left(alone, lines, trees):
    outline = Outline()
    async with alone(outline).run_test(size=(40, 10)) as pilot:
        outline.plant(trees)
        await pilot.press("space")
        outline.plant((node("root", node("new"), open=True, name="root"),))
        assert lines(outline) == ["root"]


async def test_problems_and_text_are_found_in_closed_nodes(alone, trees):
    outline = Outline()
    async with alone(outline).run_test(size=(40, 10)) as pilot:
        outline.plant(trees)
        await pilot.press("e")
        assert outline.node.target == "deep"
        outline.plant((node("a", node("b", node("needle"))),))
        assert outline.find("needle", 1)
        assert outline.node.target == "needle"
        assert not outline.find("nothing", 1)


async def test_going_to_a_node_opens_the_way_only(alone, lines, trees):
    outline = Outline()
    async with alone(outline).run_test(size=(40, 10)):
        outline.plant(trees)
        assert outline.go(lambda each: each.target == "deep")
        assert outline.node.target == "deep"
        assert lines(outline) == ["root", "left", "deep", "right", "other"]
        assert not outline.go(lambda each: False)


async def test_an_empty_tree_has_no_node(alone):
    outline = Outline("nothing to see")
    async with alone(outline).run_test(size=(40, 10)) as pilot:
        outline.plant(())
        await pilot.press("right", "left", "space", "asterisk", "e", "enter")
        assert outline.node is None
        assert "nothing to see" in outline.render_line(0).text
