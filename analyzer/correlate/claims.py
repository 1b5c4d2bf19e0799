"""What each message says of whose it is: the names and the address of a UE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.correlate.nodes import BM_SC, UE, Nodes, is_multicast
from dissectors import Message
from dissectors.digest import parse_auth
from dissectors.http import Http
from dissectors.mbms_xml import NafKeyInfo
from dissectors.sip import Sip

Token = tuple[str, str]  # ("impi" | "tmpi" | "impu" | "b_tid" | "call_id" | "nonce", value)
INTENDED, ASSERTED = "X-3GPP-Intended-Identity", "X-3GPP-Asserted-Identity"
TMPI_DOMAIN = "@tmpi."  # a TMPI names a BSF's pseudonym domain (TS 33.220 Annex B.4), never the subscriber


@dataclass(slots=True)
class Claim:
    """The names that an exchange, or a message of MIKEY, gives its UE, and the address that it gives it."""

    tokens: list[Token]
    address: str | None
    exchange: Exchange | None
    message: Message

    @property
    def services(self) -> tuple[str, ...]:
        shown = (self.message,) if self.exchange is None else self.exchange.requests
        return tuple(service for message in shown for service in bodies.services(message))


def claims(
    exchanges: Iterable[Exchange], loose: Iterable[Message], runs: Iterable[gba.Bootstrapping], nodes: Nodes
) -> Iterable[Claim]:
    """Yield what is said of UEs; of what says nothing the claim has no token and no address."""
    in_ub: set[int] = set()
    for run in runs:
        tokens = _user_tokens(run.impi) + ([("b_tid", run.b_tid)] if run.b_tid else [])
        for exchange in run.exchanges:
            in_ub.add(id(exchange))
            yield Claim(tokens, run.address, exchange, exchange.first)
    asked = tuple(exchange for exchange in exchanges if id(exchange) not in in_ub)
    offered = _offered(asked)
    for exchange in asked:
        match exchange.protocol:
            case "sip":
                yield _sip_claim(exchange, nodes)
            case "http":
                yield from _http_claim(exchange, offered)
            case "diameter" if gba.is_zn(exchange):
                yield _zn_claim(exchange)
            case _:
                pass
    for message in loose:
        yield from _mikey_claim(message, nodes)


def _user_tokens(username: str | None) -> list[Token]:
    if not username:
        return []
    return [("tmpi" if TMPI_DOMAIN in username else "impi", username)]


def _sip_claim(exchange: Exchange, nodes: Nodes) -> Claim:
    body = exchange.first.body
    assert isinstance(body, Sip)
    tokens: list[Token] = [("call_id", body.call_id)] if body.call_id else []
    for message in exchange.requests:
        asked = message.body
        if isinstance(asked, Sip) and asked.method in ("INVITE", "UPDATE", "SUBSCRIBE", "OPTIONS"):
            tokens += [("impu", bodies.public_identity(impu)) for impu in bodies.identities(asked)]
            tokens += [("b_tid", b_tid) for b_tid in bodies.b_tids(message)]
        elif isinstance(asked, Sip) and asked.method == "REGISTER":
            tokens += _registered_tokens(asked)
    ends = (exchange.client, exchange.server)
    address = next((end for end in ends if nodes.role(end) == UE), None)
    return Claim(tokens, address, exchange, exchange.first)


def _registered_tokens(body: Sip) -> list[Token]:
    """IMS registration ties the IMPU of To to the IMPI that authenticates (TS 33.203)."""
    given = body.headers.get("Authorization")
    username = None if given is None else parse_auth(given).get("username")
    return _user_tokens(username) + ([("impu", bodies.public_identity(body.to_uri))] if body.to_uri else [])


Offered = dict[str, set[str]]  # the nonces of 401s to requests that name nobody, with their connections


def _names_nobody(exchange: Exchange) -> bool:
    """Say whether a request on Ua lacks the identity that each has to have: behind a NAT it may be anybody's."""
    body = None if exchange.request is None else exchange.request.body
    return exchange.asked is not None and isinstance(body, Http) and not body.headers.get(INTENDED)


def _offered(exchanges: Iterable[Exchange]) -> Offered:
    found: Offered = {}
    for exchange in exchanges:
        if exchange.protocol == "http" and _names_nobody(exchange):
            for nonce in _nonces(exchange):
                found.setdefault(nonce, set()).add(_connection(exchange))
    return found


def _nonces(exchange: Exchange) -> Iterable[str]:
    for answer in exchange.answers:
        told = gba.challenge(answer.body) if isinstance(answer.body, Http) else None
        if told is not None and told.get("nonce"):
            yield told.get("nonce") or ""


def _connection(exchange: Exchange) -> str:
    payload = exchange.first.payload
    ends = sorted(((payload.src, payload.sport), (payload.dst, payload.dport)))
    return " ".join(f"{address} {port}" for address, port in ends)


def _nonce_tokens(exchange: Exchange, used: str | None, offered: Offered) -> Iterable[Token]:
    """Tie a request that names nobody to the one that answers its 401: by the nonce, if it is not everybody's."""
    if not _names_nobody(exchange):
        return
    for nonce in dict.fromkeys((used or "", *_nonces(exchange))):
        where = offered.get(nonce, ())
        if where:
            yield ("nonce", nonce if len(where) == 1 else f"{nonce} {_connection(exchange)}")


def _http_claim(exchange: Exchange, offered: Offered) -> Iterable[Claim]:
    message, asked = exchange.request, exchange.asked
    body = None if message is None else message.body
    if message is None or not isinstance(body, Http) or asked is None:
        return
    tokens: list[Token] = [("b_tid", b_tid) for b_tid in bodies.b_tids(message)]
    address: str | None = exchange.client
    if asked == "authorize" or asked.startswith("sip-based"):
        told = bodies.find(message, NafKeyInfo)
        address = None if told is None or not told.ue_addresses else told.ue_addresses[0]
        header = ASSERTED
    else:
        given = gba.authorization(body)
        username = None if given is None else given.get("username")
        tokens += [("b_tid", username)] if username else []
        tokens += _nonce_tokens(exchange, None if given is None else given.get("nonce"), offered)
        header = INTENDED
    tokens += [("impu", bodies.public_identity(impu)) for impu in bodies.unquoted(body.headers.get(header) or "")]
    yield Claim(tokens, address, exchange, message)


def _zn_claim(exchange: Exchange) -> Claim:
    tokens: list[Token] = []
    for message in (*exchange.requests, *exchange.answers):
        body = bodies.diameter(message)
        if body is None:
            continue
        b_tid = body.text(gba.TRANSACTION_IDENTIFIER)
        tokens += [("b_tid", b_tid)] if b_tid else []
        tokens += _user_tokens(body.text(gba.USER_NAME))
    return Claim(tokens, None, exchange, exchange.first)


def _mikey_claim(message: Message, nodes: Nodes) -> Iterable[Claim]:
    body = bodies.mikey(message)
    if body is None or bodies.is_mtk_message(body):
        return
    tokens: list[Token] = [("b_tid", body.idr.text)] if body.idr is not None else []
    # Where an MSK message goes is what is judged: it makes no address of the UE unless nothing else names it.
    verifies = body.data_type == bodies.DATA_TYPE_VERIFICATION
    from_ue = verifies or nodes.role(message.payload.dst) == BM_SC  # what is no MSK, but an error message of a UE
    address = message.payload.src if from_ue else message.payload.dst
    known = None if tokens and not verifies else address
    yield Claim(tokens, None if known is None or is_multicast(known) else known, None, message)
