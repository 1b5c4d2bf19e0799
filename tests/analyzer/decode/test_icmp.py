import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode.icmp import read_icmp
from analyzer.decode.ip import IpPacket, read_ip
from analyzer.decode.packets import Broken, IcmpError, Origin
from sample_pcaps.forge import ip_packet, tcp, udp
from sample_pcaps.forge_tunnels import icmp_error, v6_extensions

UE, SERVER, ROUTER = "10.0.0.1", "10.0.0.2", "192.0.2.1"
UE_6, SERVER_6 = "2001:db8::1", "2001:db8::2"
MIKEY, MIKEY_6 = (udp(src, 1000, dst, 2269, b"hello") for src, dst in ((SERVER, UE), (SERVER_6, UE_6)))
HERE = Origin(1, 2, 3, (2,))


def read(packet: bytes) -> IcmpError | str:
    return read_icmp(read_ip(packet), HERE)


def test_a_port_that_is_closed() -> None:
    flow = (17, SERVER, 1000, UE, 2269)
    assert read(icmp_error(UE, SERVER, 3, 3, MIKEY[:28])) == IcmpError(1, 2, 3, UE, "port unreachable", 3, 3, *flow)
    flow = (17, SERVER_6, 1000, UE_6, 2269)
    assert read(icmp_error(UE_6, SERVER_6, 1, 4, MIKEY_6)) == IcmpError(1, 2, 3, UE_6, "port unreachable", 1, 4, *flow)


@pytest.mark.parametrize(
    ("kind", "code", "what"),
    [(3, 1, "destination unreachable"), (11, 0, "time exceeded"), (5, 1, "redirect"), (12, 0, "parameter problem")],
)
def test_other_errors_come_from_routers(kind: int, code: int, what: str) -> None:
    found = read(icmp_error(ROUTER, SERVER, kind, code, MIKEY))
    assert isinstance(found, IcmpError)
    assert (found.what, found.reporter, found.dst, found.dport) == (what, ROUTER, UE, 2269)


def test_a_packet_too_big_behind_extension_headers() -> None:
    found = read(icmp_error(UE_6, SERVER_6, 2, 0, v6_extensions(MIKEY_6)))
    assert isinstance(found, IcmpError)
    assert (found.what, found.sport, found.dport) == ("packet too big", 1000, 2269)


def test_ports_are_told_of_transports_only() -> None:
    ports = []
    later = bytearray(MIKEY)
    later[6:8] = b"\x00\x02"  # a fragment that is not the first
    segment = tcp(SERVER, 1000, UE, 80, seq=1, ack=1, flags=16)[:28]
    for quoted in (segment, ip_packet(SERVER, UE, 1, bytes(8)), bytes(later), MIKEY[:23]):
        found = read(icmp_error(ROUTER, SERVER, 3, 1, quoted))
        assert isinstance(found, IcmpError)
        ports.append((found.protocol, found.sport, found.dport))
    assert ports == [(6, 1000, 80), (1, -1, -1), (17, -1, -1), (17, -1, -1)]


@pytest.mark.parametrize(
    ("packet", "name"),
    [
        (icmp_error(UE, SERVER, 8, 0, b""), "ICMP"),
        (icmp_error(UE_6, SERVER_6, 135, 0, bytes(16)), "ICMPv6"),
        (icmp_error(UE, SERVER, 3, 3, MIKEY[:19]), "ICMP errors that quote too little"),
        (icmp_error(UE, SERVER, 3, 3, b""), "ICMP errors that quote too little"),
        (icmp_error(UE_6, SERVER_6, 1, 4, v6_extensions(MIKEY_6)[:44]), "ICMPv6 errors that quote too little"),
    ],
)
def test_what_speaks_of_no_flow_is_named(packet: bytes, name: str) -> None:
    assert read(packet) == name


def test_a_message_without_a_header_is_broken_unless_the_capture_cut_it() -> None:
    with pytest.raises(Broken) as told:
        read(ip_packet(UE, SERVER, 1, bytes(7)))
    assert told.value.field == "icmp.type"
    assert read_icmp(IpPacket(6, UE_6, SERVER_6, 58, b"\x01", 20), HERE) == "ICMPv6"


@given(st.sampled_from((4, 6)), st.integers(0, 255), st.binary(max_size=80))
def test_no_octets_raise_anything_else(version: int, kind: int, quoted: bytes) -> None:
    data = bytes((kind,)) + bytes(7) + quoted
    assert read_icmp(IpPacket(version, UE, SERVER, 1, data, 0), HERE)
