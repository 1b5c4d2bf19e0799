"""Media packets under new keys: what was authentic is so again, what failed fails, and no content is left."""

import pytest


@pytest.mark.parametrize("name", ["http_good", "packets_with_a_wrong_tag", "media_in_the_clear", "roc_that_goes_back"])
def test_packets_count_as_before(anonymised, name):
    both = anonymised(name)
    old, new = (
        [(m.ssrc, m.mtk_id, m.packets, m.authenticated, m.failed, m.no_key) for m in each.report.media]
        for each in (both.before, both.after)
    )
    assert old == new != []


@pytest.mark.parametrize("name", ["http_good", "media_in_the_clear", "unknown_mki_never_asked_for"])
def test_no_packet_keeps_its_content(anonymised, name):
    both = anonymised(name)
    kept = [packet for stream in both.before.media.streams.values() for packet in stream.kept]
    assert kept
    for packet in kept:
        assert packet.data[12:-20] not in both.written
        assert packet.data[:8] in both.written
