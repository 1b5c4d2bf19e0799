"""`keyshark live`: the terminal UI over an interface, as packets come."""

from __future__ import annotations

import click

from analyzer.analysis import Options
from analyzer.capture.case import find_cases
from analyzer.capture.live import LiveError, capturing
from analyzer.codes import USAGE
from analyzer.commands.cases import Failure, media_option, profile_option
from analyzer.commands.open import browse, on_terminal
from analyzer.commands.output import common


@click.command("live")
@click.option(
    "-i", "--interface", required=True, metavar="NAME", help="The interface to listen to, as `dumpcap -D` has it."
)
@click.option("-f", "--capture-filter", default="", metavar="BPF", help='Packets to take: "not port 22".')
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, metavar="MB", help="Octets kept, in megabytes [1000]."
)
@click.option("--keys", multiple=True, type=click.Path(), metavar="FILE", help="A keyring; repeatable.")
@media_option
@profile_option
@common
def command(
    interface: str, capture_filter: str, limit: int, keys: tuple[str, ...], media: str, profile: str | None
) -> None:
    """Browse what comes over an interface, while it comes: UEs, ladders, keys and findings grow.

    \b
    keyshark live -i eth0 --keys keys.toml
    keyshark live -i any -f "host 10.0.0.5"

    dumpcap or tcpdump does the capturing, to a file of yours that is removed at the end: `keyshark open --follow`
    keeps one. Without a terminal: tcpdump -i eth0 -U -w - | keyshark packets --follow -
    """
    if not on_terminal():
        raise Failure("the UI needs a terminal; `tcpdump -U -w - | keyshark packets --follow -` does without", USAGE)
    try:
        with capturing(interface, limit, capture_filter) as path:
            options = Options(keys=keys, media=media, profile=profile)
            browse(find_cases([str(path)]), options, no_state=True, follow=True)
    except LiveError as error:
        raise Failure(str(error), USAGE) from None
