"""A baseline: findings that were there before, so that only what is new fails. A file that can be read and compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from analyzer.findings import FINGERPRINT, Finding

FORMAT = 1
MAX_OCTETS = 1024**3


class BaselineError(Exception):
    """A file that is no baseline: why, for people."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Fingerprints by the name of the case; `digest` is that of the file."""

    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    digest: str = ""

    def of(self, name: str) -> frozenset[str]:
        return self.known.get(name, frozenset())


def load(path: str) -> Baseline:
    """Read a baseline; raises BaselineError."""
    try:
        if Path(path).stat().st_size > MAX_OCTETS:
            raise BaselineError(f"{path}: is longer than {MAX_OCTETS} octets")
        octets = Path(path).read_bytes()
        document = json.loads(octets)
    except OSError as error:
        raise BaselineError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise BaselineError(f"{path}: is no JSON") from None
    if not isinstance(document, dict) or document.get("baseline") != FORMAT:
        raise BaselineError(f"{path}: is no baseline of keyshark: --write-baseline writes one")
    known: dict[str, set[str]] = {}
    findings = document.get("findings")
    for number, entry in enumerate(findings if isinstance(findings, list) else [None]):
        match entry:
            case {"case": str() as case, "fingerprint": str() as fingerprint} if len(fingerprint) == FINGERPRINT:
                known.setdefault(case, set()).add(fingerprint)
            case _:
                raise BaselineError(f"{path}: findings[{number}]: has no case and fingerprint")
    return Baseline({case: frozenset(found) for case, found in known.items()}, hashlib.sha256(octets).hexdigest())


def text(findings: Iterable[Finding], version: str) -> Iterable[str]:
    """Yield the text of a baseline, a finding a line, in a fixed order."""
    yield f'{{"baseline": {FORMAT}, "tool": {json.dumps({"name": "keyshark", "version": version})}, "findings": ['
    between = "\n"
    for finding in sorted(findings, key=lambda each: (each.case, each.rule, each.fingerprint)):
        yield between + json.dumps(asdict(finding))
        between = ",\n"
    yield "\n]}\n"
