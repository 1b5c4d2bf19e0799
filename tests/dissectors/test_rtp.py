"""RTP by hand, SRTP of the chain, and what tshark says."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.cursor import Cursor, Recorder
from dissectors.rtp import RTP, Extension, srtp_parser

ROC_PACKET = "SRTP packet SEQ 0x0020 (SEQ mod 16 = 0: ROC 2 + 10 octets MAC), RCCm2"
FULL_PACKET = "SRTP packet SEQ 0x0021 (full 14 octet MAC), RCCm2"
MKI, TAG = 6, 14


def packet(
    payload: bytes = b"payload", csrcs: tuple[int, ...] = (), words: bytes | None = None, padding: bytes = b""
) -> bytes:
    first = 0x80 | (0x20 if padding else 0) | (0x10 if words is not None else 0) | len(csrcs)
    head = struct.pack("!BBHII", first, 0xE0, 7, 1000, 0x11223344) + struct.pack(f"!{len(csrcs)}I", *csrcs)
    if words is not None:
        head += struct.pack("!HH", 0xABCD, len(words) // 4) + words
    return head + payload + padding


WHOLE = packet(csrcs=(5, 6), words=bytes(range(8)), padding=b"\0\0\3")


def test_plain_packet(read):
    body = read(packet())
    assert (body.marker, body.payload_type, body.seq, body.timestamp) == (True, 96, 7, 1000)
    assert (body.ssrc, body.header, body.payload) == (0x11223344, 12, b"payload")
    assert (body.csrcs, body.extension, body.padding) == ((), None, 0)


def test_packet_with_everything(read):
    body = read(WHOLE)
    assert (body.csrcs, body.extension) == ((5, 6), Extension(0xABCD, bytes(range(8))))
    assert (body.header, body.payload, body.padding) == (32, b"payload", 3)


def test_empty_payload_and_empty_extension(read):
    body = read(packet(b"", words=b""))
    assert (body.payload, body.extension, body.header) == (b"", Extension(0xABCD, b""), 16)


@pytest.mark.parametrize("data", [packet(), WHOLE, packet(b"", words=b"", padding=b"\1")])
def test_every_octet_has_a_field(payload, leaves, data):
    message = dissect(payload(data), "rtp")
    assert message.error is None
    assert leaves(message)[0].name == "rtp.version"


def test_media_is_not_matched_by_its_octets(payload):
    assert not RTP.matches(payload(WHOLE))


@pytest.mark.parametrize("name", [ROC_PACKET, FULL_PACKET])
def test_srtp_of_the_chain(value, name):
    data = value(name)
    recorder = Recorder(data)
    body = srtp_parser(MKI, TAG)(recorder)
    assert body.mki == bytes.fromhex("000100020005")
    assert body.auth_tag == data[-TAG:]
    assert body.header == 12
    assert data == data[:12] + body.payload + body.mki + body.auth_tag
    names = [field.name for field in recorder.fields[-3:]]
    assert names == ["srtp.enc_payload", "srtp.mki", "srtp.auth_tag"]
    assert recorder.fields[-1].end == len(data)


def test_srtp_without_mki_and_tag():
    recorder = Recorder(packet())
    body = srtp_parser(0, 0)(recorder)
    assert (body.payload, body.mki, body.auth_tag) == (b"payload", b"", b"")
    assert recorder.fields[-1].name == "srtp.enc_payload"


def test_srtp_padding_is_encrypted():
    assert srtp_parser(0, 0)(Cursor(packet(b"", padding=b"\xff"))).payload == b"\xff"


def test_srtp_too_short_for_its_trailer(broken):
    error = broken(packet(b"x" * (MKI + TAG - 1)), srtp_parser(MKI, TAG))
    assert (error.field, error.offset) == ("srtp.enc_payload", 12)
    assert error.partial.ssrc == 0x11223344


@pytest.mark.parametrize("cut", range(32))
def test_truncated_header(payload, leaves, cut):
    message = dissect(payload(WHOLE[:cut]), "rtp")
    assert message.error is not None
    assert message.body is None
    leaves(message)


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "rtp.version", 0),
        (b"\x40" + packet()[1:], "rtp.version", 0),
        (packet(b"", padding=b"\0"), "rtp.padding.count", 12),
        (packet(b"abc", padding=b"\x05"), "rtp.padding.count", 15),
        (b"\xa0" + packet(b"")[1:], "rtp.padding.count", 11),
        (packet(b"", words=b"\0\0\0\0")[:14] + b"\xff\xff\0\0\0\0", "rtp.hdr_exts", 16),
        (b"\x8f" + packet(b"abcd")[1:], "rtp.csrc.item", 16),
    ],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_wrong_padding_leaves_the_header(broken):
    assert broken(packet(b"abc", padding=b"\x05")).partial.seq == 7


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=50),
    st.lists(st.integers(0, 0xFFFFFFFF), max_size=15),
    st.none() | st.integers(0, 5).map(lambda n: bytes(4 * n)),
    st.integers(0, 20),
)
def test_what_is_written_is_what_is_read(read, content, csrcs, words, padding):
    fill = bytes(padding - 1) + bytes((padding,)) if padding else b""
    body = read(packet(content, tuple(csrcs), words, fill))
    assert (body.payload, body.csrcs, body.padding) == (content, tuple(csrcs), padding)
    assert (body.extension and body.extension.data) == words


# ------------------------------------------------------------------------------------------------ tshark

UNLIKE = frozenset(("rtp.extseq",))  # tshark counts on over the wrap


def test_reads_as_in_tshark(payload, oracle, agrees):
    sent = [payload(data, dport=5004) for data in (packet(), WHOLE)]
    asked = oracle("rtp", sent, "-d", "udp.port==5004,rtp")
    assert [octets for octets, _ in asked] == [one.data for one in sent]
    for one, (_, shown) in zip(sent, asked, strict=True):
        agrees(dissect(one, "rtp"), shown, UNLIKE)
