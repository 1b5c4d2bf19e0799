"""Who is who: the nodes of TS 26.237 clause 10.4, told from what they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Dialog, Exchange
from dissectors import Message
from dissectors.sip import Sip

UE, IM_CN, SCF, BM_SC, BSF, MULTICAST = "ue", "im-cn", "scf", "bm-sc", "bsf", "multicast"
MULTICAST_BEGINS = ("22", "23", "ff")  # 224.0.0.0/4, ff00::/8
ROLES = (UE, IM_CN, SCF, BM_SC, BSF, MULTICAST)  # in the order of a ladder's columns


@dataclass(frozen=True, slots=True)
class Nodes:
    """Address → role; an address that did nothing we know has none."""

    roles: Mapping[str, str]

    def role(self, address: str) -> str:
        """Return the role of an address, or the address itself."""
        return MULTICAST if is_multicast(address) else self.roles.get(address, address)

    def addresses(self, role: str) -> tuple[str, ...]:
        return tuple(sorted(address for address, name in self.roles.items() if name == role))


def is_multicast(address: str) -> bool:
    if address[:2].lower() not in MULTICAST_BEGINS:  # most addresses need no closer look
        return False
    try:
        return ip_address(address).is_multicast
    except ValueError:
        return False


def tell(exchanges: Iterable[Exchange], loose: Iterable[Message], named: Mapping[str, tuple[str, ...]]) -> Nodes:
    """Tell the nodes: what the user named first, then who acts as BSF, BM-SC, SCF, UE, and who stands between.

    `loose` are messages outside exchanges (MIKEY). An address keeps the first role it gets.
    """
    roles = {address: "bsf" if role == "bsf-zn" else role for role, addresses in named.items() for address in addresses}
    sip: list[Exchange] = []
    for exchange in exchanges:
        match exchange.protocol:
            case "http":
                _tell_http(exchange, roles)
            case "diameter" if gba.is_zn(exchange):
                roles.setdefault(exchange.server, BSF)
            case "sip":
                sip.append(exchange)
            case _:
                pass
    for message in loose:
        body = bodies.mikey(message)
        if body is not None and (bodies.is_msk_message(body) or bodies.is_mtk_message(body)):
            roles.setdefault(message.payload.src, BM_SC)
    _tell_sip(sip, roles)
    return Nodes(roles)


def _tell_http(exchange: Exchange, roles: dict[str, str]) -> None:
    if exchange.asked is not None:
        roles.setdefault(exchange.server, BM_SC)
        by_scf = exchange.asked == "authorize" or exchange.asked.startswith("sip-based")
        roles.setdefault(exchange.client, SCF if by_scf else UE)
    elif gba.is_ub(exchange):
        roles.setdefault(exchange.server, BSF)
        roles.setdefault(exchange.client, UE)


def _tell_sip(exchanges: Iterable[Exchange], roles: dict[str, str]) -> None:
    """The legs of one INVITE in the order of their Vias: UE first, SCF last, the IM CN between; and who registers."""
    invites: dict[Dialog, list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.method == "INVITE":
            invites.setdefault(exchange.dialog, []).append(exchange)
        elif exchange.method != "REGISTER" or _are_known((exchange,), roles):
            continue
        elif _is_first_leg((exchange,), exchange.client):
            roles.setdefault(exchange.client, UE)
            roles.setdefault(exchange.server, IM_CN)
    for address in _b2buas(invites.values(), roles):
        roles[address] = IM_CN
    for legs in invites.values():
        if not _are_known(legs, roles):  # nearly all calls tell nothing new
            _tell_invite([leg for leg in legs if leg.initial], roles)


def _b2buas(calls: Iterable[list[Exchange]], roles: Mapping[str, str]) -> set[str]:
    """Return who ends calls and meanwhile makes others for the same users: it stands between, in dialogs of its own."""
    begun = [[leg for leg in legs if leg.initial] for legs in calls]
    asking = {leg.client for legs in begun for leg in legs}
    open_ends: dict[str, list[tuple[int, int, set[str]]]] = {}  # calls that an address ended: from, to, users
    for legs in begun:
        clients = {leg.client for leg in legs}
        ends = {leg.server for leg in legs} - clients
        for address in ends & asking - roles.keys():
            until = max(leg.messages[-1].time for leg in legs)
            open_ends.setdefault(address, []).append((legs[0].first.time, until, _users(legs)))
    if not open_ends:
        return set()
    return {
        leg.client
        for legs in begun
        for leg in legs
        for since, until, users in open_ends.get(leg.client, ())
        if since <= leg.first.time <= until and users & _users(legs)
    }


def _users(legs: Iterable[Exchange]) -> set[str]:
    said = [leg.first.body for leg in legs]
    return {name for body in said if isinstance(body, Sip) for name in (*bodies.identities(body), body.from_uri or "")}


def _are_known(legs: Iterable[Exchange], roles: Mapping[str, str]) -> bool:
    return all(leg.client in roles and leg.server in roles for leg in legs)


def _tell_invite(legs: list[Exchange], roles: dict[str, str]) -> None:
    clients, servers = {leg.client for leg in legs}, {leg.server for leg in legs}
    for address in sorted(clients & servers):
        roles.setdefault(address, IM_CN)
    for address in sorted(clients - servers):
        roles.setdefault(address, UE if _is_first_leg(legs, address) else IM_CN)
    for address in sorted(servers - clients):
        roles.setdefault(address, IM_CN if _goes_on(legs, address) else SCF)


def _is_first_leg(legs: Iterable[Exchange], client: str) -> bool:
    """One Via: whoever sent it is the first to speak, a user agent."""
    return any(
        leg.client == client and isinstance(leg.first.body, Sip) and len(leg.first.body.vias) == 1
        for leg in legs
    )  # fmt: skip


def _goes_on(legs: list[Exchange], server: str) -> bool:
    """The only leg seen ends at a P-CSCF: the preferred identity was not yet replaced by an asserted one."""
    if len(legs) > 1:
        return False
    body = legs[0].first.body
    return isinstance(body, Sip) and body.headers.get("Route") is not None and legs[0].server == server
