"""A frame as a line of the list of all frames, and what is in it: told by its headers and by the message it is of."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.capture.frame import Frame
from analyzer.capture.framelist import FrameList
from analyzer.decode.headers import Headers, read_headers
from analyzer.tui.cells import Cell, Mark, Row
from analyzer.tui.columns import field_text
from analyzer.tui.guests import alone
from analyzer.tui.model import Index, Place
from analyzer.tui.signs import Signs
from analyzer.views.layers import Layer
from dissectors import Message, Payload

FRAME = "frame"


def message_of(found: Index | None, place: Place | None) -> Message | None:
    """Return the message that a frame is part of, None where there is none or nothing is known yet."""
    at = None if found is None or place is None else found.places.get(place)
    return None if found is None or at is None else found.messages[at]


def frame_row(
    found: Index | None, frame: Frame, number: str, time: str, names: Sequence[str], signs: Signs
) -> Row:  # fmt: skip
    """Return a frame as a line: its sign, then a cell for each column of `names`.

    `number` and `time` are the frame's as they are shown, `found` is None where the case is not analysed yet.
    """
    place = (frame.capture, frame.number)
    message, headers = message_of(found, place), read_headers(frame)
    protocol, info = _words(found, message, headers, place)
    mark = Mark.NONE if found is None else found.marks.get(place, Mark.NONE)
    completed = message if message is not None and message.frame == frame.number else None
    at = None if found is None or completed is None else found.places[place]
    tone = "dim" if message is None and headers.stream is not None else "" if at is None else signs.tone(at)
    cells = [Cell(f"{mark.sign}{'' if at is None else signs.sign(at)}", mark.tone)]
    for name in names:
        match name:
            case "No.":
                cells.append(Cell(number, tone))
            case "Time":
                cells.append(Cell(time, "dim"))
            case "Source":
                cells.append(Cell(headers.source, tone))
            case "Destination":
                cells.append(Cell(headers.destination, tone))
            case "Proto":
                cells.append(Cell(protocol, tone))
            case "Len":
                cells.append(Cell(str(frame.length), tone))
            case "Info":
                cells.append(Cell(info, tone))
            case _ if found is not None and completed is not None:
                cells.append(Cell(field_text(found, completed, name)))
            case _:
                cells.append(Cell(""))
    return Row(tuple(cells), mark)


def _words(found: Index | None, message: Message | None, headers: Headers, place: Place) -> tuple[str, str]:
    """Return the protocol of a frame, and what it is in words."""
    if found is None:
        return headers.protocol, headers.info
    if message is not None:
        told = found.hider.told(found.summary(message))
        if message.frame != place[1]:
            return headers.protocol, f"[part of {message.protocol.upper()} in frame {message.frame}] {told}"
        return message.protocol.upper(), told
    if headers.stream is not None:
        stream = found.analysis.media.streams.get(headers.stream)
        if stream is None:
            return "UDP", headers.datagram
        return found.secured.get(headers.stream, headers.protocol), headers.info
    return headers.protocol, found.hider.told(headers.info)


def look_into(found: Index | None, frames: FrameList, row: int) -> tuple[Message, Layer]:
    """Return what is in a frame of a list: its message, or what its octets alone give, and its headers."""
    frame = frames.frame(row)
    headers = read_headers(frame)
    payload = Payload(
        frame.data, "", headers.source, 0, headers.destination, 0, frame.capture, frame.number, frame.time,
        (frame.number,),
    )  # fmt: skip
    bare = Message(FRAME, payload, None)
    message = message_of(found, (frame.capture, frame.number)) or alone(frames, row)
    return message or bare, Layer(FRAME.upper(), bare, tuple(headers.fields), headers.body)
