"""The samples as they lie in the project: complete, as the code makes them, and made without the analyzer."""

import ast
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sample_pcaps import make
from sample_pcaps.casebook import cases

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_pcaps"
CASES = cases()
LIMIT_OF_A_FAULT, LIMIT_OF_A_GOOD_ONE = 32 * 1024, 60 * 1024  # octets


def test_every_case_has_a_folder_and_every_folder_a_case():
    assert {folder.name for folder in SAMPLES.iterdir() if (folder / make.CAPTURE).is_file()} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_sample_is_what_the_code_makes(name, tmp_path):
    made = make.write(CASES[name], tmp_path)
    files = {path.name for path in made.iterdir()}
    assert files >= {make.CAPTURE, make.KEYRING}
    assert files == {path.name for path in (SAMPLES / name).iterdir()} - {make.REPORT}
    for file in files:
        assert (made / file).read_bytes() == (SAMPLES / name / file).read_bytes(), f"make {name} anew"


@pytest.mark.parametrize("name", CASES)
def test_case_says_what_it_shows_and_stays_small(name):
    case = CASES[name]
    assert case.told.split("\n")[0].endswith(".")
    size = (SAMPLES / name / make.CAPTURE).stat().st_size
    assert size <= (LIMIT_OF_A_GOOD_ONE if case.good else LIMIT_OF_A_FAULT)


def test_keyring_is_for_its_owner_alone_and_is_toml(tmp_path):
    keyring = make.write(CASES["mid_capture"], tmp_path) / make.KEYRING
    assert stat.S_IMODE(keyring.stat().st_mode) == 0o600
    told = tomllib.loads(keyring.read_text())
    assert told["ue"][0]["gba"][0]["b_tid"].endswith("@bsf.home1.net")
    assert len(bytes.fromhex(told["ue"][0]["k"])) == 16


def test_the_list_of_what_samples_break_is_the_one_of_the_cases():
    assert make.TABLE.read_text(encoding="utf-8") == make.table(), "make samples"


def test_a_case_of_a_profile_says_so_in_its_settings(tmp_path):
    made = make.write(CASES["rel8_http"], tmp_path)
    assert tomllib.loads((made / make.CONFIG).read_text()) == {"profile": "rel8"}


def test_unknown_case_is_refused():
    with pytest.raises(SystemExit, match="no such case: nothing"):
        make.chosen(["nothing"])


def test_main_writes_what_it_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make, "write", lambda case: make.FOLDER / case.name)
    make.main(["http_good", "wrong_requesttype"])
    told = capsys.readouterr().out
    assert "http_good" in told
    assert "breaks RG-01" in told


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize(
    "path",
    sorted(set(SAMPLES.glob("*.py")) - {SAMPLES / "golden.py", SAMPLES / "wireshark.py"}),
    ids=lambda path: path.name,
)
def test_forge_is_a_second_implementation(path):
    allowed = {*sys.stdlib_module_names, "cryptography", "sample_pcaps"}
    assert {name.split(".")[0] for name in imports(path)} <= allowed


def test_making_loads_nothing_of_the_analyzer():
    code = (
        "import sys; from sample_pcaps.casebook import cases; cases()['http_good'].tell().capture();"
        "print([name for name in sys.modules if name.split('.')[0] in ('analyzer', 'dissectors')])"
    )
    told = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
