"""Single steps of the key chain with all that is in between, for a person at a desk who has the inputs."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from analyzer.keys import aka, digest, gba, mikey, srtp, tuak
from analyzer.keys.key import AkaKeys
from dissectors import dissect
from dissectors.base import Payload
from dissectors.mikey import PORT, Mikey

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Step:
    """One value on the way: its name, octets or text, and the clause it comes from."""

    name: str
    value: bytes | str = field(repr=False)
    clause: str = ""


Steps = Iterator[Step]

# ------------------------------------------------------------------------------------------------ AKA


@dataclass(frozen=True, slots=True)
class Functions:
    """What f1 to f5* give for one K and RAND, of either algorithm."""

    keys: AkaKeys = field(repr=False)
    ak_star: bytes = field(repr=False)
    mac_a: aka.MacFunction
    mac_s: aka.MacFunction


def milenage(*, k: bytes, op: bytes | None, opc: bytes | None, rand: bytes, **challenge: Any) -> Steps:
    """TS 35.206: OPc, f1 to f5*, and what a challenge or an AUTS says; exactly one of `op` and `opc` is given."""
    made = aka.opc(k=k, op=op) if op is not None else opc or b""
    base: dict[str, Any] = {"k": k, "opc": made, "rand": rand}
    functions = Functions(
        aka.f2345(**base),
        aka.f5_star(**base),
        lambda sqn, amf: aka.f1(**base, sqn=sqn, amf=amf),
        lambda sqn, amf: aka.f1_star(**base, sqn=sqn, amf=amf),
    )
    yield Step("OPc", made, "TS 35.206 4.1")
    yield from _functions(functions, "TS 35.206 4.1", **challenge)
    kc = aka.kc(ck=functions.keys.ck, ik=functions.keys.ik)
    yield Step("Kc", kc, "TS 33.102 6.8.1.2, c3")
    for name, sres in aka.sres(res=functions.keys.res):
        yield Step(name, sres, "TS 55.205 4")


def of_tuak(
    *,
    k: bytes,
    op: bytes | None,
    opc: bytes | None,
    rand: bytes,
    sizes: aka.Sizes,
    mac: int,
    iterations: int,
    **challenge: Any,
) -> Steps:
    """TS 35.231: TOPc, f1 to f5*, and what a challenge or an AUTS says; `mac` is the octets of a MAC."""
    made = tuak.topc(top=op, k=k, iterations=iterations) if op is not None else opc or b""
    base: dict[str, Any] = {"k": k, "topc": made, "rand": rand, "iterations": iterations}
    functions = Functions(
        tuak.f2345(**base, res_length=sizes.res, ck_length=sizes.ck, ik_length=sizes.ik),
        tuak.f5_star(**base),
        lambda sqn, amf: tuak.f1(**base, sqn=sqn, amf=amf, mac_length=mac),
        lambda sqn, amf: tuak.f1_star(**base, sqn=sqn, amf=amf, mac_length=mac),
    )
    yield Step("TOPc", made, "TS 35.231 6.2")
    yield from _functions(functions, "TS 35.231 6", **challenge)


def _functions(
    given: Functions,
    clause: str,
    *,
    sqn: bytes | None = None,
    amf: bytes | None = None,
    autn: bytes | None = None,
    auts: bytes | None = None,
) -> Steps:
    keys = given.keys
    yield Step("RES (f2)", keys.res, clause)
    yield Step("CK (f3)", keys.ck, clause)
    yield Step("IK (f4)", keys.ik, clause)
    yield Step("AK (f5)", keys.ak, clause)
    yield Step("AK* (f5*)", given.ak_star, clause)
    yield Step("Ks", gba.ks(ck=keys.ck, ik=keys.ik), "TS 33.220 4.5.2")
    if sqn is not None and amf is not None:
        mac, concealed = given.mac_a(sqn, amf), aka.xor(sqn, keys.ak)
        yield Step("MAC-A (f1)", mac, clause)
        yield Step("MAC-S (f1*)", given.mac_s(sqn, amf), clause)
        if len(mac) == aka.MAC_LENGTH:  # AUTN and AUTS have no room for a longer one
            yield Step("AUTN", concealed + amf + mac, "TS 33.102 6.3.2")
            yield Step("AUTN for GBA_U", concealed + amf + aka.hidden_mac(mac=mac, ik=keys.ik), "TS 33.220 5.3.2")
            mac_s = given.mac_s(sqn, bytes(2))
            yield Step("AUTS of this SQN", aka.xor(sqn, given.ak_star) + mac_s, "TS 33.102 6.3.3, AMF 0000")
    if autn is not None:
        yield from _challenged(given, autn)
    if auts is not None:
        told = aka.xor(auts[:6], given.ak_star)
        yield Step("SQN_MS in AUTS", told, "TS 33.102 6.3.3")
        fits = hmac.compare_digest(given.mac_s(told, bytes(2)), auts[6:])
        yield Step("MAC-S in AUTS fits", YES if fits else NO, "TS 33.102 6.3.3")


def _challenged(given: Functions, autn: bytes) -> Steps:
    sqn, amf, mac = aka.xor(autn[:6], given.keys.ak), autn[6:8], autn[8:]
    expected = given.mac_a(sqn, amf)
    fits = NO
    if hmac.compare_digest(mac, expected):
        fits = YES
    elif hmac.compare_digest(mac, aka.hidden_mac(mac=expected, ik=given.keys.ik)):
        fits = "yes, as changed for GBA_U"
    yield Step("SQN in AUTN", sqn, "TS 33.102 6.3.3")
    yield Step("AMF in AUTN", amf, "TS 33.102 6.3.3")
    yield Step("XMAC (f1)", expected, "TS 33.102 6.3.3")
    yield Step("MAC in AUTN fits", fits, "TS 33.102 6.3.3, TS 33.220 5.3.2")
    if fits not in (YES, NO):
        yield Step("RES to send", aka.flipped_res(res=given.keys.res), "TS 33.220 5.3.2")


# ------------------------------------------------------------------------------------------------ GBA


def ks(*, ck: bytes, ik: bytes, rand: bytes | None, bsf: str | None) -> Steps:
    """Ks of CK and IK, and the B-TID where RAND and BSF are given (TS 33.220 4.5.2)."""
    yield Step("Ks", gba.ks(ck=ck, ik=ik), "TS 33.220 4.5.2")
    yield from _b_tid(rand, bsf)


def ks_2g(*, kc: bytes, sres: bytes, rand: bytes, ks_input: bytes, bsf: str | None) -> Steps:
    """RES and Ks of 2G GBA (TS 33.220 I.5.2)."""
    clause = "TS 33.220 I.5.2"
    yield Step("key Kc || Kc || RAND", gba.key_2g(kc=kc, rand=rand), clause)
    yield Step("RES", gba.res_2g(kc=kc, rand=rand, sres=sres), clause)
    yield Step("Ks", gba.ks_2g(kc=kc, rand=rand, sres=sres, ks_input=ks_input), clause)
    yield from _b_tid(rand, bsf)


def _b_tid(rand: bytes | None, bsf: str | None) -> Steps:
    if rand is not None and bsf:
        yield Step("B-TID", gba.b_tid(rand=rand, bsf=bsf), "TS 33.220 4.5.2")


def gba_digest(*, h_a1: bytes, tls_mk_extr: bytes, resp: bytes | None) -> Steps:
    """passwd of GBA_Digest, and its Ks where the digest that the UE answered with is given (TS 33.220 B.5)."""
    s = gba.passwd_input(tls_mk_extr=tls_mk_extr)
    yield Step("S for passwd", s, "TS 33.220 B.5")
    yield Step("passwd", hmac.digest(h_a1, s, "sha256"), "TS 33.220 B.5")
    if resp is not None:
        s = gba.ks_digest_input(tls_mk_extr=tls_mk_extr, resp=resp)
        yield Step("S for Ks", s, "TS 33.220 B.5")
        yield Step("Ks", hmac.digest(h_a1, s, "sha256"), "TS 33.220 B.5")


def ks_naf(*, ks: bytes, rand: bytes, impi: str, fqdn: str, ua_ids: tuple[bytes, ...]) -> Steps:
    """NAF keys for each Ua security protocol, and MUK and MRK in every case of TS 33.246 6.1."""
    for ua_id in ua_ids:
        naf_id = gba.naf_id(fqdn=fqdn, ua_id=ua_id)
        given: dict[str, Any] = {"rand": rand, "impi": impi, "naf_id": naf_id}
        of = f", Ua id {ua_id.hex()}"
        yield Step(f"NAF_Id{of}", naf_id, "TS 33.220 4.5.2")
        yield Step(f"S for gba-me{of}", gba.naf_input(label=gba.LABEL_ME, **given), "TS 33.220 B.3")
        ext = gba.ks_naf(ks=ks, **given)
        yield Step(f"Ks_NAF or Ks_ext_NAF{of}", ext, "TS 33.220 B.3")
        yield Step(f"S for gba-u{of}", gba.naf_input(label=gba.LABEL_U, **given), "TS 33.220 B.3")
        internal = gba.ks_int_naf(ks=ks, **given)
        yield Step(f"Ks_int_NAF{of}", internal, "TS 33.220 B.3")
        made = gba.mrk(ks_naf=ext)
        cases = (
            ("GBA_ME or 2G GBA", ext, made),
            ("GBA_U, UICC does MBMS", internal, ext),
            ("GBA_U, ME does", ext, made),
        )
        for case, muk, mrk in cases:
            yield Step(f"MUK with {case}{of}", muk, "TS 33.246 6.1")
            yield Step(f"MRK with {case}{of}", mrk, "TS 33.246 6.1, Annex F")


def mrk(*, ks_naf: bytes) -> Steps:
    """MRK of Ks_NAF or Ks_ext_NAF, and the password that is made of it (TS 33.246 Annex F, Annex H)."""
    made = gba.mrk(ks_naf=ks_naf)
    yield Step("S", gba.kdf_input(fc=0x01, params=(gba.LABEL_MRK,)), "TS 33.246 Annex F")
    yield Step("MRK", made, "TS 33.246 Annex F")
    yield Step("password", digest.mrk_password(mrk=made).decode("ascii"), "TS 33.246 Annex H, TS 24.109 5.2.2.1")


# ------------------------------------------------------------------------------------------------ digest


def of_digest(*, passwords: Mapping[str, bytes], answer: bytes | None, **asked: Any) -> Steps:
    """HA1, HA2, response, and rspauth where the body of the answer is given, with each password (RFC 2617 3.2.2)."""
    hashed = {name: asked[name] for name in ("username", "realm", "algorithm", "nonce", "cnonce")}
    said = {name: asked[name] for name in ("uri", "nonce", "qop", "nc", "cnonce", "algorithm")}
    of_body = {name: asked[name] for name in ("method", "uri", "qop", "body", "algorithm")}
    for name, password in passwords.items():
        of = f", {name}" if name else ""
        ha1 = digest.ha1(password=password, **hashed)
        yield Step(f"HA1{of}", ha1, "RFC 2617 3.2.2.2")
        yield Step(f"HA2{of}", digest.ha2(**of_body), "RFC 2617 3.2.2.3")
        response = digest.response(ha1=ha1, method=asked["method"], body=asked["body"], **said)
        yield Step(f"response{of}", response, "RFC 2617 3.2.2.1")
        if answer is not None:
            yield Step(f"rspauth{of}", digest.rspauth(ha1=ha1, body=answer, **said), "RFC 2617 3.2.3")


# ------------------------------------------------------------------------------------------------ MIKEY


def mikey_psk(
    *, psk: bytes, csb_id: int, rand: bytes, t: int | None, prf: int, encr_alg: int, mac_alg: int,
    data: bytes | None, plain: bytes | None, covered: bytes | None,
) -> Steps:  # fmt: skip
    """The keys of a message under a pre-shared key; `data` decrypted, `plain` encrypted, and the MAC over `covered`."""
    tail = mikey.psk_label_tail(csb_id=csb_id, rand=rand)
    keys = mikey.psk_keys(psk=psk, csb_id=csb_id, rand=rand, prf=prf, encr_alg=encr_alg, mac_alg=mac_alg)
    for name, constant, value in (
        ("encr_key", mikey.PSK_ENCRYPTION, keys.encr_key),
        ("auth_key", mikey.PSK_AUTHENTICATION, keys.auth_key),
        ("salt", mikey.PSK_SALT, keys.salt),
    ):
        yield Step(f"label of {name}", constant + tail, "RFC 3830 4.1.4")
        yield Step(name, value, "RFC 3830 4.1.4")
    if t is not None and encr_alg in mikey.WITH_IV:
        yield Step("IV", mikey.iv(salt=keys.salt, csb_id=csb_id, t=t), "RFC 3830 4.2.3")
    if data is not None:
        found = mikey.decrypt(keys=keys, encr_alg=encr_alg, csb_id=csb_id, t=t or 0, data=data)
        yield Step("decrypted", found, "RFC 3830 4.2.3")
    if plain is not None:
        made = mikey.encrypt(keys=keys, encr_alg=encr_alg, csb_id=csb_id, t=t or 0, data=plain)
        yield Step("encrypted", made, "RFC 3830 4.2.3")
    if covered is not None:
        yield Step("MAC", mikey.kemac_mac(auth_key=keys.auth_key, covered=covered, mac_alg=mac_alg), "RFC 3830 5.2")


def mikey_message(*, psk: bytes, octets: bytes, csb_id: int | None, rand: bytes | None) -> Steps:
    """The keys of a whole message of the pre-shared key method, whether its MAC fits, and what is inside if it does.

    `csb_id` and `rand` are those of the MSK message where the keys of an MTK message are made with them. Raises
    ValueError where the octets are no such message.
    """
    message = dissect(Payload(octets, "udp", "", 0, "", PORT, 0, 1, 0), "mikey")
    body = None if message is None or message.error is not None else message.body
    if not isinstance(body, Mikey) or body.kemac is None:
        raise ValueError("this is no whole MIKEY message with a KEMAC")
    used = body.rand if rand is None else rand
    if used is None:
        raise ValueError("the message has no RAND: give that of the MSK message with --rand")
    kemac, t = body.kemac, 0 if body.t is None else body.t.value
    found = tuple(mikey_psk(
        psk=psk, csb_id=body.csb_id if csb_id is None else csb_id, rand=used, t=t, prf=body.prf,
        encr_alg=kemac.encr_alg, mac_alg=kemac.mac_alg, data=kemac.encr_data or None, plain=None,
        covered=octets[: kemac.mac_start],
    ))  # fmt: skip
    fits = any(step.name == "MAC" and step.value == kemac.mac for step in found) and bool(kemac.mac)
    yield from (step for step in found if fits or step.name != "decrypted")
    yield Step("MAC in the message", kemac.mac, "RFC 3830 6.2")
    yield Step("MAC fits", YES if fits else NO, "RFC 3830 5.2")


def mikey_tgk(*, tgk: bytes, csb_id: int, rand: bytes, prf: int) -> Steps:
    """The keys of a download under an MTK that is a TGK, in both readings of cs_id (TS 33.246 6.5.4)."""
    for cs_id in mikey.CS_IDS:
        keys = mikey.tgk_keys(tgk=tgk, cs_id=cs_id, csb_id=csb_id, rand=rand, prf=prf)
        of = f", cs_id {cs_id.hex()}"
        yield Step(f"auth_key{of}", keys.auth_key, "TS 33.246 6.5.4, RFC 3830 4.1.3")
        yield Step(f"encr_key{of}", keys.encr_key, "TS 33.246 6.5.4, RFC 3830 4.1.3")


# ------------------------------------------------------------------------------------------------ SRTP


def of_srtp(*, key: bytes, salt: bytes, auth_length: int) -> Steps:
    """Session keys of SRTP and SRTCP under a TEK and its salt (RFC 3711 4.3, RFC 6188)."""
    for protocol, rtcp in (("SRTP", False), ("SRTCP", True)):
        keys = srtp.session_keys(master_key=key, master_salt=salt, rtcp=rtcp, auth_length=auth_length)
        for label, name, value in zip(
            srtp.LABELS[rtcp],
            ("encryption key", "authentication key", "salt"),
            (keys.encr_key, keys.auth_key, keys.salt),
            strict=True,
        ):
            yield Step(f"IV of {protocol} {name}", srtp.derivation_iv(master_salt=salt, label=label), "RFC 3711 4.3.1")
            yield Step(f"{protocol} {name}", value, "RFC 3711 4.3.1")


def key_stream(*, key: bytes, iv: bytes, block: int, blocks: int) -> Steps:
    """Blocks of the key stream of AES-CM from an IV on (RFC 3711 4.1.1)."""
    begin = (int.from_bytes(iv, "big") + block) % (1 << 128)
    stream = srtp.keystream(key=key, iv=begin.to_bytes(16, "big"), length=16 * blocks)
    for number in range(blocks):
        yield Step(f"block {block + number:04x}", stream[16 * number : 16 * number + 16], "RFC 3711 4.1.1")


def of_mac(*, key: bytes, data: bytes, mac_alg: int) -> Steps:
    """The MAC of MIKEY under a key that is known outright (RFC 3830 4.2.4)."""
    yield Step("MAC", mikey.kemac_mac(auth_key=key, covered=data, mac_alg=mac_alg), "RFC 3830 4.2.4, RFC 2104")
