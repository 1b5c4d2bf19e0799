"""What two reports differ in: findings by their fingerprints, and verdicts of cases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analyzer.findings import Finding, fingerprints
from analyzer.report import SCHEMA_VERSION, Judgement, ProcedureReport, UeReport, Verdict

MAX_OCTETS = 16 * 1024**3
NAMES = ("impi", "impu", "b_tid", "addresses")
VERDICTS = {str(verdict): verdict for verdict in Verdict}


class ReportError(Exception):
    """A file that is no report of keyshark: why, for people."""


@dataclass(frozen=True, slots=True)
class Told:
    """What of a report is compared: verdicts of cases by name, and findings that count."""

    verdicts: Mapping[str, str]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A case whose verdict is another now; None where there is no such case."""

    case: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What is new, what is gone, how many findings are the same, and cases whose verdicts are others."""

    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    same: int
    cases: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.cases)


def changes(old: Told, new: Told) -> Changes:
    """Return what changed from one report to another."""
    before = Counter(finding.fingerprint for finding in old.findings)
    now = Counter(finding.fingerprint for finding in new.findings)
    names = [*old.verdicts, *(name for name in new.verdicts if name not in old.verdicts)]
    verdicts = (Change(name, old.verdicts.get(name), new.verdicts.get(name)) for name in names)
    return Changes(
        tuple(_beyond(new.findings, before)),
        tuple(_beyond(old.findings, now)),
        sum((before & now).values()),
        tuple(change for change in verdicts if change.old != change.new),
    )


def _beyond(findings: Sequence[Finding], others: Mapping[str, int]) -> Iterator[Finding]:
    left = Counter(others)
    for finding in findings:
        left[finding.fingerprint] -= 1
        if left[finding.fingerprint] < 0:
            yield finding


def load(path: str) -> Told:
    """Read a report as `--format json` writes it; raises ReportError."""
    try:
        if Path(path).stat().st_size > MAX_OCTETS:
            raise ReportError(f"{path}: is longer than {MAX_OCTETS} octets")
        document = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        raise ReportError(f"{path}: is no JSON") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, str):
        raise ReportError(f"{path}: is no report of keyshark: `keyshark validate --format json` writes one")
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise ReportError(f"{path}: is of version {version}, and {SCHEMA_VERSION} is known here")
    try:
        return _told(document["cases"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ReportError(f"{path}: is not as the schema of reports says: {type(error).__name__}: {error}") from None


def _told(cases: list[dict[str, Any]]) -> Told:
    verdicts: dict[str, str] = {}
    findings: list[Finding] = []
    seen: Counter[str] = Counter()
    for case in cases:
        name = str(case["name"])
        seen[name] += 1
        verdicts[name if seen[name] == 1 else f"{name} ({seen[name]})"] = str(VERDICTS[case["verdict"]])
        ues = [_ue(ue) for ue in case["ues"]]
        judgements = [_judgement(judgement) for judgement in case["judgements"]]
        findings += [found for each, found in fingerprints(name, ues, judgements) if each.counts]
    return Told(verdicts, tuple(findings))


def _ue(ue: dict[str, Any]) -> UeReport:
    names = {name: tuple(map(str, ue[name])) for name in NAMES}
    procedures = tuple(
        ProcedureReport(str(run["id"]), str(run["kind"]), "", "", 0.0, 0.0, ()) for run in ue["procedures"]
    )
    return UeReport(id=str(ue["id"]), **names, services=(), procedures=procedures, keys=())


def _judgement(told: dict[str, Any]) -> Judgement:
    waived = told.get("waived")
    return Judgement(
        str(told["rule"]), str(told["name"]), VERDICTS[told["verdict"]], str(told["level"]),
        _or_none(told["ue"]), _or_none(told["procedure"]), "", str(told["message"]), "", (),
        waived=None if waived is None else str(waived),
    )  # fmt: skip


def _or_none(value: Any) -> str | None:
    return None if value is None else str(value)
