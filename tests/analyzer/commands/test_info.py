"""`keyshark info`: facts of each capture, its messages counted by protocol, and its media."""

import struct
from collections import Counter

from sample_pcaps.forge_tunnels import pcap_of


def test_messages_are_counted_by_protocol_and_media_by_stream(told, sample, samples):
    analysis = sample("http_good")
    code, out = told("info", str(samples / "http_good"))
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    by_protocol = Counter(message.protocol for message in analysis.messages)
    assert all([protocol, str(count)] in rows for protocol, count in by_protocol.items())
    (capture,) = analysis.report.captures
    assert ["packets", f"{capture.packets},", str(capture.bytes), "octets"] in rows
    media = Counter()
    for one in analysis.report.media:
        media[one.destination, one.ssrc, one.protocol.removeprefix("s")] += one.packets
    assert media
    assert all([*stream, str(packets)] in rows for stream, packets in media.items())


def test_a_capture_without_messages_has_facts_all_the_same(told, silent):
    code, out = told("info", silent)
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["packets", "0,", "0", "octets"] in rows
    assert out.endswith("\nno messages\n")


def test_a_link_layer_that_nobody_here_reads_is_named_with_who_may(told, tmp_path):
    path = tmp_path / "usb.pcap"
    path.write_bytes(pcap_of(189, [bytes(64), bytes(64)]))
    code, out = told("info", str(path))
    assert code == 0
    assert "pcap, USB_LINUX" in out
    assert "link type USB_LINUX, which `--engine tshark` may read" in out


def test_what_a_capture_says_beside_its_packets(told, tmp_path, samples):
    (sample,) = (samples / "http_good").glob("*.pcapng")
    body = struct.pack("<IIIHHQI", 0, 0, 0, 7, 8, 4, 0)
    path = tmp_path / "capture.pcapng"
    path.write_bytes(
        sample.read_bytes() + struct.pack("<II", 5, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))
    )
    _, out = told("info", str(path))
    assert "interface  0: probe0, EN10MB, 4 packets lost: nobody is blamed for what is missing" in out
