"""What keys opened, and what became of MSKs, in whole stories."""

import pytest

from analyzer import openings
from sample_pcaps import good
from sample_pcaps.story import Story


def of(analysis, kind):
    """The keys of a kind, each with what it opened as (what, frame) pairs."""
    story = analysis.story
    return [
        (key, [(o.what, o.frame) for o in openings.of_key(story, key)]) for key in story.chain.keys if key.kind == kind
    ]


@pytest.mark.parametrize("name", ["http_good", "sip_good", "two_ues", "ipv6"])
def test_every_opened_message_is_under_one_key(sample, name):
    chain = sample(name).story.chain
    told = [o for key in chain.keys for o in openings.of_key(sample(name).story, key)]
    mikey = sorted((o.capture, o.frame) for o in told if o.what in ("msk", "mtk", "pull"))
    assert mikey == sorted((o.message.payload.capture, o.message.frame) for o in chain.opened.values())
    assert sum(o.count for o in told if o.what in ("srtp", "srtcp")) == sum(
        group.authenticated for group in sample(name).story.media
    )
    digests = [c for c in chain.digests.values() if c.ok and c.key is not None]
    assert len([o for o in told if o.what == "digest"]) == len(digests)


def test_verifications_name_their_reading(sample):
    ((muk, opened),) = of(sample("http_good"), "MUK")
    assert [what for what, _ in opened].count("verification") == 4
    readings = {o.reading for o in openings.of_key(sample("http_good").story, muk) if o.what == "verification"}
    assert readings == {"raw IDs + 4-octet T"}


def test_an_mtk_message_is_under_the_msk_as_delivered_last(sample):
    """In the SIP story one MSK comes again under another MUK: what was opened before hangs on the first delivery."""
    for key, opened in of(sample("sip_good"), "MSK"):
        assert all(frame > key.frame for _, frame in opened)
    assert all(opened for key, opened in of(sample("sip_good"), "MSK") if key.valid_from < key.valid_to)


def test_states_of_msks(sample):
    analysis = sample("http_good")
    (session,) = analysis.story.traffic.sessions
    msks = [key for key, _ in of(analysis, "MSK")]
    assert [openings.state(analysis.story, session, key) for key in msks] == [
        "invalidated, frame 183", "invalidated, frame 187"
    ]  # fmt: skip
    (muk,) = [key for key, _ in of(analysis, "MUK")]
    assert openings.state(analysis.story, session, muk) is None


def test_each_ue_has_its_own_store(tell):
    story = Story.registered_by_http(ues=2)
    for ue in story.ues:
        story.msk(ue)
    story.msk(story.ues[0], seq=(2, 1), sp=None)
    analysis = tell(story)
    states = {
        (session.id, openings.state(analysis.story, session, key))
        for session in analysis.story.traffic.sessions
        for key, _ in of(analysis, "MSK")
    }
    assert ("ue2", "held") in states
    assert any(ue == "ue1" and state.startswith("invalidated, frame ") for ue, state in states)


def test_a_supplied_key_that_opens_nothing_is_in_the_report(tell):
    story = good.http_good()
    ring = f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.naf]]\nfqdn = "bmsc.home1.net"\nmrk = "{"5a" * 32}"\n'
    (ue,) = tell(story, ring).report.ues
    (mrk,) = [key for key in ue.keys if key.kind == "MRK" and key.status == "supplied"]
    assert mrk.opened == ()
    proven = [key for key in ue.keys if key.kind == "MRK" and key.status == "derived"]
    assert proven
    assert all(key.opened for key in proven)
