"""What stands on a terminal that is too small for anything else."""

from __future__ import annotations

from textual.geometry import Size
from textual.widgets import Static

LEAST_WIDTH, LEAST_HEIGHT = 40, 10  # columns and lines that every screen can do with


class Small(Static):
    """Says how large the terminal must be; it takes all of the screen, and keys go on to work below it."""

    DEFAULT_CSS = """
    Small { layer: _loading; dock: top; width: 100%; height: 100%; content-align: center middle; text-align: center; }
    """

    def __init__(self, size: Size) -> None:
        super().__init__(markup=False)
        self.say(size)

    @staticmethod
    def is_needed(size: Size) -> bool:
        """Whether a terminal is too small."""
        return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT

    def say(self, size: Size) -> None:
        """Say how large the terminal is, and how large it must be."""
        self.update(f"{size.width}×{size.height} is too small: {LEAST_WIDTH}×{LEAST_HEIGHT} at least. q quits.")
