"""Keys are not to be read, however they are written."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys.aka import AkaRun
from analyzer.keys.chain import Chain
from analyzer.keys.key import Key
from analyzer.views.hiding import HIDDEN, Hider, secrets
from dissectors import Message, Payload
from dissectors.cursor import Field

SECRET = bytes.fromhex("9600b54e1bd8f14c26a85842e00d9fc2")
OTHER = bytes.fromhex("0123456789abcdeffedcba9876543210")
WRITTEN = [
    SECRET,
    SECRET.hex().encode(),
    SECRET.hex().upper().encode(),
    base64.b64encode(SECRET),
    base64.urlsafe_b64encode(SECRET),
    base64.b64encode(b"x" + SECRET + b"y"),
    base64.b64encode(b"xy" + SECRET),
    b"<muk>" + base64.b64encode(SECRET) + b"</muk>",
    b"\0" * 100 + SECRET + b"\xff" * 100,
    SECRET[:10],
    SECRET[5:],
    SECRET.hex()[3:25].encode(),
    base64.b64encode(SECRET)[2:18],
]


@pytest.mark.parametrize("data", WRITTEN)
def test_is_found_however_it_is_written(data):
    hider = Hider((OTHER, SECRET))
    assert hider.holds_secret(data)
    assert hider.hides(Field("x", data, 0, 1))
    assert hider.hides(Field("x", 5, 0, 1, text=data.decode("latin-1"))) or not data.isascii()


@pytest.mark.parametrize("data", [b"", b"\0" * 64, SECRET[:7], b"POST /keymanagement HTTP/1.1", OTHER[::-1]])
def test_all_else_is_shown(data):
    hider = Hider((SECRET, OTHER, b"short"))
    assert not hider.holds_secret(data)
    assert not hider.hides(Field("x", data, 0, 1))


def test_a_key_of_few_different_octets_is_found_whole_only():
    hider = Hider((b"+" * 16,))
    assert hider.holds_secret(b"a" + b"+" * 16)
    assert hider.holds_secret(b"x" + base64.b64encode(b"+" * 16))
    assert not hider.holds_secret(b"+" * 15)


def test_text_is_replaced_as_a_whole():
    hider = Hider((SECRET,))
    assert hider.told(f"muk {SECRET.hex()} is odd") == HIDDEN
    assert hider.told("nothing here \udc80") == "nothing here \udc80"


@given(st.binary(min_size=16, max_size=32), st.binary(max_size=40), st.binary(max_size=40))
def test_any_key_is_found_in_any_surroundings(secret, before, after):
    hider = Hider((secret,))
    assert hider.holds_secret(before + secret + after)
    assert hider.holds_secret((before + secret + after).hex().encode())


@given(st.binary(max_size=200))
def test_without_secrets_nothing_is_hidden(data):
    assert not Hider(()).holds_secret(data)


def test_the_secrets_of_a_chain_are_all_its_keys():
    chain = Chain()
    parent = Key("K", b"k" * 16, "keyring", "supplied")
    chain.use(Key("MTK", b"t" * 16, "here", "decrypted", salt=b"s" * 14, parents=(parent,)))
    chain.muks["b"] = [Key("MUK", b"m" * 32, "Zn", "seen")]
    chain.aka[b"r"] = AkaRun(b"e" * 8, b"c" * 16, b"i" * 16, b"", b"", None, False)
    found = set(secrets((), chain))
    assert {b"k" * 16, b"t" * 16, b"s" * 14, b"m" * 32, b"e" * 8, b"c" * 16, b"i" * 16} <= found


def message(protocol, data):
    return Message(protocol, Payload(data, "tcp", "a", 1, "b", 2, 0, 1, 0), None)


def test_keys_in_the_clear_are_secrets_though_nobody_uses_them():
    xml = b'<m:register xmlns:m="urn:x"><m:muk>' + base64.b64encode(SECRET) + b"</m:muk></m:register>"
    cipher = b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest ck="' + OTHER.hex().encode() + b'"\r\n\r\n'
    found = list(secrets((message("mbms-xml", xml), message("sip", cipher)), Chain()))
    hider = Hider(found)
    assert hider.holds_secret(xml)
    assert OTHER in found
    assert not hider.holds_secret(b'<m:register xmlns:m="urn:x"><m:service>urn:mbms:one</m:service>')
