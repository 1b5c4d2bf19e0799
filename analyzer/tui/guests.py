"""Media packets: they are in no list of messages, so they are read again when they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.capture.framelist import FrameList
from analyzer.capture.reader import CaptureError, open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.headers import media_info, stream_of
from analyzer.decode.packets import MediaPacket
from analyzer.decode.rtp import RTCP_TYPES
from analyzer.tui.model import Place
from dissectors import Message, Payload, dissect

MAX_BEYOND = 64  # frames after the one wanted: a stream is known for media by its second packet


def read_guest(path: str, place: Place, is_unwanted: Callable[[], bool]) -> Message | None:
    """Return the media packet of a frame, None where it holds none; stops when it is no longer wanted."""
    capture, wanted = place
    decoder = Decoder()
    try:
        for frame in open_capture(path, capture):
            if frame.number > wanted + MAX_BEYOND or is_unwanted():
                return None
            for found in decoder.feed(frame):
                if isinstance(found, MediaPacket) and found.frame == wanted:
                    return _message(found)
    except CaptureError:
        return None
    return None


def alone(frames: FrameList, row: int) -> Message | None:
    """Decode a frame of a list, with those after it as far as they tell whether it is media, and dissect it."""
    decoder = Decoder()
    number = frames.frame(row).number
    for one in (frames.frame(each) for each in range(row, min(row + MAX_BEYOND, frames.count))):
        for item in decoder.feed(one):
            if isinstance(item, MediaPacket) and item.frame == number:
                return _message(item)
            if isinstance(item, Payload) and item.frame == number:
                return dissect(item)
    return None


def _message(packet: MediaPacket) -> Message | None:
    """Dissect a media packet."""
    data = packet.data
    payload = Payload(
        data, "udp", packet.src, 0, packet.dst, packet.dport, packet.capture, packet.frame, packet.time, (packet.frame,)
    )
    return dissect(payload, "rtcp" if data[1] in RTCP_TYPES else "rtp")


def guest_summary(message: Message) -> str:
    """Return a line that tells a person what a media packet is, as the list of all frames has it."""
    payload = message.payload
    return media_info(stream_of(payload.dst, payload.dport, payload.data, message.protocol == "rtcp"), payload.data)
