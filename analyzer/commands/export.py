"""`keyshark export`: the frames of a case in a new capture, with media in the clear or those that a filter selects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from analyzer import VERSION
from analyzer.analysis import Analysis, Options, comment
from analyzer.capture.case import CaseFiles
from analyzer.capture.reader import STDIN
from analyzer.capture.writer import PcapngWriter
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure, analysed, find, inputs, show_keys_option, told_damage
from analyzer.commands.output import common, tell
from analyzer.comparing import FilterError
from analyzer.export import Exporter
from analyzer.export_objects import Place
from analyzer.filters import Filter, compile_filter
from analyzer.views import packets
from analyzer.views.standing import standing


@click.command("export")
@inputs
@click.option("--decrypted", type=click.Path(), metavar="OUT.pcapng", help="Write frames with media in the clear.")
@click.option("--frames", type=click.Path(), metavar="OUT.pcapng", help="Write frames as they are.")
@click.option("--filter", "filter_", default="", metavar="FILTER", help="Only frames of messages that pass it.")
@show_keys_option
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    decrypted: str | None,
    frames: str | None,
    filter_: str,
    show_keys: bool,
) -> None:
    """Write a case as a pcapng file that Wireshark opens.

    \b
    keyshark export capture.pcapng --decrypted clear.pcapng
    keyshark export capture.pcapng --frames keys.pcapng --filter mikey

    With --decrypted SRTP becomes RTP and SRTCP becomes RTCP where the key is known: without MKI and tag, lengths and
    checksums right. Contents of DCFs in FLUTE are in the clear too. With --show-keys MIKEY messages show the keys they
    carry. Every packet that was changed has a comment that says how; all others stay as they are. Who has the file can
    read what was protected.
    """
    if (decrypted is None) == (frames is None):
        raise click.UsageError("give --decrypted OUT.pcapng or --frames OUT.pcapng")
    try:
        passes = compile_filter(filter_)
    except FilterError as error:
        raise click.UsageError(f"--filter {filter_}: {error}") from error
    if STDIN in paths:
        raise Failure("a capture is read twice to be exported: name a file", USAGE)
    cases = find(paths, merge)
    if len(cases) != 1:
        raise Failure(f"{len(cases)} cases, and one is exported at a time (--merge takes all captures as one)", USAGE)
    out = Path(decrypted or frames or "")
    _refuse_overwriting(cases[0], out)
    analysis = analysed(cases[0], Options(engine=engine, keys=keys, media="sample"))
    exporter = Exporter(analysis, show_keys, _chosen(analysis, passes) if filter_ else None)
    with _writer(out) as writer:
        if decrypted is None:
            exporter.plain(writer)
        else:
            exporter.decrypted(writer)
    for what, count in sorted(exporter.counts.items()):
        tell(f"{count} {what}")
    ctx.exit(told_damage(analysis))


def _chosen(analysis: Analysis, passes: Filter) -> frozenset[Place]:
    """Return the frames of all messages that pass a filter."""
    begin, verdicts = analysis.story.traffic.begin, standing(analysis.report.judgements, analysis.runs)
    return frozenset(
        (message.payload.capture, frame)
        for message in analysis.messages
        if passes(
            packets.with_plaintext(message, analysis.story.chain),
            comment(analysis.captures, message),
            begin,
            verdicts.get((message.payload.capture, message.frame), ""),
        )
        for frame in message.payload.frames
    )


def _refuse_overwriting(case: CaseFiles, out: Path) -> None:
    for path in case.captures:
        if out.exists() and out.samefile(path):
            raise Failure(f"{out} is a capture of this case: name another file", USAGE)


@contextmanager
def _writer(out: Path) -> Iterator[PcapngWriter]:
    """Open a file that nobody else can read: there are secrets in it."""
    try:
        with open(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
            yield PcapngWriter(stream, f"keyshark {VERSION}")
    except OSError as error:
        raise Failure(f"{out}: cannot be written: {error.strerror}", USAGE) from error
