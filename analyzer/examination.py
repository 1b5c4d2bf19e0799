"""All media of a case: each stream handed to its receiver, from what was kept or from the captures once more."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate.traffic import Traffic
from analyzer.helping import Helpers
from analyzer.keys.chain import Chain
from analyzer.media import Group, Held, Receiver
from analyzer.medialog import MediaLog
from analyzer.mki import Locator, Mki, named
from analyzer.rereading import Rereading
from analyzer.sharing import verified


def examine(
    log: MediaLog, traffic: Traffic, chain: Chain, again: Rereading | None = None, helpers: Helpers | None = None
) -> tuple[Group, ...]:  # fmt: skip
    """Sort the packets of every stream by MKI and verify those whose MTK is known.

    Of streams of which not all is kept that is a sample, or all where they can be read `again`; `helpers` share
    the streams, and what is found is the same.
    """
    groups: list[Group] = []
    whole: list[Receiver] = []
    for receiver in receivers(log, traffic, chain):
        if again is None or receiver.stream.is_kept:
            receiver.take_kept()
            groups += receiver.groups()
        else:
            receiver.start()
            receiver.give_back()
            whole.append(receiver)
    if again is not None and whole:
        groups += verified(whole, again, helpers)
    return tuple(sorted(groups, key=lambda g: (g.first, g.capture, g.frame, g.destination, g.port, g.ssrc)))


def receivers(log: MediaLog, traffic: Traffic, chain: Chain) -> Iterator[Receiver]:
    """Yield what can verify the packets of each stream, those of RTP first."""
    told = named(traffic)
    mtks: dict[Mki, list[Held]] = {}
    for (domain, msk_id, mtk_id), keys in chain.mtks.items():
        mtks.setdefault(msk_id + mtk_id, []).append((domain, keys))
    beside: dict[str, set[Mki]] = {}  # MKIs of RTP by destination: SRTCP has too few packets to tell by itself
    for stream in sorted(log.streams.values(), key=lambda stream: (stream.rtcp, stream.first, stream.key)):
        known = beside.setdefault(stream.destination, set())
        locator = Locator(told, chain, rtcp=stream.rtcp, beside=frozenset(known))
        receiver = Receiver(stream, told, locator, mtks)
        known.update(located[1] for located in receiver.located if located is not None)
        yield receiver
