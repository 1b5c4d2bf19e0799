import pytest

from analyzer.capture import tshark
from analyzer.tui.findings import Findings
from analyzer.tui.inspector import Inspector, innermost
from analyzer.tui.outline import Node
from dissectors import Field


@pytest.fixture
def inspector():
    return lambda pilot: pilot.app.screen.query_one(Inspector)


async def test_a_field_sets_off_its_octets(opened, inspector, press):
    async with opened("http_good", keys="3 tab j j") as pilot:
        pane = inspector(pilot)
        field = pane.outline.node.target
        assert pane.octets.span == (field.start, field.end)
        assert pane.octets.octet == field.start


async def test_an_octet_leads_to_its_field(opened, inspector, press):
    async with opened("http_good", keys="3 tab tab l l l j") as pilot:
        pane = inspector(pilot)
        octet = pane.octets.octet
        field = pane.outline.node.target
        assert field.start <= octet < field.end
        assert pane.outline.node is innermost(pane.outline.roots, octet)
        assert octet == 3 + pane.octets.columns  # the octet stays where the hand put it


async def test_the_layer_looked_at_stays_from_message_to_message(opened, inspector, press):
    async with opened("http_good", keys="f m i k e y . k e y enter") as pilot:
        pane = inspector(pilot)
        await press(pilot, "right_square_bracket")
        assert pane.title == "KEMAC decrypted"
        await press(pilot, "j")
        assert pane.title == "KEMAC decrypted"
        await press(pilot, "left_square_bracket")
        assert pane.title == "MIKEY"


async def test_what_rules_have_against_a_message_leads_to_the_finding(opened, inspector, press):
    async with opened("mtk_outside_window", keys="4 enter tab") as pilot:
        pane = inspector(pilot)
        assert pane.outline.text(0).startswith("✗ MT-07")
        await press(pilot, "g enter")
        assert pilot.app.screen.pane == "findings"
        assert pilot.app.screen.query_one(Findings).judgement.rule == "MT-07"


async def test_wiresharks_tree_is_shown_on_demand(opened, inspector, press, lines, monkeypatch):
    asked = []

    def frame_tree(path, frame, keylog):
        asked.append((path, frame))
        return "Frame 4: 100 bytes\n    Encapsulation type: Ethernet"

    monkeypatch.setattr(tshark, "frame_tree", frame_tree)
    async with opened("http_good", keys="3 v") as pilot:
        pane = inspector(pilot)
        assert pane.title == "Wireshark"
        assert lines(pane.query_one("#foreign")) == ["Frame 4: 100 bytes", "Encapsulation type: Ethernet"]
        assert asked == [("sample_pcaps/http_good/capture.pcapng", pane.message.frame)]
        await press(pilot, "v")
        assert "Wireshark" not in pane.tabs.titles


async def test_wiresharks_tree_hides_keys(opened, inspector, press, lines, monkeypatch):
    async with opened("http_good", keys="3") as pilot:
        pane = inspector(pilot)
        key = next(key for key in pane.found.analysis.story.chain.keys if key.kind == "MUK")
        monkeypatch.setattr(tshark, "frame_tree", lambda *_: f"Key-Material: {key.value.hex()}")
        await press(pilot, "v")
        assert not any(key.value.hex() in line for line in lines(pane.query_one("#foreign")))
        await press(pilot, "v K y v")
        assert any(key.value.hex() in line for line in lines(pane.query_one("#foreign")))


async def test_without_tshark_the_tab_says_what_to_do(opened, inspector, press, lines, monkeypatch):
    def frame_tree(*_):
        raise tshark.TsharkError("tshark is not installed: install it")

    monkeypatch.setattr(tshark, "frame_tree", frame_tree)
    async with opened("http_good", keys="3 v") as pilot:
        assert lines(inspector(pilot).query_one("#foreign")) == ["✗ tshark is not installed: install it"]


def test_the_innermost_field_holds_an_octet():
    inner = Node((), (), Field("a.b", 1, 2, 4))
    outer = Node((), (inner,), Field("a", b"", 0, 6))
    assert innermost((outer,), 3) is inner
    assert innermost((outer,), 5) is outer
    assert innermost((outer,), 6) is None
    assert innermost((Node((), (), "no field"),), 0) is None
