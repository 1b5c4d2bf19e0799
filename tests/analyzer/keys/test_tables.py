"""TOML tables read strictly: each parser with what it takes and refuses, and complaints that say where."""

import tomllib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys import tables
from analyzer.keys.tables import KeyringError, Reader, Table, WrongValueError

TABLE = Table(
    {"id": tables.text, "k": tables.octets(16), "ck": tables.octets(), "ik": tables.octets(), "other": tables.text},
    required=("id",),
    together=(("ck", "ik"),),
    apart=(("k", "ck"),),
)


def values(text):
    return Reader("keyring.toml", "[[ue]] 1").values(tomllib.loads(text), TABLE, ("gba",))


@pytest.mark.parametrize(
    ("parse", "value", "read"),
    [
        (tables.text, "a", "a"),
        (tables.texts, [], ()),
        (tables.texts, ["a", "b"], ("a", "b")),
        (tables.one_of("tuak", "milenage"), "tuak", "tuak"),
        (tables.octets(2), "0aFF", b"\x0a\xff"),
        (tables.octets(2, 3), "0a:ff 00", b"\x0a\xff\0"),
        (tables.octets(), "", b""),
        (tables.time, datetime(1970, 1, 1, 0, 0, 1, 5, tzinfo=UTC), 1_000_005_000),
        (tables.time, datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))), 0),
        (tables.address, "10.0.0.1", "10.0.0.1"),
        (tables.address, "2001:DB8:0::1", "2001:db8::1"),
        (tables.spi, 1, 1),
        (tables.spi, 0xFFFFFFFF, 0xFFFFFFFF),
        (tables.spi, "0x0000abcd", 0xABCD),
        (tables.spi, "00 00 ab cd", 0xABCD),
    ],
)
def test_what_is_taken(parse, value, read):
    assert parse(value) == read


@pytest.mark.parametrize(
    ("parse", "value", "reason"),
    [
        (tables.text, "", "must be a string that is not empty"),
        (tables.text, 1, "must be a string that is not empty"),
        (tables.texts, "a", "must be a list of strings"),
        (tables.texts, ["a", ""], "must be a string that is not empty"),
        (tables.one_of("tuak", "milenage"), "none", "must be one of tuak, milenage"),
        (tables.one_of("1"), 1, "must be one of 1"),
        (tables.octets(2), 10, "must be a hex string in quotes"),
        (tables.octets(2), "0a0x", "holds what is not a hex digit"),
        (tables.octets(2), "٠٠٠٠", "holds what is not a hex digit"),
        (tables.octets(2), "123", "has 3 hex digits, an odd number"),
        (tables.octets(2), "", "has 0 octets, must have 2"),
        (tables.octets(16, 32), "00", "has 1 octets, must have 16 or 32"),
        (tables.octets(*range(1, 9)), "00" * 9, "has 9 octets, must have 1 to 8"),
        (tables.time, "2026-01-01T00:00:00Z", "without quotes"),
        (tables.time, datetime(2026, 1, 1), "with its offset"),  # noqa: DTZ001
        (tables.address, "10.0.0.256", "must be an IP address"),
        (tables.address, 1, "must be a string that is not empty"),
        (tables.spi, 0, "must be an SPI"),
        (tables.spi, 1 << 32, "must be an SPI"),
        (tables.spi, True, "must be an SPI"),
        (tables.spi, "01", "has 1 octets, must have 4"),
    ],
)
def test_what_is_refused_and_why(parse, value, reason):
    with pytest.raises(WrongValueError, match=reason):
        parse(value)


@given(st.binary(max_size=40), st.sampled_from(["", " ", ":", " : "]))
def test_octets_are_those_written(data, between):
    written = between.join(f"{octet:02x}" for octet in data)
    assert tables.octets()(written) == tables.octets()(written.upper()) == tables.octets(len(data))(written) == data


def test_a_table_is_read_whole():
    assert values("id = 'a'\nck = '00'\nik = '01'\n[[gba]]\nx = 1") == {"id": "a", "ck": b"\0", "ik": b"\1"}


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        ("", "id", "is missing"),
        ("id = ''", "id", "must be a string that is not empty"),
        ("id = 'a'\nothr = 'b'", "othr", "unknown key, did you mean other?"),
        ("id = 'a'\nzzzzzz = 1", "zzzzzz", "unknown key"),
        ("id = 'a'\nck = '00'", "ck", "needs ik too"),
        ("id = 'a'\nik = '00'", "ik", "needs ck too"),
        (f"id = 'a'\nk = '{'00' * 16}'\nck = '00'\nik = '00'", "ck", "cannot be given with k"),
        ("id = 'a'\nk = '00'", "k", "has 1 octets, must have 16"),
    ],
)
def test_a_complaint_names_file_table_and_key(text, key, reason):
    with pytest.raises(KeyringError) as caught:
        values(text)
    error = caught.value
    assert (error.file, error.table, error.key, error.reason) == ("keyring.toml", "[[ue]] 1", key, reason)
    assert str(error) == f"keyring.toml: [[ue]] 1 {key}: {reason}"
    assert error.__context__ is None  # which would hold the value


def test_arrays_of_tables_are_counted():
    raw = tomllib.loads("[[ue]]\nid = 'a'\n[[ue.gba]]\nx = 1\n[[ue]]\nid = 'b'")
    (one, first), (two, second) = Reader("f").tables(raw, "ue")
    assert (one.table, first["id"], two.table, second["id"]) == ("[[ue]] 1", "a", "[[ue]] 2", "b")
    ((inner, run),) = one.tables(first, "gba", "ue.gba")
    assert (inner.table, run) == ("[[ue]] 1 [[ue.gba]] 1", {"x": 1})
    assert list(two.tables(second, "gba", "ue.gba")) == []


@pytest.mark.parametrize("text", ["ue = 1", "[ue]", "ue = [1]", "ue = [{}, 1]"])
def test_what_is_no_array_of_tables_is_refused(text):
    with pytest.raises(KeyringError, match=r"f: ue: must be tables: \[\[ue\]\]"):
        list(Reader("f").tables(tomllib.loads(text), "ue"))


def test_a_table_may_be_missing_and_is_nothing_else():
    reader, item = Reader("f").table_of({}, "tls")
    assert (reader.table, item) == ("[tls]", {})
    with pytest.raises(KeyringError, match=r"f: tls: must be a table: \[tls\]"):
        Reader("f").table_of({"tls": 1}, "tls")


def test_the_same_again_is_refused():
    reader, seen = Reader("f", "[[msk]] 2"), set()
    reader.once(seen, "id", b"a", b"1")
    reader.once(seen, "id", b"a", b"2")
    with pytest.raises(KeyringError, match="id: is there twice"):
        reader.once(seen, "id", b"a", b"1")
