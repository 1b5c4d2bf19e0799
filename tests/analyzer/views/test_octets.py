"""Octets as lines: each in its column, and none of a key."""

from analyzer.views.octets import dump


def test_lines_have_offset_octets_and_characters():
    first, last = dump(b"GET / HTTP/1.1\r\nab", ())
    assert first == "0000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1··"
    assert last == "0010  61 62                                             ab"
    assert dump(b"", ()) == ()


def test_octets_of_keys_are_in_neither_form():
    (line,) = dump(b"ab secret cd", [(3, 9)])
    assert line == "0000  61 62 20 ·· ·· ·· ·· ··  ·· 20 63 64              ab ······ cd"
    assert dump(b"abc", [(0, 99)]) == ("0000  ·· ·· ··                                          ···",)
