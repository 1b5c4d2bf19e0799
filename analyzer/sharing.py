"""Streams of which all packets are verified, shared among processes: each reads the captures for its streams."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from analyzer.media import Group, Receiver
from analyzer.medialog import key_of
from analyzer.rereading import Rereading

MIN_SHARE = 200_000  # packets for which another process pays: it begins in half a second, and reads everything too


def verified(whole: Sequence[Receiver], again: Rereading, processes: int) -> list[Group]:
    """Verify all packets of some streams, in this process and others, each of which takes some of the streams."""
    own, *others = _shares(whole, processes)
    context = multiprocessing.get_context("spawn")  # a fork while a progress bar's thread holds a lock would hang
    begun: list[tuple[SpawnProcess, Connection, Sequence[Receiver]]] = []
    try:
        for share in others:
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_follow_for, args=(theirs, share, again), daemon=True)
            process.start()
            theirs.close()
            begun.append((process, ours, share))
        found = _follow(own, again)
        for _, answer, left in begun:
            try:
                found += answer.recv()
            except EOFError:  # it has died, of memory perhaps
                found += _follow(left, again)
        return found
    finally:
        for worker, answer, _ in begun:
            worker.kill()
            worker.join()
            answer.close()


def _follow_for(asked: Connection, whole: Sequence[Receiver], again: Rereading) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who has asked ends this process
    asked.send(_follow(whole, again))


def _shares(whole: Sequence[Receiver], processes: int) -> list[list[Receiver]]:
    """Divide streams among so many processes or fewer, so that each has about as many packets to verify."""
    packets = sum(receiver.stream.packets for receiver in whole)
    count = max(min(processes, len(whole), packets // MIN_SHARE), 1)
    shared: list[list[Receiver]] = [[] for _ in range(count)]
    loads = [0] * count
    for receiver in sorted(whole, key=lambda receiver: -receiver.stream.packets):
        lightest = loads.index(min(loads))
        shared[lightest].append(receiver)
        loads[lightest] += receiver.stream.packets
    return shared


def _follow(whole: Sequence[Receiver], again: Rereading) -> list[Group]:
    """Take the packets of some streams from those of all."""
    by_key = {receiver.stream.key: receiver for receiver in whole}
    for packet in again.packets(by_key):
        if (receiver := by_key.get(key_of(packet))) is not None:
            receiver.take(packet)
    return [group for receiver in whole for group in receiver.groups()]
