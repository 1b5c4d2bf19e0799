"""HTTP/2 with other messages in it: every frame and header field where it was, and nothing that does not fit."""

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous.http2_frames import Told, filled
from sample_pcaps.forge_http2 import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PING,
    PREFACE,
    PRIORITY,
    PUSH_PROMISE,
    Packer,
    frame,
)  # fmt: skip

LINES = [(":method", "GET"), (":authority", "bsf.home1.net"), ("x-name", "user1")]
TOLD = {1: Told({b"bsf.home1.net": b"qxz.abcd1.net", b"user1": b"word7", b"": b""}, b"another body")}


def headers(stream, block, flags=END_HEADERS):
    return frame(HEADERS, flags, stream, block)


def read(octets, decoder=None):
    """Frames as kind, flags, stream and header fields or octets."""
    decoder, found, at = decoder or hpack.Decoder(), [], len(PREFACE) if octets.startswith(PREFACE) else 0
    while at < len(octets):
        size, kind, flags = int.from_bytes(octets[at : at + 3], "big"), octets[at + 3], octets[at + 4]
        body = octets[at + 9 : at + 9 + size]
        found.append((kind, flags, [tuple(each) for each in decoder.decode(body)] if kind == HEADERS else body))
        at += 9 + size
    return found


def test_values_are_others_also_where_later_ones_refer_to_them():
    packer = Packer()
    octets = PREFACE + headers(1, packer.block(LINES)) + headers(1, packer.block(LINES), END_HEADERS | END_STREAM)
    made = filled(octets, TOLD)
    assert len(made) == len(octets)
    new = [(":method", "GET"), (":authority", "qxz.abcd1.net"), ("x-name", "word7")]
    assert read(made) == [(HEADERS, END_HEADERS, new), (HEADERS, END_HEADERS | END_STREAM, new)]
    assert read(octets)[0][2] == LINES  # it is a test of something


def test_bodies_go_on_from_frame_to_frame():
    octets = frame(DATA, 0, 1, b"12345") + frame(DATA, PADDED | END_STREAM, 1, b"\x03" + b"6789012" + bytes(3))
    assert read(filled(octets, TOLD)) == [
        (DATA, 0, b"anoth"), (DATA, PADDED | END_STREAM, b"\x03" + b"er body" + bytes(3)),
    ]  # fmt: skip


def test_a_body_of_nobody_is_blanked_and_so_is_what_frames_may_hold():
    octets = frame(DATA, 0, 3, b"12345") + frame(PING, 0, 0, b"12345678") + frame(0x11, 0, 0, b"secret")
    assert [body for _, _, body in read(filled(octets, TOLD))] == [bytes(5), bytes(8), bytes(6)]


@pytest.mark.parametrize("cut", range(1, len(Packer().block(LINES))))
def test_blocks_go_on_in_continuation(cut):
    block = Packer().block(LINES)
    octets = headers(1, block[:cut], 0) + frame(CONTINUATION, END_HEADERS, 1, block[cut:])
    made = filled(octets, TOLD)
    whole = made[9 : 9 + cut] + made[18 + cut :]
    assert [tuple(each) for each in hpack.Decoder().decode(whole)][2] == ("x-name", "word7")
    assert made[:9] == octets[:9]


def test_padding_priority_and_promises():
    block = Packer().block(LINES)
    padded = b"\x02" + bytes(5) + block + bytes(2)
    octets = headers(1, padded, END_HEADERS | PADDED | PRIORITY)
    octets += frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + Packer().block(LINES))
    made = filled(octets, TOLD)
    assert len(made) == len(octets)
    assert made.count(b"word7") == 2
    assert b"user1" not in made


def test_what_no_message_tells_of_ends_it():
    packer = Packer()
    first = headers(1, packer.block(LINES))
    octets = first + headers(1, packer.block([("x-name", "user2")])) + frame(DATA, 0, 1, b"12345")
    made = filled(octets, TOLD)
    assert made[: len(first)] == filled(first, TOLD)
    assert b"user2" not in made
    assert len(first) <= len(made) < len(first) + 12


@pytest.mark.parametrize(("new", "fits"), [(b"user7", True), (b"user1", True), (b"zzzz7", False)])
def test_huffman_code_where_it_fits(new, fits):
    block = hpack.Encoder().encode([("x-name", "user1")], huffman=True)
    octets = headers(1, block)
    assert b"user1" not in octets
    made = filled(octets, {1: Told({b"user1": new})})
    assert (len(made) == len(octets)) is fits
    if fits:
        assert read(made)[0][2] == [("x-name", new.decode())]


def test_it_is_cut_anywhere():
    octets = PREFACE + headers(1, Packer().block(LINES)) + frame(DATA, END_STREAM, 1, b"12345")
    whole = filled(octets, TOLD)
    for size in range(len(octets)):
        assert whole.startswith(filled(octets[:size], TOLD))


@given(st.binary(max_size=60), st.integers(0, 255), st.integers(0, 12))
def test_no_octets_raise_or_get_longer(block, flags, kind):
    octets = frame(kind, flags, 1, block)
    assert len(filled(octets, TOLD)) <= len(octets)
