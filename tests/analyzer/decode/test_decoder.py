import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.capture.reader import open_capture
from analyzer.decode import decoder as decoding
from analyzer.decode.decoder import Decoder
from analyzer.decode.packets import IcmpError, MediaPacket
from analyzer.decode.sctp import INCOMPLETE
from analyzer.decode.stream import MISSING
from analyzer.decode.tunnels import KEEPALIVE, SIGNALLING
from dissectors import Payload, dissect
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import ethernet, ip_packet, tcp, udp

CAPTURES = Path(__file__).parents[4] / "shared" / "captures"
needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the real captures are not beside the project")

UE, SERVER = "10.0.0.1", "10.0.0.2"
MIKEY = b"\x01\x00 not for the decoder to know"
RTP = struct.pack("!BBHII", 0x80, 96, 1, 0, 7) + b"media"


def frame(data: bytes, number: int = 1, link_type: int = linktypes.RAW, time: int = 5) -> Frame:
    return Frame(0, number, time, link_type, data, len(data))


def run(*packets: bytes, made: Decoder | None = None) -> list[Payload | MediaPacket]:
    made = made or Decoder()
    found = [item for number, packet in enumerate(packets, 1) for item in made.feed(frame(packet, number))]
    return found + list(made.finish())


def tunnelled(port: int, octets: bytes) -> bytes:
    return udp("192.0.2.1", 49152, "192.0.2.2", port, octets)


def test_a_datagram() -> None:
    assert run(udp(UE, 1000, SERVER, 2269, MIKEY)) == [
        Payload(MIKEY, "udp", UE, 1000, SERVER, 2269, 0, 1, 5, (1,)),
    ]


def test_nothing_gives_nothing() -> None:
    assert run() == []


def test_a_message_of_a_tcp_stream() -> None:
    (found,) = run(tcp(UE, 1000, SERVER, 80, seq=1, ack=0, flags=16, payload=b"GET / HTTP/1.1\r\n\r\n"))
    assert isinstance(found, Payload)
    assert (found.transport, found.data) == ("tcp", b"GET / HTTP/1.1\r\n\r\n")


def test_a_datagram_in_fragments_names_all_its_frames() -> None:
    body = udp(UE, 1000, SERVER, 2269, bytes(64))[20:]
    parts = [bytearray(ip_packet(UE, SERVER, 17, body[at : at + 40])) for at in (0, 40)]
    parts[0][4:8], parts[1][4:8] = struct.pack("!HH", 9, 0x2000), struct.pack("!HH", 9, 5)
    (found,) = run(bytes(parts[1]), bytes(parts[0]))
    assert isinstance(found, Payload)
    assert (found.data, found.frame, found.frames) == (bytes(64), 2, (1, 2))


def test_media_to_a_group_and_never_on_the_port_of_mikey() -> None:
    (found,) = run(udp(SERVER, 5000, "239.1.1.1", 5000, RTP))
    assert found == MediaPacket(0, 1, 5, SERVER, "239.1.1.1", 5000, RTP)
    assert isinstance(run(udp(SERVER, 5000, "239.1.1.1", 2269, RTP))[0], Payload)
    named = Decoder(ports={"mikey": [5000]})
    assert isinstance(run(udp(SERVER, 5000, "239.1.1.1", 5000, RTP), made=named)[0], Payload)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda inner: ip_packet(UE, SERVER, 4, inner),
        lambda inner: forge.in_udp(2152, forge.gtp(inner)),
        lambda inner: forge.gre(0x0800, inner),
        lambda inner: forge.in_udp(4789, forge.vxlan(forge.frame(inner))),
        lambda inner: forge.in_udp(6081, forge.geneve(0x6558, forge.frame(inner))),
        lambda inner: forge.in_udp(1701, forge.l2tp2(inner)),
    ],
)
def test_tunnels_are_opened_up_to_a_depth(wrap) -> None:  # type: ignore[no-untyped-def]
    data = udp("10.45.0.2", 1000, SERVER, 2269, MIKEY)
    for _ in range(decoding.MAX_TUNNELS):
        data = wrap(data)
        (found,) = run(data)
        assert isinstance(found, Payload)
        assert (found.src, found.data) == ("10.45.0.2", MIKEY)
    made = Decoder()
    assert run(wrap(data), made=made) == []
    assert made.facts.counts == {decoding.TOO_DEEP: 1}


@pytest.mark.parametrize(
    ("data", "link_type", "reason"),
    [
        (ip_packet(UE, SERVER, 1, bytes(8)), linktypes.RAW, "ICMP"),
        (ip_packet(UE, SERVER, 58, bytes(8)), linktypes.RAW, "IP protocol 58"),
        (ip_packet(UE, SERVER, 47, bytes(4)), linktypes.RAW, KEEPALIVE),
        (tunnelled(2152, b"\x32\x01\x00\x04" + bytes(8)), linktypes.RAW, SIGNALLING),
        (ip_packet(UE, SERVER, 253, b""), linktypes.RAW, "IP protocol 253"),
        (udp(UE, 1, SERVER, 2, b""), linktypes.RAW, decoding.NO_OCTETS),
        (bytes(12) + b"\x08\x06", linktypes.EN10MB, "arp"),
        (b"", 189, "link type USB_LINUX, which `--engine tshark` may read"),
    ],
)
def test_what_gives_nothing_is_counted(data: bytes, link_type: int, reason: str) -> None:
    made = Decoder()
    assert list(made.feed(frame(data, link_type=link_type))) == []
    assert made.facts.counts == {reason: 1}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "ip.version"),
        (ip_packet(UE, SERVER, 17, bytes(7)), "udp.length"),
        (ip_packet(UE, SERVER, 17, struct.pack("!HHHH", 1, 2, 7, 0)), "udp.length"),
        (ip_packet(UE, SERVER, 17, struct.pack("!HHHH", 1, 2, 9, 0)), "udp.length"),
        (ip_packet(UE, SERVER, 6, bytes(10)), "tcp.hdr_len"),
    ],
)
def test_what_is_broken_is_told_and_hides_no_neighbour(data: bytes, field: str) -> None:
    made = Decoder()
    good = udp(UE, 1000, SERVER, 2269, MIKEY)
    assert len(run(good, data, good, made=made)) == 2
    (problem,) = made.facts.problems
    assert (problem.frame, problem.field) == (2, field)


@pytest.mark.parametrize("port", [2152, 4789, 8472, 6081, 1701])
def test_what_is_no_tunnel_is_a_message_on_whatever_port(port: int) -> None:
    sip = b"OPTIONS sip:bm-sc.example.com SIP/2.0\r\n\r\n"
    for packet in (udp(UE, port, SERVER, 5060, sip), udp(UE, 5060, SERVER, port, sip)):
        (found,) = run(packet)
        assert isinstance(found, Payload)
        assert found.data == sip
    named = Decoder(ports={"mikey": [port]})
    (found,) = run(tunnelled(port, forge.gtp(udp(UE, 1, SERVER, 2, MIKEY))), made=named)
    assert isinstance(found, Payload)
    assert found.dport == port


def test_a_tunnel_cut_by_the_capture_tells_what_its_inner_packet_lost() -> None:
    made = Decoder()
    segment = tcp(UE, 1000, SERVER, 80, seq=1, ack=0, flags=16, payload=b"GET / HTTP/1.1\r\n\r\n")
    assert run(tunnelled(2152, forge.gtp(segment))[:-4], tunnelled(2152, forge.gtp(segment))[:-30], made=made) == []
    assert decoding.NOT_WHOLE not in made.facts.counts
    assert run(tunnelled(2152, forge.gtp(udp(SERVER, 5000, UE, 5000, RTP)))[:-4], made=made) == []
    assert made.facts.counts[decoding.NOT_WHOLE] == 1
    assert [problem for problem in made.facts.problems if problem.protocol == "udp"] == []


def test_messages_over_sctp() -> None:
    made = Decoder()
    whole = forge.data_chunk(1, b"\x01\x00\x00\x14" + bytes(16))
    begun = forge.data_chunk(2, b"\x01", flags=2)
    (found,) = run(forge.sctp(UE, 3868, SERVER, 3868, whole, begun), made=made)
    assert isinstance(found, Payload)
    assert (found.transport, found.src, found.dport, len(found.data)) == ("sctp", UE, 3868, 20)
    assert made.facts.counts == {INCOMPLETE: 1}


def test_messages_over_sctp_in_udp_unless_the_port_was_named() -> None:
    message = b"\x01\x00\x00\x14" + bytes(16)
    packet = forge.sctp(UE, 3868, SERVER, 3868, forge.data_chunk(1, message), udp_port=9899)
    (found,) = run(packet)
    assert isinstance(found, Payload)
    assert (found.transport, found.src, found.sport, found.data) == ("sctp", UE, 3868, message)
    (found,) = run(packet, made=Decoder(ports={"sip": (9899,)}))
    assert isinstance(found, Payload)
    assert (found.transport, found.sport) == ("udp", 9899)


def test_an_icmp_error_tells_of_its_flow() -> None:
    made = Decoder()
    run(forge.icmp_error(UE, SERVER, 3, 3, udp(SERVER, 1000, UE, 2269, MIKEY)[:28]), made=made)
    expected = IcmpError(0, 1, 5, UE, "port unreachable", 3, 3, 17, SERVER, 1000, UE, 2269)
    assert made.facts.icmp_errors == [expected]
    assert made.facts.counts == {"ICMP errors: port unreachable": 1}


def exported(protocol: str, data: bytes, transport: int = 3) -> bytes:
    return forge.exported(protocol, (UE, 1000, SERVER, 2269), transport, data)


def test_exported_pdus() -> None:
    made = Decoder()
    datagram = udp("10.45.0.2", 1000, SERVER, 2269, MIKEY)
    for number, data in enumerate(
        (exported("mikey", MIKEY), exported("ip", datagram), exported("eth", ethernet("10.45.0.2", SERVER, datagram))),
        1,
    ):
        (found,) = made.feed(frame(data, number, linktypes.WIRESHARK_UPPER_PDU))
        assert isinstance(found, Payload)
        assert (found.data, found.frame, found.dport) == (MIKEY, number, 2269)
    parts = (b"GET / HTTP/1.1\r\n", b"\r\n")
    for number, part in enumerate(parts):
        assert list(made.feed(frame(exported("http", part, 2), 4 + number, linktypes.WIRESHARK_UPPER_PDU))) == []
    (found,) = made.finish()
    assert isinstance(found, Payload)
    assert (found.data, found.transport, found.frames) == (b"".join(parts), "tcp", (4, 5))
    assert made.facts.counts == {}
    assert MISSING not in made.facts.counts


def test_a_datagram_cut_by_the_capture_is_told_and_not_judged() -> None:
    made = Decoder()
    assert run(udp(UE, 1000, SERVER, 2269, MIKEY)[:-4], made=made) == []
    assert made.facts.counts == {decoding.NOT_WHOLE: 1}
    assert made.facts.problems[0].field == "udp.length"


def test_a_datagram_carries_the_protocol_that_was_named_for_one_of_its_ports() -> None:
    made = Decoder(ports={"flute": (9999,)})
    sent = (udp(UE, 1000, SERVER, 9999, MIKEY), udp(SERVER, 9999, UE, 1000, MIKEY), udp(UE, 1000, SERVER, 9998, MIKEY))
    found = [item for data in sent for item in run(data, made=made)]
    assert [item.named for item in found if isinstance(item, Payload)] == ["flute", "flute", ""]


def test_padding_after_the_datagram_is_none_of_it() -> None:
    (found,) = run(udp(UE, 1000, SERVER, 2269, b"short") + bytes(18))
    assert isinstance(found, Payload)
    assert found.data == b"short"


@given(st.binary(max_size=80), st.sampled_from((0, 1, 101, 113, 276)), st.binary(max_size=80))
def test_no_frames_raise(data: bytes, link_type: int, more: bytes) -> None:
    made = Decoder()
    for octets in (data, ethernet(UE, SERVER, b"\x45" + data), ip_packet(UE, SERVER, 17, more), b"\x60" + more):
        list(made.feed(frame(octets, link_type=link_type)))
        list(made.feed(frame(octets)))
    list(made.finish())


def found_in(name: str) -> tuple[list[Payload | MediaPacket], Decoder]:
    made = Decoder()
    found = [item for one in open_capture(str(CAPTURES / name)) for item in made.feed(one)]
    return [*found, *made.finish()], made


def protocols(found: list[Payload | MediaPacket]) -> list[tuple[int, str]]:
    messages = ((item, dissect(item)) for item in found if isinstance(item, Payload))
    return [(item.frame, message.protocol) for item, message in messages if message is not None]


@needs_captures
def test_sip_over_tcp_in_segments() -> None:
    found, made = found_in("sip_tcp.pcap")
    assert protocols(found) == [(6, "sip"), (8, "sip")]
    assert isinstance(found[0], Payload)
    assert (found[0].frames, len(found[0].data)) == ((4, 6), 585)
    assert (made.facts.counts, made.facts.problems) == ({}, [])


@needs_captures
def test_sip_over_tcp_in_ip_in_ip() -> None:
    found, _ = found_in("sip_ipip.pcap")
    assert sorted(protocols(found)) == [(1, "sip"), (2, "sip"), (3, "sip"), (4, "sip")]


@needs_captures
def test_diameter_over_tcp_and_sctp() -> None:
    found, made = found_in("diameter_tcp_sctp.pcap")
    assert sorted(protocols(found)) == [(frame, "diameter") for frame in (4, 5, 9, 10, 15, 16, 21, 22)]
    assert made.facts.counts == {}


@needs_captures
def test_a_capture_of_a_whole_network_without_a_false_message() -> None:
    found, made = found_in("ims_registration_esp_null_gtp.pcapng")
    messages = [dissect(item) for item in found if isinstance(item, Payload)]
    counted = [message.protocol for message in messages if message is not None and message.error is None]
    assert (counted.count("sip"), counted.count("http"), counted.count("diameter")) == (48, 10, 16)
    assert [message for message in messages if message is not None and message.error is not None] == []
    assert list(made.facts.opened.values()) == [21, 18, 3]
    assert made.facts.problems == []


@needs_captures
def test_flute_and_gtp_are_not_taken_for_media() -> None:
    for name in ("flute_fdt.pcapng", "gtpu_ipv6_vlan_ns.pcap", "ims_registration_esp_null_gtp.pcapng"):
        assert not [item for item in found_in(name)[0] if isinstance(item, MediaPacket)]
