"""Key data sub-payloads: what a KEMAC holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect
from dissectors.mikey import KeyData
from dissectors.mikey_keydata import MAX_KEYS

MSK_KEY = "MSK msg: plaintext key data"
MTK_KEY = "MTK msg: plaintext key data"


def test_msk(read, value):
    (key,) = read(value(MSK_KEY)).keys
    assert (key.kind, key.kv, key.key, key.salt) == (2, 2, bytes(range(0xA0, 0xB0)), b"")
    assert (key.valid_from, key.valid_to, key.validity.spi) == (b"\0\1", b"\0\xff", None)


def test_mtk(read, value):
    (key,) = read(value(MTK_KEY)).keys
    assert (key.kind, key.kv, key.key, key.salt) == (3, 0, bytes(range(0xC0, 0xD0)), bytes(range(0xD0, 0xDE)))
    assert (key.valid_from, key.valid_to) == (None, None)


def test_field_names_are_those_of_wireshark(value, payload, leaves):
    found = {leaf.name: leaf.value for leaf in leaves(dissect(payload(value(MSK_KEY)), "mikey.keydata"))}
    assert found == {
        "mikey.next_payload": 0,
        "mikey.key.type": 2,
        "mikey.key.kv": 2,
        "mikey.key.data.len": 16,
        "mikey.key.data": bytes(range(0xA0, 0xB0)),
        "mikey.key.kv.from.len": 2,
        "mikey.key.kv.from": b"\0\1",
        "mikey.key.kv.to.len": 2,
        "mikey.key.kv.to": b"\0\xff",
    }


def test_several_keys_and_an_spi(read, leaves, payload):
    data = bytes.fromhex("14 21 0002 aaaa 02 c0de") + bytes.fromhex("14 10 0001 bb 0000") + bytes.fromhex("00 00 0000")
    first, second, third = read(data).keys
    assert (first.key, first.validity.spi) == (b"\xaa\xaa", b"\xc0\xde")
    assert (second.kind, second.salt) == (1, b"")
    assert third == KeyData(0, 0, b"")
    leaves(dissect(payload(data), "mikey.keydata"))


@pytest.mark.parametrize("name", [MSK_KEY, MTK_KEY])
def test_truncation(read, broken, value, name):
    data = value(name)
    for cut in range(len(data)):
        assert broken(data[:cut]).partial is None
        assert broken(b"\x14" + data[1:] + data[:cut]).partial.keys == read(data).keys


@pytest.mark.parametrize(
    ("octets", "field", "offset"),
    [
        ("06 20 0000", "mikey.next_payload", 0),
        ("00 f0 0000", "mikey.key.type", 1),
        ("00 23 0001 aa", "mikey.key.kv", 5),
        ("00 20 ffff aa", "mikey.key.data", 4),
        ("00 30 0001 aa ffff", "mikey.key.salt", 7),
        ("00 22 0001 aa ff", "mikey.key.kv.from", 6),
        ("00 20 0001 aa 00", "mikey.keydata", 5),
    ],
)
def test_what_lies(broken, octets, field, offset):
    error = broken(bytes.fromhex(octets))
    assert (error.field, error.offset) == (field, offset)


def test_limit(read, broken):
    key = bytes.fromhex("14 20 0001 aa")
    last = b"\0" + key[1:]
    assert len(read(key * (MAX_KEYS - 1) + last).keys) == MAX_KEYS
    assert len(broken(key * MAX_KEYS + last).partial.keys) == MAX_KEYS


def test_no_key_octet_in_a_repr(read, value):
    shown = repr(read(value(MTK_KEY)))
    assert "xc0" not in shown
    assert "xd0" not in shown


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=20), st.binary(max_size=5), st.binary(max_size=5))
def test_what_is_written_is_what_is_read(read, key, salt, low, high):
    data = b"\0\x32" + b"".join(len(octets).to_bytes(2, "big") + octets for octets in (key, salt))
    data += b"".join(bytes((len(octets),)) + octets for octets in (low, high))
    (found,) = read(data).keys
    assert (found.key, found.salt, found.valid_from, found.valid_to) == (key, salt, low, high)


def test_null_encryption_reads_as_in_tshark(value, payload, oracle):
    plain = value(MSK_KEY)
    kemac = b"\0\0" + len(plain).to_bytes(2, "big") + plain + b"\0"
    sent = payload(bytes.fromhex("01000500c0ffee010001 01 02 00000007") + kemac)
    (inner,) = dissect(sent).inner
    ((_, shown),) = oracle("mikey", [sent])
    theirs = [field for field in shown if field.name.startswith("mikey.key.")]
    assert len(theirs) == 8
    for field in theirs:
        if field.name in ("mikey.key.type", "mikey.key.kv"):
            assert int(field.show) == 2
        else:
            octets = sent.data[field.start : field.end]
            assert octets in plain
            assert field.start >= inner.offset
