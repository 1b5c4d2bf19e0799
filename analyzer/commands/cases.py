"""Cases as the command line names them, and their analysis for the commands that show one after the other."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from analyzer.capture.alike import told_apart
from analyzer.capture.case import CaseFiles, ConfigError, is_url, joined, passed_over
from analyzer.capture.reader import CaptureError, what_is
from analyzer.capture.remote import copied, find_anywhere, in_urls
from analyzer.capture.tshark import TsharkError
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands.output import settings, show, tell, tell_trace
from analyzer.commands.progress import bar
from analyzer.config import Config, SettingsError, config_path, load
from analyzer.keys.keyring import KeyringError
from analyzer.profiles import DEFAULT, PROFILES
from analyzer.report import with_paths
from analyzer.scan import Scan, scan
from analyzer.views.ink import clean

if TYPE_CHECKING:
    from analyzer.analysis import Analysis, Live, Options

ENGINES = ("native", "tshark")
MAX_WARNINGS = 5
NEWLINE = "\n"

Function = TypeVar("Function", bound=Callable[..., Any])
Read = TypeVar("Read", "Analysis", Scan)


class Failure(click.ClickException):
    """A failure that a user can mend, with the exit code it calls for."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.exit_code = code  # type: ignore[misc]  # a class variable of click's, here one a failure
        self.ctx = click.get_current_context(silent=True)


def inputs(function: Function, required: bool = True) -> Function:
    """Add the argument CASE… and the options that say how cases are read."""
    for decorate in (
        click.option("--engine", type=click.Choice(ENGINES), default="native", help="Who reads packets [native]."),
        click.option("--merge", is_flag=True, help="Take all captures named as one case."),
        click.option(
            "--keys", multiple=True, type=click.Path(), metavar="FILE", help="A keyring for every case; repeatable."
        ),
        click.argument("paths", type=click.Path(readable=False), metavar="CASE...", nargs=-1, required=required),
    ):
        function = decorate(function)
    return function


media_option = click.option(
    "--media",
    type=click.Choice(("all", "sample", "none")),
    default="sample",
    help="Media packets that are verified: of huge streams a sample [sample].",
)
waive_option = click.option(
    "--waive", multiple=True, type=click.Path(), metavar="FILE", help="Waivers for every case; repeatable."
)
profile_option = click.option(
    "--profile",
    type=click.Choice(tuple(PROFILES)),
    default=None,
    help=f"Texts to judge by [what case.toml says, or {DEFAULT.name}].",
)
show_keys_option = click.option("--show-keys", is_flag=True, help="Show the values of keys, which are secrets.")


def today() -> date:
    """Return the day by which waivers expire: read here, so that an analysis depends on what it is given only."""
    return datetime.now().astimezone().date()


def wished() -> Config:
    """Return what the config file says; raises Failure where it is wrong."""
    try:
        return load(config_path())
    except SettingsError as error:
        raise Failure(str(error), USAGE) from None


def find(paths: Sequence[str], merge: bool) -> list[CaseFiles]:
    """Find the cases; tells where there are none, and what in folders is called like a capture and is none."""
    if "" in paths:
        raise click.UsageError("one of the names is empty: is there a variable that is not set?")
    by_path = {path: find_anywhere([path]) for path in paths}
    cases = [case for found in by_path.values() for case in found]
    warn([f"{path}: passed over: {what_is(path)}" for path in passed_over(paths, cases)])
    if not cases:
        tell(f"no captures in {', '.join(paths)}: name a pcap or pcapng file, or a folder that holds some")
    else:
        warn([f"{path}: there are no captures in it" for path, found in by_path.items() if not found])
    return [joined(cases)] if merge and cases else told_apart(cases)


def analysed(case: CaseFiles, options: Options, live: Live | None = None) -> Analysis:
    """Analyse a case with progress on the terminal; raises Failure when it cannot be read."""
    from analyzer.analysis import analyse  # noqa: PLC0415  # slow to load, and a scan needs none

    urls: dict[str, str] = {}
    with _mendable(urls), nullcontext() if live is not None else bar(1) as progress:
        analysis = analyse(here(case, urls), options, None if progress is None else progress.octets, live)
    warn([in_urls(warning, urls) for warning in (*analysis.keyring.warnings, *analysis.expired)])
    return replace(analysis, report=with_paths(analysis.report, urls)) if urls else analysis


def scanned(case: CaseFiles, keys: tuple[str, ...], engine: str) -> Scan:
    """Scan a case in the same way."""
    urls: dict[str, str] = {}
    with _mendable(urls), bar(1) as progress:
        found = scan(here(case, urls), keys, engine, progress.octets)
    warn([in_urls(warning, urls) for warning in found.keyring.warnings])
    return replace(found, report=with_paths(found.report, urls)) if urls else found


def here(case: CaseFiles, urls: dict[str, str] | None = None) -> CaseFiles:
    """Return a case whose files are all here, for as long as the command runs; `urls` tells what each copy is of."""
    files = (*case.captures, *case.keyrings, case.config or "")
    return (
        click.get_current_context().with_resource(copied(case, {} if urls is None else urls))
        if any(map(is_url, files))
        else case
    )


@contextmanager
def _mendable(urls: Mapping[str, str]) -> Iterator[None]:
    try:
        yield
    except (KeyringError, ConfigError, TsharkError) as error:
        raise Failure(in_urls(str(error), urls), USAGE) from error
    except CaptureError as error:
        raise Failure(in_urls(str(error), urls), UNREADABLE) from error


def warn(warnings: Sequence[str]) -> None:
    """Tell each warning once, and not too many."""
    told = list(dict.fromkeys(warnings))
    for warning in told[:MAX_WARNINGS]:
        tell(f"warning: {warning}")
    if len(told) > MAX_WARNINGS:
        tell(f"warning: and {len(told) - MAX_WARNINGS} more like these")


def each(cases: Iterable[CaseFiles], options: Options, take: Callable[[Analysis], None]) -> int:
    """Analyse case by case and hand each over; return the exit code."""
    return _each(cases, lambda case: analysed(case, options), take)


def _each(cases: Iterable[CaseFiles], read: Callable[[CaseFiles], Read], take: Callable[[Read], None]) -> int:
    """Read case by case and hand each over; one that cannot be read costs no other. Return the exit code."""
    code = 0
    for case in cases:
        try:
            found = read(case)
        except Failure as failure:
            tell(f"error: {failure.format_message()}")
            if settings().debug:
                tell_trace(traceback.format_exc())
            code = max(code, failure.exit_code)
            continue
        take(found)
        code = max(code, told_damage(found))
    return code


def present(paths: Sequence[str], merge: bool, options: Options, draw: Callable[[Analysis], str]) -> int:
    """Show what `draw` makes of the analysis of every case; return the exit code."""
    return _present(paths, merge, lambda case: analysed(case, options), draw)


def present_scans(
    paths: Sequence[str], merge: bool, keys: tuple[str, ...], engine: str, draw: Callable[[Scan], str]
) -> int:
    """Show what `draw` makes of the scan of every case; return the exit code."""
    return _present(paths, merge, lambda case: scanned(case, keys, engine), draw)


def _present(paths: Sequence[str], merge: bool, read: Callable[[CaseFiles], Read], draw: Callable[[Read], str]) -> int:
    """Show what `draw` makes of every case, under its name where there are several; return the exit code."""
    cases = find(paths, merge)
    shown = 0

    def take(found: Read) -> None:
        nonlocal shown
        name = f"{NEWLINE if shown else ''}{clean(found.case.name)}\n" if len(cases) > 1 else ""
        show(name + draw(found))
        shown += 1

    return _each(cases, read, take)


def told_damage(found: Analysis | Scan) -> int:
    """Tell what of the captures could not be read; return the exit code that this calls for."""
    problems = [f"{c.path}: {problem}" for c in found.report.captures for problem in c.problems]
    for problem in problems:
        tell(problem)
    return UNREADABLE if problems or any(c.truncated for c in found.report.captures) else 0
