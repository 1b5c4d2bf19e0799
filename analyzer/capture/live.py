"""Packets of an interface: dumpcap or tcpdump writes them to a file, which is then followed as it grows."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BEGIN = 10.0  # seconds in which the first octets are to be written
POLL = 0.05
PATIENCE = 3.0  # seconds in which a capturer ends that was told to
MAX_TOLD = 2000  # characters of what a capturer says
MEGABYTE = 1_000_000


class LiveError(Exception):
    """Nothing can be captured: why, and what to do."""


def command(interface: str, path: str, megabytes: int, bpf: str = "") -> list[str]:
    """Return the command line that writes an interface to a file, at most so many megabytes of it.

    Raises LiveError where neither dumpcap nor tcpdump is installed.
    """
    dumpcap, tcpdump = shutil.which("dumpcap"), shutil.which("tcpdump")
    if dumpcap is not None:
        limit = ["-a", f"filesize:{megabytes * 1000}"]
        return [dumpcap, "-q", "-i", interface, *(["-f", bpf] if bpf else []), *limit, "-w", path]
    if tcpdump is not None:
        return [tcpdump, "-U", "-n", "-i", interface, "-w", path, *(["--", bpf] if bpf else [])]
    raise LiveError("neither dumpcap nor tcpdump is installed: install Wireshark's dumpcap (package wireshark-common)")


@contextmanager
def capturing(interface: str, megabytes: int, bpf: str = "") -> Iterator[Path]:
    """Capture an interface for as long as the context lasts; gives the file that grows.

    Raises LiveError when the capture does not begin: no such interface, no right to it, a filter that is none.
    """
    with tempfile.TemporaryDirectory(prefix="keyshark-") as folder:  # only its owner can read it
        path = Path(folder) / f"{_plain(interface)}.pcapng"
        told = Path(folder) / "said"
        with told.open("wb") as said:
            process = subprocess.Popen(  # noqa: S603  # an argument list: no shell reads it
                command(interface, str(path), megabytes, bpf), stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        try:
            _wait(process, path, told, interface)
            yield path
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], path: Path, told: Path, interface: str) -> None:
    """Wait until the file has begun."""
    until = time.monotonic() + BEGIN
    while process.poll() is None:
        if path.exists() and path.stat().st_size:
            return
        if time.monotonic() > until:
            raise LiveError(f"{interface}: nothing was written in {BEGIN:.0f} s")
        time.sleep(POLL)
    said = told.read_text("utf-8", "backslashreplace")[:MAX_TOLD].splitlines()
    why = next((line for line in said if any(word in line.lower() for word in _WHY)), " ".join(said[-1:]))
    hint = " (run it as root, or give dumpcap the right: setcap cap_net_raw+ep)" if _denied(" ".join(said)) else ""
    raise LiveError(f"{interface}: {why.strip() or f'the capture ended with code {process.returncode}'}{hint}")


_WHY = (
    "permission",
    "no such device",
    "you don't have",
    "syntax error",
    "isn't a valid",
    "not permitted",
    "no interface",
)


def _denied(said: str) -> bool:
    return any(word in said.lower() for word in ("permission", "not permitted", "you don't have"))


def _plain(interface: str) -> str:
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in interface).lstrip(".") or "interface"
