"""From payloads to messages; FLUTE sessions are told from SDP too, and their objects become messages of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from analyzer.correlate import bodies
from analyzer.correlate.nodes import is_multicast
from analyzer.decode.objects import FLUTE, Objects
from analyzer.decode.packets import DecodeFacts
from dissectors import Message, Payload, dissect
from dissectors.flute import VERSION, Flute
from dissectors.sdp import Sdp, SdpMedia

MAX_PACKETS = 2000  # of FLUTE that become messages; of those beyond only the objects do
MAX_SESSIONS = 1024  # destinations that SDP names
MAX_READ = 65_536  # messages that are known when the same octets come again
MAX_EARLY = 4096  # datagrams that may be of a session which SDP has yet to name
MAX_EARLY_OCTETS = 4 * 1024 * 1024  # of them all

UNSEEN = f"FLUTE packets beyond the first {MAX_PACKETS}: joined, not shown"
NO_SDP = "packets that may be FLUTE beyond those held, for want of an SDP that names their session"

Place = tuple[str, int]  # address and port
ANY: frozenset[str] = frozenset()  # sources, where no filter names them


class Messages:
    """Makes messages of payloads, which come in the order of time; `read` dissects them, or those that are of FLUTE.

    Those of a FLUTE session may come before the SDP that names it; they are held, within limits. What was read is kept
    to be told when it comes again: on another leg, or sent again.
    """

    def __init__(self, facts: DecodeFacts, read: Callable[[Payload], Message | None] = dissect) -> None:
        self._facts = facts
        self._read = read
        self._objects = Objects(facts)
        self._sessions: dict[Place, frozenset[str]] = {}  # the sources of each
        self._early: dict[Place, list[Payload]] = {}
        self._known: dict[bytes, Message] = {}
        self._held = self._octets = self._packets = 0

    def of(self, payload: Payload) -> tuple[Message, ...]:
        """Return the messages that a payload makes, those inside of others left in them."""
        if self._sessions and self._is_named(payload):
            payload = payload._replace(named=FLUTE)
        if payload.named == FLUTE and payload.transport == "udp":  # many, and no other dissector is asked before
            message = dissect(payload, FLUTE)
        else:
            message = self._once(payload)
        if message is None:
            if payload.transport == "udp" and payload.data[0] >> 4 == VERSION and is_multicast(payload.dst):
                self._hold(payload)
            return ()
        if message.protocol == FLUTE:
            return tuple(self._joined(message))
        if message.inner and _names_flute(message) and (found := tuple(self._told(message))):
            return (message, *found)
        return (message,)

    def finish(self) -> None:
        """Tell what of objects is still not whole."""
        self._objects.finish()

    def _once(self, payload: Payload) -> Message | None:
        known = self._known.get(payload.data)
        if known is not None and _alike(known.payload, payload):
            return known.again(payload)
        message = self._read(payload)
        if message is not None:
            if len(self._known) >= MAX_READ:
                self._known.clear()
            self._known[payload.data] = message
        return message

    def _is_named(self, payload: Payload) -> bool:
        sources = self._sessions.get((payload.dst, payload.dport))
        return sources is not None and payload.transport == "udp" and (not sources or payload.src in sources)

    def _hold(self, payload: Payload) -> None:
        if self._held >= MAX_EARLY or self._octets + len(payload.data) > MAX_EARLY_OCTETS:
            self._facts.count(NO_SDP)
            return
        self._held += 1
        self._octets += len(payload.data)
        self._early.setdefault((payload.dst, payload.dport), []).append(payload)

    def _joined(self, message: Message) -> Iterator[Message]:
        """Yield a packet of FLUTE, and the objects that it completes."""
        self._packets += 1
        if self._packets <= MAX_PACKETS:
            yield message
        else:
            self._facts.count(UNSEEN)
        if isinstance(message.body, Flute) and message.error is None:
            for found in self._objects.add(message.payload, message.body):
                yield found
                yield from self._told(found)

    def _told(self, message: Message) -> Iterator[Message]:
        """Learn the FLUTE sessions that the SDP in a message names; yield what had come of them before."""
        for sdp in bodies.find_all(message, Sdp):
            for place in sessions(sdp):
                if len(self._sessions) >= MAX_SESSIONS and place not in self._sessions:
                    continue
                known = self._sessions.get(place)
                sources = frozenset(sdp.sources)
                self._sessions[place] = sources if known is None else known | sources if known and sources else ANY
                early = self._early.pop(place, [])
                self._held -= len(early)
                self._octets -= sum(len(payload.data) for payload in early)
                for payload in early:
                    yield from self.of(payload)


def _alike(known: Payload, payload: Payload) -> bool:
    """Say whether payloads of the same octets are read alike: dissectors look at ports, too."""
    return (
        known.dport == payload.dport
        and known.sport == payload.sport
        and known.transport == payload.transport
        and known.named == payload.named
    )


def _names_flute(message: Message) -> bool:
    """Say whether a session description inside of a message names a FLUTE session; most do not, and cost little."""
    for part in message.inner:
        if isinstance(part.body, Sdp):
            if any(_is_flute(part.body, media) for media in part.body.media):
                return True
        elif part.inner and _names_flute(part):
            return True
    return False


def sessions(sdp: Sdp) -> tuple[Place, ...]:
    """Return the groups that the FLUTE sessions of a description are sent to (RFC 6968 3, TS 26.346 7.3.2)."""
    found = [(media.connection or sdp.connection, media.port) for media in sdp.media if _is_flute(sdp, media)]
    return tuple(
        dict.fromkeys((address or "", port) for address, port in found if port and is_multicast(address or ""))
    )


def _is_flute(sdp: Sdp, media: SdpMedia) -> bool:
    """Say whether a media line is a FLUTE session: its protocol says so, or UDP with a TSI."""
    return media.proto.startswith("FLUTE/") or (media.proto == "UDP" and bool(sdp.flute_sessions))
