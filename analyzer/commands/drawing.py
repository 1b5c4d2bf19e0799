"""Tables as wide as they may be; apart from output.py, so that `keyshark --help` need not load what draws."""

from __future__ import annotations

import shutil
import sys

from analyzer.commands.output import coloured
from analyzer.views.tables import Table, draw


def drawn(table: Table) -> str:
    """Return a table as wide as the terminal, or where there is none as wide as it needs to be."""
    return draw(table, width(), coloured())


def width() -> int | None:
    """Return how many columns the terminal has, None where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
