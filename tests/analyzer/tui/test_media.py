from dataclasses import replace

from analyzer.tui.media import Media, told


async def test_streams_are_listed_and_lead_to_where_their_key_came_from(opened, press):
    async with opened("http_good", keys="5") as pilot:
        pane = pilot.app.screen.query_one(Media)
        assert pane.table.count == len(pane.found.analysis.story.media) > 1
        mki = pane.group.mki
        await press(pilot, "enter")
        message = pilot.app.screen.packets.message
        assert message.body.msk_id + message.body.mtk_id == mki


async def test_media_without_a_key_leads_to_its_first_packet_and_what_fails_to_the_first_that_does(paned):
    async with paned(Media, "media_in_the_clear") as (pane, _):
        clear = next(row for row, group in enumerate(pane.found.analysis.story.media) if group.mki is None)
        pane.table.cursor = clear
        assert pane.place == (0, pane.group.frame)
    async with paned(Media, "packets_with_a_wrong_tag") as (pane, _):
        pane.table.cursor = next(row for row, group in enumerate(pane.found.analysis.story.media) if group.failed)
        assert pane.place == pane.group.failed_frames[0]


def test_what_went_wrong_is_told(found):
    group = next(group for group in found("http_good").analysis.story.media if group.protocol == "srtp")
    assert told(group).startswith(f"all {group.authenticated} packets authenticate, ")
    assert told(replace(group, packets=1, authenticated=1)).startswith("its packet authenticates, from frame ")
    sampled = replace(group, packets=9, authenticated=4, not_checked=5)
    assert told(sampled).startswith("of 9 packets 4 were checked, and authenticate, ")
    assert "first in frame 7" in told(replace(group, failed=2, failed_frames=[(0, 7), (0, 9)]))
    assert told(replace(group, no_key=1)).startswith(f"no key for MKI {group.mki.hex()}")
    assert told(replace(group, mki=None)).startswith("in the clear")


async def test_a_download_has_no_streams_and_says_where_its_objects_are(paned):
    async with paned(Media, "download_good") as (pane, _):
        assert "DCFs" in pane.table.empty
    async with paned(Media, "http_good") as (pane, _):
        assert "DCFs" not in pane.table.empty
