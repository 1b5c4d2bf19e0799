"""Challenges, credentials and Authentication-Info, and the keys that stay out of the tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.digest import auth_fields, hide_keys, parse_auth, parse_auths, parse_info

RFC_2617 = (  # RFC 2617 3.5
    'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", '
    'response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_credentials():
    auth = parse_auth(RFC_2617)
    assert auth.scheme == "Digest"
    assert auth.params == {
        "username": "Mufasa",
        "realm": "testrealm@host.com",
        "nonce": "dcd98b7102dd2f0e8b11d0f600bfb0c093",
        "uri": "/dir/index.html",
        "qop": "auth",
        "nc": "00000001",
        "cnonce": "0a4f113b",
        "response": "6629fae49393a05397450978507c4ef1",
        "opaque": "5ccc069c403ebaf9f0171e9517f40e41",
    }
    assert auth.get("QOP") == "auth"
    assert auth.get("stale") is None


def test_challenges_side_by_side():
    aka, akav2, basic = parse_auths(
        'Digest realm="a, b", algorithm=AKAv1-MD5, qop="auth,auth-int", Digest algorithm=AKAv2-MD5, Basic realm=x'
    )
    assert aka.pairs == (("realm", "a, b"), ("algorithm", "AKAv1-MD5"), ("qop", "auth,auth-int"))
    assert akav2.get("algorithm") == "AKAv2-MD5"
    assert (basic.scheme, basic.get("realm")) == ("Basic", "x")


def test_info_has_no_scheme():
    info = parse_info('qop=auth-int, rspauth="ab", cnonce="c", nc=00000001, nextnonce="n"')
    assert info.scheme == ""
    assert [name for name, _ in info.pairs] == ["qop", "rspauth", "cnonce", "nc", "nextnonce"]


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ('Digest a = "b" ,C=d', (("a", "b"), ("c", "d"))),
        (r'Digest a="x\"y\\"', (("a", 'x"y\\'),)),
        ('Digest nonce="", response=""', (("nonce", ""), ("response", ""))),
        ('Digest a="never closed', (("a", "never closed"),)),
        ("Digest a=,b=1", (("a", ""), ("b", "1"))),
        ("Digest", ()),
    ],
)
def test_parameters_as_senders_write_them(value, pairs):
    auth = parse_auth(value)
    assert (auth.scheme, auth.pairs) == ("Digest", pairs)


@pytest.mark.parametrize("value", ["", " ", ",", '"', "=", '"="'])
def test_nothing_is_an_empty_challenge(value):
    assert parse_auth(value).pairs == ()
    assert parse_info(value).scheme == ""


def test_the_first_of_a_repeated_parameter_counts():
    auth = parse_auth("Digest nc=1, nc=2")
    assert auth.get("nc") == auth.params["nc"] == "1"


def test_parameters_stay_out_of_reprs():
    assert "dcd98b71" not in repr(parse_auth(RFC_2617))


@pytest.mark.parametrize(
    "keys", ['ik="00aaFF", ck="bb"', "IK = 00aaFF,ck=bb", 'ik="00aa FF bb', 'ck="0xAAbb",ik=bb', "ck=AAbb", 'ik="a\nA"']
)
def test_keys_are_hidden(keys):
    shown = hide_keys(f'Digest realm="r", {keys}')
    assert shown.startswith('Digest realm="r"')
    assert "(hidden)" in shown
    assert not any(octet in shown for octet in ("aa", "AA", "bb", "FF"))


def test_hiding_keeps_what_is_no_key():
    assert hide_keys('Digest nick="a", trick=b, integrity-protected=no') == (
        'Digest nick="a", trick=b, integrity-protected=no'
    )


def test_fields_stand_where_their_values_do():
    data = b'X: Digest realm="realm", Qop=auth, ik="00", opaque="", response="r", unknown=1, stale=true, Basic realm=x'
    fields = list(auth_fields(data, "sip.auth", 2, len(data)))
    assert [(field.name, field.value, data[field.start : field.end].decode()) for field in fields] == [
        ("sip.auth.scheme", "Digest", "Digest"),
        ("sip.auth.realm", '"realm"', '"realm"'),
        ("sip.auth.qop", "auth", "auth"),
        ("sip.auth.opaque", '""', '""'),
        ("sip.auth.digest.response", '"r"', '"r"'),
        ("sip.auth.stale", "true", "true"),
        ("sip.auth.scheme", "Basic", "Basic"),
        ("sip.auth.realm", "x", "x"),
    ]
    assert fields[1].start == data.index(b'"realm"')


@given(st.lists(st.sampled_from(["qop", "ik", "Digest", " ", "=", '"', "\\", ",", "\t", "é"]), max_size=40))
def test_any_text_is_read(pieces):
    value = "".join(pieces)
    auths = parse_auths(value)
    assert sum(len(auth.pairs) for auth in auths) == len(parse_info(value).pairs)
    data = value.encode()
    at = 0
    for field in auth_fields(data, "x", 0, len(data)):
        assert at <= field.start < field.end <= len(data)
        at = field.end


@pytest.mark.parametrize("piece", ["a", '"', "a=", "a=\\", 'a="', "a ", " ", "a=b,", '\\"', 'ik="', "ik =", "a=\t"])
def test_hostile_text_is_read_in_linear_time(piece):
    value = piece * (64 * 1024 // len(piece))
    assert isinstance(parse_auths(value), tuple)
    assert isinstance(hide_keys(value), str)
    assert isinstance(list(auth_fields(value.encode(), "x", 0, len(value))), list)
