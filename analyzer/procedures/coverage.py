"""What a capture could have shown: nothing is missing on a leg that was not captured, or not then."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import OVERTAKING, Ends, Exchange, of_request_type
from analyzer.judging import CannotTell, Story, once
from analyzer.procedures.lifetimes import MAX_ERROR, errors
from analyzer.procedures.roles import SCF_REQUESTS
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.http import Http
from dissectors.mikey import Mikey
from dissectors.sip import Sip

CLOCK_SKEW = 50_000_000  # ns; two captures may differ by this without a word in case.toml
DISORDER = 1_000_000  # ns; by which an answer stands before its request where a capture is made of several of them


@dataclass(frozen=True, slots=True)
class Legs:
    """Which captures of a case show which leg, from when to when (ns), and who answers on HTTP."""

    windows: Mapping[int, tuple[int, int]]  # first and last message of each capture
    posts: frozenset[int]  # of the SCF to the BM-SC
    sip: frozenset[int]
    msks: Mapping[str, frozenset[int]]  # by the address they go to
    zn: Mapping[str, frozenset[int]]  # requests, by their sender and by the FQDN of their NAF
    answering: frozenset[tuple[str, str]]  # addresses of HTTP servers, and of whom they answered


@once
def legs(story: Story) -> Legs:
    """Look through all messages for the legs that they are of."""
    windows: dict[int, tuple[int, int]] = {}
    posts: set[int] = set()
    sip: set[int] = set()
    msks: dict[str, set[int]] = {}
    zn: dict[str, set[int]] = {}
    answering: set[tuple[str, str]] = set()
    for message in story.traffic.messages:
        capture = message.payload.capture
        windows[capture] = (windows.get(capture, (message.time,))[0], message.time)
        match message.body:
            case Sip():
                sip.add(capture)
            case Http() as body if not body.is_request:
                answering.add((message.payload.src, message.payload.dst))
            case Http() as body if bodies.request_type(body) in SCF_REQUESTS:
                posts.add(capture)
            case Diameter() as body if body.is_request and body.command == bodies.COMMAND_ZN:
                asked = body.find(gba.NAF_ID)
                for name in (message.payload.src, "" if asked is None else gba.split_naf_id(asked.data)[0]):
                    zn.setdefault(name, set()).add(capture)
            case Mikey() as body if bodies.is_msk_message(body):
                msks.setdefault(message.payload.dst, set()).add(capture)
            case _:
                pass
    return Legs(windows, frozenset(posts), frozenset(sip), _frozen(msks), _frozen(zn), frozenset(answering))


def _frozen(found: Mapping[str, set[int]]) -> dict[str, frozenset[int]]:
    return {name: frozenset(captures) for name, captures in found.items()}


def shows(story: Story, captures: frozenset[int], start: int, end: int) -> bool:
    """Say whether a message of a leg would be in the case, had it been sent between two times (ns).

    `captures` are those that show the leg at some time; each counts from its first to its last message, or where
    there is no other capture, from the first frame to the last. Raises CannotTell where packets were lost.
    """
    story.be_whole()
    windows = legs(story).windows
    if not captures:
        return False
    if captures == windows.keys():
        return story.traffic.begin <= start and end <= story.traffic.end
    firsts, lasts = zip(*(windows[capture] for capture in captures), strict=True)
    return bool(min(firsts) <= start and end <= max(lasts))


def of_any(found: Mapping[str, frozenset[int]], names: Iterable[str]) -> frozenset[int]:
    """Return the captures that show a leg of any of the names."""
    return frozenset(capture for name in names for capture in found.get(name, ()))


@once
def scf_posts(story: Story) -> tuple[Exchange, ...]:
    """Return the POSTs of SCFs to BM-SCs, in the order of time."""
    return tuple(of_request_type(story.traffic.exchanges, *SCF_REQUESTS))


@once
def keyed_services(story: Story) -> frozenset[str]:
    """Return the services that key management speaks of."""
    spoken = of_request_type(story.traffic.exchanges, *bodies.REQUEST_TYPES)
    return frozenset(service for exchange in spoken for service in bodies.services(exchange.first))


@once
def _orphans(story: Story, protocol: str) -> tuple[Exchange, ...]:
    """Return the exchanges whose request is not in the case, in the order of time."""
    return tuple(e for e in story.traffic.exchanges if not e.requests and e.protocol == protocol)


def sure_of_absence(story: Story, what: str, protocol: str, start: int, end: int) -> None:
    """Raise CannotTell where a request may only be missing from the capture: its answer is there, or octets are not."""
    orphans = _orphans(story, protocol)
    first = bisect_left(orphans, start, key=lambda exchange: exchange.first.time)
    if first < len(orphans) and orphans[first].first.time <= end:
        frame = orphans[first].first.frame
        raise CannotTell(f"no {what} is to be seen, yet frame {frame} answers a request that is not")
    story.be_whole()
    if story.holes:
        raise CannotTell(f"no {what} is to be seen, yet {story.holes} octets or chunks of streams were not captured")


def hears(story: Story, request: Message) -> bool:
    """Say whether the case shows what comes back to an HTTP request: a probe may see one direction only.

    Any answer between the same two ends tells it, before or after, unless one has arrived on the connection unseen.
    """
    if way_back(request) in story.missed:
        return False
    return (request.payload.dst, request.payload.src) in legs(story).answering


def way_back(message: Message) -> Ends:
    """Return the direction of a connection in which an answer to a message comes."""
    return message.payload.dst, message.payload.dport, message.payload.src, message.payload.sport


def answers(story: Story, address: str) -> bool:
    """Say whether the case shows any HTTP answer of a server."""
    return address in _servers(story)


@once
def _servers(story: Story) -> frozenset[str]:
    return frozenset(server for server, _ in legs(story).answering)


def misses(story: Story, src: str, dst: str) -> bool:
    """Say whether something that one end surely sent the other is not in the case.

    The other end has acknowledged octets that were not captured, answered requests that were not, or verified an MSK
    message that was not.
    """
    return (src, dst) in _missed(story)


@once
def _missed(story: Story) -> frozenset[tuple[str, str]]:
    unseen = {(src, dst) for src, _, dst, _ in story.missed}
    unseen |= {(e.client, e.server) for e in story.traffic.exchanges if not e.requests}
    known = [(message, body) for message in story.traffic.mikey if (body := bodies.mikey(message)) is not None]
    counters = {_counter(body) for _, body in known if bodies.is_msk_message(body)}
    unseen |= {
        (message.payload.dst, message.payload.src) for message, body in known
        if body.data_type == bodies.DATA_TYPE_VERIFICATION and _counter(body) not in counters
    }  # fmt: skip
    return frozenset(unseen)


def _counter(body: Mikey) -> tuple[int, int | None]:
    """What a verification message repeats of its MSK message (RFC 3830 3.1)."""
    return body.csb_id, None if body.t is None else body.t.value


def slack(story: Story, one: int, other: int) -> int:
    """Return by how much (ns) messages of two captures may stand in the wrong order: of one, as far as it shows that.

    Of two, as far as Date in their messages says that a clock is wrong.

    Packets change places on the way into a capture, where each direction has a card of its own.
    """
    if one != other:
        apart = abs(errors(story).get(one, 0) - errors(story).get(other, 0))
        return CLOCK_SKEW if apart <= MAX_ERROR else 2 * apart
    seen = _disorder(story).get(one, 0)
    return max(seen, CLOCK_SKEW) if seen >= DISORDER else 0


@once
def _disorder(story: Story) -> Mapping[int, int]:
    """Return the longest time by which an answer stands before its request, for each capture where one does."""
    found: dict[int, int] = {}
    for (capture, _), delay in story.overtaken.items():
        found[capture] = max(found.get(capture, 0), delay)
    for exchange in story.traffic.exchanges:
        if exchange.requests and exchange.answers:
            asked, answer = exchange.requests[0], exchange.answers[0]
            delay, capture = asked.time - answer.time, answer.payload.capture
            if 0 < delay <= OVERTAKING and asked.payload.capture == capture:
                found[capture] = max(found.get(capture, 0), delay)
    return found


def is_reversed(earlier: Message, later: Message, story: Story) -> bool | None:
    """Say whether what should have come later came earlier; None where clocks, or the capture, leave it open."""
    if later.time >= earlier.time:
        return False
    if earlier.time - later.time <= slack(story, earlier.payload.capture, later.payload.capture):
        return None
    return True
