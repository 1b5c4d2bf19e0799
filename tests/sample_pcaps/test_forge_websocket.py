"""WebSocket as the forge writes it, against the published octets of RFC 6455."""

import base64

from sample_pcaps import forge_websocket as ws


def test_the_handshake_of_1_3():
    key = base64.b64decode("dGhlIHNhbXBsZSBub25jZQ==")
    assert b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" in ws.upgrade("server.example.com", key)
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in ws.accept(key)


def test_the_frames_of_5_7():
    assert ws.frame(ws.TEXT, b"Hello").hex() == "810548656c6c6f"
    assert ws.frame(ws.TEXT, b"Hello", mask=bytes.fromhex("37fa213d")).hex() == "818537fa213d7f9f4d5158"
    assert ws.fragments(b"Hello", 3).hex() == "010348656c" + "80026c6f"
    assert ws.frame(ws.PING, b"Hello").hex() == "890548656c6c6f"
    assert ws.frame(ws.BINARY, bytes(256)).hex().startswith("827e0100")
    assert ws.frame(ws.BINARY, bytes(65536)).hex().startswith("827f0000000000010000")


def test_control_frames_come_between():
    pong = ws.frame(ws.PONG, b"")
    assert ws.fragments(b"Hello", 3, between=[pong]) == ws.frame(1, b"Hel", last=False) + pong + ws.frame(0, b"lo")
