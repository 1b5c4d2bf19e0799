"""The commands on captures of real networks, which lie beside the project."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer import cli

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
TSHARK = shutil.which("tshark")
IMS = "ims_registration_esp_null_gtp.pcapng"
NAMES = (
    IMS, "sip_tcp.pcap", "sip_ipip.pcap", "gtpu_ipv6_vlan_ns.pcap", "diameter_tcp_sctp.pcap", "flute_fdt.pcapng",
)  # fmt: skip
COMMANDS = (
    ("info",),
    ("validate",),
    ("validate", "--strict"),
    ("validate", "--format", "json"),
    ("sessions",),
    ("keys",),
    ("flow",),
    ("packets",),
    ("packets", "--format", "json"),
)

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside the project")


def told(capsys, *args):
    """Run a command that has to succeed in silence."""
    assert cli.run(list(args)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def listed(capsys, name, *args):
    return json.loads(told(capsys, "packets", "--format", "json", *args, str(CAPTURES / name)))


def tshark(name, shown, *fields):
    if TSHARK is None:
        pytest.skip("tshark is not installed")
    asked = [option for field in fields for option in ("-e", field)]
    command = [TSHARK, "-n", "-r", str(CAPTURES / name), "-Y", shown, "-T", "fields", *asked]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    return [tuple(line.split("\t")) for line in lines]


def value(message, name):
    """The first value of a field in a message; a group has none, then it is that of its children."""
    waiting = list(message["fields"])
    while waiting:
        field = waiting.pop(0)
        if field["name"] == name:
            return field["value"]
        waiting[:0] = field["children"]
    return None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_opens_it(command, name, capsys):
    out = told(capsys, *command, str(CAPTURES / name))
    assert out.endswith("\n")
    if "json" in command:
        json.loads(out)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_real_is_called_malformed_damaged_or_wrong(name, capsys):
    (case,) = json.loads(told(capsys, "validate", "--format", "json", str(CAPTURES / name)))["cases"]
    assert case["malformed"] == []
    assert [capture["problems"] for capture in case["captures"]] == [[]]
    assert {judgement["verdict"] for judgement in case["judgements"]} <= {"pass", "inconc"}


@pytest.mark.parametrize("name", NAMES)
def test_as_many_packets_as_tshark_counts(name, capsys):
    (case,) = json.loads(told(capsys, "validate", "--format", "json", str(CAPTURES / name)))["cases"]
    assert case["captures"][0]["packets"] == len(tshark(name, "frame", "frame.number"))


@pytest.mark.parametrize("name", ["sip_tcp.pcap", "sip_ipip.pcap"])
def test_the_sip_messages_that_tshark_finds(name, capsys):
    theirs = tshark(name, "sip", "frame.number", "sip.Call-ID", "sip.CSeq")
    ours = [
        (str(message["frame"]), value(message, "sip.Call-ID"), value(message, "sip.CSeq"))
        for message in listed(capsys, name, "--filter", "sip")
    ]
    assert len(theirs) >= 2
    assert sorted(ours) == sorted(theirs)


def test_the_calls_of_an_ims_registration(capsys):
    """Outside ESP; tshark sees the same ones when it does not look into ESP either."""
    messages = listed(capsys, IMS, "--filter", "sip")
    theirs = {call for (calls,) in tshark(IMS, "sip", "sip.Call-ID") for call in calls.split(",")}
    assert len(messages) > 30
    assert {value(message, "sip.Call-ID") for message in messages} == theirs
    lines = told(capsys, "packets", "--filter", "sip", str(CAPTURES / IMS)).splitlines()
    assert len(lines) == 1 + len(messages)
    assert "REGISTER" in lines[1]


@pytest.mark.parametrize("name", ["diameter_tcp_sctp.pcap", IMS])
def test_diameter_over_tcp_and_sctp_as_tshark_finds_it(name, capsys):
    theirs = tshark(name, "diameter", "frame.number", "diameter.cmd.code", "diameter.hopbyhopid")
    ours = [
        (
            str(message["frame"]),
            str(value(message, "diameter.cmd.code")),
            f"{value(message, 'diameter.hopbyhopid'):#010x}",
        )
        for message in listed(capsys, name, "--filter", "diameter")
    ]
    assert len(ours) >= 8
    assert sorted(ours) == sorted(theirs)


def test_the_key_material_of_a_real_network_is_not_shown(capsys):
    """CK and IK stand in the clear on Cx."""
    secrets = ("d53c02758b376066fad0af7daa6df765", "e1763cf28cc2e584588800193137ec92")
    for command in COMMANDS:
        out = told(capsys, *command, str(CAPTURES / IMS)).lower()
        assert not any(secret in out for secret in secrets), command
