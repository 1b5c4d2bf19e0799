"""Lifetimes hold against the clock of a capture only where Date does not say that it goes wrong."""

from ipaddress import ip_address

import pytest

from analyzer.procedures import lifetimes
from dissectors import Payload, dissect
from sample_pcaps.casebook import cases
from sample_pcaps.forge import SECOND

HOUR = 3600 * SECOND
A_DAY_AGO = b"01 Jan 2026", b"31 Dec 2025"
EXPIRY = ("DG-04", "EX-02", "MS-25", "UB-16", "ZN-05", "ZN-06")


def told_at(name, shift):
    """A story by a probe whose clock is so far ahead (ns)."""
    story = cases()[name].tell()
    story.tape.packets = [(time + shift, frame) for time, frame in story.tape.packets]
    return story


def said(story, sender, old, new):
    """Let what an address says have other octets."""
    own = ip_address(sender).packed
    packets = story.tape.packets
    story.tape.packets = [(t, f.replace(old, new) if f[26:30] == own else f) for t, f in packets]
    return story


@pytest.mark.parametrize("hours", [2, 24 * 365, -2])
def test_a_probe_with_a_wrong_clock_makes_nothing_expire(tell, failed, verdicts, hours):
    analysis = tell(told_at("http_good", hours * HOUR))
    assert failed(analysis) == set()
    if hours > 0:
        assert {code: set(verdicts(analysis, code)) for code in EXPIRY} == {code: {"inconc"} for code in EXPIRY}


def test_nor_does_it_make_good_what_has_expired(tell, verdicts):
    assert verdicts(tell(told_at("expired_b_tid_http", 0)), "DG-04") == ["fail"]
    assert verdicts(tell(told_at("expired_b_tid_http", -2 * HOUR)), "DG-04") == ["inconc"]


def test_seconds_are_no_wrong_clock(tell, verdicts):
    assert verdicts(tell(told_at("expired_b_tid_http", lifetimes.MAX_ERROR // 2)), "DG-04") == ["fail"]


def test_one_end_that_agrees_is_enough(tell, verdicts):
    """That the clocks of others go wrong is theirs."""
    story = cases()["expired_b_tid_http"].tell()
    *others, last = (story.addresses.bsf, story.addresses.bm_sc, story.addresses.scf, story.ue.ip)
    for sender in others:
        said(story, sender, *A_DAY_AGO)
    assert verdicts(tell(story), "DG-04") == ["fail"]
    said(story, last, *A_DAY_AGO)
    assert verdicts(tell(story), "DG-04") == ["inconc"]


def test_without_any_date_the_capture_is_believed(tell, verdicts):
    story = cases()["expired_b_tid_http"].tell()
    story.tape.packets = [(time, frame.replace(b"Date: ", b"Ante: ")) for time, frame in story.tape.packets]
    assert verdicts(tell(story), "DG-04") == ["fail"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Thu, 01 Jan 1970 00:00:01 GMT", 1),
        ("Thursday, 01-Jan-70 00:00:01 GMT", 1),
        ("Thu Jan  1 00:00:01 1970", 1),
        ("Thu, 01 Jan 1970 01:00:01 +0100", 1),
        ("yesterday", None),
        ("", None),
        ("Thu, 99 Jan 99999999 00:00:01 GMT", None),
        ("9" * 4000, None),
    ],
)
def test_a_date_is_read_or_is_none(value, seconds):
    answer = f"HTTP/1.1 200 OK\r\nDate: {value}\r\nContent-Length: 0\r\n\r\n".encode()
    body = dissect(Payload(answer, "tcp", "10.0.0.1", 80, "10.0.0.2", 4000, 0, 1, 0, (1,))).body
    assert lifetimes.date_of(body) == (None if seconds is None else seconds * SECOND)
