"""The XML bodies of key management: every document of TS 26.346, 26.237 and 24.109, and how senders vary them."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect, mbms_xml, tree
from dissectors.cursor import Cursor, Recorder
from dissectors.mbms_xml import (
    MBMS_XML,
    BootstrappingInfo,
    BTids,
    MskName,
    MskRequest,
    MskStatus,
    MskStatuses,
    NafKeyInfo,
    OtherXml,
    SecurityProcedure,
    ServiceList,
    ServiceStatus,
    ServiceStatuses,
    parse_time,
)
from dissectors.xml_values import MAX_TEXT

MUK = bytes(range(32))
DOMAIN, MSK_1, MSK_2 = bytes.fromhex("26f210"), bytes.fromhex("00010002"), bytes.fromhex("00010003")

REGISTER = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b'<mbmsSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:securityRegistration">\n'
    b"  <serviceID>urn:service:1</serviceID>\n  <serviceID> urn:service:2 </serviceID>\n</mbmsSecurityRegister>\n"
)
REGISTER_RESPONSE = (
    b"<mbmsSecurityRegisterResponse><Response><serviceID>urn:service:1</serviceID><ResponseCode>200</ResponseCode>"
    b"</Response><Response><serviceID>urn:service:2</serviceID><ResponseCode>403</ResponseCode></Response>"
    b"</mbmsSecurityRegisterResponse>"
)
MSK_REQUEST = (
    b"<mbmsMSK><MSK><keyDomainID>JvIQ</keyDomainID><MSKID>AAEAAg==</MSKID></MSK>"
    b"<MSK><keyDomainID>26F210</keyDomainID><MSKID>00010003</MSKID></MSK></mbmsMSK>"
)
MSK_RESPONSE = (
    b'<mbmsMSKResponse xmlns="urn:3GPP:metadata:2005:MBMS:mskResponse"><Response><keyDomainID>JvIQ</keyDomainID>'
    b"<MSKID>AAEAAg==</MSKID><ResponseCode>200</ResponseCode></Response><Response><keyDomainID>JvIQ</keyDomainID>"
    b"<MSKID>AAEAAw==</MSKID><ResponseCode>404</ResponseCode></Response></mbmsMSKResponse>"
)
B_TID = (
    b"<mbmsAuthorizedSecurityRegister"
    b' xmlns="urn:3GPP:metadata:2005:MBMS:bootstrappingTransactionIdentifier">'
    b"<btid>abc==@bsf.home1.net</btid></mbmsAuthorizedSecurityRegister>"
)
NAF_KEY_INFO = (
    b'<mbmsAuthorizedSecurityRegister xmlns="urn:3GPP:metadata:2005:MBMS:nafKeyInfo">'
    b"<ueIPaddress>10.1.2.3</ueIPaddress><muk>" + base64.b64encode(MUK) + b"</muk>"
    b"<mukLifeTime>2030-01-01T00:00:00Z</mukLifeTime><btid>abc==@bsf.home1.net</btid>"
    b"<nafFqdn>c2NmMS5ob21lMS5uZXQ=</nafFqdn></mbmsAuthorizedSecurityRegister>"
)
BSF = (
    b'<BootstrappingInfo xmlns="uri:3gpp-gba"><btid>abc==@bsf.home1.net</btid><lifetime>2030-01-01T00:00:00Z</lifetime>'
    b"</BootstrappingInfo>"
)
SAMPLES = (REGISTER, REGISTER_RESPONSE, MSK_REQUEST, MSK_RESPONSE, B_TID, NAF_KEY_INFO, BSF)


# ---------------------------------------------------------------------------------------------- documents


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (REGISTER, ServiceList("register", ("urn:service:1", "urn:service:2"))),
        (
            b"<mbmsSecurityDeregister><serviceID>a</serviceID></mbmsSecurityDeregister>",
            ServiceList("deregister", ("a",)),
        ),
        (b"<mbmsAuthorize><serviceId>a</serviceId></mbmsAuthorize>", ServiceList("authorize", ("a",))),
        (
            b"<mbmsAuthorizedSecurityRegister><serviceID>a</serviceID></mbmsAuthorizedSecurityRegister>",
            ServiceList("authorize", ("a",)),
        ),
        (b"<list><userServiceId>a</userServiceId></list>", ServiceList("services", ("a",))),
        (b"<mbmsSecurityRegister/>", ServiceList("register", ())),
        (
            REGISTER_RESPONSE,
            ServiceStatuses((ServiceStatus("urn:service:1", 200), ServiceStatus("urn:service:2", 403))),
        ),
        (b"<mbmsSecurityRegisterResponse/>", ServiceStatuses(())),
        (MSK_REQUEST, MskRequest((MskName(DOMAIN, MSK_1), MskName(DOMAIN, MSK_2)))),
        (b"<mbmsMSKRequest/>", MskRequest(())),
        (
            MSK_RESPONSE,
            MskStatuses((MskStatus(MskName(DOMAIN, MSK_1), 200), MskStatus(MskName(DOMAIN, MSK_2), 404))),
        ),
        (b"<mbmsMSKResponse/>", MskStatuses(())),
        (B_TID, BTids(("abc==@bsf.home1.net",))),
        (B_TID.replace(b"<btid>abc==@bsf.home1.net</btid>", b""), BTids(())),
        (b"<any><B-TID>a@b</B-TID><b_tid>c@d</b_tid></any>", BTids(("a@b", "c@d"))),
        (
            NAF_KEY_INFO,
            NafKeyInfo(("10.1.2.3",), (MUK,), ("2030-01-01T00:00:00Z",), ("abc==@bsf.home1.net",), ("scf1.home1.net",)),
        ),
        (BSF, BootstrappingInfo("uri:3gpp-gba", "abc==@bsf.home1.net", "2030-01-01T00:00:00Z")),
        (b"<BootstrappingInfo/>", BootstrappingInfo("", None, None)),
        (
            b"<SSF><Description>x</Description><MBMSSecurityProcedure>SIP</MBMSSecurityProcedure>"
            b"<MBMSSecurityProcedure>HTTP</MBMSSecurityProcedure></SSF>",
            SecurityProcedure(("SIP", "HTTP")),
        ),
        (b'<reginfo xmlns="urn:x"><contact>a</contact></reginfo>', OtherXml("reginfo", "urn:x")),
        (
            b"<mbmsUserServiceDescription><serviceID>a</serviceID><other/></mbmsUserServiceDescription>",
            OtherXml("mbmsUserServiceDescription", ""),
        ),
        (b"<mbmsSomething><x>1</x></mbmsSomething>", OtherXml("mbmsSomething", "")),
    ],
)
def test_documents(read, data, body):
    assert read(data) == body


def test_the_first_security_procedure_counts():
    assert SecurityProcedure(("HTTP", "SIP")).value == "HTTP"
    assert SecurityProcedure(()).value == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.lower(),
        lambda data: data.replace(b"serviceID>", b"SERVICEid>"),
        lambda data: (
            data.replace(b"<", b"<x:").replace(b"<x:/", b"</x:").replace(b"Response>", b'Response xmlns:x="u">', 1)
        ),
        lambda data: b"\r\n \t" + data,
        lambda data: b"\xef\xbb\xbf" + data + b"\n\n",
        lambda data: data.replace(b"ResponseCode>", b"statusCode>"),
        lambda data: data.replace(b">200<", b">\n 200 OK <"),
    ],
    ids=["lower", "case", "prefix", "blanks", "bom", "alias", "text"],
)
def test_spelling_does_not_matter(read, change):
    assert read(change(REGISTER_RESPONSE)) == read(REGISTER_RESPONSE)


def test_attributes_are_values_too(read):
    body = read(
        b'<mbmsSecurityRegisterResponse><r serviceID="a" code="200"/><r code="403" serviceID="b"/></mbmsSecurityRegisterResponse>'
    )
    assert body == ServiceStatuses((ServiceStatus("a", 200), ServiceStatus("b", 403)))


@pytest.mark.parametrize(
    ("inside", "codes"),
    [
        (b"<c>a</c><s>200</s><c>b</c><s>403</s>", [("a", 200), ("b", 403)]),
        (b"<s>200</s><c>a</c><s>403</s><c>b</c>", [("a", 200), ("b", 403)]),
        (b"<c>a</c><c>b</c><s>403</s>", [("a", None), ("b", 403)]),
        (b"<Response><c>a</c></Response><Response><s>403</s><c>b</c></Response>", [("a", None), ("b", 403)]),
        (b"<Response><c>a</c><c>b</c><s>403</s></Response>", [("a", 403), ("b", 403)]),
        (b"<Response><s>200</s></Response><c>b</c>", [("b", 200)]),
        (b"<c>a</c><s>none</s>", [("a", None)]),
        (b"<c>a</c><s>2000</s>", [("a", None)]),
        (b"<c>a</c><s/>", [("a", None)]),
    ],
)
def test_codes_find_their_services_whichever_comes_first(read, inside, codes):
    inside = inside.replace(b"c>", b"serviceID>").replace(b"s>", b"ResponseCode>").replace(b"<s/", b"<ResponseCode/")
    body = read(b"<mbmsSecurityRegisterResponse>" + inside + b"</mbmsSecurityRegisterResponse>")
    assert body == ServiceStatuses(tuple(ServiceStatus(*pair) for pair in codes))


@pytest.mark.parametrize(
    ("inside", "names"),
    [
        (b"<d/><m1/><m2/>", [(DOMAIN, MSK_1), (DOMAIN, MSK_2)]),
        (b"<m1/><d/><m2/><d/>", [(DOMAIN, MSK_1), (DOMAIN, MSK_2)]),
        (b"<MSK><m1/></MSK><MSK><d/><m2/></MSK>", [(b"", MSK_1), (DOMAIN, MSK_2)]),
        (b"<MSK><d/></MSK><MSK><d/><m2/></MSK>", [(DOMAIN, MSK_2)]),
        (b"<m1/>", [(b"", MSK_1)]),
    ],
)
def test_key_domains_find_their_msks(read, inside, names):
    for name, value in ((b"d", b"26f210"), (b"m1", b"00010002"), (b"m2", b"00010003")):
        tag = b"keyDomainID" if name == b"d" else b"MSKID"
        inside = inside.replace(b"<" + name + b"/>", b"<%b>%b</%b>" % (tag, value, tag))
    assert read(b"<mbmsMSK>" + inside + b"</mbmsMSK>") == MskRequest(tuple(MskName(*pair) for pair in names))


def test_one_code_for_the_msks_of_a_response(read):
    body = read(
        b"<mbmsMSKResponse><Response><MSK><keyDomainID>26f210</keyDomainID><MSKID>00010002</MSKID></MSK>"
        b"<MSK><keyDomainID>26f210</keyDomainID><MSKID>00010003</MSKID></MSK><ResponseCode>200</ResponseCode></Response>"
        b"</mbmsMSKResponse>"
    )
    assert body == MskStatuses((MskStatus(MskName(DOMAIN, MSK_1), 200), MskStatus(MskName(DOMAIN, MSK_2), 200)))


# ---------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (b"AAEAAg==", MSK_1),
        (b"AAEAAg", MSK_1),
        (b" AAEA Ag== ", MSK_1),
        (b"AAEAAg%3D%3D", MSK_1),
        (b"00010002", MSK_1),
        (b"0x00010002", MSK_1),
        (b"0X00010002", MSK_1),
        (b"0xAAAA==", b"\xd3\x10\x00\x00"),  # base64 that begins as hex does
        (b"65538", MSK_1),
        (b"4294967295", b"\xff" * 4),
        (b"AAECAw-_", base64.b64decode(b"AAECAw+/")),
        (b"0x0001", b"\x00\x01"),
        (b"000100", base64.b64decode("000100==")),
        (b"abcdef0123", base64.b64decode("abcdef0123==")),
    ],
)
def test_ids_as_base64_hex_or_number(read, value, octets):
    body = read(b"<mbmsMSK><keyDomainID>26f210</keyDomainID><MSKID>" + value + b"</MSKID></mbmsMSK>")
    assert body == MskRequest((MskName(DOMAIN, octets),))


@pytest.mark.parametrize("value", [b"", b"?", b"abcde", "é".encode(), b"A" * (MAX_TEXT + 1)], ids=repr)
def test_ids_that_cannot_be_decoded_are_malformed_and_the_rest_is_kept(broken, value):
    data = b"<mbmsMSK><MSK><keyDomainID>26f210</keyDomainID><MSKID>%b</MSKID></MSK></mbmsMSK>" % value
    error = broken(data)
    assert (error.field, error.offset) == ("mbms_xml.MSKID", data.index(b"<MSKID"))
    assert error.partial == MskRequest((MskName(DOMAIN, b""),))


@pytest.mark.parametrize("value", [base64.b64encode(MUK), MUK.hex().encode(), b"0x" + MUK.hex().encode()])
def test_keys_as_base64_or_hex(read, value):
    body = read(
        b"<x:mbmsAuthorizedSecurityRegister xmlns:x='u'><x:muk>"
        + value
        + b"</x:muk></x:mbmsAuthorizedSecurityRegister>"
    )
    assert isinstance(body, NafKeyInfo)
    assert body.muks == (MUK,)


def test_a_number_is_no_key(broken):
    error = broken(b"<mbmsAuthorizedSecurityRegister><muk>12345</muk></mbmsAuthorizedSecurityRegister>")
    assert error.field == "mbms_xml.muk"
    assert error.partial == NafKeyInfo((), (), (), (), ())


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"10.1.2.3", "10.1.2.3"),
        (b"http://10.1.2.3:80/", "10.1.2.3"),
        (b"[2001:DB8::1]", "2001:db8::1"),
        (b"ip://[2001:db8::1]:5060", "2001:db8::1"),
        (b"2001:db8:0::1", "2001:db8::1"),
        (b"FE80::1%eth0", "fe80::1"),
        (b"[fe80::1%25eth0]:5060", "fe80::1"),
        (b"10.1.2.3%", "10.1.2.3"),
        (b"ue.home1.net", "ue.home1.net"),
        (b"10.1.2.300", "10.1.2.300"),
    ],
)
def test_addresses_with_scheme_brackets_or_port(read, value, address):
    body = read(b"<mbmsA xmlns='urn:nafKeyInfo'><ueIPaddress>" + value + b"</ueIPaddress></mbmsA>")
    assert isinstance(body, NafKeyInfo)
    assert body.ue_addresses == (address,)


@pytest.mark.parametrize(
    ("value", "fqdn"),
    [
        (b"scf1.home1.net", "scf1.home1.net"),
        (b"c2NmMS5ob21lMS5uZXQ=", "scf1.home1.net"),
        (b"\r\n c2NmMS5o\r\n b21lMS5uZXQ=\r\n", "scf1.home1.net"),
        (b"localhost", "localhost"),
        (b"AAAA", "AAAA"),
    ],
)
def test_names_as_text_or_base64(read, value, fqdn):
    body = read(b"<mbmsA xmlns='urn:nafKeyInfo'><nafFqdn>" + value + b"</nafFqdn></mbmsA>")
    assert isinstance(body, NafKeyInfo)
    assert body.naf_fqdns == (fqdn,)


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        (" 2030-01-01T00:00:00Z ", 1_893_456_000_000_000_000),
        ("2030-01-01T00:00:00", 1_893_456_000_000_000_000),
        ("2030-01-01T01:30:00+01:30", 1_893_456_000_000_000_000),
        ("2029-12-31T23:00:00-01:00", 1_893_456_000_000_000_000),
        ("1970-01-01T00:00:00.5Z", 500_000_000),
        ("1970-01-01T00:00:00.123456789012Z", 123_456_789),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        ("3600", 3_600_000_000_000),
        ("2030-13-01T00:00:00Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2030-01-01", None),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("٣", None),
    ],
)
def test_times(value, nanoseconds):
    assert parse_time(value) == nanoseconds


# ---------------------------------------------------------------------------------------------- broken


@pytest.mark.parametrize(
    ("data", "offset", "reason"),
    [
        (b"", 0, "empty document"),
        (b"\r\n \t", 0, "empty document"),
        (b"<a><b></a>", 8, "mismatched tag"),
        (b"  <a>", 5, "no element found"),
        (b"<a/>junk", 4, "junk after document element"),
        (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 12, "document types and entities are not accepted"),
        (b"<a>" * 40, 99, "more than 10000 elements or 32 levels"),
    ],
)
def test_broken_documents_say_where(broken, data, offset, reason):
    error = broken(data)
    assert error.field == "mbms_xml"
    assert reason in error.reason
    assert error.offset == offset
    assert error.partial is None


@pytest.mark.parametrize("data", SAMPLES)
def test_documents_cut_anywhere(outcome, data, payload, leaves):
    for cut in range(len(data.rstrip())):
        part = data[:cut]
        body, error = outcome(Cursor(part))
        assert body is None
        assert error
        assert outcome(Recorder(part)) == (body, error)
        found = dissect(payload(part), "mbms-xml")
        assert sum(field.end - field.start for field in leaves(found)) == cut


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE a [<!ENTITY l0 'ha'>"
        + b"".join(b"<!ENTITY l%d '%b'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 20))
        + b"]><a>&l19;</a>",
        b"<!DOCTYPE a SYSTEM 'http://10.0.0.1/x'><a/>",
        b"<a>" * 20_000,
        b"<mbmsMSKResponse>" + b"<ResponseCode/><MSKID/>" * 4_900 + b"</mbmsMSKResponse>",
        b"<mbmsMSKResponse>" + b"<Response>" * 25 + b"<MSKID/>" * 3_000 + b"</Response>" * 25 + b"</mbmsMSKResponse>",
        b"<mbmsMSK>" + b"<MSK>" * 30 + b"<MSKID>1</MSKID>" * 3_000 + b"</MSK>" * 30 + b"</mbmsMSK>",
        b"<a" + b"".join(b" a%d='b'" % n for n in range(6_000)) + b"/>",
        b"<a>" + b"&amp;" * 13_000 + b"</a>",
        b"<mbmsMSK><MSKID>" + b"%" * 60_000 + b"</MSKID></mbmsMSK>",
        b"<mbmsMSK><MSKID>" + b"9" * 60_000 + b"</MSKID></mbmsMSK>",
        b"<mbmsA xmlns='nafKeyInfo'><ueIPaddress>" + b"/" * 60_000 + b"</ueIPaddress></mbmsA>",
        b"<mbmsA xmlns='nafKeyInfo'><nafFqdn>" + b"A" * 60_000 + b"</nafFqdn></mbmsA>",
        b"<mbmsA xmlns='nafKeyInfo'><muk>" + b"A" * 70_000 + b"</muk></mbmsA>",
        b"<" + b"a" * 65_000 + b"/>",
        b"<a>\xff\xfe\x00</a>",
        b"\x00" * 65_000,
        b" " * 65_000,
    ],
    ids=lambda data: repr(data[:30]),
)
def test_hostile_documents_are_read_at_once_and_covered(outcome, data, payload, leaves):
    assert outcome(Recorder(data)) == outcome(Cursor(data))
    found = dissect(payload(data), "mbms-xml")
    assert found is not None
    assert "dissector failed" not in str(found.error)
    assert leaves(found)[-1].end == len(data)


# ---------------------------------------------------------------------------------------------- fields


@pytest.mark.parametrize("data", [*SAMPLES, b"\r\n <a/> ", b"<?xml version='1.0'?><!-- c --><a/><!-- d -->"])
def test_each_octet_has_one_field(data, payload, leaves):
    found = dissect(payload(data), "mbms-xml")
    assert found is not None
    assert found.error is None
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data


def test_elements_are_fields(named, payload):
    found = dissect(payload(REGISTER), "mbms-xml")
    assert found is not None
    assert named(found, "mbms_xml.serviceID") == ["urn:service:1", "urn:service:2"]
    assert named(found, "xml.prolog") == ['<?xml version="1.0" encoding="UTF-8"?>']
    assert named(found, "xml.epilog") == [""]


def test_keys_stay_out_of_the_tree(named, payload):
    for value in (base64.b64encode(MUK), MUK.hex().encode()):
        data = NAF_KEY_INFO.replace(base64.b64encode(MUK), value)
        found = dissect(payload(data), "mbms-xml")
        assert found is not None
        assert value.decode() not in repr(tree(found))
        assert value.decode() not in repr(found)
        assert named(found, "mbms_xml.muk") == ["630dcd29"]  # SHA-256 of the octets, 8 digits
    found = dissect(payload(NAF_KEY_INFO.replace(base64.b64encode(MUK), b"no key!")), "mbms-xml")
    assert found is not None
    assert named(found, "mbms_xml.muk") == ["(hidden)"]


def test_a_cut_document_shows_what_was_read_and_what_was_not(named, payload):
    found = dissect(payload(REGISTER[:-30]), "mbms-xml")
    assert found is not None
    assert found.body is None
    assert named(found, "mbms_xml.serviceID") == ["urn:service:1", "urn:service:2"]


def test_documents_are_never_guessed(payload):
    assert not MBMS_XML.matches(payload(REGISTER))


# ---------------------------------------------------------------------------------------------- properties

PIECES = [
    b"",
    b"<",
    b">",
    b"</",
    b"/>",
    b"&",
    b'"',
    b"\x00",
    b"\xff",
    b"<a>",
    b"</a>",
    b"<MSK>",
    b"<Response>",
    b"200",
    b" ",
]
MUTATIONS = st.lists(
    st.tuples(st.integers(0, 1_000), st.sampled_from(PIECES), st.integers(0, 12)), min_size=1, max_size=6
)


@given(st.sampled_from(SAMPLES), MUTATIONS)
def test_mutated_documents_are_read_or_refused_and_always_covered(outcome, payload, leaves, data, mutations):
    for place, octets, removed in mutations:
        at = place * len(data) // 1_000
        data = data[:at] + octets + data[at + removed :]
    assert outcome(Recorder(data)) == outcome(Cursor(data))
    found = dissect(payload(data), "mbms-xml")
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data


TAGS = st.sampled_from(
    ["mbmsMSK", "MSK", "MSKID", "keyDomainID", "Response", "ResponseCode", "serviceID", "btid", "muk", "x"]
)
DOCUMENTS = st.recursive(
    st.sampled_from(["", "200", "26f210", "00010002", "a@b"]),
    lambda inside: st.lists(st.tuples(TAGS, inside), max_size=4).map(
        lambda pairs: "".join(f"<{tag}>{text}</{tag}>" for tag, text in pairs)
    ),
    max_leaves=12,
)


@given(TAGS, DOCUMENTS)
def test_any_document_has_a_body(outcome, tag, inside):
    body, error = outcome(Cursor(f"<{tag}>{inside}</{tag}>".encode()))
    assert body is not None
    assert not error or "cannot be decoded" in error


@given(st.binary(min_size=4, max_size=4), st.binary(min_size=3, max_size=3))
def test_ids_in_base64_are_read_as_they_were_written(read, msk_id, domain):
    coded = [base64.b64encode(octets) for octets in (domain, msk_id)]
    body = read(b"<mbmsMSK><keyDomainID>%b</keyDomainID><MSKID>%b</MSKID></mbmsMSK>" % tuple(coded))
    assert body == MskRequest((MskName(domain, msk_id),))


def test_documents_that_all_ues_send_are_read_once(read, broken, monkeypatch):
    one = b"<mbmsSecurityRegister><serviceID>urn:service:1</serviceID></mbmsSecurityRegister>"
    assert read(one) is read(b"\r\n" + one)
    assert read(one) is not read(one.replace(b"1", b"2"))
    long = one.replace(b"urn:service:1", b"urn:" + b"x" * mbms_xml.MAX_REMEMBERED)
    own = b"<BootstrappingInfo><btid>a@bsf</btid><lifetime>2030-01-01T00:00:00Z</lifetime></BootstrappingInfo>"
    for data in (long, own):
        assert read(data) is not read(data)
        assert read(data) == read(data)
    for data in (one[:-1], b"<mbmsMSK><MSK><MSKID>!</MSKID></MSK></mbmsMSK>"):
        assert str(broken(data)) == str(broken(data))
    kept = read(one)
    monkeypatch.setattr(mbms_xml, "REMEMBERED", 1)
    read(one.replace(b"1", b"3"))  # one more than are remembered: all are forgotten
    assert read(one) is not kept
    assert read(one) == kept
