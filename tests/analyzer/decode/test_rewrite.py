import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.capture import linktypes
from analyzer.capture.frame import Frame
from analyzer.decode.decoder import Decoder
from analyzer.decode.rewrite import checksum, with_payload
from sample_pcaps import forge

ENDS = [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")]


def frame(src, dst, payload):
    return forge.ethernet(src, dst, forge.udp(src, 1000, dst, 2000, payload))


@pytest.mark.parametrize(("src", "dst"), ENDS)
@settings(max_examples=60, deadline=None)
@given(before=st.binary(min_size=1, max_size=60), after=st.binary(max_size=80))
def test_it_is_as_if_it_had_been_sent_so(src, dst, before, after):
    found = with_payload(linktypes.EN10MB, frame(src, dst, before), before, after)
    assert found == frame(src, dst, after)


@pytest.mark.parametrize(("src", "dst"), ENDS)
def test_tags_stay(src, dst):
    tagged = [f[:12] + b"\x81\x00\x00\x05" * 2 + f[12:] for f in (frame(src, dst, b"before"), frame(src, dst, b"now"))]
    assert with_payload(linktypes.EN10MB, tagged[0], b"before", b"now") == tagged[1]


@pytest.mark.parametrize(("src", "dst"), ENDS)
def test_a_raw_packet(src, dst):
    assert (
        with_payload(linktypes.RAW, frame(src, dst, b"before")[14:], b"before", b"now") == frame(src, dst, b"now")[14:]
    )


def test_a_checksum_that_was_left_out_stays_out():
    data = bytearray(frame(*ENDS[0], b"before"))
    data[40:42] = b"\0\0"
    found = with_payload(linktypes.EN10MB, bytes(data), b"before", b"now")
    assert found[40:42] == b"\0\0"
    assert found[42:] == b"now"


def test_padding_stays():
    found = with_payload(linktypes.EN10MB, frame(*ENDS[0], b"before") + bytes(4), b"before", b"now")
    assert found == frame(*ENDS[0], b"now") + bytes(4)


@pytest.mark.parametrize(
    "data",
    [
        frame(*ENDS[0], b"other!"),
        frame(*ENDS[0], b"before")[:-1],
        frame(*ENDS[0], b"before")[:20] + b"\x20" + frame(*ENDS[0], b"before")[21:],  # a fragment
        frame(*ENDS[0], b"before")[:23] + b"\x06" + frame(*ENDS[0], b"before")[24:],  # TCP
        forge.ethernet(
            "10.0.0.1", "10.0.0.2", forge.ip_packet("10.0.0.1", "10.0.0.2", 4, frame(*ENDS[0], b"before")[14:])
        ),
        b"",
        bytes(14),
    ],
    ids=["other octets", "cut", "fragment", "TCP", "tunnel", "nothing", "no IP"],
)
def test_what_is_not_ordinary_is_left(data):
    assert with_payload(linktypes.EN10MB, data, b"before", b"now") is None


@settings(max_examples=100)
@given(
    link_type=st.sampled_from([0, 1, 9, 101, 105, 113, 228, 229, 276]), data=st.binary(max_size=120), before=st.binary()
)
def test_nothing_raises(link_type, data, before):
    with_payload(link_type, data, before, b"x")


@settings(max_examples=100)
@given(octets=st.binary(max_size=50))
def test_checksum(octets):
    assert checksum(octets) == forge.checksum(octets)


def test_what_is_written_is_decoded():
    data = with_payload(linktypes.EN10MB, frame(*ENDS[0], b"before"), b"before", b"INVITE it")
    decoder = Decoder()
    assert [found.data for found in decoder.feed(Frame(0, 1, 0, 1, data, len(data)))] == [b"INVITE it"]
    assert not decoder.facts.problems
