"""`keyshark info`: facts of each capture, its messages counted by protocol, and its media."""

from collections import Counter


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
