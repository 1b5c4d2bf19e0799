"""The line of keys at the foot: what works here, as much of it as there is room for."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.app import App
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

Key = tuple[str, str, str]  # its name, how it is written, what it does

GAP = 2  # columns between two keys
PALETTE: Key = ("ctrl+p", "^p", "palette")


class KeyLine(Widget):
    """The bindings of the widget in focus, of the screen and of the app; a click presses the key.

    One widget that draws itself: textual's Footer makes a widget a key anew whenever the focus moves, which takes
    longer than all else that a key does.
    """

    COMPONENT_CLASSES = {"keyline--key"}
    DEFAULT_CSS = """
    KeyLine {
        height: 1; dock: bottom; color: $footer-foreground; background: $footer-background; padding: 0 1;
        & > .keyline--key { color: $footer-key-foreground; text-style: bold; }
    }
    """
    keys: reactive[tuple[Key, ...]] = reactive(())

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._changed(self.screen)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.keys = tuple(_shown(screen, self.app))

    def _entries(self) -> Iterator[tuple[int, Key]]:
        """The keys that fit, each with its column; the palette, where all else is found, stands at the right end."""
        room = self.content_size.width - _length(PALETTE)
        column = 0
        for key in self.keys:
            if column + _length(key) + GAP > room:
                break
            yield column, key
            column += _length(key) + GAP
        if room >= 0:
            yield room, PALETTE

    def render(self) -> Text:
        line = Text(no_wrap=True, end="")
        style = self.get_component_rich_style("keyline--key", partial=True)
        for column, (_, written, what) in self._entries():
            line.append(" " * (column - line.cell_len))
            line.append(written, style)
            line.append(f" {what}")
        return line

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        for column, key in self._entries():
            if at is not None and column <= at.x < column + _length(key):
                self.app.simulate_key(key[0])


def _length(key: Key) -> int:
    return cell_len(key[1]) + 1 + cell_len(key[2])


def _shown(screen: Screen[object], app: App[object]) -> Iterator[Key]:
    """The keys that are to be shown, one an action."""
    told: set[str] = set()
    for _, binding, enabled, _ in screen.active_bindings.values():
        written = app.get_key_display(binding)
        if binding.show and enabled and binding.action not in told and not _typed(screen.focused, binding.key, written):
            told.add(binding.action)
            yield binding.key, written, binding.description


def _typed(focused: Widget | None, key: str, written: str) -> bool:
    """Say whether a key is a character of what is being typed; of "slash" and the like textual does not know it."""
    is_character = len(written) == 1 and written.isascii()
    return focused is not None and is_character and focused.check_consume_key(key, written)
