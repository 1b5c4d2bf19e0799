"""The cause of each faulty sample inside a capture with other UEs that do well, and with less to go by."""

from __future__ import annotations

import json
import struct
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest

import sample_pcaps
from analyzer.diagnosis.effects import CERTAIN
from sample_pcaps.casebook import cases
from sample_pcaps.story import Story
from sample_pcaps.wire import KEYLOG

PACKET_BLOCK = 6  # enhanced, in pcapng
MSKS = (bytes.fromhex("00050001"), bytes.fromhex("00050002"))
SAMPLES = Path(sample_pcaps.__file__).parent
FAULTY = [name for name, case in cases().items() if not case.good]
ENDS = slice(26, 30), slice(30, 34)  # source and destination behind an Ethernet header
ENDS_OF_IPV6 = slice(22, 38), slice(38, 54)
IPV6 = bytes.fromhex("86dd")


class Neighbours(Story):
    """UEs of other names and addresses at the same nodes, with keys and a multicast group of their own."""

    def __init__(self, by_sip):
        super().__init__("neighbours", by_sip=by_sip, ues=3)
        self.addresses = replace(self.addresses, group="239.7.7.7")
        self.services = ("urn:home1.net:mbms:weather",)

    def _ue(self, number):
        return super()._ue(number + 40)

    def count(self, what):
        return super().count(what) + 5000  # other octets, ports and tokens than those of the story beside


def neighbours(by_sip):
    """Three UEs that do well: keys, media, a refresh, and they leave."""
    story = Neighbours(by_sip)
    story.wait(0.003)
    for ue in story.ues:
        story.bootstrap(ue)
        story.wait(0.1)
        if by_sip:
            story.sip("register", ue)
        else:
            story.invite(ue)
            story.wait(0.1)
            story.register(ue)
        story.wait(0.1)
    first, second = MSKS
    story.keys_and_media(first)
    for ue in story.ues:
        story.msk(ue, second)
    story.wait(0.2)
    story.mtk(second, 1, times=2, interval=0.5)
    story.media(second, 1, packets=10)
    return story


@pytest.fixture(scope="module")
def beside():
    return {by_sip: neighbours(by_sip) for by_sip in (False, True)}


def merged(name, beside):
    """Put the story of a sample and its neighbours into one capture; return packets and keyring."""
    case = cases()[name]
    story = case.tell()
    others = beside[story.by_sip]
    packets = sorted([*story.tape.packets, *others.tape.packets], key=lambda packet: packet[0])
    return packets, case.keyring(story) + others.keyring(), {ue.ip for ue in others.ues}


def captures(story):
    """Return the packets of each probe of a story."""
    return [story.tape.packets, *(packets_in(octets) for name, octets in story.more.items() if name != KEYLOG)]


def packets_in(pcapng):
    """Read back what `forge.pcapng` wrote."""
    found, at = [], 0
    while at < len(pcapng):
        kind, size = struct.unpack_from("<II", pcapng, at)
        if kind == PACKET_BLOCK:
            _, high, low, length = struct.unpack_from("<IIII", pcapng, at + 8)
            found.append((high << 32 | low, pcapng[at + 28 : at + 28 + length]))
        at += size
    return found


def keyring(case, story):
    """Return the keyring of a case; what TLS hides stays hidden, as no tool that opens it takes part."""
    return case.keyring(story).replace(f'[tls]\nkeylog = "{KEYLOG}"', "")


def told(analysis):
    return [(d.symptom, d.cause) for d in analysis.report.diagnoses]


def has_diagnoses(name):
    report = json.loads((SAMPLES / name / "report.json").read_text(encoding="utf-8"))
    return bool(report["cases"][0]["diagnoses"])


def causes(analysis):
    return {diagnosis.cause for diagnosis in analysis.report.diagnoses}


@pytest.mark.parametrize("name", FAULTY)
def test_only_the_right_ue_is_diagnosed_in_a_busy_capture(sample, tell_merged, beside, name):
    packets, keyring, well = merged(name, beside)
    found = tell_merged([packets], keyring)
    alone = sample(name)
    assert told(found) == told(alone)
    healthy = {ue.id for ue in found.report.ues if well & set(ue.addresses)}
    assert len(healthy) == 3
    assert not healthy & {diagnosis.ue for diagnosis in found.report.diagnoses}
    of = {ue.id: ue.addresses for ue in found.report.ues}
    was = {ue.id: ue.addresses for ue in alone.report.ues}
    assert [of.get(d.ue) for d in found.report.diagnoses] == [was.get(d.ue) for d in alone.report.diagnoses]


def test_neighbours_alone_have_no_diagnosis(tell, beside):
    for story in beside.values():
        assert told(tell(story)) == []


@pytest.mark.parametrize("name", list(cases()))
def test_without_a_keyring_nothing_else_is_certain(sample, tell_merged, name):
    """What keys would have told is left open; it makes nobody else certain to be guilty."""
    right = causes(sample(name))
    found = tell_merged(captures(cases()[name].tell())).report.diagnoses
    assert {d.cause for d in found if d.confidence == CERTAIN} <= right


# Those whose story fails or is good; the others break what does no harm
TOLD = [name for name, case in cases().items() if case.good or has_diagnoses(name)]
LEGS = {
    "Ub": ("ue", "bsf"),
    "Zn": ("bm_sc", "bsf"),
    "Ua": ("ue", "bm_sc"),
    "SCF to BM-SC": ("scf", "bm_sc"),
}


@pytest.mark.parametrize("leg", LEGS)
@pytest.mark.parametrize("name", TOLD)
def test_without_a_leg_nothing_else_is_certain(sample, tell_merged, name, leg):
    case = cases()[name]
    story = case.tell()
    seen = [[p for p in packets if not is_on(p[1], story, LEGS[leg])] for packets in captures(story)]
    right = causes(sample(name))
    found = tell_merged(seen, keyring(case, story)).report.diagnoses
    assert {d.cause for d in found if d.confidence == CERTAIN} <= right


def is_on(frame, story, leg):
    ends = {ip_address(address).packed for address in (*story.addresses.ues, *(ue.ip for ue in story.ues))}
    places = [ends if name == "ue" else {ip_address(getattr(story.addresses, name)).packed} for name in leg]
    pair = [frame[part] for part in (ENDS_OF_IPV6 if frame[12:14] == IPV6 else ENDS)]
    return any(pair[a] in places[0] and pair[1 - a] in places[1] for a in (0, 1))


@pytest.mark.parametrize("share", [0.15, 0.4])
@pytest.mark.parametrize("name", TOLD)
def test_a_capture_that_begins_late_makes_nothing_else_certain(sample, tell_merged, name, share):
    case = cases()[name]
    story = case.tell()
    seen = [sorted(packets)[round(len(packets) * share) :] for packets in captures(story)]
    right = causes(sample(name))
    found = tell_merged(seen, keyring(case, story)).report.diagnoses
    assert {d.cause for d in found if d.confidence == CERTAIN} <= right
