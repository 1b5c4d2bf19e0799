"""The site of the documents: `make docs` builds it, and a link that leads nowhere is an error. CI builds it too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("material", reason="mkdocs-material is not installed: make docs does")


def build(folder, site):
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=100,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip


def test_all_pages_are_there_and_all_links_lead_somewhere(tmp_path):
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = [path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")]
    for page in pages:
        assert (tmp_path / ("." if str(page) == "index" else page) / "index.html").exists(), page
    home = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert all(f'href="dissectors/{page.name}/"' in home for page in pages if page.parent.name == "dissectors")
    assert not list(tmp_path.rglob("*.py"))
    assert "fonts.googleapis" not in home


def test_a_new_page_is_listed_and_a_link_that_leads_nowhere_is_an_error(tmp_path):
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs" / "new.md").write_text("# A page that nobody named\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 0, done.stderr
    assert 'href="new/"' in (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    (tmp_path / "docs" / "index.md").write_text("# keyshark\n\n[nowhere](nowhere.md)\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere.md" in done.stdout + done.stderr
