"""Which messages of TLS are one handshake, and what it came to."""

from analyzer.correlate.handshakes import handshakes
from dissectors import Payload, dissect
from sample_pcaps import forge_tls as forge

CLIENT, SERVER = ("10.0.0.1", 40000), ("10.0.0.2", 8443)


def said(octets, by_client=True, port=40000, frame=1):
    client = (CLIENT[0], port)
    ends = (*client, *SERVER) if by_client else (*SERVER, *client)
    return dissect(Payload(octets, "tcp", *ends, 0, frame, frame, (frame,)))


def session(name="bmsc.home1.net", port=40000, frame=1):
    made = forge.Session(name, "words")
    told = [said(octets, by_client, port, frame + at) for at, (by_client, octets) in enumerate(made.flights())]
    return [*told, said(made.data(b"x", by_client=True), True, port, frame + 9)]


def test_a_connection_is_one_handshake_with_what_was_agreed_on():
    (found,) = handshakes(session())
    assert (found.client, found.server, found.name) == (CLIENT[0], SERVER[0], "TLS")
    assert found.summary == "to bmsc.home1.net, TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
    assert len(found.messages) == 5
    assert found.first.frame == 1


def test_connections_are_told_apart_and_one_that_begins_anew_is_another():
    one, other = session(frame=1), session("other.net", port=40001, frame=2)
    both = sorted([*one, *other], key=lambda message: message.frame)
    assert [len(found.messages) for found in handshakes(both)] == [5, 5]
    assert [found.first.frame for found in handshakes([*one, *session(frame=20)])] == [1, 20]


def test_a_hello_that_is_sent_again_or_after_a_retry_begins_nothing():
    hello, *rest = session()
    retry = forge.server_hello(
        bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"),
        0x1301,
        [forge.extension(43, b"\x03\x04")],
    )
    asked = said(forge.record(22, forge.handshake(2, retry)), by_client=False)
    (found,) = handshakes([hello, asked, hello, *rest])
    assert len(found.messages) == 7


def test_the_ends_are_told_where_the_hello_of_the_client_is_missing():
    (found,) = handshakes(session()[1:])
    assert (found.client, found.server) == (CLIENT[0], SERVER[0])
    assert found.summary.startswith("TLS 1.2")
    (late,) = handshakes(session()[4:])
    assert late.summary == "handshake not seen"


def test_what_ends_it_is_said():
    hello = session()[0]
    alert = said(forge.record(forge.ALERT, b"\x02\x28"), by_client=False, frame=2)
    (found,) = handshakes([hello, alert])
    assert found.summary == "to bmsc.home1.net, no Server Hello, Fatal Alert: Handshake Failure"
    closed = said(forge.record(forge.ALERT, b"\x01\x00"), by_client=False, frame=2)
    assert "Alert" not in handshakes([hello, closed])[0].summary


def test_nothing_else_is_a_handshake():
    assert handshakes([said(b"OPTIONS sip:a SIP/2.0\r\n\r\n")]) == ()
