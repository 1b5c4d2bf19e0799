"""Diagnoses as people read them: for each UE what did not work, why, and what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from analyzer.report import SCHEMA_VERSION, CaseReport, Diagnosis, Report
from analyzer.views.frames import frames
from analyzer.views.ink import clean, plural

HEALTHY = "nothing failed that the capture shows"


def show(report: Report) -> str:
    """Return the diagnoses of all cases, in the order of time."""
    return "\n".join(_case(case) for case in report.cases)


def show_json(report: Report) -> str:
    """Return the diagnoses of all cases as one JSON document: those of the report, and nothing else."""
    cases = [{"name": case.name, "diagnoses": list(map(asdict, case.diagnoses))} for case in report.cases]
    tool = {"name": "keyshark", "version": report.version}
    return json.dumps({"schema_version": SCHEMA_VERSION, "tool": tool, "cases": cases}, indent=2) + "\n"


def _case(case: CaseReport) -> str:
    several = len(case.captures) > 1
    count = plural(len(case.diagnoses), "diagnosis" if len(case.diagnoses) == 1 else "diagnose")
    lines = [f"{clean(case.name)}: {count if case.diagnoses else HEALTHY}"]
    for diagnosis in case.diagnoses:
        lines += told(diagnosis, several)
    return "\n".join(lines) + "\n"


def told(diagnosis: Diagnosis, several: bool) -> Iterator[str]:
    """Yield the lines of one diagnosis; `several` says whether frames need the capture they are of."""
    place = f", {frames(diagnosis.evidence, several)}" if diagnosis.evidence else ""
    who = f"{diagnosis.ue}: " if diagnosis.ue else ""
    yield f"  » {who}{diagnosis.symptom} because {diagnosis.cause} ({diagnosis.confidence}){place}"
    yield f"      {clean(diagnosis.message)}"
    if diagnosis.remedy:
        yield f"      → {clean(diagnosis.remedy)}"
