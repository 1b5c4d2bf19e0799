"""What a capture could have shown."""

from ipaddress import ip_address

import pytest

from analyzer.analysis import analyse
from analyzer.capture.case import CaseFiles
from analyzer.judging import CannotTell
from analyzer.procedures import coverage
from sample_pcaps.forge import pcapng
from sample_pcaps.stage import NEWS
from sample_pcaps.story import Story

SECOND = 10**9


def two_captures(tmp_path, story: Story, leg) -> CaseFiles:
    """Write the packets of a leg into a capture of its own, all others into another."""
    paths = []
    for name, wanted in (("leg", True), ("rest", False)):
        path = tmp_path / f"{name}.pcapng"
        path.write_bytes(pcapng([packet for packet in story.tape.sorted() if leg(packet[1]) is wanted]))
        paths.append(str(path))
    return CaseFiles("two", tuple(paths), (), None)


def between_scf_and_bm_sc(packet: bytes) -> bool:
    return {packet[26:30], packet[30:34]} == {bytes((10, 3, 0, 1)), bytes((10, 4, 0, 1))}


def address(story: Story, node: str) -> bytes:
    return ip_address(story.ue.ip if node == "ue" else getattr(story.addresses, node)).packed


def without_way(story: Story, one: str, other: str, ports=()) -> Story:
    """Take out what one node says to another, to some of its ports if they are given."""
    ends = address(story, one), address(story, other)
    story.tape.packets = [
        (time, packet) for time, packet in story.tape.packets
        if (packet[26:30], packet[30:34]) != ends or (ports and packet[36:38] not in ports)
    ]  # fmt: skip
    return story


def ports_of(story: Story, client: str, server: str) -> list[bytes]:
    """Return the ports of the connections of a client to a server, in the order of time."""
    ends = address(story, client), address(story, server)
    return list(dict.fromkeys(p[34:36] for _, p in story.tape.sorted() if (p[26:30], p[30:34]) == ends and p[23] == 6))


class TestShows:
    def test_one_capture_from_its_first_to_its_last_frame(self, tell):
        story = Story.begun_by_http()
        story.linger(10)
        told = tell(story).story
        end = told.traffic.end
        assert coverage.shows(told, coverage.legs(told).posts, told.traffic.begin, end)
        assert not coverage.shows(told, coverage.legs(told).posts, told.traffic.begin - 1, end)
        assert not coverage.shows(told, coverage.legs(told).posts, told.traffic.begin, end + 1)

    def test_nothing_of_a_leg_that_is_not_there(self, tell, keep):
        told = tell(keep(Story.begun_by_http(), ("ue", "p_cscf"))).story
        assert not coverage.shows(told, coverage.legs(told).posts, told.traffic.begin, told.traffic.begin)

    def test_of_several_captures_that_of_the_leg_alone(self, tmp_path):
        story = Story.begun_by_http()
        story.linger(60)
        told = analyse(two_captures(tmp_path, story, between_scf_and_bm_sc)).story
        posts = [exchange.first for exchange in coverage.scf_posts(told)]
        assert coverage.shows(told, coverage.legs(told).posts, posts[0].time, posts[0].time)
        assert not coverage.shows(told, coverage.legs(told).posts, posts[0].time, posts[0].time + 10 * SECOND)


class TestAbsence:
    def test_is_sure_in_a_whole_capture(self, tell):
        told = tell(Story.begun_by_http()).story
        coverage.sure_of_absence(told, "POST", "http", told.traffic.begin, told.traffic.end)

    def test_is_not_when_octets_are_missing(self, tell):
        story = Story.begun_by_http()
        lost = next(n for n, (_, packet) in enumerate(story.tape.packets) if b"=authorize" in packet)
        del story.tape.packets[lost]
        told = tell(story).story
        assert told.holes
        with pytest.raises(CannotTell, match="answers a request"):
            coverage.sure_of_absence(told, "POST", "http", told.traffic.begin, told.traffic.end)
        with pytest.raises(CannotTell, match="octets"):
            coverage.sure_of_absence(told, "POST", "diameter", told.traffic.begin, told.traffic.end)


class TestOrder:
    def test_of_one_clock_is_certain(self, tell):
        told = tell(Story.begun_by_http()).story
        earlier, later = told.traffic.messages[:2]
        assert coverage.is_reversed(earlier, later, told) is False
        assert coverage.is_reversed(later, earlier, told) is True

    def test_of_two_clocks_is_not_when_they_are_close(self, tmp_path):
        told = analyse(two_captures(tmp_path, Story.begun_by_http(), between_scf_and_bm_sc)).story
        post = coverage.scf_posts(told)[0].first
        after = next(
            m for m in told.traffic.messages if m.time > post.time and m.payload.capture != post.payload.capture
        )
        assert coverage.is_reversed(after, post, told) is None
        last = told.traffic.messages[0]
        assert coverage.is_reversed(post, last, told) is True  # by far more than clocks differ


class TestLegs:
    def test_are_told_by_what_is_said(self, tell):
        story = Story.registered_by_http()
        story.msk()
        found = coverage.legs(tell(story).story)
        assert found.posts == found.sip == {0}
        assert found.msks == {story.ue.ip: {0}}
        assert found.zn == {story.addresses.bm_sc: {0}, "bmsc.home1.net": {0}}
        at = story.addresses
        assert found.answering == {(at.bm_sc, at.scf), (at.bm_sc, story.ue.ip), (at.bsf, story.ue.ip)}
        assert coverage.of_any(found.msks, ("10.9.9.9", story.ue.ip)) == {0}
        assert coverage.of_any(found.msks, ("10.9.9.9",)) == frozenset()

    def test_are_looked_for_once(self, tell):
        told = tell(Story.begun_by_http()).story
        assert coverage.legs(told) is coverage.legs(told)

    def test_are_heard_by_their_answers(self, tell):
        story = Story.registered_by_http()
        told = tell(story).story
        at = story.addresses
        for post in told.traffic.exchanges:
            if post.protocol == "http":
                assert coverage.hears(told, post.first)
        assert coverage.answers(told, at.bm_sc)
        assert not coverage.answers(told, at.scf)

    def test_are_heard_for_each_two_ends(self, tell):
        """That the BM-SC answers the UE says nothing of what it answers the SCF."""
        story = without_way(Story.registered_by_http(), "bm_sc", "scf")
        told = tell(story).story
        (post,) = coverage.scf_posts(told)
        assert coverage.answers(told, story.addresses.bm_sc)
        assert not coverage.hears(told, post.first)

    def test_are_not_heard_on_a_connection_that_something_arrived_on_unseen(self, tell):
        story = Story.registered_by_http()
        story.invite()
        lost = ports_of(story, "scf", "bm_sc")[-1:]
        told = tell(without_way(story, "bm_sc", "scf", lost)).story
        heard = [coverage.hears(told, post.first) for post in coverage.scf_posts(told)]
        assert heard == [True, False]

    def test_are_missed_where_something_surely_was_sent(self, tell):
        story = Story.registered_by_http()
        ue, bm_sc = story.ue.ip, story.addresses.bm_sc
        assert not coverage.misses(tell(story).story, ue, bm_sc)
        told = tell(without_way(Story.registered_by_http(), "ue", "bm_sc")).story
        assert coverage.misses(told, ue, bm_sc)
        assert not coverage.misses(told, bm_sc, ue)

    def test_know_the_services_that_are_keyed(self, tell):
        assert coverage.keyed_services(tell(Story.begun_by_http()).story) == {NEWS}
        assert coverage.keyed_services(tell(Story("none", by_sip=False)).story) == frozenset()


class TestSlack:
    def test_is_none_in_a_capture_in_order(self, tell):
        told = tell(Story.registered_by_http()).story
        assert coverage.slack(told, 0, 0) == 0
        assert coverage.slack(told, 0, 1) == coverage.CLOCK_SKEW

    @pytest.mark.parametrize(("milliseconds", "slack"), [(8, 50), (5.5, 0)])
    def test_is_what_an_answer_stands_before_its_request(self, tell, milliseconds, slack):
        """What comes back from the BM-SC stands so much earlier; a step of a story takes 5 ms."""
        story = Story.registered_by_http()
        bm_sc = ip_address(story.addresses.bm_sc).packed
        early = [p for p in story.tape.packets if p[1][26:30] == bm_sc and b"HTTP/1.1" in p[1]]
        story.tape.packets = [
            (t - round(milliseconds * 10**6), p) if (t, p) in early else (t, p) for t, p in story.tape.packets
        ]
        told = tell(story).story
        assert coverage.slack(told, 0, 0) // 10**6 == slack
        assert all(e.requests and e.answers for e in told.traffic.exchanges if e.protocol == "http")
