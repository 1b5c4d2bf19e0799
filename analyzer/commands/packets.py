"""`keyshark packets`: the messages of a case, filtered, with all their fields as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click

from analyzer.analysis import Analysis, Live, Options, comment
from analyzer.capture.case import CaseFiles
from analyzer.commands.cases import analysed, each, find, inputs, present, show_keys_option, told_damage
from analyzer.commands.drawing import drawn
from analyzer.commands.following import follow_option, followed_case, following
from analyzer.commands.output import common, show
from analyzer.comparing import FilterError
from analyzer.correlate.bodies import summary
from analyzer.filters import Filter, compile_filter
from analyzer.views import packets
from analyzer.views.hiding import Hider, secrets, written
from analyzer.views.ink import plural
from analyzer.views.standing import standing
from analyzer.views.tables import Rows
from dissectors import Message

WIDTHS = (6, 12, 21, 21, 8, 0)  # of the columns while messages come


@click.command("packets")
@inputs
@click.option("--filter", "filter_", default="", metavar="FILTER", help="For example: mikey && ip.dst == 10.0.0.5")
@click.option("--format", "format_", type=click.Choice(("text", "json")), default="text", help="Form [text].")
@follow_option
@show_keys_option
@common
@click.pass_context
def command(
    ctx: click.Context,
    paths: tuple[str, ...],
    merge: bool,
    keys: tuple[str, ...],
    engine: str,
    filter_: str,
    format_: str,
    follow: bool,
    show_keys: bool,
) -> None:
    """List the messages of a case; as JSON with every field, and its octets' place in the message.

    \b
    keyshark packets capture.pcapng --filter 'sip.Method == INVITE'
    keyshark packets capture.pcapng --filter 'mikey && ip.dst == 10.0.0.0/8' --format json
    tcpdump -i any -U -w - | keyshark packets --follow -

    A filter names protocols and fields, as in Wireshark: a name alone asks whether it is there; ==, !=, <, <=, >, >=,
    contains, matches (a regular expression) and in {1, 5..9} compare; name[0:4] is a part of its octets; &&, ||, ! and
    parentheses combine. Times are written frame.time >= "2026-01-01 00:00:00", in UTC.

    With --follow messages are shown as they come, without what keys open in them: without --follow, the rest.
    """
    try:
        passes = compile_filter(filter_)
    except FilterError as error:
        raise click.UsageError(f"--filter {filter_}: {error}") from error
    options = Options(show_keys=show_keys, engine=engine, keys=keys)
    if follow:
        ctx.exit(_follow(followed_case(paths, engine), options, passes, format_ == "json"))
    if format_ == "text":
        ctx.exit(present(paths, merge, options, lambda analysis: _text(analysis, passes)))
    ctx.exit(_json(paths, merge, options, passes))


def _follow(case: CaseFiles, options: Options, passes: Filter, as_json: bool) -> int:
    """Show each message as it comes."""
    rows, hider, comma = Rows(packets.COLUMNS, packets.NUMBERS, WIDTHS), Hider(()), ""

    def seen(message: Message, begin: int) -> None:
        nonlocal comma
        if as_json and not options.show_keys:
            hider.learn(written(message))
        said = comment(live.captures, message)
        if not passes(message, said, begin):
            return
        line = packets.Line(message, summary(message), comment=said)
        if as_json:
            show(f"{comma}\n{json.dumps(packets.plain_message(case.name, line, hider))}")
            comma = ","
        else:
            show(rows.row(packets.row(line, begin)))

    show("[" if as_json else rows.head())
    with following(case) as follow:
        live = Live(follow, seen)
        analysis = analysed(case, options, live)
    if as_json:
        show("\n]\n")
    return told_damage(analysis)


def _lines(analysis: Analysis, passes: Filter) -> Iterator[packets.Line]:
    again = analysis.story.traffic.folded.again
    verdicts = standing(analysis.report.judgements, analysis.runs)
    for message in analysis.messages:
        whole = packets.with_plaintext(message, analysis.story.chain)
        said = comment(analysis.captures, message)
        verdict = verdicts.get((message.payload.capture, message.frame), "")
        if passes(whole, said, analysis.story.traffic.begin, verdict):
            yield packets.Line(whole, summary(message), again.get(id(message)), said)


def _text(analysis: Analysis, passes: Filter) -> str:
    table = packets.table(_lines(analysis, passes), analysis.story.traffic.begin)
    if table.rows:
        return drawn(table)
    why = "none of them passes the filter" if analysis.messages else "see `keyshark info` for what the captures hold"
    return f"{plural(len(analysis.messages), 'message')}: {why}\n"


def _json(paths: Sequence[str], merge: bool, options: Options, passes: Filter) -> int:
    """Write an array with a message a line, as they come: all fields of all messages may be more than memory holds."""
    comma = ""

    def take(analysis: Analysis) -> None:
        nonlocal comma
        hider = Hider(() if options.show_keys else secrets(analysis.messages, analysis.story.chain))
        for line in _lines(analysis, passes):
            show(f"{comma}\n{json.dumps(packets.plain_message(analysis.case.name, line, hider))}")
            comma = ","

    show("[")
    code = each(find(paths, merge), options, take)
    show("\n]\n")
    return code
