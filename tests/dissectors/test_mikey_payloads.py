"""The payloads of MIKEY: each by hand and cut anywhere, codes and lengths that lie, and what is written is read."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, mikey, tree
from dissectors.cursor import Cursor
from dissectors.mikey_names import MAC_OCTETS, PAYLOADS
from dissectors.mikey_payloads import MAX_KEY_IDS, MAX_PARAMS, READERS

KEMAC, PKE, DH, SIGN, T, ID, CERT, CHASH, V, SP, RAND, ERR, TR, IDR, RANDR = range(1, 16)
EXT, SAKKE = 21, 26

COUNTER = (T, bytes.fromhex("02 00000007"))


@pytest.fixture(scope="module")
def parser() -> Callable[[Cursor], Any]:
    """Payloads are read as those of a message."""
    return mikey.parse


def test_readers_are_of_known_payloads_and_no_two_share_a_name():
    assert set(READERS) <= set(PAYLOADS)
    names = {reader.name for reader in mikey.READERS.values()}
    assert len(names) == len(mikey.READERS) > len(READERS)


def field_values(data: bytes, payload: Callable) -> dict[str, list]:
    message = dissect(payload(data))
    assert message.error is None, message.error
    found: dict[str, list] = {}
    for outermost in tree(message):
        for field in outermost.walk():
            found.setdefault(field.name, []).append(field.value)
    return found


@pytest.mark.parametrize(
    ("kind", "octets", "expected"),
    [
        (PKE, "4003 aabbcc", {"mikey.pke.c": 1, "mikey.pke.len": 3, "mikey.pke.data": b"\xaa\xbb\xcc"}),
        (DH, "01" + "ab" * 96 + "00", {"mikey.dh.group": 1, "mikey.dh.value": b"\xab" * 96, "mikey.dh.kv": 0}),
        (DH, "02" + "ab" * 128 + "01 02 c0de", {"mikey.dh.kv": 1, "mikey.key.kv.spi": b"\xc0\xde"}),
        (DH, "00" + "ab" * 192 + "f2 01 07 02 0009", {"mikey.dh.reserv": 15, "mikey.key.kv.to": b"\0\x09"}),
        (SIGN, "1002 abcd", {"mikey.sign.type": 1, "mikey.sign.len": 2, "mikey.sign.data": b"\xab\xcd"}),
        (T, "00 e0000000 80000000", {"mikey.t.ts_type": 0, "mikey.t.ntp": 0xE000000080000000}),
        (T, "01 e0000000 00000000", {"mikey.t.ntp": 0xE000000000000000}),
        (T, "02 00000009", {"mikey.t.counter": 9}),
        (T, "03 e0000000", {"mikey.t.ntp_utc_32": 0xE0000000}),
        (ID, "01 0005 7369703a61", {"mikey.id.type": 1, "mikey.id.len": 5, "mikey.id.data": "sip:a"}),
        (ID, "02 0002 00ff", {"mikey.id.data": b"\0\xff"}),
        (CERT, "01 0003 616263", {"mikey.cert.type": 1, "mikey.cert.len": 3, "mikey.cert.data": b"abc"}),
        (CHASH, "00" + "ab" * 20, {"mikey.chash.func": 0, "mikey.chash.data": b"\xab" * 20}),
        (CHASH, "01" + "ab" * 16, {"mikey.chash.data": b"\xab" * 16}),
        (CHASH, "02" + "ab" * 32, {"mikey.chash.data": b"\xab" * 32}),
        (V, "00", {"mikey.v.auth_alg": 0, "mikey.v.ver_data": b""}),
        (V, "02" + "ab" * 32, {"mikey.v.ver_data": b"\xab" * 32}),
        (SP, "07 00 0003 000101", {"mikey.sp.no": 7, "mikey.sp.proto_type": 0, "mikey.sp.encr_alg": 1}),
        (SP, "07 00 0004 ff020102", {"mikey.sp.param.type": 255, "mikey.sp.patam.value": b"\1\2"}),
        (SP, "07 01 0003 000101", {"mikey.sp.patam.value": b"\1"}),
        (SP, "07 01 0003 010100", {"mikey.sp.proto_type": 1, "mikey.sp.tesla.prf": 0}),  # RFC 4442 4.2
        (SP, "07 01 000a 0604000003e8 07020005", {"mikey.sp.tesla.interval": 1000, "mikey.sp.tesla.delay": 5}),
        (SP, "07 01 000a 0508 83aa7e8000000000", {"mikey.sp.tesla.start": 0x83AA7E8000000000}),
        (SP, "07 01 000e 090c 000000000000000000000001", {"mikey.sp.tesla.local_time": 1}),
        (SP, "07 02 0003 010100", {"mikey.sp.patam.value": b"\0"}),
        (SP, "07 00 0002 0d00", {"mikey.sp.param.len": 0, "mikey.sp.patam.value": b""}),
        (SP, "07 00 0000", {"mikey.sp.param_len": 0}),
        (RAND, "04 01020304", {"mikey.rand.len": 4, "mikey.rand.data": b"\1\2\3\4"}),
        (ERR, "03 0000", {"mikey.err.no": 3, "mikey.err.reserved": b"\0\0"}),
        (TR, "01 02 00000005", {"mikey.t.role": 1, "mikey.t.counter": 5}),
        (TR, "04 00 00000000 00000001", {"mikey.t.role": 4, "mikey.t.ntp": 1}),
        (IDR, "09 01 0002 00ff", {"mikey.id.role": 9, "mikey.id.type": 1}),
        (IDR, "02 00 0001 61", {"mikey.id.role": 2, "mikey.id.data": "a"}),
        (RANDR, "01 02 abcd", {"mikey.rand.role": 1, "mikey.rand.data": b"\xab\xcd"}),
        (EXT, "00 0003 616263", {"mikey.ext.type": 0, "mikey.ext.value": "abc"}),
        (EXT, "05 0003 020102", {"mikey.ext.bcast.type": 2, "mikey.ext.bcast.data": b"\1\2"}),
        (EXT, "05 0001 01", {"mikey.ext.bcast.type": 1, "mikey.ext.bcast.data": b""}),
        (EXT, "05 0000", {"mikey.ext.type": 5, "mikey.ext.data": b""}),
        (EXT, "ee 0002 0101", {"mikey.ext.type": 0xEE, "mikey.ext.data": b"\1\1"}),
        (EXT, "03 0000", {"mikey.ext.type": 3, "mikey.ext.len": 0}),
        (EXT, "03 0005 f1 03 010203", {"mikey.ext.key_id.type": 0xF1, "mikey.ext.key_id.data": b"\1\2\3"}),
        (EXT, "03 0004 02 02 0005", {"mikey.ext.mtk_id": b"\0\5"}),
        (EXT, "04 0004 c0ffee02", {"mikey.ext.type": 4, "mikey.ext.csb_id": 0xC0FFEE02}),
        (EXT, "04 0003 c0ffee", {"mikey.ext.data": b"\xc0\xff\xee"}),
        (KEMAC, "02 0000 02" + "cd" * 32, {"mikey.kemac.encr_alg": 2, "mikey.kemac.mac": b"\xcd" * 32}),
    ],
)  # fmt: skip
def test_payload(header, chained, read, broken, payload, leaves, kind, octets, expected):
    data = chained((kind, bytes.fromhex(octets)))
    found = field_values(data, payload)
    for name, wanted in expected.items():
        assert found[name] == [wanted]
    assert read(data).payloads == (kind,)
    leaves(dissect(payload(data)))
    # every octet less is an error, and one more is too
    for cut in range(len(header(0)), len(data)):
        assert broken(data[:cut]).partial.payloads == ()
    assert broken(data + b"\0").partial == read(data)


@pytest.mark.parametrize(
    ("kind", "octets", "field", "text"),
    [
        (TR, "04 02 00000001", "mikey.t.role", "Rekeying interval (4)"),
        (SP, "07 01 0003 030100", "mikey.sp.tesla.mac", "HMAC-SHA1 (0)"),
        (SP, "07 01 000a 0508 83aa7e8000000000", "mikey.sp.tesla.start", "1970-01-01T00:00:00+00:00"),
        (SP, "07 01 000b 0509 ff0000000000000000", "mikey.sp.tesla.start", ""),
        (IDR, "07 01 0001 61", "mikey.id.role", "Responder's KMS (7)"),
        (RANDR, "03 01 61", "mikey.rand.role", "KMS (3)"),
        (EXT, "05 0001 01", "mikey.ext.bcast.type", "LTKM (1)"),
        (SAKKE, "01 01 0000", "mikey.sakke.params", "Parameter set 1 (1)"),
        (SAKKE, "01 02 0000", "mikey.sakke.idscheme", "MIKEY-SAKKE UID (2)"),
    ],
)
def test_codes_inside_are_told_by_their_names(chained, payload, kind, octets, field, text):
    message = dissect(payload(chained((kind, bytes.fromhex(octets)))))
    assert [found.text for top in tree(message) for found in top.walk() if found.name == field] == [text]


@pytest.mark.parametrize(
    ("kind", "octets", "text"),
    [
        (T, "00 83aa7e80 80000000", "1970-01-01T00:00:00.500000+00:00"),
        (T, "01 00000000 00000000", "2036-02-07T06:28:16+00:00"),  # RFC 4330 3
        (T, "03 7fffffff", "2104-02-26T09:42:23+00:00"),
        (T, "03 80000000", "1968-01-20T03:14:08+00:00"),
        (TR, "03 03 83aa7e80", "1970-01-01T00:00:00+00:00"),
        (TR, "04 03 00000e10", ""),  # an hour between two keys
        (TR, "04 00 00000e10 00000000", ""),
    ],
)
def test_ntp_time_reads_as_a_time(chained, payload, kind, octets, text):
    message = dissect(payload(chained((kind, bytes.fromhex(octets)))))
    texts = [field.text for top in tree(message) for field in top.walk() if field.name.startswith("mikey.t.ntp")]
    assert texts == [text]


@pytest.mark.parametrize(("mac_alg", "size"), [(0, 20), (1, 0)])
def test_dhhmac_has_its_own_mac_codes(chained, read, mac_alg, size):
    body = read(chained((KEMAC, bytes((0, 0, 0, mac_alg)) + bytes(size)), data_type=7))
    assert len(body.kemac.mac) == size
    assert len(body.kemac.mac) != MAC_OCTETS[mac_alg]


def test_error_message(chained, read):
    body = read(chained(COUNTER, (ERR, b"\1\0\0"), (ERR, b"\3\0\0"), data_type=6))
    assert [error.number for error in body.errors] == [1, 3]


def test_the_first_of_a_payload_counts(chained, read):
    kemac = (KEMAC, b"\1\0\0\0")
    twice = [COUNTER, (T, b"\2\0\0\0\x09"), (RAND, b"\1a"), (RAND, b"\1b"), kemac, kemac, (V, b"\0"), (V, b"\0")]
    body = read(chained(*twice))
    assert body.t.value == 7
    assert body.rand == b"a"
    assert body.notes == tuple(f"more than one {name}" for name in ("T", "RAND", "KEMAC", "V"))


@pytest.mark.parametrize(
    ("kind", "octets", "field"),
    [
        (KEMAC, "01 ffff 00", "mikey.kemac.key_data"),
        (KEMAC, "01 0000 09", "mikey.kemac.mac_alg"),
        (V, "09", "mikey.v.auth_alg"),
        (T, "09 00000000", "mikey.t.ts_type"),
        (DH, "09 00", "mikey.dh.group"),
        (DH, "01" + "ab" * 96 + "07", "mikey.key.kv"),
        (CHASH, "09 00", "mikey.chash.func"),
        (ID, "00 ffff 61", "mikey.id.data"),
        (SP, "01 00 ffff 00", "mikey.sp.params"),
        (SP, "01 00 0003 00ff01", "mikey.sp.encr_alg"),
        (SP, "01 00 0001 00", "mikey.sp.param.len"),
        (RAND, "ff 61", "mikey.rand.data"),
        (EXT, "03 ffff 00", "mikey.ext.data"),
        (EXT, "05 ffff 01", "mikey.ext.data"),
        (IDR, "06 01 ffff 61", "mikey.id.data"),
        (RANDR, "01 ff 61", "mikey.rand.data"),
        (TR, "01 09 00", "mikey.t.ts_type"),
        (EXT, "03 0004 01040001", "mikey.ext.msk_id"),
        (PKE, "3fff 00", "mikey.pke.data"),
    ],
)  # fmt: skip
def test_lengths_and_codes_that_lie(chained, broken, kind, octets, field):
    error = broken(chained(COUNTER, (kind, bytes.fromhex(octets))))
    assert error.field == field
    assert error.partial.t.value == 7


def test_limits(broken, chained):
    many = b"\xff\0" * (MAX_PARAMS + 1)
    assert "parameters" in broken(chained((SP, b"\1\0" + len(many).to_bytes(2, "big") + many))).reason
    many = b"\xff\0" * (MAX_KEY_IDS + 1)
    assert "key IDs" in broken(chained((EXT, b"\3" + len(many).to_bytes(2, "big") + many))).reason


_names = st.sampled_from([KEMAC, PKE, DH, SIGN, T, ID, CERT, CHASH, V, SP, RAND, ERR, TR, IDR, RANDR, EXT, SAKKE])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_names, st.binary(max_size=60)), max_size=6), st.integers(0, 26))
def test_any_payloads_are_read_or_told(chained, payload, leaves, payloads, data_type):
    message = dissect(payload(chained(*payloads, data_type=data_type)))
    assert message.error is None or not message.error.reason.startswith("dissector failed")
    leaves(message)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=20), st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=8))))
def test_what_is_written_is_what_is_read(chained, read, rand, name, params):
    listed = b"".join(bytes((kind, len(octets))) + octets for kind, octets in params)
    data = chained(
        (RAND, bytes((len(rand),)) + rand),
        (ID, b"\2" + len(name).to_bytes(2, "big") + name),
        (ID, b"\2\0\1x"),
        (SP, b"\1\0" + len(listed).to_bytes(2, "big") + listed),
    )
    body = read(data)
    assert (body.rand, body.idi.data, body.policies[0].params) == (rand, name, tuple(params))
