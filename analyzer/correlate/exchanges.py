"""Requests and the answers that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.correlate import bodies
from dissectors import Message
from dissectors.diameter import Diameter
from dissectors.http import Http
from dissectors.http2 import CUT
from dissectors.sip import Sip

Ends = tuple[str, int, str, int]
Dialog = tuple[str | None, int | None]
WITH_STATUS = (Sip, Http)
Overtaken = Mapping[tuple[int, int], int]  # frames that stand before what they answer, by how much (ns)
OVERTAKING = 100_000_000  # ns; by which an answer may stand before its request where both are known to belong together
MAX_EARLY = 16  # answers of one connection that wait for their requests
NONE: Overtaken = {}


@dataclass(slots=True)
class Exchange:
    """One request on one leg: its retransmissions, its answers, and for an INVITE its ACKs.

    `requests` is empty where the capture begins after the request. Of SIP `method` is that of CSeq, `dialog` Call-ID
    and number of CSeq: all legs of a request have the same. An INVITE is `initial` where it begins a dialog.
    `asked` is what a key management POST asks for.
    """

    protocol: str
    method: str = ""
    dialog: Dialog = (None, None)
    initial: bool = False
    asked: str | None = None
    requests: list[Message] = field(default_factory=list)
    answers: list[Message] = field(default_factory=list)
    acks: list[Message] = field(default_factory=list)

    @property
    def request(self) -> Message | None:
        return self.requests[0] if self.requests else None

    @property
    def first(self) -> Message:
        """The message that the exchange begins with, as far as the capture shows."""
        return (self.requests or self.answers or self.acks)[0]

    @property
    def final(self) -> Message | None:
        """The first answer that ends the exchange."""
        for answer in self.answers:
            code = status(answer)
            if code is None or code >= 200:
                return answer
        return None

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(sorted((*self.requests, *self.answers, *self.acks), key=lambda m: (m.time, m.frame)))

    @property
    def client(self) -> str:
        """The address that asked."""
        return self.requests[0].payload.src if self.requests else self.answers[0].payload.dst

    @property
    def server(self) -> str:
        """The address that was asked."""
        return self.requests[0].payload.dst if self.requests else self.answers[0].payload.src


def status(message: Message | None) -> int | None:
    """Return the status code of a SIP or HTTP answer."""
    body = None if message is None else message.body
    return body.status if isinstance(body, WITH_STATUS) else None


def is_interim(message: Message) -> bool:
    """Say whether an answer only says that another one comes (RFC 9110 15.2); 101 is the last in its protocol."""
    code = status(message) or 200
    return code < 200 and code != 101


def pair(messages: Iterable[Message], overtaken: Overtaken = NONE) -> tuple[Exchange, ...]:
    """Join SIP, HTTP and Diameter requests with their answers, in the order of the first message of each.

    `overtaken` are frames that came into a capture before what they answer, as TCP has shown.
    """
    pairing = _Pairing(overtaken)
    for message in messages:
        pairing.add(message)
    return tuple(pairing.exchanges)


class _Pairing:
    def __init__(self, overtaken: Overtaken) -> None:
        self.overtaken = overtaken
        self.exchanges: list[Exchange] = []
        self.sip: dict[tuple[str, int, str, str], Exchange] = {}
        self.cseqs: dict[str, tuple[int | None, str | None]] = {}  # what the values of CSeq and Via say
        self.branches: dict[str, str | None] = {}
        self.invites: dict[tuple[Dialog, str], Exchange] = {}  # by dialog and ends
        self.http: dict[Ends, list[Exchange]] = {}
        self.early: dict[Ends, list[Exchange]] = {}  # answers of HTTP/1.x before their request, by the ends of that
        self.diameter: dict[tuple[Ends, int], Exchange] = {}

    def new(self, protocol: str, method: str = "", dialog: Dialog = (None, None)) -> Exchange:
        exchange = Exchange(protocol, method, dialog)
        self.exchanges.append(exchange)
        return exchange

    def add(self, message: Message) -> None:
        match message.body:
            case Sip() as body:
                self.add_sip(message, body)
            case Http() as body if not _is_cut(message):
                self.add_http(message, body)
            case Diameter() as body:
                self.add_diameter(message, body)
            case _:
                pass

    def add_sip(self, message: Message, body: Sip) -> None:
        # RFC 3261 17.1.3: the top Via's branch and the CSeq method tell the transaction; the leg's ends join
        # them for old stacks that send no branch.
        call_id, cseq, via = body.call_id, body.headers.get("CSeq") or "", body.headers.get("Via") or ""
        if cseq not in self.cseqs:
            self.cseqs[cseq] = body.cseq, body.cseq_method
        if via not in self.branches:
            self.branches[via] = body.branch
        number, told = self.cseqs[cseq]
        method, dialog = told or body.method or "", (call_id, number)
        leg = self.branches[via] or _ends(message)
        key = (call_id or "", number or 0, "INVITE" if method == "ACK" else method, leg)
        exchange = self.sip.get(key)
        if method == "ACK":
            # The ACK of a 2xx is a transaction of its own: it belongs to the INVITE of the same leg and CSeq.
            exchange = exchange or self.invites.get((dialog, _ends(message)))
            if exchange is not None:
                exchange.acks.append(message)
            return
        if exchange is None:
            exchange = self.sip[key] = self.new("sip", method, dialog)
        (exchange.requests if body.is_request else exchange.answers).append(message)
        if method == "INVITE" and exchange.first is message:
            exchange.initial = not body.to_tag
            self.invites.setdefault((dialog, _ends(message)), exchange)

    def add_http(self, message: Message, body: Http) -> None:
        payload = message.payload
        if body.is_request:
            ends = (payload.src, payload.sport, payload.dst, payload.dport)
            exchange = self.take_early(ends, message) or self.new("http")
            exchange.asked = bodies.request_type(body)
            exchange.requests.append(message)
            if exchange.final is None:
                self.http.setdefault(ends, []).append(exchange)
            return
        ends = (payload.dst, payload.dport, payload.src, payload.sport)
        waiting = self.http.get(ends, [])
        exchange = _asked(waiting, body.stream) or self._early(ends, body)
        exchange.answers.append(message)
        if exchange in waiting and (body.status or 0) >= 200:
            waiting.remove(exchange)

    def take_early(self, ends: Ends, request: Message) -> Exchange | None:
        """Return the answer that a request had before it came; those that stand before it are of requests not seen."""
        waiting = self.early.pop(ends, [])
        for place, exchange in enumerate(waiting):
            if self.is_early(exchange.answers[0], request):
                if waiting[place + 1 :]:
                    self.early[ends] = waiting[place + 1 :]
                return exchange
        return None

    def is_early(self, answer: Message, request: Message) -> bool:
        """Say whether an answer is for a request that comes after it."""
        if _came_within(answer, request):
            return True
        at = answer.payload
        overtook = any((at.capture, frame) in self.overtaken for frame in at.frames)
        return overtook and at.capture == request.payload.capture and request.time - answer.time <= OVERTAKING

    def _early(self, ends: Ends, body: Http) -> Exchange:
        """Return the exchange of an answer that nobody waits for: its request may be on its way still."""
        # RFC 9110 10.1.1: 100 comes before the body, and so may a refusal
        if body.stream is not None:
            return self.new("http")
        known = self.early.setdefault(ends, [])
        if not known or known[-1].final is not None:
            known.append(self.new("http"))
            del known[:-MAX_EARLY]
        return known[-1]

    def add_diameter(self, message: Message, body: Diameter) -> None:
        payload = message.payload
        ends = (payload.src, payload.sport, payload.dst, payload.dport)
        if body.is_request:
            key = (ends, body.hop_by_hop)
            exchange = self.diameter.get(key)
            if exchange is None or (not exchange.requests and message.time - exchange.answers[0].time > OVERTAKING):
                exchange = self.diameter[key] = self.new("diameter")
            exchange.requests.append(message)
            return
        key = ((payload.dst, payload.dport, payload.src, payload.sport), body.hop_by_hop)
        exchange = self.diameter.get(key)
        if exchange is None:
            exchange = self.diameter[key] = self.new("diameter")
        exchange.answers.append(message)


def _is_cut(message: Message) -> bool:
    """Say whether the end of a message is not there: what its digest covers and its body says nobody knows.

    Of HTTP/1.x a message without its end is none.
    """
    return message.error is not None and message.error.field == CUT


def _asked(waiting: list[Exchange], stream: int | None) -> Exchange | None:
    """Return what an answer is for: in HTTP/1.x the request that waits longest, in HTTP/2 that of its stream."""
    for exchange in waiting:
        body = exchange.requests[0].body
        asked = body.stream if isinstance(body, Http) else None
        # RFC 7540 3.2: the request that asked for h2c is answered on stream 1
        if asked == stream or (asked is None and stream == 1):
            return exchange
    return None


def _came_within(answer: Message, request: Message) -> bool:
    """Say whether an answer came while its request was still being sent."""
    asked = request.payload
    return answer.payload.capture == asked.capture and min(asked.frames, default=0) < answer.frame < asked.frame


def _ends(message: Message) -> str:
    """Name the ends of a leg, whichever of them speaks."""
    src, dst = message.payload.src, message.payload.dst
    return f"{src}|{dst}" if src < dst else f"{dst}|{src}"


def of_request_type(exchanges: Iterable[Exchange], *names: str) -> Iterator[Exchange]:
    """Yield the key management POSTs of the request types named."""
    return (exchange for exchange in exchanges if exchange.asked in names)
