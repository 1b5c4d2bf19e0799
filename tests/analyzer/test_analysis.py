"""The order of things: same input, same report; options, clocks, several captures, progress, and what is raised."""

from __future__ import annotations

import gc
import sys

import pytest

from analyzer import medialog
from analyzer.analysis import Options, analyse
from analyzer.capture.case import CaseFiles, ConfigError, find_cases
from analyzer.capture.reader import CaptureError
from analyzer.keys.keyring import KeyringError
from analyzer.report import Verdict
from sample_pcaps.faults import msk_counter_repeated, verification_missing
from sample_pcaps.forge import pcapng
from sample_pcaps.good import http_good
from sample_pcaps.story import Story

MS = 10**6  # ns
SECOND = 10**9


def rules(analysis):
    return {judgement.rule for judgement in analysis.report.judgements}


def kinds(analysis):
    return [run.procedure.kind for _, run in analysis.runs]


def told(analysis):
    """The report without what names its files."""
    report = analysis.report
    return report.verdict, report.ues, report.judgements, report.media, report.malformed


class TestSame:
    @pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "msk_counter_repeated"])
    def test_input_same_report(self, sample, name):
        first = sample(name)
        again = analyse(first.case)
        assert again.report == first.report
        assert again.report is not first.report

    def test_a_capture_in_pieces(self, tell_merged):
        """A ring buffer of three files, named in another order than they were written."""
        story = http_good()
        packets = story.tape.sorted()
        cut = len(packets) // 3
        parts = [packets[cut : 2 * cut], packets[2 * cut :], packets[:cut]]
        whole, merged = (tell_merged(captures, story.keyring()) for captures in ([packets], parts))
        assert kinds(merged) == kinds(whole)
        assert merged.report.verdict is Verdict.PASS
        assert [(g.packets, g.authenticated) for g in merged.story.media] == [
            (g.packets, g.authenticated) for g in whole.story.media
        ]
        assert [capture.facts.packets for capture in merged.captures] == [len(part) for part in parts]

    def test_evidence_names_the_capture(self, tell_merged):
        story = msk_counter_repeated()
        packets = story.tape.sorted()
        analysis = tell_merged([packets[:-1], packets[-1:]], story.keyring())
        (failed,) = [j for j in analysis.report.judgements if j.verdict is Verdict.FAIL]
        assert failed.rule == "MS-12"
        assert [(e.capture, e.frame) for e in failed.evidence][-1] == (1, 1)

    def test_legs_of_two_captures_are_one_story(self, tell_merged):
        """The one shows TCP, the other UDP."""
        story = http_good()
        packets = story.tape.sorted()
        by_protocol = [[packet for packet in packets if packet[1][23] == protocol] for protocol in (6, 17)]
        merged = tell_merged(by_protocol, story.keyring())
        assert kinds(merged) == kinds(tell_merged([packets], story.keyring()))
        assert merged.report.verdict is Verdict.PASS


class TestClocks:
    def parts(self, story, offset):
        """Two captures of a story, the clock of the second ahead."""
        packets = story.tape.sorted()
        return (
            [packet for packet in packets if packet[1][23] == 6],
            [(time + offset, packet) for time, packet in packets if packet[23] == 17],
        )

    @pytest.mark.parametrize("seconds", [90, -90])
    def test_an_offset_makes_them_one(self, tell_merged, seconds):
        story = http_good()
        packets = story.tape.sorted()
        whole = tell_merged([packets], story.keyring())
        config = f'[capture."b.pcapng"]\nclock_offset = {-seconds}\n'
        merged = tell_merged(self.parts(story, seconds * SECOND), story.keyring(), config)
        assert kinds(merged) == kinds(whole)
        assert merged.report.verdict is Verdict.PASS
        assert (merged.story.traffic.begin, merged.story.traffic.end) == (packets[0][0], packets[-1][0])

    def test_without_it_the_order_is_another(self, tell_merged):
        story = http_good()
        merged = tell_merged(self.parts(story, -90 * SECOND), story.keyring())
        assert merged.story.traffic.messages[0].payload.transport == "udp"

    @pytest.mark.parametrize(("seconds", "verdict"), [(0, Verdict.FAIL), (-60, Verdict.FAIL), (60, Verdict.FAIL)])
    def test_what_a_capture_covers_is_shifted_with_it(self, tell_merged, seconds, verdict):
        """An offset neither ends a capture before an answer was due, nor makes it go on."""
        story = verification_missing()
        packets = [(time + seconds * SECOND, packet) for time, packet in story.tape.sorted()]
        config = f'[capture."a.pcapng"]\nclock_offset = {-seconds}\n'
        (found,) = [j for j in tell_merged([packets], story.keyring(), config).report.judgements if j.rule == "MS-19"]
        assert found.verdict is verdict

    @pytest.mark.parametrize("seconds", [-60, 60])
    def test_nor_does_a_capture_that_ends_early_go_on_by_it(self, tell_merged, seconds):
        story = Story.registered_by_http()
        story.msk(verify=False)
        story.linger(1)
        packets = [(time + seconds * SECOND, packet) for time, packet in story.tape.sorted()]
        config = f'[capture."a.pcapng"]\nclock_offset = {-seconds}\n'
        (found,) = [j for j in tell_merged([packets], story.keyring(), config).report.judgements if j.rule == "MS-19"]
        assert found.verdict is Verdict.INCONC

    @pytest.mark.parametrize("seconds", [1.284, -90])
    def test_packets_seen_in_both_tell_the_offset(self, tell_merged, seconds):
        """The second capture is behind, saw each packet 2 ms later, and alone saw what went over TCP."""
        story = http_good()
        packets = story.tape.sorted()
        whole = tell_merged([packets], story.keyring())
        here = [packet for packet in packets if packet[1][23] == 17]
        there = [(time - round(seconds * SECOND) + 2 * MS, packet) for time, packet in packets]
        analysis = tell_merged([here, there], story.keyring())
        (clock,) = analysis.report.clocks
        assert (clock.captures, clock.against, clock.source) == ((1,), 0, "estimate")
        assert clock.behind == clock.added == pytest.approx(seconds - 0.002, abs=1e-6)
        assert clock.pairs > 10
        assert clock.spread == 0
        assert kinds(analysis) == kinds(whole)
        assert analysis.report.verdict is Verdict.PASS
        assert [m.body for m in analysis.story.traffic.messages] == [m.body for m in whole.story.traffic.messages]
        assert [(g.packets, g.authenticated) for g in analysis.story.media] == [
            (g.packets, g.authenticated) for g in whole.story.media
        ]

    def test_what_is_said_wins_over_what_packets_tell(self, tell_merged):
        story = http_good()
        packets = story.tape.sorted()
        there = [(time - SECOND, packet) for time, packet in packets]
        config = '[capture."b.pcapng"]\nclock_offset = 1.25\n'
        (clock,) = tell_merged([packets, there], story.keyring(), config).report.clocks
        assert (clock.source, clock.added, clock.behind) == ("case.toml", 1.25, 1.0)

    def test_nothing_in_common_moves_nothing(self, tell_merged):
        story = http_good()
        analysis = tell_merged(self.parts(story, 0), story.keyring())
        (clock,) = analysis.report.clocks
        assert (clock.source, clock.added, clock.behind, clock.pairs) == ("none", 0, None, 0)

    def test_a_fraction_of_a_second_counts(self, tell_merged):
        story = http_good()
        config = '[capture."b.pcapng"]\nclock_offset = 0.0005\n'
        merged = tell_merged(self.parts(story, 0), story.keyring(), config)
        plain = tell_merged(self.parts(story, 0), story.keyring())
        (first, *_), (other, *_) = merged.story.traffic.mikey, plain.story.traffic.mikey
        assert first.time - other.time == 500_000


class TestSightings:
    def legs(self, analysis):
        return [(told.frame, [leg.frames for leg in told.legs]) for told in analysis.report.sightings]

    def test_two_captures_count_each_message_once(self, tell_merged):
        story = http_good()
        packets = story.tape.sorted()
        whole = tell_merged([packets], story.keyring())
        both = tell_merged([packets, [(time + 5 * MS, packet) for time, packet in packets]], story.keyring())
        assert len(both.story.traffic.messages) == len(whole.story.traffic.messages)
        assert {len(told.legs) for told in both.report.sightings} == {2}
        assert len(both.report.sightings) == len(both.story.traffic.messages)  # those of TCP too
        assert [e for j in both.report.judgements for e in j.evidence if e.capture] == []
        assert both.report.verdict is Verdict.PASS

    def test_media_beyond_those_that_are_kept_count_once_too(self, tell_merged, monkeypatch):
        monkeypatch.setattr(medialog, "MAX_KEPT", 15)
        story = http_good()
        packets = story.tape.sorted()
        whole = tell_merged([packets], story.keyring())
        both = tell_merged([packets, [(time + 5 * MS, packet) for time, packet in packets]], story.keyring())
        assert sum(g.packets for g in both.story.media) == sum(g.packets for g in whole.story.media)

    def test_mirrored_ports(self, tell_merged):
        story = http_good()
        packets = story.tape.sorted()
        twice = [(time + n * 40_000, packet) for time, packet in packets for n in (0, 1)]
        analysis, whole = tell_merged([twice], story.keyring()), tell_merged([packets], story.keyring())
        assert len(analysis.story.traffic.messages) == len(whole.story.traffic.messages)
        assert len(analysis.messages) > len(whole.messages)
        assert analysis.report.verdict is Verdict.PASS
        assert kinds(analysis) == kinds(whole)

    def test_what_is_sent_again_is_another_message(self, tell_merged):
        story = http_good()
        packets = [packet for packet in story.tape.sorted() if packet[1][23] == 17]
        analysis = tell_merged([[*packets, *((time + 437 * MS, packet) for time, packet in packets)]])
        assert self.legs(analysis) == []
        assert len(analysis.story.traffic.messages) == len(analysis.messages)


class TestRolling:
    def test_files_of_a_ring_are_one_capture(self, tmp_path):
        """TCP streams and MKIs go on from one file to the next; no clock is held against another."""
        story = http_good()
        packets = story.tape.sorted()
        for number in range(4):
            part = packets[number * len(packets) // 4 : (number + 1) * len(packets) // 4]
            (tmp_path / f"gm_{number + 1:05}_2026112410150{number}.pcapng").write_bytes(pcapng(part))
        keys = tmp_path / "gm.keys.toml"
        keys.write_text(story.keyring())
        keys.chmod(0o600)
        (case,) = find_cases([str(tmp_path)])
        assert (case.name, case.points) == ("gm", (0, 0, 0, 0))
        analysis, whole = analyse(case), self.whole(tmp_path, packets, story)
        assert analysis.report.verdict is Verdict.PASS
        assert analysis.report.clocks == ()
        assert kinds(analysis) == kinds(whole)
        assert [m.body for m in analysis.story.traffic.messages] == [m.body for m in whole.story.traffic.messages]
        assert [(g.packets, g.authenticated) for g in analysis.story.media] == [
            (g.packets, g.authenticated) for g in whole.story.media
        ]

    def test_what_is_sent_again_in_the_next_file_is_no_sighting(self, tmp_path):
        (time, packet) = next(packet for packet in http_good().tape.sorted() if packet[1][23] == 17)
        for number in (0, 1):
            made = pcapng([(time + number * 500 * MS, packet)])
            (tmp_path / f"gm_{number + 1:05}_20261124101500.pcapng").write_bytes(made)
        (case,) = find_cases([str(tmp_path)])
        assert len(analyse(case).story.traffic.messages) == 2

    def whole(self, folder, packets, story):
        (folder / "whole").mkdir()
        (folder / "whole" / "gm.pcapng").write_bytes(pcapng(packets))
        keys = folder / "whole" / "keyring.toml"
        keys.write_text(story.keyring())
        keys.chmod(0o600)
        (case,) = find_cases([str(folder / "whole")])
        return analyse(case)


class TestConfig:
    def test_ports_and_nodes(self, tell_merged):
        story = Story.registered_by_http()
        story.msk()
        config = '[nodes]\nbm-sc = ["10.4.0.1"]\n[ports]\nmikey = [2270]\n'
        assert tell_merged([story.tape.sorted()], story.keyring(), config).report.verdict is Verdict.PASS

    def test_no_capture_at_all(self):
        analysis = analyse(CaseFiles("none", ()))
        assert analysis.report.verdict is Verdict.NONE
        assert (analysis.messages, analysis.runs, analysis.captures) == ((), (), ())

    def test_keyrings_beyond_those_of_the_case(self, tell_merged, tmp_path):
        story = http_good()
        story.tape.packets = [p for p in story.tape.packets if p[1][23] == 17]
        more = tmp_path / "more.toml"
        more.write_text(story.keyring(runs=True))
        more.chmod(0o600)
        packets = story.tape.sorted()
        shut = tell_merged([packets])
        open_ = tell_merged([packets], options=Options(keys=(str(more),)))
        assert not any(group.authenticated for group in shut.story.media)
        assert all(group.authenticated == group.packets for group in open_.story.media)


class TestOptions:
    def test_select_by_beginnings(self, tell):
        story = http_good()
        assert {code[:2] for code in rules(tell(story, options=Options(select=("MS", "MT-01"))))} == {"MS", "MT"}
        assert rules(tell(story, options=Options(select=("MT-01", "SR-04")))) == {"MT-01", "SR-04"}

    def test_ignore_wins(self, tell):
        story = http_good()
        chosen = rules(tell(story, options=Options(select=("MS",), ignore=("MS-1",))))
        assert chosen
        assert not any(code.startswith("MS-1") for code in chosen)

    def test_they_decide_on_the_verdict(self, tell):
        story = msk_counter_repeated()
        assert tell(story).report.verdict is Verdict.FAIL
        assert tell(story, options=Options(ignore=("MS-12",))).report.verdict is Verdict.PASS
        assert tell(story, options=Options(select=("XX",))).report.verdict is Verdict.NONE

    def test_keys_are_shown_only_where_asked(self, tell):
        story = http_good()
        value = next(iter(story.msks.values())).key.hex()
        assert {key.value for ue in tell(story).report.ues for key in ue.keys} == {None}
        shown = tell(story, options=Options(show_keys=True))
        assert value in {key.value for ue in shown.report.ues for key in ue.keys}
        assert value not in repr(shown)


class TestProgress:
    def test_goes_from_nothing_to_all(self, tmp_path):
        story = http_good()
        (tmp_path / "a.pcapng").write_bytes(story.capture())
        (case,) = find_cases([str(tmp_path / "a.pcapng")])
        seen = []
        analyse(case, progress=lambda done, total: seen.append((done, total)))
        size = (tmp_path / "a.pcapng").stat().st_size
        assert seen
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert {total for _, total in seen} == {size}
        assert seen[-1][0] <= size

    def test_is_of_all_captures(self, tell_merged):
        story = http_good()
        packets = story.tape.sorted()
        seen = []
        analysis = tell_merged([packets[:50], packets[50:]], progress=lambda *given: seen.append(given))
        assert {total for _, total in seen} == {sum(capture.size for capture in analysis.captures)}

    def test_what_it_raises_comes_through(self, tell_merged):
        """That is how a reader is told to stop."""

        class Enough(Exception):  # noqa: N818
            pass

        def stop(done, total):
            raise Enough

        with pytest.raises(Enough):
            tell_merged([http_good().tape.sorted()], progress=stop)


class TestRaised:
    def test_no_capture(self, tmp_path):
        (tmp_path / "x.pcapng").write_bytes(b"\x89PNG and more than sixteen octets")
        with pytest.raises(CaptureError):
            analyse(CaseFiles("x", (str(tmp_path / "x.pcapng"),)))

    def test_no_file(self, tmp_path):
        with pytest.raises(CaptureError):
            analyse(CaseFiles("x", (str(tmp_path / "missing.pcapng"),)))

    def test_a_wrong_keyring(self, tmp_path):
        (tmp_path / "a.pcapng").write_bytes(http_good().capture())
        (tmp_path / "k.toml").write_text('[[ue]]\nk = "zz"\n')
        with pytest.raises(KeyringError):
            analyse(CaseFiles("x", (str(tmp_path / "a.pcapng"),), (str(tmp_path / "k.toml"),)))

    def test_a_wrong_config_before_any_capture_is_read(self, tmp_path):
        (tmp_path / "case.toml").write_text("[nodes]\nxyz = []\n")
        with pytest.raises(ConfigError):
            analyse(CaseFiles("x", (str(tmp_path / "missing.pcapng"),), (), str(tmp_path / "case.toml")))

    def test_a_capture_that_breaks_off_is_judged_as_far_as_it_goes(self, tmp_path):
        octets = http_good().capture()
        (tmp_path / "a.pcapng").write_bytes(octets[: len(octets) // 2])
        (tmp_path / "keyring.toml").write_text(http_good().keyring())
        (tmp_path / "keyring.toml").chmod(0o600)
        (case,) = find_cases([str(tmp_path)])
        report = analyse(case).report
        assert report.captures[0].truncated
        assert report.judgements
        assert not [j for j in report.judgements if j.verdict in (Verdict.FAIL, Verdict.ERROR)]


def test_the_collector_is_as_before_after_an_analysis_and_after_a_failure(tell, tmp_path):
    usual = gc.get_threshold()
    tell(Story("nothing", by_sip=False))
    assert gc.get_threshold() == usual
    with pytest.raises(CaptureError):
        analyse(CaseFiles("none", (str(tmp_path / "none.pcap"),)))
    assert gc.get_threshold() == usual
    assert not gc.get_freeze_count()


class TestGrowth:
    @staticmethod
    def calls(tell, ues):
        """How many functions an analysis of so many UEs calls, that use one MSK and all of whose MSKs come at once."""
        story = Story("many", by_sip=False, ues=ues)
        for ue in story.ues:
            story.bootstrap(ue)
            story.invite(ue)
            story.register(ue)
            story.msk(ue)
        story.mtk()
        called = 0

        def count(frame, event, arg):
            nonlocal called
            called += event == "call"

        sys.setprofile(count)
        try:
            tell(story)
        finally:
            sys.setprofile(None)
        return called

    def test_is_linear_in_ues(self, tell):
        self.calls(tell, 1)  # what is remembered from then on
        few, many = self.calls(tell, 5), self.calls(tell, 20)
        assert many < 4.2 * few
