"""DCF by hand: boxes, names of keys, signature, limits, and what tshark says of the boxes."""

import base64
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.cursor import Cursor, Recorder
from dissectors.dcf import MAX_BOXES, MAX_LEVELS, KeyInfo, begins

ID = bytes.fromhex("112233010203040005")


def box(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack("!I4s", 8 + len(inside), kind) + inside


def full(kind: bytes, *content: bytes) -> bytes:
    return box(kind, bytes(4), *content)


def large(kind: bytes, *content: bytes) -> bytes:
    inside = b"".join(content)
    return struct.pack("!I4sQ", 1, kind, 16 + len(inside)) + inside


def key_info(name: bytes = base64.b64encode(ID), kind: int = 2) -> bytes:
    return full(b"obki", bytes((0, kind, len(name))), name)


def headers(*more: bytes, content_type: bytes = b"video/mp4", encryption: int = 2) -> bytes:
    common = struct.pack("!BBQHHH", encryption, 1, 7, 5, 6, 4) + b"cid:1http:/a:b\0"
    return full(b"odhe", bytes((len(content_type),)), content_type, full(b"ohdr", common, *more))


def content(data: bytes, *parts: bytes) -> bytes:
    return full(b"odrm", *parts, full(b"odda", struct.pack("!Q", len(data)), data))


FTYP = box(b"ftyp", b"odcf", struct.pack("!I", 2), b"odcf")
SIGNED = box(b"mdri", full(b"odfs", b"\1", bytes(range(20))))
WHOLE = FTYP + content(b"secret!", headers(key_info())) + SIGNED


def test_whole(read):
    body = read(WHOLE)
    assert (body.brand, body.version, body.brands, body.notes) == ("odcf", 2, ("odcf",), ())
    (one,) = body.contents
    assert (one.content_type, one.encryption, one.padding, one.plaintext_length) == ("video/mp4", 2, 1, 7)
    assert (one.content_id, one.rights_issuer) == ("cid:1", "http:/")
    assert one.keys == (KeyInfo(2, base64.b64encode(ID), "", ID[:3], ID[3:7], ID[7:]),)
    assert (one.data, WHOLE[one.start : one.start + 7]) == (b"secret!", b"secret!")
    assert (body.signature.method, body.signature.value) == (1, bytes(range(20)))
    assert WHOLE[body.signature.start + 4 :][:4] == b"odfs"


def test_large_boxes_and_one_up_to_the_end(read):
    last = bytes(4) + SIGNED[4:]
    body = read(
        FTYP + large(b"odrm", bytes(4), headers(), large(b"odda", bytes(4), struct.pack("!Q", 2), b"ab")) + last
    )
    assert body.contents[0].data == b"ab"
    assert body.signature.method == 1


def test_several_contents_keep_their_own_keys(read):
    other = key_info(base64.b64encode(bytes(9)))
    first, second = read(FTYP + content(b"a", headers(key_info())) + content(b"b", headers(other))).contents
    assert (first.keys[0].msk_id, second.keys[0].msk_id) == (ID[3:7], bytes(4))


def test_key_names_with_all_that_may_stand_beside_them(read):
    name = base64.b64encode(ID)
    one = bytes((0xF0, 2, 12)) + name + b"\0\2ab" + b"\0\1c" + bytes(4) + b"\0\1d"
    keys = read(FTYP + content(b"", headers(full(b"obki", b"\2", one, bytes((0, 1, 1)), b"x")))).contents[0].keys
    assert [(key.kind, key.key_issuer, key.mtk_id) for key in keys] == [(2, "ab", b"\0\5"), (1, "", b"")]


@pytest.mark.parametrize(("count", "found"), [(b"\0", 0), (b"\1", 1), (b"", 1)])
def test_a_count_of_names_may_stand_first(read, count, found):
    one = bytes((0, 2, 12)) + base64.b64encode(ID) if found else b""
    keys = read(FTYP + content(b"", headers(full(b"obki", count + one)))).contents[0].keys
    assert [key.msk_id for key in keys] == [ID[3:7]] * found


@pytest.mark.parametrize("name", [b"", b"!!!!", base64.b64encode(ID[:8]), ID])
def test_a_name_that_is_no_mtk_is_noted(payload, name):
    message = dissect(payload(FTYP + content(b"", headers(key_info(name)))), "dcf")
    assert message.error is None
    assert message.body.contents[0].keys == (KeyInfo(2, name),)
    assert "KeyID" in message.notes[0]


def test_content_in_the_clear_is_a_message_of_its_own(payload, header):
    clear = FTYP + content(header(0), headers(content_type=b"application/mikey", encryption=0))
    (inner,) = dissect(payload(clear), "dcf").inner
    assert (inner.protocol, clear[inner.offset :][:10]) == ("mikey", header(0))
    hidden = FTYP + content(header(0), headers(content_type=b"application/mikey", encryption=2))
    assert dissect(payload(hidden), "dcf").inner == ()


def test_in_http(payload):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oma.drm.dcf\r\nContent-Length: %d\r\n\r\n" % len(WHOLE)
    (inner,) = dissect(payload(head + WHOLE, "tcp", 80)).inner
    assert (inner.protocol, inner.error, inner.offset) == ("dcf", None, len(head))


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "mp4.box.type_str", 0),
        (SIGNED, "mp4.box.type_str", 0),
        (FTYP + b"\0\0\0\4free", "mp4.box.size", 20),
        (FTYP + b"\0\0\0\x09free", "mp4.box.size", 20),
        (FTYP + b"\0\0\0\1free" + struct.pack("!Q", 15), "mp4.box.size", 20),
        (FTYP + b"\0\0\0\1free" + b"\xff" * 8, "mp4.box.size", 20),
        (FTYP + full(b"odrm", full(b"odda", b"\xff" * 8)), "dcf.data_length", 44),
        (FTYP + full(b"odfs"), "dcf.signature_method", 32),
        (FTYP + full(b"obki", b"\0\2\x0c"), "dcf.obki.key_id", 35),
    ],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_what_was_read_before_stays(broken):
    partial = broken(WHOLE[:-30]).partial
    assert partial.contents[0].keys[0].msk_id == ID[3:7]
    assert partial.signature is None
    assert broken(FTYP + full(b"odrm", headers(key_info()), b"\0\0\0\x20")).partial.contents[0].keys


def test_limits(read, broken):
    free = box(b"free")
    assert read(FTYP + free * (MAX_BOXES - 1)).brand == "odcf"
    assert broken(FTYP + free * MAX_BOXES).reason == f"more than {MAX_BOXES} boxes"
    nested = b""
    for _ in range(MAX_LEVELS):
        nested = box(b"mdri", nested)
    assert read(FTYP + nested).contents == ()
    assert "deeper" in broken(FTYP + box(b"mdri", nested)).reason


def test_begin_is_told():
    assert begins(WHOLE)
    assert not begins(box(b"ftyp", b"isom"))


def test_content_is_in_no_repr_and_no_field(payload, read, named):
    assert "secret" not in repr(read(WHOLE))
    assert named(dissect(payload(WHOLE), "dcf"), "dcf.data") == [7]


@pytest.mark.parametrize("bit", range(8))
def test_flipped_bits(payload, outcome, bit):
    for at in range(len(WHOLE)):
        data = bytearray(WHOLE)
        data[at] ^= 1 << bit
        assert outcome(Cursor(bytes(data))) == outcome(Recorder(bytes(data)))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_hostile_octets_raise_malformed_only(outcome, noise, start, end):
    outcome(Cursor(WHOLE[:start] + noise + WHOLE[end:]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(min_size=9, max_size=9)), max_size=5))
def test_what_is_written_is_what_is_read(read, contents):
    data = FTYP + b"".join(content(octets, headers(key_info(base64.b64encode(name)))) for octets, name in contents)
    found = read(data).contents
    assert [one.data for one in found] == [octets for octets, _ in contents]
    assert [one.keys[0].key_domain + one.keys[0].msk_id + one.keys[0].mtk_id for one in found] == [
        name for _, name in contents
    ]


def test_boxes_read_as_in_tshark(payload, oracle, agrees):
    data = FTYP + large(b"free", b"abc") + box(b"mdri")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % len(data)
    ((octets, shown),) = oracle("mp4", [payload(head + data, "tcp", 80)])
    assert octets == data
    agrees(dissect(payload(data), "dcf"), shown)
