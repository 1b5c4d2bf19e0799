"""Display filters select the frames that `tshark -Y` selects, over samples and captures of real networks.

Each filter is written once for both where the names are the same; compared are frames of messages that we read, as
Wireshark sees more protocols than we do. A filter that selects nothing anywhere proves nothing: it fails the test.
"""

import os
import subprocess
from collections import defaultdict
from functools import cache

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import find_cases
from analyzer.correlate import bodies
from analyzer.filters import compile_filter
from sample_pcaps import wireshark

SAMPLES = ("http_good", "sip_good", "ipv6")
REAL = ("sip_tcp.pcap", "sip_ipip.pcap", "diameter_tcp_sctp.pcap")
FILTERS = """
sip
http
mikey
diameter
sdp
sip || diameter
sip && sdp
sip.Method == "INVITE"
sip.Method == "INVITE" or sip.Method == "ACK"
sip.Method != "INVITE"
sip.Method in {"INVITE", "BYE", "REGISTER"}
sip.Method matches "^inv"
sip.Method[0:3] == "INV"
sip.Method[-1:] == "E"
sip.Method[0] == "B"
sip.Method[1-2] == "NV"
sip.Status-Code == 200
sip.Status-Code >= 180 && sip.Status-Code < 300
sip.Status-Code in {100..199}
sip.Status-Line
sip.CSeq.seq > 1
sip.CSeq.method == "INVITE" && !(sip.Status-Code == 100)
sip.Call-ID contains "@"
sip.Call-ID matches "[0-9a-f]{4}"
sip.r-uri contains "home1"
sip.Content-Type == "application/sdp"
sip.Via.transport == "UDP"
sip.Content-Length == 0
!(sip.Content-Length == 0) && sip.Request-Line
sip.from.tag[0:1] matches "[a-z0-9]"
http.request.method == "POST"
http.request.method == "GET" || http.response.code == 401
http.response.code == 200
http.response.code != 200
http.host contains "home1.net"
http.authorization
http.www_authenticate contains "nonce"
http.request.uri contains "requesttype"
http.request.uri matches "requesttype=(register|msk)"
http.content_type contains "xml"
mikey.type == 0
mikey.v
mikey.rand
mikey.id.type == 0
mikey.kemac.encr_alg in {0, 1}
mikey.ext.type
mikey.rand.data[0:1] >= 80
mikey.kemac.mac[0:2]
mikey.csb_id > 1000
mikey && udp.dstport == 2269
mikey && ip.dst == 239.0.0.0/8
diameter.flags.request == 1
diameter.flags.request == 0 && diameter.Result-Code == 2001
diameter.cmd.code in {280, 303, 310, 316}
diameter.applicationId > 16777215
diameter.Origin-Host contains "home1"
diameter.Session-Id[0:3] == "bsf" || diameter.Session-Id
diameter.avp.code == 264
sdp.media.port == 5000
sdp.media.media == "audio" || sdp.media.media == "video"
sdp.media.port in {1024..65535}
sdp.connection_info.address
frame.number <= 20 && sip
frame.number in {1..30} && (sip || http || diameter)
frame.number in {5, 11, 13..19} && (sip || http || diameter)
frame.time_relative < 0.25 && (sip || http || diameter)
frame.time_relative >= 0.25 && (sip || http || mikey || diameter)
frame.time >= "2026-01-01 00:00:05" && (sip || http || mikey || diameter)
frame.time_epoch < 1767225601 && (sip || http || mikey)
ip.src == 10.1.0.11 && sip
ip.addr == 10.4.0.1 && (http || diameter)
ip.dst in {10.4.0.1, 10.5.0.1} && http
ipv6 && (sip || http)
tcp && (http || diameter || sip)
udp.port == 5060 && sip
tcp.port == 80 && http
sctp && diameter
sip contains "home1.net"
""".strip().splitlines()

pytestmark = pytest.mark.skipif(wireshark.TSHARK is None, reason="tshark is not installed")


@cache
def captures():
    paths = {name: path for name, path in wireshark.samples().items() if name in SAMPLES}
    return paths | {name: path for name, path in wireshark.real().items() if name in REAL}


@cache
def ours(name):
    """The messages of each frame, as the network sent them: what a key opened, tshark cannot know."""
    (case,) = find_cases([str(captures()[name])])
    analysis = analyse(case)
    found = defaultdict(list)
    for message in analysis.messages:
        if not bodies.is_object(message) and message.protocol in wireshark.PROTOCOLS:
            found[message.frame].append(message)
    return dict(found), analysis.story.traffic.begin


SCRIPT = """
for line in io.lines("{filters}") do
  local text, listener = line, Listener.new("frame", line)
  function listener.packet(pinfo) io.stdout:write(pinfo.number, " ", text, "\\n") end
end
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The frames that tshark selects, by capture and filter: all filters in one run a capture, a tap for each."""
    folder = tmp_path_factory.mktemp("filters")
    (folder / "filters").write_text("\n".join(FILTERS) + "\n")
    (folder / "taps.lua").write_text(SCRIPT.format(filters=folder / "filters"))
    found = defaultdict(set)
    for name, path in captures().items():
        for line in tshark(path, "-q", "-X", f"lua_script:{folder / 'taps.lua'}"):
            number, text = line.split(" ", 1)
            found[name, text].add(int(number))
    return found


def tshark(path, *options):
    command = [wireshark.TSHARK, "-n", "-r", str(path), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=os.environ | {"TZ": "UTC"}
    )
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower()
    return done.stdout.splitlines()


def selected(name, text):
    passes, (messages, begin) = compile_filter(text), ours(name)
    return {frame for frame, found in messages.items() if any(passes(message, begin=begin) for message in found)}


def test_there_are_enough():
    assert len(set(FILTERS)) == len(FILTERS) >= 40


def test_a_tap_selects_what_a_display_filter_selects(theirs):
    text = 'sip.Method[0:3] == "INV"'
    for name, path in captures().items():
        lines = tshark(path, "-Y", text, "-T", "fields", "-e", "frame.number")
        assert {int(line) for line in lines} == theirs[name, text], name


@pytest.mark.parametrize("text", FILTERS)
def test_the_frames_are_those_of_tshark(text, theirs):
    some = set()
    for name in captures():
        messages, _ = ours(name)
        expected = theirs[name, text] & messages.keys()
        assert selected(name, text) == expected, name
        some |= expected
    assert some, "selects nothing anywhere"
