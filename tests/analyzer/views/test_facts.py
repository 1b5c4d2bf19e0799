"""The facts of captures."""

from dataclasses import replace

from analyzer.capture.frame import CaptureFacts, InterfaceFacts
from analyzer.report import CaptureReport
from analyzer.views.facts import Media, show
from analyzer.views.tables import draw

EXPECTED = """\
story.pcapng
  format   pcapng, EN10MB
  packets  7, 900 octets
  time     1970-01-01T00:00:10Z, 2.000000 seconds
  state    ok

protocol  messages
http             1
mikey            2

opened                                    count
ESP with NULL encryption, SPI 0x00000065     14

not read                          count
TCP octets that begin no message     70
arp                                   3

malformed  packets
mikey            1

media           ssrc        kind  packets
239.1.2.3:5000  0x1234abcd  rtp        50
[ff0e::1]:5001  0x00000001  rtcp        3
"""


def test_captures_protocols_damage_and_media(case):
    opened = {"ESP with NULL encryption, SPI 0x00000065": 14}
    unread = {"arp": 3, "TCP octets that begin no message": 70}
    media = [Media("239.1.2.3", 5000, 0x1234ABCD, False, 50), Media("ff0e::1", 5001, 1, True, 3)]
    assert show(case, ["mikey", "http", "mikey"], opened, unread, media, draw) == EXPECTED


def test_legs_on_which_messages_were_seen_more_than_once(case, twice):
    text = show(replace(case, sightings=twice), [], {}, {}, [], draw)
    assert (
        "seen more than once on                               messages\n"
        "capture 0, interface 0                                      1\n"
        "capture 0, interface 1, GTP-U 192.0.2.1 > 192.0.2.2         1\n"
        "capture 1, interface 0                                      1\n"
    ) in text


def test_a_capture_without_packets_and_one_that_is_damaged(case):
    empty = CaptureReport("a\x1b", "pcap", 0, 0, None, None, (), True, ("cut\x1b", "and more"))
    text = show(replace(case, captures=(empty,), malformed=(), media=()), [], {}, {}, [], draw)
    assert text == (
        "a\\x1b\n  format   pcap\n  packets  0, 0 octets\n  time     -\n  state    cut\\x1b\n           and more\n"
        "\nno messages\n"
    )


def test_what_a_capture_says_beside_its_packets(case):
    said = CaptureFacts(
        "story.pcapng",
        comments=["made at the SGi"],
        frame_comments={number: f"look\x1b {number}" for number in range(1, 23)},
        interfaces=[
            InterfaceFacts("EN10MB"),
            InterfaceFacts("RAW", "any", "all of them", 3),
            InterfaceFacts("RAW", "lo"),
        ],
        names={"10.0.0.5": "bmsc.example.com"},
        secrets={"TLS key log": 1},
    )
    lines = show(case, [], {}, {}, [], draw, [said]).splitlines()
    assert lines[4:7] == ["  state    ok", "  comment    made at the SGi", "             frame 1: look\\x1b 1"]
    assert lines[25:31] == [
        "             frame 20: look\\x1b 20",
        "             and 2 more",
        "  interface  1: any, all of them, RAW, 3 packets lost: nobody is blamed for what is missing",
        "             2: lo, RAW",
        "  name       10.0.0.5 bmsc.example.com",
        "  secrets    TLS key log, which `--engine tshark` decrypts with",
    ]
