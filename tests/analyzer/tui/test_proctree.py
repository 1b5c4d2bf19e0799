from analyzer.report import Judgement
from analyzer.tui.cells import Mark
from analyzer.tui.model import mark_of
from analyzer.tui.proctree import procedure_nodes


def text(node):
    return "".join(cell.text for cell in node.line).strip()


def walk(nodes):
    for node in nodes:
        yield node
        yield from walk(node.children)


def test_every_procedure_with_its_steps_and_rules(found):
    index = found("http_good")
    session = index.sessions[0]
    nodes = procedure_nodes(index, session)
    runs = index.runs_of(session)
    assert [text(node).split()[1] for node in nodes] == [run.procedure.kind for _, run in runs]
    for node, (name, run) in zip(nodes, runs, strict=True):
        targets = [each.target for each in walk(node.children)]
        for message in run.messages:
            assert (message.payload.capture, message.frame) in targets
        judged = [target for target in targets if isinstance(target, Judgement)]
        assert sorted(each.rule for each in judged) == sorted(each.rule for each in index.judgements.get(name, ()))


def test_what_failed_is_open_and_comes_before_what_passed(found):
    index = found("mtk_outside_window")
    nodes = procedure_nodes(index, index.sessions[0])
    failed = [node for node in nodes if node.mark is Mark.FAIL]
    assert len(failed) == 1
    assert failed[0].open
    assert not any(node.open for node in nodes if node.mark is Mark.PASS)
    marks = [mark_of(node.target) for node in walk(failed[0].children) if isinstance(node.target, Judgement)]
    assert marks == sorted(marks, reverse=True)
