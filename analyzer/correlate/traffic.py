"""All that was said, put in order: messages, exchanges, bootstrappings, nodes, sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analyzer.correlate import gba
from analyzer.correlate.exchanges import NONE, Exchange, Overtaken, pair
from analyzer.correlate.nodes import Nodes, tell
from analyzer.correlate.sessions import Session
from analyzer.correlate.sessions import sessions as tie
from analyzer.correlate.sightings import Folded, Repeats, fold
from dissectors import Message
from dissectors.mikey import Mikey


@dataclass(frozen=True, slots=True)
class Traffic:
    """The messages of a case in the order of time, each once, and what belongs to what.

    `folded` says which were seen more than once, and where. `begin` and `end` are the times (ns) of the first and the
    last frame: what happened outside them the case cannot show.
    """

    folded: Folded = field(repr=False)
    exchanges: tuple[Exchange, ...] = field(repr=False)
    mikey: tuple[Message, ...] = field(repr=False)
    bootstrappings: tuple[gba.Bootstrapping, ...] = field(repr=False)
    naf_keys: tuple[gba.NafKeys, ...] = field(repr=False)
    nodes: Nodes
    sessions: tuple[Session, ...]
    begin: int
    end: int
    owners: Mapping[int, Session] = field(default_factory=dict, repr=False)

    @property
    def messages(self) -> tuple[Message, ...]:
        return self.folded.messages

    def session_of(self, message: Message) -> Session | None:
        """Return the session that a message belongs to, None for what is said to all or to nobody known."""
        return self.owners.get(id(self.folded.again.get(id(message), message)))


def _order(message: Message) -> tuple[int, int, int]:
    at = message.payload
    return at.time, at.capture, at.frame


def correlate(
    messages: Iterable[Message],
    begin: int,
    end: int,
    named: Mapping[str, tuple[str, ...]] | None = None,
    points: Sequence[int] = (),
    repeats: Repeats | None = None,
    overtaken: Overtaken = NONE,
) -> Traffic:
    """Put the messages of a case in order; `named` gives the addresses of nodes that the user knows.

    `points` and `repeats` tell what was seen more than once, see `fold`, `overtaken` what stands before its request.
    """
    folded = fold(sorted(messages, key=_order), points, repeats)
    ordered = folded.messages
    exchanges = pair(ordered, overtaken)
    loose = tuple(message for message in ordered if isinstance(message.body, Mikey))
    runs = gba.bootstrappings(exchanges)
    roles = tell(exchanges, loose, named or {})
    found = tie(exchanges, loose, runs, roles)
    return Traffic(
        folded=folded,
        exchanges=exchanges,
        mikey=loose,
        bootstrappings=runs,
        naf_keys=gba.naf_keys(exchanges),
        nodes=roles,
        sessions=found,
        begin=begin,
        end=end,
        owners={
            id(message): session
            for session in found
            for group in (session.loose, *(part for e in session.exchanges for part in (e.requests, e.answers, e.acks)))
            for message in group
        },
    )
