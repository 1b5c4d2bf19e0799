from dataclasses import replace

import pytest

from analyzer.analysis import Options, analyse
from analyzer.keys.keyring import load_keyring
from analyzer.report import Verdict
from analyzer.tui.effects import Change, effect, told


@pytest.fixture(scope="module")
def shut():
    """A sample without its keyring, and the keyring."""
    from analyzer.capture.case import find_cases

    (case,) = find_cases(["sample_pcaps/http_good"])
    return analyse(replace(case, keyrings=())), load_keyring(case.keyrings[0])


def test_more_keys_give_what_the_keyring_gives_from_the_begin(shut):
    before, ring = shut
    after = before.with_keys(ring)
    whole = analyse(before.case, Options(typed=ring))
    assert after.report == whole.report
    assert after.keyring.ues == ring.ues
    assert before.with_keys is not None


def test_what_a_key_opens_and_changes_is_counted(shut):
    before, ring = shut
    found = effect(before, before.with_keys(ring))
    assert {name: new - old for name, old, new in found.counts} == {"keys known": 2, "digests verified": 2}
    assert Change("UB-05", "ue1.p1", Verdict.INCONC, Verdict.PASS) in found.changes
    lines = [cell.text for cell in told(found)]
    assert any(line.startswith("✓ digests verified: ") for line in lines)
    assert "  UB-05 ue1.p1: ? inconc → ✓ pass" in lines


def test_what_is_taken_back_is_seen_too(shut):
    before, ring = shut
    lines = [cell.text for cell in told(effect(before.with_keys(ring), before))]
    assert any(line.startswith("! digests verified: ") for line in lines)


def test_a_key_that_opens_nothing_says_so(shut):
    before, _ = shut
    found = effect(before, before)
    assert found.is_nothing
    assert [cell.tone for cell in told(found)] == ["warn", "dim"]
