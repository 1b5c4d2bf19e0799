"""Wireshark reads the samples: an eye that is neither the forge's nor the dissectors'."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sample_pcaps.casebook import cases
from sample_pcaps.make import CAPTURE

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
GOOD = [name for name, case in cases().items() if case.good]
TSHARK = shutil.which("tshark")
EXPERT_ERROR = 0x800000

pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


def shown(name, display_filter, *fields):
    asked = [option for field in fields for option in ("-e", field)]
    command = [str(TSHARK), "-n", "-r", str(SAMPLES / name / CAPTURE), "-Y", display_filter]
    told = subprocess.run([*command, "-T", "fields", *asked], capture_output=True, text=True, check=True, timeout=60)
    return [line.split("\t") for line in told.stdout.splitlines()]


@pytest.mark.parametrize("name", GOOD)
def test_no_frame_of_a_good_case_is_malformed(name):
    assert shown(name, f"_ws.malformed || _ws.expert.severity >= {EXPERT_ERROR}", "frame.number") == []


@pytest.mark.parametrize("name", GOOD)
def test_tcp_has_no_gap_and_no_retransmission(name):
    lost = "" if name != "mid_capture" else " && tcp.analysis.flags && frame.number > 2"
    assert shown(name, f"tcp.analysis.flags{lost}", "frame.number") == []


def test_checksums_are_right():
    display_filter = "ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0"
    for preference in ("ip.check_checksum:TRUE", "udp.check_checksum:TRUE", "tcp.check_checksum:TRUE"):
        command = [
            str(TSHARK),
            "-n",
            "-o",
            preference,
            "-r",
            str(SAMPLES / "http_good" / CAPTURE),
            "-Y",
            display_filter,
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        assert told.stdout == ""


def test_each_protocol_is_recognised():
    found = {line[0] for line in shown("http_good", "frame", "frame.protocols")}
    for protocol in ("http", "sip:sdp", "diameter", "mikey"):
        assert any(protocol in protocols for protocols in found), protocol
    assert shown("http_good", "diameter.cmd.code == 310", "diameter.applicationId")[0] == ["16777220"]


def test_mikey_is_read_as_it_was_meant():
    lines = shown("http_good", "mikey.type == 0 && mikey.id.type", "mikey.id.data", "mikey.rand.len")
    assert lines[0] == ["bmsc.home1.net,3aGRjH/C+mtsiHTv3fhMuw==@bsf.home1.net", "16"]
