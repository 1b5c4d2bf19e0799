"""What tests of rules share: verdicts by rule, captures that show only some legs, and stories that begin alike."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import pytest

from analyzer.analysis import Analysis
from sample_pcaps.clock import START
from sample_pcaps.story import Story

IPV4_ENDS = slice(26, 30), slice(30, 34)  # source and destination behind an Ethernet header
COUNTED = ("shall", "should")


@pytest.fixture
def verdicts() -> Callable[[Analysis, str], list[str]]:
    """Return the verdicts of a rule in an analysis, in the order of its judgements."""

    def of(analysis: Analysis, code: str) -> list[str]:
        return [str(judgement.verdict) for judgement in analysis.report.judgements if judgement.rule == code]

    return of


@pytest.fixture
def failed() -> Callable[[Analysis], set[str]]:
    """Return the rules of level shall or should that fail in an analysis, or crash."""

    def of(analysis: Analysis) -> set[str]:
        return {
            judgement.rule
            for judgement in analysis.report.judgements
            if str(judgement.verdict) == "error" or (str(judgement.verdict) == "fail" and judgement.level in COUNTED)
        }

    return of


@pytest.fixture
def keep() -> Callable[..., Story]:
    """Take all packets out of an IPv4 story but those between the pairs of nodes given: ("ue", "p_cscf")."""

    def only(story: Story, *legs: tuple[str, str]) -> Story:
        nodes = {getattr(story.addresses, name): name for name in ("p_cscf", "scf", "bm_sc", "bsf", "group")}
        nodes |= dict.fromkeys(story.addresses.ues, "ue")
        kept = {frozenset(leg) for leg in legs}

        def shown(packet: bytes) -> bool:
            ends = (str(ip_address(packet[part])) for part in IPV4_ENDS)
            return frozenset(nodes.get(end, end) for end in ends) in kept

        story.tape.packets = [(time, packet) for time, packet in story.tape.packets if shown(packet)]
        return story

    return only


@pytest.fixture(scope="session")
def begun() -> Callable[..., Story]:
    """Begin the SIP variant: a bootstrapping, and a registration of which more can be said."""

    def make(lifetime: float = 3600, **more: Any) -> Story:
        story = Story("sip", by_sip=True)
        story.bootstrap(lifetime=lifetime)
        story.wait(0.2)
        story.sip("register", **more)
        story.wait(0.1)
        return story

    return make


@pytest.fixture(scope="session")
def with_msk() -> Callable[..., Story]:
    """Register by HTTP, unless a story is given, and send an MSK message with something in it that is unusual."""

    def make(*, story: Story | None = None, **more: Any) -> Story:
        story = story or Story.registered_by_http()
        story.msk(**more)
        story.linger(5)
        return story

    return make


@pytest.fixture(scope="session")
def begun_late(with_msk: Callable[..., Story]) -> Callable[..., Story]:
    """The same in a capture that begins after the registration."""

    def make(**more: Any) -> Story:
        story = Story.registered_by_http()
        registered = (story.now - START) / 10**9
        with_msk(story=story, **more)
        story.cut(registered)
        return story

    return make
