"""Write what goes beside the program into build/share: man pages and completions, both made of the command line."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete
from click_man.core import write_man_pages

from analyzer import VERSION
from analyzer.cli import COMMANDS, cli

NAME, VARIABLE = "keyshark", "_KEYSHARK_COMPLETE"
KEPT = re.compile(r"\x08\n((?:[^.\n].*\n)+)")  # click's paragraphs that keep their lines
SHARE = Path(__file__).parents[1] / "build" / "share"
# Where each shell looks for completions below share/
COMPLETIONS: dict[str, type[ShellComplete]] = {
    "bash-completion/completions/keyshark": BashComplete,
    "zsh/site-functions/_keyshark": ZshComplete,
    "fish/vendor_completions.d/keyshark.fish": FishComplete,
}


def write(share: Path) -> None:
    """Write all files anew."""
    shutil.rmtree(share, ignore_errors=True)
    man = share / "man" / "man1"
    man.mkdir(parents=True)
    context = click.Context(cli, info_name=NAME)
    cli.short_help = cli.get_short_help_str(limit=200)  # else the name of the main page ends in the middle
    for name in cli.list_commands(context):  # they are loaded when they are called, and click-man calls none
        command = cli.get_command(context, name)
        assert command is not None
        command.short_help = COMMANDS[name][1]
        cli.commands[name] = command
    write_man_pages(NAME, cli, version=VERSION, target_dir=str(man))
    for path in man.iterdir():
        page = KEPT.sub(r".nf\n\1.fi\n", path.read_text(encoding="utf-8"))
        _, title, body = page.split('"', 2)
        path.write_text(f'.TH "{title.replace(" ", "-")}"{body}', encoding="utf-8")
    for name, shell in COMPLETIONS.items():
        place = share / name
        place.parent.mkdir(parents=True)
        # As source() does, which wants the shell to be there
        text = shell.source_template % shell(cli, {}, NAME, VARIABLE).source_vars()
        place.write_text(text.lstrip("\n"), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARE)
