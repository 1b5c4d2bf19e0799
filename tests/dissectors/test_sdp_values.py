"""The attributes of MBMS in a session description, word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.cursor import Cursor
from dissectors.sdp import parse
from dissectors.sdp_values import WORDS, value_fields

TEXT = (
    b"v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=MBMS\r\nt=0 0\r\n"
    b"a=source-filter: incl IN IP4 * 10.4.0.1 10.4.0.2\r\na=flute-tsi:3\r\na=mbms-mode:broadcast 1234 1\r\n"
    b"a=fec-declaration:0 encoding-id=1; instance-id=0\r\n"
    b"m=application 4001 FLUTE/UDP 0\r\nc=IN IP4 239.1.2.3/127\r\na=mbms_download_service:urn:home1.net:files\r\n"
    b"a=fec:0\r\na=flute-ch:2\r\na=fdt_address:http://h/fdt\r\na=repair-server-address:http://h/r\r\na=recvonly\r\n"
)


@pytest.fixture
def message(payload):
    return dissect(payload(TEXT), "sdp")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sdp.source_filter.mode", ["incl"]), ("sdp.source_filter.destination", ["*"]),
        ("sdp.source_filter.source", ["10.4.0.1", "10.4.0.2"]), ("sdp.flute_tsi", [3]), ("sdp.flute_ch", [2]),
        ("sdp.mbms_mode", ["broadcast", "1234", "1"]), ("sdp.fec_declaration.ref", ["0"]),
        ("sdp.fec_declaration.value", ["encoding-id=1;", "instance-id=0"]), ("sdp.fec", ["0"]),
        ("sdp.mbms_download_service", ["urn:home1.net:files"]), ("sdp.fdt_address", ["http://h/fdt"]),
        ("sdp.repair_server_address", ["http://h/r"]), ("sdp.mbms_service", []),
    ],
)  # fmt: skip
def test_words(message, named, name, values):
    assert named(message, name) == values


def test_what_a_description_says_of_a_download(message):
    assert message.body.sources == ("10.4.0.1", "10.4.0.2")
    assert message.body.flute_sessions == (3,)
    assert message.body.mbms_services == ("urn:home1.net:files",)
    other = parse(Cursor(b"v=0\r\na=source-filter: excl IN IP4 * 10.0.0.1\r\na=source-filter:\r\na=flute-tsi:x\r\n"))
    assert (other.sources, other.flute_sessions) == ((), ())


def test_each_octet_has_one_field(message, leaves, payload):
    leaves(message)
    for size in range(1, len(TEXT)):
        leaves(dissect(payload(TEXT[:size]), "sdp"))


@given(st.sampled_from(sorted(WORDS)), st.binary(max_size=60))
def test_hostile_values(key, value):
    end = 0
    for field in value_fields(key, value, 0, len(value)):
        assert end <= field.start < field.end <= len(value)
        end = field.end
