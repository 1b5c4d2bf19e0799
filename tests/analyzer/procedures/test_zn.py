"""Zn as runs, and who waits on Ua for what is asked there."""

from dataclasses import replace

import pytest

from analyzer.judging import CannotTell, NotHere
from analyzer.procedures import zn
from sample_pcaps.forge_text import Edit
from sample_pcaps.story import Story


def runs(analysis):
    return [run for _, run in analysis.runs if run.procedure is zn.USAGE]


def registered(**asked):
    story = Story.begun_by_http()
    story.register(zn=asked or None)
    return story


def test_a_request_and_its_answer_are_one_run(tell):
    story = registered()
    (run,) = runs(tell(story))
    assert run.outcome == "success"
    assert zn.b_tid_asked(run) == story.ue.last.b_tid
    assert zn.naf_asked(run) == ("bmsc.home1.net", bytes.fromhex("0100000003"))
    assert zn.keys_answer(run) is zn.bia(run)


def test_a_refusal_brings_no_keys(tell):
    (run,) = runs(tell(registered(result=5403)))
    assert run.outcome == "failure"
    with pytest.raises(NotHere):
        zn.keys_answer(run)


def test_without_an_answer_it_is_incomplete(tell):
    (run,) = runs(tell(registered(edits={"bia": Edit(drop=True)})))
    assert run.outcome == "incomplete"
    with pytest.raises(NotHere):
        zn.bia(run)


def test_a_request_sent_again_belongs_to_the_first(tell):
    (run,) = runs(tell(registered(edits={"bir": Edit(repeat=1)})))
    assert len(run.all("bir")) == 2


@pytest.mark.parametrize(("code", "ask"), [(401, zn.b_tid_asked), (402, zn.naf_asked)])
def test_what_is_not_in_a_request_is_not_looked_at(tell, code, ask):
    (run,) = runs(tell(registered(bir_avps=lambda avps: [avp for avp in avps if avp[0] != code])))
    with pytest.raises(NotHere):
        ask(run)


def test_a_message_that_cannot_be_read_tells_nothing(tell):
    def broken(octets):
        """Its last AVP, Auth-Session-State, goes on beyond the message."""
        at = octets.rindex((277).to_bytes(4, "big"))
        return octets[: at + 5] + b"\0\0\x40" + octets[at + 8 :]

    (run,) = runs(tell(registered(edits={"bir": Edit(mutate=broken)})))
    with pytest.raises(CannotTell):
        zn.bir(run)


class TestWaiting:
    def test_is_the_request_that_presents_the_b_tid(self, tell):
        story = registered()
        (run,) = runs(tell(story))
        (request,) = zn.waiting(run)
        assert request.given.get("username") == story.ue.last.b_tid
        assert request.answer is not None
        assert request.message.time < run.start < request.until

    def test_is_over_with_the_answer(self, tell):
        story = registered()
        story.wait(1)
        story.zn()
        first, second = runs(tell(story))
        assert len(zn.waiting(first)) == 1
        assert zn.waiting(second) == ()

    def test_ends_by_itself_where_no_answer_comes(self, tell):
        story = Story.begun_by_http()
        story.register(zn=False, edits={"answer": Edit(drop=True)})
        story.wait(30)
        story.zn()
        story.wait(40)
        story.zn()
        first, second = runs(tell(story))
        assert len(zn.waiting(first)) == 1
        assert zn.waiting(second) == ()

    def test_is_at_the_naf_that_asks(self, tell):
        """Another NAF may ask for keys of the same B-TID at that time."""
        story = Story.begun_by_http()
        story.addresses = replace(story.addresses, bm_sc="10.4.0.9")
        story.open_zn()
        story.addresses = replace(story.addresses, bm_sc="10.4.0.1")
        story.register()
        (run,) = runs(tell(story))
        assert zn.waiting(run) == ()

    def test_does_not_take_ub_for_ua(self, tell):
        story = registered()
        analysis = tell(story)
        assert list(zn.presented(analysis.story)) == [story.ue.last.b_tid]
