"""`keyshark info`: facts of each capture, and its messages counted by protocol, those inside others too."""

from collections import Counter


def test_messages_are_counted_with_those_inside(told, sample, samples):
    analysis = sample("http_good")
    code, out = told("info", str(samples / "http_good"))
    assert code == 0
    inside = Counter(part.protocol for message in analysis.messages for part in message.walk())
    assert inside.total() > len(analysis.messages)
    rows = [line.split() for line in out.splitlines()]
    assert all([protocol, str(count)] in rows for protocol, count in inside.items())
    (capture,) = analysis.report.captures
    assert ["packets", f"{capture.packets},", str(capture.bytes), "octets"] in rows


def test_a_capture_without_messages_has_facts_all_the_same(told, silent):
    code, out = told("info", silent)
    assert code == 0
    rows = [line.split() for line in out.splitlines()]
    assert ["packets", "0,", "0", "octets"] in rows
    assert out.endswith("\nno messages\n")
