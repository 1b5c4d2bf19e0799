"""Bootstrapping runs and NAF key deliveries, read off the exchanges."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from analyzer.correlate import bodies
from analyzer.correlate.exchanges import Exchange, status
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.digest import Auth
from dissectors.gba_xml import ZnAnswer, ZnRequest
from dissectors.http import Http
from dissectors.mbms_xml import BootstrappingInfo, NafKeyInfo, parse_time
from dissectors.text import number

NTP_TO_UNIX = 2208988800  # seconds from 1900 to 1970
NTP_ERA = 1 << 32  # s; a time with the top bit clear is after 7 February 2036 (RFC 6733 4.3.1)
TRANSACTION_IDENTIFIER, NAF_ID, KEY_EXPIRY, ME_KEY, UICC_KEY, TYPE = 401, 402, 404, 405, 406, 410  # TS 29.109 6.3
USER_NAME = 1
UA_ID_OCTETS = 5  # TS 33.220 Annex H
RAND_OCTETS = 16
DIGEST_TOKEN = "3gpp-gba-digest"  # TS 24.109 5.2, in User-Agent  # noqa: S105  # a product token, no secret
NAF_REALM = "3gpp-bootstrapping"
OF_DIGEST = 2  # GBA-Type, TS 29.109 6.3.1.11
MAX_PAUSE = 60 * 10**9  # ns; a UE that has a challenge answers it sooner
MAX_DURATION = 10 * 365 * 86400 * 10**9  # ns; a lifetime of less is no date


@dataclass(frozen=True, slots=True)
class Bootstrapping:
    """One run of Ub between a UE and its BSF (TS 24.109 clause 4), as far as it was seen."""

    exchanges: tuple[Exchange, ...]
    impi: str | None  # Digest username: the IMPI, or a TMPI
    rand: bytes | None
    autn: bytes | None
    info: Message | None  # the 200 OK
    b_tid: str | None
    lifetime: int | None  # ns; when Ks expires
    server_data: bytes = b""  # behind RAND and AUTN in the nonce; with 2G GBA it is Ks-input
    of_digest: bool = False  # GBA_Digest (TS 33.220 Annex M): SIP Digest credentials over TLS instead of AKA

    @property
    def time(self) -> int:
        return self.exchanges[0].first.time

    @property
    def address(self) -> str:
        """The address of the UE."""
        return self.exchanges[0].client

    @property
    def server(self) -> str:
        return self.exchanges[0].server


@dataclass(frozen=True, slots=True)
class NafKeys:
    """Keys of a NAF as the BSF hands them over on Zn, or the SCF to the BM-SC in a POST."""

    exchange: Exchange
    message: Message  # the one that carries the keys
    b_tid: str | None
    impi: str | None
    naf_fqdn: str | None
    ua_id: bytes | None
    expires: int | None  # ns
    type: int | None = None  # GBA-Type: 0 is 3G, 1 is 2G, 2 is GBA_Digest
    me_key: bytes | None = field(default=None, repr=False)
    uicc_key: bytes | None = field(default=None, repr=False)
    muk: bytes | None = field(default=None, repr=False)


def authorization(body: Http) -> Auth | None:
    """Return the Authorization of a request, None where it has none."""
    return body.authorization


def username(message: Message) -> str | None:
    """Return whom the Authorization of a message names: on Ua a B-TID; None where it has none."""
    body = bodies.http(message)
    given = None if body is None else authorization(body)
    return None if given is None else given.get("username")


def challenge(body: Http) -> Auth | None:
    """Return the WWW-Authenticate of a 401, None where it has none."""
    return body.challenge


def nonce_parts(nonce: str | None) -> tuple[bytes, bytes, bytes] | None:
    """Split an AKA nonce into RAND, AUTN and server data (RFC 3310 3.2), None where it is not one."""
    try:
        octets = base64.b64decode(nonce or "", validate=True)
    except (binascii.Error, ValueError):
        return None
    return (octets[:RAND_OCTETS], octets[RAND_OCTETS:32], octets[32:]) if len(octets) >= 32 else None


def nonce_vector(nonce: str | None) -> tuple[bytes, bytes] | None:
    """Return RAND and AUTN of an AKA nonce, None where it is not one."""
    parts = nonce_parts(nonce)
    return None if parts is None else parts[:2]


def is_ub(exchange: Exchange) -> bool:
    """A leg of Ub: an AKA challenge, its answer, or a body with BootstrappingInfo; never a key management POST."""
    for answer in exchange.answers:
        body = bodies.http(answer)
        if bodies.find(answer, BootstrappingInfo) is not None:
            return True
        offered = None if body is None else challenge(body)
        if offered is not None and (offered.get("algorithm") or "").upper().startswith("AKA"):
            return True
    request = exchange.request
    body = None if request is None else bodies.http(request)
    if body is None or exchange.asked is not None:
        return False
    if "3gpp-gba-tmpi" in (body.headers.get("User-Agent") or ""):
        return True
    given = authorization(body)
    if given is None:
        return False
    if _is_of_digest(body, given):
        return True
    return (given.get("algorithm") or "").upper().startswith("AKA") or given.get("auts") is not None


def _is_of_digest(body: Http, given: Auth) -> bool:
    """Say whether a request is of GBA_Digest on Ub: on Ua, where the token is the same, the realm is that of a NAF."""
    by_token = DIGEST_TOKEN in (body.headers.get("User-Agent") or "")
    is_digest = given.scheme.lower() == "digest" and given.get("username") is not None
    return by_token and is_digest and not (given.get("realm") or "").lower().startswith(NAF_REALM)


def bootstrappings(exchanges: Iterable[Exchange]) -> tuple[Bootstrapping, ...]:
    """Join the requests of each Ub run: those of one client to one BSF until a 200 or a refusal ends it."""
    running: dict[tuple[str, str, str | None], list[Exchange]] = {}
    done: list[list[Exchange]] = []
    for exchange in exchanges:
        if exchange.protocol != "http" or not is_ub(exchange):
            continue
        username = _username(exchange)
        key = (exchange.client, exchange.server, username)
        run = running.setdefault(key, [])
        if run and (_is_first_request(exchange) or _is_of_another(exchange, run)):  # the last run has no end
            done.append(run)
            run = running[key] = []
        run.append(exchange)
        if status(exchange.final) != 401:
            done.append(running.pop(key))
    done += [run for run in running.values() if run]
    return tuple(sorted((_bootstrapping(run) for run in done), key=lambda b: b.time))


def _username(exchange: Exchange) -> str | None:
    return None if exchange.request is None else username(exchange.request)


def _is_first_request(exchange: Exchange) -> bool:
    body = None if exchange.request is None else bodies.http(exchange.request)
    given = None if body is None else authorization(body)
    return body is not None and (
        given is None or not (given.get("nonce") or given.get("response") or given.get("auts"))
    )


def _is_of_another(exchange: Exchange, run: list[Exchange]) -> bool:
    """Say whether a request answers, long after a run, a challenge that is not of it: what began a new run is lost."""
    last, body = run[-1].final, None if exchange.request is None else bodies.http(exchange.request)
    offered = None if last is None or (told := bodies.http(last)) is None else challenge(told)
    given = None if body is None else authorization(body)
    if last is None or offered is None or given is None or exchange.first.time - last.time <= MAX_PAUSE:
        return False
    return given.get("nonce") != offered.get("nonce")


def _bootstrapping(run: list[Exchange]) -> Bootstrapping:
    rand = autn = b_tid = info = impi = None
    lifetime, data, of_digest = None, b"", False
    for exchange in run:
        impi = impi or _username(exchange)
        for message in (*exchange.requests, *exchange.answers):
            body = bodies.http(message)
            if body is None:
                continue
            # The challenge that was answered last is the one that the keys come from.
            given = challenge(body) if not body.is_request else authorization(body)
            if body.is_request and given is not None:
                of_digest = of_digest or _is_of_digest(body, given)
            vector = None if given is None else nonce_parts(given.get("nonce"))
            if vector is not None:
                rand, autn, data = vector
            told = bodies.find(message, BootstrappingInfo)
            if told is not None and status(message) == 200:
                info, b_tid = message, told.b_tid
                lifetime = None if told.lifetime is None else parse_time(told.lifetime)
    if of_digest:  # its nonce holds no challenge of AKA, however long it is
        rand, autn, data = None, None, b""
    return Bootstrapping(tuple(run), impi, rand, autn, info, b_tid, lifetime, data, of_digest)


def naf_keys(exchanges: Iterable[Exchange]) -> tuple[NafKeys, ...]:
    """Read the NAF keys that Zn answers and the POSTs of an SCF show."""
    found: list[NafKeys] = []
    for exchange in exchanges:
        if exchange.protocol == "diameter":
            found += _zn(exchange)
        elif exchange.protocol == "http" and exchange.request is not None:
            info = bodies.find(exchange.request, NafKeyInfo)
            if info is not None:
                found += _posted(exchange, exchange.request, info)
            found += _by_web_service(exchange, exchange.request)
    return tuple(found)


def is_zn(exchange: Exchange) -> bool:
    body = exchange.first.body
    return isinstance(body, Diameter) and body.command == bodies.COMMAND_ZN


def split_naf_id(octets: bytes) -> tuple[str, bytes]:
    """Split a NAF_Id into FQDN and Ua security protocol identifier (TS 33.220 4.5.2)."""
    return octets[:-UA_ID_OCTETS].decode("utf-8", "backslashreplace"), octets[-UA_ID_OCTETS:]


def key_expiry(answer: Diameter) -> int | None:
    """Return the Key-ExpiryTime of a Zn answer in ns, None where it has none of 4 octets."""
    seconds = answer.uint(KEY_EXPIRY)
    if seconds is None or seconds >= NTP_ERA:
        return None
    return (seconds + (NTP_ERA if seconds < NTP_ERA // 2 else 0) - NTP_TO_UNIX) * 10**9


def _zn(exchange: Exchange) -> list[NafKeys]:
    if not is_zn(exchange) or exchange.final is None:
        return []
    answer = bodies.diameter(exchange.final)
    asked = None if exchange.request is None else bodies.diameter(exchange.request)
    if answer is None:
        return []
    me_key, uicc_key = answer.find(ME_KEY), answer.find(UICC_KEY)
    if me_key is None and uicc_key is None:
        return []
    naf_id = None if asked is None else asked.find(NAF_ID)
    fqdn, ua_id = (None, None) if naf_id is None else split_naf_id(naf_id.data)
    return [
        NafKeys(
            exchange=exchange,
            message=exchange.final,
            b_tid=None if asked is None else asked.text(TRANSACTION_IDENTIFIER),
            impi=answer.text(USER_NAME),
            naf_fqdn=fqdn,
            ua_id=ua_id,
            expires=key_expiry(answer),
            type=answer.uint(TYPE),
            me_key=None if me_key is None else me_key.data,
            uicc_key=None if uicc_key is None else uicc_key.data,
        )
    ]


def _by_web_service(exchange: Exchange, request: Message) -> list[NafKeys]:
    """Read what Zn says in SOAP (TS 29.109)."""
    asked = bodies.find(request, ZnRequest)
    answer = None if asked is None or exchange.final is None else bodies.find(exchange.final, ZnAnswer)
    if asked is None or answer is None or exchange.final is None or not (answer.me_key or answer.uicc_key):
        return []
    return [
        NafKeys(
            exchange=exchange,
            message=exchange.final,
            b_tid=asked.b_tid or None,
            impi=answer.impi or None,
            naf_fqdn=asked.naf_fqdn or None,
            ua_id=asked.ua_id if len(asked.ua_id) == UA_ID_OCTETS else None,
            expires=parse_time(answer.expires),
            type=number(answer.gba_type),
            me_key=answer.me_key or None,
            uicc_key=answer.uicc_key or None,
        )
    ]


def _posted(exchange: Exchange, message: Message, info: NafKeyInfo) -> list[NafKeys]:
    found: list[NafKeys] = []
    for index, muk in enumerate(info.muks):
        found.append(
            NafKeys(
                exchange=exchange,
                message=message,
                b_tid=_nth(info.b_tids, index),
                impi=None,
                naf_fqdn=_nth(info.naf_fqdns, index),
                ua_id=None,
                expires=expiry(_nth(info.muk_lifetimes, index) or "", message.time),
                muk=muk,
            )
        )
    return found


def expiry(text: str, at: int) -> int | None:
    """Return when a lifetime ends that was told at a time: a dateTime, or seconds from then (TS 26.237 I.2)."""
    time = parse_time(text)
    return at + time if time is not None and time < MAX_DURATION else time


def _nth(items: tuple[str, ...], index: int) -> str | None:
    """The item of the same rank; one alone serves all."""
    if not items:
        return None
    return items[index] if index < len(items) else items[-1]


def when(time: int | None) -> str:
    """Say a time of the capture in UTC, to the second."""
    if time is None:
        return "an unknown time"
    return datetime.fromtimestamp(time // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
