"""Wires between nodes: TCP connections with TLS or without, and HTTP of either version over them."""

from __future__ import annotations

from sample_pcaps import forge_http2, forge_tls
from sample_pcaps.clock import MILLISECOND, STEP, Clock
from sample_pcaps.forge import SECOND, Connection
from sample_pcaps.forge_text import NO_EDIT, Edit, Text

KEYLOG = "sslkeys.log"


class Wire:
    """A TCP connection of a story, and the HTTP or Diameter messages that go over it."""

    def __init__(self, clock: Clock, more: dict[str, bytes], connection: Connection) -> None:
        self.clock = clock
        self.more = more  # files beside the capture: the key log is one
        self.connection = connection
        self.until = 0  # time of the last segment
        self.talk: forge_http2.Talk | None = None  # where HTTP/2 is spoken
        self._greeted: set[bool] = set()
        self._session: forge_tls.Session | None = None

    def open(self) -> None:
        """Shake hands for TCP."""
        self.until = self.clock.now = self.connection.open(self.clock.tick())

    def secure(self, session: forge_tls.Session) -> None:
        """Shake hands for TLS, and keep what opens it in the key log: the rest is encrypted."""
        for by_client, octets in session.flights():
            self.send(octets, by_client=by_client)
        self._session = session
        self.more[KEYLOG] = self.more.get(KEYLOG, b"") + session.keylog.encode()

    def send(self, octets: bytes, *, by_client: bool, edit: Edit = NO_EDIT) -> int:
        """Send a message after a tick; return when its last segment went, also where the edit drops it."""
        clock = self.clock
        clock.now += round(edit.delay * SECOND)
        sent = clock.tick() + round(edit.shift * SECOND)
        if edit.drop:
            return sent
        for n in range(edit.repeat + 1):
            at = sent + n * 500 * MILLISECOND
            said = edit.changed(octets)
            if self._session is not None:
                said = self._session.data(said, by_client=by_client)
            self.until = max(self.until, self.connection.send(at, said, by_client=by_client))
        if not edit.shift:
            clock.now = max(clock.now, self.until)
        return sent

    def http(self, message: Text, *, by_client: bool, edit: Edit = NO_EDIT) -> int:
        """Send an HTTP message with the late headers and the mutation of its edit."""
        octets = edit.finish(message) if self.talk is None else self._framed(edit, message, self.talk, by_client)
        plain = Edit(drop=edit.drop, delay=edit.delay, shift=edit.shift, repeat=edit.repeat)
        return self.send(octets, by_client=by_client, edit=plain)

    def _framed(self, edit: Edit, message: Text, talk: forge_http2.Talk, by_client: bool) -> bytes:
        """Return a message of HTTP/2, the first of each end behind what the end begins with."""
        for name, value in edit.late.items():
            message = message.with_header(name, value)
        hello = b"" if by_client in self._greeted else talk.hello(by_client=by_client)
        self._greeted.add(by_client)
        framed = talk.request(message) if by_client else talk.answer(message, talk.next_stream - 2)
        return hello + edit.changed(framed)

    def close(self) -> None:
        """End the connection after everything that was sent on it; the clock of the story goes on from where it is."""
        if self._session is not None:
            said = self._session.close(by_client=True)
            self.until = self.connection.send(max(self.clock.now, self.until) + STEP, said, by_client=True)
        self.connection.close(max(self.clock.now, self.until) + STEP)
