"""Fingerprints of findings stay where frames and UEs are numbered anew, and differ where the finding does."""

from dataclasses import replace

from analyzer.report import Evidence, Report
from analyzer.views.broken import broken, line_of


def _fingerprints(case):
    return {finding.judgement.rule: finding.fingerprint for finding in broken(Report("1", (case,)))}


def test_what_is_wrong_is_what_failed_and_what_crashed(report):
    assert [finding.judgement.rule for finding in broken(report)] == ["MS-21", "MS-98", "UB-12"]
    assert {finding.path for finding in broken(report)} == {"story.pcapng"}


def test_numbers_of_frames_and_ues_are_no_part_of_a_fingerprint(case):
    (ue,) = case.ues
    moved = replace(
        case,
        ues=(
            replace(ue, id="ue7", procedures=tuple(replace(p, id=p.id.replace("ue1", "ue7")) for p in ue.procedures)),
        ),
        judgements=tuple(
            j._replace(
                ue=j.ue and "ue7",
                procedure=j.procedure and j.procedure.replace("ue1", "ue7"),
                evidence=(Evidence(0, 900),),
                message="other words",
            )
            for j in case.judgements
        ),
    )
    assert _fingerprints(moved) == _fingerprints(case)


def test_case_rule_and_identity_are(case):
    (ue,) = case.ues
    other = replace(case, ues=(replace(ue, impi=("another@home1.net",)),))
    assert _fingerprints(other)["MS-21"] != _fingerprints(case)["MS-21"]
    assert _fingerprints(other)["UB-12"] == _fingerprints(case)["UB-12"]  # it is of no one UE
    assert _fingerprints(replace(case, name="x")).keys() == _fingerprints(case).keys()
    assert not set(_fingerprints(replace(case, name="x")).values()) & set(_fingerprints(case).values())


def test_the_same_finding_twice_has_two_fingerprints(case):
    again = replace(case, judgements=(*case.judgements, case.judgements[1]))
    assert len({finding.fingerprint for finding in broken(Report("1", (again,)))}) == 4


def test_without_evidence_the_case_is_the_place(case):
    bare = replace(case, judgements=(case.judgements[1]._replace(evidence=()),), captures=())
    (finding,) = broken(Report("1", (bare,)))
    assert (finding.path, line_of(finding.judgement)) == ("story", 1)
