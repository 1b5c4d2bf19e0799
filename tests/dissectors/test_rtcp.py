"""RTCP by hand, SRTCP of the chain, and what tshark says."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissectors import dissect, tree
from dissectors.cursor import Cursor, Recorder
from dissectors.rtcp import MAX_ITEMS, MAX_PACKETS, RTCP, Report, SdesItem, SenderInfo, srtcp_parser

SRTCP_PACKET = "SRTCP packet index 1, E=1 (SR; MKI; 10 octet tag)"
MKI, TAG = 6, 10
NTP = 0x83AA7E8080000000  # half a second into 1970


def packet(kind: int, content: bytes, count: int = 0, padding: bytes = b"") -> bytes:
    words = (len(content) + len(padding)) // 4
    return struct.pack("!BBH", 0x80 | (0x20 if padding else 0) | count, kind, words) + content + padding


BLOCK = struct.pack("!IB", 5, 128) + (-2).to_bytes(3, "big", signed=True) + struct.pack("!HHIII", 1, 2, 3, 4, 5)
SR = packet(200, struct.pack("!IQIII", 7, NTP, 9, 10, 11) + BLOCK, 1)
RR = packet(201, struct.pack("!I", 7) + BLOCK + BLOCK + b"more", 2)
BARE = packet(201, struct.pack("!I", 7) + BLOCK + BLOCK, 2)
SDES = packet(202, struct.pack("!I", 7) + b"\1\5hello\2\1n\0\0", 1)
BYE = packet(203, struct.pack("!II", 7, 8) + b"\3end", 2)
APP = packet(204, struct.pack("!I", 7) + b"NAMEdata", 5)
NACK = packet(205, struct.pack("!II", 7, 8) + b"\0\1\0\2", 1)
PLI = packet(206, struct.pack("!II", 7, 8), 1)
XR = packet(207, struct.pack("!I", 7) + b"\4\0\0\2" + bytes(8))
OTHER = packet(209, b"abcd")
PADDED = packet(201, struct.pack("!I", 7), 0, b"\0\0\0\4")
COMPOUND = SR + SDES + APP + BYE
SAMPLES = [SR, RR, SDES, BYE, APP, NACK, PLI, XR, OTHER, PADDED, COMPOUND, packet(203, b"")]


def test_sender_report(read):
    (found,) = read(SR).packets
    assert (found.kind, found.count, found.ssrcs) == (200, 1, (7,))
    assert found.sender == SenderInfo(NTP, 9, 10, 11)
    assert found.reports == (Report(5, 128, -2, 0x10002, 3, 4, 5),)


def test_receiver_report_with_an_extension(read, payload, leaves):
    (found,) = read(RR).packets
    assert (found.sender, len(found.reports)) == (None, 2)
    last = leaves(dissect(payload(RR), "rtcp"))[-1]
    assert (last.name, last.value) == ("rtcp.profile-specific-extension", b"more")


def test_description_and_goodbye(read):
    (description,) = read(SDES).packets
    assert description.items == (SdesItem(7, 1, "hello"), SdesItem(7, 2, "n"))
    (goodbye,) = read(BYE).packets
    assert (goodbye.ssrcs, goodbye.reason) == ((7, 8), "end")


def test_compound(read):
    body = read(COMPOUND)
    assert [found.kind for found in body.packets] == [200, 202, 204, 203]
    assert (body.index, body.encrypted, body.mki) == (None, b"", b"")


@pytest.mark.parametrize("data", SAMPLES)
def test_every_octet_has_a_field(payload, leaves, data):
    message = dissect(payload(data), "rtcp")
    assert message.error is None
    leaves(message)


def test_field_texts(payload):
    fields = {field.name: field for top in tree(dissect(payload(SR), "rtcp")) for field in top.walk()}
    assert fields["rtcp.timestamp.ntp"].text == "1970-01-01T00:00:00.500000+00:00"
    assert fields["rtcp.pt"].text == "Sender Report (200)"


def test_media_is_not_matched_by_its_octets(payload):
    assert not RTCP.matches(payload(SR))


def test_srtcp_of_the_chain(broken, value):
    data = value(SRTCP_PACKET)
    recorder = Recorder(data)
    body = srtcp_parser(MKI, TAG)(recorder)
    assert (body.index, body.mki, body.auth_tag) == (1, bytes.fromhex("000100020005"), data[-TAG:])
    assert body.encrypted == data[8 : -TAG - MKI - 4]
    (clear,) = body.packets
    assert (clear.kind, clear.ssrcs) == (200, (0x11223344,))
    assert [field.name for field in recorder.fields[-5:]] == [
        "rtcp.encrypted", "srtcp.e", "srtcp.index", "srtcp.mki", "srtcp.auth_tag",
    ]  # fmt: skip
    assert recorder.fields[-1].end == len(data)
    for cut in range(8 + 4 + MKI + TAG):
        assert broken(data[:cut], srtcp_parser(MKI, TAG)).field == "rtcp"


def test_srtcp_that_is_not_encrypted(read):
    body = srtcp_parser(MKI, TAG)(Cursor(COMPOUND + b"\0\0\0\x09" + bytes(MKI) + b"t" * TAG))
    assert (body.index, body.encrypted, body.auth_tag) == (9, b"", b"t" * TAG)
    assert body.packets == read(COMPOUND).packets


@pytest.mark.parametrize("data", SAMPLES)
def test_truncation_keeps_what_was_read(read, payload, leaves, data):
    complete = read(data)
    for cut in range(len(data)):
        message = dissect(payload(data[:cut]), "rtcp")
        leaves(message)
        if message.error is None:  # the cut is between two packets
            assert message.body.packets == complete.packets[: len(message.body.packets)]
            assert len(message.body.packets) < len(complete.packets)
        elif message.body is not None:
            assert message.body.packets == complete.packets[: len(message.body.packets)]


@pytest.mark.parametrize(
    ("data", "field", "offset"),
    [
        (b"", "rtcp.version", 0),
        (b"\x40" + SR[1:], "rtcp.version", 0),
        (SR + b"\x01\x02\x03\x04", "rtcp.version", len(SR)),
        (SR[:2] + b"\xff\xff" + SR[4:], "rtcp.length", 2),
        (SR[:2] + b"\0\x08" + SR[4:], "rtcp.ssrc.high_cycles", 36),
        (packet(202, struct.pack("!I", 7) + b"\1\xffab", 1), "rtcp.sdes.text", 10),
        (packet(203, b"", 31), "rtcp.ssrc.identifier", 4),
        (packet(201, struct.pack("!I", 7), 0, b"\0\0\0\0"), "rtcp.padding.count", 11),
        (packet(201, struct.pack("!I", 7), 0, b"\0\0\0\x09"), "rtcp.padding.count", 11),
        (packet(207, struct.pack("!I", 7) + b"\4\0\xff\xff"), "rtcp.xr.data", 12),
    ],
)
def test_what_lies(broken, data, field, offset):
    error = broken(data)
    assert (error.field, error.offset) == (field, offset)


def test_packets_before_an_error_are_kept(read, broken):
    assert broken(SR + b"\x01\x02\x03\x04").partial.packets == read(SR).packets


def test_limits(read, broken):
    empty = packet(203, b"")
    assert len(read(empty * MAX_PACKETS).packets) == MAX_PACKETS
    assert len(broken(empty * (MAX_PACKETS + 1)).partial.packets) == MAX_PACKETS
    assert "items" in broken(packet(202, struct.pack("!I", 7) + b"\1\0" * (MAX_ITEMS + 2), 1)).reason


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(packet, st.integers(192, 215), st.integers(0, 12).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)), st.integers(0, 31)),
        max_size=4,
    ),
    st.binary(max_size=3),
)  # fmt: skip
def test_any_packets_are_read_or_told(payload, leaves, packets, rest):
    message = dissect(payload(b"".join(packets) + rest), "rtcp")
    assert message.error is None or not message.error.reason.startswith("dissector failed")
    leaves(message)


# ------------------------------------------------------------------------------------------------ tshark

# Times are text there, data of an application is text when it can be; padding of a report is an extension to tshark.
UNLIKE = frozenset(
    (
        "rtcp.timestamp.ntp",
        "rtcp.app.data_str",
        "rtcp.profile-specific-extension",
        "rtcp.profile-specific-extension.type",
        "rtcp.profile-specific-extension.length",
    )
)


@pytest.mark.parametrize("data", [COMPOUND, SR, BARE, SR + PADDED])
def test_reads_as_in_tshark(payload, oracle, agrees, data):
    sent = payload(data, dport=5005)
    asked = oracle("rtcp", [sent], "-d", "udp.port==5005,rtcp")
    assert b"".join(octets for octets, _ in asked) == data
    start = 0
    for octets, shown in asked:
        moved = [field._replace(start=field.start + start, end=field.end + start) for field in shown]
        agrees(dissect(sent, "rtcp"), moved, UNLIKE)
        start += len(octets)
