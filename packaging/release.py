"""Build what a release has into dist/, and see that each of it works in an environment that has nothing else.

`make dist` runs it: man pages and completions, sdist, wheel, zipapp, and the bill of materials (SBOM).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from analyzer import VERSION

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
SAMPLE = ROOT / "sample_pcaps" / "http_good"
BIN = "Scripts" if os.name == "nt" else "bin"
SHIPPED = (
    "share/man/man1/keyshark.1", "share/man/man1/keyshark-validate.1", "share/zsh/site-functions/_keyshark",
    "share/bash-completion/completions/keyshark", "share/fish/vendor_completions.d/keyshark.fish",
)  # fmt: skip
UV = (sys.executable, "-m", "uv", "--quiet")
TOOLS = {"UV": ("uv", "--quiet", "tool", "install"), "PIPX": ("pipx", "install", "--quiet")}
HOMES, BINS = {"UV": "TOOL_DIR", "PIPX": "HOME"}, {"UV": "TOOL_BIN_DIR", "PIPX": "BIN_DIR"}
EXTRAS = "[brotli,cluster,metrics,parquet,remote,serve]"  # all that a user may have


def main() -> None:
    """Build and check; ends with the first thing that does not work."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "packaging/share.py")
    run(sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(DIST), str(ROOT))
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    with TemporaryDirectory() as place:
        clean = Path(place) / "wheel"
        installed(clean, f"{wheel}{EXTRAS}")
        works([str(clean / BIN / "keyshark")], place)
        works([str(clean / BIN / "python"), "-m", "analyzer"], place)
        missing = [name for name in SHIPPED if not (clean / name).is_file()]
        if missing:
            raise SystemExit(f"the wheel does not ship {', '.join(missing)}")
        bill(clean)
        zipapp, python = DIST / "keyshark.pyz", str(clean / BIN / "python")
        run(sys.executable, "-m", "shiv", "-o", str(zipapp), "-c", "keyshark", "-p", "/usr/bin/env python3", str(wheel))
        works([python, "-I", str(zipapp)], place)
        run(*UV, "pip", "install", "--python", python, "--no-deps", "--reinstall", str(sdist))
        works([str(clean / BIN / "keyshark")], place)
        for name, command in TOOLS.items():
            home, programs = Path(place) / name, Path(place) / name / "bin"
            here = {f"{name}_{what}": str(path) for what, path in ((HOMES[name], home), (BINS[name], programs))}
            run(sys.executable, "-m", *command, str(wheel), more=here)
            works([str(programs / "keyshark")], place)
    print(*sorted(f"{path.stat().st_size:>10} {path.name}" for path in DIST.iterdir()), sep="\n")


def installed(place: Path, what: str) -> None:
    """Make an environment that has nothing but this and what it needs."""
    run(*UV, "venv", str(place))
    run(*UV, "pip", "install", "--python", str(place / BIN / "python"), what)


def works(command: Sequence[str], place: str) -> None:
    """See that keyshark says its version and judges a sample, far from its source."""
    run(*command, "--version", cwd=place)
    said = run(*command, "validate", str(SAMPLE), "--format", "jsonl", cwd=place)
    if '"verdict": "pass"' not in said and '"verdict":"pass"' not in said:
        raise SystemExit(f"{' '.join(command)} does not judge {SAMPLE.name} as it should")


def bill(clean: Path) -> None:
    """Write what is in the environment of a user, in CycloneDX."""
    path = DIST / "keyshark.cdx.json"
    written = ("--output-reproducible", "--output-format", "JSON", "--output-file", str(path))
    project = ("--pyproject", str(ROOT / "pyproject.toml"))
    run(sys.executable, "-m", "cyclonedx_py", "environment", *project, *written, str(clean / BIN / "python"))
    path.write_text(versioned(path.read_text(encoding="utf-8")), encoding="utf-8")


def versioned(bill: str) -> str:
    """Return a bill that says which version it is of, which cyclonedx-py does not see where it is dynamic."""
    told = json.loads(bill)
    told["metadata"]["component"]["version"] = VERSION
    return json.dumps(told, indent=2) + "\n"


def run(*command: str, cwd: str | None = None, more: Mapping[str, str] | None = None) -> str:
    """Run a program; ends all when it fails, with what it said."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or cwd is None}
    environment |= more or {}
    done = subprocess.run(command, cwd=cwd or ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
