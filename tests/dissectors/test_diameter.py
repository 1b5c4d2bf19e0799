"""Diameter: Zn by hand, what lies, streams, and what tshark says."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.diameter import MAX_AVPS, MAX_DEPTH, MAX_MESSAGE, length, matches
from dissectors.diameter_avps import AVPS

CAPTURE = Path(__file__).parents[3] / "shared" / "captures" / "diameter_tcp_sctp.pcap"
VENDOR = 10415
B_TID = b"I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
NAF_ID = b"bmsc.home1.net" + bytes.fromhex("0100000003")
EXPIRY = 0xE0000000  # seconds since 1900


def avp(code: int, data: bytes, vendor: int = 0, flags: int = 0x40, padded: bool = True) -> bytes:
    size = 8 + len(data) + (4 if vendor else 0)
    head = code.to_bytes(4, "big") + bytes((flags | (0x80 if vendor else 0),)) + size.to_bytes(3, "big")
    return head + (vendor.to_bytes(4, "big") if vendor else b"") + data + bytes(-size % 4 if padded else 0)


def uint(code: int, value: int, vendor: int = 0) -> bytes:
    return avp(code, value.to_bytes(4, "big"), vendor)


def message(*avps: bytes, flags: int = 0x40, command: int = 310, application: int = 16777220) -> bytes:
    body = b"".join(avps)
    head = b"\1" + (20 + len(body)).to_bytes(3, "big") + bytes((flags,)) + command.to_bytes(3, "big")
    return head + application.to_bytes(4, "big") + bytes.fromhex("0a0b0c0d01020304") + body


BIR = message(
    avp(263, b"bmsc.home1.net;1;2"),
    avp(260, uint(266, VENDOR) + uint(258, 16777220)),
    avp(264, b"bmsc.home1.net"),
    avp(296, b"home1.net"),
    avp(283, b"home1.net"),
    avp(403, b"4", VENDOR),
    avp(401, B_TID, VENDOR),
    avp(402, NAF_ID, VENDOR),
    uint(407, 1, VENDOR),
    uint(277, 1),
    flags=0xC0,
)
BIA = message(
    avp(263, b"bmsc.home1.net;1;2"),
    uint(268, 2001),
    avp(264, b"bsf.home1.net"),
    avp(1, b"user1_private@home1.net"),
    avp(405, bytes(range(0x80, 0xA0)), VENDOR),
    avp(406, bytes(range(0xA0, 0xC0)), VENDOR),
    uint(404, EXPIRY, VENDOR),
    uint(408, EXPIRY, VENDOR),
    avp(400, b"<guss/>", VENDOR),
    uint(410, 0, VENDOR),
    avp(257, bytes.fromhex("0001 0a000001")),
    avp(257, bytes.fromhex("0002") + bytes(15) + b"\1"),
    avp(1032, b"\0\0\0\1", VENDOR),
)
ERROR = message(avp(297, uint(266, VENDOR) + uint(298, 5403)))


def test_request(read):
    body = read(BIR)
    assert body.is_request
    assert (body.version, body.command, body.application) == (1, 310, 16777220)
    assert (body.hop_by_hop, body.end_to_end) == (0x0A0B0C0D, 0x01020304)
    assert body.text(401) == B_TID.decode()
    assert body.find(402).data == NAF_ID
    assert (body.find(402).vendor, body.find(402).flags) == (VENDOR, 0xC0)
    assert body.uint(277) == 1
    assert [child.code for child in body.find(260).children] == [266, 258]
    assert body.notes == ()


def test_answer(read):
    body = read(BIA)
    assert not body.is_request
    assert body.uint(268) == 2001
    assert body.uint(404) == EXPIRY
    assert body.text(1) == "user1_private@home1.net"
    assert body.find(405).data == bytes(range(0x80, 0xA0))
    assert (body.find(999), body.uint(999), body.text(999)) == (None, None, None)
    assert body.uint(1) is None  # 23 octets are no number
    assert "x80" not in repr(body)


def test_experimental_result_is_grouped(read):
    group = read(ERROR).find(297)
    assert [(child.code, child.data) for child in group.children] == [
        (266, VENDOR.to_bytes(4, "big")),
        (298, (5403).to_bytes(4, "big")),
    ]
    assert read(ERROR).find(298) is None


def test_text_that_is_no_utf8_stays_visible(read):
    assert read(message(avp(1, b"\xffa"))).text(1) == "\\xffa"


@pytest.mark.parametrize("data", [BIR, BIA, ERROR, message()])
def test_every_octet_has_a_field(payload, leaves, data):
    sent = dissect(payload(data, "tcp", dport=3868))
    assert (sent.protocol, sent.error) == ("diameter", None)
    leaves(sent)


def test_field_names_and_texts(payload):
    fields = [field for top in tree(dissect(payload(BIR + b"", "sctp", dport=3868))) for field in top.walk()]
    texts = {field.name: (field.value, field.text) for field in fields}
    assert texts["diameter.cmd.code"] == (310, "Bootstrapping-Info (310)")
    assert texts["diameter.flags"][0] == 0xC0
    assert texts["diameter.flags.request"] == (1, "set (1)")
    assert texts["diameter.NAF-Id"][0] == NAF_ID
    assert texts["diameter.NAF-Hostname"] == (NAF_ID, "bmsc.home1.net, Ua id 0100000003")
    assert texts["diameter.Transaction-Identifier"][0] == B_TID
    assert texts["diameter.GBA_U-Awareness-Indicator"] == (1, "YES (1)")
    fields = [field for top in tree(dissect(payload(BIA, "sctp", dport=3868))) for field in top.walk()]
    texts = {field.name: field.text for field in fields}
    assert texts["diameter.Key-ExpiryTime"] == "2019-02-02T11:39:44+00:00"
    assert texts["diameter.Result-Code"] == "DIAMETER_SUCCESS (2001)"
    values = [(field.name, field.value) for field in fields if field.name.startswith("diameter.Host-IP-Address.")]
    assert values == [
        ("diameter.Host-IP-Address.addr_family", 1),
        ("diameter.Host-IP-Address.IPv4", "10.0.0.1"),
        ("diameter.Host-IP-Address.addr_family", 2),
        ("diameter.Host-IP-Address.IPv6", "::1"),
    ]
    assert "diameter.avp.unknown" in texts


@pytest.mark.parametrize(("octets", "names"), [("", []), ("01", []), ("0001 0a", ["Bytes"]), ("0008 3132", ["Bytes"])])
def test_other_addresses(payload, leaves, octets, names):
    sent = dissect(payload(message(avp(257, bytes.fromhex(octets)))), "diameter")
    found = [leaf.name for leaf in leaves(sent) if leaf.name.startswith("diameter.Host-IP-Address.")]
    assert [name for name in found if name.endswith("Bytes")] == [f"diameter.Host-IP-Address.{name}" for name in names]
    assert sent.error is None


@pytest.mark.parametrize("data", [BIR, BIA, ERROR])
def test_truncation_keeps_what_was_read(read, payload, leaves, data):
    whole = leaves(dissect(payload(data), "diameter"))
    complete = read(data)
    for cut in range(len(data)):
        sent = dissect(payload(data[:cut]), "diameter")
        assert sent.error is not None
        shorter = [leaf for leaf in leaves(sent) if leaf.name != "diameter.unread"]
        assert all(one.start == other.start for one, other in zip(shorter, whole, strict=False))
        assert shorter[:-1] == whole[: len(shorter)][:-1]
        if cut >= 20:
            assert sent.body.avps == complete.avps[: len(sent.body.avps)]


def test_missing_padding_at_the_end_is_noted(read):
    data = message(avp(1, b"a", padded=False))
    assert read(data).text(1) == "a"
    assert read(data).notes == ("padding of AVP 1 is missing",)


def test_number_of_a_wrong_size_is_noted(read):
    body = read(message(avp(268, b"\1\2\3"), avp(1, b"u")))
    assert body.notes == ("Result-Code of 3 octets, expected 4",)
    assert body.text(1) == "u"


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"\2" + BIA[1:], "diameter.version", 0),
        (BIA[:1] + b"\0\0\x13" + BIA[4:], "diameter.length", 1),
        (BIA[:1] + b"\xff\xff\xff" + BIA[4:], "diameter.length", 1),
        (BIA + b"\0\0\0\0", "diameter.length", 1),
        (message(avp(1, b"")[:5] + b"\0\0\7"), "diameter.avp.len", 25),
        (message(avp(1, b"abcd")[:5] + b"\0\0\xff" + b"abcd"), "diameter.avp.len", 25),
        (message(avp(405, b"", VENDOR)[:5] + b"\0\0\x0b" + VENDOR.to_bytes(4, "big")), "diameter.avp.len", 25),
        (message(avp(1, b"abcd"), avp(297, b"\0\0\0")), "diameter.avp.code", 40),
        (message(b"\0\0"), "diameter.avp.code", 20),
    ],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_avps_before_an_error_are_kept(broken):
    error = broken(message(avp(1, b"abcd"), uint(268, 2001), b"\0\0\0\1\x40\xff\xff\xff"))
    assert error.partial.text(1) == "abcd"
    assert error.partial.uint(268) == 2001


def test_limits(read, broken):
    assert len(read(message(*[avp(1, b"")] * MAX_AVPS)).avps) == MAX_AVPS
    assert "more than" in broken(message(*[avp(1, b"")] * (MAX_AVPS + 1))).reason
    nested = uint(268, 1)
    for _ in range(MAX_DEPTH * 4):
        nested = avp(297, nested)
    (group,) = read(message(nested)).avps
    for _ in range(MAX_DEPTH):
        (group,) = group.children
    assert (group.code, group.children) == (297, ())


# ---------------------------------------------------------------------------------------------- streams


def test_length_of_the_first_message():
    assert length(BIA + BIR, False) == len(BIA)
    assert length(b"", False) is None
    for cut in range(1, 20):
        assert length(BIA[:cut], False) is None
        assert length(BIA[:cut], True) == cut
    for cut in range(20, len(BIA)):
        assert length(BIA[:cut], False) == len(BIA)
        assert length(BIA[:cut], True) == cut


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n    ",
        b"\2" + BIA[1:],
        BIA[:4] + b"\x41" + BIA[5:],
        BIA[:1] + b"\0\0\x10" + BIA[4:],
        BIA[:3] + b"\x01" + BIA[4:],
        BIA[:1] + (MAX_MESSAGE + 4).to_bytes(3, "big") + BIA[4:],
    ],
)
def test_length_of_something_else(data):
    assert length(data, False) == length(data, True) == 0


def test_matches(payload):
    assert matches(payload(BIA, "tcp", dport=3868))
    assert matches(payload(BIA[:30], "sctp", sport=3868))
    assert matches(payload(BIA, "tcp", dport=9999))
    assert not matches(payload(BIA[:30], "tcp", dport=9999))
    assert not matches(payload(BIA[:10], "tcp", dport=9999))
    assert not matches(payload(BIA, "udp", dport=3868))
    assert not matches(payload(b"\2", "tcp", dport=3868))
    assert not matches(payload(b"", "tcp", dport=3868))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1000), st.sampled_from([0, VENDOR, 99]), st.binary(max_size=20)), max_size=8))
def test_what_is_written_is_what_is_read(payload, leaves, listed):
    data = message(*(avp(code, octets, vendor) for code, vendor, octets in listed))
    sent = dissect(payload(data), "diameter")
    leaves(sent)
    if sent.error is None:
        assert [(found.code, found.vendor, found.data) for found in sent.body.avps] == listed
    else:
        assert sent.error.field.startswith("diameter.avp")
        assert [found.data for found in sent.body.avps] == [octets for *_, octets in listed][: len(sent.body.avps)]


# ------------------------------------------------------------------------------------------------ tshark

# Times are text there; some Vendor-Ids are told twice; of request and answer it tells which belong together.
UNLIKE = frozenset(
    (
        "diameter.Key-ExpiryTime",
        "diameter.BootstrapInfoCreationTime",
        "diameter.Event-Timestamp",
        "diameter.vendorId",
        "diameter.answer_to",
        "diameter.resp_time",
        "diameter.answer_in",
    )
)
OURS = frozenset(f"diameter.{known.name}" for known in AVPS.values())


def unlike(shown: list) -> frozenset[str]:
    """The names that tshark has for AVPs that are not of the base protocol or Zn, and those that differ."""
    return UNLIKE | {field.name for field in shown if field.name[9:10].isupper() and field.name not in OURS}


def test_zn_reads_as_in_tshark(payload, oracle, agrees):
    sent = [payload(data, "tcp", sport=40000 + n, dport=3868) for n, data in enumerate((BIR, BIA, ERROR))]
    asked = oracle("diameter", sent)
    assert [octets for octets, _ in asked] == [BIR, BIA, ERROR]
    for one, (_, shown) in zip(sent, asked, strict=True):
        # NAF-Hostname is Wireshark's name of NAF-Id, Host-IP-Address has its parts below it there too
        more = {"diameter.NAF-Hostname"} | {field.name for field in shown if ".Host-IP-Address." in field.name}
        agrees(dissect(one), shown, unlike(shown) - more)


def test_capture_reads_as_in_tshark(payload, captured, agrees, leaves):
    asked = captured(CAPTURE, "diameter")
    assert len(asked) == 8
    for octets, shown in asked:
        sent = dissect(payload(octets, "sctp", dport=3868))
        assert sent.error is None
        leaves(sent)
        agrees(sent, shown, unlike(shown))
