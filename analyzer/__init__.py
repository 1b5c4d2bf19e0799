"""Opens, unlocks and judges captures of the key management of IMS-based MBMS user services.

`analyse` is the way in for programs: docs/library.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.library import Analysed

VERSION = "0.1.0"  # pyproject.toml takes it from here: asking for what is installed is slow


def analyse(
    *paths: str | PathLike[str],
    keys: Iterable[str | PathLike[str]] = (),
    merge: bool = False,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    waive: Iterable[str | PathLike[str]] = (),
    media: str = "sample",
    profile: str | None = None,
    show_keys: bool = False,
) -> Analysed:
    """Judge cases as `keyshark validate` does: files, folders and URLs; what each argument is, the options there say.

    A case that cannot be read is told in what is returned. Raises ValueError for arguments that cannot be.
    """
    from analyzer import library  # noqa: PLC0415  # who asks for the version only must not load all of it

    return library.analyse(
        paths, keys=keys, merge=merge, select=select, ignore=ignore, waive=waive, media=media, profile=profile,
        show_keys=show_keys,
    )  # fmt: skip
