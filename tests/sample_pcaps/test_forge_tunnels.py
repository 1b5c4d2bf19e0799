"""That Wireshark reads what is forged here is asked in tests/conformance/test_captures.py."""

import shutil
import struct
import subprocess

import pytest

from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import checksum, udp

TSHARK = shutil.which("tshark")
PACKET = udp("10.0.0.1", 1000, "10.0.0.2", 2269, b"hello")
PACKET_6 = udp("2001:db8::1", 1000, "2001:db8::2", 2269, b"hello")


@pytest.mark.parametrize(
    ("octets", "value"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
)
def test_crc32c(octets, value):
    """RFC 3720 B.4, with the octets of the sum in the order of the wire."""
    assert forge.crc32c(octets) == value


@pytest.mark.parametrize("packet", [PACKET, PACKET_6], ids=["IPv4", "IPv6"])
def test_fragments_hold_all_octets_and_their_place(packet):
    header = 20 if packet is PACKET else 48
    parts = forge.fragments(packet + bytes(3), 8, 7)
    body = b"".join(part[header:] for part in parts)
    assert body == (packet + bytes(3))[20 if packet is PACKET else 40 :]
    flags = [struct.unpack_from("!H", part, 6 if packet is PACKET else 42)[0] for part in parts]
    if packet is PACKET:
        assert flags == [0x2000, 1]
        assert all(checksum(part[:20]) == 0 for part in parts)
    else:
        assert flags == [1, 8]


def test_headers_keep_the_sum_of_ipv4():
    assert checksum(forge.v4_options(PACKET)[:28]) == 0
    assert forge.v4_options(PACKET)[28:] == PACKET[20:]


def test_a_label_stack_ends_where_it_says():
    assert forge.labels(16, 17).hex() == "00010040" + "00011140"


def test_chunks_are_filled_up_to_four_octets():
    assert len(forge.data_chunk(1, b"hello")) == 24
    assert len(forge.chunk(3, b"x")) == 8


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_sums_are_right(tmp_path):
    path = tmp_path / "capture.pcap"
    six = ("2001:db8::1", 3868, "2001:db8::2", 3868)
    packets = [
        forge.v4_options(PACKET),
        forge.gre(0x0800, PACKET, key=1, sequence=2, summed=True),
        forge.icmp_error("10.0.0.2", "10.0.0.1", 3, 3, PACKET),
        forge.sctp("10.0.0.1", 3868, "10.0.0.2", 3868, forge.data_chunk(1, b"hello")),
        forge.sctp(*six, forge.chunk(3, bytes(12)), forge.data_chunk(1, b"hello", flags=2)),
    ]
    path.write_bytes(forge.pcap_of(101, packets))
    preferences = ("ip.check_checksum:TRUE", "sctp.checksum:CRC 32c")
    options = [option for preference in preferences for option in ("-o", preference)]
    asked = ("ip.checksum.status", "gre.checksum.status", "icmp.checksum.status", "sctp.checksum.status")
    fields = [option for field in asked for option in ("-e", field)]
    command = [TSHARK, "-n", *options, "-r", str(path), "-T", "fields", "-E", "separator=;", *fields]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    good = "1"
    assert [line.split(";")[0].split(",")[0] for line in told] == [good, good, good, good, ""]
    assert told[1].split(";")[1] == good
    assert told[2].split(";")[2] == good
    assert [line.split(";")[3] for line in told[3:]] == [good, good]
