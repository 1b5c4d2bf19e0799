"""WebSocket in a connection: frames become the messages they carry."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import websocket
from analyzer.decode.packets import DecodeFacts
from analyzer.decode.websocket import WebSocketSide
from dissectors import Payload
from sample_pcaps import forge_websocket as forge

ENDS = ("10.0.0.1", 1000, "10.0.0.2", 80)
SIP = b"OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"
MASK = bytes.fromhex("37fa213d")
DEFLATE = "permessage-deflate"


def payload(data, frame=1):
    return Payload(data, "tcp", *ENDS, 0, frame, frame * 1000, (frame,))


def frames_of(octets):
    while octets:
        size = websocket.goes_on(octets, False)
        assert size
        assert size <= len(octets)
        yield octets[:size]
        octets = octets[size:]


def read(octets, extensions="", facts=None):
    side = WebSocketSide(facts or DecodeFacts(), extensions)
    found = [one for n, data in enumerate(frames_of(octets), 1) for one in side.add(payload(data, n))]
    assert side.octets == 0
    return found


@pytest.mark.parametrize("mask", [b"", MASK, bytes(4)])
def test_a_frame_is_unmasked(mask):
    (found,) = read(forge.frame(forge.TEXT, SIP, mask=mask))
    assert found.data == SIP
    (found,) = read(forge.frame(forge.BINARY, SIP * 2000, mask=mask))
    assert found.data == SIP * 2000


def test_fragments_with_control_frames_between():
    between = [forge.frame(forge.PING, b"x", mask=MASK), forge.frame(forge.PONG, b"", mask=MASK)]
    (found,) = read(forge.fragments(SIP, 7, mask=MASK, between=between))
    assert found.data == SIP
    assert (found.frame, found.frames[:3]) == (12, (1, 4, 5))


def test_keep_alives_and_close_are_no_messages():
    assert read(forge.frame(forge.TEXT, b"\r\n\r\n") + forge.frame(forge.CLOSE, b"\x03\xe8")) == []


def test_a_fragment_without_its_begin_is_passed_over():
    assert read(forge.frame(forge.CONTINUATION, SIP)) == []


def test_a_message_that_does_not_end_before_the_next_is_told():
    facts = DecodeFacts()
    (found,) = read(forge.frame(forge.TEXT, b"cut", last=False) + forge.frame(forge.TEXT, SIP), facts=facts)
    assert found.data == SIP
    assert "before the one before it has ended" in facts.problems[0].reason


def deflated(*messages):
    deflater = zlib.compressobj(wbits=-15)
    for message in messages:
        octets = deflater.compress(message) + deflater.flush(zlib.Z_SYNC_FLUSH)
        yield forge.frame(forge.TEXT, octets[:-4], rsv=forge.RSV1)


def test_compressed_messages_refer_to_those_before():
    one, two = deflated(SIP, SIP)
    assert len(two) < len(one)
    assert [found.data for found in read(one + two, DEFLATE)] == [SIP, SIP]
    alone = b"".join(octets for _ in range(2) for octets in deflated(SIP))
    assert [found.data for found in read(alone, f"{DEFLATE}; server_no_context_takeover")] == [SIP, SIP]


@pytest.mark.parametrize(("extensions", "reason"), [(None, "not captured from its begin"), ("", "nobody agreed to")])
def test_compressed_messages_that_cannot_be_read_are_told(extensions, reason):
    facts = DecodeFacts()
    assert read(b"".join(deflated(SIP)), extensions, facts) == []
    assert reason in facts.problems[0].reason


def test_octets_that_were_lost_end_compression():
    one, two = deflated(SIP, SIP)
    facts = DecodeFacts()
    side = WebSocketSide(facts, DEFLATE)
    assert len(list(side.add(payload(one)))) == 1
    side.lose()
    assert list(side.add(payload(two))) == []
    assert "not captured from its begin" in facts.problems[0].reason


def test_messages_have_a_limit():
    facts = DecodeFacts()
    half = bytes(websocket.MAX_FRAME - 10)
    octets = forge.frame(forge.BINARY, half, last=False) + forge.frame(forge.CONTINUATION, half) + forge.frame(1, SIP)
    assert [found.data for found in read(octets, facts=facts)] == [SIP]
    (bomb,) = deflated(bytes(20_000_000))
    assert read(bomb, DEFLATE, facts) == []
    assert facts.counts == {websocket.TOO_LONG: 2}
    (junk,) = read(forge.frame(1, b"\xff\xff", rsv=forge.RSV1) + forge.frame(1, SIP), DEFLATE, facts)
    assert junk.data == SIP


@pytest.mark.parametrize(
    "data",
    [
        b"\x83\x00", b"\xb1\x00", b"\x09\x00", b"\x89\x7e\x00\x80", b"\xc9\x00", b"\x81\x7e\x00\x05",
        b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05", b"\x81\x7f\x00\x00\x00\x00\x01\x00\x00\x00",
    ],
)  # fmt: skip
def test_what_is_no_frame(data):
    assert websocket.goes_on(data, False) == 0


def test_sip_is_told_without_the_handshake():
    for mask in (b"", MASK):
        octets = forge.frame(forge.TEXT, SIP, mask=mask)
        assert websocket.length(octets, False) == len(octets)
        assert websocket.length(octets[:10], False) is None
        assert websocket.length(octets[:10], True) == 0
    assert websocket.length(forge.frame(forge.TEXT, b"{}" * 50), False) == 0
    assert websocket.length(b"\x81\x00", False) == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(min_size=2, max_size=80), max_size=8), st.sampled_from(["", DEFLATE, None]))
def test_nothing_raises(frames, extensions):
    side = WebSocketSide(DecodeFacts(), extensions)
    for data in frames:
        list(side.add(payload(data)))
    side.lose()
    assert side.octets == 0
