"""Which versions of keyshark and its parts are installed, told without loading them."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

from analyzer import VERSION

TSHARK_WITHIN = 5  # seconds that tshark has to say its version
SMALLER = "capinfos"  # is of the same release as the tshark that it lies beside, and says its version in no time
PARTS = ("dpkt", "pyshark", "textual", "cryptography")


def versions() -> str:
    """Return a line for keyshark and for each of its parts, with tshark if it is there."""
    lines = [f"keyshark {VERSION}", f"Python {platform.python_version()}"]
    lines += [f"{part} {installed(part)}" for part in PARTS]
    tshark = shutil.which("tshark")
    if tshark is not None:
        lines.append(f"tshark {_tshark_version(tshark)}")
    return "\n".join(lines)


def installed(distribution: str) -> str:
    """Return the version of an installed distribution."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415  # slow

    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _tshark_version(path: str) -> str:
    smaller = Path(path).with_name(SMALLER)
    found = _says(str(smaller)) if smaller.is_file() else ""
    return found if found[:1].isdigit() else _says(path)


def _says(path: str) -> str:
    """Return the version that a program of Wireshark says it is of."""
    try:
        found = subprocess.run(  # noqa: S603  # the tshark of the user's PATH
            [path, "--version"], capture_output=True, text=True, timeout=TSHARK_WITHIN, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "does not answer"
    first = found.stdout.partition("\n")[0].split()  # "TShark (Wireshark) 4.2.2 (…)."
    return next((word.rstrip(".") for word in first if word[0].isdigit()), "of unknown version")
