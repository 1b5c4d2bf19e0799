"""Footer, help page, palette and keymap say the same of every key, and every command of the palette does what its key does."""

from dataclasses import dataclass

import pytest
from textual.app import App
from textual.screen import Screen

from analyzer.config import Config
from analyzer.tui.app import Keyshark, actions, sections
from analyzer.tui.bindings import named
from analyzer.tui.chart import Chart
from analyzer.tui.folders import FolderTree
from analyzer.tui.help import help_lines, keys_text
from analyzer.tui.hexdump import Hexdump
from analyzer.tui.inspector import Inspector
from analyzer.tui.keyline import KeyLine
from analyzer.tui.ladder import Ladder
from analyzer.tui.outline import Outline
from analyzer.tui.packets import Packets
from analyzer.tui.palette import Commands
from analyzer.tui.panes import PaneScreen
from analyzer.tui.rows import Rows
from analyzer.tui.screen import CaseScreen
from analyzer.tui.search import Search
from analyzer.tui.table import Table
from analyzer.tui.ue import Ue

# Where a user may be: keys that lead there. Together they have every list and pane in focus once.
PLACES = {
    "sessions": "1",
    "procedures": "enter",
    "ladder": "enter x j",
    "keys": "enter x right_square_bracket",
    "timeline": "enter x right_square_bracket right_square_bracket",
    "packets": "3 j",
    "tree": "3 j tab j",
    "octets": "3 j tab tab",
    "findings": "4 j",
    "media": "5",
    "statistics": "S",
    "columns": "3 C",
    "keys dialog": "i",
    "open dialog": "o",
    "saved filters": "b",
    "filter": "f",
    "help": "question_mark",
}
# What ends or stops the app, and what is read in a thread: how far that is at a moment is chance
ELSEWHERE = {"stop", "quit", "suspend", "command-palette", "messages-all-frames", "wireshark-s-tree"}
WHOLE = {
    "packets",
    "statistics",
    "columns",
    "keys dialog",
    "open dialog",
    "saved filters",
}  # where the keys of the screen are tried


def bound():
    """Every binding that has a name, with where the help page tells of it."""
    return [(title, each) for title, bindings in sections() for each in named(bindings).values()]


def test_the_help_page_has_every_action_with_its_keys_once_a_place():
    told = [cell.text for cell in help_lines(sections())]
    for _, binding in bound():
        assert f"  {keys_text(binding.key):<18} {binding.description}" in told
    assert set(actions()) == {binding.id for _, binding in bound()}


def test_no_key_of_a_pane_hides_one_of_the_screen():
    """But those that mean what is nearer: a fold in a tree, another form of the octets."""

    def keys(*places):
        return {
            each for place in places for binding in named(place.BINDINGS).values() for each in binding.key.split(",")
        }

    screen = keys(Keyshark, Search, PaneScreen, CaseScreen)
    assert keys(Packets, Inspector, Ue, Rows, Table, Ladder, Chart) & screen == set()
    assert keys(Outline) & screen == {"space"}
    assert keys(Hexdump) & screen == {"r"}


def test_every_name_can_be_given_another_key():
    keys = {name: f"f{20 + number % 4}" for number, name in enumerate(sorted(actions()))}
    app = Keyshark([None], None, "0.1.0", Config(keys=keys))
    assert set(app._keymap) == set(actions())


@pytest.mark.parametrize("place", PLACES)
async def test_footer_palette_and_help_agree(opened, press, place):
    async with opened("mtk_outside_window", size=(200, 45), keys=PLACES[place]) as pilot:
        screen = pilot.app.screen
        known = {(binding.id, binding.description) for _, binding in bound()}
        live = [each.binding for each in screen.active_bindings.values() if each.enabled and each.binding.id]
        ours = {(binding.id, binding.description) for binding in live}
        assert ours, place
        assert ours <= known | {("close", "Close"), ("back", "Back"), ("done", "Done")}, ours - known
        footer = screen.query(KeyLine)
        if footer:
            shown = {what for _, _, what in footer.first().keys}
            assert shown
            assert shown <= {binding.description for binding in live}
        palette = {hit.text.rpartition("  (")[0] async for hit in Commands(screen).discover()}
        assert {description for _, description in ours} <= palette


@dataclass
class Seen:
    """What a user sees of the state of the UI."""

    screens: tuple
    focus: object
    lists: tuple
    said: tuple
    theme: str
    rest: tuple


def seen(app):
    screen = app.screen
    case = next((each for each in app.screen_stack if isinstance(each, CaseScreen)), None)
    lists = tuple(
        (each.id, each.cursor, each.count, getattr(each, "view", None), round(each.scroll_y))
        if not isinstance(each, FolderTree)
        else (each.id, each.path)  # others may write files beside it meanwhile
        for each in screen.query(Rows)
        if each.region
    )
    sorting = tuple((each.id, str(getattr(each, "order", ""))) for each in screen.query(Table))
    rest = (
        None
        if case is None
        else (
            case.pane, case.form, case.revealed, case.held, len(case.packets.signs.picked), case.maximized is not None,
            case.ue.tabs.active, case.packets.columns, case.packets.marked, sorting,
        )
    )  # fmt: skip
    focus = None if app.focused is None else (type(app.focused).__name__, app.focused.id)
    said = tuple(note.message for note in app._notifications)
    clip = app.clipboard
    return Seen(
        tuple(type(each).__name__ for each in app.screen_stack), focus, lists, (*said, clip), app.theme, rest or ()
    )


def tried_at(screen, place):
    """The keys to try at a place: of a list, of its pane, and at one place those of the screen and the app."""
    everywhere = {binding.id for binding in named(Rows.BINDINGS).values()}
    for key, each in screen.active_bindings.items():
        name = each.binding.id
        if not each.enabled or not name or name in ELSEWHERE:
            continue
        if isinstance(each.node, Screen | App):
            if place in WHOLE and (place == "packets" or each.node is screen):
                yield name, key
        elif place == "sessions" or name not in everywhere:
            yield name, key


@pytest.mark.parametrize("place", [name for name in PLACES if name not in ("help",)])
async def test_every_command_of_the_palette_does_what_its_key_does(ready, found, press, place):
    """Each command once by its key and once by its name, from the same place."""
    index = found("mtk_outside_window")

    async def there(pilot):
        await press(pilot, PLACES[place])

    async with ready(index).run_test(size=(80, 24)) as pilot:
        await there(pilot)
        names = dict(tried_at(pilot.app.screen, place))
    changed = 0
    for name, key in names.items():
        after = []
        for by_key in (True, False):
            async with ready(index).run_test(size=(80, 24)) as pilot:
                await there(pilot)
                before = seen(pilot.app)
                if by_key:
                    await press(pilot, key)
                else:
                    wanted = pilot.app.screen.active_bindings[key].binding
                    title = f"{wanted.description}  ("
                    (command, *_) = [
                        hit.command async for hit in Commands(pilot.app.screen).discover() if hit.text.startswith(title)
                    ]
                    await command()
                    await press(pilot, "")
                after.append(seen(pilot.app))
        assert after[0] == after[1], (place, name)
        changed += after[0] != before
    assert changed or not names, place


async def test_every_action_is_tried_somewhere(ready, found, press):
    tried = set()
    for place, keys in PLACES.items():
        async with ready(found("mtk_outside_window")).run_test(size=(80, 24)) as pilot:
            await press(pilot, keys)
            tried |= {name for name, _ in tried_at(pilot.app.screen, place)}
    assert set(actions()) - tried - ELSEWHERE == set()
