"""Payloads and messages: what is inside them, and what of them is never shown."""

from dissectors.base import Message, Payload


def payload(data: bytes = b"") -> Payload:
    return Payload(data, "udp", "10.0.0.1", 1, "10.0.0.2", 2, 0, 7, 99)


def test_messages_walk_what_is_inside():
    leaf = Message("sdp", payload(), None)
    outer = Message("sip", payload(), None, inner=(Message("x", payload(), None, inner=(leaf,)), leaf))
    assert [message.protocol for message in outer.walk()] == ["sip", "x", "sdp", "sdp"]
    assert (outer.frame, outer.time) == (7, 99)


def test_payloads_and_messages_do_not_show_their_octets():
    secret = b"0123456789abcdef"
    message = Message("sip", payload(secret), None)
    assert "0123456789" not in repr(message)
