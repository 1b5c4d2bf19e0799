"""The load: UEs that register, are refreshed and fail, and a table that says how it grows."""

import pytest

from benchmarks.load import EVERY_LOST, EVERY_WRONG, measured, story, table, too_much
from benchmarks.run import Figures


def figures(cpu, memory):
    return Figures([cpu], [cpu], memory)


def test_most_are_refreshed_and_some_fail(tell):
    analysis = tell(story(EVERY_LOST))
    failed = {judgement.ue for judgement in analysis.report.judgements if judgement.verdict.name == "FAIL"}
    assert 0 < len(failed) <= EVERY_LOST // EVERY_WRONG + 1
    assert len(analysis.messages) / EVERY_LOST >= 75  # so that 2,000 UEs are 150,000 messages


def test_a_load_is_measured(tmp_path):
    messages, found = measured(1, tmp_path)
    assert messages >= 75
    assert found.cpu[0] > 0
    assert found.memory > 0


def test_rows_stand_beside_those_before():
    lines = list(table({250: (10, figures(2.0, 100_000_000)), 500: (20, figures(5.0, 150_000_000))}))
    assert lines[2:] == ["| 250 | 10 | 2.0 | 2.0 |  | 100 |  |", "| 500 | 20 | 5.0 | 5.0 | 2.50 | 150 | 1.50 |"]


@pytest.mark.parametrize(
    ("cpu", "memory", "wrong"), [(4.0, 2.0, []), (4.5, 2.0, [500]), (2.0, 2.5, [500]), (1.0, 1.0, [])]
)
def test_what_grows_faster_than_ues_is_told(cpu, memory, wrong):
    found = {250: (1, figures(2.0, 1_000_000)), 500: (1, figures(cpu, round(memory * 1_000_000)))}
    assert too_much(found) == wrong
