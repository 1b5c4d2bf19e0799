"""What `make dist` takes for working."""

import json
import sys
import tomllib

import pytest

from analyzer import VERSION


@pytest.fixture
def release(script):
    return script("release")


def test_what_judges_a_sample_works(release, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(release.ROOT))
    (tmp_path / "run.py").write_text(
        f"import sys; sys.path.insert(0, {str(release.ROOT)!r})\nfrom analyzer.cli import main; main()\n"
    )
    release.works([sys.executable, str(tmp_path / "run.py")], str(tmp_path))


@pytest.mark.parametrize("program", ["print('nothing')", "raise SystemExit(3)"])
def test_what_does_not_ends_it(release, tmp_path, program):
    with pytest.raises(SystemExit) as caught:
        release.works([sys.executable, "-c", program], str(tmp_path))
    assert "does not judge" in str(caught.value) or "exit code 3" in str(caught.value)


def test_nothing_of_the_checkout_is_seen_from_outside(release, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(release.ROOT))
    said = release.run(sys.executable, "-c", "import os; print(os.environ.get('PYTHONPATH'))", cwd=str(tmp_path))
    assert said.strip() == "None"
    here = release.run(sys.executable, "-c", "import os; print(os.environ['A'])", more={"A": "b"})
    assert here.strip() == "b"


def test_what_is_released_is_tried_with_all_that_a_user_may_have(release):
    project = tomllib.loads((release.ROOT / "pyproject.toml").read_text())["project"]
    extras = set(project["optional-dependencies"]) - {"dev", "dist", "docs"}
    assert set(release.EXTRAS.strip("[]").split(",")) == extras - {"watch"}  # which metrics has in it


def test_the_bill_says_of_which_version_it_is(release):
    told = json.loads(release.versioned('{"metadata": {"component": {"name": "keyshark"}}, "components": []}'))
    assert told == {"metadata": {"component": {"name": "keyshark", "version": VERSION}}, "components": []}
