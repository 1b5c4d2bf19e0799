"""What is exported: media in the clear, all else as it was, and who opens it."""

import json
import shutil
import subprocess

import pytest

from analyzer.capture.reader import open_capture
from analyzer.capture.writer import PcapngWriter
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from analyzer.export import LEFT_MEDIA, MEDIA, MIKEY, Exporter
from sample_pcaps import forge
from sample_pcaps.forge_mikey import POLICY
from sample_pcaps.forge_srtp import RCCM1, RCCM3
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK

M1 = [(kind, b"\x02" if kind == 2 else value) for kind, value in POLICY]
M3 = [(kind, {2: b"\x04", 11: b"\x04"}.get(kind, value)) for kind, value in POLICY]
TSHARK = shutil.which("tshark")


def keyed(**msk):
    story = Story.registered_by_http()
    story.msk(**msk)
    story.wait(0.2)
    story.mtk()
    return story


@pytest.fixture
def exported(tell, tmp_path):
    """Export a story, and return what was counted, and the captures before and after."""

    def run(story, show_keys=False, frames=None):
        analysis = tell(story)
        out = tmp_path / "out.pcapng"
        exporter = Exporter(analysis, show_keys, frames)
        with out.open("wb") as stream:
            exporter.decrypted(PcapngWriter(stream, "test"))
        return exporter.counts, open_capture(analysis.case.captures[0], 0), open_capture(str(out), 0)

    return run


def media(capture):
    decoder = Decoder()
    return [found.data for frame in capture for found in decoder.feed(frame) if isinstance(found, MediaPacket)]


@pytest.mark.parametrize("length", [16, 24, 32])
def test_media_are_in_the_clear(exported, length):
    story = Story.registered_by_http()
    story.msk()
    story.mtk(key=bytes(range(length)))
    plain = []
    story.media(packets=60, change=lambda n, given: plain.append(given["payload"]) or given)
    counts, before, after = exported(story)
    assert counts == {MEDIA: 61}
    shown = media(after)
    assert [data[12:] for data in shown if data[1] == 96] == plain
    assert [data[8:] for data in shown if data[1] == 200] != []
    hidden = media(before)
    assert [data[:8] for data in shown] == [data[:8] for data in hidden]


@pytest.mark.parametrize("mode", [RCCM1, RCCM3])
def test_media_without_a_mac_say_so(exported, mode):
    story = keyed(sp=M1 if mode == RCCM1 else M3)
    story.media(packets=20, mode=mode, report=False)
    counts, _, after = exported(story)
    list(after)
    assert counts == {MEDIA: 20}
    assert sum("not authenticated" in text for text in after.facts.frame_comments.values()) >= 18


def test_other_packets_are_as_they_were(exported):
    story = keyed()
    story.media(packets=5)
    _, before, after = exported(story)
    old, new = list(before), list(after)
    assert len(old) == len(new)
    changed = set(after.facts.frame_comments)
    assert len(changed) == 6
    for one, other in zip(old, new, strict=True):
        assert (one.number, one.time, one.link_type) == (other.number, other.time, other.link_type)
        assert (one.data == other.data) is (one.number not in changed)
        assert one.length - len(one.data) == other.length - len(other.data)
    assert [i.name for i in before.facts.interfaces] == [i.name for i in after.facts.interfaces]


def test_comments_name_the_key_by_its_fingerprint_only(exported):
    story = keyed()
    story.media(packets=5)
    _, _, after = exported(story, show_keys=True)
    list(after)
    key = story.mtks[FIRST_MSK + b"\0\1"]
    told = "\n".join(after.facts.frame_comments.values())
    assert key.key.hex() not in told
    assert "MKI and tag removed" in told


def test_media_of_a_wrong_key_stay_as_they_are(exported):
    story = keyed()
    story.media(packets=5, key=b"\1" * 16)
    counts, before, after = exported(story)
    assert not counts
    assert [frame.data for frame in before] == [frame.data for frame in after]


def test_what_is_seen_twice_is_opened_twice(exported):
    story = keyed()
    story.media(packets=10)
    story.tape.packets += [(time + 2_000_000, packet) for time, packet in story.tape.packets[-11:]]
    counts, _, _ = exported(story)
    assert counts == {MEDIA: 22}


def test_media_in_a_tunnel_stay_as_they_are_and_are_counted(exported):
    story = keyed()
    story.media(packets=5, report=False)
    for at in range(-5, 0):
        time, frame = story.tape.packets[at]
        outer = forge.ip_packet("10.9.0.1", "10.9.0.2", 4, frame[14:])
        story.tape.packets[at] = time, forge.ethernet("10.9.0.1", "10.9.0.2", outer)
    counts, before, after = exported(story)
    assert counts == {LEFT_MEDIA: 5}
    assert [frame.data for frame in before] == [frame.data for frame in after]
    assert all("left as it is" in text for text in after.facts.frame_comments.values())


def test_keys_are_in_the_clear_only_when_asked_for(exported):
    story = keyed()
    key = story.mtks[FIRST_MSK + b"\0\1"].key
    counts, _, after = exported(story)
    assert not counts
    assert not any(key in frame.data for frame in after)
    counts, _, after = exported(story, show_keys=True)
    assert counts == {MIKEY: 2}
    assert any(key in frame.data for frame in after)


def test_frames_can_be_chosen(exported):
    story = keyed()
    story.media(packets=5, report=False)
    _, before, after = exported(story, frames=frozenset({(0, 1), (0, 3)}))
    kept = [frame.data for frame in before if frame.number in (1, 3)]
    assert [frame.data for frame in after] == kept


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
def test_wireshark_opens_it(exported):
    story = keyed()
    story.media(packets=8)
    _, _, after = exported(story, show_keys=True)
    asked = [TSHARK, "-r", after.path, "-d", "udp.port==5000,rtp", "-d", "udp.port==5001,rtcp", "-T", "json",
             "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-Y", "frame.comment"]  # fmt: skip
    told = json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)
    layers = [packet["_source"]["layers"] for packet in told]
    rtp = [each["rtp"] for each in layers if "rtp" in each]
    assert len(rtp) == 8
    assert {each["rtp.p_type"] for each in rtp} == {"96"}
    assert sum("mikey" in each for each in layers) == 2
    assert any({"rtcp", "srtcp"} & set(each) for each in layers)
    for each in layers:
        assert each["ip"]["ip.checksum.status"] == "1"
        assert each["udp"]["udp.checksum.status"] == "1"
    text = json.dumps(layers)
    assert "SRTP decrypted with the key" in text
    assert "malformed" not in text.lower()
