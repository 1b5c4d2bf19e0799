"""Why messages belong to a UE: which name or address each shares with others, and where that was shown first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from analyzer.correlate.claims import Claim, Token, claims
from analyzer.correlate.sessions import Group, groups
from analyzer.correlate.traffic import Traffic
from dissectors import Message

ADDRESS, DESTINATION = "address", "destination"  # kinds of ties besides those of tokens


@dataclass(frozen=True, slots=True)
class Tie:
    """A name that a message shares with an earlier one, `shown`; of another UE, `ue`, where identities contradict."""

    kind: str  # that of a token, or address, destination
    value: str
    shown: Message
    ue: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One exchange or message of a UE: the names that it shows first, and what ties it to what was there."""

    message: Message
    brings: tuple[Tie, ...]  # each with the message that shows it, which may be an answer
    ties: tuple[Tie, ...]


def links(traffic: Traffic) -> Mapping[str, tuple[Link, ...]]:
    """Return the links of every session by its id, in the order of time; ties are made again as they were made."""
    told = groups(claims(traffic.exchanges, traffic.mikey, traffic.bootstrappings, traffic.nodes))
    names = {session.id: group for session, group in zip(traffic.sessions, told, strict=True)}
    own = {ue: _shown(group) for ue, group in names.items()}
    of = {token: ue for ue, shown in own.items() for token in shown}
    return {ue: tuple(_links(group, own, of, ue)) for ue, group in names.items()}


def _in_order(group: Group) -> list[Claim]:
    return sorted(group.claims, key=lambda claim: (claim.message.time, claim.message.frame))


def _messages(claim: Claim) -> Sequence[Message]:
    return (claim.message,) if claim.exchange is None else claim.exchange.messages


def _shown(group: Group) -> dict[Token, Message]:
    """Find where each name of a UE stands first: in the octets of a message, or else with who claims it."""
    found: dict[Token, Message] = {}
    for claim in _in_order(group):
        for kind, name in _own(claim, group):
            if (kind, name) in found:
                continue
            octets = name.encode()
            says = (message for message in _messages(claim) if octets in message.payload.data)
            message = next(says, None)
            if message is not None:
                found[kind, name] = message
    for claim in _in_order(group):
        for token in _own(claim, group):
            found.setdefault(token, claim.message)
    return found


def _own(claim: Claim, group: Group) -> Iterator[Token]:
    """Yield the names of a claim that are those of its UE: what would contradict was not taken."""
    yield from (token for token in dict.fromkeys(claim.tokens) if token[1] in group.of(token[0]))


def _links(
    group: Group, own: Mapping[str, Mapping[Token, Message]], of: Mapping[Token, str], ue: str
) -> Iterator[Link]:
    shown = own[ue]
    part = _parts(group)
    before: set[Token] = set()
    met: dict[int, Claim] = {}  # the first claim of each part of the UE
    for claim in _in_order(group):
        mine = tuple(_own(claim, group))
        ties = [Tie(kind, name, shown[kind, name]) for kind, name in mine if (kind, name) in before]
        if part[id(claim)] not in met:
            if met:
                ties += _by_place(claim, group, part, met)
            met[part[id(claim)]] = claim
        strange = (token for token in dict.fromkeys(claim.tokens) if token not in mine and token in of)
        ties += [Tie(*token, own[of[token]][token], of[token]) for token in strange]
        brings = tuple(Tie(*token, shown[token]) for token in mine if token not in before)
        yield Link(claim.message, brings, tuple(ties))
        before.update(mine)


def _parts(group: Group) -> Mapping[int, int]:
    """Tell what hangs together by names: by the id of a claim a number, the same for all that names tie."""
    root: dict[Token, Token] = {}

    def top(token: Token) -> Token:
        while root[token] != token:
            root[token] = root[root[token]]
            token = root[token]
        return token

    for claim in group.claims:
        mine = list(_own(claim, group))
        for token in mine:
            root.setdefault(token, token)
            root[top(token)] = top(mine[0])
    numbers: dict[Token, int] = {}
    found: dict[int, int] = {}
    for claim in group.claims:
        first = next(_own(claim, group), ("", str(id(claim))))
        of = top(first) if first in root else first
        found[id(claim)] = numbers.setdefault(of, len(numbers))
    return found


def _by_place(claim: Claim, group: Group, part: Mapping[int, int], met: Iterable[int]) -> Iterator[Tie]:
    """Yield what ties a part without a name in common to those before it: the address of a UE, or a destination."""
    before = [other for other in _in_order(group) if part[id(other)] in met]
    own = [other for other in _in_order(group) if part[id(other)] == part[id(claim)]]
    for mine in own:
        for other in before:
            if mine.address is not None and mine.address == other.address:
                yield Tie(ADDRESS, mine.address, other.message)
                return
    for mine in own:
        for other in before:
            place = mine.message.payload.dst if mine.exchange is None else mine.address
            if place is not None and place in (other.address, other.message.payload.dst):
                yield Tie(DESTINATION, place, other.message)
                return
