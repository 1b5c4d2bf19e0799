"""The Huffman code of HTTP/2, against the examples of RFC 7541."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.anonymous import huffman

# RFC 7541 C.4.1, C.4.2, C.4.3, C.6.1
EXAMPLES = [
    ("www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"),
    ("no-cache", "a8eb10649cbf"),
    ("custom-key", "25a849e95ba97d7f"),
    ("Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"),
]


@pytest.mark.parametrize(("text", "code"), EXAMPLES)
def test_the_examples_of_the_rfc(text, code):
    assert huffman.encoded(text.encode()).hex() == code
    assert huffman.decoded(bytes.fromhex(code)) == text.encode()
    assert -(-huffman.bits(text) // 8) == len(code) // 2


@given(st.binary(max_size=60))
def test_there_and_back(octets):
    assert huffman.decoded(huffman.encoded(octets)) == octets


@given(st.binary(max_size=30))
def test_octets_that_are_no_code_raise_nothing(octets):
    text = huffman.decoded(octets)
    assert text is None or len(huffman.encoded(text)) <= len(octets)


def test_a_filler_is_an_octet_of_code():
    assert len(huffman.encoded(huffman.FILLER * 100)) == 100


def test_numbers_that_are_alike():
    assert huffman.alike(5, 1, 9, hexadecimal=False) == [3, 4, 5, 6, 7, 8, 9]
    found = huffman.alike(0x2001, 0x2000, 0x3FFF, hexadecimal=True)
    assert 0x2001 in found
    assert found == sorted(found)
    assert {huffman.bits(f"{each:x}") for each in found} == {20}
