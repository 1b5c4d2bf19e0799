"""The commands on captures of real networks, which lie beside the project."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.keys import digest

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


def tshark(name, shown, *fields, options=()):
    if TSHARK is None:
        pytest.skip("tshark is not installed")
    asked = [option for field in fields for option in ("-e", field)]
    command = [TSHARK, "-n", "-r", str(CAPTURES / name), *options, "-Y", shown, "-T", "fields", *asked]
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
    """Inside ESP too; tshark needs to be told that there is no encryption."""
    messages = listed(capsys, IMS, "--filter", "sip")
    options = ("-o", "esp.enable_null_encryption_decode_heuristic:TRUE")
    theirs = tshark(IMS, "sip", "frame.number", "sip.Call-ID", options=options)
    ours = [(str(message["frame"]), value(message, "sip.Call-ID")) for message in messages]
    assert sorted(ours) == sorted(theirs)
    assert (len(messages), len({call for _, call in ours})) == (48, 4)
    lines = told(capsys, "packets", "--filter", "sip", str(CAPTURES / IMS)).splitlines()
    assert len(lines) == 1 + len(messages)
    assert "REGISTER" in lines[1]


def test_an_ims_registration_counts_each_message_once_and_loses_none(capsys):
    """Every frame in which tshark finds SIP shows a message, first or again; TCP it finds on the first leg alone."""
    options = ("-o", "esp.enable_null_encryption_decode_heuristic:TRUE")
    theirs = {int(frame) for (frame,) in tshark(IMS, "sip", "frame.number", options=options)}
    messages = listed(capsys, IMS, "--filter", "sip")
    again = {message["frame"]: message["again"]["frame"] for message in messages if message["again"]}
    first = [message for message in messages if not message["again"]]
    assert len(first) == 28
    assert len({value(message, "sip.Call-ID") for message in first}) == 4
    assert {frame: again[frame] for frame in (280, 281, 407, 408)} == {280: 279, 281: 279, 407: 406, 408: 406}
    (case,) = json.loads(told(capsys, "validate", "--format", "json", str(CAPTURES / IMS)))["cases"]
    legs = {seen["frame"]: seen["legs"] for seen in case["sightings"]}
    shown = {message["frame"] for message in first} | {leg["frames"][-1] for found in legs.values() for leg in found}
    assert theirs <= shown
    assert [leg["tunnels"][-1:] for leg in legs[460]] == [["ESP"]] * 3  # TCP inside ESP, inside two tunnels and outside
    assert [leg["frames"] for leg in legs[460]] == [[459, 460], [462, 463], [465, 467]]
    assert "sip             28" in told(capsys, "info", str(CAPTURES / IMS))


@pytest.mark.parametrize("keyring", [True, False])
def test_esp_of_an_ims_registration_is_verified(keyring, capsys, tmp_path):
    """Three legs of 14 packets, under the IK of a keyring, or of Cx and the headers of the registration."""
    sas = "".join(
        f'[[esp.sa]]\nspi = {spi}\nintegrity = "hmac-md5-96"\nintegrity_key = "e1763cf28cc2e584588800193137ec92"\n'
        for spi in (101, 25656, 25657)
    )
    path = tmp_path / "keyring.toml"
    path.write_text(sas if keyring else "")
    path.chmod(0o600)
    lines = told(capsys, "info", "--keys", str(path), str(CAPTURES / IMS)).splitlines()
    opened = dict(line.rsplit(maxsplit=1) for line in lines if line.startswith("ESP"))
    assert opened == {
        f"ESP with NULL encryption, HMAC-MD5-96 verified, SPI 0x{spi}": count
        for spi, count in (("00000065", "21"), ("00006438", "18"), ("00006439", "3"))
    }


def test_the_digest_inside_esp_is_that_of_res(capsys):
    """RFC 3310 3.3 with auth-int; the XRES stands in the clear on Cx."""
    (message,) = (message for message in listed(capsys, IMS, "--filter", "sip") if message["frame"] == 460)
    nonce, cnonce = "oJRMdf88TwhTovkQqh8QT8bi9GyPQoAAfzu5uEt8P/Y=", "a61fbe8516b77984b522256da5f7c32f"
    realm, uri = "ims.mnc001.mcc001.3gppnetwork.org", "sip:ims.mnc001.mcc001.3gppnetwork.org"
    ha1 = digest.ha1(username=f"001011234567893@{realm}", realm=realm, password=bytes.fromhex("17447172f62cf13e"))
    asked = {"method": "REGISTER", "uri": uri, "nonce": nonce, "qop": "auth-int", "nc": "00000001", "cnonce": cnonce}
    assert digest.response(ha1=ha1, **asked) in value(message, "sip.Authorization")


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
