"""The procedures of a UE as an outline: its steps, and the rules that looked at it, the worst first."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.correlate.sessions import Session
from analyzer.judging import Run
from analyzer.report import Judgement
from analyzer.tui.cells import Cell, Mark
from analyzer.tui.model import Index, counts, mark_of
from analyzer.tui.outline import Node
from analyzer.views.ink import plural

OUTCOME_TONES = {"success": "good", "failure": "bad", "incomplete": "warn"}


def procedure_nodes(found: Index, session: Session) -> tuple[Node, ...]:
    """Return a node a procedure, opened where something is wrong with it."""
    return tuple(_procedure(found, name, run) for name, run in found.runs_of(session))


def _procedure(found: Index, name: str, run: Run) -> Node:
    mark = found.run_mark(name, run)
    judgements = sorted(found.judgements.get(name, ()), key=mark_of, reverse=True)
    line = (
        Cell(f"{mark.sign} ", mark.tone),
        Cell(f"{run.procedure.kind} ", "accent"),
        Cell(f"{run.outcome} ", OUTCOME_TONES.get(run.outcome, "")),
        Cell(f"{counts([mark_of(each) for each in judgements])} " if judgements else "no rule "),
        Cell(run.procedure.clause, "dim"),
    )
    rules = [_rule(each) for each in judgements]
    # What passed is one line, so that what did not stands out.
    passed = [node for node in rules if node.mark is Mark.PASS]
    if len(passed) > 1:
        rules = [node for node in rules if node.mark is not Mark.PASS]
        line_passed = (Cell(f"{Mark.PASS.sign} ", Mark.PASS.tone), Cell(f"{len(passed)} rules passed", "dim"))
        rules.append(Node(line_passed, passed, None, Mark.PASS, name=f"{name}/passed"))
    children = (*_steps(found, run), *rules)
    return Node(line, children, run.first_frame, mark, name=name, open=mark > Mark.UNSURE)


def _steps(found: Index, run: Run) -> Iterator[Node]:
    steps = sorted(
        ((message.time, message.frame, step, message) for step, messages in run.steps.items() for message in messages),
        key=lambda each: each[:2],
    )
    for _, _, step, message in steps:
        mark, place = found.mark(message), (message.payload.capture, message.frame)
        line = (
            Cell(f"{mark.sign} ", mark.tone),
            Cell(f"{step} "),
            Cell(f"frame {found.number(place)} ", "dim"),
            Cell(bodies.summary(message), "dim"),
        )
        yield Node(line, (), place, mark if mark > Mark.PASS else Mark.NONE)
    for group in run.media:
        place = (group.capture, group.frame)
        mki = "in the clear" if group.mki is None else f"MKI {group.mki.hex()}"
        words = f"{plural(group.packets, 'packet')} to {group.destination}:{group.port}, {mki}"
        line = (Cell("  "), Cell("media "), Cell(f"frame {found.number(place)} ", "dim"), Cell(words, "dim"))
        yield Node(line, (), place)


def _rule(judgement: Judgement) -> Node:
    mark = mark_of(judgement)
    line = (
        Cell(f"{mark.sign} ", mark.tone),
        Cell(f"{judgement.rule} ", "accent"),
        Cell(judgement.message, "dim" if mark is Mark.PASS else ""),
    )
    return Node(line, (), judgement, mark)
