"""The plugin of pytest: its fixture, its example, and that it is not in the way."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_pcaps"
PLUGIN = ("-p", "no:keyshark", "-p", "analyzer.pytest_plugin")  # by its module, installed or not


def run(folder, *more):
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PLUGIN, *more, "."],
        cwd=folder, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip


def test_the_example_passes():
    done = run(ROOT / "examples" / "pytest", "--rootdir", ".")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("..")


def test_what_is_broken_fails_with_a_line_and_paths_are_those_of_the_test(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "here.pcap").write_text("text")
    (tmp_path / "sub" / "test_it.py").write_text(
        "def test_wrong(keyshark):\n"
        f"    keyshark.validate({str(SAMPLES / 'msk_under_another_muk')!r}).assert_pass()\n"
        "def test_beside(keyshark):\n"
        "    keyshark.validate('here.pcap').assert_pass()\n"
    )
    done = run(tmp_path)
    assert done.returncode == 1
    assert "MS-16 mac-verifies-under-muk fail, frame 44" in done.stdout
    assert "sub/here.pcap: is no pcap or pcapng capture: text" in done.stdout
    assert "library.py" not in done.stdout  # no traceback of ours


def test_nothing_is_loaded_where_no_test_asks(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "import sys\n"
        "def test_it():\n"
        "    assert 'analyzer.pytest_plugin' in sys.modules\n"
        "    assert not {'numpy', 'analyzer.library', 'analyzer.analysis', 'dissectors'} & set(sys.modules)\n"
    )
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout


def test_it_is_an_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"keyshark": "analyzer.pytest_plugin"}


def test_the_example_is_that_of_the_samples():
    captures = ROOT / "examples" / "pytest" / "captures"
    for name, sample in (("registration.pcapng", "capture.pcapng"), ("registration.keys.toml", "keyring.toml")):
        assert (captures / name).read_bytes() == (SAMPLES / "http_good" / sample).read_bytes()
