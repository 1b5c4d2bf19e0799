"""What the captures of a case are and hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from analyzer.report import CaptureReport, CaseReport
from analyzer.views import clocks
from analyzer.views.ink import clean
from analyzer.views.tables import Drawing, Table, moment, record


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
) -> str:
    """Return the facts of each capture, then counts of messages by protocol, legs, what was not read, and media.

    `opened` is what was protected and was read, `unread` the reasons for which packets or octets gave no message;
    both with how often.
    """
    shown = [_capture(capture) for capture in case.captures]
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
