from analyzer import gist
from analyzer.capture.frame import CaptureFacts
from analyzer.correlate.clocks import Clock
from analyzer.correlate.sightings import fold
from analyzer.decode.decoder import DecodeFacts
from analyzer.report import Verdict
from dissectors import Leg, Message, Payload


def seen(frame: int, interface: int) -> Message:
    at = Payload(capture=0, frame=frame, time=frame * 1000, transport="udp", src="10.0.0.1", sport=1, dst="10.0.0.2", dport=2, data=b"x", leg=Leg(interface, (), 64))  # fmt: skip
    return Message("sip", at, None)


def test_times_are_told_in_seconds() -> None:
    facts = CaptureFacts("a.pcap")
    facts.first, facts.last = 1_500_000_000, 2_000_000_000
    told = gist.capture(facts)
    assert (told.path, told.first, told.last) == ("a.pcap", 1.5, 2.0)


def test_an_empty_capture_has_no_times() -> None:
    told = gist.capture(CaptureFacts("a.pcap"))
    assert (told.first, told.last, told.packets) == (None, None, 0)


def test_a_message_on_two_legs_is_told_with_both() -> None:
    folded = fold([seen(1, 0), seen(2, 1)], (0,), {})
    (told,) = gist.sightings(folded)
    assert (told.frame, [leg.interface for leg in told.legs]) == (1, [0, 1])
    assert told.legs[1].seconds == 1e-6


def test_a_scan_is_not_judged() -> None:
    report = gist.scan_report("case", [], DecodeFacts(), fold([], (), {}), ())
    assert (report.verdict, report.ues, report.judgements) == (Verdict.NONE, (), ())


def test_a_clock_that_was_set_has_no_estimate() -> None:
    told = gist.clock(Clock(captures=(1,), against=0, added=5_000_000_000, source="case.toml", estimate=None))
    assert (told.added, told.behind, told.pairs) == (5.0, None, 0)
