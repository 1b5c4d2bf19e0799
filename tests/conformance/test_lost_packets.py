"""A capture that says that it lost packets blames nobody for silence."""

import struct
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyse
from analyzer.capture.case import CaseFiles

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
SILENT = {  # sample → the rule that fails there for what is not in the capture
    "authorization_missing": "SI-13", "challenge_unanswered": "DG-11", "msk_request_not_served": "RG-10",
    "pull_unanswered": "MS-28", "registration_without_an_msk": "RG-04", "unknown_mki_never_asked_for": "SR-11",
    "deregistration_at_another_server": "RG-03", "deregistration_from_another_address": "RG-14",
    "bootstrapping_for_each_use": "UB-15", "bootstrapping_after_the_invite": "UB-16",
    "verification_missing": "MS-19", "mki_of_an_mtk_never_sent": "SR-01", "mtk_under_unknown_msk": "MT-04",
}  # fmt: skip


def statistics(order: str, dropped: int) -> bytes:
    """An Interface Statistics Block with packets that the system dropped."""
    body = struct.pack(f"{order}III", 0, 0, 0) + struct.pack(f"{order}HHQ", 7, 8, dropped) + bytes(4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", 5) + size + body + size


def told(name: str, folder: Path, dropped: int) -> Analysis:
    (sample,) = (SAMPLES / name).glob("*.pcapng")
    path = folder / "capture.pcapng"
    path.write_bytes(sample.read_bytes() + statistics("<", dropped))
    return analyse(CaseFiles(name, (str(path),), (str(SAMPLES / name / "keyring.toml"),)))


@pytest.mark.parametrize("name", SILENT)
def test_what_is_missing_may_have_been_lost(name: str, tmp_path: Path) -> None:
    def verdicts(dropped: int) -> dict[str, str]:
        found = told(name, tmp_path, dropped).report
        assert [capture.problems for capture in found.captures] == [()]
        judged = [j for j in found.judgements if j.rule == SILENT[name] and str(j.verdict) in ("fail", "inconc")]
        return {str(j.verdict): j.message for j in judged}

    assert "fail" in verdicts(0)
    lost = verdicts(7)
    assert "fail" not in lost
    assert "lost 7 packets" in lost["inconc"]


def test_what_is_wrong_in_what_is_there_stays_wrong(tmp_path: Path) -> None:
    found = told("msk_under_another_muk", tmp_path, 7)
    assert {j.rule for j in found.report.judgements if str(j.verdict) == "fail"} == {"MS-16"}
