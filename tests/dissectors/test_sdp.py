"""SDP: session descriptions of MBMS, what senders get wrong, and what tshark says."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.cursor import Cursor, Recorder
from dissectors.sdp import MAX_LINES, SDP, Sdp, SdpMedia

STREAMING = (
    b"v=0\r\n"
    b"o=user1 2890844526 2890842807 IN IP4 10.0.0.1\r\n"
    b"s=Live Stream\r\n"
    b"i=About the session\r\n"
    b"u=http://home1.net\r\n"
    b"c=IN IP4 239.1.2.3/127\r\n"
    b"b=AS:500\r\n"
    b"t=2873397496 2873404696\r\n"
    b"a=mbms_service:urn:service:1\r\n"
    b"m=video 5000/2 RTP/SAVP 96 97\r\n"
    b"i=The video\r\n"
    b"a=rtpmap:96 H264/90000\r\n"
    b"a=mbms_service:urn:service:1\r\n"
    b"a=recvonly\r\n"
    b"m=audio 5004 RTP/SAVP 98\r\n"
    b"c=IN IP6 ff3e::1234\r\n"
    b"c=IN IP6 ff3e::5678\r\n"
    b"a=mbms_service: urn:service:2 \r\n"
)
DOWNLOAD = (
    b"v=0\no=- 1 1 IN IP6 2001:db8::1\ns=-\nt=0 0\nc=IN IP4 239.1.2.4\na=source-filter: incl IN IP4 * 10.0.0.5\n"
    b"a=flute-tsi:3\na=mbms_download_service:urn:service:3\nm=application 4000 FLUTE/UDP 0\na=fdt_address:http://x\n"
)


# ---------------------------------------------------------------------------------------------- good


def test_a_streaming_session(read):
    body = read(STREAMING)
    assert body.connection == "239.1.2.3"
    assert body.attributes == (("mbms_service", "urn:service:1"),)
    video, audio = body.media
    assert video == SdpMedia(
        "video",
        5000,
        "RTP/SAVP",
        ("96", "97"),
        None,
        (("rtpmap", "96 H264/90000"), ("mbms_service", "urn:service:1"), ("recvonly", "")),
    )
    assert (audio.kind, audio.port, audio.connection) == ("audio", 5004, "ff3e::1234")
    assert body.mbms_services == ("urn:service:1", "urn:service:2")
    assert body.attr("recvonly") == [""]
    assert body.attr("sendonly") == []
    assert body.notes == ()


def test_a_download_session(read):
    body = read(DOWNLOAD)
    assert body.mbms_services == ("urn:service:3",)
    assert body.attr("flute-tsi") == ["3"]
    assert body.attr("source-filter") == ["incl IN IP4 * 10.0.0.5"]
    assert (body.connection, body.media[0].proto, body.media[0].formats) == ("239.1.2.4", "FLUTE/UDP", ("0",))


def test_media_without_formats_and_lines_without_an_end(read):
    body = read(b"v=0\r\nm=audio 0 RTP/AVP")
    assert body.media == (SdpMedia("audio", 0, "RTP/AVP", ()),)


def test_words_end_at_the_same_blanks_in_body_and_tree(named, payload):
    """Those of Unicode and the separators of ASCII are part of a word."""
    found = dissect(payload("v=0\r\nm=audio 5 R\x1fTP/\x85AVP\u2028 96\r\nc=IN IP4 a\x1cb\r\n".encode()), "sdp")
    (section,) = found.body.media
    assert [section.proto] == named(found, "sdp.media.proto") == ["R\x1fTP/\x85AVP\u2028"]
    assert [section.connection] == named(found, "sdp.connection_info.address") == ["a\x1cb"]


def test_lines_know_where_they_stand(read):
    data = b"v=0\r\n a= x \r\n\r\nb"
    assert [(line.kind, line.value, data[line.start : line.end]) for line in read(data).lines] == [
        ("v", "0", b"v=0\r\n"),
        ("a", "x", b" a= x \r\n"),
        ("", "", b"\r\n"),
        ("", "b", b"b"),
    ]


@pytest.mark.parametrize("line", [b"c=IN IP4", b"c=", b"c=x"])
def test_a_connection_without_an_address_is_none(read, line):
    assert read(b"v=0\r\n" + line).connection is None


# ---------------------------------------------------------------------------------------------- broken


@pytest.mark.parametrize(
    ("data", "notes"),
    [
        (b"o=- 1 1 IN IP4 x\r\n", ("the description does not begin with v=",)),
        (b"v=0\r\nno letter\r\n", ("a line is not a letter, = and a value",)),
        (b"v=0\r\n=x\r\n", ("a line is not a letter, = and a value",)),
        (b"v=0\r\n\r\n\x00", ()),
    ],
)
def test_oddities_are_noted(read, data, notes):
    assert read(data).notes == notes
    assert SDP.notes(read(data)) == notes


@pytest.mark.parametrize(
    "media", [b"", b"audio", b"audio 5000", b"audio x RTP/AVP 0", b"audio 65536 RTP/AVP 0", b"audio -1 RTP/AVP"]
)
def test_media_that_cannot_be_read_keep_what_came_before(broken, media):
    error = broken(b"v=0\r\na=x\r\nm=audio 1 RTP/AVP 0\r\nm=" + media + b"\r\na=y\r\n")
    assert (error.field, error.offset) == ("sdp.media", 31)
    assert isinstance(error.partial, Sdp)
    assert error.partial.attributes == (("x", ""),)
    assert len(error.partial.media) == 1


def test_nothing_is_no_description(broken):
    assert (broken(b"").field, broken(b"").offset) == ("sdp.version", 0)


def test_too_many_lines_are_refused(broken):
    error = broken(b"a=1\n" * (MAX_LINES + 1))
    assert (error.field, error.offset) == ("sdp", 4 * MAX_LINES)
    assert isinstance(error.partial, Sdp)
    assert len(error.partial.attributes) == MAX_LINES


@pytest.mark.parametrize("data", [STREAMING, DOWNLOAD])
def test_descriptions_cut_anywhere(outcome, data, payload, leaves):
    for cut in range(len(data)):
        part = data[:cut]
        assert outcome(Recorder(part)) == outcome(Cursor(part))
        assert sum(field.end - field.start for field in leaves(dissect(payload(part), "sdp"))) == cut


@pytest.mark.parametrize(
    "data",
    [
        b"m=" * 32_000,
        b"v=0\r\nm=audio 1 RTP/AVP" + b" 1" * 32_000,
        b"\n" * 65_536,
        bytes(65_536),
        b"a=" + b":" * 65_000,
        b"a=x\r\n" * 13_000,
        b"v=0\r\nc=IN IP4 \xff\xfe/\xc3\r\no=\xff \xfe\r\nm=\xff 1 \xfe \xff\r\na=\xff:\xfe\r\n",
        b"v=0\r\na=key-mgmt:mikey \xc3\xa9\r\na=key-mgmt:mikey AAA\r\na=key-mgmt:mikey\r\n",
    ],
    ids=lambda data: repr(data[:30]),
)
def test_hostile_descriptions_are_read_at_once_and_covered(outcome, data, payload, leaves):
    assert outcome(Recorder(data)) == outcome(Cursor(data))
    found = dissect(payload(data), "sdp")
    assert found is not None
    assert "dissector failed" not in str(found.error)
    assert leaves(found)[-1].end == len(data)
    assert found.inner == ()


# ---------------------------------------------------------------------------------------------- fields


@pytest.mark.parametrize("data", [STREAMING, DOWNLOAD])
def test_each_octet_has_one_field(data, payload, leaves):
    found = dissect(payload(data), "sdp")
    assert found is not None
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data


def test_values_stand_where_their_fields_say(named, payload, leaves):
    data = b"v=0\r\n c= IN  IP4 \xc3\xa9/1\r\na= \xc3\xa9 : x\xff \r\nm=video 5/2 p \xc3\xa9\r\n"
    found = dissect(payload(data), "sdp")
    assert found is not None
    octets = {field.name: data[field.start : field.end] for field in leaves(found)}
    assert octets["sdp.connection_info.address"] == b"\xc3\xa9"
    assert octets["sdp.session_attr.field"] == b"\xc3\xa9 "
    assert octets["sdp.session_attr.value"] == b"x\xff"
    assert octets["sdp.media.port"] == b"5"
    assert named(found, "sdp.media.port") == [5]
    assert named(found, "sdp.session_attr.value") == ["x\\xff"]


def test_titles_of_media_and_unknown_letters(named, payload):
    found = dissect(payload(b"v=0\r\ni=1\r\nx=2\r\nnone\r\nm=a 1 b\r\ni=3\r\nm=a x b\r\n"), "sdp")
    assert found is not None
    assert named(found, "sdp.session_info") == ["1"]
    assert named(found, "sdp.unknown") == ["2"]
    assert named(found, "sdp.invalid") == ["none"]
    assert named(found, "sdp.media_title") == ["3"]
    assert named(found, "sdp.media.port") == [1, "x"]


@pytest.mark.parametrize(
    "line", [b"k=base64:c2VjcmV0", b"a=crypto:1 AES_CM_128 inline:c2VjcmV0", b"a=crypto :c2VjcmV0"]
)
def test_keys_stay_out_of_the_tree(line, payload):
    found = dissect(payload(b"v=0\r\n" + line + b"\r\n"), "sdp")
    assert found is not None
    assert "(hidden)" in repr(tree(found))
    assert "c2VjcmV0" not in repr(tree(found))
    assert "c2VjcmV0" not in repr(found)


def test_mikey_in_a_description_is_a_message_of_its_own(payload):
    message = bytes.fromhex("01000000000000010000")
    line = b"a=key-mgmt:MIKEY " + base64.b64encode(message) + b"\r\n"
    found = dissect(payload(b"v=0\r\n" + line + b"a=key-mgmt:other AAAA\r\n"), "sdp")
    assert found is not None
    assert [(inner.protocol, inner.payload.data, inner.offset) for inner in found.inner] == [("mikey", message, -1)]
    assert SDP.parts("other") == ()
    assert SDP.notes("other") == ()


def test_descriptions_are_never_guessed(payload):
    assert not SDP.matches(payload(STREAMING))


# ---------------------------------------------------------------------------------------------- properties


PIECES = [
    b"v=0", b"m=", b"a=", b"c=IN IP4 1/2", b"video 1 RTP/AVP", b":", b"=", b" ", b"\r\n", b"\n", b"\x00", b"\xff",
    b"\xc3\xa9", b"\t", b"\x0b", b"\x85", b"key-mgmt:mikey AAAA",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_any_lines_are_read_or_refused_and_always_covered(outcome, payload, leaves, pieces):
    data = b"".join(pieces)
    assert outcome(Recorder(data)) == outcome(Cursor(data))
    found = dissect(payload(data), "sdp")
    assert b"".join(data[field.start : field.end] for field in leaves(found)) == data


# ---------------------------------------------------------------------------------------------- oracle

NAMES = (
    "sdp.version", "sdp.owner", "sdp.owner.username", "sdp.owner.sessionid", "sdp.owner.version", "sdp.owner.network_type",
    "sdp.owner.address_type", "sdp.owner.address", "sdp.session_name", "sdp.session_info", "sdp.uri",
    "sdp.connection_info", "sdp.connection_info.network_type", "sdp.connection_info.address_type",
    "sdp.connection_info.address", "sdp.bandwidth", "sdp.time", "sdp.time.start", "sdp.time.stop", "sdp.media",
    "sdp.media.media", "sdp.media.port", "sdp.media.proto", "sdp.session_attr", "sdp.session_attr.field",
    "sdp.session_attr.value", "sdp.media_attr", "sdp.media_attribute.field", "sdp.media_title",
)  # fmt: skip


@pytest.mark.parametrize("data", [STREAMING, DOWNLOAD], ids=["streaming", "download"])
def test_tshark_reads_the_same_values(named, data, payload, oracle):
    lines = (b"INVITE sip:a SIP/2.0", b"Content-Type: application/sdp", b"Content-Length: %d" % len(data))
    asked = payload(b"\r\n".join(lines) + b"\r\n\r\n" + data, sport=5060, dport=5060)
    ((_, shown),) = oracle("sdp", [asked])
    found = dissect(payload(data), "sdp")
    assert found is not None
    compared = 0
    for name in NAMES:
        theirs = [field.show.strip() for field in shown if field.name == name]
        if theirs:
            assert [str(value) for value in named(found, name)] == theirs, name
            compared += len(theirs)
    assert compared > 20
