"""Zn as a web service, and user security settings."""

import pytest

from dissectors import dissect, tree
from dissectors.gba_xml import Settings, Uss, ZnAnswer, ZnFault, ZnRequest
from dissectors.mbms_xml import MBMS_XML, OtherXml
from sample_pcaps import forge_xml as forge

B_TID = "I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
UA_ID = bytes.fromhex("0100000003")
KEY = bytes(range(32))
USS = forge.uss("4", "sip:user1@home1.net", "tel:+441234", flags=("1", "2"))
SETTINGS = Uss("4", "1", "A", ("sip:user1@home1.net", "tel:+441234"), ("1", "2"))
DOCUMENTS = [
    forge.zn_request(B_TID, b"bmsc.home1.net" + UA_ID, "4", aware=True),
    forge.zn_answer("user1@home1.net", KEY, "2026-01-01T00:00:00Z", USS),
    forge.zn_fault("5403", "unknown B-TID"),
    forge.guss("user1@home1.net", USS),
]


@pytest.fixture
def read(payload):
    return lambda data: dissect(payload(data), MBMS_XML.protocol)


def test_a_request(read):
    assert read(DOCUMENTS[0]).body == ZnRequest(B_TID, "bmsc.home1.net", UA_ID, ("4",), True)


def test_the_public_sample_of_a_naf_id(read):
    body = read(forge.envelope("requestBootstrappingInfoRequest", "<nafid>cDEzMy5waXVoYS5uZXQAAAAAAA==</nafid>")).body
    assert (body.naf_fqdn, body.ua_id, body.uicc_aware) == ("p133.piuha.net", bytes(5), None)


def test_an_answer(read):
    body = read(DOCUMENTS[1]).body
    assert body == ZnAnswer(
        "user1@home1.net", KEY, b"", "2026-01-01T00:00:00Z", "", "0", Settings("", "", "", (SETTINGS,))
    )


def test_a_fault(read):
    assert read(DOCUMENTS[2]).body == ZnFault("5403", "unknown B-TID")


def test_a_guss(read):
    assert read(DOCUMENTS[3]).body == Settings("user1@home1.net", "GBA_U", "86400", (SETTINGS,))


def test_namespaces_and_envelopes_do_not_matter(read):
    for change in (("gba:", ""), ("soap:", "SOAP-ENV:"), ("requestBoot", "RequestBoot")):
        data = (
            DOCUMENTS[2]
            .decode()
            .replace(*change)
            .replace("xmlns:soap=", "xmlns:SOAP-ENV=")
            .replace("xmlns:gba", "xmlns:g")
        )
        if change[0] != "soap:":
            data = data.replace("soap:", "SOAP-ENV:")
        data = data.replace("gba:", "g:").encode()
        assert read(data).body == ZnFault("5403", "unknown B-TID")
    bare = b"<requestBootstrappingInfoFault><errorCode>1</errorCode></requestBootstrappingInfoFault>"
    assert read(bare).body == ZnFault("1", "")
    assert isinstance(read(b"<Envelope><Body><other/></Body></Envelope>").body, OtherXml)


@pytest.mark.parametrize("wrong", ["", "AAAA", "?!"])
def test_values_that_cannot_be_decoded_are_malformed(read, wrong):
    request = forge.envelope("requestBootstrappingInfoRequest", f"<btid>{B_TID}</btid><nafid>{wrong}</nafid>")
    message = read(request)
    assert message.error.field == "mbms_xml.nafid"
    assert message.body.b_tid == B_TID
    answer = forge.envelope("requestBootstrappingInfoResponse", f"<meKeyMaterial>{wrong}</meKeyMaterial>")
    assert read(answer).error.field == "mbms_xml.meKeyMaterial"
    assert read(answer).body.me_key == b""


def test_keys_stay_out_of_trees_and_reprs(read):
    message = read(DOCUMENTS[1])
    shown = repr(message) + repr([field.value for outer in tree(message) for field in outer.walk()])
    assert "AAECAwQF" not in shown
    assert KEY.hex() not in shown
    assert "\\x01\\x02\\x03" not in shown


@pytest.mark.parametrize("data", DOCUMENTS, ids=["request", "answer", "fault", "guss"])
def test_cut_anywhere_and_covered(read, leaves, data):
    leaves(read(data))
    for size in range(len(data)):
        message = read(data[:size])
        assert message.error is not None
        leaves(message)


def test_document_types_are_refused(read):
    message = read(b'<!DOCTYPE guss [<!ENTITY a "b">]>' + DOCUMENTS[3].partition(b"?>")[2])
    assert "not accepted" in message.error.reason
