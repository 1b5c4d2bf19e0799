"""A good story is good however little of it a capture shows: what is not seen is held against nobody."""

import random
from ipaddress import ip_address
from itertools import combinations

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.report import Verdict
from sample_pcaps.casebook import cases
from sample_pcaps.forge import pcapng
from sample_pcaps.stage import MIKEY_PORT

CASES = cases()
CUTS = 24  # of each story, on each side
LOSS_STEP = 3  # every third packet is lost once


def blamed(packets, keys, folder):
    (folder / "capture.pcapng").write_bytes(pcapng(packets))
    keyring = folder / "keyring.toml"
    keyring.write_text(keys)
    keyring.chmod(0o600)
    report = analyse(CaseFiles("cut", (str(folder / "capture.pcapng"),), (str(keyring),))).report
    return [(j.rule, j.message, j.traceback) for j in report.judgements if j.verdict in {Verdict.FAIL, Verdict.ERROR}]


def is_verification(frame):
    """A MIKEY message of data type 1 over UDP: when it is lost, nobody can tell that the UE has sent it."""
    return frame[23] == 17 and frame[36:38] == MIKEY_PORT.to_bytes(2, "big") and frame[43] == 1


@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6", "missed_update", "download_good"])
@pytest.mark.parametrize("side", ["begins", "ends"])
def test_good_story_cut_anywhere_breaks_no_rule(name, side, tmp_path):
    story = CASES[name].tell()
    packets = story.tape.sorted()
    for n in range(1, CUTS):
        at = len(packets) * n // CUTS + n % 3
        part = packets[at:] if side == "begins" else packets[:at]
        assert blamed(part, story.keyring(runs=True), tmp_path) == [], f"{side} at frame {at}"


@pytest.mark.parametrize("name", ["http_good", "sip_good", "download_good"])
def test_good_story_with_a_packet_lost_breaks_no_rule(name, tmp_path):
    story = CASES[name].tell()
    packets = story.tape.sorted()
    keys = story.keyring(runs=True)
    for lost in range(0, len(packets), LOSS_STEP):
        if not is_verification(packets[lost][1]):
            assert blamed(packets[:lost] + packets[lost + 1 :], keys, tmp_path) == [], f"without frame {lost + 1}"


def test_a_download_of_which_much_is_lost_breaks_no_rule(tmp_path):
    """Of FLUTE anything may be lost, an object of one packet in every turn of the carousel too."""
    story, chance = CASES["download_good"].tell(), random.Random(7)
    packets = story.tape.sorted()
    sent = [packet for packet in packets if story.addresses.group in ends(packet[1])]
    for lost in range(1, len(sent)):
        gone = chance.sample(sent, lost)
        left = [packet for packet in packets if packet not in gone]
        assert blamed(left, story.keyring(), tmp_path) == [], f"{lost} lost"


def ends(frame):
    return {str(ip_address(frame[26:30])), str(ip_address(frame[30:34]))}


@pytest.mark.parametrize("name", ["http_good", "sip_good", "download_good"])
@pytest.mark.parametrize("with_keys", [True, False], ids=["keys", "no keys"])
def test_good_story_seen_by_any_probe_breaks_no_rule(name, with_keys, tmp_path):
    story = CASES[name].tell()
    packets = story.tape.sorted()
    at = story.addresses
    hosts = (story.ue.ip, at.p_cscf, at.scf, at.bm_sc, at.bsf, at.group)
    keys = story.keyring(runs=True) if with_keys else ""
    for size in (1, 2):
        for chosen in combinations(hosts, size):
            seen = [packet for packet in packets if ends(packet[1]) & set(chosen)]
            unseen = [packet for packet in packets if not ends(packet[1]) & set(chosen)]
            assert blamed(seen, keys, tmp_path) == [], f"a probe at {chosen}"
            assert blamed(unseen, keys, tmp_path) == [], f"no probe at {chosen}"
