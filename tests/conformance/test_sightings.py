"""Every row of the table of legs in docs/captures.md: two sightings are one message, and tshark sees it in both."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture import linktypes
from analyzer.capture.case import CaseFiles
from sample_pcaps import forge_esp
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import SECOND, Connection, Tape, checksum, pcapng, udp

DOCS = Path(__file__).parents[2] / "docs" / "captures.md"
TSHARK = shutil.which("tshark")
UE, CSCF = "10.45.0.2", "10.0.0.2"
MS = 10**6


def sip(number, call=1):
    return (
        "OPTIONS sip:bm-sc.example.com SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP ue.example.com;branch=z9hG4bK{number}\r\n"
        "From: <sip:ue@example.com>;tag=1\r\nTo: <sip:bm-sc@example.com>\r\n"
        f"Call-ID: call{call}@example.com\r\nCSeq: {number} OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def routed(packet):
    """The packet one hop on."""
    head = packet[:8] + bytes((packet[8] - 1,)) + packet[9:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + packet[20:]


DATAGRAMS = [udp(UE, 5060, CSCF, 5060, sip(number)) for number in range(1, 8)]


def segments():
    tape = Tape()
    connection = Connection(tape, UE, 5062, CSCF, 5060)
    at = connection.open(0)
    for number in range(1, 8):
        at = connection.send(at + 1000, sip(number) + sip(number, 2), by_client=True)
    return [frame[14:] for _, frame in tape.sorted()]


def esp():
    sa = forge_esp.Sa(257, mac="sha1", mac_key=bytes(20))
    return [forge_esp.transport(sa, number, packet, UE, CSCF) for number, packet in enumerate(DATAGRAMS, 1)]


def gtp():
    return [forge.in_udp(2152, forge.gtp(packet)) for packet in DATAGRAMS]


E, SLL = (linktypes.EN10MB, forge.frame), (linktypes.LINUX_SLL, forge.sll)
# Link layer, packets as they are seen first and then, and messages in all
ROWS = {
    "any-interface capture": (SLL, DATAGRAMS, [routed(packet) for packet in DATAGRAMS], 7),
    "mirrored ports": (E, DATAGRAMS, DATAGRAMS, 7),
    "GTP-U and SGi": (E, gtp(), DATAGRAMS, 7),
    "ESP and inner packet": (SLL, esp(), DATAGRAMS, 7),
    "two captures": (E, DATAGRAMS, [routed(packet) for packet in DATAGRAMS], 7),
    "TCP segments": (SLL, segments(), [routed(packet) for packet in segments()], 14),
}


def captures(folder, name):
    """Write what a row shows: one capture, or two of which the second is 3 s behind."""
    (link_type, wrap), first, then, _ = ROWS[name]
    if name == "two captures":
        sent = [(number * SECOND, wrap(packet)) for number, packet in enumerate(first, 10)]
        got = [(number * SECOND - 3 * SECOND + 20 * MS, wrap(packet)) for number, packet in enumerate(then, 10)]
        made = [pcapng(sent), pcapng(got)]
    else:
        made = [forge.pcapng_of((link_type, wrap(packet)) for pair in zip(first, then, strict=True) for packet in pair)]
    paths = []
    for number, octets in enumerate(made):
        paths.append(folder / f"{number}.pcapng")
        paths[-1].write_bytes(octets)
    return tuple(map(str, paths))


def test_every_row_of_the_documentation_is_proven_here():
    table = DOCS.read_text().partition("| Legs |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| ([^|]+?) +\|", table, flags=re.M) == list(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_two_sightings_are_one_message(name, tmp_path):
    analysis = analyse(CaseFiles(name, captures(tmp_path, name)))
    report, messages = analysis.report, analysis.story.traffic.messages
    assert len(messages) == ROWS[name][3]
    assert len(analysis.story.traffic.exchanges) == len(messages)
    assert [len(told.legs) for told in report.sightings] == [2] * len(messages)
    assert [(told.capture, told.frame) for told in report.sightings] == [
        (m.payload.capture, m.payload.frame) for m in messages
    ]
    shown = {(leg.capture, frame) for told in report.sightings for leg in told.legs for frame in leg.frames}
    listed = {(m.payload.capture, m.payload.frame) for m in analysis.messages}
    assert listed <= shown


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("name", [name for name in ROWS if name != "TCP segments"])  # it calls them sent again
def test_tshark_sees_it_in_both(name, tmp_path):
    found = []
    for path in captures(tmp_path, name):
        command = [str(TSHARK), "-n", "-o", "esp.enable_null_encryption_decode_heuristic:TRUE", "-r", path]
        done = subprocess.run(
            [*command, "-T", "fields", "-e", "sip.CSeq.seq"], capture_output=True, text=True, check=True, timeout=60
        )
        found += [int(line) for line in done.stdout.split()]
    assert sorted(found) == sorted([*range(1, 8)] * 2)
