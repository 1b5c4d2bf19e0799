"""HTTP/2 and SIP over WebSocket, whose messages lie in octets that Wireshark has to decode as well: by name and value."""

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from dissectors import tree

SAMPLES = Path(__file__).parents[2] / "sample_pcaps"
TSHARK = shutil.which("tshark")
HTTP2 = (
    "http2.headers.method", "http2.headers.path", "http2.headers.authority", "http2.headers.status",
    "http2.headers.authorization", "http2.headers.content_type", "http2.headers.user_agent", "http2.headers.server",
    "http2.headers.www_authenticate",
)  # fmt: skip
SIP = ("sip.Method", "sip.Status-Code", "sip.Call-ID", "sip.CSeq", "sip.Via.branch", "sip.from.tag", "sip.Content-Type")

pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


def theirs(name, protocol, fields):
    """The values of fields by frame, as tshark has them."""
    asked = [option for field in fields for option in ("-e", field)]
    command = [str(TSHARK), "-n", "-r", str(SAMPLES / name / "capture.pcapng"), "-Y", protocol, "-T", "fields"]
    told = subprocess.run(
        [*command, "-E", "aggregator=|", "-e", "frame.number", *asked],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    found = {}
    for line in told.splitlines():
        frame, *values = line.split("\t")
        shown = {field: sorted(value.split("|")) for field, value in zip(fields, values, strict=True) if value}
        if shown:
            found[int(frame)] = shown
    return found


def ours(name, protocol, fields):
    (case,) = find_cases([str(SAMPLES / name)])
    found = defaultdict(lambda: defaultdict(list))
    for message in analyse(case).messages:
        if message.protocol == protocol:
            for outer in tree(message):
                for field in outer.walk():
                    if field.name in fields:
                        found[message.frame][field.name].append(str(field.value))
    return {frame: {name: sorted(values) for name, values in shown.items()} for frame, shown in found.items()}


def test_http2_says_what_wireshark_reads():
    here, there = ours("over_http2", "http", HTTP2), theirs("over_http2", "http2", HTTP2)
    assert here == there
    assert len(here) == 12
    assert {name for shown in here.values() for name in shown} == set(HTTP2)


def test_sip_over_websocket_says_what_wireshark_reads():
    here, there = ours("sip_over_websocket", "sip", SIP), theirs("sip_over_websocket", "sip", SIP)
    assert here == there
    assert len(here) == 28
