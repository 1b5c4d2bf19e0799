"""One frame by itself: what its headers say, and that every octet belongs to a field, whatever the octets are."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.capture.reader import open_capture
from analyzer.decode.headers import Stream, read_headers
from sample_pcaps.forge import ethernet, udp
from sample_pcaps.forge_srtp import rtp_header

REAL = Path(__file__).parents[4] / "shared" / "captures"
SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
ENDS = ("10.0.0.1", "10.0.0.2")


def frame(data, link_type=linktypes.EN10MB):
    return Frame(0, 1, 0, link_type, data, len(data))


def datagram(sport, dport, body, ends=ENDS):
    return read_headers(frame(ethernet(*ends, udp(ends[0], sport, ends[1], dport, body))))


def covered(found, size):
    at = 0
    for each in found.fields:
        assert each.start == at, each.name
        at = each.end
        inside = each.start
        for child in each.children:
            assert each.start <= child.start < child.end <= each.end
            assert child.start >= inside
            inside = child.start
    assert at == size


def test_a_datagram_that_nobody_knows():
    found = datagram(4000, 4001, b"\x01\x02\x03")
    assert (found.source, found.destination, found.protocol) == (*ENDS, "UDP")
    assert found.info == found.datagram == "4000 → 4001, 3 octets"
    assert [each.name for each in found.fields] == ["eth", "ip", "udp", "data"]
    assert found.body == 42
    assert {each.name: each.value for outer in found.fields for each in outer.children}["udp.dstport"] == 4001


def test_media_name_their_stream():
    body = rtp_header(seq=7, timestamp=0, ssrc=0x5EED) + bytes(20)
    found = datagram(5000, 5000, body, ("10.0.0.1", "239.1.2.3"))
    assert found.protocol == "RTP"
    assert found.info == "SSRC 0x00005eed, seq 7, payload type 96, port 5000"
    assert found.stream == Stream("239.1.2.3", 5000, 0x5EED, False) == ("239.1.2.3", 5000, 0x5EED, False)
    assert found.datagram == "5000 → 5000, 32 octets"
    assert datagram(53, 5000, body).protocol == "UDP"


def test_a_message_names_its_protocol_and_first_line():
    found = datagram(5060, 5060, b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n")
    assert (found.protocol, found.info) == ("SIP", "OPTIONS sip:a@b SIP/2.0")


@pytest.mark.parametrize(
    ("data", "protocol", "info"),
    [
        (bytes(12) + b"\x08\x06" + bytes(28), "ARP", ""),
        (bytes(12) + b"\x88\xcc" + bytes(8), "LLDP", ""),
        (bytes(12) + b"\x12\x34" + bytes(8), "EN10MB", "ethertype 0x1234"),
        (bytes(12), "ETH", "[eth.type: needs 2 octets, 0 left]"),
        (bytes(12) + b"\x08\x00\x45", "IP", "[ip.hdr_len: needs 20 octets, 1 left]"),
        (b"", "ETH", "[eth.type: needs 2 octets, 0 left]"),
    ],
)
def test_what_carries_no_packet_says_so(data, protocol, info):
    found = read_headers(frame(data))
    assert (found.protocol, found.info) == (protocol, info)
    covered(found, len(data))


@pytest.mark.parametrize("path", sorted([*REAL.glob("*.pcap*"), *SAMPLES.glob("*/capture.pcapng")])[:60], ids=str)
def test_every_octet_of_every_frame_belongs_to_one_field(path):
    for one in open_capture(str(path)):
        found = read_headers(one)
        covered(found, len(one.data))
        for size in (14, 20, 33, 40, 53, 60):
            cut = one._replace(data=one.data[:size])
            covered(read_headers(cut), len(cut.data))


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.pcap*")), ids=lambda path: path.name)
def test_innermost_addresses_are_those_that_tshark_shows(path):
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-e", "_ws.col.Source", "-e", "_ws.col.Destination"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    theirs = [tuple(line.split("\t")) for line in lines]
    ours = list(map(read_headers, open_capture(str(path))))
    # What fragments carry when they are put together is not asked of one frame
    whole = [row for row, found in enumerate(ours) if not found.info.startswith("fragment")]
    assert [(ours[row].source, ours[row].destination) for row in whole] == [theirs[row] for row in whole]
    assert len(whole) == len(theirs) or path.name.startswith("ims")


LINKS = (linktypes.EN10MB, linktypes.RAW, linktypes.LINUX_SLL, linktypes.NULL, linktypes.WIRESHARK_UPPER_PDU, 147)


@given(st.binary(max_size=120), st.sampled_from(LINKS))
def test_no_octets_raise(data, link_type):
    covered(read_headers(frame(data, link_type)), len(data))


@given(
    st.binary(max_size=80), st.sampled_from([4, 6, 17, 132, 1, 50, 47, 41, 2, 115, 97, 137, 58, 0, 43]), st.booleans()
)
def test_nor_do_those_behind_a_header_of_ip(body, protocol, is_six):
    if is_six:
        header = b"\x60\0\0\0" + len(body).to_bytes(2, "big") + bytes((protocol, 64)) + bytes(32)
    else:
        header = b"\x45\0" + (20 + len(body)).to_bytes(2, "big") + bytes(5) + bytes((protocol, 0, 0)) + bytes(8)
    data = header + body
    covered(read_headers(frame(data, linktypes.RAW)), len(data))


@given(st.binary(max_size=80), st.sampled_from([2152, 4789, 4790, 8472, 6081, 1701, 5060, 9899, 4500]))
def test_nor_do_those_of_a_tunnel(body, port):
    datagram(port, port, body)
