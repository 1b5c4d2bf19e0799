"""Lets mkdocs list pages that mkdocs.yml does not name: those of fields, which `make fields` writes, and new ones."""

from pathlib import Path
from typing import Any

FIELDS, OTHERS = "Fields", "More"  # parts of the navigation


def on_config(config: Any) -> None:
    """Fill the part of fields, and add one of what is named nowhere."""
    folder = Path(config["docs_dir"])
    named = set(_named(config["nav"]))
    fields = sorted(f"dissectors/{page.name}" for page in (folder / "dissectors").glob("*.md"))
    others = sorted(page.name for page in folder.glob("*.md") if page.name not in named)
    for part in config["nav"]:
        for entries in part.values() if isinstance(part, dict) else ():
            for entry in entries:
                if isinstance(entry, dict) and FIELDS in entry:
                    entry[FIELDS] = fields
    if others:
        config["nav"].append({OTHERS: others})


def _named(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in _named(part)]
