"""What a capture could have shown: nothing is missing on a leg that was not captured, or not then."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.correlate import bodies, gba
from analyzer.judging import CannotTell, Story
from analyzer.procedures.roles import SCF_REQUESTS
from dissectors import Message

CLOCK_SKEW = 50_000_000  # ns; two captures may differ by this without a word in case.toml

Leg = Callable[[Message], bool]


def shows(story: Story, leg: Leg, start: int, end: int) -> bool:
    """Say whether a message of a leg would be in the case, had it been sent between two times (ns).

    Only captures that show the leg at some time count, and only from their first to their last message; where
    all messages are of one capture, its first and last frame.
    """
    messages = story.traffic.messages
    captures = {message.payload.capture for message in messages if leg(message)}
    if not captures:
        return False
    if {message.payload.capture for message in messages} == captures:
        return story.traffic.begin <= start and end <= story.traffic.end
    times = [message.time for message in messages if message.payload.capture in captures]
    return min(times) <= start and end <= max(times)


def sure_of_absence(story: Story, what: str, protocol: str, start: int, end: int) -> None:
    """Raise CannotTell where a request may only be missing from the capture: its answer is there, or octets are not."""
    for exchange in story.traffic.exchanges:
        if exchange.protocol == protocol and not exchange.requests and start <= exchange.first.time <= end:
            raise CannotTell(f"no {what} is to be seen, yet frame {exchange.first.frame} answers a request that is not")
    if story.holes:
        raise CannotTell(f"no {what} is to be seen, yet {story.holes} octets of TCP streams were not captured")


def hears(story: Story, address: str) -> bool:
    """Say whether the case shows any HTTP answer of a server: a probe may see one direction only."""
    return any(
        message.payload.src == address and (body := bodies.http(message)) is not None and not body.is_request
        for message in story.traffic.messages
    )


def is_scf_post(message: Message) -> bool:
    """A POST of the SCF to the BM-SC."""
    body = bodies.http(message)
    return body is not None and bodies.request_type(body) in SCF_REQUESTS


def is_msk_to(addresses: frozenset[str]) -> Leg:
    """An MSK message to one of the addresses."""

    def leg(message: Message) -> bool:
        body = bodies.mikey(message)
        return body is not None and bodies.is_msk_message(body) and message.payload.dst in addresses

    return leg


def is_bir_of(addresses: frozenset[str], nafs: frozenset[str]) -> Leg:
    """A request on Zn by one of the addresses, or for one of the NAFs."""

    def leg(message: Message) -> bool:
        body = bodies.diameter(message)
        if body is None or not body.is_request or body.command != bodies.COMMAND_ZN:
            return False
        asked = body.find(gba.NAF_ID)
        named = "" if asked is None else gba.split_naf_id(asked.data)[0]
        return message.payload.src in addresses or named in nafs

    return leg


def is_reversed(earlier: Message, later: Message) -> bool | None:
    """Say whether what should have come later came earlier; None where two clocks leave it open."""
    if later.time >= earlier.time:
        return False
    if earlier.payload.capture != later.payload.capture and earlier.time - later.time <= CLOCK_SKEW:
        return None
    return True
