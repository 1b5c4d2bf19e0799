"""Files that a command is asked to write: what cannot be is refused before anything is judged."""

import os

import click
import pytest

from analyzer.commands.outputs import outputs_of
from sample_pcaps.forge import pcap

NONE = {"--write-baseline": None, "--resume": None}


def refused(*texts, **others):
    with pytest.raises(click.UsageError) as told:
        outputs_of(texts, {**NONE, **{f"--{name.replace('_', '-')}": path for name, path in others.items()}})
    return told.value.message


def test_forms_and_paths(tmp_path):
    texts = [f"json={tmp_path}/a=b.json", f"junit={tmp_path}/tests.xml"]
    assert outputs_of(texts, {**NONE, "--resume": f"{tmp_path}/no/state"}) == [
        ("json", tmp_path / "a=b.json"),
        ("junit", tmp_path / "tests.xml"),
    ]


@pytest.mark.parametrize("text", ["json", "json=", "xml=a", "=a"])
def test_what_is_no_output(text):
    assert refused(text).startswith(f"--output {text}: give FORMAT=FILE, FORMAT one of text, json, ")


def test_stdout_has_a_form_already():
    assert refused("json=-") == "--output json=-: stdout has what --format says: name a file"


def test_one_file_is_not_written_twice(tmp_path):
    path, link = tmp_path / "report", tmp_path / "link"
    link.symlink_to(path)
    same = f"--output json={path} is the same file"
    assert refused(f"json={path}", f"text={tmp_path}/./report") == f"--output text={tmp_path}/./report: {same}"
    assert refused(f"json={path}", f"text={link}") == f"--output text={link}: {same}"
    assert refused(f"json={path}", resume=str(path)) == f"--resume {path}: {same}"
    path.touch()
    assert refused(f"json={path}", write_baseline=str(path)) == f"--write-baseline {path}: {same}"


@pytest.mark.skipif(not os.path.exists("/dev/stderr"), reason="devices as of POSIX")
def test_a_device_takes_anything():
    assert len(outputs_of(["json=/dev/null", "text=/dev/null"], NONE)) == 2


def test_what_cannot_be_written(tmp_path, monkeypatch):
    capture = tmp_path / "x.pcap"
    capture.write_bytes(pcap([]))
    assert refused(f"json={tmp_path}").endswith(f"{tmp_path} cannot be written: it is a folder")
    assert refused(f"json={tmp_path}/no/x").endswith("/no/x cannot be written: there is no such folder")
    assert refused(f"json={capture}").endswith("x.pcap cannot be written: it is a capture")
    assert refused(write_baseline=str(capture)).endswith("x.pcap cannot be written: it is a capture")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # as for all but root
    assert refused(f"json={tmp_path}/x").endswith("/x cannot be written: permission denied")
