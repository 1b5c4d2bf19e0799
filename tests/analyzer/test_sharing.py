"""Streams shared among processes: what is found is the same, whoever has looked, and whoever died over it."""

import os

import pytest

from analyzer import medialog, sharing
from analyzer.analysis import Options, analyse
from analyzer.capture.case import find_cases
from analyzer.keys.keyring import EspSa
from analyzer.rereading import Rereading
from sample_pcaps.forge import pcapng
from sample_pcaps.story import Story


@pytest.fixture
def case(tmp_path, monkeypatch):
    """A case of three streams under one MTK, of which one packet is broken, and none is kept whole."""
    monkeypatch.setattr(medialog, "MAX_KEPT", 20)
    monkeypatch.setattr(sharing, "MIN_SHARE", 100)
    story = Story.registered_by_http()
    story.msk()
    story.wait(0.2)
    story.mtk()
    for ssrc, packets in ((0xA, 150), (0xB, 120), (0xC, 60)):
        story.media(
            packets=packets, ssrc=ssrc, report=False, change=lambda n, given: given | {"break_tag": n == 55}
        )  # fmt: skip
    (tmp_path / "case.pcapng").write_bytes(pcapng(story.tape.sorted()))
    keyring = tmp_path / "case.keys.toml"
    keyring.touch(mode=0o600)
    keyring.write_text(story.keyring())
    return find_cases([str(tmp_path / "case.pcapng")])[0]


class Begun(list):
    """The processes that were begun."""

    def __init__(self, monkeypatch):
        context = sharing.multiprocessing.get_context("spawn")
        process = context.Process
        monkeypatch.setattr(context, "Process", lambda **given: self.begin(process(**given)))
        monkeypatch.setattr(sharing.multiprocessing, "get_context", lambda name: context)

    def begin(self, process):
        self.append(process)
        return process


def judged(case, processes):
    return analyse(case, Options(media="all"), processes=processes)


def test_as_many_processes_as_pay_find_what_one_does(case, monkeypatch):
    begun = Begun(monkeypatch)
    alone = judged(case, 1)
    assert not begun
    assert [(group.packets, group.authenticated, group.failed) for group in alone.story.media] == [
        (150, 149, 1), (120, 119, 1), (60, 59, 1)
    ]  # fmt: skip
    shared = judged(case, 8)
    assert len(begun) == 2  # 330 packets are worth three, of which this is one
    assert shared.report == alone.report
    assert not any(process.is_alive() for process in begun)


def test_what_one_left_that_died_is_looked_at_here(case, monkeypatch):
    alone = judged(case, 1)
    monkeypatch.setattr(sharing, "_follow_for", _die)
    assert judged(case, 2).report == alone.report


def _die(asked, whole, again):
    os._exit(9)


def test_who_is_interrupted_leaves_none_behind(case, monkeypatch):
    begun = Begun(monkeypatch)

    def interrupted(whole, again):
        raise KeyboardInterrupt

    monkeypatch.setattr(sharing, "_follow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        judged(case, 2)
    assert begun
    assert not any(process.is_alive() for process in begun)


def test_no_key_is_shown_of_what_is_handed_over(case):
    again = Rereading(case, {}, (EspSa(0x1234, encryption_key=b"\xaa" * 16),), {})
    assert "aa" not in repr(again).replace(str(case), "")
