import pytest

from analyzer.correlate import bodies
from dissectors.mbms_xml import BTids, ServiceList

UE, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.4", "10.0.0.5", "10.0.0.6"
PULL = "Solicited pull complete"
MSK = "MSK msg: complete UDP payload (217 octets)"
MTK = "MTK msg: complete UDP payload (96 octets)"
VERIFICATION = "Verification msg complete (variant raw IDs + 4-octet T)"
SERVICES = "<mbmsSecurityRegister><serviceID>urn:a</serviceID><serviceID>urn:b</serviceID></mbmsSecurityRegister>"


def post(requesttype, content="application/mbms-register+xml"):
    return f"POST /keymanagement{requesttype} HTTP/1.1\nHost: bmsc.home1.net\nContent-Type: {content}"


def test_kinds_of_mikey_messages(talk, vector):
    kinds = {}
    for name in (PULL, MSK, MTK, VERIFICATION):
        body = bodies.mikey(talk.mikey(vector(name)))
        kinds[name] = (bodies.is_msk_message(body), bodies.is_mtk_message(body), bodies.is_solicited_pull(body))
    assert kinds == {
        PULL: (True, False, True),
        MSK: (True, False, False),
        MTK: (False, True, False),
        VERIFICATION: (False, False, False),
    }


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (PULL, "MIKEY solicited pull, MSK 00010000, T 8"),
        (MSK, "MIKEY MSK 00010002, T 7"),
        (MTK, "MIKEY MTK 0005 under MSK 00010002, T 1"),
        (VERIFICATION, "MIKEY verification, CSB c0ffee01"),
    ],
)
def test_summary_of_mikey(talk, vector, name, line):
    assert bodies.summary(talk.mikey(vector(name))) == line


@pytest.mark.parametrize(
    ("target", "content", "asked"),
    [
        ("?requesttype=register", "application/mbms-register+xml", "register"),
        ("?requesttype=sip-based-register", "multipart/mixed", "sip-based-register"),
        ("?requesttype=authorize", "application/xml", "authorize"),
        ("?requesttype=wrong", "application/mbms-msk+xml", "msk-request"),
        ("?other=1", "application/mbms-deregister+xml; charset=utf-8", "deregister"),
        ("?requesttype=wrong", "text/plain", None),
        ("", "application/mbms-register+xml", "register"),
    ],
)
def test_request_type(talk, target, content, asked):
    assert bodies.request_type(bodies.http(talk.http(post(target, content), UE, BM_SC))) == asked


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ("", "msk-request"),
        ('\nX-3GPP-Asserted-Identity: "sip:a@home1.net"', "sip-based-msk-request"),
        ('\nX-3GPP-Asserted-Identity: "sip:a@home1.net"\nX-3GPP-Intended-Identity: "sip:a@home1.net"', "msk-request"),
    ],
    ids=["of a UE", "of an SCF", "of a UE behind an authentication proxy"],
)
def test_who_asks_where_no_request_type_says_it(talk, headers, asked):
    message = talk.http(post("", "application/mbms-msk+xml") + headers, UE, BM_SC)
    assert bodies.request_type(bodies.http(message)) == asked


def test_an_answer_has_no_request_type(talk):
    message = talk.http("HTTP/1.1 200 OK\nContent-Type: application/mbms-register+xml", BM_SC, UE)
    assert bodies.request_type(bodies.http(message)) is None


def test_services_and_bodies_inside(talk):
    message = talk.http(post("?requesttype=register"), UE, BM_SC, SERVICES)
    assert bodies.services(message) == ("urn:a", "urn:b")
    assert bodies.find(message, ServiceList).services == ("urn:a", "urn:b")
    assert bodies.find(message, BTids) is None
    assert list(bodies.find_all(message, BTids)) == []
    assert bodies.b_tids(message) == ()
    assert bodies.msk_names(message) == ()


def test_msk_names(talk):
    xml = "<mbmsMSK><MSK><keyDomainID>GM8M</keyDomainID><MSKID>AAEAAg==</MSKID></MSK></mbmsMSK>"
    message = talk.http(post("?requesttype=msk-request", "application/mbms-msk+xml"), UE, BM_SC, xml)
    assert [(m.key_domain.hex(), m.msk_id.hex()) for m in bodies.msk_names(message)] == [("18cf0c", "00010002")]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ('"sip:a@x"', ("sip:a@x",)),
        ('"sip:a@x", "tel:+44123"', ("sip:a@x", "tel:+44123")),
        ("sip:a@x", ("sip:a@x",)),
        ("", ()),
    ],
)
def test_unquoted(value, found):
    assert bodies.unquoted(value) == found


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), ("sip:user1@home1.net",)),
        (("P-Preferred-Identity: <sip:p@x>",), ("sip:p@x",)),
        (('P-Asserted-Identity: "A, B" <sip:a@x>, <tel:+1>', "P-Preferred-Identity: <sip:p@x>"), ("sip:a@x", "tel:+1")),
        (("P-Asserted-Identity: <sip:a@x>", "P-Asserted-Identity: <tel:+1>"), ("sip:a@x", "tel:+1")),
        (("P-Intended-Identity: <sip:i@x>",), ("sip:i@x",)),
    ],
)
def test_identities(talk, invite, headers, found):
    assert bodies.identities(bodies.sip(talk.sip(invite(extra=headers), UE, SCF))) == found


def test_other_summaries(talk, invite, reply, zn):
    assert bodies.summary(talk.sip(invite(), UE, SCF)) == "INVITE sip:service1@home1.net"
    assert bodies.summary(talk.sip(reply("403 Forbidden"), SCF, UE)) == "403 Forbidden (INVITE)"
    assert bodies.summary(talk.http("HTTP/1.1 401 Unauthorized", BM_SC, UE)) == "401 Unauthorized"
    assert bodies.summary(talk.diameter(zn(True, b_tid=b"x"), BM_SC, BSF, (1, 3868))) == "BIR"
    assert bodies.summary(talk.diameter(zn(False, result=b"\0\0\x07\xd1"), BSF, BM_SC, (3868, 1))) == "BIA 2001"


def test_wrong_kind_of_body_is_none(talk, invite):
    message = talk.sip(invite(), UE, SCF)
    assert (bodies.http(message), bodies.diameter(message), bodies.mikey(message), bodies.sdp(message)) == (None,) * 4


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("sip:user1@home1.net", "sip:user1@home1.net"),
        ("SIP:User1@HOME1.Net", "sip:User1@home1.net"),
        ("sip:user1@HOME1.net;User=Phone", "sip:user1@home1.net;User=Phone"),
        ("sip:a@b@HOME1.net", "sip:a@b@home1.net"),
        ("tel:+1-201", "tel:+1-201"),
        ("", ""),
    ],
)
def test_an_impu_is_the_same_in_any_letters_of_its_host(uri, told):
    assert bodies.public_identity(uri) == told
