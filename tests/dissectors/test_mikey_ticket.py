"""Tickets of MIKEY: policy, base ticket and what the initiator adds, by hand from RFC 6043 6.10 and appendix A."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, mikey, tree
from dissectors.cursor import Cursor
from dissectors.mikey_names import TICKET_FLAGS
from dissectors.mikey_ticket import READERS

T, TP, TICKET = 5, 16, 17
REQUEST_INIT_PSK, REQUEST_RESP, TRANSFER_INIT = 11, 13, 14
COUNTER = (T, bytes.fromhex("02 00000007"))

# 6.10: type 1, subtype 1, version 1, PRF 1, flags D E . . H . J . . . N O, reserved 0
KIND = "0001 01 01"
PRF_AND_FLAGS = "03 94 60"
IDRKMS, TRE = "0d 03 01 0005 6b6d733a61", "00 03 03 e0000000"
POLICY = f"{KIND} {PRF_AND_FLAGS} 0012 0e {IDRKMS} {TRE}"
NO_POLICY = f"{KIND} {PRF_AND_FLAGS} 0000"
# A.1: THDR, T, RAND, KEMAC, V
THDR = "05 0002 c0de"
DATA = f"{THDR} 0b 02 00000001 01 04 01020304 09 00 0000 00 00 01 {'ab' * 20}"
BASE = f"{POLICY} {len(bytes.fromhex(DATA)):04x} {DATA} 0000"


@pytest.fixture(scope="module")
def parser() -> Callable[[Cursor], Any]:
    """Tickets are read as payloads of a message."""
    return mikey.parse


@pytest.fixture
def values(payload) -> Callable[[bytes], dict[str, list]]:
    """Gives the values of all fields of a message that is whole, by name."""

    def find(data: bytes) -> dict[str, list]:
        message = dissect(payload(data))
        assert message.error is None, message.error
        found: dict[str, list] = {}
        for outer in tree(message):
            for field in outer.walk():
                found.setdefault(field.name, []).append(field.value)
        return found

    return find


def test_policy_of_a_ticket_that_is_asked_for(chained, values, read):
    data = chained(COUNTER, (TP, bytes.fromhex(POLICY)), data_type=REQUEST_INIT_PSK)
    found = values(data)
    assert [found[f"mikey.ticket.{name}"] for name in ("type", "subtype", "version", "prf_func")] == [[1]] * 4
    assert "".join(flag for flag in TICKET_FLAGS if found[f"mikey.ticket.{flag}"] == [1]) == "dehjno"
    assert found["mikey.ticket.res"] == [0]
    assert (found["mikey.id.role"], found["mikey.id.data"]) == ([3], ["kms:a"])
    assert (found["mikey.t.role"], found["mikey.t.ntp_utc_32"]) == ([3], [0xE0000000])
    # what a policy names is not what the message says of itself
    body = read(data)
    assert body.payloads == (T, TP)
    assert (body.t.value, body.identities) == (7, ())


def test_each_flag_is_a_bit_of_its_own(chained, values):
    for at, flag in enumerate(TICKET_FLAGS):
        bits = (0x010000 >> at).to_bytes(3, "big")
        found = values(chained((TP, bytes.fromhex(KIND) + bits + b"\0\0")))
        assert [name for name in TICKET_FLAGS if found[f"mikey.ticket.{name}"] == [1]] == [flag]
        assert (found["mikey.ticket.prf_func"], found["mikey.ticket.res"]) == ([0], [0])
    assert values(chained((TP, bytes.fromhex(f"{KIND} fe001f 0000"))))["mikey.ticket.prf_func"] == [0x7F]


def test_base_ticket(chained, values, read, payload, leaves):
    data = chained(COUNTER, (TICKET, bytes.fromhex(BASE)), COUNTER, data_type=REQUEST_RESP)
    found = values(data)
    assert found["mikey.thdr.data"] == [b"\xc0\xde"]
    assert found["mikey.t.counter"] == [7, 1, 7]
    assert found["mikey.rand.data"] == [b"\1\2\3\4"]
    assert found["mikey.v.ver_data"] == [b"\xab" * 20]
    body = read(data)
    assert body.payloads == (T, TICKET, T)
    assert (body.rand, body.kemac, body.verification) == (None, None, None)
    leaves(dissect(payload(data)))


def test_data_of_the_initiator(chained, values):
    initiator = f"002d 09 09 01 {'cd' * 20} 00 01 {'ef' * 20}"
    found = values(chained((TICKET, bytes.fromhex(f"{NO_POLICY} 0000 {initiator}")), data_type=TRANSFER_INIT))
    assert found["mikey.v.ver_data"] == [b"\xcd" * 20, b"\xef" * 20]
    assert found["mikey.ticket.data"] == [b""]


def test_keys_in_the_clear_inside_a_ticket_are_a_message_of_their_own(chained, payload):
    # RFC 6043 6.10: a policy that asks for a key of 2 octets, under the NULL cipher; and a ticket that nobody encrypted
    key = "00 00 0006 00 20 0002 c0de 00"
    asked = f"{KIND} {PRF_AND_FLAGS} 000c 01 {key}"
    data = f"{THDR.replace('05', '01', 1)} {key}"
    ticket = f"{NO_POLICY} {len(bytes.fromhex(data)):04x} {data} 0000"
    for kind, octets in ((TP, asked), (TICKET, ticket)):
        message = dissect(payload(chained((kind, bytes.fromhex(octets)), data_type=REQUEST_RESP)))
        assert message.error is None
        (inner,) = message.inner
        assert (inner.protocol, inner.error) == ("mikey.keydata", None)
        assert [(found.kind, found.key) for found in inner.body.keys] == [(2, b"\xc0\xde")]
        assert message.payload.data[inner.offset :].startswith(inner.payload.data)


@pytest.mark.parametrize("kind", ["0002 01 01", "0001 02 01", "0001 01 02", "ffff ff ff"])
def test_tickets_of_other_kinds_are_octets(chained, values, kind):
    found = values(chained((TICKET, bytes.fromhex(f"{kind} 000000 0000 0002 aabb 0000"))))
    assert found["mikey.ticket.data"] == [b"\xaa\xbb"]


@pytest.mark.parametrize(("kind", "octets"), [(TP, POLICY), (TICKET, BASE)])
def test_cut_anywhere(header, chained, broken, read, kind, octets):
    data = chained((kind, bytes.fromhex(octets)))
    assert read(data).payloads == (kind,)
    for cut in range(len(header(0)), len(data)):
        assert broken(data[:cut]).partial.payloads == ()
    assert broken(data + b"\0").partial == read(data)


@pytest.mark.parametrize(
    ("kind", "octets", "field"),
    [
        (TP, f"{KIND} {PRF_AND_FLAGS} ffff 00", "mikey.ticket.policy"),
        (TP, f"{KIND} {PRF_AND_FLAGS} 0002 0505", "mikey.t.ts_type"),  # the window ends before the kind of T
        (TP, f"{KIND} {PRF_AND_FLAGS} 0002 0000", "mikey"),
        (TP, f"{KIND} {PRF_AND_FLAGS} 0003 630000", "mikey.next_payload"),
        (TP, f"{KIND} {PRF_AND_FLAGS} 000b 10 00 {NO_POLICY}", "mikey.next_payload"),
        (TICKET, f"{NO_POLICY} ffff 00", "mikey.ticket.data"),
        (TICKET, f"{NO_POLICY} 0003 00ffff 0000", "mikey.thdr.data"),
        (TICKET, f"{NO_POLICY} 000d 11 0000 00 {NO_POLICY} 0000", "mikey.next_payload"),
        (TICKET, f"{NO_POLICY} 0000 ffff", "mikey.ticket.initiator"),
        (TICKET, f"{NO_POLICY} 0000 0002 11 00", "mikey.next_payload"),
    ],
)
def test_lengths_and_payloads_that_lie(chained, broken, kind, octets, field):
    error = broken(chained(COUNTER, (kind, bytes.fromhex(octets))))
    assert error.field == field
    assert error.partial.t.value == 7
    assert error.partial.payloads == (T,)


def test_tickets_do_not_nest(chained, broken):
    inner = bytes.fromhex(NO_POLICY)
    for _ in range(2000):
        inner = bytes.fromhex(f"{KIND} {PRF_AND_FLAGS}") + (len(inner) + 2).to_bytes(2, "big") + b"\x10\0" + inner
        if len(inner) > 60000:
            break
    assert "TP (16) does not stand here" in broken(chained((TP, inner))).reason


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(READERS)), st.sampled_from([KIND, "0002 01 01"]), st.binary(max_size=80))
def test_any_ticket_is_read_or_told(chained, payload, leaves, kind, start, octets):
    message = dissect(payload(chained((kind, bytes.fromhex(start) + octets), COUNTER)))
    assert message.error is None or not message.error.reason.startswith("dissector failed")
    leaves(message)
