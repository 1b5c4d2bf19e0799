"""`keyshark anonymize`: a case that may be given away, with other names, addresses, keys and payloads in it."""

from __future__ import annotations

import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import click

from analyzer import VERSION
from analyzer.analysis import Analysis, Options
from analyzer.anonymous import Anonymiser, Pseudonyms, judged, leaks, said
from analyzer.capture.case import CaseFiles, find_cases
from analyzer.capture.reader import STDIN
from analyzer.capture.writer import PcapngWriter
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands.cases import Failure, analysed, find, told_damage
from analyzer.commands.output import common, show, tell

SECRET = 32  # octets
CHANGED = 1  # exit code: verdicts are not the same
NO_TIME = "20000101000000"  # in names of files that a probe wrote in turn
KEYRING, CONFIG = "keyring.toml", "case.toml"
Verdicts = Counter[tuple[str, str]]


@click.command("anonymize")
@click.argument("source", type=click.Path(), metavar="IN")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--keys", multiple=True, type=click.Path(), metavar="FILE", help="A keyring for every case; repeatable.")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="How to tell [text].")
@common
@click.pass_context
def command(ctx: click.Context, source: str, out: Path, keys: tuple[str, ...], format_: str) -> None:
    """Write cases anew so that they can be given away.

    \b
    keyshark anonymize captures/failed.pcapng shared/

    Names of users and domains, addresses, keys and what messages and media carry are replaced, each by the same
    in all cases of a run and of the same length. Digests, MACs, checksums and keyrings are made anew with the new
    keys, so that the verdicts stay; the result is judged again, and what became different is told. What keyshark does
    not understand is blanked, and told. OUT is a folder that is empty or not there yet. Look at what it holds before
    you give it away: docs/anonymize.md says what stays.

    Exit code 0: all verdicts are the same. 1: some are not.
    """
    if source == STDIN:
        raise Failure("a capture is read more than once to be anonymised: name a file", USAGE)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Failure(f"{out} is there already: name a folder that is empty, or not there yet", USAGE)
    cases, code = find([source], merge=False), 0
    told: list[dict[str, Any]] = []
    names = Pseudonyms(secrets.token_bytes(SECRET))
    for number, case in enumerate(cases, 1):
        try:
            one, worst = _anonymised(case, names, out if len(cases) == 1 else out / f"case{number}", keys)
        except Failure as failure:
            if len(cases) == 1:
                raise
            tell(f"{case.name}: {failure.message}")
            code = max(code, failure.exit_code)
        else:
            told.append(one)
            code = max(code, worst)
    show(json.dumps(told, indent=2) + "\n" if format_ == "json" else "".join(map(_line, told)))
    ctx.exit(code)


def _anonymised(case: CaseFiles, names: Pseudonyms, folder: Path, keys: tuple[str, ...]) -> tuple[dict[str, Any], int]:
    """Write a case anew; return what became of it, and the exit code that this calls for."""
    before = analysed(case, Options(keys=keys))
    anonymiser = Anonymiser(before, names)
    with _kept(folder) as written:
        _write(case, anonymiser, folder, written)
        after = _again(folder, anonymiser, written)
    code = told_damage(before)
    old, now = judged(before.report), judged(after.report)
    lost, new = _named(old - now), _named(now - old)
    told = {
        "case": case.name,
        "out": str(folder),
        "blanked": dict(sorted(anonymiser.counts.items())),
        "verdicts": {"same": sum((old & now).values()), "lost": lost, "new": new},
    }
    return told, max(code, CHANGED if lost or new else 0)


def _write(case: CaseFiles, anonymiser: Anonymiser, folder: Path, written: list[Path]) -> None:
    """Write captures, keyring and case.toml, which only the user can read; the names of files are not kept."""
    names = dict(_names(case))
    folder.mkdir(parents=True, exist_ok=True)
    for index, path in enumerate(case.captures):
        with _new(folder / names[Path(path).name], written) as stream:
            anonymiser.write(index, PcapngWriter(stream, f"keyshark {VERSION}"))
    outcome = anonymiser.outcome(names)
    for name, text in ((KEYRING, outcome.keyring), (CONFIG, outcome.config)):
        if text is not None:
            with _new(folder / name, written) as stream:
                stream.write(text.encode())


def _names(case: CaseFiles) -> Iterator[tuple[str, str]]:
    """Yield the names of captures with new ones; of files that one probe wrote in turn such that this is seen again."""
    points = case.points or range(len(case.captures))
    counts, seen = Counter(points), Counter[int]()
    for path, point in zip(case.captures, points, strict=True):
        seen[point] += 1
        part = f"_{seen[point]:05}_{NO_TIME}" if counts[point] > 1 else ""
        yield Path(path).name, f"capture{point + 1}{part}.pcapng"


def _new(place: Path, written: list[Path]) -> BinaryIO:
    number = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    written.append(place)
    return os.fdopen(number, "wb")


def _again(folder: Path, anonymiser: Anonymiser, written: list[Path]) -> Analysis:
    """Judge what was written; raises Failure where it holds what it may not."""
    hidden = set(anonymiser.secrets())
    _refuse(sum(_leaks(path, hidden) for path in written), folder)
    cases = find_cases([str(folder)])
    if len(cases) != 1:
        cases = find_cases([str(path) for path in written if path.suffix == ".pcapng"], merge=True)
    after = analysed(cases[0], Options())
    _refuse(said(after, hidden), folder)
    return after


def _leaks(path: Path, hidden: set[bytes]) -> int:
    with path.open("rb") as stream:
        return leaks(stream, hidden)


def _refuse(found: int, folder: Path) -> None:
    if found:
        raise Failure(f"{found} names or keys would stand in {folder} as they were: nothing of it was kept", UNREADABLE)


def _named(verdicts: Verdicts) -> dict[str, int]:
    return {f"{rule} {verdict}": count for (rule, verdict), count in sorted(verdicts.items())}


def _line(told: dict[str, Any]) -> str:
    """Say of a case what became of it."""
    verdicts, blanked = told["verdicts"], told["blanked"]
    lines = [f"{told['case']}: {verdicts['same']} judgements are the same in {told['out']}"]
    for what, counts in (("are not there any more", verdicts["lost"]), ("are new", verdicts["new"])):
        if counts:
            lines.append(f"  {what}: {', '.join(f'{count} × {name}' for name, count in counts.items())}")
    lines += [f"  {count} {what}" for what, count in blanked.items()]
    return "\n".join(lines) + "\n"


@contextmanager
def _kept(folder: Path) -> Iterator[list[Path]]:
    """Give a list for the files that are written; where anything stops this, they and their folder are taken away."""
    is_new, written = not folder.exists(), list[Path]()
    try:
        yield written
    except BaseException as error:  # ctrl-c too: nobody has looked at what they hold
        for path in written:
            path.unlink(missing_ok=True)
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            raise Failure(f"{error.filename or folder}: cannot be written: {error.strerror}", USAGE) from error
        raise
