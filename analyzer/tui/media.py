"""Media: streams by destination, SSRC and MKI, and what authenticates of them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from analyzer.correlate import bodies
from analyzer.media import Group
from analyzer.tui.events import Jump, Said
from analyzer.tui.guard import Guarded
from analyzer.tui.model import Index, Place, media_row
from analyzer.tui.rows import Rows
from analyzer.tui.table import Column, Table
from analyzer.views.ink import plural

COLUMNS = (
    Column("", 1),
    Column("Destination", 20, share=1),
    Column("SSRC", 8),
    Column("Proto", 5),
    Column("MKI", 12),
    Column("Packets", 7, right=True),
    Column("Auth.", 6, right=True),
    Column("Failed", 6, right=True),
    Column("No key", 6, right=True),
    Column("Unchecked", 9, least=100, right=True),
)
NOTHING = "No RTP or SRTP stream in this capture: nothing was sent under the keys."
DOWNLOAD = "No RTP or SRTP stream in this capture, but a download: its DCFs are among the packets and under their keys."


class Media(Guarded, Vertical):
    """One table."""

    def __init__(self, found: Index, id: str | None = None) -> None:
        super().__init__(id=id)
        self.found = found

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, NOTHING, id="streams")

    def on_mount(self) -> None:
        self.renew(self.found)

    def renew(self, found: Index) -> None:
        """Show what the case comes to now."""
        self.found = found
        groups = found.analysis.story.media
        self.table.empty = DOWNLOAD if found.analysis.story.chain.unpacked else NOTHING
        self.table.refill(len(groups), lambda row: media_row(groups[row]))

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    @property
    def group(self) -> Group | None:
        """The stream under the cursor."""
        groups = self.found.analysis.story.media
        return groups[self.table.at] if groups else None

    @property
    def place(self) -> Place | None:
        """The first packet that does not authenticate; else where the key came from; else the first packet."""
        group = self.group
        if group is None:
            return None
        for failed in (group.failed_frames or group.misplaced_frames)[:1]:
            return failed
        for message in self.found.analysis.story.traffic.mikey if group.mki else ():
            body = bodies.mikey(message)
            if body is not None and body.mtk_id is not None and (body.msk_id or b"") + body.mtk_id == group.mki:
                return message.payload.capture, message.frame
        return group.capture, group.frame

    @on(Rows.Moved)
    def _moved(self, event: Rows.Moved) -> None:
        event.stop()
        if self.group is not None:
            self.post_message(Said(self, told(self.group)))

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        event.stop()
        if self.place is not None:
            self.post_message(Jump(self.place))


def told(group: Group) -> str:
    """Return a line that says of a stream what went wrong, and where."""
    if group.failed:
        frames = ", ".join(str(frame) for _, frame in (group.failed_frames or group.misplaced_frames)[:5])
        return f"{plural(group.failed, 'packet')} not authentic, first in frame {frames}"
    if group.mki is None:
        return f"in the clear, from frame {group.frame}"
    if group.no_key:
        return f"no key for MKI {group.mki.hex()}, from frame {group.frame}"
    what = f"all {group.packets} packets authenticate" if group.packets > 1 else "its packet authenticates"
    if group.not_checked:
        what = f"of {plural(group.packets, 'packet')} {group.authenticated} were checked, and authenticate"
    return f"{what}, from frame {group.frame}; Enter goes to where the key came"
