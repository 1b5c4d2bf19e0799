"""Fast and exact are one: sifted frames fed, and media by columns, give what all frames fed give."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture.reader import open_capture
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import DecodeFacts, MediaPacket
from dissectors import Payload, dissect
from sample_pcaps import forge, forge_esp, forge_tls, forge_tunnels

ROOT = Path(__file__).parents[3]
SAMPLES = sorted((ROOT / "sample_pcaps").glob("*/capture.pcapng"))
REAL = sorted((ROOT.parent / "shared" / "captures").glob("*.pcap*"))
RTP = bytes.fromhex("8060002000000001aabbccdd") + b"picture"
START = 1_767_225_600_000_000_000


Seen = tuple[list[object], list[MediaPacket], DecodeFacts]


def exact(path: Path) -> Seen:
    decoder = Decoder()
    return _sorted(decoder, (found for frame in open_capture(str(path)) for found in decoder.feed(frame)))


def fast(path: Path) -> Seen:
    decoder = Decoder()

    def found() -> Iterator[object]:
        for block in open_capture(str(path)).blocks():
            odd, media, datagrams = decoder.sift(block)
            for columns in media:
                yield from columns.packets(np.arange(len(columns)))
            for item in datagrams.among(block.frames(odd)):
                yield from (item,) if isinstance(item, Payload) else decoder.feed(item)

    return _sorted(decoder, found())


def _sorted(decoder: Decoder, found: Iterator[object]) -> Seen:
    """What dissectors take, media by frame, and why the rest gave nothing."""
    items = [*found, *decoder.finish()]
    media = [item for item in items if isinstance(item, MediaPacket)]
    read = [item for item in items if not isinstance(item, MediaPacket) and dissect(item) is not None]  # type: ignore[arg-type]
    return read, sorted(media, key=lambda packet: packet.frame), decoder.facts


def same(path: Path) -> None:
    one, other = fast(path), exact(path)
    assert one == other
    assert [tuple(item) for item in one[0]] == [tuple(item) for item in other[0]]  # type: ignore[call-overload]  # legs too


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


SESSION = b"\x01\x09\x01\x00"  # PDU session container, as an extension header of GTP-U
EXTENDED = b"\xbe\xde\x00\x01\x10\xff\x00\x00"  # header extension of RTP (RFC 8285)


def gtp_u(packet: bytes, *, sequence: int | None = None, extensions: bytes = b"") -> bytes:
    return forge_tunnels.in_udp(2152, forge_tunnels.gtp(packet, sequence=sequence, extensions=extensions))


WRAPPERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": forge_tunnels.frame,
    "VLAN": lambda packet: forge_tunnels.vlan(packet, (0x8100, 5)),
    "QinQ": lambda packet: forge_tunnels.vlan(packet, (0x88A8, 4), (0x8100, 5)),
    "three tags": lambda packet: forge_tunnels.vlan(packet, (0x88A8, 4), (0x8100, 5), (0x8100, 6)),
    "GTP-U": lambda packet: forge_tunnels.frame(gtp_u(packet)),
    "GTP-U with a number": lambda packet: forge_tunnels.frame(gtp_u(packet, sequence=7)),
    "GTP-U with a session": lambda packet: forge_tunnels.frame(gtp_u(packet, extensions=SESSION)),
    "GTP-U with both": lambda packet: forge_tunnels.frame(gtp_u(packet, sequence=7, extensions=SESSION)),
    "GTP-U in a VLAN": lambda packet: forge_tunnels.vlan(gtp_u(packet), (0x8100, 5)),
    "GTP-U in GTP-U": lambda packet: forge_tunnels.frame(gtp_u(gtp_u(packet))),
}
ENDS = [
    ("10.0.0.1", "239.1.2.3"), ("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "ff0e::1"), ("2001:db8::1", "2001:db8::2"),
    ("8.0.69.1", "239.1.2.3"),  # an IPv4 packet that could be an Ethernet frame
]  # fmt: skip
BODIES = [
    RTP, RTP[:1].replace(b"\x80", b"\x90") + RTP[1:12] + EXTENDED + b"picture", b"\x82" + RTP[1:12] + bytes(8) + b"x",
    b"\x81\xc8\x00\x01" + RTP[8:12] + bytes(20), b"SIP/2.0 200 OK\r\n\r\n", b"OPTIONS sip:a SIP/2.0\r\n\r\n",
    b"\r\n\r\n", b"\r\n\r\nOPTIONS sip:a SIP/2.0\r\n\r\n", b"A b SIP/2.0\r\n", b"A\t\x80\xff SIP/2.0\r\n\r\n",
    b"q\x01\x00\x00\x01\x00\x00\x00\x00", b"\x40" + bytes(range(30)), b"\x01\x00\x01\x01" + bytes(20),
    forge_tls.datagram_record(21, b"\x02\x28"), forge_tls.datagram_record(23, bytes(30), epoch=1),
]  # fmt: skip


def changed(data: st.DataObject, packet: bytes) -> bytes:
    """Set octets to anything, and cut."""
    octets = bytearray(packet)
    for at, octet in data.draw(st.lists(st.tuples(st.integers(0, len(packet) - 1), st.integers(0, 255)), max_size=3)):
        octets[at] = octet
    return bytes(octets[: data.draw(st.integers(0, len(octets)))] if data.draw(st.booleans()) else octets)


@given(data=st.data())
def test_changed_headers(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever octets of an ordinary frame say, both ways see the same."""
    (src, dst), wrap = data.draw(st.sampled_from(ENDS)), WRAPPERS[data.draw(st.sampled_from(sorted(WRAPPERS)))]
    sport, dport = data.draw(
        st.tuples(st.sampled_from([80, 5004, 2152, 5060, 49152]), st.sampled_from([5000, 2269, 2152, 1023]))
    )
    packets = []
    for sequence in range(4):
        body = data.draw(st.sampled_from(BODIES))
        numbered = body[:2] + sequence.to_bytes(2, "big") + body[4:] if body[0] >> 6 == 2 else body
        packets.append(changed(data, wrap(forge.udp(src, sport, dst, dport, numbered))))
    same(written(tmp_path_factory.mktemp("sift"), [*packets, bytes(200)]))


HTTP = b"POST /x HTTP/1.1\r\nContent-Length: 40\r\n\r\n" + bytes(40)
ACK, FIN_ACK, SYN, SYN_ACK, RST, PUSH = 0x10, 0x11, 0x02, 0x12, 0x04, 0x18


@given(data=st.data())
def test_tcp(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Segments without octets say nothing only where they neither begin nor end anything, whatever lies around them."""
    ends, wrap = data.draw(st.sampled_from(ENDS[1:4:2])), WRAPPERS[data.draw(st.sampled_from(sorted(WRAPPERS)))]
    packets, numbers = [], {True: 1000, False: 5000}
    for _ in range(data.draw(st.integers(1, 14))):
        up = data.draw(st.booleans())
        flags = data.draw(st.sampled_from([ACK, ACK, ACK, PUSH, PUSH, SYN, SYN_ACK, FIN_ACK, RST]))
        payload = HTTP[data.draw(st.integers(0, 20)) :] if flags == PUSH else b""
        (src, sport), (dst, dport) = ((ends[0], 4000), (ends[1], 80))[:: 1 if up else -1]
        packet = forge.tcp(src, sport, dst, dport, seq=numbers[up], ack=numbers[not up], flags=flags, payload=payload)
        numbers[up] += len(payload) + (1 if flags & 3 else 0)
        frame = wrap(packet)
        packets.append(changed(data, frame) if data.draw(st.integers(0, 4)) == 0 else frame)
    same(written(tmp_path_factory.mktemp("sift"), [*packets, bytes(200)]))


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS.keys() - {"three tags", "GTP-U in GTP-U"}))
@pytest.mark.parametrize(("src", "dst"), ENDS[:4])
def test_what_is_told_by_columns(tmp_path: Path, wrapper: str, src: str, dst: str) -> None:
    """Media, what nobody reads, and segments that say nothing, in VLANs and GTP-U too."""
    multicast = dst in ("239.1.2.3", "ff0e::1")
    media = [BODIES[0], BODIES[1], BODIES[2]] if multicast else []
    unread = [forge.udp(src, 49152, dst, 5000, body) for body in BODIES[10:12]]
    quiet = forge.tcp(src, 80, dst, 4000, seq=1, ack=1, flags=ACK)
    packets = [*(forge.udp(src, 49152, dst, 5000, body) for body in media), *unread, quiet]
    path = written(tmp_path, [*map(WRAPPERS[wrapper], packets), bytes(200)])
    (block,) = open_capture(str(path)).blocks()
    odd, columns, _ = Decoder().sift(block)
    assert odd.tolist() == [len(packets)]
    assert sum(map(len, columns)) == len(media)
    same(path)


@pytest.mark.parametrize("wrapper", sorted(WRAPPERS.keys() - {"three tags", "GTP-U in GTP-U"}))
@pytest.mark.parametrize(("src", "dst"), ENDS[:4])
def test_signalling_does_not_become_frames(tmp_path: Path, wrapper: str, src: str, dst: str) -> None:
    """SIP, and whatever MIKEY's port carries, stand between what is read octet by octet, with their legs."""
    fragment = bytes.fromhex("45000024000120000011000001020304050607080000000000000000") + bytes(80)
    datagrams = [(49152, 5060, BODIES[4]), (2269, 49152, RTP), (49152, 5000, BODIES[5])]
    packets = []
    for sport, dport, body in datagrams:
        packets += [WRAPPERS[wrapper](forge.udp(src, sport, dst, dport, body)), forge_tunnels.frame(fragment)]
    path = written(tmp_path, [*packets, bytes(200)])
    (block,) = open_capture(str(path)).blocks()
    odd, _, found = Decoder().sift(block)
    assert found.rows.tolist() == [0, 2, 4]
    assert [item.frame if isinstance(item, Payload) else item.number for item in found.among(block.frames(odd))] == [
        1, 2, 3, 4, 5, 6, 7,
    ]  # fmt: skip
    assert [bool(item.leg.tunnels) for item in found.payloads()] == [wrapper.startswith("GTP-U")] * 3
    same(path)


def test_media_do_not_become_frames(tmp_path: Path) -> None:
    packets = [udp("10.0.0.1", "239.1.2.3", 49152, 5000, RTP)] * 50
    (block,) = open_capture(str(written(tmp_path, packets))).blocks()
    odd, (columns,), _ = Decoder().sift(block)
    assert len(columns) + len(odd) == 50
    assert len(odd) <= 1  # the last record may end too near the end of the octets to be looked at by columns


def test_streams_are_told_apart_and_keep_their_order(tmp_path: Path) -> None:
    chance = random.Random(3)
    sent = [
        (chance.choice(["10.0.0.1", "10.0.0.2"]), chance.choice(["239.1.2.3", "239.1.2.4"]), chance.choice([5000, 5002]),
         chance.choice([b"ssrc", b"ssr1"]), number)
        for number in range(200)
    ]  # fmt: skip
    packets = [
        udp(src, dst, 49152, port, RTP[:2] + number.to_bytes(2, "big") + bytes(4) + ssrc + b"picture")
        for src, dst, port, ssrc, number in sent
    ]
    (block,) = open_capture(str(written(tmp_path, [*packets, bytes(200)]))).blocks()
    (columns,) = Decoder().sift(block)[1]
    for by_source, begin in ((False, 1), (True, 0)):
        apart: dict[object, list[int]] = {}
        for place, stream in enumerate(sent):
            apart.setdefault(stream[begin:4], []).append(place)
        assert [own.tolist() for own in columns.streams(by_source=by_source)] == list(apart.values())


def test_a_unicast_stream_is_told_by_its_first_packets(tmp_path: Path) -> None:
    packets = [udp("10.0.0.1", "10.0.0.2", 49152, 5000, RTP[:2] + n.to_bytes(2, "big") + RTP[4:]) for n in range(9)]
    path = written(tmp_path, packets)
    decoder = Decoder()
    (block,) = open_capture(str(path)).blocks()
    assert decoder.sift(block)[1][0].rows.tolist() == []
    for frame in block.frames(slice(None)):
        list(decoder.feed(frame))
    assert len(decoder.sift(block)[1][0]) >= 8
    same(path)


def test_ports_that_the_user_named_are_read_octet_by_octet(tmp_path: Path) -> None:
    path = written(tmp_path, [udp("10.0.0.1", "239.1.2.3", 49152, 5000, RTP)] * 5)
    (block,) = open_capture(str(path)).blocks()
    odd, media, datagrams = Decoder({"sip": (5000,)}).sift(block)
    assert len(odd) == 5
    assert media == []
    assert not len(datagrams)


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


def test_dtls_is_read_but_for_its_application_data(tmp_path: Path) -> None:
    """RFC 7983: its first octets are 20 to 63, those of RTP 128 to 191; the one is never taken for the other."""
    records = [forge_tls.datagram_record(kind, b"\x02\x28") for kind in (20, 21, 22, 23)]
    packets = [udp("10.0.0.1", "239.1.2.3", 49152, 5000, body) for body in (*records, RTP)]
    path = written(tmp_path, [*packets, bytes(200)])
    (block,) = open_capture(str(path)).blocks()
    odd, (columns,), datagrams = Decoder().sift(block)
    assert odd.tolist() == [5]
    assert datagrams.rows.tolist() == [0, 1, 2]
    assert columns.rows.tolist() == [4]
    same(path)


def test_of_encrypted_records_those_of_a_handshake_are_read(tmp_path: Path) -> None:
    """RFC 9146: the first record of an epoch is Finished; RFC 9147 6.1: epoch 2 is that of the handshake."""
    sealed = bytes(range(0xA0, 0xC0))
    bodies = [
        forge_tls.connection_record(sealed, b"\xc1\xd2", number=0), forge_tls.connection_record(sealed, b"\xc1\xd2", number=1),
        forge_tls.ciphertext(sealed, epoch=2), forge_tls.ciphertext(sealed, epoch=3),
        forge_tls.ciphertext(sealed, epoch=2, connection_id=b"\xc1\xd2", number=1),
        forge_tls.ciphertext(sealed, epoch=2, number=1)[:-1],
        forge_tls.datagram_record(26, b"\0\x10" + bytes(16)),
    ]  # fmt: skip
    path = written(tmp_path, [udp("10.0.0.1", "10.0.0.2", 49152, 5000, body) for body in bodies] + [bytes(200)])
    (block,) = open_capture(str(path)).blocks()
    odd, _, datagrams = Decoder().sift(block)
    assert odd.tolist() == [7]
    assert datagrams.rows.tolist() == [0, 2, 4, 6]
    same(path)
