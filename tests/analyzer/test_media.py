"""Media streams by MKI: what authenticates under which policy and key, what is left open, and what stays in the clear."""

import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import media as examined
from analyzer import medialog, sampling
from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import MediaFilter
from analyzer.examination import examine, receivers
from analyzer.mki import Locator
from sample_pcaps import forge_srtp as srtp
from sample_pcaps.clock import START
from sample_pcaps.forge_mikey import POLICY
from sample_pcaps.forge_srtp import RCCM1, RCCM2, RCCM3
from sample_pcaps.stage import FIRST_SEQ
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK, SSRC

MS = 10**6  # ns
NO_RATE = 1 << 17  # R above all sequence numbers: only SEQ 0 would carry a ROC


def policy(**changed):
    """The usual SP with some types changed: auth=2 is type 2, and so on."""
    names = {"auth": 2, "tag": 11, "rate": 13}
    given = {names[name]: value for name, value in changed.items()}
    return [(kind, given.get(kind, value)) for kind, value in POLICY if given.get(kind, value) is not None]


def keyed(sp=POLICY, **mtk):
    story = Story.registered_by_http()
    story.msk(sp=sp)
    story.wait(0.2)
    story.mtk(**mtk)
    return story


def groups(analysis, protocol="srtp"):
    return [group for group in analysis.story.media if group.protocol == protocol]


def counts(group):
    return group.packets, group.authenticated, group.failed, group.no_key, group.not_checked


M1 = policy(auth=b"\x02")
M3 = policy(auth=b"\x04", tag=b"\x04")
PLAIN = policy(auth=b"\x01", tag=b"\x0a", rate=None)


class TestPolicies:
    def test_mode_2_has_a_mac_in_all(self, tell):
        story = keyed()
        story.media(packets=20)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)
        assert group.policy_told

    def test_mode_1_in_every_rth(self, tell):
        story = keyed(M1)
        story.media(packets=32, mode=RCCM1)
        (group,) = groups(tell(story))
        assert counts(group) == (32, 2, 0, 0, 30)

    def test_mode_1_with_a_wrong_key(self, tell):
        story = keyed(M1)
        story.media(packets=32, mode=RCCM1, key=b"\1" * 16)
        (group,) = groups(tell(story))
        assert counts(group) == (32, 0, 2, 0, 30)

    def test_mode_3_in_none(self, tell):
        story = keyed(M3)
        story.media(packets=20, mode=RCCM3)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 0, 0, 0, 20)

    def test_without_a_roc(self, tell):
        story = keyed(PLAIN)
        story.media(packets=20, rate=NO_RATE, tag_length=10)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)

    @pytest.mark.parametrize(
        "sent",
        [{}, {"rate": NO_RATE, "tag_length": 10}, {"rate": NO_RATE, "tag_length": 4}, {"rate": 1, "mode": RCCM1}],
        ids=["mode 2", "tag of 10", "tag of 4", "mode 1 with R of 1"],
    )
    def test_untold_the_usual_are_tried(self, tell, sent):
        story = keyed(None)
        story.media(packets=20, report=False, **sent)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)
        assert not group.policy_told

    def test_each_service_has_its_own(self, tell):
        """The same tag length, but another R: the policy of the one is not tried on the other."""
        story = keyed()
        story.media(packets=20, report=False)
        other = bytes.fromhex("00020001")
        story.msk(msk_id=other, sp=policy(rate=b"\x00\x08"))
        story.mtk(other, dst="239.1.2.4")
        story.media(other, packets=20, rate=8, ssrc=5, dst="239.1.2.4", report=False)
        assert [counts(group) for group in groups(tell(story))] == [(20, 20, 0, 0, 0)] * 2

    def test_a_pushed_msk_has_that_of_its_key_group(self, tell):
        story = keyed(policy(rate=b"\x00\x08"))
        story.msk(msk_id=SECOND_MSK, sp=None)
        story.mtk(SECOND_MSK)
        story.media(SECOND_MSK, packets=20, rate=8, report=False)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)
        assert group.policy_told


class TestKeys:
    @pytest.mark.parametrize("length", [16, 24, 32])
    def test_of_all_lengths(self, tell, length):
        story = keyed(key=bytes(range(length)))
        story.media(packets=20)
        assert [group.authenticated for group in tell(story).story.media] == [20, 1]

    def test_of_another_length_open_nothing(self, tell):
        story = keyed(key=bytes(20))
        story.media(packets=20, key=bytes(16))
        assert [group.no_key for group in tell(story).story.media] == [20, 1]

    def test_of_no_mtk(self, tell):
        story = keyed()
        story.media(mtk_id=2, packets=5)
        (group,) = groups(tell(story))
        assert (counts(group), group.msk_id, group.mtk_id) == ((5, 0, 0, 5, 0), FIRST_MSK, b"\0\2")

    def test_one_mki_with_two_keys(self, tell):
        """The MTK was sent again with another key inside."""
        story = keyed()
        story.media(packets=10, report=False)
        story.mtk(key=b"\1" * 16)
        story.media(packets=10, report=False)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)

    def test_of_the_keyring_alone(self, tell):
        story = keyed()
        story.media(packets=20)
        story.tape.packets = story.tape.packets[-21:]
        mtk = story.mtks[FIRST_MSK + b"\0\1"]
        keyring = (
            f'[[mtk]]\nkey_domain = "00f110"\nmsk_id = "{FIRST_MSK.hex()}"\nmtk_id = "0001"\n'
            f'value = "{mtk.key.hex()}"\nsalt = "{mtk.salt.hex()}"\n'
        )
        assert [counts(group) for group in tell(story, keyring).story.media] == [(20, 20, 0, 0, 0), (1, 1, 0, 0, 0)]


class TestHeaders:
    @pytest.mark.parametrize(
        "more",
        [
            struct.pack("!2I", 7, 8),
            struct.pack("!HHI", 0xBEDE, 1, 9),
            struct.pack("!I", 7) + struct.pack("!HH2I", 0xBEDE, 2, 9, 9),
        ],
        ids=["CSRCs", "an extension", "both"],
    )
    def test_csrcs_and_extensions(self, tell, monkeypatch, more):
        plain = srtp.rtp_header
        csrcs = {8: 2 if more[0] == 0 else 0, 16: 1}[len(more)]
        extended = more[4 * csrcs :] != b""

        def longer(**given):
            header = plain(**given)
            return bytes((header[0] | csrcs | extended << 4,)) + header[1:] + more

        monkeypatch.setattr(srtp, "rtp_header", longer)
        story = keyed()
        story.media(packets=20)
        (group,) = groups(tell(story))
        assert counts(group) == (20, 20, 0, 0, 0)


class TestRollover:
    def test_goes_up_with_the_sequence(self, tell):
        story = keyed()
        story.media(packets=60, report=False)
        (group,) = groups(tell(story))
        assert counts(group) == (60, 60, 0, 0, 0)

    @pytest.mark.parametrize("roc", [1, 9])
    def test_in_the_middle_of_a_stream_a_tag_tells_it(self, tell, roc):
        story = keyed()
        story.packet_number = (roc << 16) + 5
        story.media(packets=30, report=False)
        (group,) = groups(tell(story))
        assert counts(group) == (30, 30, 0, 0, 0)

    def test_or_the_msk_message(self, tell):
        story = Story.registered_by_http()
        story.packet_number = (9 << 16) + 1
        story.msk()
        story.mtk()
        story.media(packets=10, report=False)  # SEQ 1 to 10: none of them carries a ROC
        (group,) = groups(tell(story))
        assert counts(group) == (10, 10, 0, 0, 0)

    @pytest.mark.parametrize(
        ("sp", "sent", "roc", "authenticated"),
        [
            (POLICY, {}, 9, 0),
            (PLAIN, {"rate": NO_RATE, "tag_length": 10}, 9, 10),
            (PLAIN, {"rate": NO_RATE, "tag_length": 10}, examined.MAX_ROC_TRIED - 1, 10),
            (PLAIN, {"rate": NO_RATE, "tag_length": 10}, examined.MAX_ROC_TRIED, 0),
        ],
    )
    def test_or_nothing_does(self, tell, sp, sent, roc, authenticated):
        """The SRTP-ID map speaks of no SSRC, and no packet shows the ROC: where none ever will, some are tried."""
        story = Story.registered_by_http()
        story.msk(ssrc=0, sp=sp)
        story.mtk()
        story.packet_number = (roc << 16) + 1
        story.media(packets=10, report=False, **sent)
        (group,) = groups(tell(story))
        assert counts(group) == (10, authenticated, 0, 0, 10 - authenticated)

    def test_packets_that_overtake_each_other_where_it_goes_up(self, tell):
        story = keyed()
        before = len(story.tape.packets)
        story.media(packets=60, report=False)
        wrap = before + 65536 - FIRST_SEQ
        sent = story.tape.packets
        for at in range(wrap - 3, wrap + 3, 2):
            (one, a), (two, b) = sent[at], sent[at + 1]
            sent[at], sent[at + 1] = (one, b), (two, a)
        late, packet = sent[wrap - 6]
        sent[wrap - 6] = (late + 600 * MS, packet)
        (group,) = groups(tell(story))
        assert counts(group) == (60, 60, 0, 0, 0)
        assert group.roc_frames == []

    @pytest.mark.parametrize("lost", [1000, 40_000, 65_000])
    def test_many_packets_lost(self, tell, lost):
        story = keyed()
        story.media(packets=10, report=False)
        story.packet_number += lost
        story.media(packets=20, report=False)
        (group,) = groups(tell(story))
        assert group.failed == 0
        assert group.roc_frames == []


class TestRepeats:
    def test_a_replay_is_remembered(self, tell):
        story = keyed()
        story.media(packets=10, report=False)
        time, packet = story.tape.packets[-1]
        story.tape.packets.append((time + 500 * MS, packet))
        (group,) = groups(tell(story))
        assert (group.packets, len(group.repeated_frames)) == (11, 1)

    def test_on_the_next_interface_it_is_one_packet(self, tell):
        story = keyed()
        story.media(packets=10)
        story.tape.packets += [(time + 2 * MS, packet) for time, packet in story.tape.packets[-11:]]
        found = tell(story).story.media
        assert [group.packets for group in found] == [10, 1]
        assert not any(group.repeated_frames for group in found)

    def test_two_captures_with_clocks_apart(self, tell_merged):
        """Each lost something that the other has."""
        story = keyed()
        story.media(packets=60)
        packets = story.tape.sorted()
        ahead = [(time + 700 * MS, packet) for time, packet in packets]
        found = tell_merged([packets[:-7] + packets[-5:], ahead[:-20] + ahead[-15:]], story.keyring()).story.media
        assert [counts(group) for group in found] == [(60, 60, 0, 0, 0), (1, 1, 0, 0, 0)]
        assert not any(group.repeated_frames or group.roc_frames or group.index_frames for group in found)

    def test_places_are_those_of_their_capture(self, tell_merged):
        story = keyed()
        story.media(packets=10, report=False, change=lambda n, given: given | {"break_tag": n == 7})
        packets = story.tape.sorted()
        (group,) = groups(tell_merged([packets[:-5], packets[-5:]], story.keyring()))
        assert group.failed_frames == [(1, 3)]


class TestRtcp:
    def story(self, *indices, apart=2.0):
        story = keyed()
        story.media(packets=5, report=False)
        held = story.mtks[FIRST_MSK + b"\0\1"]
        for index in indices:
            story.wait(apart)
            story.report(held.key, held.salt, held.mki, index=index)
        return story

    @pytest.mark.parametrize(
        ("indices", "stale", "repeated"),
        [
            ((1, 2, 3), 0, 0),
            ((1, 5, 9), 0, 0),  # some were lost
            ((5, 4), 1, 0),
            ((5, 5), 0, 1),
            (((1 << 31) - 1, 0), 0, 0),
        ],
    )
    def test_index(self, tell, indices, stale, repeated):
        (group,) = groups(tell(self.story(*indices)), "srtcp")
        assert (len(group.index_frames), len(group.repeated_frames)) == (stale, repeated)

    def test_one_that_was_overtaken(self, tell):
        (group,) = groups(tell(self.story(2, 1, apart=0.01)), "srtcp")
        assert group.index_frames == []

    def test_goes_on_under_the_next_mki(self, tell):
        story = self.story(1, 2)
        story.mtk(mtk_id=2)
        story.media(mtk_id=2, packets=5, report=False)
        held = story.mtks[FIRST_MSK + b"\0\2"]
        story.wait(3)
        story.report(held.key, held.salt, held.mki, index=1)
        story.wait(3)
        story.report(held.key, held.salt, held.mki, index=3)
        last = groups(tell(story), "srtcp")[-1]
        assert len(last.index_frames) == 1

    @pytest.mark.parametrize("encrypt", [True, False])
    def test_encrypted_or_not(self, tell, encrypt):
        story = keyed()
        story.media(packets=5, report=False)
        held = story.mtks[FIRST_MSK + b"\0\1"]
        story.report(held.key, held.salt, held.mki, encrypt=encrypt)
        (group,) = groups(tell(story), "srtcp")
        assert counts(group) == (1, 1, 0, 0, 0)

    def test_a_broken_tag(self, tell):
        story = keyed()
        story.media(packets=5, report=False)
        held = story.mtks[FIRST_MSK + b"\0\1"]
        story.report(held.key, held.salt, held.mki, break_tag=True)
        (group,) = groups(tell(story), "srtcp")
        assert counts(group) == (1, 0, 1, 0, 0)


class TestBroken:
    def test_all_are_counted_and_some_remembered(self, tell):
        story = keyed()
        story.media(packets=50, report=False, change=lambda n, given: given | {"break_tag": n > 9})
        (group,) = groups(tell(story))
        assert counts(group) == (50, 10, 40, 0, 0)
        assert len(group.failed_frames) == examined.MAX_SHOWN

    def test_misplaced_are_counted_apart(self, tell):
        story = keyed()
        story.media(packets=60, report=False, change=lambda n, given: given | ({"mode": RCCM1} if n > 9 else {}))
        (group,) = groups(tell(story))
        assert group.failed == group.misplaced > examined.MAX_SHOWN
        assert len(group.misplaced_frames) == examined.MAX_SHOWN
        assert group.failed_frames == []

    def test_a_damaged_mki_is_not_in_the_clear(self, tell):
        story = keyed()
        story.media(
            packets=20, report=False, change=lambda n, given: given | ({"mki": b"\x99" * 5 + b"\x12"} if n == 9 else {})
        )
        (group,) = groups(tell(story))
        assert (counts(group), group.misplaced) == ((20, 19, 1, 0, 0), 0)


class TestClear:
    def test_rtp_has_no_mki(self, tell):
        story = keyed()
        story.media(packets=10, clear=True)
        (group,) = tell(story).story.media
        assert (group.protocol, group.mki, group.msk_id, group.packets, group.no_key) == ("rtp", None, None, 10, 10)

    def test_an_mki_that_nobody_named(self, tell):
        story = keyed()
        story.media(SECOND_MSK, packets=10, dst="239.9.9.9")
        (group,) = groups(tell(story))
        assert (group.mki, group.no_key) == (SECOND_MSK + b"\0\1", 10)

    def test_its_srtcp_is_told_by_it(self, tell):
        story = keyed()
        story.media(SECOND_MSK, packets=10, dst="239.9.9.9")
        assert [group.protocol for group in tell(story).story.media] == ["srtp", "srtcp"]


@pytest.fixture
def small(monkeypatch):
    """Let streams be huge that have more than 100 packets."""
    monkeypatch.setattr(medialog, "MAX_KEPT", 100)
    monkeypatch.setattr(sampling, "MAX_SHARE", 16)


class TestHugeStreams:
    def test_a_sample_of_them_is_checked(self, tell, small):
        story = keyed()
        story.media(packets=600, report=False)
        (group,) = groups(tell(story))
        checked = group.authenticated
        assert counts(group) == (600, checked, 0, 0, 600 - checked)
        assert 100 + sampling.LAST < checked < 200
        assert group.last > START

    def test_all_of_them_when_asked_for(self, tell, small):
        story = keyed()
        story.media(packets=600, report=False)
        assert counts(groups(tell(story, options=Options(media="all")))[0]) == (600, 600, 0, 0, 0)

    def test_none_of_them_when_asked_for(self, tell, small):
        story = keyed()
        story.media(packets=10)
        assert tell(story, options=Options(media="none")).story.media == ()

    def test_their_end_is_looked_at(self, tell, small):
        story = keyed()
        story.media(packets=600, report=False, change=lambda n, given: given | {"break_tag": n == 599})
        (group,) = groups(tell(story))
        assert group.failed == 1

    def test_both_sides_of_every_key_change_are(self, tell, small):
        """Each key is used for longer than what is kept at the end."""
        story = keyed()
        counts_of = []
        for mtk_id in range(1, 5):
            if mtk_id > 1:
                story.mtk(mtk_id=mtk_id)
            story.media(mtk_id=mtk_id, packets=200 + mtk_id, report=False)
            counts_of.append(200 + mtk_id)
        found = groups(tell(story))
        assert [group.packets for group in found] == counts_of
        assert all(group.authenticated >= 2 and not group.failed and not group.no_key for group in found)
        assert sum(group.authenticated for group in found) < sum(counts_of)

    @pytest.mark.parametrize("media", ["sample", "all"])
    @pytest.mark.parametrize(("sp", "sent"), [(POLICY, {}), (PLAIN, {"rate": NO_RATE, "tag_length": 10})])
    def test_numbers_that_roll_over_between(self, tell, small, media, sp, sent):
        """What rolled over is reckoned with where the sample has a hole."""
        story = keyed(sp)
        for _ in range(12):
            story.media(packets=20, report=False, **sent)
            story.packet_number += 30_000
        (group,) = groups(tell(story, options=Options(media=media)))
        assert (group.packets, group.failed, group.roc_frames, group.repeated_frames) == (240, 0, [], [])
        assert group.authenticated > 100 + sampling.LAST

    def test_what_is_seen_twice_counts_once(self, tell, small):
        story = keyed()
        story.media(packets=300, report=False)
        story.tape.packets += [(time + 2 * MS, packet) for time, packet in story.tape.packets[-300:]]
        (group,) = groups(tell(story, options=Options(media="all")))
        assert (group.authenticated, group.failed, group.repeated_frames) == (300, 0, [])

    def test_indices_are_forgotten_some_day(self, tell, monkeypatch):
        monkeypatch.setattr(examined, "MAX_INDICES", 50)
        story = keyed()
        story.media(packets=200, report=False)
        time, packet = story.tape.packets[-1]
        story.tape.packets.append((time + 500 * MS, packet))
        (group,) = groups(tell(story))
        assert (group.packets, len(group.repeated_frames)) == (201, 1)


def test_streams_are_told_apart(tell):
    story = keyed()
    story.media(packets=5, report=False)
    story.media(packets=6, report=False, ssrc=SSRC + 1)
    story.media(packets=7, report=False, dport=6000)
    story.media(packets=8, report=False, mode=RCCM2, dst="239.1.2.9")
    assert [group.packets for group in groups(tell(story))] == [5, 6, 7, 8]


OCTETS = st.binary(max_size=40)
HOSTILE = st.one_of(
    OCTETS,
    st.builds(
        lambda first, kind, rest, tail: bytes((0x80 | first, kind)) + rest + FIRST_MSK + b"\0\1" + tail,
        st.integers(0, 0x3F), st.sampled_from([0x60, 0xE0, 200, 201, 202, 223]), OCTETS, OCTETS,
    ),
)  # fmt: skip


@given(bodies=st.lists(HOSTILE, max_size=12))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_passes_for_media_is_taken(sample, bodies):
    """The filter lets nothing through that is too short for the header that is read after it."""
    story = sample("http_good").story
    told, log = MediaFilter(), medialog.MediaLog()
    for n, body in enumerate(bodies):
        for packet in told.media(MediaPacket(0, n + 1, n, "10.4.0.1", "239.1.2.3", 5000, body), 49152) or ():
            log.add(packet)
    kept = sum(stream.packets for stream in log.streams.values())
    assert sum(group.packets for group in examine(log, story.traffic, story.chain)) <= kept


STREAMS = {
    "mode 2": (POLICY, {}),
    "without a ROC": (PLAIN, {"rate": NO_RATE, "tag_length": 10}),
    "mode 1": (M1, {"mode": RCCM1}),
}


@pytest.mark.parametrize("sent", STREAMS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_many_at_once_come_to_what_one_by_one_does(sent, data):
    """Lost, overtaken, repeated and broken packets, and two keys by turns: groups with all that is in them."""
    packets, traffic, chain = _streamed(sent)
    chosen = list(packets)
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(chosen) - 1))
        what = data.draw(st.sampled_from(["lose", "swap", "again", "break", "clear", "csrc"]))
        packet = chosen[at]
        if what == "lose":
            del chosen[at]
        elif what == "swap":
            chosen[at : at + 2] = chosen[at : at + 2][::-1]
        elif what == "again":
            chosen.insert(min(at + data.draw(st.sampled_from([1, 30])), len(chosen)), packet)
        elif what == "break":
            octet = data.draw(st.integers(12, len(packet) - 1))
            chosen[at] = packet[:octet] + bytes((packet[octet] ^ 1,)) + packet[octet + 1 :]
        else:
            chosen[at] = packet[:40] if what == "clear" else b"\x81" + packet[1:]
    log = medialog.MediaLog()
    # so far apart that what comes again is no sighting
    for number, octets in enumerate(chosen, 1):
        log.add(MediaPacket(0, number, START + number * 300 * MS, "10.4.0.1", "239.1.2.3", 5000, octets))
    told = examine(log, traffic, chain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examined.Receiver, "run", lambda self, *run: 0)
        patch.setattr(examined.Receiver, "quick", lambda self, packet: None)
        patch.setattr(examined.Receiver, "all_once", lambda self, packets: list(self.once(packets)))
        patch.setattr(Locator, "_located", lambda self, packets: [self.of(octets) for octets in packets])
        assert examine(log, traffic, chain) == told
    assert sum(group.authenticated for group in told) > 0
    size = data.draw(st.integers(1, 40))
    assert _read_again(log, traffic, chain, size) == _read_again(log, traffic, chain, 0)


def _read_again(log, traffic, chain, size):
    """What comes of taking so many packets at once, or each by itself."""
    (receiver,) = receivers(log, traffic, chain)
    packets = list(receiver.stream.kept)
    receiver.start()
    receiver.give_back()
    if size:
        for at in range(0, len(packets), size):
            receiver.take_all(packets[at : at + size])
    else:
        for packet in packets:
            receiver.take(packet)
    return list(receiver.groups())


@cache
def _streamed(sent):
    """Packets under two MTKs by turns, with numbers that roll over, and what is known of them."""
    sp, how = STREAMS[sent]
    story = keyed(sp, mtk_id=1)
    story.mtk(mtk_id=2)
    for mtk_id, packets in ((1, 90), (2, 3), (1, 1), (2, 60)):
        story.media(mtk_id=mtk_id, packets=packets, report=False, **how)
    with TemporaryDirectory() as folder:
        (Path(folder) / "capture.pcapng").write_bytes(story.capture())
        (Path(folder) / "keyring.toml").write_text(story.keyring())
        analysis = analyse(find_cases([folder])[0])
    (stream,) = [stream for stream in analysis.media.streams.values() if not stream.rtcp]
    return [packet.data for packet in stream.kept], analysis.story.traffic, analysis.story.chain
