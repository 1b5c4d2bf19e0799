"""Media under the MSK and MTK that its MKI names (TS 33.246 6.6)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.judging import Procedure, Run, Step, Story
from analyzer.media import Group
from analyzer.procedures.delivery import audience


def find_media(procedure: Procedure, story: Story) -> Iterator[Run]:
    """SRTP and SRTCP to one destination under one MSK are one run; what is in the clear is one of its own."""
    found: dict[tuple[str, bytes | None], list[Group]] = {}
    for group in story.media:
        found.setdefault((group.destination, group.msk_id), []).append(group)
    for (_, msk_id), groups in found.items():
        total = sum(group.packets for group in groups)
        shut = sum(group.failed + group.no_key for group in groups)
        outcome = "success" if not shut else "failure" if shut == total else "incomplete"
        ues = audience(story, groups[0].key_domain, msk_id)
        yield Run(procedure, story, {}, outcome, ues, tuple(groups))


MEDIA = Procedure("media", "TS 33.246 6.6", (Step("media", "bm-sc", "multicast"),), find_media)
