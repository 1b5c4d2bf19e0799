"""HTTP/2 as the forge writes it, against the published octets of RFC 7541."""

from sample_pcaps import forge_http2 as http2
from sample_pcaps.forge_text import Text


def test_numbers_of_appendix_c_1():
    assert http2.integer(10, 5) == b"\x0a"
    assert http2.integer(1337, 5) == bytes.fromhex("1f9a0a")
    assert http2.integer(42, 8) == b"\x2a"


def test_requests_without_huffman_of_appendix_c_3():
    packer = http2.Packer()
    first = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")]
    assert packer.block(first).hex() == "828684410f7777772e6578616d706c652e636f6d"
    packer_line = packer.line(":authority", "www.example.com")
    assert packer_line == b"\xbe"


def test_a_table_that_is_full_forgets_the_oldest():
    packer = http2.Packer()
    for number in range(100):
        packer.line(f"x-{number:03}", "v" * 50)
    assert packer.table[0][0] == "x-099"
    assert sum(len(n) + len(v) + 32 for n, v in packer.table) <= http2.ROOM
    assert packer.line("x-000", "v" * 50)[0] == 0x40


def test_a_message_is_headers_and_data_that_ends_the_stream():
    talk = http2.Talk()
    octets = talk.request(Text.of("POST /x HTTP/1.1", {"Host": "h", "Connection": "close"}, b"body"))
    assert octets[3:9] == bytes((http2.HEADERS, http2.END_HEADERS, 0, 0, 0, 1))
    assert octets.endswith(http2.frame(http2.DATA, http2.END_STREAM, 1, b"dy"))
    assert b"close" not in octets
    assert talk.next_stream == 3
    answer = talk.answer(Text.of("HTTP/1.1 200 OK", {}), 1)
    assert answer == http2.frame(http2.HEADERS, http2.END_HEADERS | http2.END_STREAM, 1, b"\x88")
