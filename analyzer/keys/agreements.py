"""The associations of ESP that UE and P-CSCF agree on (RFC 3329, TS 33.203 7.2), with CK and IK of the AKA run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from analyzer.correlate.gba import nonce_vector
from analyzer.keys import aka, gba
from analyzer.keys.keyring import EspSa, Keyring, UeKeys
from dissectors import Message
from dissectors.diameter import Avp, Diameter
from dissectors.digest import Auth, parse_auths
from dissectors.sip import Sip
from dissectors.text import number, params, split

MAX_ASSOCIATIONS = 4096  # the last that were agreed on
MAX_KEYS = 16  # of one challenge

MECHANISM = "ipsec-3gpp"
# TS 33.203 Annex H: what the headers call it; absent means null
INTEGRITIES = ("hmac-md5-96", "hmac-sha-1-96", "aes-gmac", "null")
ENCRYPTIONS = ("des-ede3-cbc", "aes-cbc", "aes-gcm", "null")
SALT = 4  # octets
FC_GMAC, FC_GCM = 0x58, 0x59
# TS 29.229 6.3
AUTH_DATA_ITEM, AUTHENTICATE, CONFIDENTIALITY_KEY, INTEGRITY_KEY = 612, 609, 625, 626
RAND, KEY = 16, 16  # octets


@dataclass(frozen=True, slots=True)
class Mechanism:
    """One value of Security-Client, Security-Server or Security-Verify; the SPIs are those of who offers it."""

    spis: tuple[int, ...]
    integrity: str
    encryption: str


@dataclass(frozen=True, slots=True)
class Keys:
    ck: bytes = field(repr=False)
    ik: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a challenge, or the answer to it, shows of both sides."""

    ue: str
    cscf: str
    impi: str | None
    rand: bytes
    autn: bytes
    server: tuple[Mechanism, ...]
    client: tuple[Mechanism, ...]


def agreed(messages: Iterable[Message], keyring: Keyring) -> tuple[EspSa, ...]:
    """Return the associations whose keys the capture shows or the keyring has, those agreed on last at the end."""
    found: dict[EspSa, None] = {}
    for agreement, keys in _keyed(messages, keyring):
        for sa in _associations(agreement, keys):
            found.pop(sa, None)
            found[sa] = None
    return tuple(found)[-MAX_ASSOCIATIONS:]


def renewed(
    messages: Iterable[Message], keyring: Keyring, renew: Callable[[Agreement, Keys], Keys]
) -> dict[EspSa, EspSa]:  # fmt: skip
    """Return the same with those of the keys that stand for CK and IK."""
    return {
        sa: new
        for agreement, keys in _keyed(messages, keyring)
        for sa, new in zip(
            _associations(agreement, keys), _associations(agreement, renew(agreement, keys)), strict=True
        )
    }


def _keyed(messages: Iterable[Message], keyring: Keyring) -> Iterator[tuple[Agreement, Keys]]:
    ordered = sorted(messages, key=lambda m: (m.time, m.payload.capture, m.frame))
    shown = _shown(ordered)
    for agreement in dict.fromkeys(_agreements(ordered)):
        keys = dict.fromkeys((*shown.get(agreement.rand, ()), *_known(agreement, keyring)))
        for pair in tuple(keys)[:MAX_KEYS]:
            yield agreement, pair


def may_agree(message: Message) -> bool:
    """Say of a message that was not read yet whether it may be one that `agreed` learns from."""
    data = message.payload.data
    if message.protocol == "diameter":
        return AUTH_DATA_ITEM.to_bytes(4, "big") in data
    head = data.lower() if message.protocol == "sip" else b""
    return b"security-" in head or b"www-authenticate" in head


# ------------------------------------------------------------------------------------------------ what was agreed


def _agreements(messages: Iterable[Message]) -> Iterator[Agreement]:
    offers: dict[str, tuple[tuple[Mechanism, ...], str | None]] = {}
    for message in messages:
        body, payload = message.body, message.payload
        if not isinstance(body, Sip):
            continue
        call_id = body.call_id or ""
        if body.is_request:
            client = _mechanisms(body, "Security-Client")
            auths = _auths(body, "Authorization")
            impi = next((auth.get("username") for auth in auths), None)
            if client:
                offers[call_id] = client, impi
            ue, cscf, server = payload.src, payload.dst, _mechanisms(body, "Security-Verify")
        else:
            client, impi = offers.get(call_id, ((), None))
            auths = _auths(body, "WWW-Authenticate")
            ue, cscf, server = payload.dst, payload.src, _mechanisms(body, "Security-Server")
        for auth in auths if server else ():
            vector = nonce_vector(auth.get("nonce"))
            if vector is not None:
                yield Agreement(ue, cscf, impi, *vector, server, client)


def _auths(body: Sip, name: str) -> list[Auth]:
    return [auth for value in body.headers.all(name) for auth in parse_auths(value)]


def _mechanisms(body: Sip, name: str) -> tuple[Mechanism, ...]:
    found = (_mechanism(piece) for value in body.headers.all(name) for piece in split(value, ","))
    return tuple(one for one in found if one is not None)


def _mechanism(piece: str) -> Mechanism | None:
    """Read one mechanism (TS 24.229 7.2A.7), None for any other than ESP of IMS, or with algorithms that it has not."""
    if piece.partition(";")[0].strip().lower() != MECHANISM:
        return None
    told = params(piece)
    spis = tuple(spi for name in ("spi-c", "spi-s") if (spi := number(told.get(name, ""))))
    integrity, encryption = (told.get(name, "null").lower() for name in ("alg", "ealg"))
    if not spis or integrity not in INTEGRITIES or encryption not in ENCRYPTIONS:
        return None
    return Mechanism(spis, integrity, encryption)


# ------------------------------------------------------------------------------------------------ keys


def _shown(messages: Iterable[Message]) -> dict[bytes, dict[Keys, None]]:
    """CK and IK that the capture shows in the clear, by RAND: on Cx, or in the 401 of an S-CSCF."""
    found: dict[bytes, dict[Keys, None]] = {}
    for message in messages:
        body = message.body
        pairs: Iterator[tuple[bytes, Keys]] = iter(())
        if isinstance(body, Diameter):
            pairs = _of_cx(body)
        elif isinstance(body, Sip) and not body.is_request:
            pairs = _of_challenge(body)
        for rand, keys in pairs:
            found.setdefault(rand, {})[keys] = None
    return found


def _of_cx(body: Diameter) -> Iterator[tuple[bytes, Keys]]:
    for item in body.avps:
        if item.code != AUTH_DATA_ITEM:
            continue
        authenticate, ck, ik = (
            _octets(item.children, code) for code in (AUTHENTICATE, CONFIDENTIALITY_KEY, INTEGRITY_KEY)
        )
        if len(authenticate) >= RAND and len(ck) == len(ik) == KEY:
            yield authenticate[:RAND], Keys(ck, ik)


def _octets(avps: Iterable[Avp], code: int) -> bytes:
    return next((avp.data for avp in avps if avp.code == code), b"")


def _of_challenge(body: Sip) -> Iterator[tuple[bytes, Keys]]:
    # TS 24.229 5.4.1.2.1
    for auth in _auths(body, "WWW-Authenticate"):
        vector = nonce_vector(auth.get("nonce"))
        try:
            ck, ik = (bytes.fromhex(auth.get(name) or "") for name in ("ck", "ik"))
        except ValueError:
            continue
        if vector is not None and len(ck) == len(ik) == KEY:
            yield vector[0], Keys(ck, ik)


def _known(agreement: Agreement, keyring: Keyring) -> Iterator[Keys]:
    """CK and IK that the keyring has for the challenge, or makes of K."""
    for ue in keyring.ues:
        if agreement.impi and ue.impi != agreement.impi:
            continue
        for entry in ue.gba:
            if entry.rand in (None, agreement.rand) and entry.b_tid is None:
                if entry.ck is not None and entry.ik is not None and len(entry.ck) == len(entry.ik) == KEY:
                    yield Keys(entry.ck, entry.ik)
                elif entry.ks is not None and len(entry.ks) == 2 * KEY:
                    yield Keys(entry.ks[:KEY], entry.ks[KEY:])
        yield from _of_k(agreement, ue)


def _of_k(agreement: Agreement, ue: UeKeys) -> Iterator[Keys]:
    if ue.k is None or ue.opc is None:
        return
    for run in aka.runs(
        k=ue.k, opc=ue.opc, rand=agreement.rand, autn=agreement.autn, algorithm=ue.algorithm, iterations=ue.iterations
    ):
        if run.mac_ok and len(run.ck) == len(run.ik) == KEY:
            yield Keys(run.ck, run.ik)


# ------------------------------------------------------------------------------------------------ associations


def _associations(agreement: Agreement, keys: Keys) -> Iterator[EspSa]:
    """An SPI belongs to who receives under it; the algorithms are those that the server offers (TS 33.203 7.2)."""
    for chosen in agreement.server:
        for offers, src, dst in (
            ((chosen,), agreement.ue, agreement.cscf),
            (agreement.client, agreement.cscf, agreement.ue),
        ):
            for spi in dict.fromkeys(spi for offer in offers for spi in offer.spis):
                encryption_key = _encryption_key(chosen.encryption, keys)
                integrity_key = _integrity_key(chosen.integrity, keys)
                yield EspSa(spi, src, dst, chosen.encryption, encryption_key, chosen.integrity, integrity_key)


def _integrity_key(algorithm: str, keys: Keys) -> bytes:
    """Expand IK (TS 33.203 Annex I)."""
    if algorithm == "hmac-sha-1-96":
        return keys.ik + bytes(4)
    if algorithm == "aes-gmac":
        return keys.ik + _salt(FC_GMAC, b"AES_GMAC_SALT", keys)
    return keys.ik if algorithm == "hmac-md5-96" else b""


def _encryption_key(algorithm: str, keys: Keys) -> bytes:
    """Expand CK (TS 33.203 Annex I)."""
    if algorithm == "des-ede3-cbc":
        return keys.ck + keys.ck[:8]
    if algorithm == "aes-gcm":
        return keys.ck + _salt(FC_GCM, b"AES_GCM_SALT", keys)
    return keys.ck if algorithm == "aes-cbc" else b""


def _salt(fc: int, name: bytes, keys: Keys) -> bytes:
    return gba.kdf(key=keys.ck + keys.ik, fc=fc, params=(name,))[-SALT:]
