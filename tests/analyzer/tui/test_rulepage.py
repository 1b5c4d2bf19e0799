from analyzer.procedures import CATALOGUE
from analyzer.report import Evidence, Judgement, Verdict
from analyzer.tui.rulepage import RULES, rule_page


def test_a_page_says_what_where_why_and_what_to_do(found):
    rule = CATALOGUE[0]
    judgement = Judgement(
        rule.code, rule.name, Verdict.FAIL, "shall", "ue1", "ue1.p1", rule.clause, "seen", rule.remedy,
        (Evidence(0, 7), Evidence(0, 9)),
    )  # fmt: skip
    told = [cell.text for cell in rule_page(found("http_good"), judgement)]
    assert told[0] == f"✗ {rule.code} {rule.name}"
    assert "seen" in told
    assert f"→ {rule.remedy}" in told
    assert "Evidence: frame 7, 9" in told
    assert " ".join(rule.title.split()) in " ".join(told)


def test_every_rule_has_a_page_and_nothing_has_none(found):
    assert set(RULES) == {rule.code for rule in CATALOGUE}
    assert list(rule_page(found("http_good"), None)) == []


def test_a_crash_of_a_rule_shows_its_traceback(found):
    judgement = Judgement("XX-1", "x", Verdict.ERROR, "shall", None, None, "", "failed", "", (), "Traceback\n  line")
    assert [cell.text for cell in rule_page(found("http_good"), judgement)][-2:] == ["Traceback", "  line"]
