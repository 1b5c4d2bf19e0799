"""DCFs in the clear, in the packets that carried them."""

from collections import Counter

import pytest

from analyzer.capture.reader import open_capture
from analyzer.capture.writer import PcapngWriter
from analyzer.decode.decoder import Decoder
from analyzer.export import LEFT_MIKEY, OBJECTS, Exporter
from analyzer.export_objects import in_the_clear
from analyzer.keys.chain import Unpacked
from analyzer.messages import Messages
from dissectors import Payload, dissect
from sample_pcaps import forge_flute as flute
from sample_pcaps.forge_keys import DownloadKeys, made_up
from sample_pcaps.good_download import download_good
from sample_pcaps.story import Story

KEYS = DownloadKeys(bytes(range(16)), bytes(range(20)))
PLAIN = made_up("video", 100)


@pytest.fixture
def exported(tell, tmp_path):
    """Export a story; return what was counted, the messages of the new capture, and its comments by frame."""

    def run(story, show_keys=False):
        analysis = tell(story)
        out = tmp_path / "out.pcapng"
        exporter = Exporter(analysis, show_keys)
        with out.open("wb") as stream:
            exporter.decrypted(PcapngWriter(stream, "test"))
        decoder, capture = Decoder(), open_capture(str(out), 0)
        made = Messages(decoder.facts)
        found = [message for frame in capture for payload in decoder.feed(frame) for message in made.of(payload)]
        return exporter.counts, found, capture.facts.frame_comments

    return run


def contents(messages):
    return [(c.encryption, c.data) for m in messages if m.protocol == "dcf" for c in m.body.contents]


def test_contents_are_in_the_clear_in_every_turn_of_the_carousel(exported):
    counts, found, comments = exported(download_good())
    assert counts == Counter({OBJECTS: 2 * (4 + 7)})
    clear = [data for _, data in contents(found)]
    assert clear[1::2] == [made_up("video 11", 3000), made_up("video 21", 6000)]
    assert {encryption for encryption, _ in contents(found)} == {0}
    assert not any(message.error for message in found)
    assert len(comments) == 22
    assert all("piece of a DCF decrypted with the key" in told and "verified" in told for told in comments.values())
    assert [m.body.signature.method for m in found if m.protocol == "dcf"] == [1, 0, 1, 0]


def test_key_messages_in_flute_stay_as_they_are(exported):
    counts, found, _ = exported(download_good(), show_keys=True)
    assert counts[LEFT_MIKEY] == 2
    assert len([m for m in found if m.protocol == "mikey" and m.payload.named]) == 2


def test_nothing_is_changed_without_keys(exported, tell):
    story = Story.registered_by_http(tsi=1)
    story.msk(download=True)
    story.wait(0.2)
    story.download_mtk(toi=1)
    story.carousel([story.content(toi=2)])
    counts, found, comments = exported(story)
    assert (counts, comments) == (Counter(), {})
    assert [encryption for encryption, _ in contents(found)] == [0, 1]


def made(octets, plains, payload):
    return Unpacked(dissect(payload(octets), "dcf"), 1, None, None, "", plains)


@pytest.fixture
def payload():
    return lambda data: Payload(data, "udp", "a", 1, "b", 2, 0, 1, 1)


def test_the_length_stays(payload):
    octets = flute.dcf(PLAIN, "video/mp4", keys=KEYS, key_id=bytes(9), iv=bytes(16))
    clear = in_the_clear(made(octets, (PLAIN,), payload))
    assert len(clear) == len(octets)
    message = dissect(payload(clear), "dcf")
    assert message.error is None
    assert [(c.encryption, c.padding, c.data) for c in message.body.contents] == [(0, 0, PLAIN)]
    assert message.body.signature.value == bytes(20)


@pytest.mark.parametrize("plains", [(), (None,)])
def test_what_was_not_decrypted_stays(payload, plains):
    octets = flute.dcf(PLAIN, "video/mp4", keys=KEYS, key_id=bytes(9), iv=bytes(16))
    assert in_the_clear(made(octets, plains, payload)) is None
    clear = flute.dcf(PLAIN, "video/mp4", keys=KEYS, key_id=bytes(9))
    assert in_the_clear(made(clear, (PLAIN,), payload)) is None
