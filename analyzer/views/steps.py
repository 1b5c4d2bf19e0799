"""Steps of the key arithmetic as a table or as JSON: a view that is asked for keys, and shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from analyzer.keys.steps import Step
from analyzer.views.tables import Table


def table(steps: Iterable[Step]) -> Table:
    """One row a value; hex of octets is never broken."""
    rows = tuple((step.name, text(step), step.clause) for step in steps)
    return Table(("step", "value", "clause"), rows, folded=frozenset({"clause"}))


def as_json(name: str, steps: Iterable[Step]) -> str:
    """One document: what was derived, and its steps in their order."""
    told = [{"name": step.name, "value": text(step), "clause": step.clause} for step in steps]
    return json.dumps({"derived": name, "steps": told}, indent=2) + "\n"


def text(step: Step) -> str:
    return step.value.hex() if isinstance(step.value, bytes) else step.value
