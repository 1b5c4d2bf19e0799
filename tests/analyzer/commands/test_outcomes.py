"""Exit codes of commands that judge, and their order."""

import itertools

import pytest

from analyzer.batch import Fault, Outcome, note
from analyzer.codes import UNREADABLE, USAGE
from analyzer.commands.outcomes import FAILED, NOTHING, exit_code
from analyzer.report import CaptureReport, CaseReport, Judgement, Verdict


def outcome(*judgements, fault=0, problems=(), truncated=False, verdict=None):
    """A case with judgements, given as (verdict, level)."""
    capture = CaptureReport("x", "pcap", 1, 1, 0.0, 0.0, (), truncated, problems)
    found = tuple(Judgement("MS-01", "n", v, level, None, None, "", "", "", ()) for v, level in judgements)
    worst = max((v for v, level in judgements if level != "info"), default=Verdict.NONE) if verdict is None else verdict
    report = CaseReport("x", worst, (capture,), (), found, (), (), ())
    return note(Outcome(report, Fault(fault, "text", "trace") if fault else None))


GOOD = outcome((Verdict.PASS, "shall"))
EMPTY = outcome()
SHALL = outcome((Verdict.PASS, "shall"), (Verdict.FAIL, "shall"))
SHOULD = outcome((Verdict.FAIL, "should"))
INFO = outcome((Verdict.FAIL, "info"), (Verdict.INCONC, "info"), (Verdict.PASS, "shall"))
UNCLEAR = outcome((Verdict.INCONC, "shall"))
UNCLEAR_SHOULD = outcome((Verdict.INCONC, "should"))
CRASHED = outcome((Verdict.ERROR, "info"))
DAMAGED = outcome((Verdict.PASS, "shall"), problems=("cut",))
TRUNCATED = outcome((Verdict.FAIL, "shall"), truncated=True)
KEYRING = outcome(fault=USAGE, problems=("keyring",), verdict=Verdict.ERROR)
MISSING = outcome(fault=UNREADABLE, problems=("missing",), verdict=Verdict.ERROR)


@pytest.mark.parametrize(
    ("outcomes", "options", "code"),
    [
        ([GOOD], {}, 0),
        ([], {}, 0),
        ([], {"fail_if_empty": True}, NOTHING),
        ([EMPTY], {}, 0),
        ([EMPTY, EMPTY], {"fail_if_empty": True}, NOTHING),
        ([EMPTY, GOOD], {"fail_if_empty": True}, 0),
        ([SHALL], {}, FAILED),
        ([SHALL], {"fail_on": "shall"}, FAILED),
        ([SHOULD], {}, FAILED),
        ([SHOULD], {"fail_on": "shall"}, 0),
        ([INFO], {"strict": True}, 0),
        ([UNCLEAR], {}, 0),
        ([UNCLEAR], {"strict": True}, FAILED),
        ([UNCLEAR_SHOULD], {"strict": True, "fail_on": "shall"}, 0),
        ([CRASHED], {}, UNREADABLE),
        ([DAMAGED], {}, UNREADABLE),
        ([TRUNCATED], {}, UNREADABLE),
        ([KEYRING], {}, USAGE),
        ([MISSING], {}, UNREADABLE),
        ([KEYRING], {"fail_if_empty": True}, USAGE),
        ([KEYRING, DAMAGED], {}, UNREADABLE),
    ],
)
def test_the_exit_code_is_that_of_the_contract(outcomes, options, code):
    given = {"fail_on": "should", "strict": False, "fail_if_empty": False} | options
    assert exit_code(outcomes, **given) == code


ORDER = {UNREADABLE: MISSING, USAGE: KEYRING, FAILED: SHALL, 0: GOOD}


@pytest.mark.parametrize("found", [c for n in (2, 3, 4) for c in itertools.permutations(ORDER, n)])
def test_of_several_3_wins_then_2_then_1(found):
    worst = next(code for code in ORDER if code in found)
    assert exit_code([ORDER[code] for code in found], "should", strict=True, fail_if_empty=True) == worst
