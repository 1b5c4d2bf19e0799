"""Service protection descriptions and user service descriptions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import Payload, dissect
from dissectors.announcement_xml import ProtectedFlow, SecurityDescription, UserService, UserServices
from dissectors.mbms_xml import MBMS_XML
from sample_pcaps import forge_xml as forge

DOMAIN, MSK = bytes.fromhex("00f110"), bytes.fromhex("00010002")
SERVERS = ("http://bmsc.home1.net/keymanagement", "http://bmsc2.home1.net")
PROTECTION = forge.security_description(SERVERS, [("239.1.2.3:5000", DOMAIN, MSK)])
BUNDLE = forge.user_services("urn:home1.net:mbms:news", "News", "http://h/news.sdp", "http://h/news.spd")


def read(data):
    return dissect(Payload(data, "udp", "10.0.0.1", 1, "10.0.0.2", 2, 0, 1, 0, (1,)), MBMS_XML.protocol)


def test_a_protection_description():
    body = read(PROTECTION).body
    flows = (ProtectedFlow(("239.1.2.3:5000",), ((DOMAIN, MSK),)),)
    fec = (("fecEncodingId", "1"), ("fecInstanceId", "0"))
    assert body == SecurityDescription(SERVERS, 5, 30, False, True, flows, fec)


def test_the_example_ids_of_the_specification():
    data = b"<securityDescription><keyId><MSK><keyDomainID>GM8M</keyDomainID><MSKID>aMoMAA==</MSKID></MSK></keyId></securityDescription>"
    assert read(data).body.protected == (ProtectedFlow((), ((bytes.fromhex("18cf0c"), bytes.fromhex("68ca0c00")),)),)


def test_what_is_left_out_is_empty():
    assert read(b"<securityDescription/>").body == SecurityDescription((), None, None, None, None, ())
    assert read(b"<bundleDescription/>").body == UserServices(())


def test_a_user_service():
    told = UserService("urn:home1.net:mbms:news", ("News",), ("http://h/news.sdp",), ("http://h/news.spd",))
    assert read(BUNDLE).body == UserServices((told,))


@pytest.mark.parametrize("data", [PROTECTION, BUNDLE], ids=["protection", "bundle"])
def test_cut_anywhere_and_covered(leaves, data):
    leaves(read(data))
    for size in range(len(data)):
        message = read(data[:size])
        assert message.error is not None or not data[size:].strip()  # what follows the root may be missing
        leaves(message)


@given(st.text(alphabet="<>/a =\"'&;MSK", max_size=60))
def test_hostile_insides(inside):
    message = read(f"<securityDescription><keyId>{inside}</keyId></securityDescription>".encode())
    assert message.error is not None or message.body is not None
