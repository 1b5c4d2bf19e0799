"""Recompute the HTTP digests of Ub and Ua with the keys at hand."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.correlate.traffic import Traffic
from analyzer.keys import digest
from analyzer.keys.chain import Chain, Checked
from analyzer.keys.key import Key
from dissectors import Message
from dissectors.digest import Auth, parse_info
from dissectors.http import Http

# What a reading of the MRK as password is called in a report; the one of the text needs no name.
MRK_VARIANTS = {"base64": "", "raw": "MRK as raw octets", "hex": "MRK in hex"}


def check(chain: Chain, traffic: Traffic) -> None:
    """Check every digest of every request, and the rspauth of its answer with the password that matched."""
    in_ub = {id(exchange) for run in traffic.bootstrappings for exchange in run.exchanges}
    for run in traffic.bootstrappings:
        for exchange in run.exchanges:
            _check(chain, exchange, list(_ub_passwords(chain, run, exchange)))
    for exchange in traffic.exchanges:
        if exchange.protocol == "http" and id(exchange) not in in_ub and exchange.request is not None:
            _check(chain, exchange, list(_ua_passwords(chain, exchange.request)))


def _ub_passwords(chain: Chain, run: gba.Bootstrapping, exchange: Exchange) -> Iterator[tuple[Key | None, str, bytes]]:
    """RES of the vector that the request answers: raw octets (RFC 3310 3.3), then encodings seen by mistake."""
    body = None if exchange.request is None else bodies.http(exchange.request)
    given = None if body is None else gba.authorization(body)
    vector = None if given is None else gba.nonce_vector(given.get("nonce"))
    aka = None if vector is None else chain.aka.get(vector[0])
    if aka is None:
        return
    yield None, "", digest.aka_v1_password(res=aka.res)
    yield None, "RES in base64", base64.b64encode(aka.res)
    yield None, "RES in hex", aka.res.hex().encode()


def _ua_passwords(chain: Chain, request: Message) -> Iterator[tuple[Key | None, str, bytes]]:
    """base64(MRK) (TS 33.246 Annex H); spec contradiction 8: raw and hex too."""
    body = bodies.http(request)
    given = None if body is None else gba.authorization(body)
    if given is None:
        return
    for key in chain.mrks.get(given.get("username") or "", ()):
        for encoding, password in digest.mrk_passwords(mrk=key.value):
            yield key, MRK_VARIANTS[encoding], password


def _check(chain: Chain, exchange: Exchange, passwords: list[tuple[Key | None, str, bytes]]) -> None:
    for request in exchange.requests:
        body = bodies.http(request)
        given = None if body is None else gba.authorization(body)
        if body is None or given is None or not given.get("response"):
            continue
        chain.digests[id(request)] = Checked(False if passwords else None)
        for key, variant, password in passwords:
            if _response(body, given, password) == (given.get("response") or "").lower():
                chain.digests[id(request)] = Checked(True, key, variant)
                if key is not None:
                    chain.use(key)
                for answer in exchange.answers:
                    _check_answer(chain, answer, given, body, Checked(True, key, variant), password)
                break


def _check_answer(chain: Chain, answer: Message, given: Auth, asked: Http, request: Checked, password: bytes) -> None:
    body = bodies.http(answer)
    value = None if body is None else body.headers.get("Authentication-Info")
    if body is None or value is None:
        return
    told = parse_info(value)
    expected = digest.rspauth(
        ha1=_ha1(given, password),
        uri=given.get("uri") or "",
        nonce=given.get("nonce") or "",
        nc=told.get("nc") or given.get("nc") or "",
        cnonce=told.get("cnonce") or given.get("cnonce") or "",
        qop=told.get("qop") or given.get("qop") or "",
        body=body.raw,
        algorithm=_algorithm(given),
    )
    ok = (told.get("rspauth") or "").lower() == expected
    chain.digests[id(answer)] = Checked(ok, request.key, request.variant)


def _response(body: Http, given: Auth, password: bytes) -> str:
    return digest.response(
        ha1=_ha1(given, password),
        method=body.method or "",
        uri=given.get("uri") or "",
        nonce=given.get("nonce") or "",
        nc=given.get("nc") or "",
        cnonce=given.get("cnonce") or "",
        qop=given.get("qop") or "",
        body=body.raw,
        algorithm=_algorithm(given),
    )


def _ha1(given: Auth, password: bytes) -> str:
    return digest.ha1(
        username=given.get("username") or "",
        realm=given.get("realm") or "",
        password=password,
        algorithm=_algorithm(given),
        nonce=given.get("nonce") or "",
        cnonce=given.get("cnonce") or "",
    )


def _algorithm(given: Auth) -> str:
    """The hash behind an algorithm name: AKAv1-MD5 is MD5 with another password."""
    name = given.get("algorithm") or "MD5"
    return name.split("-", 1)[1] if name.upper().startswith("AKA") and "-" in name else name
