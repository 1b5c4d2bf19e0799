"""Streams shared among helpers: what is found is the same, whoever has looked, and whoever was lost over it."""

import pickle
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from analyzer.analysis import Options, analyse
from analyzer.keys.keyring import EspSa
from analyzer.rereading import Rereading
from analyzer.sharing import Share


class Others:
    """Helpers of this process: the shares that they were asked for, and which of them answer."""

    def __init__(self, count, lost=()):
        self.count, self.lost = count, lost
        self.shares, self.ended = [], 0

    @contextmanager
    def helping(self):
        try:
            yield self.ask
        finally:
            self.ended += 1

    def ask(self, part):
        answer, share = Future(), pickle.loads(part)
        answer.set_result(None if len(self.shares) in self.lost else pickle.dumps(share.follow()))
        self.shares.append(share)
        return answer


def judged(case, helpers=None):
    return analyse(case, Options(media="all"), helpers=helpers)


def test_as_many_as_pay_find_what_one_does(streams):
    alone, none = judged(streams), Others(0)
    assert [(group.packets, group.authenticated, group.failed) for group in alone.story.media] == [
        (150, 149, 1), (120, 119, 1), (60, 59, 1)
    ]  # fmt: skip
    assert judged(streams, none).report == alone.report
    assert not none.ended
    others = Others(7)
    assert judged(streams, others).report == alone.report
    assert [len(share.streams) for share in others.shares] == [1, 1]  # 330 packets are worth three, this is one
    assert others.ended == 1


@pytest.mark.parametrize("lost", [{0}, {0, 1}])
def test_what_one_left_that_was_lost_is_looked_at_here(streams, lost):
    assert judged(streams, Others(7, lost)).report == judged(streams).report


def test_who_is_interrupted_leaves_none_behind(streams, monkeypatch):
    def interrupted(share):
        raise KeyboardInterrupt

    others = Others(1)
    monkeypatch.setattr(Share, "follow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        judged(streams, others)
    assert others.ended == 1


def test_what_is_handed_over_has_no_packets(streams):
    """What was kept of a stream is read again anyway."""
    others = Others(7)
    judged(streams, others)
    assert [(receiver.begin, receiver.stream.kept) for share in others.shares for receiver in share.streams] == [
        ([], []), ([], [])
    ]  # fmt: skip


def test_no_key_is_shown_of_what_is_handed_over(streams):
    again = Rereading(streams, {}, (EspSa(0x1234, encryption_key=b"\xaa" * 16),), {})
    assert "aa" not in repr(Share((), again)).replace(str(streams), "")
