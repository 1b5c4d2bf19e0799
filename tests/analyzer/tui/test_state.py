import json

import pytest

from analyzer.tui.state import MAX_CAPTURES, MAX_FILTERS, Memory, State

SEEN = State(("No.", "mikey.csb_id"), "mikey", "UTC", ((0, 44),))


def test_a_case_is_recalled_as_it_was_looked_at(tmp_path):
    memory = Memory(tmp_path / "deep" / "captures.json")
    assert memory.recall(["a.pcap"]) == State()
    memory.keep(["a.pcap"], SEEN)
    memory.keep(["b.pcap"], State(filter="sip"))
    assert Memory(memory.path).recall(["a.pcap"]) == SEEN
    assert memory.recall(["a.pcap", "b.pcap"]) == State()
    memory.keep(["a.pcap"], State())
    assert memory.recall(["a.pcap"]) == State()
    assert memory.recall(["b.pcap"]) == State(filter="sip")


def test_no_path_lies_about(tmp_path):
    memory = Memory(tmp_path / "captures.json")
    memory.keep(["/secret/name.pcap"], SEEN)
    assert "secret" not in memory.path.read_text()


def test_only_so_many_captures_are_remembered_and_the_theme_stays(tmp_path):
    memory = Memory(tmp_path / "captures.json")
    memory.keep_theme("nord")
    for number in range(MAX_CAPTURES + 5):
        memory.keep([str(number)], SEEN)
    assert memory.recall(["4"]) == State()
    assert memory.recall(["5"]) == SEEN
    assert memory.theme == "nord"


def test_without_a_path_nothing_is_kept():
    memory = Memory(None)
    memory.keep(["a"], SEEN)
    memory.keep_theme("nord")
    assert (memory.recall(["a"]), memory.theme) == (State(), None)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"x": 1}', "[" * 100_000, json.dumps({"theme": {"name": 3}})],
    ids=["empty", "list", "cut", "number", "deep", "theme"],
)
def test_a_damaged_file_remembers_nothing_and_is_written_anew(tmp_path, text):
    memory = Memory(tmp_path / "captures.json")
    memory.path.write_text(text)
    assert (memory.recall(["a"]), memory.theme) == (State(), None)
    memory.keep(["a"], SEEN)
    assert memory.recall(["a"]) == SEEN


@pytest.mark.parametrize(
    "told", [{}, {"columns": 1}, {"columns": [], "filter": "", "time": "", "bookmarks": [[1]]}], ids=str
)
def test_a_damaged_state_is_none(tmp_path, told):
    memory = Memory(tmp_path / "captures.json")
    memory.keep(["a"], SEEN)
    (name,) = json.loads(memory.path.read_text())
    memory.path.write_text(json.dumps({name: told}))
    assert memory.recall(["a"]) == State()


def test_where_nothing_can_be_written_nothing_happens(tmp_path):
    (tmp_path / "file").write_text("")
    Memory(tmp_path / "file" / "captures.json").keep(["a"], SEEN)


def test_filters_are_saved_by_name_beside_captures_and_theme(tmp_path):
    memory = Memory(tmp_path / "captures.json")
    memory.keep_theme("nord")
    memory.keep(["a"], SEEN)
    memory.keep_filter("bye", "sip")
    memory.keep_filter("keys", "mikey")
    memory.keep_filter("bye", "sip.Method")
    memory.keep(["b"], SEEN)
    assert memory.filters == {"keys": "mikey", "bye": "sip.Method"}
    assert (memory.theme, memory.recall(["a"]), memory.recall(["b"])) == ("nord", SEEN, SEEN)
    memory.keep_filter("bye", "")
    memory.keep_filter("none", "")
    assert memory.filters == {"keys": "mikey"}
    for number in range(MAX_FILTERS + 5):
        memory.keep_filter(str(number), "sip")
    assert len(memory.filters) == MAX_FILTERS
    assert Memory(None).filters == {}
