"""Captures behind URLs, through fsspec: they are found like those in folders, and copied here to be read.

A copy is removed when its case has been judged, so a machine needs room for the cases that it judges at once only.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.capture.case import CASE, KEYRING, KEYS_SUFFIX, CaseFiles, find_cases, is_url, joined, names
from analyzer.capture.reader import CaptureError, is_capture

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PATTERN = "*"  # ? begins a query, [ the address of a host
HEAD = 64 * 1024  # octets that tell a capture, decompressed where need be
SILENCE = 30.0  # seconds in which a web server says nothing, after which it is given up
RESERVE = 64 * 10**6  # octets that a copy leaves free


def find_anywhere(paths: Sequence[str], *, merge: bool = False) -> list[CaseFiles]:
    """Return the cases that files, folders and URLs hold; as `find_cases`, but for rolling files behind URLs.

    What a URL names that nobody can be asked about is a case that cannot be read.
    """
    if not any(map(is_url, paths)):
        return find_cases(paths, merge=merge)
    found: list[CaseFiles] = []
    for path in dict.fromkeys(paths):
        found += _remote(path) if is_url(path) else find_cases([path])
    return [joined(found)] if merge and found else found


def _remote(url: str) -> list[CaseFiles]:
    try:
        with _told(url):
            fs, path = _opened(url)
            if PATTERN in path:
                found = [case for name in sorted(map(str, fs.glob(path))) for case in _named(fs, name)]
                return found or [CaseFiles(_name(url), (url,))]
            found = list(_named(fs, path))
            is_file = [case.captures for case in found] == [(_url(fs, path),)]
            return [replace(found[0], captures=(url,))] if is_file else found  # as it was given
    except CaptureError:
        return [CaseFiles(_name(url), (url,))]  # reading it says why


def _named(fs: AbstractFileSystem, path: str) -> Iterator[CaseFiles]:
    if "." not in path.rsplit("/", 1)[-1] and fs.isdir(path):  # what looks like a file is not asked about
        yield from _folder(fs, path)
        return
    around = path.rstrip("/").rpartition("/")[0]

    def there(name: str) -> bool:
        return bool(fs.exists(f"{around}/{name}"))

    yield _file(fs, path, there)


def _folder(fs: AbstractFileSystem, folder: str) -> Iterator[CaseFiles]:
    for root, folders, found in fs.walk(folder):
        if isinstance(folders, list):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = {str(name) for name in found}
        paths = [f"{root.rstrip('/')}/{name}" for name in sorted(here) if not name.startswith(".")]
        cases = [_file(fs, path, here.__contains__) for path in paths if _is_capture(fs, path)]
        if cases and (KEYRING in here or CASE in here):
            keyring = [_url(fs, f"{root.rstrip('/')}/{KEYRING}")] if KEYRING in here else []
            one = joined(cases)
            yield replace(one, name=_name(root), keyrings=tuple(dict.fromkeys((*keyring, *one.keyrings))))
        else:
            yield from cases


def _file(fs: AbstractFileSystem, path: str, there: Callable[[str], bool]) -> CaseFiles:
    around, _, name = path.rstrip("/").rpartition("/")
    own = next((found for known in names(Path(name)) if there(found := known + KEYS_SUFFIX)), None)
    keyring = own or (KEYRING if there(KEYRING) else None)
    return CaseFiles(
        names(Path(name))[0],
        (_url(fs, path),),
        () if keyring is None else (_url(fs, f"{around}/{keyring}"),),
        _url(fs, f"{around}/{CASE}") if there(CASE) else None,
    )


def _name(url: str) -> str:
    return names(Path(url.rstrip("/").rsplit("/", 1)[-1].partition("?")[0] or "capture"))[0]


@contextmanager
def copied(case: CaseFiles, urls: dict[str, str]) -> Iterator[CaseFiles]:
    """Give a case whose files are all here while the block runs, and tell in `urls` what each copy is of.

    A case without URLs is given as it is. Raises CaptureError.
    """
    far = [path for path in (*case.captures, *case.keyrings, *filter(None, (case.config,))) if is_url(path)]
    if not far:
        yield case
        return
    with tempfile.TemporaryDirectory(prefix="keyshark-") as folder:
        here: dict[str, str] = {}
        for number, url in enumerate(dict.fromkeys(far)):
            place = Path(folder) / str(number)
            place.mkdir()
            here[url] = str(place / (url.rstrip("/").rsplit("/", 1)[-1].partition("?")[0] or "capture"))
            urls[here[url]] = url
            _copy(url, here[url])
        yield replace(
            case,
            captures=tuple(here.get(path, path) for path in case.captures),
            keyrings=tuple(here.get(path, path) for path in case.keyrings),
            config=None if case.config is None else here.get(case.config, case.config),
        )


def in_urls(text: str, urls: Mapping[str, str]) -> str:
    """Return a text with the URLs in it that stand behind copies."""
    for path, url in urls.items():
        text = text.replace(path, url)
    return text


def _copy(url: str, path: str) -> None:
    with _told(url):
        fs, name = _opened(url)
        size = fs.size(name) or 0
        free = shutil.disk_usage(os.path.dirname(path)).free
        if size + RESERVE > free:
            raise CaptureError(url, 0, f"has {size} octets, and only {free} are free here to copy it")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb"):
            pass
        fs.get_file(name, path)


def _is_capture(fs: AbstractFileSystem, name: str) -> bool:
    if name.endswith(".toml"):
        return False
    with tempfile.NamedTemporaryFile() as head:
        head.write(fs.cat_file(name, 0, HEAD))
        head.flush()
        return is_capture(head.name)


def _opened(url: str) -> tuple[AbstractFileSystem, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # an extra, and slow to load

        fs, path = url_to_fs(url, **_patience(url))
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("fsspec", "aiohttp"):
            raise
        raise CaptureError(url, 0, "is a URL, which needs fsspec: install keyshark[remote]") from None
    return fs, str(path)


def _patience(url: str) -> dict[str, Any]:
    """Return options by which a web server may take its time, but not be silent; without them aiohttp ends at 300 s."""
    if not url.lower().startswith(("http://", "https://")):
        return {}
    from aiohttp import ClientTimeout  # noqa: PLC0415  # comes with the extra

    return {"timeout": ClientTimeout(total=None, sock_connect=SILENCE, sock_read=SILENCE)}


def _url(fs: AbstractFileSystem, path: str) -> str:
    return str(fs.unstrip_protocol(path))


@contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except CaptureError:
        raise
    except Exception as told:  # noqa: BLE001  # each file system of fsspec has errors of its own
        error = told.__cause__ if isinstance(told, FileNotFoundError) else told
        if error is None:
            raise CaptureError(url, 0, "there is no such file") from None
        said = " ".join(str(error).split())
        raise CaptureError(url, 0, f"cannot be fetched: {type(error).__name__}{': ' if said else ''}{said}") from None
