"""Octets as Wireshark shows them: offset, hex, characters; with a cursor, and the octets of a field set off."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message as Event
from textual.reactive import reactive
from textual.strip import Strip

from analyzer.tui.bindings import key
from analyzer.tui.cells import Cell, Line, printable
from analyzer.tui.rows import Rows

Span = tuple[int, int]  # first octet, and the one after the last
COLUMNS = (32, 16, 8, 4)  # octets a line, the most that fit
HIDDEN = "··"


class Hexdump(Rows):
    """A list of lines of octets; moving goes octet by octet, and by line up and down."""

    BINDINGS = [
        key("left,h", "octet(-1)", "Octet before"),
        key("right,l", "octet(1)", "Next octet"),
        key("r", "form", "Text/hex", show=True),
    ]
    COMPONENT_CLASSES = {"hexdump--field", "hexdump--octet"}
    DEFAULT_CSS = """
    Hexdump {
        & > .hexdump--field { background: $secondary 45%; text-style: bold; }
        &:ansi > .hexdump--field { text-style: bold reverse; }
        & > .hexdump--octet {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold reverse;
        }
    }
    """
    octet: reactive[int] = reactive(0, repaint=False)

    class Pointed(Event):
        """The cursor stands on another octet, moved there by a hand."""

        def __init__(self, dump: Hexdump) -> None:
            super().__init__()
            self.dump = dump

        @property
        def control(self) -> Hexdump:
            return self.dump

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.data = b""
        self.hidden: tuple[Span, ...] = ()
        self.span: Span = (0, 0)
        self.as_text = False
        self.texts: list[tuple[int, str]] = []
        self.empty = "no octets"

    def load(self, data: bytes, hidden: Iterable[Span]) -> None:
        """Show other octets; those of the `hidden` spans stay unseen."""
        self.data = data
        self.hidden = tuple(hidden)
        self.span = (0, 0)
        self.set_reactive(Hexdump.octet, 0)
        self._lay_out()

    def select(self, span: Span, follow: bool) -> None:
        """Set off the octets of a field; with `follow` go there."""
        self.span = span
        if follow and span[0] < len(self.data):
            self.set_reactive(Hexdump.octet, span[0])
            self._turn_to(span[0])
        self.refresh()

    @property
    def columns(self) -> int:
        """Octets a line."""
        width = self.scrollable_content_region.width
        return next((count for count in COLUMNS if self._text_at(count) + count <= width), COLUMNS[-1])

    @property
    def digits(self) -> int:
        return max(4, len(f"{max(0, len(self.data) - 1):x}"))

    def _text_at(self, count: int) -> int:
        """Where the characters begin: after the offset and the hex digits, with a gap every 8 octets."""
        return self.digits + 2 + count * 3 + (count - 1) // 8 + 1

    def _lay_out(self) -> None:
        if self.as_text:
            self.texts = _text_lines(self.data, self.hidden)
            self.reset(len(self.texts), self._line_of(self.octet))
        else:
            self.reset(-(-len(self.data) // self.columns), self.octet // self.columns)

    def _line_of(self, octet: int) -> int:
        if not self.as_text:
            return octet // self.columns
        return max((row for row, (start, _) in enumerate(self.texts) if start <= octet), default=0)

    def _turn_to(self, octet: int) -> None:
        self.cursor = self._line_of(octet)

    def on_resize(self) -> None:
        self._lay_out()

    def validate_octet(self, octet: int) -> int:
        return max(0, min(octet, len(self.data) - 1))

    def point(self, octet: int) -> None:
        """Put the cursor on an octet, as a hand does."""
        self.octet = octet
        self._turn_to(self.octet)
        self.refresh()
        self.post_message(self.Pointed(self))

    def action_octet(self, by: int) -> None:
        self.point(self.octet + by)

    def action_move(self, by: int) -> None:
        if self.as_text:
            self.point(self.texts[max(0, min(self.cursor + by, len(self.texts) - 1))][0] if self.texts else 0)
        elif 0 <= self.octet + by * self.columns < len(self.data):
            self.point(self.octet + by * self.columns)

    def action_page(self, direction: int) -> None:
        lines = max(1, self.scrollable_content_region.height - 1)
        if self.as_text:
            self.action_move(direction * lines)
        else:
            row = max(0, min(self.octet // self.columns + direction * lines, self.count - 1))
            self.point(row * self.columns + self.octet % self.columns)

    def action_top(self) -> None:
        self.point(0)

    def action_bottom(self) -> None:
        self.point(len(self.data) - 1)

    def action_form(self) -> None:
        """Show the octets as the text that they are, or as hex again."""
        self.as_text = not self.as_text
        self._lay_out()

    def find(self, text: str, direction: int) -> bool:
        """Go to the next octets that are this text, or that it gives as hex digits."""
        places = [place for needle in _needles(text) if (place := self._search(needle, direction)) >= 0]
        if not places:
            return False
        self.point(min(places) if direction > 0 else max(places))
        return True

    def _search(self, needle: bytes, direction: int) -> int:
        seen = masked(self.data, self.hidden)
        return seen.find(needle, self.octet + 1) if direction > 0 else seen.rfind(needle, 0, self.octet)

    def text(self, row: int) -> str:
        """Return the octets of the field that is set off, for the clipboard: as hex, key octets left out."""
        start, end = self.span if self.span[1] else (self.octet, self.octet + 1)
        return " ".join(self._hex(place) for place in range(start, min(end, len(self.data))))

    def _is_hidden(self, place: int) -> bool:
        return any(start <= place < end for start, end in self.hidden)

    def _hex(self, place: int) -> str:
        return HIDDEN if self._is_hidden(place) else f"{self.data[place]:02x}"

    def line(self, row: int, width: int) -> Line:
        return (Cell(self.texts[row][1]),)

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()  # of a list, where a click chooses a line
        row = event.y + round(self.scroll_y)
        if row >= self.count:
            return
        if self.as_text:
            self.point(self.texts[row][0])
            return
        columns, begin = self.columns, self.digits + 2
        at_text = self._text_at(columns)
        if event.x >= at_text:
            place = event.x - at_text
        else:
            place = max(0, event.x - begin - max(0, event.x - begin) // 25) // 3
        self.point(row * columns + min(place, columns - 1))

    def render_line(self, y: int) -> Strip:
        row = y + round(self.scroll_y)
        width = self.scrollable_content_region.width
        if self.as_text or row >= self.count:
            return super().render_line(y)
        return self._hex_line(row, width)

    def _hex_line(self, row: int, width: int) -> Strip:
        base = self.rich_style
        columns = self.columns
        start = row * columns
        places = range(start, min(start + columns, len(self.data)))
        segments = [Segment(f"{start:0{self.digits}x}  ", self._tone("dim", base))]
        letters: list[Segment] = []
        for place in places:
            style = self._style(place, base)
            column = place - start
            last = column == columns - 1 or place + 1 == len(self.data)
            gap = "" if last else "  " if column % 8 == 7 else " "
            joined = not last and self._style(place + 1, base) == style
            segments.append(Segment(self._hex(place), style))
            segments.append(Segment(gap, style if joined else base))
            letters.append(Segment(self._letter(place), style))
        used = sum(segment.cell_length for segment in segments)
        segments.append(Segment(" " * max(0, self._text_at(columns) - used), base))
        strip = Strip([*segments, *letters])
        return strip.adjust_cell_length(width, base)

    def _letter(self, place: int) -> str:
        octet = self.data[place]
        return "·" if self._is_hidden(place) or not 0x20 <= octet < 0x7F else chr(octet)

    def _style(self, place: int, base: Style) -> Style:
        if self.has_focus and place == self.octet:
            return base + self.get_component_rich_style("hexdump--octet", partial=True)
        if self.span[0] <= place < self.span[1]:
            return base + self.get_component_rich_style("hexdump--field", partial=True)
        return self._tone("dim", base) if self._is_hidden(place) else base


def masked(data: bytes, hidden: Iterable[Span]) -> bytes:
    """Return octets with those of the hidden spans replaced by zeros."""
    seen = bytearray(data)
    for start, end in hidden:
        seen[start:end] = bytes(min(end, len(seen)) - start)
    return bytes(seen)


def _needles(text: str) -> list[bytes]:
    needles = [text.encode()]
    digits = text.replace(":", "").replace(" ", "")
    if len(digits) % 2 == 0:
        with suppress(ValueError):
            needles.append(bytes.fromhex(digits))
    return [needle for needle in needles if needle]


def _text_lines(data: bytes, hidden: tuple[Span, ...]) -> list[tuple[int, str]]:
    """Return the lines of a text with the offsets where they begin; key octets and what is no text are dots."""
    lines: list[tuple[int, str]] = []
    offset = 0
    for line in masked(data, hidden).split(b"\n"):
        shown = line.rstrip(b"\r").decode("utf-8", "replace").replace("\ufffd", "·").expandtabs(4)
        lines.append((offset, printable(shown)))
        offset += len(line) + 1
    return lines if data else []
