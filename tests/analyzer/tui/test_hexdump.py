import pytest

from analyzer.tui.hexdump import Hexdump, masked

DATA = bytes(range(0x30, 0x30 + 40))


@pytest.fixture
def dump():
    return Hexdump()


async def test_as_many_octets_a_line_as_fit(alone, dump):
    async with alone(dump).run_test(size=(76, 10)) as pilot:
        dump.load(DATA, ())
        await pilot.pause()
        assert dump.render_line(0).text.split()[:17] == ["0000", *(f"{octet:02x}" for octet in DATA[:16])]
        assert dump.render_line(0).text.rstrip().endswith("0123456789:;<=>?")
        await pilot.resize_terminal(41, 10)
        await pilot.pause()
        assert dump.columns == 8
        assert dump.render_line(1).text.split()[:9] == ["0008", *(f"{octet:02x}" for octet in DATA[8:16])]
        assert dump.render_line(4).text.split()[0] == "0020"


async def test_the_cursor_moves_by_octet_and_by_line(alone, dump):
    async with alone(dump).run_test(size=(41, 10)) as pilot:
        dump.load(DATA, ())
        await pilot.pause()
        await pilot.press("l", "right", "j")
        assert dump.octet == 10
        await pilot.press("h", "k", "k")  # above the first line is nothing
        assert dump.octet == 1
        await pilot.press("G")
        assert dump.octet == 39
        await pilot.press("j", "l", "pageup", "g")
        assert dump.octet == 0


async def test_hidden_octets_are_seen_nowhere(alone, dump, lines):
    async with alone(dump).run_test(size=(76, 10)) as pilot:
        dump.load(b"key=" + b"SECRET!!" + b"\r\nend", [(4, 12)])
        await pilot.pause()
        assert "53 45 43" not in dump.render_line(0).text
        assert "SECRET" not in dump.render_line(0).text
        assert "6b 65 79 3d  ·· ·· ·· ··" in dump.render_line(0).text.replace("3d ··", "3d  ··")
        await pilot.press("r")
        assert lines(dump)[-1] == "end" or "SECRET" not in dump.line(0, 80)[0].text
        assert "SECRET" not in "".join(cell.text for row in range(dump.count) for cell in dump.line(row, 80))
        assert not dump.find("SECRET", 1)
        dump.select((0, 12), follow=True)
        assert dump.text(0) == "6b 65 79 3d" + " ··" * 8


async def test_text_and_hex_digits_are_found(alone, dump):
    async with alone(dump).run_test(size=(76, 10)):
        dump.load(DATA, ())
        assert dump.find("ABC", 1)
        assert dump.octet == 0x11
        assert dump.find("44:45", 1)
        assert dump.octet == 0x14
        assert dump.find("30 31", -1)
        assert dump.octet == 0
        assert not dump.find("zz", 1)


async def test_a_field_is_set_off_and_followed(alone, dump):
    async with alone(dump).run_test(size=(41, 4)) as pilot:
        dump.load(DATA * 10, ())
        await pilot.pause()
        dump.select((200, 204), follow=True)
        await pilot.pause()
        assert dump.octet == 200
        assert any(dump.render_line(y).text.startswith("00c8") for y in range(4))


async def test_text_is_shown_by_lines(alone, dump):
    async with alone(dump).run_test(size=(41, 10)) as pilot:
        dump.load(b"INVITE sip:a SIP/2.0\r\nTo: \xff\x1b[2J\r\n", ())
        await pilot.press("r", "j")
        assert [dump.line(row, 80)[0].text for row in range(dump.count)] == [
            "INVITE sip:a SIP/2.0",
            "To: ··[2J",
            "",
        ]
        assert dump.octet == 22
        await pilot.press("r")
        assert dump.octet == 22


async def test_a_click_points_at_an_octet(alone, dump):
    async with alone(dump).run_test(size=(76, 10)) as pilot:
        dump.load(DATA, ())
        await pilot.pause()
        await pilot.click(dump, offset=(6 + 3 * 3, 1))
        assert dump.octet == 19
        await pilot.click(dump, offset=(dump._text_at(16) + 5, 0))
        assert dump.octet == 5


async def test_no_octets_are_no_trouble(alone, dump):
    async with alone(dump).run_test(size=(76, 10)) as pilot:
        dump.load(b"", ())
        await pilot.press("j", "l", "G", "g", "r", "j", "pagedown", "r")
        assert dump.octet == 0


def test_masking_keeps_the_length():
    assert masked(b"abcdef", [(1, 3), (5, 99)]) == b"a\0\0de\0"
