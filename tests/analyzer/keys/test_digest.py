import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import digest

PUBLISHED = json.loads((Path(__file__).parents[2] / "vectors" / "digest.json").read_text())
UB = {
    "username": "user1_private@home1.net",
    "realm": "bsf.home1.net",
    "method": "GET",
    "uri": "/",
    "qop": "auth-int",
    "nc": "00000001",
    "cnonce": "0a4f113b",
    "algorithm": "AKAv1-MD5",
}
RES = bytes.fromhex("a54211d5e3ba50bf")


def ua(chain, mrk, qop):
    return {
        "username": chain["values"]["B-TID"],
        "realm": "3GPP-bootstrapping@bmsc.home1.net",
        "password": digest.mrk_password(mrk=mrk),
        "method": "POST",
        "uri": "/keymanagement?requesttype=register",
        "nonce": "6629fae49393a05397450978507c4ef1",
        "qop": qop,
        "nc": "00000001",
        "cnonce": "6629fae49393a053",
        "body": chain["ua_body"].encode(),
    }


def split(given):
    names = ("username", "realm", "password")
    return {n: given[n] for n in names}, {n: v for n, v in given.items() if n not in names}


@pytest.mark.parametrize("given", PUBLISHED, ids=[p["source"] for p in PUBLISHED])
def test_published(given):
    asked = {n: v for n, v in given.items() if n not in ("source", "response")}
    asked["password"] = asked["password"].encode()
    assert digest.matches(claimed=given["response"], **asked) is True
    assert digest.matches(claimed=given["response"].upper(), **asked) is True
    for name in ("username", "realm", "method", "uri", "nonce", "nc", "cnonce"):
        assert digest.matches(claimed=given["response"], **(asked | {name: asked[name] + "x"})) is False
    assert digest.matches(claimed=given["response"], **(asked | {"password": b"x"})) is False


def test_ub_of_the_chain(chain):
    asked = UB | {"nonce": chain["values"]["nonce (no server data)"], "password": digest.aka_v1_password(res=RES)}
    who, what = split(asked)
    ha1 = digest.ha1(**who)
    assert ha1 == chain["values"]["Ub HA1 (AKAv1-MD5, password = binary RES)"]
    ha2 = digest.ha2(method="GET", uri="/", qop="auth-int")
    assert ha2 == chain["values"]['Ub HA2 (GET, uri "/", auth-int, empty body)']
    assert digest.response(ha1=ha1, **what) == chain["values"]["Ub response"]
    del what["method"]
    body = chain["ub_body"].encode()
    told = chain["values"]['Ub rspauth (uri "/", body below)']
    assert digest.rspauth(ha1=ha1, **what, body=body) == told
    assert digest.matches(claimed=told, **(asked | {"method": "", "body": body})) is True


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_ua_of_the_chain(qop, chain, value):
    asked = ua(chain, value("http: MRK (from Ks_NAF/Ks_ext_NAF)"), qop)
    assert asked["password"].decode() == chain["values"]["Ua password base64(MRK)"]
    who, what = split(asked)
    ha1 = digest.ha1(**who)
    assert ha1 == chain["values"][f"Ua digest HA1 ({qop})"]
    ha2 = digest.ha2(method=what["method"], uri=what["uri"], qop=qop, body=what["body"])
    assert ha2 == chain["values"][f"Ua digest HA2 ({qop})"]
    assert digest.response(ha1=ha1, **what) == chain["values"][f"Ua digest response ({qop})"]


def test_only_auth_int_covers_the_body(chain):
    for qop, covered in (("auth", False), ("auth-int", True), ("AUTH-INT", True), (None, False), ("", False)):
        asked = ua(chain, bytes(32), qop)
        claimed = digest.response(ha1=digest.ha1(**split(asked)[0]), **split(asked)[1])
        assert digest.matches(claimed=claimed, **(asked | {"body": b"changed"})) is not covered


def test_without_qop_it_is_rfc_2069():
    # RFC 2617 3.2.2.1: MD5(HA1 ":" nonce ":" HA2)
    import hashlib

    expected = hashlib.md5(b"h:n:" + hashlib.md5(b"GET:/").hexdigest().encode()).hexdigest()
    asked = {"ha1": "h", "method": "GET", "uri": "/", "nonce": "n", "nc": "1", "cnonce": "c"}
    assert digest.response(**asked) == digest.response(**asked, qop="") == expected


def test_session_algorithms_put_both_nonces_into_ha1():
    who = {"username": "u", "realm": "r", "password": b"p"}
    import hashlib

    first = digest.ha1(**who)
    expected = hashlib.md5(f"{first}:n:c".encode()).hexdigest()
    for name in ("MD5-sess", "md5-SESS", "AKAv1-MD5-sess"):
        assert digest.ha1(**who, algorithm=name, nonce="n", cnonce="c") == expected
    assert digest.ha1(**who, nonce="n", cnonce="c") == first


def test_aka_v2_password_is_of_all_three():
    # RFC 4169 3: HMAC-MD5 keyed with RES || IK || CK, in base64
    import base64
    import hmac

    expected = base64.b64encode(hmac.new(b"rik", b"http-digest-akav2-password", "md5").digest())
    expected_order = digest.aka_v2_password(res=b"r", ik=b"i", ck=b"k")
    assert expected_order == expected


def test_mrk_passwords_name_every_encoding():
    mrk = bytes(range(32))
    passwords = dict(digest.mrk_passwords(mrk=mrk))
    assert passwords == {"base64": digest.mrk_password(mrk=mrk), "raw": mrk, "hex": mrk.hex().encode()}


@pytest.mark.parametrize("algorithm", ["", "token", "SHA-512", "MD4", "AKAv1-", "-sess"])
def test_unknown_algorithms_match_nothing(algorithm):
    assert digest.supported(algorithm) is False
    assert digest.ha1(username="u", realm="r", password=b"p", algorithm=algorithm) == ""
    assert digest.response(ha1="", method="GET", uri="/", nonce="n", algorithm=algorithm) == ""
    asked = {"username": "u", "realm": "r", "password": b"p", "method": "GET", "uri": "/", "nonce": "n"}
    assert digest.matches(claimed="", **asked, algorithm=algorithm) is None


@settings(max_examples=100)
@given(
    st.text(),
    st.text(),
    st.binary(),
    st.text(),
    st.text(),
    st.text(),
    st.sampled_from([None, "", "auth", "auth-int", "x"]),
)
def test_any_text_is_taken(username, realm, password, uri, nonce, claimed, qop):
    asked = {"username": username, "realm": realm, "password": password, "method": "GET", "uri": uri, "nonce": nonce}
    right = digest.response(
        ha1=digest.ha1(username=username, realm=realm, password=password), method="GET", uri=uri, nonce=nonce, qop=qop
    )
    assert digest.matches(claimed=right, **asked, qop=qop) is True
    assert digest.matches(claimed=claimed, **asked, qop=qop) is (claimed.lower() == right)


def test_lone_surrogates_do_not_raise():
    assert digest.matches(
        claimed="\ud800", username="\ud800", realm="", password=b"", method="", uri="", nonce=""
    ) is False  # fmt: skip
