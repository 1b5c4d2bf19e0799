"""Keyring files that keys are added to: what stands there already stays, comments and order too."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from analyzer.keys.keyring import KeyringError, parse, read_tables

MODE = 0o600  # of a file with secrets


def add(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Write entries into a keyring file, new or old, that nobody else can read.

    Raises KeyringError where the file is none or would no longer be one, OSError where it cannot be written.
    """
    path = path.resolve()  # where a link leads, not in its place
    old = path.read_bytes() if path.exists() else b""
    if old:
        read_tables(parse(str(path), old), str(path))
    new = added(str(path), old.decode("utf-8-sig"), entries).encode()
    read_tables(parse(str(path), new), str(path))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(new)
            os.fchmod(stream.fileno(), MODE)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def added(name: str, text: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of a keyring with entries added; keys of a UE that is there go to its table."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError:
        document = None
    if document is None:  # raised outside of the handler: its error carries the octets of the file
        raise KeyringError(name, "", "", "cannot be added to: name another file")
    for entry in entries:
        _add(name, document, entry, "")
    return tomlkit.dumps(document)


def _add(name: str, table: Any, entry: Mapping[str, Any], where: str) -> None:
    """Put the tables of an entry into a table of the document."""
    for key, value in entry.items():
        if isinstance(value, Mapping):
            if key not in table:
                table[key] = tomlkit.table(is_super_table=True)
            _add(name, table[key], value, f"[{key}]")
        elif isinstance(value, list):
            if key not in table:
                table[key] = tomlkit.aot()
            for each in value:
                _append(name, table[key], each, f"[[{key}]]")
        elif key not in table:
            table[key] = value
        elif table[key] != value:
            raise KeyringError(name, where, key, "is there already, with another value")


def _append(name: str, array: Any, entry: Mapping[str, Any], where: str) -> None:
    same = next((old for old in array if "impi" in entry and old.get("impi") == entry["impi"]), None)
    if same is None:
        same = tomlkit.table()
        array.append(same)
        same = array[-1]
    _add(name, same, entry, where)
