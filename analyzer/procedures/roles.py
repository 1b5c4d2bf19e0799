"""Whose a message is, and how exchanges are cut into the steps of a procedure."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.correlate.exchanges import Exchange, status
from analyzer.correlate.sessions import Session
from analyzer.judging import Story
from dissectors import Message


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
