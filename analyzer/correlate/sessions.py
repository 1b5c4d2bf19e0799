"""One session a UE: everything that identities, B-TIDs, dialogs and addresses tie together, with the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from analyzer.correlate import gba
from analyzer.correlate.claims import Claim, Token, claims
from analyzer.correlate.exchanges import Exchange
from analyzer.correlate.nodes import Nodes, is_multicast
from dissectors import Message

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One UE as the capture shows it; all tuples of names are sorted. Two of them are never the same."""

    id: str
    impi: tuple[str, ...]
    impu: tuple[str, ...]
    b_tid: tuple[str, ...]
    addresses: tuple[str, ...]
    services: tuple[str, ...]
    exchanges: tuple[Exchange, ...] = field(repr=False)
    loose: tuple[Message, ...] = field(repr=False)  # MIKEY messages to and from the UE

    @property
    def first(self) -> int:
        times = [exchange.first.time for exchange in self.exchanges] + [message.time for message in self.loose]
        return min(times, default=0)


@dataclass(slots=True)
class Group:
    """What belongs to one UE; nothing, where another group has taken it."""

    claims: list[Claim]
    names: dict[str, set[str]]  # by the kind of their tokens
    addresses: set[str]
    speaks_sip: bool

    def of(self, kind: str) -> set[str] | frozenset[str]:
        return self.names.get(kind, NOBODY)

    @property
    def size(self) -> int:
        return len(self.claims) + sum(map(len, self.names.values()))

    @property
    def is_somebody(self) -> bool:
        """A dialog of which nothing but its Call-ID is known is no UE."""
        return bool(self.addresses) or any(kind != "call_id" for kind in self.names)

    @property
    def first(self) -> int:
        return min(claim.message.time for claim in self.claims)

    @property
    def last(self) -> int:
        """When its last exchange or message began."""
        return max(claim.message.time for claim in self.claims)

    def absorb(self, other: Group) -> None:
        self.claims += other.claims
        for kind, names in other.names.items():
            self.names.setdefault(kind, set()).update(names)
        self.addresses |= other.addresses
        self.speaks_sip |= other.speaks_sip
        other.claims, other.names, other.addresses = [], {}, set()


def _group(claim: Claim) -> Group:
    addresses = set() if claim.address is None else {claim.address}
    return Group([claim], {}, addresses, claim.exchange is not None and claim.exchange.protocol == "sip")


def sessions(
    exchanges: Iterable[Exchange], loose: Iterable[Message], runs: Iterable[gba.Bootstrapping], nodes: Nodes
) -> tuple[Session, ...]:
    """Tie all messages of a UE together, one session each, in the order of their first messages."""
    told = groups(claims(exchanges, loose, runs, nodes))
    return tuple(_session(f"ue{number}", group) for number, group in enumerate(told, 1))


def groups(claimed: Iterable[Claim]) -> list[Group]:
    """Return what belongs together, a group a UE, in the order of their first messages."""
    said = [claim for claim in claimed if claim.tokens or claim.address]
    found = _by_destination(_by_address(_by_identity(said)))
    return sorted((group for group in found if group.is_somebody), key=lambda group: group.first)


def _by_identity(claims: Iterable[Claim]) -> list[Group]:
    """Union by identity; two IMPIs never become one UE, the later link is dropped."""
    owner: dict[Token, Group] = {}
    groups: list[Group] = []
    for claim in claims:
        group = _group(claim)
        groups.append(group)
        for token in claim.tokens:
            other = owner.get(token)
            if other is None and _is_another(group, token):
                continue
            if other is None or other is group:
                pass
            elif _contradict(other, group):
                continue
            else:
                small, group = (group, other) if other.size > group.size else (other, group)
                owner.update(dict.fromkeys(((kind, name) for kind in small.names for name in small.names[kind]), group))
                group.absorb(small)
            kind, name = token
            group.names.setdefault(kind, set()).add(name)
            owner[token] = group
    return [group for group in groups if group.claims]


def _is_another(group: Group, token: Token) -> bool:
    """Say whether a token is the IMPI of somebody else than a group has."""
    kind, name = token
    return kind == "impi" and bool(group.of("impi") - {name})


def _contradict(one: Group, other: Group) -> bool:
    mine, others = one.of("impi"), other.of("impi")
    return bool(mine) and bool(others) and len(mine | others) > 1


def _by_address(groups: list[Group]) -> list[Group]:
    """Join what an address ties, where it can mean one UE only: behind a NAT it ties nothing.

    A group that lacks an IMPI and one that lacks an IMPU, or speaks no SIP, complete each other: a UE may well
    register under another IMPU than it invites with. One that has neither joins the only one there is. Where nobody
    is named, B-TIDs that are in use at the same time are those of several UEs.
    """
    order = {id(group): number for number, group in enumerate(groups)}
    at: dict[str, dict[int, Group]] = {}
    for group in groups:
        for address in group.addresses:
            at.setdefault(address, {})[id(group)] = group

    def absorb(group: Group, other: Group) -> None:
        for address in other.addresses:
            at[address][id(group)] = group
        group.absorb(other)

    for address in sorted(at):
        here = sorted((group for group in at[address].values() if group.claims), key=lambda group: order[id(group)])
        named = [group for group in here if group.of("impi") or group.of("impu")]
        private = [group for group in named if not group.of("impu") or not group.speaks_sip]
        public = [group for group in named if not group.of("impi")]
        if len(named) == 2 and len(private) == 1 and len(public) == 1 and private[0] is not public[0]:
            absorb(private[0], public[0])
            named = [private[0]]
        if len(named) == 1:
            for group in here:
                if group is not named[0] and not (group.of("impi") or group.of("impu")):
                    absorb(named[0], group)
        elif not named and not _overlap([group for group in here if group.of("b_tid")]):
            for group in here[1:]:
                absorb(here[0], group)
    return [group for group in groups if group.claims]


def _overlap(groups: list[Group]) -> bool:
    """Say whether one group begins before another one has ended."""
    spans = sorted((group.first, group.last) for group in groups)
    return any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def _by_destination(groups: list[Group]) -> list[Group]:
    """Give MIKEY messages whose B-TID nothing else names to the only UE at their destination, if it has no B-TID."""
    at: dict[str, list[Group]] = {}
    for group in groups:
        for address in group.addresses:
            at.setdefault(address, []).append(group)
    for group in groups:
        if group.addresses or any(claim.exchange is not None for claim in group.claims):
            continue
        heard = {claim.message.payload.dst for claim in group.claims}
        here = {id(other): other for address in heard for other in at.get(address, ())}
        if len(here) == 1:
            (only,) = here.values()
            if not only.of("b_tid"):
                only.absorb(group)
    return [group for group in groups if group.claims]


def _session(name: str, group: Group) -> Session:
    exchanges: dict[int, Exchange] = {}
    loose: list[Message] = []
    for claim in group.claims:
        if claim.exchange is not None:
            exchanges[id(claim.exchange)] = claim.exchange
        else:
            loose.append(claim.message)
    addresses = group.addresses or {
        message.payload.dst for message in loose if not is_multicast(message.payload.dst)
    }  # fmt: skip
    return Session(
        id=name,
        impi=tuple(sorted(group.of("impi"))),
        impu=tuple(sorted(group.of("impu"))),
        b_tid=tuple(sorted(group.of("b_tid"))),
        addresses=tuple(sorted(addresses)),
        services=tuple(sorted({service for claim in group.claims for service in claim.services})),
        exchanges=tuple(sorted(exchanges.values(), key=lambda e: (e.first.time, e.first.frame))),
        loose=tuple(sorted(loose, key=lambda m: (m.time, m.frame))),
    )
