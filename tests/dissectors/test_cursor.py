"""The cursor: what it reads, where it stops, and the fields it leaves."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissectors.cursor import Bits, Cursor, Field, Malformed, Recorder, filled

NAMES = {1: "one"}
DATA = bytes(range(32))


def test_integers_are_big_endian_and_advance():
    cursor = Cursor(bytes(range(1, 19)))
    assert [cursor.u8("a"), cursor.u16("b"), cursor.u24("c"), cursor.u32("d"), cursor.u64("e")] == [
        0x01,
        0x0203,
        0x040506,
        0x0708090A,
        0x0B0C0D0E0F101112,
    ]
    assert cursor.left == 0


@pytest.mark.parametrize("read", ["u8", "u16", "u24", "u32", "u64"])
def test_integers_that_run_out_name_field_and_offset(read):
    cursor = Cursor(b"\x00", start=1)
    with pytest.raises(Malformed) as caught:
        getattr(cursor, read)("x.y")
    assert (caught.value.field, caught.value.offset) == ("x.y", 1)
    assert "0 left" in caught.value.reason
    assert cursor.pos == 1


@pytest.mark.parametrize("size", [-1, 4])
@pytest.mark.parametrize("read", ["octets", "string", "uint"])
def test_sizes_that_lie_are_malformed(read, size):
    with pytest.raises(Malformed):
        getattr(Cursor(b"abc"), read)("x", size)


@pytest.mark.parametrize("size", [-1, 4])
def test_a_window_that_lies_is_malformed(size):
    cursor = Cursor(b"abc")
    with pytest.raises(Malformed), cursor.window("x", size):
        pytest.fail("entered")


def test_text_that_is_not_utf8_stays_visible():
    assert Cursor(b"a\xffb").string("x", 3) == "a\\xffb"


def test_octets_past_the_end_are_never_read():
    cursor = Cursor(b"abc", 1, 100)
    assert cursor.left == 2
    assert cursor.octets("x", 2) == b"bc"


def test_a_recorder_leaves_the_fields_that_were_read():
    recorder = Recorder(b"\x01\x00\x02abc")
    recorder.u8("n", NAMES)
    recorder.u8("n", NAMES)
    recorder.octets("o", 1, "an octet")
    recorder.string("s", 3)
    assert recorder.fields == [
        Field("n", 1, 0, 1, "one (1)"),
        Field("n", 0, 1, 2, "unknown (0)"),
        Field("o", b"\x02", 2, 3, "an octet"),
        Field("s", "abc", 3, 6),
    ]


def test_bits_share_their_octets():
    parts = (Bits("flag", 0x80, {1: "set"}), Bits("rest", 0x7F))
    recorder = Recorder(b"\x85\x01")
    assert recorder.bits("both", 1, parts) == (1, 5)
    assert recorder.bits("", 1, parts) == (0, 1)
    both, flag, rest = recorder.fields
    assert both.children == (Field("flag", 1, 0, 1, "set (1)"), Field("rest", 5, 0, 1))
    assert (flag.value, flag.text, rest.value) == (0, "unknown (0)", 1)
    with pytest.raises(Malformed) as caught:
        recorder.bits("", 1, parts)
    assert caught.value.field == "flag"


def test_groups_hold_what_was_read_inside():
    recorder = Recorder(b"\x01\x02\x03")
    with recorder.group("outer", "shown"):
        recorder.u8("a")
        with recorder.group("inner"):
            recorder.u8("b")
    recorder.u8("c")
    outer, last = recorder.fields
    assert (outer.start, outer.end, outer.text, outer.value) == (0, 2, "shown", b"\x01\x02")
    assert [field.name for field in outer.walk()] == ["outer", "a", "inner", "b"]
    assert last.name == "c"


def test_an_empty_group_has_no_octets():
    recorder = Recorder(b"\x01")
    with recorder.group("empty"):
        pass
    assert recorder.fields == [Field("empty", b"", 0, 0)]


def test_a_group_that_breaks_keeps_what_it_read():
    recorder = Recorder(b"\x01\x02")

    def broken() -> None:
        with recorder.group("g"):
            recorder.u8("a")
            recorder.u16("b")

    with pytest.raises(Malformed):
        broken()
    (group,) = recorder.fields
    assert [child.name for child in group.children] == ["a"]
    assert (group.start, group.end) == (0, 1)


def test_a_window_ends_reading_and_keeps_its_rest():
    recorder = Recorder(DATA)
    with recorder.window("w", 4, "four"):
        recorder.u8("a")
        assert recorder.left == 3
        with pytest.raises(Malformed):
            recorder.u32("b")
    assert (recorder.pos, recorder.left) == (4, 28)
    (window,) = recorder.fields
    assert [(child.name, child.start, child.end) for child in window.children] == [("a", 0, 1), ("w.rest", 1, 4)]


def test_a_window_that_breaks_gives_the_outer_end_back():
    cursor = Cursor(DATA)
    with pytest.raises(Malformed), cursor.window("w", 2):
        cursor.u32("a")
    assert cursor.end == len(DATA)


def test_a_plain_cursor_reads_the_same_and_leaves_nothing():
    cursor = Cursor(b"\x01\x02")
    with cursor.window("w", 2), cursor.group("g"):
        assert cursor.u8("a") == 1
    assert cursor.left == 0
    assert not hasattr(cursor, "fields")


def test_malformed_says_where_and_why_and_crosses_processes():
    error = Malformed("mikey.t", 10, "too short", partial=("body",))
    assert str(error) == "mikey.t at offset 10: too short"
    copy = pickle.loads(pickle.dumps(error))
    assert (copy.field, copy.offset, copy.reason, copy.partial) == ("mikey.t", 10, "too short", ("body",))


def test_fail_points_here_or_where_it_is_told():
    cursor = Cursor(DATA, 3)
    assert (cursor.fail("x", "why").offset, cursor.fail("x", "why", 9).offset) == (3, 9)


def test_filled_leaves_no_octet_out():
    inner = Field("b", 1, 3, 5, children=(Field("c", 1, 4, 5),))
    (outer,) = filled([Field("a", 1, 0, 9, children=(inner, Field("d", 1, 6, 9)))], "x")
    assert [(f.name, f.start, f.end) for f in outer.walk()] == [
        ("a", 0, 9),
        ("x.syntax", 0, 3),
        ("b", 3, 5),
        ("x.syntax", 3, 4),
        ("c", 4, 5),
        ("x.syntax", 5, 6),
        ("d", 6, 9),
    ]
    assert [field.name for field in outer.walk() if not field.is_syntax] == ["a", "b", "c", "d"]
    whole = Field("leaf", 1, 0, 9)
    assert list(filled([whole], "x")) == [whole]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=20), st.binary(max_size=40))
def test_any_way_of_reading_records_each_octet_once(steps, data):
    plain, recorder = Cursor(data), Recorder(data)
    for as_window, size in steps:
        values = []
        for cursor in (plain, recorder):
            try:
                if as_window:
                    with cursor.window("w", size):
                        values.append(cursor.uint("n", size // 2))
                else:
                    values.append(cursor.octets("o", size))
            except Malformed as error:
                values.append(str(error))
        assert values[0] == values[1]
        assert plain.pos == recorder.pos
    at = 0
    for field in recorder.fields:
        assert field.start == at
        at = field.end
    assert at == recorder.pos
