"""Cases: which captures are judged as one story, with which keyrings and settings."""

from __future__ import annotations

import glob
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from analyzer.capture.reader import GLOB, STDIN, is_capture, is_shut
from analyzer.capture.rolling import COMPRESSED, rolled, stem
from analyzer.profiles import PROFILES
from analyzer.tolerances import TABLE as TOLERANCES
from analyzer.tolerances import ToleranceError
from analyzer.tolerances import read as read_tolerances

KEYRING = "keyring.toml"
KEYS_SUFFIX = ".keys.toml"
CASE = "case.toml"
MERGED = "merged"
CALLED = (".pcap", ".pcapng", ".cap")  # what captures are called; what is one is told by its octets

NODES = ("ue", "bm-sc", "scf", "bsf", "bsf-zn")
PORT_PROTOCOLS = ("sip", "http", "mikey", "diameter", "flute")
CAPTURE_KEYS = ("clock_offset",)
KNOWN = ("nodes", "capture", "ports", "profile", TOLERANCES, "waive")
URL = re.compile(r"[a-z][a-z0-9+.-]*(::|://)", re.IGNORECASE)
MAX_CONFIG = 1024 * 1024  # octets of a case.toml
MAX_OFFSET = 10**10  # s, more than any date that a probe may think it is


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The files of one case: paths of captures, of keyrings, and of the case.toml.

    `points` are numbers of the probes that wrote the captures: files that one wrote one after the other have the same.
    Empty where each has its own.
    """

    name: str
    captures: tuple[str, ...]
    keyrings: tuple[str, ...] = ()
    config: str | None = None
    points: tuple[int, ...] = ()

    @property
    def by_point(self) -> list[list[int]]:
        """The captures of each probe, by their places."""
        found: dict[int, list[int]] = {}
        for index in range(len(self.captures)):
            found.setdefault(self.points[index] if self.points else index, []).append(index)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class CaseConfig:
    """What a case.toml says: addresses of nodes, seconds to add to a capture's clock by file name, ports.

    `profile` is the name of the profile to judge by, empty where it is not said; `tolerances` are as
    `analyzer.tolerances.read` returns them.
    """

    nodes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    clock_offsets: dict[str, float] = field(default_factory=dict)
    ports: dict[str, tuple[int, ...]] = field(default_factory=dict)
    profile: str = ""
    tolerances: dict[str, int] = field(default_factory=dict)
    waive: object = ()  # tables of waivers, as they stand there: analyzer.waivers reads them


class ConfigError(Exception):
    """A case.toml that cannot be used: which file, table and key, and why."""

    def __init__(self, path: str, table: str, key: str, reason: str) -> None:
        where = " ".join(part for part in (table and f"[{table}]", key) if part)
        super().__init__(f"{path}: {where}: {reason}" if where else f"{path}: {reason}")
        self.path = path
        self.table = table
        self.key = key
        self.reason = reason


def find_cases(paths: Sequence[str], *, merge: bool = False) -> list[CaseFiles]:
    """Return the cases that files and folders hold, in a fixed order; with `merge` all of them as one.

    Files that are named are taken as captures whatever they hold; in folders captures are told by their octets, and
    rolling files of one probe are one. A folder that cannot be looked into is a case that cannot be read, and so is a
    file that is called like a capture and cannot be opened.
    """
    cases = [case for path in dict.fromkeys(paths) for case in _cases(path)]
    return [joined(cases)] if merge and cases else cases


def passed_over(paths: Iterable[str], cases: Iterable[CaseFiles]) -> Iterator[str]:
    """Yield the files below folders that are called like captures and are none of a case: nobody judges them."""
    for path in left_over(paths, cases):
        if is_called_so(Path(path)):
            yield path


def left_over(paths: Iterable[str], cases: Iterable[CaseFiles]) -> Iterator[str]:
    """Yield the files below folders that nobody reads: no capture, keyring or case.toml of a case."""
    known = {path for case in cases for path in (*case.captures, *case.keyrings, case.config)}
    for path in dict.fromkeys(paths):
        for here, files in below(path):
            yield from (file for name in files if (file := str(here / name)) not in known)


def is_called_so(file: Path) -> bool:
    """Say whether a file is called like a capture, compressed or not."""
    inner = Path(file.stem) if file.suffix.lower() in COMPRESSED else file
    return inner.suffix.lower() in CALLED


def joined(cases: Sequence[CaseFiles]) -> CaseFiles:
    """Return one case of all captures and keyrings of several; the first case.toml counts."""
    captures = _once(path for case in cases for path in case.captures)
    points: tuple[int, ...] = ()
    if not any(map(is_url, captures)):
        captures, points = _in_order(map(Path, captures))
    return CaseFiles(
        name=MERGED if len(cases) > 1 else cases[0].name,
        captures=captures,
        points=points,
        keyrings=_once(path for case in cases for path in case.keyrings),
        config=next((case.config for case in cases if case.config), None),
    )


def is_url(path: str) -> bool:
    """Say whether a path is a URL, and not a file of this machine."""
    return URL.match(path) is not None


def read_toml(path: str) -> dict[str, object]:
    """Return the tables of a TOML file of ours; raises ConfigError where it cannot be read, is too long or is none."""
    try:
        with open(path, "rb") as stream:
            text = stream.read(MAX_CONFIG + 1)
        if len(text) > MAX_CONFIG:
            raise ConfigError(path, "", "", f"is longer than {MAX_CONFIG} octets")
        return tomllib.loads(text.decode())
    except OSError as error:
        raise ConfigError(path, "", "", f"cannot be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(path, "", "", f"is not TOML: {error}") from None


def load_case_config(path: str) -> CaseConfig:
    """Read a case.toml; raises ConfigError that names file, table and key."""
    tables = read_toml(path)
    for name in tables:
        if name not in KNOWN:
            raise ConfigError(path, name, "", f"unknown; known are {', '.join(KNOWN)}")
    nodes = {
        node: tuple(_address(path, "nodes", node, value) for value in _list(path, "nodes", node, values))
        for node, values in _table(path, tables, "nodes", NODES).items()
    }
    ports = {
        protocol: tuple(_port(path, "ports", protocol, value) for value in _list(path, "ports", protocol, values))
        for protocol, values in _table(path, tables, "ports", PORT_PROTOCOLS).items()
    }
    captures = _table(path, tables, "capture", None)
    clock_offsets = {}
    for name in captures:
        title = f'capture."{name}"'
        settings = _table(path, captures, name, CAPTURE_KEYS, title)
        if "clock_offset" in settings:
            clock_offsets[name] = _seconds(path, title, "clock_offset", settings["clock_offset"])
    profile = tables.get("profile", "")
    if not isinstance(profile, str) or (profile not in PROFILES and "profile" in tables):
        raise ConfigError(path, "", "profile", f"{profile!r} is none of {', '.join(PROFILES)}")
    try:
        tolerances = read_tolerances(tables.get(TOLERANCES, {}))
    except ToleranceError as error:
        raise ConfigError(path, TOLERANCES, error.key, error.reason) from None
    return CaseConfig(nodes, clock_offsets, ports, profile, tolerances, tables.get("waive", ()))


def _cases(path: str) -> Iterator[CaseFiles]:
    if path == STDIN:
        yield CaseFiles("stdin", (STDIN,))
    elif os.path.isdir(path):
        yield from _folder(Path(path))
    elif any(mark in path for mark in GLOB) and not os.path.lexists(path) and (found := _matched(path)):
        for one in found:
            yield from _cases(one)
    else:
        yield _file(Path(path))


def _matched(pattern: str) -> list[str]:
    """Return what is named by a pattern that no shell has put names for, as in a list of files; `**` is any folders."""
    return sorted(glob.glob(pattern, recursive=True))


def _file(path: Path) -> CaseFiles:
    config = path.parent / CASE
    return CaseFiles(
        name=names(path)[0],
        captures=(str(path),),
        keyrings=tuple(str(found) for found in (_own_keyring(path) or _if_file(path.parent / KEYRING))),
        config=str(config) if os.path.isfile(config) else None,
    )


def _folder(folder: Path) -> Iterator[CaseFiles]:
    closed: list[OSError] = []
    for here, files in below(folder, closed.append):
        captures = [here / name for name in files if is_wanted(here / name)]
        if captures and (KEYRING in files or CASE in files):
            keyrings = [*_if_file(here / KEYRING), *(found for capture in captures for found in _own_keyring(capture))]
            paths, points = _in_order(captures)
            yield CaseFiles(
                name=here.resolve().name,
                captures=paths,
                points=points,
                keyrings=_once(str(found) for found in keyrings),
                config=str(here / CASE) if CASE in files else None,
            )
        else:
            yield from (_file(run[0]) if len(run) == 1 else _rolling(run) for run in rolled(captures))
    for error in closed:  # what cannot be looked into is a case that cannot be read
        yield CaseFiles(Path(error.filename).name, (error.filename,))


def is_wanted(file: Path) -> bool:
    """Say whether a file is a capture, or called like one and cannot be opened, which is to be told of."""
    return is_capture(str(file)) or (is_called_so(file) and is_shut(str(file)))  # reading it says why


def below(
    folder: str | Path, closed: Callable[[OSError], object] | None = None
) -> Iterator[tuple[Path, list[str]]]:  # fmt: skip
    """Yield a folder and those below it with the names of their files, in order; nothing of what is hidden."""
    for root, folders, files in os.walk(folder, onerror=closed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(root), sorted(name for name in files if not name.startswith("."))


def _in_order(captures: Iterable[Path]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return captures, those of one probe in their order, and the numbers of the probes where one has several."""
    runs = rolled(captures)
    paths = tuple(str(path) for run in runs for path in run)
    points = tuple(number for number, run in enumerate(runs) for _ in run)
    return paths, points if len(runs) < len(paths) else ()


def _rolling(run: Sequence[Path]) -> CaseFiles:
    """Return the case of rolling files; STEM.keys.toml is their keyring, and NAME.keys.toml of each."""
    keyrings = [
        *_if_file(run[0].parent / (stem(run[0]) + KEYS_SUFFIX)),
        *(k for path in run for k in _own_keyring(path)),
    ]
    return CaseFiles(
        name=stem(run[0]),
        captures=tuple(str(path) for path in run),
        keyrings=_once(str(found) for found in keyrings),
        points=(0,) * len(run),
    )


def _own_keyring(capture: Path) -> list[Path]:
    """NAME.keys.toml, where NAME is the file name without its last suffix, or all of it."""
    for name in names(capture):
        found = _if_file(capture.parent / (name + KEYS_SUFFIX))
        if found:
            return found
    return []


def names(capture: Path) -> tuple[str, ...]:
    """Names of a capture: that of its file without the suffixes of format and compression first, all of it last."""
    inner = Path(capture.stem) if capture.suffix.lower() in COMPRESSED else capture
    return tuple(dict.fromkeys((inner.stem, capture.stem, capture.name)))


def _if_file(path: Path) -> list[Path]:
    return [path] if os.path.isfile(path) else []  # where it may not be asked: none


def _once(paths: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(paths))


def _table(
    path: str, tables: dict[str, object], name: str, known: tuple[str, ...] | None, title: str = ""
) -> dict[str, object]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(path, title or name, "", "is not a table")
    for key in table:
        if known is not None and key not in known:
            raise ConfigError(path, title or name, key, f"unknown; known are {', '.join(known)}")
    return table


def _list(path: str, table: str, key: str, value: object) -> list[object]:
    if not isinstance(value, list):
        raise ConfigError(path, table, key, "is not a list")
    return value


def _address(path: str, table: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigError(path, table, key, "is not a list of addresses in quotes")
    try:
        return str(ip_address(value.partition("%")[0]))  # no packet has a zone (RFC 4007 11)
    except ValueError:
        raise ConfigError(path, table, key, f"{value!r} is no IP address") from None


def _port(path: str, table: str, key: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 65536:
        raise ConfigError(path, table, key, "is not a list of port numbers 1 to 65535")
    return value


def _seconds(path: str, table: str, key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= MAX_OFFSET:
        raise ConfigError(path, table, key, "is not a number of seconds")
    return float(value)
