"""Objects of FLUTE by hand: pieces in any order, repeats, what lies, what is told of them, and limits."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import objects
from analyzer.decode.objects import Objects
from analyzer.decode.packets import DecodeFacts
from dissectors import Message, Payload
from dissectors.fdt import Fdt
from dissectors.flute import Flute, Transmission

MIKEY = bytes.fromhex(
    "010005000badcafe00011502000000010103000f000332f451010400010002020200050001001447322eb979a961045546feb4da755ac7f9a7"
    "ed5801c896c322992e17585ece95d10536cd2a1a0c0fff"
)
SDP = b"v=0\r\ns=news\r\n" + b"a=note:1234567890\r\n" * 40
Piece = tuple[int, int, bytes]  # block, symbol, octets


def fdt(*files: str) -> bytes:
    return f'<FDT-Instance Expires="3900000000">{"".join(files)}</FDT-Instance>'.encode()


def file(toi: int, kind: str, more: str = "") -> str:
    return f'<File TOI="{toi}" Content-Location="x" Content-Type="{kind}" {more}/>'


def cut(data: bytes, size: int, longest: int) -> list[Piece]:
    """Cut octets as RFC 5052 9.1 has it, written from its text: the larger blocks first."""
    symbols = [data[at : at + size] for at in range(0, len(data), size)]
    total = len(symbols)
    blocks = -(-total // longest)
    pieces: list[Piece] = []
    for block in range(blocks):
        count = total // blocks + (block < total % blocks)
        pieces += [(block, symbol, octets) for symbol, octets in enumerate(symbols[:count])]
        symbols = symbols[count:]
    return pieces


class Sender:
    """Hands packets to what is tested; a second each."""

    def __init__(self) -> None:
        self.facts = DecodeFacts()
        self.objects = Objects(self.facts)
        self.frame = 0

    def send(
        self, toi: int, pieces: Iterable[Piece], said: Transmission | None = None, *, instance: int | None = None,
        encoding: int | None = None, codepoint: int = 0, tsi: int = 1, source: str = "10.4.0.1",
    ) -> list[Message]:  # fmt: skip
        found: list[Message] = []
        for block, symbol, octets in pieces:
            self.frame += 1
            payload = Payload(octets, "udp", source, 9, "239.1.2.4", 5000, 0, self.frame, self.frame * 10**9)
            version = None if instance is None else (1, instance)
            body = Flute(tsi, toi, codepoint, False, False, version, encoding, said, block, symbol, octets)
            found += self.objects.add(payload, body)
        return found

    def describe(self, *files: str, instance: int = 1) -> list[Message]:
        data = fdt(*files)
        return self.send(0, [(0, 0, data)], Transmission(len(data), 1400, 64), instance=instance)


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.mark.parametrize(("size", "longest"), [(len(SDP), 1), (100, 64), (100, 3), (7, 5), (1, 1000)])
def test_pieces_in_any_order_become_the_object(sender: Sender, size: int, longest: int) -> None:
    sender.describe(file(1, "application/sdp"))
    pieces = cut(SDP, size, longest)
    (message,) = sender.send(1, reversed(pieces), Transmission(len(SDP), size, longest))
    assert (message.protocol, message.payload.data, message.error) == ("sdp", SDP, None)
    assert message.payload.frames == tuple(range(2, 2 + len(pieces)))
    assert (message.frame, message.payload.named, message.payload.ident) == (1 + len(pieces), "flute", 1)
    assert sender.facts.counts == {}


def test_several_symbols_in_a_packet(sender: Sender) -> None:
    sender.describe(file(1, "application/sdp"))
    assert len(SDP) == 773
    pieces = [(0, 0, SDP[:300]), (0, 3, SDP[300:700]), (0, 7, SDP[700:])]
    (message,) = sender.send(1, pieces, Transmission(len(SDP), 100, 64))
    assert message.payload.data == SDP


def test_repeats_are_counted_and_change_nothing(sender: Sender) -> None:
    sender.describe(file(1, "application/sdp"))
    pieces = cut(SDP, 100, 64)
    said = Transmission(len(SDP), 100, 64)
    assert len(sender.send(1, [pieces[0], *pieces], said)) == 1
    assert sender.send(1, pieces, said) == []
    assert sender.facts.counts == {objects.AGAIN: 1 + len(pieces)}


def test_another_object_under_the_same_toi_is_one(sender: Sender) -> None:
    sender.describe(file(1, "application/sdp"))
    other = SDP.replace(b"news", b"more")
    said = Transmission(len(SDP), 1400, 64)
    found = [sender.send(1, [(0, 0, data)], said) for data in (SDP, other, other, SDP)]
    assert [[message.payload.data for message in each] for each in found] == [[SDP], [other], [], []]


def test_a_missing_piece_is_told(sender: Sender) -> None:
    sender.describe(file(1, "application/sdp"))
    assert sender.send(1, cut(SDP, 100, 64)[1:], Transmission(len(SDP), 100, 64)) == []
    sender.objects.finish()
    assert sender.facts.counts == {objects.INCOMPLETE: 1}


def test_an_fdt_after_its_objects(sender: Sender) -> None:
    assert sender.send(1, cut(SDP, 100, 64), Transmission(len(SDP), 100, 64)) == []
    later, message = sender.describe(file(1, "application/sdp"))
    assert isinstance(later.body, Fdt)
    assert (message.protocol, message.payload.data) == ("sdp", SDP)
    sender.objects.finish()
    assert sender.facts.counts == {}


def test_an_fdt_tells_how_objects_are_cut(sender: Sender) -> None:
    more = f'Transfer-Length="{len(SDP)}" FEC-OTI-Encoding-Symbol-Length="100" FEC-OTI-Maximum-Source-Block-Length="3"'
    pieces = cut(SDP, 100, 3)
    assert sender.send(1, pieces[:4]) == []
    sender.describe(file(1, "application/sdp", more))
    (message,) = sender.send(1, pieces[4:])
    assert message.payload.data == SDP
    assert sender.send(2, [(0, 0, SDP)]) == []
    _, other = sender.describe(file(2, "application/sdp", f'Content-Length="{len(SDP)}"'), instance=2)
    assert other.payload.data == SDP


@pytest.mark.parametrize("kind", ["", "application/mikey", "application/octet-stream"])
def test_key_messages_need_no_description(sender: Sender, kind: str) -> None:
    if kind:
        sender.describe(file(1, kind))
    (message,) = sender.send(1, [(0, 0, MIKEY)])
    assert (message.protocol, message.payload.data, message.error) == ("mikey", MIKEY, None)


def test_content_is_left(sender: Sender) -> None:
    sender.describe(file(1, "video/mp4"), file(3, "application/xml"))
    assert sender.send(1, [(0, 0, b"picture")], Transmission(7, 1400, 64)) == []
    assert sender.send(2, [(0, 0, b"picture")], Transmission(7, 1400, 64)) == []
    assert sender.send(3, [(0, 0, b"<of-others/>")], Transmission(12, 1400, 64)) == []
    sender.objects.finish()
    assert sender.facts.counts == {objects.OTHERS: 2, objects.UNNAMED: 1}


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_objects_that_are_coded(sender: Sender, coding: str) -> None:
    packed = gzip.compress(SDP) if coding == "gzip" else zlib.compress(SDP)
    sender.describe(file(1, "application/sdp", f'Content-Encoding="{coding}"'))
    (message,) = sender.send(1, [(0, 0, packed)], Transmission(len(packed), 1400, 64))
    assert message.payload.data == SDP
    assert sender.send(1, [(0, 0, b"not so")], Transmission(6, 1400, 64)) == []
    assert sender.facts.counts == {objects.UNCODED: 1}


@pytest.mark.parametrize(("encoding", "pack"), [(3, gzip.compress), (1, zlib.compress), (0, bytes), (None, bytes)])
def test_an_fdt_that_is_coded(sender: Sender, encoding: int | None, pack: type[bytes]) -> None:
    data = pack(fdt(file(1, "application/sdp")))
    (message,) = sender.send(
        0, [(0, 0, data)], Transmission(len(data), 1400, 64), instance=5, encoding=encoding
    )  # fmt: skip
    assert isinstance(message.body, Fdt)


def test_instances_of_an_fdt_and_sessions_are_told_apart(sender: Sender) -> None:
    whole = fdt(file(1, "application/sdp"))
    said = Transmission(len(whole), 10, 64)
    pieces = cut(whole, 10, 64)
    other = [(block, symbol, b"x" * len(octets)) for block, symbol, octets in pieces]
    assert sender.send(0, pieces[:3], said, instance=1) == []
    assert sender.send(0, other[3:], said, instance=2) == []
    assert sender.send(0, other[3:], said, instance=1, tsi=2) == []
    assert sender.send(0, other[3:], said, instance=1, source="10.4.0.9") == []
    (message,) = sender.send(0, pieces[3:], said, instance=1)
    assert message.payload.data == whole


def test_other_schemes_are_named_and_counted(sender: Sender) -> None:
    assert sender.send(1, [(0, 0, SDP)] * 2, Transmission(len(SDP), 100, 64), codepoint=1) == []
    assert sender.facts.counts == {"FLUTE packets with FEC encoding Raptor": 2}


@pytest.mark.parametrize(
    "piece", [(0, 8, b"x" * 73), (1, 0, b"x" * 100), (0, 0, b"x" * 99), (0, 7, b"x" * 72), (0, 7, b"x" * 101)]
)  # fmt: skip
def test_pieces_that_lie(sender: Sender, piece: Piece) -> None:
    sender.describe(file(1, "application/sdp"))
    pieces = cut(SDP, 100, 64)
    (message,) = sender.send(1, [piece, *pieces], Transmission(len(SDP), 100, 64))
    assert message.payload.data == SDP
    assert sender.facts.counts == {objects.ASTRAY: 1}


def test_large_objects_are_not_held(sender: Sender) -> None:
    said = Transmission(objects.MAX_OBJECT + 1, 1000, 64)
    assert sender.send(1, [(0, n, bytes(1000)) for n in range(20)], said) == []
    assert sender.objects._held < 10_000
    sender.objects.finish()
    assert sender.facts.counts == {objects.LARGE: 1}


def test_what_is_held_has_a_limit(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MAX_HELD", 100_000)
    for toi in range(1, 200):
        sender.send(toi, [(0, 1, bytes(10))], Transmission(5000, 10, 1000))
        assert sender.objects._held <= 100_000
    assert len(sender.objects._objects) < 30
    sender.objects.finish()
    assert sender.facts.counts == {objects.INCOMPLETE: 199}


def test_packets_of_which_nothing_is_known_have_a_limit(sender: Sender) -> None:
    sender.send(1, [(0, n, bytes(1400)) for n in range(10 * objects.MAX_EARLY)])
    assert sender.objects._held < 2 * objects.COSTS
    sender.objects.finish()
    assert sender.facts.counts == {objects.INCOMPLETE: 1}


def test_what_is_read_has_a_limit(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MAX_OBJECTS", 3)
    found = [sender.send(toi, [(0, 0, MIKEY)]) for toi in range(1, 6)]
    assert [len(each) for each in found] == [1, 1, 1, 0, 0]
    assert sender.facts.counts == {objects.BEYOND: 2}


def test_sessions_have_a_limit(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MAX_SESSIONS", 2)
    data = fdt(file(1, "application/sdp"))
    for tsi in range(5):
        sender.send(0, [(0, 0, data)], Transmission(len(data), 1400, 64), instance=1, tsi=tsi)
    assert len(sender.objects._files) == 2


@settings(max_examples=80, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.integers(1, 60), st.integers(1, 20), st.randoms(use_true_random=False))
def test_whatever_the_cut_and_the_order(data: bytes, size: int, longest: int, chance: object) -> None:
    sender = Sender()
    sender.describe(file(1, "application/sdp"))
    pieces = cut(data, size, longest)
    mixed = [*pieces, *pieces[: len(pieces) // 2]]
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    (message,) = sender.send(1, mixed, Transmission(len(data), size, longest))
    assert message.payload.data == data


NUMBERS = st.sampled_from((0, 1, 2, 3, 100, 1 << 14, 1 << 18, (1 << 18) + 1, (1 << 32) - 1, (1 << 48) - 1))
CUTS = st.none() | st.builds(Transmission, NUMBERS, NUMBERS, NUMBERS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), NUMBERS, NUMBERS, st.binary(max_size=40), CUTS, st.none() | st.integers(0, 4)),
        max_size=25,
    )
)
def test_no_packets_raise_or_fill_memory(packets: list[tuple[int, int, int, bytes, Transmission | None, int]]) -> None:
    sender = Sender()
    for toi, block, symbol, octets, said, encoding in packets:
        sender.send(toi, [(block, symbol, octets)], said, instance=None if toi else block % 3, encoding=encoding)
        assert sender.objects._held == sum(held.costs for held in sender.objects._objects.values())
        assert sender.objects._held <= objects.MAX_HELD
    sender.objects.finish()


def test_an_fdt_in_a_dcf(sender: Sender) -> None:
    inside = fdt(file(1, "application/sdp"))

    def box(kind: bytes, *parts: bytes) -> bytes:
        return struct.pack("!I4s", 8 + len(b"".join(parts)), kind) + b"".join(parts)

    common = box(b"ohdr", bytes(4), struct.pack("!BBQHHH", 0, 0, len(inside), 0, 0, 0))
    head = box(b"odhe", bytes(4), b"\x13application/fdt+xml", common)
    data = box(b"ftyp", b"odcf", struct.pack("!I", 2)) + box(
        b"odrm", bytes(4), head, box(b"odda", bytes(4), struct.pack("!Q", len(inside)), inside)
    )
    (message,) = sender.send(0, [(0, 0, data)], Transmission(len(data), 1400, 64), instance=1)
    assert [part.protocol for part in message.walk()] == ["dcf", "fdt"]
    (other,) = sender.send(1, [(0, 0, SDP)], Transmission(len(SDP), 1400, 64))
    assert other.protocol == "sdp"
