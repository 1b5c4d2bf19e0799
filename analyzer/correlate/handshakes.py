"""Handshakes of TLS and DTLS: which messages of a connection belong together, and what they agree on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzer.correlate import secured
from dissectors import Message
from dissectors.tls import Tls

SECURED = {"tls": "TLS", "dtls": "DTLS"}  # protocol → what it is called

Ends = frozenset[tuple[str, int]]  # address and port of both ends


@dataclass(frozen=True, slots=True)
class Handshake:
    """What two ends said from one Client Hello to the next, or from where the capture begins; in the order of time."""

    client: str
    server: str
    messages: tuple[Message, ...] = field(repr=False)

    @property
    def first(self) -> Message:
        return self.messages[0]

    @property
    def name(self) -> str:
        return SECURED[self.first.protocol]

    @property
    def summary(self) -> str:
        """What was agreed on, in words, without the name of the protocol where its version says it."""
        return secured.agreed(message.body for message in self.messages if isinstance(message.body, Tls))


def handshakes(messages: Iterable[Message]) -> tuple[Handshake, ...]:
    """Return the handshakes among messages, which are in the order of time; application data belong to the last one."""
    found: list[list[Message]] = []
    open_: dict[tuple[str, Ends], list[Message]] = {}
    for message in messages:
        if message.protocol not in SECURED:
            continue
        at = message.payload
        ends = (message.protocol, frozenset(((at.src, at.sport), (at.dst, at.dport))))
        known = open_.get(ends)
        if known is None or (_hello(message) is True and any(_hello(each) is False for each in known)):
            open_[ends] = known = []
            found.append(known)
        known.append(message)
    return tuple(_handshake(each) for each in found)


def _hello(message: Message) -> bool | None:
    """Say of a message whether it is a hello of the client (True) or the one of the server that chooses (False)."""
    hello = message.body.hello if isinstance(message.body, Tls) else None
    if hello is None or (not hello.client and hello.is_retry):
        return None
    return hello.client


def _handshake(messages: list[Message]) -> Handshake:
    at = messages[0].payload
    told = next((message for message in messages if _hello(message) is not None), None)
    if told is not None:
        at = told.payload
        if _hello(told) is False:
            return Handshake(at.dst, at.src, tuple(messages))
    return Handshake(at.src, at.dst, tuple(messages))
