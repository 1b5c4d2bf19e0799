"""What the captures of a case are and hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import NamedTuple

from analyzer.capture.frame import CaptureFacts
from analyzer.report import CaptureReport, CaseReport
from analyzer.views import clocks
from analyzer.views.ink import clean
from analyzer.views.tables import Drawing, Table, moment, record

MAX_LINES = 20  # of what a capture says of one kind


class Media(NamedTuple):
    """A media stream, protected or not."""

    destination: str
    port: int
    ssrc: int
    rtcp: bool
    packets: int


def show(
    case: CaseReport,
    protocols: Iterable[str],
    opened: Mapping[str, int],
    unread: Mapping[str, int],
    streams: Sequence[Media],
    drawn: Drawing,
    remarks: Sequence[CaptureFacts] = (),
) -> str:
    """Return the facts of each capture, then counts of messages by protocol, legs, what was not read, and media.

    `opened` is what was protected and was read, `unread` the reasons for which packets or octets gave no message;
    both with how often. `remarks` are what each capture says beside its packets.
    """
    shown = [
        _capture(capture) + ("" if said is None else record(_said(said)))
        for capture, said in zip_longest(case.captures, remarks)
    ]
    shown += ["".join(f"{clean(line)}\n" for line in clocks.told(case, whole=True))] if case.clocks else []
    messages = counts("protocol", "messages", protocols)
    shown.append(drawn(messages) if messages.rows else "no messages\n")
    shown += [drawn(legs(case))] if case.sightings else []
    shown += [drawn(told(title, found)) for title, found in (("opened", opened), ("not read", unread)) if found]
    malformed = [item.protocol for item in case.malformed]
    shown += [drawn(counts("malformed", "packets", malformed))] if malformed else []
    shown += [drawn(media(streams))] if streams else []
    return "\n".join(shown)


def _capture(capture: CaptureReport) -> str:
    known = capture.first is not None and capture.last is not None
    lasts = (capture.last or 0) - (capture.first or 0)
    facts = (
        ("format", (", ".join((capture.format or "-", *capture.link_types)),)),
        ("packets", (f"{capture.packets}, {capture.bytes} octets",)),
        ("time", (f"{moment(capture.first or 0)}, {lasts:.6f} seconds" if known else "-",)),
        ("state", (*capture.problems,) or ("ok",)),
    )
    return f"{clean(capture.path)}\n{record(facts)}"


def _said(facts: CaptureFacts) -> Sequence[tuple[str, Sequence[str]]]:
    """What a capture says beside its packets, where it says something."""
    interfaces = [
        f"{number}: {', '.join(filter(None, (one.name, one.description, one.link_type, _lost(one.lost))))}"
        for number, one in enumerate(facts.interfaces)
        if one.name or one.description or one.lost
    ]
    frames = [f"frame {number}: {text}" for number, text in sorted(facts.frame_comments.items())]
    names = [f"{address} {name}" for address, name in sorted(facts.names.items())]
    secrets = [f"{kind}, which `--engine tshark` decrypts with" for kind in facts.secrets]
    said = (
        ("comment", _few(facts.comments) + _few(frames)),
        ("interface", _few(interfaces)),
        ("name", _few(names)),
        ("secrets", secrets),
    )
    return tuple((title, lines) for title, lines in said if lines)


def _lost(count: int) -> str:
    return f"{count} packets lost: nobody is blamed for what is missing" if count else ""


def _few(lines: list[str]) -> list[str]:
    return lines if len(lines) <= MAX_LINES else [*lines[:MAX_LINES], f"and {len(lines) - MAX_LINES} more"]


def counts(title: str, what: str, found: Iterable[str]) -> Table:
    """One row a name with how often it was seen."""
    rows = tuple((name, str(count)) for name, count in sorted(Counter(found).items()))
    return Table((title, what), rows, frozenset({what}))


def legs(case: CaseReport) -> Table:
    """One row a leg with how many messages were seen on it of those that were seen on several."""
    found = Counter(
        place for told in case.sightings for place in {(leg.capture, leg.interface, leg.tunnels) for leg in told.legs}
    )
    rows = tuple(
        (", ".join((f"capture {capture}, interface {interface}", *tunnels)), str(count))
        for (capture, interface, tunnels), count in sorted(found.items())
    )
    return Table(("seen more than once on", "messages"), rows, frozenset({"messages"}))


def told(title: str, found: Mapping[str, int]) -> Table:
    """One row a sentence with how often it holds."""
    rows = tuple((what, str(count)) for what, count in sorted(found.items()))
    return Table((title, "count"), rows, frozenset({"count"}), frozenset({title}))


def media(streams: Iterable[Media]) -> Table:
    """One row a media stream."""
    rows = tuple(
        (
            f"[{one.destination}]:{one.port}" if ":" in one.destination else f"{one.destination}:{one.port}",
            f"0x{one.ssrc:08x}",
            "rtcp" if one.rtcp else "rtp",
            str(one.packets),
        )
        for one in streams
    )
    return Table(("media", "ssrc", "kind", "packets"), rows, frozenset({"packets"}))
