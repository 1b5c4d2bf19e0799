"""What a user wants of keyshark: the config file, and where it lies (XDG base directories)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from analyzer.tolerances import AS_MEANT, ToleranceError, Tolerances
from analyzer.tolerances import TABLE as TOLERANCES
from analyzer.tolerances import read as read_tolerances

NAME = "keyshark"
TIMES = ("relative", "UTC", "delta")
DEFAULT_COLUMNS = ("No.", "Time", "Source", "Destination", "Proto", "Len", "Info")
TEMPLATE = """\
# What keyshark's terminal UI looks like and listens to, and how long rules wait. A line without its # changes it.

# theme = "textual-dark"       # T in the UI shows them all; "ansi-dark" keeps to the colours of the terminal
# time = "relative"            # or "UTC", or "delta"
# mouse = true
# columns = ["No.", "Time", "Source", "Destination", "Proto", "Len", "Info"]    # or any field: "mikey.csb_id"

[filters]                      # by name, in the list that b opens, and in the palette
# failing = "mikey.type == 2"

# [[colour]]                   # of messages, before those that there are: docs/filters.md
# filter = 'keyshark.verdict == "fail"'
# colour = "bad"               # good, warn, bad, dim, accent, primary, secondary, none; or "red", "#ff8800"
# background = "#400000"

[keys]                         # action = "key,another"; `keyshark config keys` lists the actions
# ladder = "x,ctrl+l"

[tolerances]                   # in seconds, for cases whose case.toml says nothing; docs/profiles.md lists them
# msk-after-grant = 10
"""


class SettingsError(Exception):
    """The config file is wrong: which file, table and key, and why."""

    def __init__(self, path: Path, table: str, key: str, reason: str) -> None:
        place = " ".join(filter(None, (f"[{table}]" if table else "", key)))
        super().__init__(f"{path}: {f'{place}: ' if place else ''}{reason}")


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour rule: messages that pass the filter are shown in a colour, and on a background where one is named."""

    filter: str
    colour: str
    background: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """The wishes of a user; what is None or empty is as keyshark has it."""

    theme: str | None = None
    time: str = TIMES[0]
    mouse: bool = True
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    filters: Mapping[str, str] = field(default_factory=dict)  # name → filter
    colours: tuple[Colour, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)  # name of an action → keys, parted by commas
    tolerances: Tolerances = AS_MEANT


def config_path() -> Path:
    """Return where the config file lies, whether it is there or not."""
    return user_config_path(NAME, appauthor=False) / "config.toml"


def state_path() -> Path:
    """Return where the UI keeps what it remembers of captures."""
    return user_state_path(NAME, appauthor=False) / "captures.json"


def load(path: Path) -> Config:
    """Read a config file; one that is not there wishes for nothing. Raises SettingsError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise SettingsError(path, "", "", f"cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(path, "", "", f"is not TOML: {error}") from None
    known = ("theme", "time", "mouse", "columns", "filters", "keys", "colour", TOLERANCES)
    for name in told:
        if name not in known:
            raise SettingsError(path, "", name, f"unknown; known are {', '.join(known)}")
    time = _text(path, "time", told.get("time", TIMES[0]))
    if time not in TIMES:
        raise SettingsError(path, "", "time", f"{time!r} is none of {', '.join(TIMES)}")
    mouse = told.get("mouse", True)
    if not isinstance(mouse, bool):
        raise SettingsError(path, "", "mouse", "is not true or false")
    columns = told.get("columns", list(DEFAULT_COLUMNS))
    if not isinstance(columns, list) or not columns:
        raise SettingsError(path, "", "columns", "is not a list of names in quotes")
    try:
        tolerances = Tolerances(**read_tolerances(told.get(TOLERANCES, {})))
    except ToleranceError as error:
        raise SettingsError(path, TOLERANCES, error.key, error.reason) from None
    return Config(
        None if "theme" not in told else _text(path, "theme", told["theme"]),
        time,
        mouse,
        tuple(_text(path, "columns", name) for name in columns),
        _texts(path, told, "filters"),
        _colours(path, told.get("colour", [])),
        _texts(path, told, "keys"),
        tolerances,
    )


def _colours(path: Path, told: object) -> tuple[Colour, ...]:
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise SettingsError(path, "colour", "", "is not a list of tables: write [[colour]] above each")
    found = []
    for each in told:
        for name in each:
            if name not in ("filter", "colour", "background"):
                raise SettingsError(path, "colour", name, "unknown; known are filter, colour, background")
        for name in ("filter", "colour"):
            if name not in each:
                raise SettingsError(path, "colour", name, "is missing")
        texts = {name: _text(path, name, value, "colour") for name, value in each.items()}
        found.append(Colour(texts["filter"], texts["colour"], texts.get("background", "")))
    return tuple(found)


def _texts(path: Path, told: Mapping[str, object], table: str) -> dict[str, str]:
    values = told.get(table, {})
    if not isinstance(values, dict):
        raise SettingsError(path, table, "", "is not a table")
    return {name: _text(path, name, value, table) for name, value in values.items()}


def _text(path: Path, key: str, value: object, table: str = "") -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(path, table, key, "is not a text in quotes")
    return value
