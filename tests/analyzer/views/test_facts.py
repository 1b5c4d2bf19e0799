"""The facts of captures."""

from dataclasses import replace

from analyzer.report import CaptureReport
from analyzer.views.facts import show
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

malformed  messages
mikey             1

media           ssrc        kind  domain/msk/mtk        packets  good  failed  unchecked
239.1.2.3:5000  0x1234abcd  srtp  26f210/00010002/0001       50    40       1          9
"""


def test_captures_protocols_damage_and_media(case):
    opened = {"ESP with NULL encryption, SPI 0x00000065": 14}
    unread = {"arp": 3, "TCP octets that begin no message": 70}
    assert show(case, ["mikey", "http", "mikey"], opened, unread, draw) == EXPECTED


def test_media_that_is_fine_needs_no_columns_of_troubles(case):
    good = (
        replace(case.media[0], failed=0, not_checked=0, authenticated=50, key_domain=None, msk_id=None, mtk_id=None),
    )
    lines = show(replace(case, media=good), [], {}, {}, draw).splitlines()
    assert lines[-2] == "media           ssrc        kind  domain/msk/mtk  packets  good"
    assert lines[-1] == "239.1.2.3:5000  0x1234abcd  srtp  -                    50    50"


def test_legs_on_which_messages_were_seen_more_than_once(case, twice):
    text = show(replace(case, sightings=twice), [], {}, {}, draw)
    assert (
        "seen more than once on                               messages\n"
        "capture 0, interface 0                                      1\n"
        "capture 0, interface 1, GTP-U 192.0.2.1 > 192.0.2.2         1\n"
        "capture 1, interface 0                                      1\n"
    ) in text


def test_a_capture_without_packets_and_one_that_is_damaged(case):
    empty = CaptureReport("a\x1b", "pcap", 0, 0, None, None, (), True, ("cut\x1b", "and more"))
    text = show(replace(case, captures=(empty,), malformed=(), media=()), [], {}, {}, draw)
    assert text == (
        "a\\x1b\n  format   pcap\n  packets  0, 0 octets\n  time     -\n  state    cut\\x1b\n           and more\n"
        "\nno messages\n"
    )
