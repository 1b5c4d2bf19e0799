"""Findings are known again when frames and UEs are numbered anew, and what is new is not."""

import pytest

from analyzer.analysis import Options, analyse
from analyzer.capture.case import CaseFiles
from analyzer.findings import KNOWN, countable, fingerprints, name_of, without_known
from analyzer.report import Judgement, UeReport, Verdict
from sample_pcaps.forge import pcapng
from sample_pcaps.story import Story


def judgement(rule="MS-16", verdict=Verdict.FAIL, ue="ue1", level="shall", waived=None, frame=1):
    return Judgement(rule, "n", verdict, level, ue, None, "", f"frame {frame}", "", (), waived=waived)


def ue(id_="ue1", impi=("a@b",), impu=(), b_tid=(), addresses=("10.0.0.1",)):
    return UeReport(id_, impi, impu, b_tid, addresses, (), (), ())


ONE = (ue(),)


def marks(judgements, ues=ONE, name="case"):
    return [finding.fingerprint for _, finding in fingerprints(name, ues, judgements)]


def test_numbers_of_frames_and_ues_say_nothing():
    assert marks([judgement(frame=1)]) == marks([judgement(ue="ue7", frame=99)], [ue("ue7")])


def test_what_is_made_of_what():
    base = marks([judgement()])
    for other in (
        marks([judgement(rule="MS-17")]),
        marks([judgement(verdict=Verdict.INCONC)]),
        marks([judgement()], [ue(impi=("c@d",))]),
        marks([judgement()], name="other"),
        marks([judgement(ue=None)]),
    ):
        assert other != base
    assert marks([judgement(), judgement(frame=2)])[0] == base[0]
    assert len(set(marks([judgement(), judgement(frame=2)]))) == 2
    assert marks([judgement(verdict=Verdict.PASS), judgement(verdict=Verdict.NONE)]) == []
    assert all(len(mark) == 32 for mark in base)


def test_a_ue_is_known_by_its_first_identity():
    assert name_of(ue()) == "a@b"
    assert name_of(ue(impi=(), impu=("sip:x",))) == "sip:x"
    assert name_of(ue(impi=(), b_tid=("t",))) == "t"
    assert name_of(ue(impi=())) == "10.0.0.1"
    assert name_of(ue(impi=(), addresses=())) == ""


def test_what_is_known_does_not_count_and_a_crash_always_does(sample):
    report = sample("msk_under_another_muk").report
    known = frozenset(finding.fingerprint for finding in countable(report))
    told = without_known(report, known)
    assert told.verdict is Verdict.PASS
    assert {each.waived for each in told.judgements if each.verdict in (Verdict.FAIL, Verdict.INCONC)} == {KNOWN, None}
    assert countable(told) == countable(report)  # a baseline may be written again
    assert without_known(report, frozenset()) is report
    crashed = report.__class__("case", Verdict.ERROR, (), (ue(),), (judgement(verdict=Verdict.ERROR),), (), (), ())
    assert without_known(crashed, frozenset(marks(crashed.judgements))) == crashed


def test_notes_and_waivers_are_no_part_of_a_baseline(sample):
    case = sample("http_good").report.__class__(
        "case", Verdict.FAIL, (), (ue(),),
        (judgement(), judgement("MS-17", level="info"), judgement("MS-18", waived="for a reason")), (), (), (),
    )  # fmt: skip
    assert [finding.rule for finding in countable(case)] == ["MS-16"]


@pytest.fixture
def told_twice(tmp_path):
    """A story with a fault, and the same after other UEs and other packets."""

    def story(before):
        made = Story("findings", by_sip=False, ues=3)
        made.at(0)
        for one in made.ues[: 3 if before else 1]:
            made.bootstrap(one)
            made.invite(one)
            made.register(one)
        made.msk(made.ues[0], muk=bytes(32), verify=False)
        return made

    reports = []
    for before in (False, True):
        made = story(before)
        path, keys = tmp_path / "x.pcapng", tmp_path / f"{before}.toml"
        packets = [(0, b"noise" * 20)] * 5 if before else []
        path.write_bytes(pcapng([*packets, *made.tape.sorted()]))
        keys.write_text(made.keyring())
        keys.chmod(0o600)
        reports.append(analyse(CaseFiles("x", (str(path),), (str(keys),)), Options(select=("MS-16",))).report)
    return reports


def test_a_finding_survives_frames_and_ues_that_are_numbered_anew(told_twice):
    first, second = (countable(report) for report in told_twice)
    assert first
    assert {finding.fingerprint for finding in first} == {finding.fingerprint for finding in second}
    frames = [report.judgements[0].evidence for report in told_twice]
    assert frames[0] != frames[1]
