"""Outer layers that lie, end early or nest without end: feed() ends, raises nothing and hides no neighbour."""

import random
import struct
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.decoder import MAX_TUNNELS, TOO_DEEP, Decoder
from analyzer.decode.link import READERS, SEVERAL
from analyzer.decode.packets import MAX_ICMP_ERRORS, MAX_PROBLEMS, MAX_REASONS
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import ip_packet, tcp, udp

LINK_TYPES = (*READERS, *SEVERAL, linktypes.PKTAP, linktypes.WIRESHARK_UPPER_PDU, 9999)
UE, SERVER, UE_6, SERVER_6 = "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"
MIKEY = b"\x01\x00\x05\x00" + bytes(6) + b"\x00\x02\x00\x00\x00\x01"
DATAGRAM, DATAGRAM_6 = udp(UE, 1000, SERVER, 2269, MIKEY), udp(UE_6, 1000, SERVER_6, 2269, MIKEY)
FLIPS = 40  # of each frame


def fed(decoder, link_type, data, number=1):
    return list(decoder.feed(Frame(0, number, number, link_type, data, len(data))))


@cache
def frames():
    """One frame of each layer, with IPv4 and IPv6 inside."""
    ethernet, inner = linktypes.EN10MB, (DATAGRAM, DATAGRAM_6)
    made = []
    for packet in inner:
        kind = int.from_bytes(forge.ethertype_of(packet), "big")
        frame = forge.frame(packet)
        in_ip = [
            forge.ip_in_ip(packet),
            forge.gre(kind, packet, key=1, sequence=2, summed=True),
            forge.gre(0x6558, frame),
            forge.pptp(packet),
            *(forge.erspan(version, frame) for version in (1, 2, 3)),
            forge.erspan(3, frame, platform=True),
            forge.ether_ip(frame),
            forge.mpls_in_ip(packet),
            forge.in_udp(2152, forge.gtp(packet, sequence=1, extensions=b"\x01\x10\x09\x00")),
            forge.in_udp(4789, forge.vxlan(frame)),
            forge.in_udp(6081, forge.geneve(kind, packet, bytes(8))),
            forge.in_udp(1701, forge.l2tp2(packet, long=True)),
            forge.in_udp(1701, forge.l2tp3(packet, cookie=bytes(4))),
        ]
        made += [(ethernet, forge.frame(outer)) for outer in in_ip]
        made += [
            (ethernet, forge.vlan(packet, (0x88A8, 1), (0x8100, 2))),
            (ethernet, forge.mpls(bytes(4) + frame, 16, 17)),
            (ethernet, forge.typed(0x8864, forge.pppoe(packet))),
            (linktypes.LINUX_SLL, forge.sll(packet)),
            (linktypes.LINUX_SLL2, forge.sll2(packet)),
            (linktypes.NULL, forge.null(packet)),
            (linktypes.PPP, forge.ppp(packet)),
            (linktypes.C_HDLC, forge.hdlc(packet)),
            (linktypes.IEEE802_11, forge.wlan(packet, both=True, order=True)),
            (linktypes.IEEE802_11, forge.wlan_aggregate(packet)),
            (linktypes.IEEE802_11_RADIO, forge.radiotap(forge.wlan(packet), tsft=True)),
            (linktypes.PKTAP, forge.pktap(ethernet, frame)),
        ]
    made += [
        (linktypes.RAW, forge.v4_options(DATAGRAM)),
        (linktypes.RAW, forge.v6_extensions(DATAGRAM_6)),
        (linktypes.WIRESHARK_UPPER_PDU, forge.exported("mikey", (UE, 1000, SERVER, 2269), 3, MIKEY)),
        (
            linktypes.RAW,
            forge.sctp(UE, 3868, SERVER, 3868, forge.data_chunk(1, MIKEY), forge.data_chunk(2, MIKEY, flags=2)),
        ),
    ]
    return made


def test_every_frame_is_read_when_nothing_is_wrong_with_it():
    for link_type, data in frames():
        assert len(fed(Decoder(), link_type, data)) == 1


@pytest.mark.parametrize("index", range(len(frames())))
def test_a_frame_cut_anywhere(index):
    link_type, data = frames()[index]
    for end in range(len(data)):
        made = Decoder()
        found = fed(made, link_type, data[:end])
        found += list(made.finish())
        assert all(len(item.data) <= len(MIKEY) for item in found)
        assert found or made.facts.counts or made.facts.problems


def test_octets_changed_anywhere_hide_no_neighbour():
    chance = random.Random(20260102)
    for link_type, data in frames():
        made = Decoder()
        for number in range(FLIPS):
            octets = bytearray(data)
            for _ in range(chance.choice((1, 1, 2, 8))):
                octets[chance.randrange(len(octets))] = chance.randrange(256)
            fed(made, link_type, bytes(octets), 2 * number)
            assert len(fed(made, linktypes.RAW, DATAGRAM, 2 * number + 1)) == 1
        list(made.finish())


def test_each_octet_of_a_header_at_its_limits():
    for link_type, data in frames():
        made = Decoder()
        for at in range(min(len(data), 128)):
            for value in (0, 1, 0x7F, 0x80, 0xFF):
                fed(made, link_type, data[:at] + bytes((value,)) + data[at + 1 :])
        list(made.finish())


WRAPS = (
    forge.ip_in_ip,
    lambda packet: forge.gre(int.from_bytes(forge.ethertype_of(packet), "big"), packet),
    lambda packet: forge.erspan(2, forge.frame(packet)),
    lambda packet: forge.in_udp(4789, forge.vxlan(forge.frame(packet))),
    lambda packet: forge.in_udp(2152, forge.gtp(packet)),
    lambda packet: forge.in_udp(6081, forge.geneve(0x6558, forge.mpls(packet, 16, 17))),
    lambda packet: forge.in_udp(1701, forge.l2tp3(packet)),
)


@given(st.lists(st.sampled_from(WRAPS), min_size=MAX_TUNNELS + 1, max_size=14))
def test_nests_of_tunnels_end(wraps):
    packet = ip_packet(UE, SERVER, 59, b"")
    for wrap in wraps:
        packet = wrap(packet)
    made = Decoder()
    assert fed(made, linktypes.RAW, packet) == []
    assert made.facts.counts == {TOO_DEEP: 1}


def test_nests_below_ip_end():
    for octets in (
        struct.pack("!HH", 0x8100, 1) * 16_000,
        b"\x88\x47" + (forge.labels(16) + bytes(4) + bytes(12) + b"\x88\x47") * 3000,
        b"\x88\x47" + b"\x00\x00\x00\x40" * 16_000,
        b"\x88\x64" + b"\x11\x00\x00\x01\x00\x00\x02\x81\x00\x00\x01\x40" * 3000,
        (b"\x65\x58" + bytes(12)) * 3000,
    ):
        made = Decoder()
        assert fed(made, linktypes.EN10MB, bytes(12) + octets) == []
        assert sum(made.facts.counts.values()) + len(made.facts.problems) == 1
    made = Decoder()
    assert fed(made, linktypes.PKTAP, forge.pktap(linktypes.PKTAP, b"")[:108] * 500) == []


def test_what_is_counted_and_kept_is_bounded():
    made = Decoder()
    for number in range(2000):
        fed(made, linktypes.EN10MB, forge.typed(1501 + number, bytes(40)))
        fed(made, 1000 + number, b"")
        fed(made, linktypes.WIRESHARK_UPPER_PDU, forge.exported(f"proto{number}", None, 3, b"x"))
        fed(made, linktypes.RAW, forge.icmp_error(UE, SERVER, 3, 3, DATAGRAM))
        fed(made, linktypes.RAW, b"")
    assert len(made.facts.counts) <= MAX_REASONS + 1
    assert len(made.facts.icmp_errors) == MAX_ICMP_ERRORS
    assert len(made.facts.problems) == MAX_PROBLEMS
    assert sum(made.facts.counts.values()) + MAX_PROBLEMS == 5 * 2000


@given(st.sampled_from(LINK_TYPES), st.binary(max_size=120))
def test_random_octets(link_type, data):
    made = Decoder()
    for octets in (
        data,
        forge.typed(0x8847, data),
        forge.frame(b"\x45" + data),
        *(ip_packet(UE, SERVER, protocol, data) for protocol in (1, 4, 6, 17, 41, 47, 50, 58, 97, 115, 132, 137)),
        *(udp(UE, 49152, SERVER, port, data) for port in (1701, 2152, 4500, 4789, 6081, 8472)),
    ):
        for kind in (link_type, linktypes.RAW):
            fed(made, kind, octets)
    assert len(fed(made, linktypes.RAW, DATAGRAM)) == 1
    list(made.finish())


def test_a_stream_in_a_tunnel_and_outside_is_not_the_same_twice():
    """The packet and the tunnel that carries it, both seen by one probe."""
    segment = tcp(UE, 1000, SERVER, 80, seq=1, ack=0, flags=16, payload=b"GET / HTTP/1.1\r\n\r\n")
    made = Decoder()
    fed(made, linktypes.RAW, segment, 1)
    fed(made, linktypes.RAW, forge.in_udp(2152, forge.gtp(segment)), 2)
    assert len(list(made.finish())) == 1
