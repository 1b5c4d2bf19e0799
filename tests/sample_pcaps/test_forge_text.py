"""Text messages, bodies and digests of the forge."""

import pytest

from sample_pcaps import forge_text as text
from sample_pcaps.forge_text import Edit, Text

POST = Text("POST /a HTTP/1.1", (("Host", "b"), ("Via", "1"), ("via", "2")), b"body")


def digest(value, chain, body, **more):
    given = {
        "username": chain["values"]["B-TID"],
        "realm": "3GPP-bootstrapping@bmsc.home1.net",
        "password": chain["values"]["Ua password base64(MRK)"].encode(),
        "nonce": "6629fae49393a05397450978507c4ef1",
        "uri": "/keymanagement?requesttype=register",
        "qop": "auth-int",
        "cnonce": "6629fae49393a053",
        "nc": "00000001",
        "method": "POST",
        "body": body,
    }
    return text.digest_response(**(given | more))


def test_digest_gives_the_samples_of_the_rfcs(vectors):
    for entry in vectors("digest"):
        if entry["algorithm"] != "MD5":
            continue
        given = {name: entry[name] for name in ("username", "realm", "method", "uri", "nonce", "qop", "nc", "cnonce")}
        assert text.digest_response(password=entry["password"].encode(), body=b"", **given) == entry["response"]


def test_digest_gives_the_ua_responses_of_the_chain(value, chain):
    body = chain["ua_body"].encode()
    assert digest(value, chain, body) == chain["values"]["Ua digest response (auth-int)"]
    assert digest(value, chain, body, qop="auth") == chain["values"]["Ua digest response (auth)"]


def test_digest_with_an_empty_method_is_the_rspauth_of_the_chain(chain):
    found = text.digest_response(
        username="user1_private@home1.net",
        realm="bsf.home1.net",
        password=bytes.fromhex("a54211d5e3ba50bf"),
        nonce=chain["values"]["nonce (no server data)"],
        uri="/",
        qop="auth-int",
        cnonce="0a4f113b",
        nc="00000001",
        method="",
        body=chain["ub_body"].encode(),
    )
    assert found == "880f8a5ab0b89bc831a2252f82398a8b"  # vectors.md 10.2, Ub rspauth


def test_bodies_are_those_of_the_chain(chain):
    assert text.register_xml(["urn:oma:bcast:ext:svc:1"]) == chain["ua_body"].encode()
    found = text.bootstrapping_info(chain["values"]["B-TID"], "2030-01-01T00:00:00Z")
    assert found == chain["ub_body"].encode()


def test_message_gets_a_content_length_unless_it_has_one():
    assert POST.octets().endswith(b"Content-Length: 4\r\n\r\nbody")
    own = POST.with_header("Content-Length", "9").octets()
    assert own.count(b"Content-Length") == 1
    assert b"Content-Length: 9\r\n" in own


def test_get_without_a_body_has_no_content_length():
    assert Text("GET / HTTP/1.1").octets() == b"GET / HTTP/1.1\r\n\r\n"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", (("Host", "b"), ("Via", "3"))),
        (("3", "4"), (("Host", "b"), ("Via", "3"), ("Via", "4"))),
        (None, (("Host", "b"),)),
    ],
)
def test_with_header_replaces_all_of_a_name_in_place(value, expected):
    assert POST.with_header("Via", value).headers == expected


def test_edit_comes_in_its_order():
    edit = Edit(line="X", headers={"Host": "c"}, late={"Via": None}, body="new", mutate=lambda octets: octets + b"!")
    early = edit.early(POST)
    assert (early.line, early.get("Host"), early.get("Via"), early.body) == ("X", "c", "1", b"new")
    assert edit.finish(early) == b"X\r\nHost: c\r\nContent-Length: 3\r\n\r\nnew!"


def test_directives_leave_out_none_and_quotes_where_they_are_not_wanted():
    assert text.directives({"a": "1", "nc": "2", "b": None}) == 'a="1", nc=2'


def test_multipart_holds_its_parts():
    found = text.multipart([("a/b", b"1"), ("c/d", b"2")], "x")
    assert found == b"--x\r\nContent-Type: a/b\r\n\r\n1\r\n--x\r\nContent-Type: c/d\r\n\r\n2\r\n--x--\r\n"


def test_key_info_leaves_out_what_is_none():
    found = text.naf_key_info_xml(ue_ip="10.1.2.3", muk=bytes(32), lifetime=None, b_tid="b", naf_fqdn="scf1.home1.net")
    assert b"mukLifeTime" not in found
    assert b"<nafFqdn>c2NmMS5ob21lMS5uZXQ=</nafFqdn>" in found
    assert found.count(b"AAAA") > 9


@pytest.mark.parametrize(
    ("group", "line"),
    [("239.1.2.3", "c=IN IP4 239.1.2.3/127"), ("10.0.0.1", "c=IN IP4 10.0.0.1"), ("ff0e::1", "c=IN IP6 ff0e::1")],
)
def test_sdp_names_the_group(group, line):
    found = text.sdp(ip="10.1.0.11", group=group, port=5000, services=["urn:s"], direction="recvonly").decode()
    assert line in found.split("\r\n")
    assert "a=mbms_service:urn:s" in found.split("\r\n")
    assert found.endswith("a=recvonly\r\n")
