"""Streams of which all packets are verified, shared among helpers: each reads the captures for its streams."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from analyzer.decode.packets import MediaPacket
from analyzer.helping import Helpers, answered
from analyzer.media import Group, Receiver
from analyzer.medialog import StreamKey, key_of
from analyzer.rereading import Rereading

MIN_SHARE = 200_000  # packets for which another helper pays: it begins in half a second, and reads everything too
AT_ONCE = 8192  # packets that are read before they are verified: those of one stream go faster together


class Share(NamedTuple):
    """Streams that one helper verifies, and how it comes by their packets."""

    streams: Sequence[Receiver]
    again: Rereading

    def follow(self) -> list[Group]:
        """Take the packets of these streams from those of all; raises CaptureError."""
        by_key = {receiver.stream.key: receiver for receiver in self.streams}
        packets = self.again.packets(by_key)
        while some := list(islice(packets, AT_ONCE)):
            found: dict[StreamKey, list[MediaPacket]] = {}
            for packet in some:
                found.setdefault(key_of(packet), []).append(packet)
            for key, own in found.items():
                if (receiver := by_key.get(key)) is not None:
                    receiver.take_all(own)
        return [group for receiver in self.streams for group in receiver.groups()]


def verified(whole: Sequence[Receiver], again: Rereading, helpers: Helpers | None) -> list[Group]:
    """Verify all packets of some streams, here and by helpers, each of which takes some of the streams."""
    own, *others = _divided(whole, 1 if helpers is None else helpers.count + 1)
    if helpers is None or not others:
        return Share(own, again).follow()
    with helpers.helping() as ask:
        begun = [ask(pickle.dumps(Share(streams, again))) for streams in others]
        found = Share(own, again).follow()
        left = []
        for answer, streams in zip(map(answered, begun), others, strict=True):
            if answer is None:  # it has died, of memory perhaps
                left += streams
            else:
                found += _groups(answer)
    return found + Share(left, again).follow() if left else found


def _groups(answer: bytes) -> Iterable[Group]:
    groups: list[Group] = pickle.loads(answer)  # noqa: S301  # from those that keyshark let help
    return groups


def _divided(whole: Sequence[Receiver], count: int) -> list[list[Receiver]]:
    """Divide streams among so many or fewer, so that each has about as many packets to verify."""
    packets = sum(receiver.stream.packets for receiver in whole)
    count = max(min(count, len(whole), packets // MIN_SHARE), 1)
    shared: list[list[Receiver]] = [[] for _ in range(count)]
    loads = [0] * count
    for receiver in sorted(whole, key=lambda receiver: -receiver.stream.packets):
        lightest = loads.index(min(loads))
        shared[lightest].append(receiver)
        loads[lightest] += receiver.stream.packets
    return shared
