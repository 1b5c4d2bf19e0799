"""Media and downloads under the MSK and MTK that they name (TS 33.246 6.6)."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.correlate import bodies
from analyzer.judging import Procedure, Run, Step, Story
from analyzer.keys.downloads import mbms_keys
from analyzer.media import Group
from analyzer.procedures.delivery import audience
from dissectors import Message

Session = tuple[str, str, int, int]  # source, destination, port, TSI


def find_media(procedure: Procedure, story: Story) -> Iterator[Run]:
    """SRTP and SRTCP to one destination under one MSK are one run; what is in the clear is one of its own.

    So are the DCFs of a download, with the FDTs of their session that are in none.
    """
    found: dict[tuple[str, bytes | None], list[Group]] = {}
    for group in story.media:
        found.setdefault((group.destination, group.msk_id), []).append(group)
    for (_, msk_id), groups in found.items():
        total = sum(group.packets for group in groups)
        shut = sum(group.failed + group.no_key for group in groups)
        outcome = "success" if not shut else "failure" if shut == total else "incomplete"
        ues = audience(story, groups[0].key_domain, msk_id)
        yield Run(procedure, story, {}, outcome, ues, tuple(groups))
    yield from _downloads(procedure, story)


def _downloads(procedure: Procedure, story: Story) -> Iterator[Run]:
    found: dict[tuple[Session, bytes | None, bytes], list[Message]] = {}
    named: dict[Session, tuple[bytes | None, bytes]] = {}
    nameless: list[Message] = []
    for message, body in bodies.dcfs(story.traffic.messages):
        names = [(key.key_domain, key.msk_id) for key in mbms_keys(body)]
        if names:
            named.setdefault(_session(message), names[0])
            found.setdefault((_session(message), *names[0]), []).append(message)
        else:
            nameless.append(message)
    for message in nameless:  # one whose names lie belongs to the others of its session
        name = named.get(_session(message), (None, b""))
        found.setdefault((_session(message), *name), []).append(message)
    fdts: dict[Session, list[Message]] = {}
    for message in story.traffic.messages if found else ():
        if message.protocol == "fdt":
            fdts.setdefault(_session(message), []).append(message)
    for (session, domain, msk_id), objects in found.items():
        shut = [message for message in objects if story.chain.unpacked[id(message)].key is None]
        outcome = "success" if not shut else "failure" if len(shut) == len(objects) else "incomplete"
        steps = {"object": tuple(objects)} | ({"fdt": tuple(fdts[session])} if session in fdts else {})
        yield Run(procedure, story, steps, outcome, audience(story, domain, msk_id))


def _session(message: Message) -> Session:
    at = message.payload
    return at.src, at.dst, at.dport, at.ident if bodies.is_object(message) else 0


MEDIA = Procedure(
    "media",
    "TS 33.246 6.6",
    (
        Step("media", "bm-sc", "multicast"),
        Step("object", "bm-sc", "multicast", optional=True),
        Step("fdt", "bm-sc", "multicast", optional=True),
    ),
    find_media,
)
