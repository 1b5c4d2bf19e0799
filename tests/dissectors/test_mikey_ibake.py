"""The payloads of identity based encryption, by hand from RFC 6267 6.1 and RFC 6509 4.2."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, mikey
from dissectors.cursor import Cursor
from dissectors.mikey_ibake import READERS
from dissectors.mikey_names import CURVE_OCTETS, CURVES

IBAKE, ESK, SK, ECCPT, SAKKE = range(22, 27)
T, I_MESSAGE_1 = 5, 22
COUNTER = (T, bytes.fromhex("02 00000007"))


@pytest.fixture(scope="module")
def parser() -> Callable[[Cursor], Any]:
    """These payloads are read as those of a message."""
    return mikey.parse


@pytest.mark.parametrize(
    ("kind", "octets", "expected"),
    [
        (IBAKE, "0003 aabbcc", {"mikey.ibake.len": 3, "mikey.ibake.data": b"\xaa\xbb\xcc"}),
        (IBAKE, "0000", {"mikey.ibake.data": b""}),
        (ESK, "0002 c0de", {"mikey.esk.len": 2, "mikey.esk.data": b"\xc0\xde"}),
        (SK, "10 0002 c0de", {"mikey.sk.type": 1, "mikey.sk.kv": 0, "mikey.sk.data": b"\xc0\xde"}),
        (SK, "11 0001 aa 02 0001", {"mikey.sk.kv": 1, "mikey.key.kv.spi": b"\0\1"}),
        (SK, "12 0000 01 07 01 09", {"mikey.key.kv.from": b"\7", "mikey.key.kv.to": b"\x09"}),
        # 2 octets before the point, 65 of it: 1 up to 68; 33 of it: 1 up to 36
        (ECCPT, "08 04" + "ab" * 64 + "00 01 0010 00", {"mikey.eccpt.curve": 8, "mikey.eccpt.tgk_len": 16}),
        (ECCPT, "08 03" + "ab" * 32 + "00 01 0010 00", {"mikey.eccpt.point": b"\3" + b"\xab" * 32}),
        (ECCPT, "05 02" + "ab" * 28 + "00 01 0010 f1 01 07", {"mikey.eccpt.reserv": 15, "mikey.key.kv.spi": b"\7"}),
        (ECCPT, "0e 02" + "ab" * 66 + "000000 00 0000 02 00 00", {"mikey.eccpt.pad": bytes(3), "mikey.eccpt.kv": 2}),
        (ECCPT, "01 00 00 01 0000 00", {"mikey.eccpt.point": b"\0", "mikey.eccpt.pad": b"\0"}),
        (SAKKE, "01 02 0003 aabbcc", {"mikey.sakke.idscheme": 2, "mikey.sakke.data": b"\xaa\xbb\xcc"}),
    ],
)  # fmt: skip
def test_payload(header, chained, read, broken, payload, leaves, kind, octets, expected):
    data = chained((kind, bytes.fromhex(octets)), data_type=I_MESSAGE_1)
    message = dissect(payload(data))
    assert message.error is None
    found = {field.name: field.value for field in leaves(message)}
    assert {name: found[name] for name in expected} == expected
    assert read(data).payloads == (kind,)
    for cut in range(len(header(0)), len(data)):
        assert broken(data[:cut]).partial.payloads == ()
    assert broken(data + b"\0").partial == read(data)


def test_padding_counts_from_the_payload_on(chained, payload, leaves):
    point = "08 04" + "ab" * 64 + "00 01 0010 00"
    for size in range(4):
        message = dissect(
            payload(chained((IBAKE, size.to_bytes(2, "big") + bytes(size)), (ECCPT, bytes.fromhex(point))))
        )
        assert message.error is None
        assert {field.name: field.value for field in leaves(message)}["mikey.eccpt.pad"] == b"\0"


def test_coordinates_are_as_long_as_the_field_of_their_curve():
    assert set(CURVE_OCTETS) == set(CURVES)
    assert [CURVE_OCTETS[code] for code in (1, 2, 5, 7, 8, 9, 11, 12, 14, 16)] == [
        24,
        21,
        28,
        30,
        32,
        36,
        48,
        52,
        66,
        72,
    ]


@pytest.mark.parametrize(
    ("kind", "octets", "field"),
    [
        (IBAKE, "ffff 00", "mikey.ibake.data"),
        (ESK, "ffff 00", "mikey.esk.data"),
        (SK, "10 ffff 00", "mikey.sk.data"),
        (SK, "17 0000", "mikey.key.kv"),
        (ECCPT, "00 04", "mikey.eccpt.curve"),
        (ECCPT, "11 04", "mikey.eccpt.curve"),
        (ECCPT, "08 05" + "ab" * 80, "mikey.eccpt.point"),
        (ECCPT, "08 04" + "ab" * 32, "mikey.eccpt.point"),
        (SAKKE, "01 02 ffff 00", "mikey.sakke.data"),
    ],
)
def test_lengths_and_codes_that_lie(chained, broken, kind, octets, field):
    error = broken(chained(COUNTER, (kind, bytes.fromhex(octets))))
    assert error.field == field
    assert error.partial.t.value == 7


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.binary(max_size=160))
def test_any_of_these_payloads_is_read_or_told(chained, payload, leaves, kind, octets):
    message = dissect(payload(chained((kind, octets), COUNTER)))
    assert message.error is None or not message.error.reason.startswith("dissector failed")
    leaves(message)
