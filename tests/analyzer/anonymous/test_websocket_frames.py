"""WebSocket with other messages in it: each frame where it was, masked with its key, and nothing of what nobody reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous.websocket_frames import fill, is_switched
from sample_pcaps.forge_websocket import CLOSE, PING, RSV1, TEXT, fragments, frame, upgrade

KEY = b"\x12\x34\x56\x78"
SAID = b"REGISTER sip:home1.net SIP/2.0"
MADE = b"REGISTER sip:xyzv1.net SIP/2.0"


def filled(octets, message=None):
    made = bytearray(len(octets))
    written = sum(end - start for start, end in fill(octets, made, message or {SAID: MADE}.get))
    return bytes(made), written


@pytest.mark.parametrize("mask", [b"", KEY])
@pytest.mark.parametrize("head", [b"", upgrade("ws.home1.net", bytes(16))])
def test_a_message(mask, head):
    made, written = filled(head + frame(TEXT, SAID, mask=mask))
    assert made == bytes(len(head)) + frame(TEXT, MADE, mask=mask)
    assert written == len(frame(TEXT, SAID, mask=mask))


@pytest.mark.parametrize("mask", [b"", KEY])
def test_a_message_in_several_frames_with_a_ping_between_them(mask):
    before, after = (
        fragments(octets, 9, mask=mask, between=[frame(PING, said)])
        for octets, said in ((SAID, b"Alice"), (MADE, bytes(5)))
    )
    assert filled(before) == (after, len(before) - 5)


@pytest.mark.parametrize(
    "octets",
    [
        frame(TEXT, SAID, rsv=RSV1),  # compressed
        frame(TEXT, SAID, last=False),  # without its end
        frame(TEXT, SAID)[:-3],
        frame(CLOSE, SAID),
        frame(TEXT, SAID + b" "),
        b"\x85\x1e" + SAID,  # of no kind
    ],
)
def test_what_nobody_reads_is_blanked(octets):
    made, written = filled(octets, None if not octets[0] & RSV1 else lambda data: None)
    assert written <= 2
    assert not any(made[2:])


def test_a_change_of_protocol_is_told():
    assert is_switched(upgrade("ws.home1.net", bytes(16)))
    assert not is_switched(b"GET / HTTP/1.1\r\nHost: upgrade\r\n\r\n")


def test_messages_after_it_are_read():
    octets = frame(TEXT, b"what is this") + frame(TEXT, SAID)
    assert filled(octets)[0] == frame(TEXT, bytes(12)) + frame(TEXT, MADE)


@given(st.binary(max_size=80))
def test_no_octets_raise_or_get_longer(octets):
    assert len(filled(octets)[0]) == len(octets)
