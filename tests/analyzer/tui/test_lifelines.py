from analyzer.tui.cells import Mark
from analyzer.tui.lifelines import bars, mark_of
from analyzer.views.lifelines import ASKED, Bar


def test_a_gap_is_marked_as_what_fails(found):
    index = found("missed_update")
    marks = {bar.label: mark_of(bar) for bar in bars(index, index.sessions[0])}
    assert marks["✗ 000100020001"] is Mark.FAIL
    assert marks["Ks"] is Mark.NONE


def test_what_became_of_a_request_is_seen():
    signs = {outcome: mark_of(Bar("asks", "", verdict=verdict)).sign for outcome, verdict in ASKED.items()}
    assert signs == {"success": "✓", "failure": "✗", "incomplete": "?"}
