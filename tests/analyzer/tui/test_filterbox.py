import pytest
from textual.widgets import Static

from analyzer.tui.filterbox import completed

NAMES = ("mikey", "mikey.csb_id", "mikey.cs_count", "sip.Call-ID", "sip.CSeq")


@pytest.mark.parametrize(
    ("typed", "done"),
    [
        ("mikey.csb", "mikey.csb_id"),
        ("mikey.c", "mikey.cs"),
        ("sip && !mik", "sip && !mikey"),
        ("(sip.Ca", "(sip.Call-ID"),
        ("mikey", "mikey.cs"),
        ("nothing", None),
        ("mikey.csb_id", None),
        ("", None),
        ("sip ", None),
    ],
)
def test_a_name_is_completed_as_far_as_it_is_sure(typed, done):
    assert completed(typed, NAMES) == done


async def test_what_is_typed_keeps_its_room_and_the_foot_says_why_it_is_none(opened, press):
    async with opened("http_good", (80, 24), "3 f") as pilot:
        box = pilot.app.screen.packets.filter
        status = pilot.app.screen.query_one("#status", Static)
        box.input.value = "ip.ttl < 64"
        await press(pilot, "")
        assert box.wrong("ip.ttl < 64") == str(status.content)
        assert len(str(status.content)) > 40
        assert box.input.region.width >= 30
        box.input.value = "mikey"
        await press(pilot, "")
        assert str(status.content) == ""
