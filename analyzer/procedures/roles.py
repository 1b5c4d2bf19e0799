"""Whose a message is, and how exchanges are cut into the steps of a procedure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from analyzer.correlate.exchanges import Exchange, status
from analyzer.correlate.sessions import Session
from analyzer.judging import Story
from dissectors import Message

# What an SCF asks of a BM-SC (TS 26.237 10.4.1.1.1.3, 10.4.2).
SCF_REQUESTS = ("authorize", "sip-based-register", "sip-based-deregister", "sip-based-msk-request")
_SEPARATORS = re.compile(r"[-.() ]")  # RFC 3966 3: visual separators of a telephone number
_NUMBER = re.compile(r"\+?[0-9*#]+")


def owners(story: Story, message: Message) -> tuple[Session, ...]:
    """Return the UE of a message as the one-tuple that a run takes, empty where it is nobody's."""
    session = story.traffic.session_of(message)
    return () if session is None else (session,)


def finals(exchanges: Iterable[Exchange]) -> tuple[Message, ...]:
    """Return all final answers of the exchanges, retransmitted ones included."""
    return tuple(
        answer for exchange in exchanges for answer in exchange.answers if (status(answer) or 0) >= 200
    )  # fmt: skip


def outcome(final: Message | None) -> str:
    """Success with a 2xx, incomplete without a final answer, else failure."""
    code = status(final)
    if code is None:
        return "incomplete"
    return "success" if 200 <= code < 300 else "failure"


def name(uri: str) -> str:
    """Return a URI in the form in which two that mean the same are equal.

    Without parameters and headers, scheme and host in small letters; a SIP URI of a telephone number is its
    tel URI (RFC 3261 19.1.4 and 19.1.6).
    """
    scheme, colon, rest = uri.strip().partition(":")
    if not colon:
        return uri.strip()
    scheme, rest = scheme.lower(), unquote(rest.partition("?")[0])
    phone = ";user=phone" in rest.lower()
    if scheme == "tel":
        return f"tel:{_SEPARATORS.sub('', rest.partition(';')[0])}"
    user, at, host = rest.rpartition("@")
    host = host.partition(";")[0].lower()
    bare = _SEPARATORS.sub("", user.partition(";")[0])
    if at and phone and _NUMBER.fullmatch(bare):
        return f"tel:{bare}"
    return f"{'sip' if scheme == 'sips' else scheme}:{user}{at}{host}"


def names(uris: Iterable[str]) -> tuple[str, ...]:
    """Return URIs in the form of `name`, each once."""
    return tuple(dict.fromkeys(name(uri) for uri in uris if uri))
