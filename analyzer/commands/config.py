"""`keyshark config`: the config file."""

from __future__ import annotations

import click

from analyzer.codes import USAGE
from analyzer.commands.cases import Failure, wished
from analyzer.commands.output import common, show, tell
from analyzer.config import TEMPLATE, Config, SettingsError, config_path


@click.group("config")
@common
def command() -> None:
    """The config file: theme, columns, time format, filters and keys of the UI, and how long rules wait.

    \b
    keyshark config edit
    keyshark config keys
    """


@command.command("path")
@common
def path() -> None:
    """Print where the config file lies, whether it is there or not."""
    show(f"{config_path()}\n")


@command.command("show")
@common
def show_file() -> None:
    """Print the config file, or all that could stand in it; exit 2 where it is wrong."""
    file = config_path()
    try:
        text = file.read_text(encoding="utf-8", errors="backslashreplace")
    except FileNotFoundError:
        tell(f"{file} is not there; this is what could be in it:")
        text = TEMPLATE
    except OSError as error:
        raise Failure(f"{file}: cannot be read: {error.strerror}", USAGE) from error
    show(text)
    wishes()


@command.command("keys")
@common
def keys() -> None:
    """List the actions of the UI, with the keys that they have; `[keys]` gives them others."""
    from analyzer.tui.app import actions  # noqa: PLC0415  # only here and in `open` the UI is loaded

    given = wishes().keys
    show("".join(f'{name} = "{given.get(name, keys)}"\n' for name, keys in sorted(actions().items())))


@command.command("edit")
@common
def edit() -> None:
    """Open the config file in your editor; begins one where there is none."""
    file = config_path()
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: cannot be written: {error.strerror}", USAGE) from error
    click.edit(filename=str(file))
    wishes()


def wishes() -> Config:
    """Return what the config file says, with the keys of the UI; raises Failure where it is wrong."""
    from analyzer.tui.app import actions  # noqa: PLC0415
    from analyzer.tui.colours import wrong  # noqa: PLC0415

    config = wished()
    for name in config.keys:
        if name not in actions():
            fault = SettingsError(config_path(), "keys", name, "is no action: `keyshark config keys` lists them")
            raise Failure(str(fault), USAGE)
    for rule in config.colours:
        if told := wrong(rule):
            raise Failure(str(SettingsError(config_path(), "colour", "", told)), USAGE)
    return config
