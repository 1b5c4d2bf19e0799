from textual.binding import Binding

from analyzer.tui.app import actions, sections
from analyzer.tui.bindings import key, name_of, named


def test_an_action_is_named_by_what_it_does():
    assert name_of("Go to frame") == "go-to-frame"
    assert name_of("Wireshark's tree") == "wireshark-s-tree"
    assert key("x", "ladder", "Ladder").id == "ladder"


def test_only_what_has_a_name_can_be_changed():
    assert list(named((key("x", "y", "Why"), Binding("z", "z", "Zed"), ("a", "b", "c")))) == ["why"]


def test_every_key_of_the_help_page_has_a_name_but_the_palette():
    nameless = [b for _, bindings in sections() for b in bindings if isinstance(b, Binding) and not b.id]
    assert [binding.description for binding in nameless] == ["Command palette"]
    assert actions()["go-to-frame"] == ":"


def test_no_two_keys_of_one_place_are_alike():
    for title, bindings in sections():
        keys = [each for b in bindings if isinstance(b, Binding) for each in b.key.split(",")]
        assert len(keys) == len(set(keys)), title
