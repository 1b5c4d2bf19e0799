"""Good samples as probes capture them in part: what a node says to another is missing, or a packet; nobody is blamed."""

import random
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest

from analyzer.procedures import coverage
from analyzer.report import Verdict
from sample_pcaps.casebook import cases

Packet = tuple[int, bytes]
Flow = tuple[bytes, bytes, bytes]  # source, destination, protocol and ports
UDP_TO_BM_SC = b"\x11" + (2269).to_bytes(2, "big") * 2
UNVERIFIED = {"MS-19", "MS-23"}  # a verification is one packet of UDP, of which nothing else tells
SAMPLES = (
    "cr_2009_http", "cr_2009_sip", "http_through_a_b2bua", "ks_expired_on_the_way", "ks_expired_under_an_invite",
    "msk_under_the_older_muk", "pulled_after_expiry", "rel8_sip", "sip_good", "two_ues",
)  # fmt: skip


def flow(packet: bytes) -> Flow:
    return packet[26:30], packet[30:34], packet[23:24] + packet[34:38]


def missing(packets: list[Packet], is_said: Callable[[Flow], bool]) -> list[Packet]:
    return [packet for packet in packets if not is_said(flow(packet[1]))]


def in_part(packets: list[Packet]) -> Iterator[tuple[str, list[Packet]]]:
    """Yield what is missing, and what is left."""
    flows = list(dict.fromkeys(flow(packet) for _, packet in packets))
    middle = packets[len(packets) // 2][0]
    for src, dst in dict.fromkeys((src, dst) for src, dst, _ in flows):
        name = f"{ip_address(src)} to {ip_address(dst)}"
        way = {(src, dst, ports) for one, other, ports in flows if (one, other) == (src, dst)}
        left = missing(packets, way.__contains__)
        yield name, left
        yield f"{name}, at first", sorted(left + [p for p in packets if p[0] >= middle and p not in left])
        yield f"{name}, at last", sorted(left + [p for p in packets if p[0] < middle and p not in left])
    for one in flows:
        if one[2] != UDP_TO_BM_SC:
            yield f"{ip_address(one[0])} {one[2].hex()} to {ip_address(one[1])}", missing(packets, one.__eq__)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_one_way_of_a_good_sample_lacks_is_no_fault(tell_merged, name):
    case = cases()[name]
    story = case.tell()
    config = f'profile = "{case.profile}"\n' if case.profile else ""
    broken = {}
    for what, left in in_part(story.tape.sorted()):
        report = tell_merged([left], case.keyring(story), config).report
        found = {(j.rule, j.message) for j in report.judgements if j.verdict >= Verdict.FAIL}
        if found := {(rule, text) for rule, text in found if rule not in UNVERIFIED or ", at" not in what}:
            broken[what] = found
    assert broken == {}


def test_an_answer_that_is_missing_lets_no_other_stand_for_it(tell, failed):
    """Of a resynchronisation the first challenge is lost, and with it what the third request answers."""
    story = cases()["keyed_by_tuak"].tell()
    challenge = next(
        place for place, (_, p) in enumerate(story.tape.packets) if b"401 Unauthorized" in p and place > 45
    )
    del story.tape.packets[challenge]
    assert failed(tell(story)) == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_packets_that_changed_places_on_the_way_into_the_capture_are_no_fault(tell_merged, name):
    """Each direction of a tap has a card of its own, or captures were put together: within 50 ms nothing is sure.

    Where nothing in a capture shows it, its order is believed.
    """
    case = cases()[name]
    story = case.tell()
    config = f'profile = "{case.profile}"\n' if case.profile else ""
    broken = {}
    for seed in range(3):
        late = random.Random(f"{name} {seed}")
        packets = [(time + late.randrange(50_000_000), packet) for time, packet in story.tape.sorted()]
        analysis = tell_merged([packets], case.keyring(story), config)
        found = {(j.rule, j.message) for j in analysis.report.judgements if j.verdict >= Verdict.FAIL}
        if found and coverage.slack(analysis.story, 0, 0):
            broken[seed] = found
    assert broken == {}


@pytest.mark.parametrize("behind", [5, 30])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_tap_that_is_late_in_one_direction_makes_no_fault(tell_merged, name, behind):
    case = cases()[name]
    story = case.tell()
    config = f'profile = "{case.profile}"\n' if case.profile else ""
    packets = [(time + behind * 10**6 * (p[26:30] < p[30:34]), p) for time, p in story.tape.sorted()]
    report = tell_merged([packets], case.keyring(story), config).report
    assert {(j.rule, j.message) for j in report.judgements if j.verdict >= Verdict.FAIL} == set()
