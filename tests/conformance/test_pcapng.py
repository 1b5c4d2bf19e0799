"""Every block of pcapng, and pcap of every kind, as tshark and editcap have them."""

import shutil
import struct
import subprocess
from ipaddress import ip_address

import pytest

from analyzer.capture.reader import open_capture
from sample_pcaps.forge import Tape, pcapng, udp

TOOLS = {name: shutil.which(name) for name in ("tshark", "editcap", "mergecap")}
pytestmark = pytest.mark.skipif(None in TOOLS.values(), reason="Wireshark's tools are not installed")
PACKETS = [udp("10.0.0.1", 1000 + n, "10.0.0.2", 2269, b"x" * n) for n in range(1, 6)]
SECOND = 10**9


def tool(name, *args):
    done = subprocess.run([TOOLS[name], *map(str, args)], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def told(path, *fields, options=()):
    asked = [option for field in fields for option in ("-e", field)]
    lines = tool("tshark", *(options or ("-n",)), "-r", path, "-T", "fields", *asked).splitlines()
    return [tuple(line.split("\t")) for line in lines]


def theirs(path):
    shown = told(path, "frame.number", "frame.time_epoch", "frame.len", "frame.cap_len")
    return [(int(number), nanoseconds(time), int(size), int(held)) for number, time, size, held in shown]


def nanoseconds(text):
    seconds, _, rest = text.partition(".")
    return int(seconds) * SECOND + int(rest.ljust(9, "0"))


def ours(path):
    return [(frame.number, frame.time, frame.length, len(frame.data)) for frame in open_capture(str(path))]


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<", *options):
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + b"".join(options), order)


def interface(link_type, *options, order="<", snaplen=0):
    return block(1, struct.pack(order + "HHI", link_type, 0, snaplen) + b"".join(options), order)


def enhanced(index, ticks, data, *options, order="<"):
    head = struct.pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data) + 5)
    return block(6, head + data + bytes(-len(data) % 4) + b"".join(options), order)


@pytest.fixture
def sample(tmp_path):
    tape = Tape()
    for number in range(20):
        time = 1_767_225_600 * SECOND + number * 1_234_567
        tape.add_udp(time, "10.0.0.1", 5060, "10.0.0.2", 5060, b"x" * number)
    path = tmp_path / "sample.pcapng"
    path.write_bytes(pcapng(tape.sorted()))
    return path


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "modpcap", "pcapng"])
@pytest.mark.parametrize("options", [(), ("-s", "40")], ids=["whole", "cut short"])
def test_what_editcap_writes(form, options, sample, tmp_path):
    path = tmp_path / "written"
    tool("editcap", "-F", form, *options, sample, path)
    found = ours(path)
    assert len(found) == 20
    assert found == theirs(path)


def test_times_of_every_resolution_and_offset(tmp_path):
    made = [interface(101, option(9, bytes((kind,)))) for kind in (0, 3, 6, 9, 0x80 | 10, 0x80 | 20)]
    made += [interface(101, option(14, struct.pack("<q", offset)), option(9, b"\x06")) for offset in (-100, 10**9)]
    ticks = (1_700_000_000, 1_700_000_000_123, 17 * 10**14 + 7, 17 * 10**17 + 7, 2**41, 2**51 + 3, 10**15, 10**14)
    blocks = [enhanced(n, count, PACKETS[0]) for n, count in enumerate(ticks)]
    path = tmp_path / "times"
    path.write_bytes(section() + b"".join(made + blocks))
    assert len(ours(path)) == len(ticks)
    assert ours(path) == theirs(path)


def test_sections_of_either_byte_order_interfaces_of_many_kinds_and_all_blocks(tmp_path):
    simple = block(3, struct.pack("<I", len(PACKETS[1])) + PACKETS[1])
    obsolete = block(2, struct.pack("<HHIIII", 0, 0xFFFF, 0, 9_000_000, len(PACKETS[2]), len(PACKETS[2])) + PACKETS[2])
    aside = block(0x0BAD, struct.pack("<I", 32473) + b"custom--") + block(0x12345, b"ours")
    journal = block(9, b"__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=hi\n\n")
    ethernet = bytes(12) + b"\x08\x00"
    data = section() + interface(101) + interface(1) + enhanced(0, 10**6, PACKETS[0]) + simple + obsolete + aside
    data += journal + enhanced(1, 2 * 10**6, ethernet + PACKETS[3])
    data += section(">") + interface(228, order=">") + enhanced(0, 3 * 10**6, PACKETS[4], order=">")
    path = tmp_path / "blocks"
    path.write_bytes(data)
    shown = [(int(number), int(port)) for number, port in told(path, "frame.number", "udp.srcport") if port]
    capture = open_capture(str(path))
    frames = [(frame.number, frame.data) for frame in capture]
    assert capture.facts.problems == []
    assert [(n, int.from_bytes(data[data.index(b"\x45") :][20:22], "big")) for n, data in frames] == shown
    assert len(shown) == 5
    assert capture.facts.link_types == ["RAW", "EN10MB", "IPV4"]


def test_comments_of_frames_and_of_the_capture(sample, tmp_path):
    path = tmp_path / "said"
    said = ("-a", "3:look here", "-a", "7:and here: ü", "-a", "20:last", "--capture-comment", "of all")
    tool("editcap", *said, sample, path)
    capture = open_capture(str(path))
    assert len(list(capture)) == 20
    shown = {int(number): text for number, text in told(path, "frame.number", "frame.comment") if text}
    assert capture.facts.frame_comments == shown == {3: "look here", 7: "and here: ü", 20: "last"}
    assert capture.facts.comments == ["of all"]


def test_names_of_addresses(tmp_path):
    six = "2001:db8::5"
    names = option(1, ip_address("10.0.0.2").packed + b"bmsc.example.com\0") + option(
        2, ip_address(six).packed + b"ue\0"
    )
    packets = (PACKETS[0], udp(six, 1, six, 2, b"x"))
    path = tmp_path / "names"
    blocks = [enhanced(0, 10**6, packet) for packet in packets]
    path.write_bytes(section() + interface(101) + block(4, names + bytes(4)) + b"".join(blocks))
    capture = open_capture(str(path))
    list(capture)
    fields = ("ip.dst_host", "ipv6.dst_host")
    assert told(path, *fields, options=("-N", "n")) == [("bmsc.example.com", ""), ("", "ue")]
    assert capture.facts.names == {"10.0.0.2": "bmsc.example.com", six: "ue"}


def test_captures_merged_by_mergecap(sample, tmp_path):
    other, path = tmp_path / "other", tmp_path / "merged"
    tool("editcap", "-t", "0.5", sample, other)
    tool("mergecap", "-w", path, sample, other)
    assert len(ours(path)) == 40
    assert ours(path) == theirs(path)
