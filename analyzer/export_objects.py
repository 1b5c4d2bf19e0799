"""Pieces of DCFs in the clear, octet for octet where they were: lengths on the way stay as FLUTE says them."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.analysis import Analysis
from analyzer.keys.chain import Unpacked
from dissectors import Message
from dissectors.dcf import HEADER, Dcf
from dissectors.flute import Flute

Place = tuple[int, int]  # capture and frame
Clear = tuple[bytes, bytes, str]  # octets of a datagram, those to stand in their place, what was done
Session = tuple[str, str, int, int, int]  # source, destination, its port, TSI, TOI

BEFORE_DATA = HEADER + 4 + 8  # octets of a box of contents before them: header, version and flags, length


def pieces(analysis: Analysis) -> Mapping[Place, list[Clear]]:
    """Return by frame the packets of FLUTE that carry what was decrypted; of a carousel, all that come again too."""
    story = analysis.story
    made = [(one, clear) for one in story.chain.unpacked.values() if (clear := in_the_clear(one)) is not None]
    carried: dict[Place, list[tuple[Unpacked, bytes]]] = {}
    for one, clear in made:
        for frame in one.message.payload.frames:
            carried.setdefault((one.message.payload.capture, frame), []).append((one, clear))
    packets = [m for m in analysis.messages if isinstance(m.body, Flute) and m.body.payload] if made else []
    objects: dict[Session, dict[int, tuple[Unpacked, bytes]]] = {}
    for packet in packets:
        for one, clear in carried.get((packet.payload.capture, packet.frame), ()):
            if packet.payload.dst == one.message.payload.dst and _at(one, packet) >= 0:
                objects.setdefault(_session(packet), {})[id(one)] = one, clear
    found: dict[Place, list[Clear]] = {}
    for packet in packets:
        for one, clear in objects.get(_session(packet), {}).values():
            at = _at(one, packet)
            if at >= 0 and isinstance(packet.body, Flute):
                data, size = packet.payload.data, len(packet.body.payload)
                after = data[: packet.body.start] + clear[at : at + size] + data[packet.body.start + size :]
                if after != data:
                    found.setdefault((packet.payload.capture, packet.frame), []).append((data, after, _told(one)))
                break
    return found


def _session(packet: Message) -> Session:
    body, at = packet.body, packet.payload
    return at.src, at.dst, at.dport, getattr(body, "tsi", 0), getattr(body, "toi", 0)


def _at(one: Unpacked, packet: Message) -> int:
    """Return where in a DCF the piece in a packet stands; -1 where it stands nowhere, or in several places."""
    whole, piece = one.message.payload.data, getattr(packet.body, "payload", b"")
    at = whole.find(piece)
    return at if at < 0 or whole.find(piece, at + 1) < 0 else -1


def in_the_clear(one: Unpacked) -> bytes | None:
    """Return a DCF of the same length with its contents in the clear; None where nothing of it was decrypted.

    A box `free` takes the octets that IV and padding had, and the signature, which fits no longer, is of method NULL.
    """
    body, data = one.message.body, bytearray(one.message.payload.data)
    changed = False
    for content, plain in zip(body.contents, one.plains, strict=False) if isinstance(body, Dcf) else ():
        box = content.start - BEFORE_DATA
        left = len(content.data) - len(plain or b"")
        if not content.encryption or plain is None or data[box + 4 : box + HEADER] != b"odda" or left < HEADER:
            continue
        size = BEFORE_DATA + len(plain)
        end = content.start + len(plain)
        data[box : box + 4] = size.to_bytes(4, "big")
        data[content.start - 8 : content.start] = len(plain).to_bytes(8, "big")
        data[content.start : end] = plain
        data[end : end + left] = left.to_bytes(4, "big") + b"free" + bytes(left - HEADER)
        data[content.method : content.method + 2] = bytes(2)
        changed = True
    if not changed:
        return None
    if isinstance(body, Dcf) and body.signature is not None:
        size = len(body.signature.value)
        data[body.signature.end - size - 1 : body.signature.end] = bytes(size + 1)
    return bytes(data)


def _told(one: Unpacked) -> str:
    key = one.key
    ids = "" if key is None else f"MSK {(key.msk_id or b'').hex()}, MTK {(key.mtk_id or b'').hex()}"
    name = "" if key is None else f" with the key {key.fingerprint} ({ids})"
    return f"piece of a DCF decrypted{name}; signature {'verified, and ' if one.ok else ''}taken out"
