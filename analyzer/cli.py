"""The command `keyshark`: its commands, each loaded when called, and what every one of them owes its caller."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence

import click

from analyzer.commands.output import ReaderGoneError, Settings, common, drop_stdout, tell, tell_trace

FAILED, INTERRUPTED = 3, 130  # exit codes (contract 4)

# name → module, and what `keyshark --help` says of it; the module is imported when the command is called.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "open": ("analyzer.commands.open", "Browse a case in the terminal UI."),
    "live": ("analyzer.commands.live", "Browse what comes over an interface."),
    "validate": ("analyzer.commands.validate", "Judge cases against the rules; for people and for CI."),
    "watch": ("analyzer.commands.watch", "Judge captures as they land in a folder."),
    "diff": ("analyzer.commands.diff", "Compare two reports: what is new, and what is gone."),
    "diagnose": ("analyzer.commands.diagnose", "Say why keys did not arrive, and what to do."),
    "sessions": ("analyzer.commands.sessions", "List the UEs and what they did."),
    "keys": ("analyzer.commands.keys", "Show the key ladder of every UE."),
    "derive": ("analyzer.commands.derive", "Derive keys step by step, from what is typed in."),
    "flow": ("analyzer.commands.flow", "Draw the message sequence."),
    "packets": ("analyzer.commands.packets", "List messages, filtered; with all fields as JSON."),
    "fields": ("analyzer.commands.fields", "List the fields that filters can ask for."),
    "export": ("analyzer.commands.export", "Write a capture with media in the clear."),
    "anonymize": ("analyzer.commands.anonymize", "Write cases anew so that they can be given away."),
    "info": ("analyzer.commands.info", "Tell the facts of captures."),
    "serve": ("analyzer.commands.serve", "Show the terminal UI in a browser."),
    "config": ("analyzer.commands.config", "Show or edit what the UI looks like."),
    "rules": ("analyzer.commands.rules", "List the rules."),
    "explain": ("analyzer.commands.explain", "Show the page of a rule."),
}

HELP = """Opens, validates and explains captures of the key management of IMS-based MBMS user services.

\b
Look into a capture:
  keyshark open capture.pcapng
Judge captures, by hand or in CI:
  keyshark validate captures/ --output json=report.json
Find out why keys did not arrive:
  keyshark diagnose capture.pcapng
See who did what, and with which keys:
  keyshark sessions capture.pcapng      (then: flow, keys)
Find messages, with every field:
  keyshark packets capture.pcapng --filter 'mikey && ip.dst == 10.0.0.5' --format json
Understand a finding:
  keyshark explain MS-16

A CASE is a capture file, a folder of captures with a keyring.toml or case.toml (one story), or a folder
that is searched for both; - is standard input. Rolling files of one probe in a folder, as dumpcap -b and
tcpdump -C write them (NAME_00001_20261124101500.pcapng; NAME.pcap, NAME.pcap1), are one case.
"""


class Commands(click.Group):
    """A group that imports a command when it is called, so that validating never loads the terminal UI."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib  # noqa: PLC0415  # only where a command was mistyped

            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"is it {near[0]}?" if near else f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]}: {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


def _print_versions(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(importlib.import_module("analyzer.commands.versions").versions())
        ctx.exit()


@click.group(cls=Commands, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_versions,
    help="Show the versions of keyshark and its parts.",
)
@common
def cli() -> None:
    """Only holds the commands: what all of them share is in `main`."""


def main(args: Sequence[str] | None = None) -> None:
    """Run a command line and exit with the code of contract 4: no traceback reaches a user who did not ask."""
    code = run(args)
    gc.freeze()  # else the last thing that Python does is to look for cycles in all that was judged, and take it apart
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller closed it: nobody wants what goes there
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  # as long as we run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names from the network, on a terminal that lacks the characters
            stream.reconfigure(errors="backslashreplace")
    settings = Settings()
    try:
        code = cli.main(args, prog_name="keyshark", standalone_mode=False, obj=settings)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        tell("interrupted")
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as nothing:
        click.echo(nothing.format_message(), err=True)
        return nothing.exit_code
    except click.ClickException as error:
        _explain(error)
        _trace(settings)
        return error.exit_code
    except ReaderGoneError:
        return 0
    except BrokenPipeError:
        drop_stdout()
        return 0
    except Exception as bug:  # noqa: BLE001  # the edge of the program: one line, and the contract's exit code
        _trace(settings)
        tell(f"keyshark failed: {type(bug).__name__}: {bug}; see where with --debug")
        return FAILED
    return code if isinstance(code, int) else 0


def _trace(settings: Settings) -> None:
    """Tell the traceback of the failure at hand to those who asked for it."""
    if settings.debug:
        import traceback  # noqa: PLC0415  # only where something failed

        tell_trace(traceback.format_exc())


def _explain(error: click.ClickException) -> None:
    context = getattr(error, "ctx", None)
    path = context.command_path if isinstance(context, click.Context) else "keyshark"
    hint = f" (see: {path} --help)" if isinstance(error, click.UsageError) and context is not None else ""
    tell(" ".join(f"{path}: {error.format_message()}{hint}".split()))
