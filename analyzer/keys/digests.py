"""Recompute the HTTP digests of Ub and Ua with the keys at hand."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from functools import partial

from analyzer.correlate import bodies, gba
from analyzer.correlate.exchanges import Exchange
from analyzer.correlate.traffic import Traffic
from analyzer.keys import digest
from analyzer.keys.aka import flipped_res
from analyzer.keys.chain import Chain, Checked
from analyzer.keys.key import Key
from dissectors import Message
from dissectors.digest import Auth, parse_info
from dissectors.http import Http

# What a reading of the MRK as password is called in a report; the one of the text needs no name.
MRK_VARIANTS = {"base64": "", "raw": "MRK as raw octets", "hex": "MRK in hex"}
FLIPPED_RES = "RES with its last bit changed, as with GBA_U"
RIGHT = ("", FLIPPED_RES)  # variants that are no mistake
MAX_SESSIONS = 65536  # of MD5-sess and its like, one a user

Password = tuple[Key | None, str, bytes]
Passwords = Callable[[], Iterator[Password]]  # made one by one: nearly always the first fits
Sessions = dict[tuple[str | None, str | None], tuple[str, str]]  # nonce and cnonce of the first request


def check(chain: Chain, traffic: Traffic) -> None:
    """Check every digest of every request, and the rspauth of its answer with the password that matched."""
    in_ub = {id(exchange) for run in traffic.bootstrappings for exchange in run.exchanges}
    sessions: Sessions = {}
    for run in traffic.bootstrappings:
        for exchange in run.exchanges:
            _check(chain, exchange, partial(_ub_passwords, chain, exchange), sessions)
    for exchange in traffic.exchanges:
        if exchange.protocol == "http" and id(exchange) not in in_ub and exchange.request is not None:
            _check(chain, exchange, partial(_ua_passwords, chain, exchange.request), sessions)


def _ub_passwords(chain: Chain, exchange: Exchange) -> Iterator[Password]:
    """RES of the vector that the request answers: raw octets (RFC 3310 3.3), then encodings seen by mistake."""
    body = None if exchange.request is None else bodies.http(exchange.request)
    given = None if body is None else gba.authorization(body)
    vector = None if given is None else gba.nonce_vector(given.get("nonce"))
    if given is None or vector is None:
        return
    second = (given.get("algorithm") or "").upper().startswith("AKAV2")
    made = chain.vectors.get(vector[0], ())
    for aka, root in ((found.run, found.root) for found in made):
        results = [("", aka.res)]
        if aka.gba_u:  # spec contradiction 20: texts differ on who changes the bit, and whether
            results.append((FLIPPED_RES, flipped_res(res=aka.res)))
        for variant, res in results:
            if second and aka.ck and aka.ik:
                yield root, variant, digest.aka_v2_password(res=res, ik=aka.ik, ck=aka.ck)
            yield root, f"the password of AKAv1{variant and ', '}{variant}" if second else variant, res
    for found in made:
        yield found.root, "RES in base64", base64.b64encode(found.run.res)
        yield found.root, "RES in hex", found.run.res.hex().encode()


def _ua_passwords(chain: Chain, request: Message) -> Iterator[Password]:
    """base64(MRK) (TS 33.246 Annex H); spec contradiction 8: raw and hex too."""
    body = bodies.http(request)
    given = None if body is None else gba.authorization(body)
    if given is None:
        return
    for key in chain.mrks.get(given.get("username") or "", ()):
        for encoding, password in digest.mrk_passwords(mrk=key.value):
            yield key, MRK_VARIANTS[encoding], password


def _check(chain: Chain, exchange: Exchange, passwords: Passwords, sessions: Sessions) -> None:
    for request in exchange.requests:
        body = bodies.http(request)
        given = None if body is None else gba.authorization(body)
        if body is None or given is None or not given.get("response"):
            continue
        chain.digests[id(request)] = Checked(None)
        for key, variant, ha1 in _tries(given, passwords, sessions):
            chain.digests[id(request)] = Checked(False)
            if _response(body, given, ha1) == (given.get("response") or "").lower():
                chain.digests[id(request)] = Checked(True, key, variant)
                if key is not None:
                    chain.use(key)
                for answer in exchange.answers:
                    _check_answer(chain, answer, given, Checked(True, key, variant), ha1)
                break


def _tries(given: Auth, passwords: Passwords, sessions: Sessions) -> Iterator[tuple[Key | None, str, str]]:
    """Yield HA1 of every password; that of the -sess algorithms is of the request that began the session.

    A server may also take each request for a session of its own (RFC 2617 3.2.2.2, RFC 7616 3.4.2).
    """
    own = given.get("nonce") or "", given.get("cnonce") or ""
    beginnings = {own: None}
    if digest.has_sessions(given.get("algorithm") or ""):
        who = given.get("username"), given.get("realm")
        if who in sessions or len(sessions) < MAX_SESSIONS:
            beginnings[sessions.setdefault(who, own)] = None
    for nonce, cnonce in beginnings:
        for key, variant, password in passwords():
            yield key, variant, digest.ha1(
                username=given.get("username") or "", realm=given.get("realm") or "", password=password,
                algorithm=given.get("algorithm") or "MD5", nonce=nonce, cnonce=cnonce,
            )  # fmt: skip


def _check_answer(chain: Chain, answer: Message, given: Auth, request: Checked, ha1: str) -> None:
    body = bodies.http(answer)
    value = None if body is None else body.headers.get("Authentication-Info")
    if body is None or value is None:
        return
    told = parse_info(value)
    expected = digest.rspauth(
        ha1=ha1,
        uri=given.get("uri") or "",
        nonce=given.get("nonce") or "",
        nc=told.get("nc") or given.get("nc") or "",
        cnonce=told.get("cnonce") or given.get("cnonce") or "",
        qop=told.get("qop") or given.get("qop") or "",
        body=body.raw,
        algorithm=given.get("algorithm") or "MD5",
    )
    ok = (told.get("rspauth") or "").lower() == expected
    chain.digests[id(answer)] = Checked(ok, request.key, request.variant)


def _response(body: Http, given: Auth, ha1: str) -> str:
    return digest.response(
        ha1=ha1,
        method=body.method or "",
        uri=given.get("uri") or "",
        nonce=given.get("nonce") or "",
        nc=given.get("nc") or "",
        cnonce=given.get("cnonce") or "",
        qop=given.get("qop") or "",
        body=body.raw,
        algorithm=given.get("algorithm") or "MD5",
    )
