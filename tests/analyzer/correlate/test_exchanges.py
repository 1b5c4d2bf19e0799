import re

import pytest

from analyzer.correlate.exchanges import is_interim, of_request_type, pair, status
from dissectors import Payload, dissect
from dissectors.http2 import HeaderLine, write

UE, CSCF, SCF, BM_SC, BSF = "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"
POST = "POST /keymanagement?requesttype=register HTTP/1.1\nHost: bmsc.home1.net"


def test_nothing():
    assert pair(()) == ()


def test_invite_with_retransmission_answers_and_ack(talk, invite, reply):
    first = talk.sip(invite(), UE, CSCF)
    again = talk.sip(invite(), UE, CSCF)
    trying = talk.sip(reply("100 Trying"), CSCF, UE)
    ok = talk.sip(reply(), CSCF, UE)
    ack = talk.sip(invite(method="ACK", vias=("z9hG4bKother",)), UE, CSCF)
    (exchange,) = pair(talk.messages)
    assert exchange.requests == [first, again]
    assert exchange.answers == [trying, ok]
    assert exchange.acks == [ack]
    assert exchange.final is ok
    assert (exchange.client, exchange.server) == (UE, CSCF)
    assert exchange.messages == (first, again, trying, ok, ack)


def test_legs_of_one_invite_are_exchanges_of_their_own(talk, invite, reply):
    talk.sip(invite(), UE, CSCF)
    talk.sip(invite(vias=("z9hG4bKb", "z9hG4bKa")), CSCF, SCF)
    talk.sip(reply(vias=("z9hG4bKb", "z9hG4bKa")), SCF, CSCF)
    talk.sip(reply(), CSCF, UE)
    legs = pair(talk.messages)
    assert [(leg.client, leg.server, len(leg.answers)) for leg in legs] == [(UE, CSCF, 1), (CSCF, SCF, 1)]


def test_what_a_transaction_is_of(talk, invite, reply):
    talk.sip(invite(), UE, CSCF)
    talk.sip(invite(vias=("z9hG4bKb", "z9hG4bKa")), CSCF, SCF)
    talk.sip(invite(method="OPTIONS", vias=("z9hG4bKc",)), UE, CSCF)
    talk.http(POST, UE, BM_SC)
    leg, next_leg, options, post = pair(talk.messages)
    assert (leg.method, leg.initial, options.method, options.initial) == ("INVITE", True, "OPTIONS", False)
    assert leg.dialog == next_leg.dialog == (leg.first.body.call_id, leg.first.body.cseq)
    assert (post.asked, leg.asked) == ("register", None)


def test_an_invite_with_a_tag_in_to_begins_no_dialog(talk, invite):
    talk.sip(invite(), UE, CSCF)
    talk.sip(re.sub("(?m)^To: .*", r"\g<0>;tag=9", invite(vias=("z9hG4bKz",))), UE, CSCF)
    assert [exchange.initial for exchange in pair(talk.messages)] == [True, False]


def test_ack_of_a_refusal_belongs_to_its_invite(talk, invite, reply):
    talk.sip(invite(), UE, CSCF)
    refusal = talk.sip(reply("403 Forbidden"), CSCF, UE)
    ack = talk.sip(invite(method="ACK"), UE, CSCF)
    (exchange,) = pair(talk.messages)
    assert exchange.final is refusal
    assert exchange.acks == [ack]


def test_ack_without_its_invite_is_nobodys(talk, invite):
    talk.sip(invite(method="ACK"), UE, CSCF)
    assert pair(talk.messages) == ()


def test_answer_whose_request_came_before_the_capture(talk, reply):
    ok = talk.sip(reply(), CSCF, UE)
    (exchange,) = pair(talk.messages)
    assert exchange.request is None
    assert exchange.first is ok
    assert (exchange.client, exchange.server) == (UE, CSCF)


def test_http_answers_go_to_requests_in_order(talk):
    one = talk.http(POST, UE, BM_SC)
    two = talk.http(POST, UE, BM_SC)
    challenge = talk.http("HTTP/1.1 401 Unauthorized", BM_SC, UE, ports=(80, 40000))
    ok = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    exchanges = pair(talk.messages)
    assert [(e.requests, e.answers) for e in exchanges] == [([one], [challenge]), ([two], [ok])]


@pytest.mark.parametrize(
    ("line", "yes"), [("100 Continue", True), ("199 x", True), ("101 Switching", False), ("200 OK", False)]
)
def test_interim_answers(talk, line, yes):
    assert is_interim(talk.http(f"HTTP/1.1 {line}", BM_SC, UE)) is yes


def test_a_request_is_no_interim_answer(talk):
    assert not is_interim(talk.http(POST, UE, BM_SC))


def test_http_continue_does_not_end_the_exchange(talk):
    talk.http(POST, UE, BM_SC)
    talk.http("HTTP/1.1 100 Continue", BM_SC, UE, ports=(80, 40000))
    ok = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    (exchange,) = pair(talk.messages)
    assert exchange.final is ok


@pytest.mark.parametrize("early", [["100 Continue"], ["100 Continue", "417 Expectation Failed"], ["413 Too Large"]])
def test_http_answers_that_come_before_the_body_of_their_request(talk, early):
    # RFC 9110 10.1.1: the head in frame 1, the body after the answers, in the frame that completes the request
    answers = [talk.http(f"HTTP/1.1 {status}", BM_SC, UE, ports=(80, 40000)) for status in early]
    post = talk.http(POST, UE, BM_SC)
    post = post._replace(payload=post.payload._replace(frames=(0, post.frame)))
    final = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    exchange, *more = pair([*answers, post, final])
    if len(early) == 1 and early[0].startswith("100"):
        assert (exchange.requests, exchange.answers, more) == ([post], [*answers, final], [])
    else:
        assert (exchange.requests, exchange.answers) == ([post], answers)
        assert [other.answers for other in more] == [[final]]


def test_an_http_answer_before_a_request_began_is_not_its_answer(talk):
    lost = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    other = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    post = talk.http(POST, UE, BM_SC)
    final = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40000))
    exchanges = pair(talk.messages)
    assert [(e.requests, e.answers) for e in exchanges] == [([], [lost]), ([], [other]), ([post], [final])]


def test_http_connections_are_told_apart_by_port(talk):
    talk.http(POST, UE, BM_SC, ports=(40000, 80))
    talk.http(POST, UE, BM_SC, ports=(40001, 80))
    late = talk.http("HTTP/1.1 200 OK", BM_SC, UE, ports=(80, 40001))
    first, second = pair(talk.messages)
    assert first.answers == []
    assert second.answers == [late]


def test_diameter_goes_by_hop_by_hop_id(talk, zn):
    talk.diameter(zn(True, 1, b_tid=b"a@bsf"), BM_SC, BSF, (3868, 3868))
    talk.diameter(zn(True, 2, b_tid=b"b@bsf"), BM_SC, BSF, (3868, 3868))
    second = talk.diameter(zn(False, 2), BSF, BM_SC, (3868, 3868))
    first = talk.diameter(zn(False, 1), BSF, BM_SC, (3868, 3868))
    exchanges = pair(talk.messages)
    assert [e.answers for e in exchanges] == [[first], [second]]
    assert exchanges[0].final is first  # a Diameter answer always ends its exchange


def test_status(talk, zn, reply):
    assert status(None) is None
    assert status(talk.sip(reply("486 Busy Here"), CSCF, UE)) == 486
    assert status(talk.diameter(zn(False), BSF, BM_SC, (3868, 3868))) is None


def test_request_types(talk):
    talk.http(POST, UE, BM_SC)
    talk.http("GET / HTTP/1.1\nHost: bmsc.home1.net", UE, BM_SC, ports=(40001, 80))
    exchanges = pair(talk.messages)
    assert list(of_request_type(exchanges, "register")) == [exchanges[0]]
    assert list(of_request_type(exchanges, "deregister")) == []


def test_streams_of_http2_find_their_answers(talk):
    def say(stream, lines, answers=False):
        data = write(stream, [HeaderLine(*line) for line in lines], b"", [], True)
        ends = ("10.0.0.5", "10.0.0.2", (80, 40000)) if answers else ("10.0.0.2", "10.0.0.5", (40000, 80))
        return talk.say(data, *ends, "tcp", None)

    request = [(b":method", b"GET"), (b":path", b"/")]
    upgrade = talk.http("GET / HTTP/1.1\nUpgrade: h2c", "10.0.0.2", "10.0.0.5")
    asked = [upgrade, say(3, request), say(5, request)]
    answers = [say(stream, [(b":status", b"200")], answers=True) for stream in (5, 1, 3)]
    stray = say(7, [(b":status", b"200")], answers=True)
    exchanges = pair(talk.messages)
    assert [(each.request, each.final) for each in exchanges] == [
        (asked[0], answers[1]), (asked[1], answers[2]), (asked[2], answers[0]), (None, stray),
    ]  # fmt: skip


def test_a_message_of_http2_without_its_end_is_no_part_of_an_exchange(talk):
    def say(whole):
        lines = [HeaderLine(b":method", b"POST"), HeaderLine(b":path", b"/"), HeaderLine(b":scheme", b"http")]
        payload = Payload(write(1, lines, b"half", [], whole), "tcp", UE, 40000, BM_SC, 80, 0, 1, 0, (1,))
        return dissect(payload)

    assert say(False).body is not None
    assert pair([say(False)]) == ()
    assert len(pair([say(True)])) == 1


def test_http_answers_that_overtook_their_requests(talk):
    """As acknowledgements have shown; else each would be of a request before the capture."""
    told = [(0.01, "401 Unauthorized"), (0.02, "200 OK")]
    answers = [talk.http(f"HTTP/1.1 {code}", BM_SC, UE, ports=(80, 40000), time=time) for time, code in told]
    requests = [talk.http(POST, UE, BM_SC, time=time) for time in (0.05, 0.06)]
    assert not any(exchange.requests and exchange.answers for exchange in pair(talk.messages))
    overtaken = {(message.payload.capture, message.frame): 1 for message in answers}
    found = pair(talk.messages, overtaken)
    assert [(exchange.request, exchange.final) for exchange in found] == list(zip(requests, answers, strict=True))


def test_a_diameter_answer_right_before_its_request(talk, zn):
    answer = talk.diameter(zn(False, 1), BSF, BM_SC, (3868, 3868), 1)
    request = talk.diameter(zn(True, 1, b_tid=b"a@bsf"), BM_SC, BSF, (3868, 3868), 1.05)
    later = talk.diameter(zn(False, 2), BSF, BM_SC, (3868, 3868), 2)
    apart = talk.diameter(zn(True, 2, b_tid=b"b@bsf"), BM_SC, BSF, (3868, 3868), 2.2)
    assert [(e.requests, e.answers) for e in pair(talk.messages)] == [
        ([request], [answer]),
        ([], [later]),
        ([apart], []),
    ]
