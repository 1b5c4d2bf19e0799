"""What was sent in MIKEY, by its ids."""

import pytest

from analyzer.correlate import bodies
from analyzer.procedures import sent
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import FIRST_MSK, SECOND_MSK, SSRC

MS = 10**6  # ns


@pytest.fixture
def story(tell):
    """Two UEs with one MSK, the second MSK for one of them, a pull, and MTKs 1, 3, 2, 3, 3 under the first."""
    told = Story.registered_by_http(ues=2)
    one, other = told.ues
    told.msk(one, sp=None)
    told.msk(other)
    told.msk(one, SECOND_MSK, csb_id=9)
    told.pull(other, csb_id=10)
    for number in (1, 3, 2, 3, 3):
        told.mtk(mtk_id=number)
    told.mtk(SECOND_MSK)
    told.mtk(dst="239.1.2.4", mtk_id=7)
    told.mikey_error(csb_id=5)
    told.wait(0.5)
    told.mikey_error(csb_id=5)
    return tell(told).story


def test_the_first_message_of_each_msk(story):
    first = sent.first_msks(story)
    assert set(first) == {(KEY_DOMAIN, FIRST_MSK), (KEY_DOMAIN, SECOND_MSK)}
    assert first[KEY_DOMAIN, FIRST_MSK] is story.traffic.mikey[0]


def test_the_first_policy_of_each_key_group(story):
    (message,) = sent.first_policies(story).values()
    assert bodies.mikey(message).policies
    assert message.payload.dst == "10.1.0.12"


def test_the_msks_of_each_key_group_without_pulls(story):
    ((name, times),) = sent.of_groups(story).items()
    assert name == (KEY_DOMAIN, FIRST_MSK[:2])
    assert [msk_id for _, msk_id in times] == [FIRST_MSK, FIRST_MSK, SECOND_MSK]
    assert [time for time, _ in times] == sorted(time for time, _ in times)


def test_the_mtks_under_each_msk(story):
    found = {msk_id: [mtk_id[1] for _, mtk_id in times] for msk_id, times in sent.mtks(story).items()}
    assert found == {FIRST_MSK: [1, 3, 2, 3, 3, 7], SECOND_MSK: [1]}


def test_when_each_msk_was_named(story):
    first = story.traffic.mikey[0]
    named = sent.named(story)
    assert set(named) == {FIRST_MSK, SECOND_MSK}
    assert named[FIRST_MSK] == first.time


def test_what_ssrcs_are_announced(story):
    assert sent.ssrcs(story) == {FIRST_MSK: {SSRC}, SECOND_MSK: {SSRC}}


def test_what_went_before_each_mtk(story):
    before = sent.before_mtks(story)
    numbers = [
        tuple(None if other is None else sent.mtk_number(other) for other in (known.highest, known.other))
        for known in before.values()
    ]
    assert numbers == [(None, None), (1, 1), (3, 3), (3, 2), (3, 2), (None, None), (None, None)]


def test_a_packet_that_a_translator_passed_on_is_one(tell):
    told = Story.registered_by_http()
    told.msk()
    told.mtk()
    for time, packet in told.tape.packets[-3:]:
        told.tape.add_udp(time + 2 * MS, "192.0.2.1", 2269, "192.0.2.2", 2269, packet[42:])
    story = tell(told).story
    assert len(story.traffic.mikey) == 6
    assert len(sent.sighted(story)) == 3
    assert len(sent.before_mtks(story)) == 1


def test_errors_and_csb_ids(story):
    assert {csb_id: len(found) for csb_id, found in sent.errors(story).items()} == {5: 2}
    ids = sent.msk_csb_ids(story)
    assert {9, 10} <= ids
    assert len(ids) == 4


def test_nothing_was_sent(tell):
    story = tell(Story("nothing", by_sip=False)).story
    for ask in (sent.sighted, sent.first_msks, sent.first_policies, sent.of_groups, sent.mtks, sent.before_mtks):
        assert dict(ask(story)) == {}
    assert not sent.errors(story)
    assert not sent.msk_csb_ids(story)
