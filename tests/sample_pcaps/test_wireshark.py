"""The document about Wireshark is what both say today; and what the comparison takes for the same."""

from collections import Counter

import pytest

from dissectors import Field
from sample_pcaps import wireshark
from sample_pcaps.wireshark import Ours, Seen, Theirs

TEXT = wireshark.DOCUMENT.read_text(encoding="utf-8")
SAME_VERSION = f"with tshark {wireshark.version()}:" in TEXT
needs_tshark = pytest.mark.skipif(
    not SAME_VERSION, reason="tshark is not installed, or of another version than the one that docs/wireshark.md is of"
)


def ours(value, octets=b""):
    return Ours(Field("x.y", value, 0, len(octets)), octets)


def frame(name, *values, protocol="sip"):
    return {1: Seen(Counter([protocol]), {name: list(values)})}


@needs_tshark
@pytest.mark.timeout(900)
def test_the_document_is_up_to_date_and_every_difference_explained():
    of_samples, of_real = wireshark.of_samples(), wireshark.agreement(wireshark.real())
    told = "write it with python -m sample_pcaps.wireshark, and read the difference"
    assert of_samples.differing == of_real.differing == []
    assert set(of_samples.unpaired) == {("tls", "theirs"), ("dtls", "theirs")}
    assert set(of_real.unpaired) <= set(wireshark.UNPAIRED)
    if of_real.captures:  # an exception that is none any more has to go
        assert set(of_samples.unlike) | set(of_real.unlike) == set(wireshark.UNLIKE)
    real = wireshark.section(wireshark.REAL_HEADING, of_real) if of_real.captures else wireshark.kept()
    page = wireshark.document(wireshark.section(wireshark.SAMPLES_HEADING, of_samples), real)
    assert page == TEXT, told
    assert sum(of_samples.same.values()) > 200_000


def test_the_document_explains_all_that_is_told_otherwise():
    assert "not explained" not in TEXT
    assert TEXT.count("### Differing\n\nNone.\n") == 2
    for name, reason in wireshark.UNLIKE.items():
        assert f"| `{name}` | {reason} |" in TEXT


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ours(5), Theirs("5", "05", 1)),
        (ours(255), Theirs("0xff", None, 1)),
        (ours("a"), Theirs("a", None, 1)),
        (ours(b"\x01\x02"), Theirs("01:02", None, 2)),
        (ours("text", b"\x01"), Theirs("shown", "01", 1)),
        (ours(b"", b"ab"), Theirs("", None, 2)),
    ],
)
def test_values_that_are_the_same(one, other):
    assert wireshark.alike([one], [other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([ours(5)], [Theirs("6", "06", 1)]),
        ([ours(b"\x01")], [Theirs("02", None, 1)]),
        ([ours(b"", b"abc")], [Theirs("", None, 2)]),
        ([ours(5)], []),
        ([ours(5)], [Theirs("5", "05", 1)] * 2),
    ],
)
def test_values_that_are_not(one, other):
    assert not wireshark.alike(one, other)


def test_a_field_of_both_that_one_leaves_out_differs():
    both = frame("sip.To", ours("a")), frame("sip.To", Theirs("a", None, 1))
    found = wireshark.compare({"a": both, "b": (both[0], frame("sip.From", Theirs("x", None, 1)))})
    assert [(each.capture, each.name) for each in found.differing] == [("b", "sip.To")]
    assert (found.same, found.theirs) == ({"sip.To": 1}, {"sip.From": 1})


def test_an_exception_counts_only_where_it_is_one():
    alike = frame("sip.Via.rport", ours(5)), frame("sip.Via.rport", Theirs("5", None, 1))
    flag = frame("sip.Via.rport"), frame("sip.Via.rport", Theirs("rport", None, 5))
    found = wireshark.compare({"a": alike, "b": flag})
    assert (found.same, found.unlike, found.differing) == ({"sip.Via.rport": 1}, {"sip.Via.rport": 1}, [])


def test_avps_inside_of_unknown_ones_are_more_there():
    unknown = {wireshark.UNKNOWN: [ours(b"x")]}
    theirs = {1: Seen(Counter(["diameter"]), {"diameter.avp.code": [Theirs(code, None, 4) for code in "123"]})}
    for codes, same in (("13", 2), ("31", 0)):
        own = {"diameter.avp.code": [ours(int(code)) for code in codes]} | unknown
        found = wireshark.compare({"a": ({1: Seen(Counter(["diameter"]), own)}, theirs)})
        assert (found.same["diameter.avp.code"], len(found.differing)) == (same, not same)


def test_other_messages_in_a_frame_are_not_compared():
    found = wireshark.compare(
        {"a": (frame("sip.To", ours("a")), frame("sip.To", Theirs("b", None, 1), protocol="http"))}
    )
    assert (found.unpaired, found.differing) == ({("sip", "ours"): 1, ("http", "theirs"): 1}, [])


def test_records_are_paired_by_whether_a_frame_has_any():
    here = {1: Seen(Counter(tls=1), {"tls.alert_message.level": [ours(1, b"\x01")]})}
    theirs = {1: Seen(Counter(tls=3), {"tls.alert_message.level": [Theirs("1", "01", 1)]})}
    assert wireshark.compare({"a": (here, theirs)}).same == {"tls.alert_message.level": 1}
    assert wireshark.compare({"a": ({}, theirs)}).unpaired == {("tls", "theirs"): 1}
