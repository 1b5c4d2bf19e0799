"""How things are named."""

from __future__ import annotations

from analyzer.diagnosis.words import clock, muk, muk_of, of_when, short, told, who


def test_a_ue_is_named_by_address_and_identity(sample):
    (ue,) = sample("http_good").story.traffic.sessions
    assert who(ue) == "UE 10.1.0.11 (user1_private@home1.net)"
    assert who(ue, "10.9.9.9") == who(ue)
    assert who(None, "10.9.9.9") == "UE 10.9.9.9"


def test_a_b_tid_is_short_and_has_its_bootstrapping(sample):
    story = sample("http_good").story
    (ue,) = story.traffic.sessions
    b_tid = ue.b_tid[0]
    assert short(b_tid) == f"{b_tid[:8]}…@bsf.home1.net"
    assert of_when(story, b_tid) == f"B-TID {short(b_tid)} (bootstrapping of 00:00:00, frame 7)"
    assert short("odd") == "odd"
    assert of_when(story, "AAAAAAAAAAAAAAAAAAAAAA==@x.net") == "B-TID AAAAAAAA…@x.net"
    twice = told(story, f"B-TID {b_tid} expired at 2026-01-02T00:01:00Z, not {b_tid}")
    assert twice == f"{of_when(story, b_tid)} expired at 2026-01-02 00:01:00, not B-TID {short(b_tid)}"
    cut = b_tid.replace("=", "")
    assert told(story, f"B-TID {cut}, the BSF gave {b_tid}") == f"B-TID {cut}, the BSF gave {b_tid}"
    assert "9999" in told(story, "at 9999-99-99T00:00:00Z")


def test_a_time_has_its_date_where_that_is_another(sample):
    story = sample("http_good").story
    begin = story.traffic.begin
    assert clock(story, begin) == "00:00:00"
    assert clock(story, begin + 86400 * 10**9) == "2026-01-02 00:00:00"
    assert clock(story, 10**30) == "an unknown time"


def test_a_muk_is_named_where_it_is_beyond_doubt(sample):
    story = sample("http_good").story
    (ue,) = story.traffic.sessions
    found = muk_of(story, ue.b_tid[0], None)
    assert found is not None
    assert muk(story, found) == f"MUK {found.fingerprint} (bootstrapping of 00:00:00)"
    assert muk_of(story, "nobody", None) is None
    assert muk(story, None) == "the MUK that it names"
