"""XML from the network: where elements stand, and everything that is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.xml_tree import MAX_ELEMENTS, MAX_LEVELS, Element, read


def spans(octets: bytes) -> list[tuple[str, bytes]]:
    root = read(octets).root
    assert root is not None
    return [(element.name, octets[element.start : element.end]) for element in root.walk()]


def test_elements_know_where_they_stand():
    octets = b'<?xml version="1.0"?>\n<A><b/><c x="/>"></c ><d>/></d><e>\xc3\xa9</e></A>\n'
    assert spans(octets) == [
        ("a", octets[22:-1]),
        ("b", b"<b/>"),
        ("c", b'<c x="/>"></c >'),
        ("d", b"<d>/></d>"),
        ("e", "<e>é</e>".encode()),
    ]


def test_empty_elements_side_by_side():
    assert spans(b"<a><b/></a>") == [("a", b"<a><b/></a>"), ("b", b"<b/>")]
    assert spans(b"<a><b /><b></b></a>")[1:] == [("b", b"<b />"), ("b", b"<b></b>")]
    assert spans(b"<a/>") == [("a", b"<a/>")]


def test_namespaces_and_case_are_apart_from_the_name():
    root = read(b'<p:Root xmlns:p="urn:x" p:Attr=" 1 " b="2"> text <!-- no --><Child/></p:Root>').root
    assert root is not None
    assert (root.tag, root.name, root.namespace, root.text) == ("Root", "root", "urn:x", "text")
    assert list(root.own_values()) == [("attr", "1"), ("b", "2")]
    assert list(root.children[0].own_values()) == [("child", "")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_encodings(encoding):
    declared = encoding.removesuffix("-sig")
    octets = f'<?xml version="1.0" encoding="{declared}"?><a>é<b/></a>'.encode(encoding)
    document = read(octets)
    assert (document.problem, document.root and document.root.text) == ("", "é")
    assert document.root is not None
    assert 0 < document.root.start <= document.root.end <= len(octets)


@pytest.mark.parametrize(
    ("octets", "problem"),
    [
        (b"", "no element found"),
        (b"  ", "no element found"),
        (b"text", "not well-formed"),
        (b"<a><b></a>", "mismatched tag"),
        (b"<a", "unclosed token"),
        (b"<a/><b/>", "junk after document element"),
        (b"<a>\x00</a>", "not well-formed"),
        (b"<a>\xff</a>", "not well-formed"),
        (b"<p:a/>", "unbound prefix"),
        (b"<a x='1' x='2'/>", "duplicate attribute"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "unknown character encoding"),
        (b"<a>&undefined;</a>", "undefined entity"),
        (b"<!DOCTYPE a><a/>", "document types"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document types"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document types"),
    ],
)
def test_what_is_refused_says_why(octets, problem):
    document = read(octets)
    assert problem in document.problem
    assert 0 <= document.end <= len(octets)


def test_a_billion_laughs_are_refused_at_once():
    laughs = [f"&l{n};" * 10 for n in range(30)]
    entities = "".join(f'<!ENTITY l{n} "{laughs[n - 1]}">' for n in range(1, 30))
    document = read(f'<!DOCTYPE a [<!ENTITY l0 "ha">{entities}]><a>&l29;</a>'.encode())
    assert document.root is None
    assert "document types" in document.problem


def test_levels_and_elements_are_limited():
    deep = read(b"<a>" * MAX_LEVELS + b"</a>" * MAX_LEVELS)
    assert deep.problem == ""
    assert deep.root is not None
    assert sum(1 for _ in deep.root.walk()) == MAX_LEVELS
    for octets in (b"<a>" * (MAX_LEVELS + 1), b"<a>" * 100_000, b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>"):
        document = read(octets)
        assert document.problem == f"more than {MAX_ELEMENTS} elements or {MAX_LEVELS} levels"
        assert document.root is not None


def test_documents_that_are_cut_keep_what_was_read():
    octets = b"<a><b>1</b><c>2"
    document = read(octets)
    assert document.problem
    assert spans(octets) == [("a", octets), ("b", b"<b>1</b>"), ("c", b"<c>2")]


def nested(element: Element, start: int, end: int) -> None:
    at = start
    assert start <= element.start <= element.end <= end
    for child in element.children:
        assert at <= child.start
        nested(child, element.start, element.end)
        at = child.end


PIECES = [b"<a>", b"</a>", b"<b/>", b"<c x='1'>", b"</c>", b"text", b"</", b"/>", b">", b"<", b"&amp;", b"<![CDATA[</a>]]>",
          b"<!--<a>-->", b"<?pi?>", b"\r\n", b"\x00"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_elements_always_lie_within_each_other(pieces):
    octets = b"".join(pieces)
    document = read(octets)
    assert 0 <= document.end <= len(octets)
    assert document.root is not None or document.problem
    if document.root is not None:
        nested(document.root, 0, len(octets))


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(octets):
    document = read(b"<a>" + octets + b"</a>")
    assert document.root is not None or document.problem
