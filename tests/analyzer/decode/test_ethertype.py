import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import ethertype
from analyzer.decode.ethertype import by_type, ethernet, llc, mpls, ppp, pppoe
from analyzer.decode.packets import Broken
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import udp

PACKET = udp("10.0.0.1", 1000, "10.0.0.2", 2269, b"hello")
PACKET_6 = udp("2001:db8::1", 1000, "2001:db8::2", 2269, b"hello")
VLAN, QINQ = 0x8100, 0x88A8
CONTROL_WORD = bytes(4)
WRONG_SUM = PACKET[:10] + b"\x00\x01" + PACKET[12:]


@pytest.mark.parametrize("packet", [PACKET, PACKET_6])
@pytest.mark.parametrize(
    "wrapped",
    [
        forge.frame,
        forge.ethernet_snap,
        lambda packet: forge.vlan(packet, (VLAN, 5)),
        lambda packet: forge.vlan(packet, (QINQ, 5), (VLAN, 6)),
        lambda packet: forge.vlan(packet, *[(VLAN, 5)] * ethertype.MAX_LAYERS),
        lambda packet: forge.mpls(packet, 16),
        lambda packet: forge.mpls(packet, *range(16, 16 + ethertype.MAX_LABELS)),
        lambda packet: forge.mpls(forge.frame(packet), 16, 17),
        lambda packet: forge.mpls(CONTROL_WORD + forge.frame(packet), 16, 17),
        lambda packet: forge.mpls(CONTROL_WORD + forge.vlan(packet, (VLAN, 5)), 16),
        lambda packet: forge.mpls(forge.mpls(packet, 18), 16),
        lambda packet: forge.typed(0x8864, forge.pppoe(packet)),
        lambda packet: forge.typed(0x6558, forge.frame(packet)),
    ],
)
def test_the_packet_begins_after_the_headers(wrapped, packet) -> None:  # type: ignore[no-untyped-def]
    data = wrapped(packet)
    assert ethernet(data) == len(data) - len(packet)
    assert ethernet(b"before" + data + b"padding", 6) == 6 + len(data) - len(packet)


@pytest.mark.parametrize("packet", [WRONG_SUM, PACKET_6[:-1]])
def test_ip_in_mpls_that_is_wrong_or_cut_is_still_ip(packet: bytes) -> None:
    assert mpls(forge.labels(16) + packet, 0) == 4


def test_an_address_that_looks_like_ip_is_no_packet() -> None:
    """RFC 8469: link addresses that begin with 4 or 6 behind a label are in use."""
    for first in (0x45, 0x60):
        frame = bytes((first,)) + forge.frame(PACKET)[1:]
        assert mpls(forge.labels(16) + frame, 0) == 4 + 14


@pytest.mark.parametrize("packet", [PACKET, PACKET_6])
@pytest.mark.parametrize("address", [True, False])
@pytest.mark.parametrize("short", [True, False])
def test_ppp_in_its_spellings(address: bool, short: bool, packet: bytes) -> None:
    data = forge.ppp(packet, address=address, short=short)
    assert ppp(data) == len(data) - len(packet)


def test_mpls_in_ppp() -> None:
    assert ppp(b"\x02\x81" + forge.labels(16) + PACKET) == 6


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (forge.typed(0x0806, bytes(28)), "arp"),
        (forge.typed(0x88E5, bytes(28)), "MACsec, which is not opened"),
        (forge.typed(0x9999, bytes(28)), "ethertype 0x9999"),
        (forge.typed(0x0026, b"\x42\x42\x03"), "llc"),
        (forge.vlan(PACKET, *[(VLAN, 5)] * (ethertype.MAX_LAYERS + 1)), ethertype.TOO_MANY),
        (forge.mpls(PACKET, *range(ethertype.MAX_LABELS + 1)), ethertype.TOO_MANY_LABELS),
        (forge.mpls(b"\x10\x00\x00\x57" + bytes(40), 16), ethertype.NOT_IP),
        (forge.mpls(b"", 16), ethertype.NOT_IP),
        (forge.typed(0x8863, bytes(6)), "PPPoE discovery"),
        (forge.typed(0x8864, b"\x11\x09" + bytes(6)), "PPPoE discovery"),
        (forge.typed(0x8864, b"\x11\x00\x00\x01\x00\x02\xc0\x21"), "ppp protocol 0xc021"),
    ],
)
def test_other_frames_say_why_not(data: bytes, reason: str) -> None:
    assert ethernet(data) == reason


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (ethernet, bytes(13)),
        (ethernet, forge.vlan(PACKET, (VLAN, 5))[:17]),
        (llc, forge.LLC_SNAP + b"\x08"),
        (lambda data, at=0: mpls(data, at), forge.labels(16, 17)[:6]),
        (lambda data, at=0: pppoe(data, at), bytes(5)),
        (ppp, b""),
        (ppp, b"\xff\x03\x00"),
    ],
)
def test_headers_that_are_cut_are_broken(read, data) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Broken) as told:
        read(data, 0)
    assert "left" in told.value.reason


def test_nests_of_everything_end() -> None:
    deep = forge.frame(PACKET)
    for _ in range(200):
        deep = forge.mpls(CONTROL_WORD + deep, 16)
    assert ethernet(deep) == ethertype.TOO_MANY
    nested = b"\x02\x81" + forge.labels(16)
    assert isinstance(ppp(nested * 300), str)


@given(st.sampled_from((VLAN, 0x8847, 0x8864, 0x6558, 0x880B, 5)), st.binary(max_size=64))
def test_no_octets_raise_anything_else(kind: int, data: bytes) -> None:
    for read in (lambda: by_type(kind, data, 0), lambda: ppp(data), lambda: ethernet(forge.typed(kind, data))):
        try:
            found = read()
        except Broken:
            continue
        assert isinstance(found, str) or 0 <= found <= len(data) + 20
