"""A good story is good from wherever its capture begins and wherever it ends: what is not seen is held against nobody."""

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.report import Verdict
from sample_pcaps.casebook import cases
from sample_pcaps.forge import pcapng

CASES = cases()
CUTS = 24  # of each story, on each side


def blamed(packets, story, folder):
    (folder / "capture.pcapng").write_bytes(pcapng(packets))
    keyring = folder / "keyring.toml"
    keyring.write_text(story.keyring(runs=True))
    keyring.chmod(0o600)
    report = analyse(CaseFiles("cut", (str(folder / "capture.pcapng"),), (str(keyring),))).report
    return [(j.rule, j.message, j.traceback) for j in report.judgements if j.verdict in {Verdict.FAIL, Verdict.ERROR}]


@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6", "missed_update"])
@pytest.mark.parametrize("side", ["begins", "ends"])
def test_good_story_cut_anywhere_breaks_no_rule(name, side, tmp_path):
    story = CASES[name].tell()
    packets = story.tape.sorted()
    for n in range(1, CUTS):
        at = len(packets) * n // CUTS + n % 3
        part = packets[at:] if side == "begins" else packets[:at]
        assert blamed(part, story, tmp_path) == [], f"{side} at frame {at}"
