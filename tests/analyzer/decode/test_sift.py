"""Fast and exact are one: sifted frames fed, and media by columns, give what all frames fed give."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.reader import open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import MediaPacket
from dissectors import dissect
from sample_pcaps import forge, forge_esp

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "sample_pcaps").glob("*/capture.pcapng"))
REAL = sorted((ROOT.parent / "shared" / "captures").glob("*.pcap*"))
RTP = bytes.fromhex("8060002000000001aabbccdd") + b"picture"
START = 1_767_225_600_000_000_000


def exact(path: Path) -> tuple[list[object], list[MediaPacket], dict[str, int]]:
    decoder = Decoder()
    return _sorted(decoder, (found for frame in open_capture(str(path)) for found in decoder.feed(frame)))


def fast(path: Path) -> tuple[list[object], list[MediaPacket], dict[str, int]]:
    decoder = Decoder()

    def found() -> Iterator[object]:
        for block in open_capture(str(path)).blocks():
            odd, media = decoder.sift(block)
            for columns in media:
                yield from (columns.packet(index) for index in range(len(columns)))
            for row in odd:
                yield from decoder.feed(block.frame(row))

    return _sorted(decoder, found())


def _sorted(decoder: Decoder, found: Iterator[object]) -> tuple[list[object], list[MediaPacket], dict[str, int]]:
    """What dissectors take, media by frame, and why the rest gave nothing."""
    items = [*found, *decoder.finish()]
    media = [item for item in items if isinstance(item, MediaPacket)]
    read = [item for item in items if not isinstance(item, MediaPacket) and dissect(item) is not None]  # type: ignore[arg-type]
    return read, sorted(media, key=lambda packet: packet.frame), decoder.facts.counts


def same(path: Path) -> None:
    assert fast(path) == exact(path)


@pytest.mark.parametrize("path", SAMPLES, ids=[path.parent.name for path in SAMPLES])
def test_samples(path: Path) -> None:
    same(path)


@pytest.mark.skipif(not REAL, reason="the folder of real captures is not there")
@pytest.mark.parametrize("path", REAL, ids=[path.name for path in REAL])
def test_real_captures(path: Path) -> None:
    same(path)


def written(folder: Path, packets: list[bytes]) -> Path:
    path = folder / "x.pcapng"
    path.write_bytes(forge.pcapng([(START + index * 10**6, packet) for index, packet in enumerate(packets)]))
    return path


def udp(src: str, dst: str, sport: int, dport: int, payload: bytes) -> bytes:
    return forge.ethernet(src, dst, forge.udp(src, sport, dst, dport, payload))


@given(data=st.data())
def test_changed_headers(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever octets of an ordinary frame say, both ways see the same."""
    ends = data.draw(st.sampled_from([("10.0.0.1", "239.1.2.3"), ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "ff0e::1")]))
    ports = data.draw(
        st.tuples(st.sampled_from([80, 5004, 2152, 5060, 49152]), st.sampled_from([5000, 2269, 2152, 1023]))
    )
    packets = []
    for sequence in range(4):
        packet = bytearray(udp(*ends, *ports, RTP[:2] + sequence.to_bytes(2, "big") + RTP[4:]))
        for at, octet in data.draw(
            st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=3)
        ):
            packet[at] = octet
        packets.append(bytes(packet[: data.draw(st.integers(0, len(packet)))] if data.draw(st.booleans()) else packet))
    same(written(tmp_path_factory.mktemp("sift"), packets))


def test_media_do_not_become_frames(tmp_path: Path) -> None:
    packets = [udp("10.0.0.1", "239.1.2.3", 49152, 5000, RTP)] * 50
    (block,) = open_capture(str(written(tmp_path, packets))).blocks()
    odd, (columns,) = Decoder().sift(block)
    assert len(columns) + len(odd) == 50
    assert len(odd) <= 1  # the last record may end too near the end of the octets to be looked at by columns


def test_a_unicast_stream_is_told_by_its_first_packets(tmp_path: Path) -> None:
    packets = [udp("10.0.0.1", "10.0.0.2", 49152, 5000, RTP[:2] + n.to_bytes(2, "big") + RTP[4:]) for n in range(9)]
    path = written(tmp_path, packets)
    decoder = Decoder()
    (block,) = open_capture(str(path)).blocks()
    assert decoder.sift(block)[1][0].rows.tolist() == []
    for row in range(len(block)):
        list(decoder.feed(block.frame(row)))
    assert len(decoder.sift(block)[1][0]) >= 8
    same(path)


def test_ports_that_the_user_named_are_read_octet_by_octet(tmp_path: Path) -> None:
    path = written(tmp_path, [udp("10.0.0.1", "239.1.2.3", 49152, 5000, RTP)] * 5)
    (block,) = open_capture(str(path)).blocks()
    odd, media = Decoder({"sip": (5000,)}).sift(block)
    assert len(odd) == 5
    assert media == []


def test_esp_and_its_nat_traversal(tmp_path: Path) -> None:
    ends = ("10.0.0.1", "10.0.0.2")
    sip = b"OPTIONS sip:cscf SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n" + bytes(60)
    packets = [
        forge.ethernet(*ends, wrap(forge_esp.Sa(0x80000001), n, forge.udp(ends[0], 5100, ends[1], 6100, sip), *ends))
        for n in range(4)
        for wrap in (forge_esp.transport, forge_esp.traversal)
    ]
    packets.append(udp(*ends, 4500, 4500, b"\xff"))
    path = written(tmp_path, packets)
    assert len(fast(path)[0]) == 8
    same(path)


def test_random_datagrams(tmp_path: Path) -> None:
    chance = random.Random(7)
    packets = [
        udp("10.0.0.1", chance.choice(["239.0.0.9", "10.0.0.9"]), chance.randrange(65536), chance.randrange(65536),
            chance.randbytes(chance.randrange(1, 60)))
        for _ in range(3000)
    ]  # fmt: skip
    same(written(tmp_path, packets))
