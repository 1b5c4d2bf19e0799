import os

import pytest

from analyzer.tui import folders
from analyzer.tui.folders import FolderTree, completed, listing, split, told
from sample_pcaps.forge import pcapng


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "alpha").mkdir()
    (tmp_path / "alpha" / "one.pcapng").write_bytes(pcapng([]))
    (tmp_path / "alpha" / "keyring.toml").write_text("")
    (tmp_path / "alps").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "nothing").write_text("")
    (tmp_path / ".hidden").write_text("")
    return tmp_path


def test_folders_and_files_are_told_apart_and_hidden_ones_left_out(folder):
    assert listing(folder) == (["alpha", "alps"], ["notes.txt", "nothing"], False)


def test_a_huge_folder_is_cut_and_says_so(folder, monkeypatch):
    monkeypatch.setattr(folders, "MAX_ENTRIES", 2)
    names, files, more = listing(folder)
    assert len(names) + len(files) == 2
    assert more


def test_what_a_file_is_is_told_from_its_octets(folder):
    assert told(folder / "alpha").text == "a folder with 1 capture, 0 folders, keyring.toml"
    assert told(folder / "alpha" / "one.pcapng").text.startswith("pcapng, ")
    assert told(folder / "alpha" / "keyring.toml").text.startswith("a keyring, 0 B")
    assert told(folder / "notes.txt").text.startswith("✗ is no pcap or pcapng capture")
    assert told(folder / "nothing").text.startswith("✗ is no pcap or pcapng capture")
    assert told(folder / "gone").text == "✗ there is no such file"
    os.mkfifo(folder / "pipe")
    assert told(folder / "pipe").text == "✗ is no regular file"


def test_a_capture_says_format_links_and_time():
    text = told(folders.Path("sample_pcaps/http_good/capture.pcapng")).text
    assert text.startswith("pcapng, 36.0 kB, EN10MB, from 2026-01-01 00:00:00")


def test_a_path_is_completed_as_far_as_it_is_certain(folder):
    assert completed(f"{folder}/al") == f"{folder}/alp"
    assert completed(f"{folder}/alph") == f"{folder}/alpha/"
    assert completed(f"{folder}/no") == f"{folder}/not"
    assert completed(f"{folder}/zz") == f"{folder}/zz"
    assert completed(f"{folder}/gone/x") == f"{folder}/gone/x"


def test_a_path_is_split_where_the_name_begins(folder):
    assert split(f"{folder}/al") == (folder, "al")
    assert split(f"{folder}/") == (folder, "")


async def test_the_tree_opens_the_way_to_a_folder_and_finds_names(alone, folder, press, lines):
    tree = FolderTree()
    async with alone(tree).run_test(size=(80, 24)) as pilot:
        tree.begin(folder)
        await pilot.pause()
        assert tree.path == folder / "alpha"
        assert tree.near(folder, "NOT")
        assert tree.path == folder / "notes.txt"
        assert not tree.near(folder / "gone", "x")
        tree.show(folder)
        await press(pilot, "right down down")
        assert tree.path == folder / "alpha" / "one.pcapng"
        await press(pilot, "asterisk")
        assert "…" not in lines(tree)[tree.cursor]


async def test_a_folder_that_cannot_be_read_says_so(alone, folder, press, monkeypatch):
    tree = FolderTree()

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    async with alone(tree).run_test(size=(80, 24)) as pilot:
        tree.begin(folder)
        monkeypatch.setattr(folders, "listing", refuse)
        await press(pilot, "right down")
        assert "Permission denied" in tree.text(tree.cursor)
        assert tree.path is None
    monkeypatch.setattr(folders, "_in_folder", refuse)
    assert told(folder).text == "✗ cannot be read: Permission denied"
