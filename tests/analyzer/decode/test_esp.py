import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode import decoder as decoding
from analyzer.decode import esp as decode
from analyzer.decode.decoder import Decoder
from analyzer.decode.esp import Layout, Plain, Refused
from analyzer.decode.packets import MediaPacket
from dissectors import Payload, dissect
from sample_pcaps.forge import ip_packet, tcp, udp
from sample_pcaps.forge_esp import Sa, esp, inner, transport, traversal, tunnel

UE, CSCF = "10.0.0.1", "10.0.0.2"
UE6, CSCF6 = "2001:db8::1", "2001:db8::2"
IK = bytes(range(16))
SIP = b"OPTIONS sip:cscf SIP/2.0\r\nCall-ID: %d\r\nContent-Length: 0\r\n\r\n"
SPI = 0x65
MACS = {
    "null": Sa(SPI),
    "md5": Sa(SPI, mac="md5", mac_key=IK),
    "sha1": Sa(SPI, mac="sha1", mac_key=IK),
    "gmac": Sa(SPI, mac="gmac", mac_key=IK + b"salt"),
}
AES = Sa(SPI, "aes-cbc", IK, "md5", IK)
OPENED = "ESP with NULL encryption, SPI 0x00000065"


def frame(data, number=1):
    return Frame(0, number, 1000 * number, linktypes.RAW, data, len(data))


def run(*packets, made=None):
    """Feed packets as frames 1, 2 …; return what each gives."""
    made = made or Decoder()
    found = [list(made.feed(frame(packet, number))) for number, packet in enumerate(packets, 1)]
    assert list(made.finish()) == []
    return found, made


def sip(number, src=UE, dst=CSCF, size=0):
    return udp(src, 5100, dst, 6100, SIP % number + bytes(size))


def quiet(number, src=UE, dst=CSCF, checksum=True):
    """A datagram that no dissector takes."""
    packet = bytearray(udp(src, 5100, dst, 6100, b"\0" * (2 + 4 * number)))
    if not checksum:
        packet[26:28] = b"\0\0"
    return bytes(packet)


@pytest.mark.parametrize("mac", MACS)
@pytest.mark.parametrize("ends", [(UE, CSCF), (UE6, CSCF6)])
@pytest.mark.parametrize("size", range(4))
def test_null_encryption_is_found_whatever_the_icv(mac, ends, size):
    found, made = run(*(transport(MACS[mac], n, sip(n, *ends, size), *ends) for n in (1, 2)))
    (one,), (other,) = found
    assert one == Payload(SIP % 1 + bytes(size), "udp", ends[0], 5100, ends[1], 6100, 0, 1, 1000, (1,))
    assert (other.frame, other.data) == (2, SIP % 2 + bytes(size))
    assert made.facts.opened == {OPENED: 2}
    assert (made.facts.counts, made.facts.problems) == ({}, [])


def test_an_icv_of_16_octets():
    packets = [ip_packet(UE, CSCF, 50, esp(MACS["null"], n, *inner(sip(n))) + random.Random(n).randbytes(16)) for n in (1, 2)]  # fmt: skip
    found, _ = run(*packets)
    assert [[item.data for item in items] for items in found] == [[SIP % 1], [SIP % 2]]


def test_sip_over_tcp_in_segments():
    text = SIP % 1
    segments = (text[:20], text[20:])
    packets = [
        transport(MACS["md5"], n, tcp(UE, 5100, CSCF, 6100, seq=1 + 20 * (n - 1), ack=7, flags=16, payload=part), UE, CSCF)
        for n, part in enumerate(segments, 1)
    ]  # fmt: skip
    made = Decoder()
    found = [*run_on(made, *packets), *made.finish()]
    assert [(item.data, item.frames) for item in found] == [(text, (1, 2))]
    assert made.facts.opened == {OPENED: 2}


@pytest.mark.parametrize("ends", [(UE, CSCF), (UE6, CSCF6)])
def test_tunnel_mode_gives_the_inner_addresses(ends):
    found, made = run(*(tunnel(MACS["sha1"], n, sip(n, *ends), "192.0.2.1", "192.0.2.2") for n in (1, 2)))
    assert [(item.src, item.data) for items in found for item in items] == [(ends[0], SIP % 1), (ends[0], SIP % 2)]
    assert made.facts.opened == {OPENED: 2}


def test_what_waits_is_given_with_its_own_frame_when_more_of_its_kind_agree():
    packets = [transport(MACS["md5"], n, quiet(n, checksum=False), UE, CSCF) for n in (1, 2)]
    first, second = run(*packets)[0]
    assert first == []
    assert [(item.frame, item.time, len(item.data)) for item in second] == [(1, 1000, 6), (2, 2000, 10)]


def test_one_packet_is_not_enough_unless_a_dissector_takes_what_it_carries():
    found, made = run(transport(MACS["md5"], 1, quiet(1, checksum=False), UE, CSCF))
    assert (found, made.facts.opened, made.facts.counts) == ([[]], {}, {decode.SHUT: 1})
    found, _ = run(transport(MACS["md5"], 1, sip(1), UE, CSCF))
    assert [item.data for item in found[0]] == [SIP % 1]


def test_the_same_packet_on_several_legs_counts_once():
    packet = transport(MACS["md5"], 1, quiet(1, checksum=False), UE, CSCF)
    found, made = run(packet, packet, packet)
    assert (found, made.facts.counts) == ([[], [], []], {decode.SHUT: 3})


def test_evidence_adds_up_over_few_packets_only(monkeypatch):
    monkeypatch.setattr(decode, "WINDOW", 4)
    plain = [transport(MACS["md5"], n, quiet(n, checksum=False), UE, CSCF) for n in (1, 9)]
    shut = [transport(AES, n, sip(n), UE, CSCF) for n in range(2, 9)]
    assert run(plain[0], *shut[:2], plain[1])[1].facts.opened != {}
    assert run(plain[0], *shut, plain[1])[1].facts.opened == {}


def test_bits_of_evidence():
    whole, layout = esp(MACS["md5"], 1, *inner(sip(1))), Layout(0, 12)
    padding = whole[-14]
    assert decode.evidence(whole, layout, UE, CSCF) == 14 + 8 * padding + 48
    assert decode.evidence(whole, layout, UE, "10.9.9.9") == 14 + 8 * padding + 32  # the checksum of other addresses
    assert decode.evidence(whole, Layout(0, 16), UE, CSCF) == 0
    assert decode.evidence(whole[:9], layout, UE, CSCF) == 0
    segment = tcp(UE, 5100, CSCF, 6100, seq=1, ack=7, flags=16)
    bare = esp(Sa(SPI), 1, *inner(segment))
    assert decode.evidence(bare, Layout(0, 0), UE, CSCF) == 14 + 16 + 20
    for flags in (0, 3, 6):  # none, SYN with FIN, SYN with RST
        wrong = bare[:21] + bytes((flags,)) + bare[22:]
        assert decode.evidence(wrong, Layout(0, 0), UE, CSCF) == 0


@pytest.mark.parametrize(
    "sa", [AES, Sa(SPI, "des-ede3-cbc", IK + IK[:8][::-1], "sha1", IK), Sa(SPI, "aes-gcm", IK + b"salt")]
)
def test_what_is_encrypted_stays_shut(sa):  # fmt: skip
    found, made = run(*(transport(sa, n, sip(n), UE, CSCF) for n in range(1, 200)))
    assert not any(found)
    assert (made.facts.opened, made.facts.counts) == ({}, {decode.SHUT: 199})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_random_octets_are_never_opened(seed, count):
    chance = random.Random(seed)
    packets = [
        ip_packet(UE, CSCF, 50, struct.pack("!II", 7, n) + chance.randbytes(2 + chance.randrange(90)))
        for n in range(count)
    ]
    found, made = run(*packets)
    assert not any(found)
    assert (made.facts.opened, made.facts.counts) == ({}, {decode.SHUT: count})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_no_octets_raise(bodies):
    made = Decoder()
    for number, body in enumerate(bodies, 1):
        list(made.feed(frame(ip_packet(UE, CSCF, 50, body), number)))
        list(made.feed(frame(udp(UE, 4500, CSCF, 4500, body), number)))
        list(made.feed(frame(transport(Sa(1), number, ip_packet(UE, CSCF, 17, body), UE, CSCF), number)))
    list(made.finish())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_octets_that_change_on_the_way_raise_nothing(data):
    made = Decoder()
    for number in range(1, 5):
        packet = bytearray(transport(MACS["md5"], number, sip(number), UE, CSCF))
        packet[data.draw(st.integers(20, len(packet) - 1))] ^= data.draw(st.integers(1, 255))
        list(made.feed(frame(bytes(packet), number)))
    list(made.finish())


def test_damage_hides_no_neighbour():
    packets = [transport(MACS["md5"], n, sip(n), UE, CSCF) for n in range(1, 5)]
    packets[2] = packets[2][:-14] + b"\xff" + packets[2][-13:]  # a pad length that the packet does not have
    found, made = run(ip_packet(UE, CSCF, 50, b"\0\0\0\x65 noise not ESP"), *packets)
    assert [item.data for items in found for item in items] == [SIP % n for n in (1, 2, 4)]
    told = [(problem.frame, problem.field) for problem in made.facts.problems]
    assert (4, "esp.pad_len") in told


def test_short_packets_are_told_and_cut_ones_counted():
    _, made = run(ip_packet(UE, CSCF, 50, bytes(9)), transport(MACS["md5"], 1, sip(1), UE, CSCF)[:-1])
    assert [problem.field for problem in made.facts.problems] == ["esp.spi"]
    assert made.facts.counts == {decode.CUT: 1}


def test_other_protocols_within_are_counted_as_anywhere():
    packets = [transport(MACS["md5"], n, sip(n), UE, CSCF) for n in (1, 2)]
    dummy = ip_packet(UE, CSCF, 50, esp(MACS["md5"], 3, 59, b"\0" * 30))
    _, made = run(*packets, dummy)
    assert (made.facts.opened, made.facts.counts) == ({OPENED: 3}, {"IPv6 without a payload": 1})


def test_media_within():
    rtp = [struct.pack("!BBHII", 0x80, 96, n, 0, 7) + b"media" for n in (1, 2)]
    found, _ = run(
        *(transport(MACS["md5"], n, udp(UE, 5000, "239.1.1.1", 5000, rtp[n - 1]), UE, "239.1.1.1") for n in (1, 2))
    )
    assert [item.data for items in found for item in items if isinstance(item, MediaPacket)] == rtp


# ---------------------------------------------------------------------------------------------- NAT traversal


def test_nat_traversal():
    packets = [traversal(MACS["md5"], n, sip(n, "192.168.0.9"), UE, CSCF) for n in (1, 2)]
    keepalive, ike = (udp(UE, 4500, CSCF, 4500, body) for body in (b"\xff", bytes(4) + b"IKE header"))
    found, made = run(*packets, keepalive, ike)
    assert [item.data for items in found for item in items] == [SIP % 1, SIP % 2]
    assert made.facts.opened == {OPENED: 2}
    assert made.facts.counts == {decode.KEEPALIVE: 1, decode.IKE: 1}


def test_what_is_no_esp_on_the_port_of_nat_traversal():
    (found,), _ = run(udp(UE, 4500, CSCF, 5060, SIP % 1))
    assert [item.data for item in found] == [SIP % 1]
    named = Decoder(ports={"sip": (4500,)})
    (found,), made = run(traversal(MACS["md5"], 1, sip(1), UE, CSCF), made=named)
    assert [(item.sport, item.data[:4]) for item in found] == [(4500, b"\0\0\0\x65")]
    assert made.facts.opened == {}


# ---------------------------------------------------------------------------------------------- keys


def opens(spi, how="CAESAR", layout=None):
    """An opener for packets that end in "good"."""

    def opener(src, dst, data):
        if int.from_bytes(data[:4], "big") != spi:
            return None
        return Plain(17, inner(sip(data[7]))[1], how, layout) if data.endswith(b"good") else Refused("no key fits")

    return opener


def told(*openers):
    """What is asked for keys and gives these, one after the other."""
    left = iter(openers)
    return lambda: next(left, None)


def sealed(number, end=b"good"):
    return ip_packet(UE, CSCF, 50, struct.pack("!II", SPI, number) + b"not to be read " + end)


def test_keys_that_are_there_from_the_start():
    found, made = run(sealed(1), sealed(2, b"bad!"), sealed(3), made=Decoder(opener=opens(SPI)))
    assert [[item.data for item in items] for items in found] == [[SIP % 1], [], [SIP % 3]]
    assert made.facts.opened == {"ESP with CAESAR, SPI 0x00000065": 2}
    assert made.facts.counts == {"no key fits": 1}


def test_keys_that_are_found_later():
    made = Decoder()
    for number in (1, 2):
        assert list(made.feed(frame(sealed(number, b"good" if number == 2 else b"bad!"), number))) == []
    (found,) = made.finish(told(opens(7), opens(SPI), opens(SPI)))
    assert isinstance(found, Payload)
    assert (found.frame, found.data) == (2, SIP % 2)
    assert made.facts.opened == {"ESP with CAESAR, SPI 0x00000065": 1}
    assert made.facts.counts == {"no key fits": 1}


def test_one_verified_packet_tells_that_the_others_are_without_encryption():
    wrong = transport(Sa(SPI), 2, quiet(1, checksum=False), UE, CSCF)
    opener = opens(SPI, "NULL encryption, verified", Layout(0, 0))
    expected = {
        "ESP with NULL encryption, verified, SPI 0x00000065": 1,
        "ESP with NULL encryption, ICV not that of the key given, SPI 0x00000065": 1,
    }
    found, made = run(wrong, sealed(1), made=Decoder(opener=opener))
    assert [[item.frame for item in items] for items in found] == [[], [2, 1]]
    assert made.facts.opened == expected
    later = Decoder()
    assert run_on(later, wrong, sealed(1)) == []
    assert [item.frame for item in later.finish(told(opener))] == [2, 1]
    assert later.facts.opened == expected


def run_on(made, *packets):
    return [item for number, packet in enumerate(packets, 1) for item in made.feed(frame(packet, number))]


def test_what_was_read_without_a_key_is_verified_by_one_that_is_found():
    made = Decoder()
    assert len(run_on(made, *(transport(MACS["md5"], n, sip(n), UE, CSCF) for n in (1, 2, 3)))) == 3

    def opener(src, dst, data):
        return Refused("never told: it was read") if data[7] == 3 else Plain(17, b"", "NULL encryption, verified")

    assert list(made.finish(told(opener))) == []
    assert made.facts.opened == {
        "ESP with NULL encryption, verified, SPI 0x00000065": 2,
        "ESP with NULL encryption, ICV not that of the key given, SPI 0x00000065": 1,
    }
    assert made.facts.counts == {}


# ---------------------------------------------------------------------------------------------- limits


def test_only_so_many_packets_wait(monkeypatch):
    monkeypatch.setattr(decode, "MAX_HELD", 3)
    _, made = run(*(sealed(n) for n in range(5)))
    assert made.facts.counts == {decode.SHUT: 3, decode.LOST: 2}


def test_only_so_many_octets_wait(monkeypatch):
    monkeypatch.setattr(decode, "MAX_HELD_OCTETS", 2 * (len(sealed(1)) - 20 + decode.COST))
    _, made = run(*(sealed(n) for n in range(5)))
    assert made.facts.counts == {decode.SHUT: 2, decode.LOST: 3}


def test_only_so_many_associations_are_known_and_none_takes_octets_with_it(monkeypatch):
    monkeypatch.setattr(decode, "MAX_ASSOCIATIONS", 2)
    monkeypatch.setattr(decode, "MAX_HELD_OCTETS", 2 * (48 + decode.COST) + 1)
    packets = [ip_packet(UE, CSCF, 50, struct.pack("!II", spi, 1) + bytes(40)) for spi in range(1, 9)]
    _, made = run(*packets)
    assert made.facts.counts == {decode.SHUT: 8}


def test_esp_in_esp_ends_at_the_depth_of_tunnels():
    def nested(number, levels):
        protocol, body = inner(sip(number))
        for _ in range(levels):
            protocol, body = 50, esp(MACS["null"], number, protocol, body)
        return ip_packet(UE, CSCF, 50, body)

    plain = [transport(MACS["null"], n, sip(n), UE, CSCF) for n in (1, 2)]
    found, made = run(*plain, nested(3, decoding.MAX_TUNNELS), nested(4, decoding.MAX_TUNNELS + 1))
    assert [[item.data for item in items] for items in found] == [[SIP % 1], [SIP % 2], [SIP % 3], []]
    assert made.facts.counts == {decoding.TOO_DEEP: 1}


def test_what_is_found_reads_as_sip():
    found, _ = run(transport(MACS["md5"], 1, sip(1), UE, CSCF))
    message = dissect(found[0][0])
    assert message is not None
    assert message.protocol == "sip"
