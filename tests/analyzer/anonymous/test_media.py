"""Media packets under new keys: what was authentic is so again, what failed fails, and no content is left."""

from types import SimpleNamespace

import pytest

from analyzer.anonymous.media import Media
from analyzer.anonymous.pseudonyms import Pseudonyms


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


def test_extensions_of_rtp_are_drawn():
    secret = b"what nobody may know"
    head = b"\x91\x60\x00\x01" + bytes(8) + b"csrc"
    packet = head + b"\xbe\xde\x00\x05" + secret + secret
    media = object.__new__(Media)
    media.rekeyed = SimpleNamespace(names=Pseudonyms(b"secret"))
    media.located = {}
    stream = SimpleNamespace(stream=SimpleNamespace(rtcp=False, key=None), last_mki=None)
    made = media._made(packet, stream, None)
    assert len(made) == len(packet)
    assert made.startswith(head + b"\xbe\xde\x00\x05")
    assert not [at for at in range(len(secret) - 3) if secret[at : at + 4] in made]


def test_a_packet_that_is_shorter_than_its_tag_keeps_nothing():
    secret = b"secret"
    media = object.__new__(Media)
    media.rekeyed = SimpleNamespace(names=Pseudonyms(b"secret"))
    opened = SimpleNamespace(policy=SimpleNamespace(steady=10), roc=0)
    packet = b"\x80\x60\x00\x01" + bytes(8) + secret
    made = media._rtp(packet, 12, opened)
    assert made[:12] == packet[:12]
    assert len(made) == len(packet)
    assert secret not in made
