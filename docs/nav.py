"""Lets mkdocs list a page of fields for every protocol: `make fields` writes them, and nobody has to name them."""

from pathlib import Path
from typing import Any


def on_config(config: Any) -> None:
    """Fill the part of the navigation that is called Fields."""
    folder = Path(config["docs_dir"]) / "dissectors"
    pages = sorted(f"dissectors/{page.name}" for page in folder.glob("*.md"))
    for part in config["nav"]:
        for entries in part.values() if isinstance(part, dict) else ():
            for entry in entries:
                if isinstance(entry, dict) and "Fields" in entry:
                    entry["Fields"] = pages
