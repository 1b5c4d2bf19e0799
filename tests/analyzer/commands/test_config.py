import sys

import pytest

from analyzer.cli import run
from analyzer.config import TEMPLATE, config_path


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def test_path_and_template_before_there_is_a_file(home, capsys):
    assert run(["config", "path"]) == 0
    assert capsys.readouterr().out == f"{home}/keyshark/config.toml\n"
    assert run(["config", "show"]) == 0
    told = capsys.readouterr()
    assert told.out == TEMPLATE
    assert "is not there" in told.err


def test_edit_begins_a_file_and_opens_it(home, monkeypatch, capsys):
    editor = home / "editor.py"
    editor.write_text("import sys\nopen(sys.argv[1], 'a').write('[keys]\\nladder = \"L\"\\n')\n")
    config_path().parent.mkdir()
    config_path().write_text("")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    assert run(["config", "edit"]) == 0
    assert run(["config", "keys"]) == 0
    out = capsys.readouterr().out
    assert 'ladder = "L"' in out
    assert 'go-to-frame = ":"' in out


@pytest.mark.parametrize("what", ["show", "keys"])
def test_a_wrong_file_is_exit_code_2_with_its_place(home, what, capsys):
    config_path().parent.mkdir()
    config_path().write_text('[keys]\nnothing = "x"\n')
    assert run(["config", what]) == 2
    assert "[keys] nothing: is no action: `keyshark config keys` lists them" in capsys.readouterr().err


def test_a_file_that_cannot_be_begun_says_so(home, capsys):
    (home / "keyshark").write_text("a file where a folder should be")
    assert run(["config", "edit"]) == 2
    assert "cannot be written" in capsys.readouterr().err
