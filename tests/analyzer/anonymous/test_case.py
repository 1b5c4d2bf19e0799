"""Anonymised samples keep their verdicts and share no name, address or key with the originals."""

from __future__ import annotations

import base64
import ipaddress
from io import BytesIO

import pytest

from analyzer.anonymous import huffman, judged, leaks, said
from analyzer.anonymous.case import spellings
from sample_pcaps.casebook import cases


@pytest.mark.parametrize("name", sorted(cases()))
def test_verdicts_stay_and_nothing_is_shared(anonymised, name):
    both = anonymised(name)
    assert judged(both.after.report) == judged(both.before.report)
    assert both.after.report.verdict is both.before.report.verdict
    assert [len(ue.procedures) for ue in both.after.report.ues] == [len(ue.procedures) for ue in both.before.report.ues]
    secrets = list(both.anonymiser.secrets())
    assert len(secrets) > 5
    assert leaks(BytesIO(both.written), iter(secrets)) == 0
    assert said(both.after, secrets) == 0
    for ue in both.before.report.ues:
        for name_ in (*ue.impi, *ue.impu, *ue.b_tid):
            assert name_.encode() not in both.written
    for octets in _keys(both.before):
        assert octets not in both.written
        assert octets.hex().encode() not in both.written


@pytest.mark.parametrize("name", ["http_good", "ipv6", "http_in_gtp"])
def test_no_address_of_a_frame_stays(anonymised, name):
    both = anonymised(name)
    old, new = (_addresses(each) for each in (both.before, both.after))
    assert len(old) == len(new) > 4
    assert old & new == set()


def test_domains_and_hosts_are_gone(anonymised):
    for name in ("http_good", "sip_good"):
        both = anonymised(name)
        for word in (b"home1", b"user1", b"sample-bmsc"):
            assert word not in both.written


def test_frames_keep_their_times_lengths_and_number(anonymised):
    both = anonymised("sip_good")
    (old,), (new,) = both.before.report.captures, both.after.report.captures
    assert (old.packets, old.first, old.last) == (new.packets, new.first, new.last)


def test_each_run_has_pseudonyms_of_its_own(anonymised):
    both = anonymised("http_good")
    one = both.anonymiser.names
    assert type(one)(b"another").host("bsf.home1.net") != one.host("bsf.home1.net")


@pytest.mark.parametrize("form", [
    b"+491701234567", b"%2B491701234567", "+491701234567".encode("utf-16-le"), bytes.fromhex("947110325476"),
    base64.b64encode(b"+491701234567"), huffman.encoded(b"+491701234567") + b"xyz",
])  # fmt: skip
def test_names_are_looked_for_in_all_their_forms(form):
    found = list(spellings("+491701234567"))
    assert leaks(BytesIO(b"some octets" + form + b"and others"), found) > 0
    assert leaks(BytesIO(b"some octets and others"), found) == 0


def test_messages_are_looked_at_unpacked(anonymised):
    both = anonymised("over_http2")
    (impi,) = both.before.report.ues[0].impi
    assert said(both.before, [impi.encode()]) == 1
    assert said(both.after, [impi.encode()]) == 0


def test_what_leaks_is_found():
    assert leaks(BytesIO(b"xx user1@home1.net yy"), iter([b"user1@home1.net", b"other"])) == 1


def _keys(analysis):
    chain = analysis.story.chain
    return {key.value for key in chain.keys if len(key.value) >= 16}


def _addresses(analysis):
    return {
        ipaddress.ip_address(each).packed
        for message in analysis.messages
        for each in (message.payload.src, message.payload.dst)
    }
