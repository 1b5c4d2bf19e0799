from contextlib import asynccontextmanager

import pytest

from analyzer.capture import tshark
from analyzer.tui.inspector import Inspector, innermost
from analyzer.tui.outline import Node
from analyzer.views.hiding import HIDDEN
from dissectors import Field


@pytest.fixture
def looking(paned, press):
    """Look into the first message of http_good, with the focus on its tree."""

    @asynccontextmanager
    async def run(keys=""):
        async with paned(Inspector) as (pane, pilot):
            pane.show(pane.found.messages[0])
            pane.outline.focus()
            await press(pilot, keys)
            yield pane, pilot

    return run


async def test_a_field_sets_off_its_octets(looking):
    async with looking("j j") as (pane, _):
        field = pane.outline.node.target
        assert pane.octets.span == (field.start, field.end)
        assert pane.octets.octet == field.start


async def test_an_octet_leads_to_its_field(looking):
    async with looking("tab l l l j") as (pane, _):
        octet = pane.octets.octet
        field = pane.outline.node.target
        assert field.start <= octet < field.end
        assert pane.outline.node is innermost(pane.outline.roots, octet)
        assert octet == 3 + pane.octets.columns  # the octet stays where the hand put it


async def test_the_layer_looked_at_stays_from_message_to_message(looking, press):
    async with looking() as (pane, pilot):
        first, second, *_ = (m for m in pane.found.messages if pane.found.analysis.story.chain.opening(m))
        pane.show(first)
        pane.tabs.step(1)
        assert pane.title == "KEMAC decrypted"
        pane.show(second)
        assert pane.title == "KEMAC decrypted"
        pane.tabs.step(-1)
        await press(pilot, "")
        assert pane.title == "MIKEY"
        assert pane.octets.data == second.payload.data


async def test_wiresharks_tree_is_shown_on_demand_and_hides_keys(looking, press, lines, monkeypatch):
    asked = []

    def frame_tree(path, frame, keylog):
        asked.append((path, frame))
        return f"Frame 4: 100 bytes\n    Key-Material: {key.value.hex()}"

    monkeypatch.setattr(tshark, "frame_tree", frame_tree)
    async with looking() as (pane, pilot):
        key = next(key for key in pane.found.analysis.story.chain.keys if key.kind == "MUK")
        pane.toggle_foreign()
        await press(pilot, "")
        assert pane.title == "Wireshark"
        assert lines(pane.query_one("#foreign")) == ["Frame 4: 100 bytes", HIDDEN]
        assert asked == [("sample_pcaps/http_good/capture.pcapng", pane.message.frame)]
        pane.toggle_foreign()
        assert "Wireshark" not in pane.tabs.titles
        pane.reveal(True)
        pane.toggle_foreign()
        await press(pilot, "")
        assert key.value.hex() in lines(pane.query_one("#foreign"))


async def test_without_tshark_the_tab_says_what_to_do(looking, press, lines, monkeypatch):
    def frame_tree(*_):
        raise tshark.TsharkError("tshark is not installed: install it")

    monkeypatch.setattr(tshark, "frame_tree", frame_tree)
    async with looking() as (pane, pilot):
        pane.toggle_foreign()
        await press(pilot, "")
        assert lines(pane.query_one("#foreign")) == ["✗ tshark is not installed: install it"]


def test_the_innermost_field_holds_an_octet():
    inner = Node((), (), Field("a.b", 1, 2, 4))
    outer = Node((), (inner,), Field("a", b"", 0, 6))
    assert innermost((outer,), 3) is inner
    assert innermost((outer,), 5) is outer
    assert innermost((outer,), 6) is None
    assert innermost((Node((), (), "no field"),), 0) is None


async def test_the_key_that_opened_a_message_is_named(opened, press, lines):
    async with opened("http_good", keys="3 colon 4 4 enter") as pilot:
        inspector = pilot.app.screen.packets.inspector
        index = pilot.app.screen.found
        muk = next(key for key in index.analysis.story.chain.keys if key.kind == "MUK")
        told = [line for line in lines(inspector.outline) if line.startswith("✓ opened with MUK")]
        assert len(told) == 1
        assert muk.fingerprint in told[0]
        assert muk.b_tid in told[0]
        await press(pilot, "right_square_bracket")
        assert lines(inspector.outline)[0] == told[0]
        await press(pilot, "left_square_bracket j")  # the verification is no MSK message
        assert lines(inspector.outline)[0].startswith("✓ verified with MUK")
