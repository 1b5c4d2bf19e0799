import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.decode import wlan as reading
from analyzer.decode.packets import Broken
from analyzer.decode.wlan import radiotap, wlan
from sample_pcaps import forge_tunnels as forge
from sample_pcaps.forge import udp

PACKET = udp("10.0.0.1", 1000, "10.0.0.2", 2269, b"hello")
FCS = b"\x01\x02\x03\x04"


@pytest.mark.parametrize("kind", [{}, {"qos": False}, {"both": True}, {"order": True}, {"both": True, "order": True}])
def test_data_frames(kind: dict[str, bool]) -> None:
    data = forge.wlan(PACKET, **kind)
    assert list(wlan(data)) == list(wlan(data + FCS)) == [len(data) - len(PACKET)]


def aggregate(*packets: bytes) -> tuple[bytes, list[int]]:
    """An A-MSDU, and where its packets begin."""
    return forge.wlan_aggregate(*packets), [
        len(forge.wlan_aggregate(*packets[:count])) - len(packets[count - 1]) for count in range(1, len(packets) + 1)
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 64])
def test_an_aggregate_has_several_packets(count: int) -> None:
    data, begins = aggregate(*(PACKET + bytes(number % 4) for number in range(count)))
    assert list(wlan(data)) == list(wlan(data + FCS)) == begins


def test_what_is_cut_of_an_aggregate_hides_none_before_it() -> None:
    data, begins = aggregate(PACKET, PACKET)
    found = wlan(data[: begins[1] - 1])
    assert next(found) == begins[0]
    with pytest.raises(Broken):
        next(found)


def test_an_aggregate_without_end_ends() -> None:
    data, begins = aggregate(*[PACKET] * 65)
    assert list(wlan(data)) == [*begins[:64], reading.TOO_MANY]
    empty = forge.wlan_aggregate(PACKET)[:26] + bytes(5000)
    assert list(wlan(empty)) == ["llc"] * 64 + [reading.TOO_MANY]


def test_radiotap_tells_where_the_frame_begins_and_what_fills_it_up() -> None:
    data = forge.wlan(PACKET)
    header = len(data) - len(PACKET) - 8
    assert header % 4
    filled = data[:header] + bytes(-header % 4) + data[header:]
    for octets in (
        forge.radiotap(data),
        forge.radiotap(data, tsft=True),
        forge.radiotap(filled, padded=True),
        forge.radiotap(filled, padded=True, tsft=True),
        b"\x00\x00\x08\x00" + bytes(4) + data,
    ):
        assert list(radiotap(octets)) == [len(octets) - len(PACKET)]


def test_several_words_of_presence_are_stepped_over() -> None:
    inner = forge.wlan(PACKET)
    octets = bytes((0, 0, 13, 0, 2, 0, 0, 0x80, 0, 0, 0, 0, 0x40)) + inner
    assert list(radiotap(octets)) == [reading.DAMAGED]
    assert list(radiotap(octets[:12] + b"\x00" + inner)) == [len(octets) - len(PACKET)]


def changed(at: int, value: int) -> bytes:
    data = bytearray(forge.wlan(PACKET))
    data[at] = value
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(0, 0x80), reading.NOT_DATA),
        (changed(0, 0xC8), reading.NOT_DATA),
        (changed(1, 0x41), reading.ENCRYPTED),
        (changed(1, 0x05), reading.FRAGMENT),
        (changed(22, 0x11), reading.FRAGMENT),
        (changed(26, 0x42), "llc"),
    ],
)
def test_other_frames_say_why_not(data: bytes, reason: str) -> None:
    assert list(wlan(data)) == [reason]


def test_a_frame_received_with_errors_is_not_read() -> None:
    assert list(radiotap(forge.radiotap(forge.wlan(PACKET), damaged=True))) == [reading.DAMAGED]


@pytest.mark.parametrize(
    "data", [b"", b"\x88", forge.wlan(PACKET)[:25], forge.wlan(PACKET)[:33], forge.wlan_aggregate(PACKET)[:39]]
)
def test_frames_that_are_cut_are_broken(data: bytes) -> None:
    with pytest.raises(Broken) as told:
        list(wlan(data))
    assert "left" in told.value.reason


@pytest.mark.parametrize("data", [b"", bytes(7), b"\x00\x00\x07\x00" + bytes(8), b"\x00\x00\x20\x00" + bytes(8)])
def test_a_radiotap_header_that_cannot_be_is_broken(data: bytes) -> None:
    with pytest.raises(Broken) as told:
        list(radiotap(data))
    assert told.value.field == "radiotap.length"


@given(st.binary(max_size=80))
def test_no_octets_raise_anything_else(data: bytes) -> None:
    for read, octets in ((wlan, b"\x88" + data), (radiotap, data), (radiotap, b"\x00\x00\x0c\x00" + data)):
        try:
            found = list(read(octets))
        except Broken:
            continue
        assert found
        assert all(isinstance(one, str) or 0 < one <= len(octets) for one in found)
