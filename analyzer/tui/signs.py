"""What the user gives the messages of a case beside their verdicts: bookmarks, a selection for the diff, colours."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.tui.colours import Colours
from analyzer.tui.model import Index, Place
from dissectors import Message

BOOKMARK, PICKED = "●", "◆"


class Signs:
    """Signs and colours of messages by their number; negative ones are of media packets that were asked for."""

    def __init__(self, found: Index | None) -> None:
        self.found = found
        self._messages = () if found is None else found.messages
        self.guests: dict[int, Message] = {}  # these packets
        self.bookmarks: set[int] = set()
        self.picked: tuple[Message, ...] = ()  # for the diff, two at most
        self._colours = Colours()
        self._tones: dict[int, str] = {}  # of messages that were seen

    def renew(self, found: Index) -> None:
        """Take what the case comes to now; media packets that were asked for stand in it no longer."""
        self.found, self._messages = found, found.messages
        self.guests.clear()
        self._tones.clear()

    def paint(self, colours: Colours) -> None:
        """Take the colours of other rules."""
        self._colours = colours
        self._tones.clear()

    def message(self, number: int) -> Message:
        """Return the message of a number."""
        return self._messages[number] if number >= 0 else self.guests[number]

    def take_in(self, packet: Message) -> int:
        """Give a media packet that was asked for a number."""
        number = -1 - len(self.guests)
        self.guests[number] = packet
        return number

    def pick(self, message: Message) -> None:
        """Select a message for the diff, or no longer; of three the last two count."""
        rest = tuple(each for each in self.picked if each is not message)
        self.picked = rest if len(rest) < len(self.picked) else (*rest, message)[-2:]

    def sign(self, number: int) -> str:
        """Return how a message is marked."""
        if self.found is None:
            return ""
        message = self.message(number)
        if any(message is each for each in self.picked):
            return PICKED
        return BOOKMARK if number in self.bookmarks else ""

    def tone(self, number: int) -> str:
        """Return what colour rules give a message; a rule is asked once."""
        if self.found is None:
            return ""
        tone = self._tones.get(number)
        if tone is None:
            message = self.message(number)
            tone = self._colours.tone(self.found.whole(message), self.found.mark(message).word)
            self._tones[number] = tone
        return tone

    @property
    def marked(self) -> tuple[Place, ...]:
        """The frames of the marked messages."""
        return tuple(sorted(order(self.message(number)) for number in self.bookmarks if number >= 0))

    def bookmark(self, places: Iterable[Place]) -> None:
        """Mark the messages of these frames, and no others."""
        found = {} if self.found is None else self.found.places
        self.bookmarks = {found[place] for place in places if place in found}


def order(message: Message) -> Place:
    """Return where a message stands among others: its capture and frame."""
    return message.payload.capture, message.frame
