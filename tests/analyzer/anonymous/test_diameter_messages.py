"""Diameter: nothing stays of AVPs that nobody knows, names are the same as in texts, and all keeps its length."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous.contents import Contents
from analyzer.anonymous.diameter_messages import UNKNOWN, DiameterMessages
from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.texts import Texts
from dissectors import Payload, dissect
from dissectors.diameter import Diameter

NAMES = Pseudonyms(b"secret")
SECRET = b"what nobody may know"


class Rekeyed:
    names = NAMES


def made(octets):
    contents = Contents(Texts(NAMES, {}, frozenset({"home1.net"})), lambda message: b"", lambda message, body: b"")
    counts = Counter()
    message = dissect(Payload(octets, "sctp", "10.0.0.1", 1, "10.0.0.2", 3868, 0, 1, 0), "diameter")
    new = DiameterMessages(Rekeyed(), contents, counts).octets(message)
    assert len(new) == len(octets)
    return new, counts


def avp(code, data, vendor=0):
    size = (12 if vendor else 8) + len(data)
    head = code.to_bytes(4, "big") + bytes((0xC0 if vendor else 0x40,)) + size.to_bytes(3, "big")
    return head + (vendor.to_bytes(4, "big") if vendor else b"") + data + b"\xa5" * (-size % 4)


def command(*avps):
    body = b"".join(avps)
    return b"\x01" + (20 + len(body)).to_bytes(3, "big") + bytes.fromhex("c0 000110 01000016 00000001 00000002") + body


def value(octets, code):
    body = dissect(Payload(octets, "sctp", "", 1, "", 3868, 0, 1, 0), "diameter").body
    assert isinstance(body, Diameter)
    return body.find(code).data


@pytest.mark.parametrize(
    "octets",
    [
        command(avp(8, SECRET)),  # Framed-IP-Address, of RADIUS
        command(avp(22, SECRET, 10415)),  # 3GPP-User-Location-Info
        command(avp(5000, avp(1, SECRET))),
        command(avp(258, SECRET)),  # a number that is none
        command(avp(269, SECRET)),
        command(avp(281, SECRET)),
        command(avp(1, SECRET)),
        command(avp(263, b"hss;1;2;" + SECRET)),
        command(avp(25, b"\x01" + SECRET + b"\x00")),
        command(avp(33, SECRET)),
        command(avp(257, b"\x00\x08" + SECRET)),  # E.164
        command(avp(279, avp(8, SECRET))),
        command(avp(606, b"<x><y>" + SECRET + b"</y></x>", 10415)),
        command(avp(606, SECRET, 10415)),
        command(avp(625, SECRET, 10415)),
        command(avp(105, b"1")) + SECRET,
    ],
)  # fmt: skip
def test_nothing_stays(octets):
    new, _ = made(octets)
    for word in SECRET.split():
        assert word not in new
    assert b"\xa5" not in new


def test_what_is_blanked_is_counted():
    assert made(command(avp(8, b"\xc0\xa8\x64\x07")))[1] == {UNKNOWN: 4}
    assert made(command(avp(264, b"hss.home1.net")))[1] == {}


def test_names_are_those_of_texts():
    new, _ = made(command(
        avp(263, b"hss.home1.net;1587107357;11;app_gx"), avp(264, b"hss.home1.net"), avp(296, b"home1.net"), avp(1, b"alice@home1.net"),
        avp(293, b"mme"), avp(601, b"tel:+491701234567", 10415), avp(701, bytes.fromhex("947110325476"), 10415),
    ))  # fmt: skip
    host = NAMES.host("hss.home1.net")
    assert value(new, 263).decode().split(";")[:3] == [host, "1587107357", "11"]
    assert b"app_gx" not in new
    assert value(new, 264).decode() == host
    assert value(new, 1).decode() == f"{NAMES.word('alice')}@{NAMES.host('home1.net')}"
    assert value(new, 293).decode() == NAMES.word("mme")
    number = NAMES.word("491701234567")
    assert value(new, 601).decode() == f"tel:+{number}"
    assert "".join(f"{octet & 15:x}{octet >> 4:x}" for octet in value(new, 701)) == number


def test_a_number_of_odd_length_keeps_its_filler():
    new, _ = made(command(avp(701, bytes.fromhex("9471f3"), 10415)))
    assert value(new, 701)[2] >> 4 == 0xF
    assert value(new, 701)[:2] != b"\x94\x71"


def test_what_says_nothing_of_anybody_stays():
    octets = command(avp(608, b"Digest-AKAv1-MD5", 10415), avp(110, b"auth-int"), avp(268, b"\x00\x00\x07\xd1"))
    assert made(octets)[0] == octets


@given(st.binary(max_size=80))
def test_octets_of_any_kind_keep_their_number(octets):
    made(octets)
    made(command(avp(1, octets), avp(701, octets, 10415), avp(257, octets), avp(263, octets)))
