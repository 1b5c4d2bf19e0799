"""HTTP/2 with other messages in it: every frame and header field where it was, and nothing that does not fit."""

from collections import Counter
from io import BytesIO

import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous import huffman, judged, leaks
from analyzer.anonymous.http2_frames import BLANKED, Told, filled
from analyzer.capture.case import find_cases
from dissectors.http import Http
from sample_pcaps import forge_http2, make, stage
from sample_pcaps.casebook import cases
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
    made = filled(octets, TOLD, Counter())
    assert len(made) == len(octets)
    new = [(":method", "GET"), (":authority", "qxz.abcd1.net"), ("x-name", "word7")]
    assert read(made) == [(HEADERS, END_HEADERS, new), (HEADERS, END_HEADERS | END_STREAM, new)]
    assert read(octets)[0][2] == LINES  # it is a test of something


def test_bodies_go_on_from_frame_to_frame():
    octets = frame(DATA, 0, 1, b"12345") + frame(DATA, PADDED | END_STREAM, 1, b"\x03" + b"6789012" + bytes(3))
    assert read(filled(octets, TOLD, Counter())) == [
        (DATA, 0, b"anoth"), (DATA, PADDED | END_STREAM, b"\x03" + b"er body" + bytes(3)),
    ]  # fmt: skip


def test_a_body_of_nobody_is_blanked_and_so_is_what_frames_may_hold():
    octets = frame(DATA, 0, 3, b"12345") + frame(PING, 0, 0, b"12345678") + frame(0x11, 0, 0, b"secret")
    assert [body for _, _, body in read(filled(octets, TOLD, Counter()))] == [bytes(5), bytes(8), bytes(6)]


@pytest.mark.parametrize("cut", range(1, len(Packer().block(LINES))))
def test_blocks_go_on_in_continuation(cut):
    block = Packer().block(LINES)
    octets = headers(1, block[:cut], 0) + frame(CONTINUATION, END_HEADERS, 1, block[cut:])
    made = filled(octets, TOLD, Counter())
    whole = made[9 : 9 + cut] + made[18 + cut :]
    assert [tuple(each) for each in hpack.Decoder().decode(whole)][2] == ("x-name", "word7")
    assert made[:9] == octets[:9]


def test_padding_priority_and_promises():
    block = Packer().block(LINES)
    padded = b"\x02" + bytes(5) + block + bytes(2)
    octets = headers(1, padded, END_HEADERS | PADDED | PRIORITY)
    octets += frame(PUSH_PROMISE, END_HEADERS, 1, bytes(4) + Packer().block(LINES))
    made = filled(octets, TOLD, Counter())
    assert len(made) == len(octets)
    assert made.count(b"word7") == 2
    assert b"user1" not in made


def test_what_no_message_tells_of_is_blanked_and_what_follows_is_not():
    packer, counts = Packer(), Counter()
    first = headers(1, packer.block(LINES))
    octets = first + headers(1, packer.block([("x-name", "user2")])) + frame(DATA, 0, 1, b"12345")
    made = filled(octets, TOLD, counts)
    assert made[: len(first)] == filled(first, TOLD, Counter())
    assert [body for _, _, body in read(made)][1:] == [[("x-name", "XXXXX")], b"anoth"]
    assert counts == {BLANKED: 6}


def test_values_of_other_streams_are_known():
    packer = Packer()
    octets = headers(3, packer.block(LINES)) + headers(1, packer.block(LINES))
    assert [body for _, _, body in read(filled(octets, TOLD, Counter()))] == [
        [(":method", "GET"), (":authority", "qxz.abcd1.net"), ("x-name", "word7")]
    ] * 2


def huffman_block(lines, encoder=None):
    return (encoder or hpack.Encoder()).encode(lines, huffman=True)


@pytest.mark.parametrize(
    ("old", "new", "padding"),
    [
        ("user1", "user7", None),
        ("user1", "user1", None),
        ("zzzzzzzz", "aaaaaaaa", 1),  # seven octets become five
        ('a="1", b="2", c="ee3"', 'a="1",b="2", c="zzZ"', None),  # a space makes up for longer letters
    ],
)
def test_huffman_code_of_another_length(old, new, padding):
    encoder = hpack.Encoder()
    told = {1: Told({old.encode(): new.replace(",b", ", b").encode()})}
    octets = headers(1, huffman_block([("x-name", old)], encoder)) + headers(
        1, huffman_block([("x-name", old)], encoder)
    )
    assert old.encode() not in octets
    counts = Counter()
    made = filled(octets, told, counts)
    assert len(made) == len(octets)
    assert counts == {}
    if padding is None:
        assert [body for _, _, body in read(made)] == [[("x-name", new)]] * 2
        return
    size = int.from_bytes(made[:3], "big")
    assert (made[4], made[9], made[9 + size - padding : 9 + size]) == (END_HEADERS | PADDED, padding, bytes(padding))
    decoder = hpack.Decoder()
    assert [tuple(each) for each in decoder.decode(made[10 : 9 + size - padding])] == [("x-name", new)]
    assert [tuple(each) for each in decoder.decode(made[18 + size :])] == [("x-name", new)]


def test_padding_that_is_there_grows_and_says_nothing():
    block = huffman_block([("x-name", "zzzzzzzz")])
    rest = b"\0\0\0\1\x05"
    octets = headers(1, b"\x03" + rest + block + b"abc", END_HEADERS | PADDED | PRIORITY)
    made = filled(octets, {1: Told({b"zzzzzzzz": b"aaaaaaaa"})}, Counter())
    assert made[9:15] == b"\x05" + rest
    assert made.endswith(bytes(5))
    assert [tuple(each) for each in hpack.Decoder().decode(made[15:-5])] == [("x-name", "aaaaaaaa")]


def test_a_value_that_does_not_fit_is_blanked_alone():
    octets = headers(1, huffman_block([("x-name", "aaaaaaaa"), ("x-other", "user1")]))
    counts = Counter()
    made = filled(octets, {1: Told({b"aaaaaaaa": b"zzzzzzzz", b"user1": b"user7"})}, counts)
    assert read(made)[0][2] == [("x-name", "XXXXX"), ("x-other", "user7")]
    assert counts == {BLANKED: 6}


@pytest.mark.parametrize("cut", range(1, 12))
def test_room_for_padding_is_in_the_first_frame_only(cut):
    block = huffman_block([("x-name", "zzzzzzzz")])
    octets = headers(1, block[:cut], 0) + frame(CONTINUATION, END_HEADERS, 1, block[cut:])
    made = filled(octets, {1: Told({b"zzzzzzzz": b"aaaaaaaa"})}, Counter())
    assert len(made) == len(octets)
    first = made[9 : 9 + cut] if not made[4] & PADDED else made[10 : 9 + cut - made[9]]
    value = "aaaaaaaa" if cut > 1 else "XXXXXXX"
    assert [tuple(each) for each in hpack.Decoder().decode(first + made[18 + cut :])] == [("x-name", value)]


def test_spaces_within_quotes_stay():
    octets = headers(1, huffman_block([("x-name", 'a="1, 2e"')]))
    made = filled(octets, {1: Told({b'a="1, 2e"': b'a="8, 9Z"'})}, Counter())
    assert read(made)[0][2] == [("x-name", "X" * len(huffman.encoded(b'a="1, 2e"')))]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=40), st.text(max_size=40)), max_size=12))
def test_any_values_keep_the_table(pairs):
    told = {1: Told({old.encode(): (new * 40)[: len(old)].encode()[: len(old.encode())] for old, new in pairs})}
    encoder = hpack.Encoder()
    octets = b"".join(
        headers(1, encoder.encode([("x-name", old), (f"x-{at}", old)], huffman=bool(at % 2)))
        for at, (old, _) in enumerate(pairs)
    )
    made = filled(octets, told, Counter())
    decoder, at = hpack.Decoder(), 0
    while at < len(made):
        size = int.from_bytes(made[at : at + 3], "big")
        end = at + 9 + size - (made[at + 9] if made[at + 4] & PADDED else 0)
        decoder.decode(made[at + (10 if made[at + 4] & PADDED else 9) : end], raw=True)
        at += 9 + size


@pytest.mark.parametrize("name", ["over_http2", "http_good", "wrong_digest"])
def test_samples_in_huffman_code_keep_their_verdicts(anonymise, tmp_path, monkeypatch, name):
    def coded(text):
        code = huffman.encoded(text.encode())
        return forge_http2.integer(len(code), 7, 0x80) + code

    monkeypatch.setattr(forge_http2, "string", coded)
    monkeypatch.setattr(stage.Stage, "http2", True)
    (case,) = find_cases([str(make.write(cases()[name], tmp_path))])
    each = anonymise(case)
    assert any(isinstance(message.body, Http) and message.body.stream for message in each.before.messages)
    assert judged(each.after.report) == judged(each.before.report)
    assert each.anonymiser.counts == {}
    assert leaks(BytesIO(each.written), each.anonymiser.secrets()) == 0
    said = b"".join(message.payload.data for message in each.after.messages if isinstance(message.body, Http))
    assert b"3gpp-gba" in said
    assert not [secret for secret in (b"home1", b"user1", *each.anonymiser.secrets()) if secret in said]


def test_it_is_cut_anywhere():
    octets = PREFACE + headers(1, Packer().block(LINES)) + frame(DATA, END_STREAM, 1, b"12345")
    whole = filled(octets, TOLD, Counter())
    for size in range(len(octets)):
        assert whole.startswith(filled(octets[:size], TOLD, Counter()))


@given(st.binary(max_size=60), st.integers(0, 255), st.integers(0, 12))
def test_no_octets_raise_or_get_longer(block, flags, kind):
    octets = frame(kind, flags, 1, block)
    assert len(filled(octets, TOLD, Counter())) <= len(octets)
