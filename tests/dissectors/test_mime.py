"""Multipart bodies and content codings: what is inside, where it stands, and what is refused."""

import base64
import gzip
import sys
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors.mime import (
    MAX_BOUNDARY,
    MAX_CODINGS,
    MAX_CONTENT,
    MAX_NESTING,
    MAX_PARTS,
    MAX_SHOWN,
    body_parts,
    content_field,
    decode_content,
    inner_parts,
)
from dissectors.text import Headers

CRLF = b"\r\n"
TWO = CRLF.join(
    [
        b"preamble",
        b"--b1",
        b"Content-Type: application/sdp",
        b"",
        b"v=0",
        b"",
        b"--b1 ",
        b"Content-Type: Application/MBMS-Register+XML; charset=utf-8",
        b"Content-ID: <x>",
        b"",
        b"<a/>",
        b"--b1--",
        b"epilogue",
    ]
)


def typed(content_type: str) -> Headers:
    return Headers(("Content-Type",), (f"Content-Type: {content_type}".encode(),))


def read(body: bytes, content_type: str = "multipart/mixed;boundary=b1"):
    return body_parts(typed(content_type), body, 0, len(body), False)


def nested(depth: int, leaf: bytes = b"leaf") -> bytes:
    body = b"Content-Type: text/plain\r\n\r\n" + leaf
    for level in range(depth, 0, -1):
        name = b"b" + b"-x" * level
        kind = b"" if level == 1 else b"Content-Type: multipart/mixed; boundary=" + name + b"\r\n\r\n"
        body = kind + b"--" + name + b"\r\n" + body + b"\r\n--" + name + b"--"
    return body


# ---------------------------------------------------------------------------------------------- multipart


def test_one_body_is_one_part():
    headers = typed("application/sdp; charset=x")
    (part,), notes = body_parts(headers, b"xxv=0xx", 2, 5, False)
    assert (part.content_type, part.data, part.start, part.span) == ("application/sdp", b"v=0", 2, (2, 5))
    assert part.headers is headers
    assert notes == []


def test_no_body_has_no_parts():
    assert body_parts(typed("application/sdp"), b"abc", 2, 2, False) == ([], [])


def test_parts_of_a_multipart_body():
    (sdp, xml), notes = read(TWO)
    assert notes == []
    assert (sdp.content_type, sdp.data) == ("application/sdp", b"v=0\r\n")
    assert (xml.content_type, xml.data) == ("application/mbms-register+xml", b"<a/>")
    assert xml.headers.get("content-id") == "<x>"
    for part in (sdp, xml):
        assert TWO[part.start :].startswith(part.data)
        assert part.span == (part.start, part.start + len(part.data))
    assert [(p.protocol, p.start) for p in inner_parts((sdp, xml))] == [("sdp", sdp.start), ("mbms-xml", xml.start)]


def test_offsets_of_moved_bodies_mean_nothing():
    parts, _ = body_parts(typed("multipart/mixed;boundary=b1"), TWO, 0, len(TWO), True)
    assert [(part.start, part.span) for part in parts] == [(-1, (-1, -1))] * 2


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_parts_without_headers_and_bare_line_feeds(line_end):
    (part,), notes = read(line_end.join([b"--b1", b"", b"data", b"--b1--"]))
    assert (part.content_type, part.data, notes) == ("", b"data", [])


def test_an_empty_part():
    parts, notes = read(b"--b1\r\n--b1\r\n\r\n--b1--")
    assert [part.data for part in parts] == [b"", b""]
    assert notes == []


def test_a_part_of_headers_only():
    body = b"--b1\r\nContent-Type: text/plain\r\n--b1--"
    (part,), notes = read(body)
    assert (part.content_type, part.data, notes) == ("text/plain", b"", [])
    field = content_field("x", body, 0, len(body), [part])
    assert [(child.start, child.end) for child in field.children] == [(0, 6), (6, 32), (32, 32), (32, 38)]


def test_a_longer_boundary_is_another():
    body = (
        b"--b\r\nContent-Type: multipart/related; boundary=b-in\r\n\r\n"
        b"--b-in\r\n\r\none\r\n--b-in\r\n\r\ntwo\r\n--b-in--\r\n"
        b"--b\r\n\r\nthree --b not here\r\n--bx\r\n--b--"
    )
    parts, notes = read(body, "multipart/mixed; boundary=b")
    assert [part.data for part in parts] == [b"one", b"two", b"three --b not here\r\n--bx"]
    assert notes == []


def test_quoted_boundaries():
    parts, notes = read(b"--a b;c\r\n\r\nx\r\n--a b;c--", 'multipart/mixed; boundary="a b;c"')
    assert ([part.data for part in parts], notes) == ([b"x"], [])


@pytest.mark.parametrize(
    ("body", "content_type", "note"),
    [
        (b"no boundary", "multipart/mixed;boundary=b1", "not found"),
        (b"--b1\r\n\r\nx", "multipart/mixed", "usable boundary"),
        (b"--b1\r\n\r\nx", "multipart/mixed;boundary=" + "b" * (MAX_BOUNDARY + 1), "usable boundary"),
        (b"--b1\r\n\r\nx", "multipart/mixed;boundary=b1", "is missing"),
        (b"--b1\r\n\r\nx\r\n--b1", "multipart/mixed;boundary=b1", "is cut"),
        (b"--b1\r\n\r\nx\r\n--b1-", "multipart/mixed;boundary=b1", "is cut"),
    ],
)
def test_broken_multiparts_are_noted(body, content_type, note):
    parts, notes = read(body, content_type)
    assert len(parts) == 1
    assert [note in found for found in notes] == [True]


def test_base64_parts_are_decoded_and_keep_their_span():
    coded = base64.encodebytes(b"\x01\x00mikey")
    body = (
        b"--b1\r\nContent-Type: application/mikey\r\nContent-Transfer-Encoding: BASE64\r\n\r\n" + coded + b"\r\n--b1--"
    )
    (part,), notes = read(body)
    assert (part.data, part.start, notes) == (b"\x01\x00mikey", -1, [])
    assert body[slice(*part.span)] == coded
    assert [p.protocol for p in inner_parts([part])] == ["mikey"]


def test_base64_that_is_none_is_left_as_it_is():
    (part,), notes = read(b"--b1\r\nContent-Transfer-Encoding: base64\r\n\r\nabc\r\n--b1--")
    assert part.data == b"abc"
    assert notes == ["body part is not the base64 it says"]


def test_nesting_ends_somewhere():
    for depth in (1, MAX_NESTING):
        (part,), notes = read(nested(depth), "multipart/mixed; boundary=b-x")
        assert (part.data, notes) == (b"leaf", [])
    (part,), notes = read(nested(MAX_NESTING + 1), "multipart/mixed; boundary=b-x")
    assert part.content_type == "multipart/mixed"
    assert notes == [f"multipart nested deeper than {MAX_NESTING}"]


def test_the_number_of_parts_is_limited():
    parts, notes = read(b"--b1\r\n\r\nx\r\n" * (MAX_PARTS + 5) + b"--b1--")
    assert len(parts) == MAX_PARTS
    assert notes == [f"more than {MAX_PARTS} body parts"]


@pytest.mark.parametrize(
    "piece",
    [
        b"--b1\r\n",
        b"--b1",
        b"\n--b1 ",
        b"--b1\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n",
        b"--b1\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n",
        b"--b1\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n",
        b"\n--b1x",
        b"\r\n--b1\t\t\t\t",
        b"--b1\r\nA: b\r\n",
    ],
)
def test_hostile_multiparts_are_read_in_linear_time(piece):
    body = piece * (256 * 1024 // len(piece))
    parts, notes = read(body)
    assert len(parts) <= MAX_PARTS
    assert len(notes) == len(set(notes))


# ---------------------------------------------------------------------------------------------- codings


@pytest.mark.parametrize(
    ("data", "codings"),
    [
        (b"plain", ()),
        (b"plain", ("identity",)),
        (gzip.compress(b"plain", mtime=0), ("gzip",)),
        (gzip.compress(b"plain", mtime=0), ("X-GZIP , identity",)),
        (zlib.compress(b"plain"), ("deflate",)),
        (zlib.compress(b"plain")[2:-4], ("deflate",)),
        (gzip.compress(zlib.compress(b"plain"), mtime=0), ("deflate", "gzip")),
    ],
)
def test_codings_are_undone(data, codings):
    assert decode_content(data, codings) == (b"plain", "", "")


def test_octets_without_a_coding_are_the_same_object():
    data = b"plain"
    assert decode_content(data, ("identity",))[0] is data


def test_unknown_codings_are_left_and_noted():
    assert decode_content(b"x", ("zstd",)) == (b"x", "content coding zstd is not read", "")


def test_brotli_is_read_where_its_package_is_installed():
    brotli = pytest.importorskip("brotli")
    assert decode_content(brotli.compress(b"plain"), ("br",)) == (b"plain", "", "")
    assert decode_content(gzip.compress(brotli.compress(b"plain"), mtime=0), ("br, gzip",)) == (b"plain", "", "")
    assert decode_content(bytes([255]) * 9, ("br",))[2] == "content is not br"
    assert decode_content(brotli.compress(b"plain" * 100)[:-3], ("br",))[2] == "br content is cut"
    bomb = brotli.compress(bytes(64 * MAX_CONTENT))
    assert len(bomb) < 1000
    assert decode_content(bomb, ("br",)) == (b"", "", f"content has more than {MAX_CONTENT} octets")


def test_brotli_without_its_package_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)
    note = "content coding br is not read: the package brotli is not installed"
    assert decode_content(b"x", ("br",)) == (b"x", note, "")
    old = SimpleNamespace(Decompressor=lambda: SimpleNamespace(process=lambda data: data), error=ValueError)
    monkeypatch.setitem(sys.modules, "brotli", old)
    assert decode_content(b"x", ("br",)) == (b"x", "content coding br is not read: brotli is older than 1.2", "")


@pytest.mark.parametrize(
    ("data", "coding", "reason"),
    [
        (b"plain", "gzip", "content is not gzip"),
        (b"\xff\xff\xff", "deflate", "content is not deflate"),
        (b"", "gzip", "gzip content is cut"),
        (b"", "deflate", "deflate content is cut"),
        (gzip.compress(b"plain" * 100, mtime=0)[:-12], "gzip", "gzip content is cut"),
        (b"x", ",".join(["gzip"] * (MAX_CODINGS + 1)), f"more than {MAX_CODINGS} content codings"),
    ],
)
def test_codings_that_lie_are_errors(data, coding, reason):
    assert decode_content(data, (coding,))[2] == reason


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_bombs_do_not_go_off(layers):
    bomb = bytes(MAX_CONTENT + 1)
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    content, _, reason = decode_content(bomb, ["gzip"] * layers)
    assert content == b""
    assert reason == f"content has more than {MAX_CONTENT} octets"


def test_the_most_content_is_still_read():
    content, note, reason = decode_content(gzip.compress(bytes(MAX_CONTENT)), ["gzip"])
    assert (len(content), note, reason) == (MAX_CONTENT, "", "")


# ---------------------------------------------------------------------------------------------- inner, fields


@pytest.mark.parametrize(
    ("content_type", "protocol"),
    [
        ("application/sdp", "sdp"),
        ("application/mikey", "mikey"),
        ("text/xml", "mbms-xml"),
        ("application/mbms-msk+xml", "mbms-xml"),
        ("text/plain", ""),
        ("", ""),
    ],
)
def test_parts_that_are_messages_of_their_own(content_type, protocol):
    parts, _ = body_parts(typed(content_type), b"x", 0, 1, False)
    assert [part.protocol for part in inner_parts(parts)] == ([protocol] if protocol else [])


def test_fields_cover_a_multipart_body():
    parts, _ = read(TWO)
    field = content_field("x.body", TWO, 0, len(TWO), parts)
    assert (field.value, field.text) == (len(TWO), f"{len(TWO)} octets")
    assert [(f.name, TWO[f.start : f.end]) for f in field.children] == [
        ("mime_multipart.first_boundary", b"preamble\r\n--b1\r\n"),
        ("mime_multipart.header.content-type", b"Content-Type: application/sdp\r\n"),
        ("mime_multipart.blank", CRLF),
        ("mime_multipart.part", b"v=0\r\n"),
        ("mime_multipart.boundary", b"\r\n--b1 \r\n"),
        (
            "mime_multipart.header.content-type",
            b"Content-Type: Application/MBMS-Register+XML; charset=utf-8\r\n",
        ),
        ("mime_multipart.header.content-id", b"Content-ID: <x>\r\n"),
        ("mime_multipart.blank", CRLF),
        ("mime_multipart.part", b"<a/>"),
        ("mime_multipart.last_boundary", b"\r\n--b1--\r\nepilogue"),
    ]


def test_fields_of_one_body_and_of_moved_parts_have_no_children():
    parts, _ = read(b"whole", "text/plain")
    assert content_field("x", b"whole", 0, 5, parts).children == ()
    moved, _ = body_parts(typed("multipart/mixed;boundary=b1"), TWO, 0, len(TWO), True)
    assert content_field("x", TWO, 0, len(TWO), moved).children == ()


def test_what_was_not_read_is_shown_by_its_size_only():
    secret = b"topsecret" * MAX_SHOWN
    body = b"--b1\r\n\r\nx\r\n" * MAX_PARTS + b"--b1\r\n\r\n" + secret + b"\r\n--b1--"
    parts, _ = read(body)
    last = content_field("x", body, 0, len(body), parts).children[-1]
    assert last.name == "mime_multipart.last_boundary"
    assert last.value == last.end - last.start


@settings(max_examples=100)
@given(
    st.lists(
        st.sampled_from(
            [b"--b1", b"\r\n", b"\n", b"x", b"A: b", b"Content-Type: multipart/mixed;boundary=b1", b" ", b"-"]
        ),
        max_size=40,
    )
)
def test_any_body_is_covered_by_its_fields(pieces):
    body = b"".join(pieces)
    parts, _ = read(body)
    field = content_field("x", body, 0, len(body), parts)
    at = 0
    for child in field.children:
        assert child.start == at
        at = child.end
    assert at == (len(body) if field.children else 0)
    for part in parts:
        assert body[part.start : part.start + len(part.data)] == part.data
