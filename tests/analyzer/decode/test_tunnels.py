import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import tunnels
from analyzer.decode.packets import Broken
from analyzer.decode.tunnels import IN_IP, IN_UDP, MAX_EXTENSIONS, geneve, gre, gtp, l2tp, vxlan, vxlan_gpe
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import udp

INNER = udp("10.45.0.2", 1000, "10.0.0.2", 2269, b"hello")
INNER_6 = udp("2001:db8::1", 1000, "2001:db8::2", 2269, b"hello")
SIP = b"OPTIONS sip:bm-sc.example.com SIP/2.0\r\n\r\n"
MIKEY = b"\x01\x00\x05\x81" + bytes(20)


def g_pdu(first: int, optional: bytes = b"", kind: int = 255, inner: bytes = INNER) -> bytes:
    return struct.pack("!BBHI", first, kind, len(optional) + len(inner), 1) + optional + inner


def body(packet: bytes) -> bytes:
    return packet[20:]


@pytest.mark.parametrize(
    "data",
    [
        g_pdu(0x30),
        g_pdu(0x32, b"\x00\x01\x00\x00"),
        g_pdu(0x34, b"\x00\x00\x00\x85" + b"\x01\x10\x09\x00"),
        g_pdu(0x34, b"\x00\x00\x00\x85" + b"\x01\x10\x09\xc0" + b"\x02" + bytes(7)),
        forge.gtp(INNER, sequence=7, extensions=b"\x01\x10\x09\x00"),
        forge.gtp(forge.frame(INNER)),
    ],
)
def test_the_inner_packet_of_a_g_pdu(data: bytes) -> None:
    assert gtp(data) == INNER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        g_pdu(0x30)[:7],
        g_pdu(0x30, kind=3),
        g_pdu(0x48),
        g_pdu(0x34, b"\x00\x00\x00\x85" + b"\x00" * 4),
        g_pdu(0x34, b"\x00\x00\x00\x85\x40", inner=b""),
        SIP,
        MIKEY,
    ],
)
def test_anything_else_is_no_gtp(data: bytes) -> None:
    found = gtp(data)
    assert found is None or found == tunnels.NOT_IP


@pytest.mark.parametrize("packet", [INNER, INNER_6])
@pytest.mark.parametrize(
    "wrapped",
    [
        lambda packet: forge.gre(0x0800 if packet is INNER else 0x86DD, packet),
        lambda packet: forge.gre(0x0800 if packet is INNER else 0x86DD, packet, key=5, sequence=6, summed=True),
        lambda packet: forge.gre(0x6558, forge.frame(packet), key=5),
        lambda packet: forge.gre(0x8847, forge.labels(16) + packet),
        forge.pptp,
        lambda packet: forge.erspan(1, forge.frame(packet)),
        lambda packet: forge.erspan(2, forge.vlan(packet, (0x8100, 7))),
        lambda packet: forge.erspan(3, forge.frame(packet)),
        lambda packet: forge.erspan(3, forge.frame(packet), platform=True),
        lambda packet: forge.ether_ip(forge.frame(packet)),
        forge.mpls_in_ip,
        lambda packet: bytes(9) + b"\x73" + bytes(10) + b"\x00\x00\x00\x01" + packet,
    ],
)
def test_the_inner_packet_of_tunnels_in_ip(wrapped, packet) -> None:  # type: ignore[no-untyped-def]
    outer = wrapped(packet)
    assert IN_IP[outer[9]](body(outer)) == packet


def test_erspan_with_a_bare_packet() -> None:
    head = struct.pack("!HHIHH", 0x2000, 1, 0, 0, 2 << 10)
    assert gre(body(forge.gre(0x22EB, head + INNER, sequence=1))) == INNER


@pytest.mark.parametrize("packet", [INNER, INNER_6])
@pytest.mark.parametrize(
    ("port", "wrapped"),
    [
        (4789, lambda packet: forge.vxlan(forge.frame(packet))),
        (8472, lambda packet: forge.vxlan(forge.frame(packet), policy=True)),
        (4790, lambda packet: forge.vxlan_gpe(packet, 1 if packet is INNER else 2)),
        (4790, lambda packet: forge.vxlan_gpe(forge.frame(packet), 3)),
        (4790, lambda packet: forge.vxlan_gpe(forge.labels(16) + packet, 5)),
        (4790, lambda packet: forge.vxlan_gpe(forge.frame(packet))),
        (6081, lambda packet: forge.geneve(0x6558, forge.frame(packet))),
        (6081, lambda packet: forge.geneve(0x0800 if packet is INNER else 0x86DD, packet, b"\x01\x02\x03\x01abcd")),
        (1701, forge.l2tp2),
        (1701, lambda packet: forge.l2tp2(packet, long=True)),
        *((1701, lambda packet, c=c: forge.l2tp3(packet, cookie=bytes(c))) for c in tunnels.COOKIES),
        *((1701, lambda packet, c=c: forge.l2tp3(forge.frame(packet), cookie=b"\xa5" * c)) for c in tunnels.COOKIES),
        *((1701, lambda packet, c=c: forge.l2tp3(forge.ppp(packet), cookie=b"\xa5" * c)) for c in tunnels.COOKIES),
        (2152, forge.gtp),
    ],
)
def test_the_inner_packet_of_tunnels_in_udp(port, wrapped, packet) -> None:  # type: ignore[no-untyped-def]
    assert IN_UDP[port](wrapped(packet)) == packet


@pytest.mark.parametrize(
    ("read", "data", "reason"),
    [
        (gtp, g_pdu(0x30, kind=1), tunnels.SIGNALLING),
        (gtp, g_pdu(0x32, b"\x00\x01\x00\x00", kind=26), tunnels.SIGNALLING),
        (gtp, g_pdu(0x30, inner=b""), tunnels.NOT_IP),
        (gtp, g_pdu(0x30, inner=b"\x00\x01not IP"), tunnels.NOT_IP),
        (gtp, g_pdu(0x34, b"\x00\x00\x00\x85" + b"\x01\x00\x00\x85" * (MAX_EXTENSIONS + 1), inner=b""), tunnels.NOT_IP),
        (gre, b"\x40\x00\x08\x00" + bytes(8), tunnels.ROUTED),
        (gre, b"\x00\x03\x08\x00" + bytes(8), "GRE of version 3"),
        (gre, b"\x00\x00\x08\x00", tunnels.KEEPALIVE),
        (gre, b"\x00\x00\x99\x99" + bytes(8), "ethertype 0x9999"),
        (gre, body(forge.gre(0x22EB, b"\x10" + bytes(20))), "ERSPAN of version 1"),
        (vxlan, forge.vxlan(forge.typed(0x0806, bytes(28))), "arp"),
        (vxlan_gpe, forge.vxlan_gpe(bytes(20), 4), "VXLAN-GPE of protocol 4"),
        (l2tp, b"\xc8\x02" + bytes(10), tunnels.CONTROL),
        (l2tp, b"\xc8\x03" + bytes(10), tunnels.CONTROL),
        (l2tp, forge.l2tp3(b"\x99" * 60), tunnels.UNGUESSED),
        (IN_IP[115], bytes(12), tunnels.CONTROL),
    ],
)
def test_tunnels_without_a_packet_say_why_not(read: Callable[[bytes], object], data: bytes, reason: str) -> None:
    assert read(data) == reason


@pytest.mark.parametrize("read", IN_UDP.values())
@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", SIP, b"ACK sip:x SIP/2.0\r\n", b"SIP/2.0 200 OK\r\n", b"\r\n\r\n", MIKEY, b"\x80\x60" + bytes(30)],
)
def test_what_is_no_tunnel_is_left_to_others(read: Callable[[bytes], object], data: bytes) -> None:
    assert read(data) is None


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (gre, b"\x00\x00\x08"),
        (gre, b"\xb0\x00\x08\x00" + bytes(11)),
        (gre, b"\x10\x00\x22\xeb" + bytes(15)),
        (vxlan, forge.vxlan(bytes(13))),
        (geneve, forge.geneve(0x0800, b"", bytes(8))[:-1]),
        (l2tp, forge.l2tp2(INNER, long=True)[:15]),
        (l2tp, b"\x00\x02" + bytes(4)),
        (IN_IP[97], bytes(13)),
        (IN_IP[115], bytes(3)),
        (IN_IP[137], bytes(3)),
    ],
)
def test_headers_that_are_cut_are_broken(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(Broken) as told:
        read(data)
    assert "left" in told.value.reason


HEADS = (b"", b"\x34\xff", b"\x08\x00\x00\x00\x00\x00\x00\x00", b"\x02\x00\x65\x58", b"\x4a\x02", b"\x00\x03\x00\x00", b"\x10\x00\x88\xbe", b"\x10\x00\x22\xeb", b"\x30\x81\x88\x0b")  # fmt: skip


@given(st.sampled_from(HEADS), st.binary(max_size=64))
def test_no_octets_raise_anything_else(head: bytes, rest: bytes) -> None:
    data = head + rest
    for read in (*IN_IP.values(), *IN_UDP.values()):
        try:
            found = read(data)
        except Broken:
            continue
        assert found is None or isinstance(found, str) or data.endswith(found)
