"""Texts: names, numbers and addresses in them are replaced, what the protocols say stays."""

import pytest

from analyzer.anonymous.pseudonyms import Pseudonyms
from analyzer.anonymous.texts import Texts, domains_of, hosts_in

NAMES = Pseudonyms(b"secret")
TEXTS = Texts(NAMES, {"3aGRjH/C": "9zXYwQ/A"}, frozenset({"home1.net"}))
SDP = "v=0\r\no=alice 1 2 IN IP4 10.0.0.1\r\ns=Evening News\r\nc=IN IP4 239.1.2.3\r\nt=0 0\r\nm=video 5000 RTP/SAVP 96\r\n"


@pytest.mark.parametrize(
    "text",
    [
        "INVITE sip:alice@home1.net SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1\r\n",
        'From: "Alice Smith" <sip:+12125551212@home1.net>;tag=1\r\nTo: <tel:0398765432100>\r\n',
        'Authorization: Digest username="3aGRjH/C==@bsf.home1.net", response="0123456789abcdef0123456789abcdef"\r\n',
        'WWW-Authenticate: Digest ck="00112233445566778899aabbccddeeff", ik="ffeeddccbbaa99887766554433221100"\r\n',
        "P-Associated-URI: <sip:0398765432100>\r\nCookie: sid=Alice3AT7eQ\r\n",
        SDP,
    ],
)
def test_length_and_lines_stay(text):
    made = TEXTS.text(text)
    assert len(made) == len(text)
    assert made.count("\r\n") == text.count("\r\n")
    for secret in ("alice", "Alice", "Smith", "home1", "12125551212", "0398765432100", "10.0.0.1", "239.1.2.3", "2001:db8::1",
                   "0123456789abcdef", "001122", "ffeedd", "3aGRjH", "Evening"):  # fmt: skip
        assert secret not in made


def test_what_the_protocol_says_stays():
    text = (
        "REGISTER sip:home1.net SIP/2.0\r\nMax-Forwards: 70\r\nCSeq: 1 REGISTER\r\nSupported: path, 100rel\r\n"
        'Accept: application/vnd.3gpp.mbms-msk+xml\r\nX: realm="3GPP-bootstrapping@home1.net", nc=00000001\r\n'
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nUser-Agent: 3gpp-gba\r\n\r\n"
    )
    made = TEXTS.text(text)
    assert [a for a, b in zip(text.split(), made.split(), strict=True) if a != b] == [
        "sip:home1.net", 'realm="3GPP-bootstrapping@home1.net",',
    ]  # fmt: skip
    assert 'realm="3GPP-bootstrapping@' in made


def test_subdomains_of_what_is_known_are_found_anywhere():
    made = TEXTS.text("x bsf.home1.net y BSF.HOME1.NET z nohome1.net")
    assert made.split()[1] == made.split()[3].lower() == NAMES.host("bsf.home1.net")
    assert made.split()[5] == "nohome1.net"


def test_what_is_known_comes_first():
    assert TEXTS.text("3aGRjH/C@bsf.home1.net") == f"9zXYwQ/A@{NAMES.host('bsf.home1.net')}"


def test_binary_octets_keep_what_nothing_knows():
    data = b"\x00\x01\x02sip:bob@home1.net\xff\x003aGRjH/C\x07ab\x00"
    made = TEXTS.embedded(data)
    assert len(made) == len(data)
    assert (made[:3], made[-4:]) == (data[:3], data[-4:])
    assert b"home1" not in made
    assert b"9zXYwQ/A" in made


def test_hosts_are_told_by_where_they_stand():
    text = "GET http://bmsc.home1.net:80/a HTTP/1.1\r\nHost: naf.home2.org\r\nVia: SIP/2.0/TCP p.home3.com\r\nvnd.3gpp.mbms"
    assert set(hosts_in(text)) == {"bmsc.home1.net", "naf.home2.org", "p.home3.com"}
    assert list(hosts_in('xmlns="http://www.w3.org/2001/XMLSchema"')) == []
    assert domains_of(["bsf.home1.net", "home1.net"]) == {"home1.net"}


def test_octets_that_are_no_ascii_do_not_stop_it():
    assert TEXTS.octets("sip:j\u00f6rg@home1.net".encode())[-4:] == b".net"
