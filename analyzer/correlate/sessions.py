"""One session a UE: everything that identities, B-TIDs, dialogs and addresses tie together, with the evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.correlate.nodes import UE, Nodes, is_multicast
from dissectors import Message
from dissectors.digest import parse_auth
from dissectors.http import Http
from dissectors.mbms_xml import NafKeyInfo
from dissectors.sip import Sip

Token = tuple[str, str]  # ("impi" | "impu" | "b_tid" | "call_id", value)
NOBODY: frozenset[str] = frozenset()
TMPI_DOMAIN = "@tmpi."  # a TMPI names a BSF's pseudonym domain (TS 33.220 Annex B.4), never the subscriber


@dataclass(frozen=True, slots=True)
class Link:
    """Why something belongs to a UE: the identity that tied it, and the message that showed it."""

    token: Token
    message: Message


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
    links: tuple[Link, ...] = field(repr=False)

    @property
    def first(self) -> int:
        times = [exchange.first.time for exchange in self.exchanges] + [message.time for message in self.loose]
        return min(times, default=0)


@dataclass(slots=True)
class _Claim:
    tokens: list[Token]
    address: str | None
    exchange: Exchange | None
    message: Message

    @property
    def services(self) -> tuple[str, ...]:
        shown = (self.message,) if self.exchange is None else self.exchange.requests
        return tuple(service for message in shown for service in bodies.services(message))


@dataclass(slots=True)
class _Group:
    """What belongs to one UE; nothing, where another group has taken it."""

    claims: list[_Claim]
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

    def absorb(self, other: _Group) -> None:
        self.claims += other.claims
        for kind, names in other.names.items():
            self.names.setdefault(kind, set()).update(names)
        self.addresses |= other.addresses
        self.speaks_sip |= other.speaks_sip
        other.claims, other.names, other.addresses = [], {}, set()


def _group(claim: _Claim) -> _Group:
    addresses = set() if claim.address is None else {claim.address}
    return _Group([claim], {}, addresses, claim.exchange is not None and claim.exchange.protocol == "sip")


def sessions(
    exchanges: Iterable[Exchange], loose: Iterable[Message], runs: Iterable[gba.Bootstrapping], nodes: Nodes
) -> tuple[Session, ...]:
    """Tie all messages of a UE together, one session each, in the order of their first messages."""
    claims = [claim for claim in _claims(exchanges, loose, runs, nodes) if claim.tokens or claim.address]
    groups = _by_destination(_by_address(_by_identity(claims)))
    told = sorted((group for group in groups if group.is_somebody), key=lambda group: group.first)
    return tuple(_session(f"ue{number}", group) for number, group in enumerate(told, 1))


def _claims(
    exchanges: Iterable[Exchange], loose: Iterable[Message], runs: Iterable[gba.Bootstrapping], nodes: Nodes
) -> Iterable[_Claim]:
    in_ub: set[int] = set()
    for run in runs:
        tokens = _user_tokens(run.impi) + ([("b_tid", run.b_tid)] if run.b_tid else [])
        for exchange in run.exchanges:
            in_ub.add(id(exchange))
            yield _Claim(tokens, run.address, exchange, exchange.first)
    for exchange in exchanges:
        if id(exchange) in in_ub:
            continue
        match exchange.protocol:
            case "sip":
                yield _sip_claim(exchange, nodes)
            case "http":
                yield from _http_claim(exchange)
            case "diameter" if gba.is_zn(exchange):
                yield _zn_claim(exchange)
            case _:
                pass
    for message in loose:
        yield from _mikey_claim(message)


def _user_tokens(username: str | None) -> list[Token]:
    if not username:
        return []
    return [("tmpi" if TMPI_DOMAIN in username else "impi", username)]


def _sip_claim(exchange: Exchange, nodes: Nodes) -> _Claim:
    body = exchange.first.body
    assert isinstance(body, Sip)
    tokens: list[Token] = [("call_id", body.call_id)] if body.call_id else []
    for message in exchange.requests:
        asked = message.body
        if isinstance(asked, Sip) and asked.method in ("INVITE", "UPDATE", "SUBSCRIBE", "OPTIONS"):
            tokens += [("impu", impu) for impu in bodies.identities(asked)]
            tokens += [("b_tid", b_tid) for b_tid in bodies.b_tids(message)]
        elif isinstance(asked, Sip) and asked.method == "REGISTER":
            tokens += _registered_tokens(asked)
    ends = (exchange.client, exchange.server)
    address = next((end for end in ends if nodes.role(end) == UE), None)
    return _Claim(tokens, address, exchange, exchange.first)


def _registered_tokens(body: Sip) -> list[Token]:
    """IMS registration ties the IMPU of To to the IMPI that authenticates (TS 33.203)."""
    given = body.headers.get("Authorization")
    username = None if given is None else parse_auth(given).get("username")
    return _user_tokens(username) + ([("impu", body.to_uri)] if body.to_uri else [])


def _http_claim(exchange: Exchange) -> Iterable[_Claim]:
    message, asked = exchange.request, exchange.asked
    body = None if message is None else message.body
    if message is None or not isinstance(body, Http) or asked is None:
        return
    tokens: list[Token] = [("b_tid", b_tid) for b_tid in bodies.b_tids(message)]
    address: str | None = exchange.client
    if asked == "authorize" or asked.startswith("sip-based"):
        told = bodies.find(message, NafKeyInfo)
        address = None if told is None or not told.ue_addresses else told.ue_addresses[0]
        header = "X-3GPP-Asserted-Identity"
    else:
        given = gba.authorization(body)
        username = None if given is None else given.get("username")
        tokens += [("b_tid", username)] if username else []
        header = "X-3GPP-Intended-Identity"
    tokens += [("impu", impu) for impu in bodies.unquoted(body.headers.get(header) or "")]
    yield _Claim(tokens, address, exchange, message)


def _zn_claim(exchange: Exchange) -> _Claim:
    tokens: list[Token] = []
    for message in (*exchange.requests, *exchange.answers):
        body = bodies.diameter(message)
        if body is None:
            continue
        b_tid = body.text(gba.TRANSACTION_IDENTIFIER)
        tokens += [("b_tid", b_tid)] if b_tid else []
        tokens += _user_tokens(body.text(gba.USER_NAME))
    return _Claim(tokens, None, exchange, exchange.first)


def _mikey_claim(message: Message) -> Iterable[_Claim]:
    body = bodies.mikey(message)
    if body is None or bodies.is_mtk_message(body):
        return
    tokens: list[Token] = [("b_tid", body.idr.text)] if body.idr is not None else []
    # Where an MSK message goes is what is judged: it makes no address of the UE unless nothing else names it.
    verifies = body.data_type == bodies.DATA_TYPE_VERIFICATION
    address = message.payload.src if verifies else message.payload.dst
    known = None if tokens and not verifies else address
    yield _Claim(tokens, None if known is None or is_multicast(known) else known, None, message)


def _by_identity(claims: Iterable[_Claim]) -> list[_Group]:
    """Union by identity; two IMPIs never become one UE, the later link is dropped."""
    owner: dict[Token, _Group] = {}
    groups: list[_Group] = []
    for claim in claims:
        group = _group(claim)
        groups.append(group)
        for token in claim.tokens:
            other = owner.get(token)
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


def _contradict(one: _Group, other: _Group) -> bool:
    mine, others = one.of("impi"), other.of("impi")
    return bool(mine) and bool(others) and len(mine | others) > 1


def _by_address(groups: list[_Group]) -> list[_Group]:
    """Join what an address ties, where it can mean one UE only: behind a NAT it ties nothing.

    A group that lacks an IMPI and one that lacks an IMPU, or speaks no SIP, complete each other: a UE may well
    register under another IMPU than it invites with. One that has neither joins the only one there is.
    """
    order = {id(group): number for number, group in enumerate(groups)}
    at: dict[str, dict[int, _Group]] = {}
    for group in groups:
        for address in group.addresses:
            at.setdefault(address, {})[id(group)] = group

    def absorb(group: _Group, other: _Group) -> None:
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
        elif not named:
            for group in here[1:]:
                absorb(here[0], group)
    return [group for group in groups if group.claims]


def _by_destination(groups: list[_Group]) -> list[_Group]:
    """Give MIKEY messages whose B-TID nothing else names to the only UE at their destination, if it has no B-TID."""
    at: dict[str, list[_Group]] = {}
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


def _session(name: str, group: _Group) -> Session:
    exchanges: dict[int, Exchange] = {}
    loose: list[Message] = []
    links: dict[Token, Link] = {}
    for claim in group.claims:
        if claim.exchange is not None:
            exchanges[id(claim.exchange)] = claim.exchange
        else:
            loose.append(claim.message)
        for token in claim.tokens:
            if token not in links:
                links[token] = Link(token, claim.message)
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
        links=tuple(links[token] for token in sorted(links)),
    )
