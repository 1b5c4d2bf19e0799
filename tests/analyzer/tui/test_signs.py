import pytest

from analyzer.config import Colour
from analyzer.tui.colours import Colours
from analyzer.tui.guests import read_guest
from analyzer.tui.signs import BOOKMARK, PICKED, Signs, order


@pytest.fixture
def signs(found):
    return Signs(found("http_good"))


def test_marks_are_of_messages_by_their_frames(signs):
    places = [order(signs.message(number)) for number in (7, 3)]
    signs.bookmark([*places, (0, 99_999)])
    assert signs.bookmarks == {3, 7}
    assert signs.marked == tuple(sorted(places))
    assert [signs.sign(number) for number in (3, 4)] == [BOOKMARK, ""]
    signs.pick(signs.message(3))
    assert signs.sign(3) == PICKED


def test_of_three_that_are_picked_the_last_two_count_and_one_picked_again_none(signs):
    for number in (1, 2, 3):
        signs.pick(signs.message(number))
    assert signs.picked == (signs.message(2), signs.message(3))
    signs.pick(signs.message(2))
    assert signs.picked == (signs.message(3),)


def test_a_media_packet_that_was_asked_for_has_a_number_until_the_case_is_another(signs, found):
    group = found("http_good").analysis.story.media[0]
    packet = read_guest(found("http_good").analysis.captures[0].path, (0, group.frame), lambda: False)
    assert signs.take_in(packet) == -1
    assert signs.take_in(packet) == -2
    assert signs.message(-1) is packet
    signs.bookmarks.add(-1)
    assert signs.sign(-1) == BOOKMARK
    assert signs.marked == ()
    signs.renew(found("http_good"))
    assert signs.guests == {}


def test_a_colour_rule_is_asked_once(signs, monkeypatch):
    number = next(n for n, message in enumerate(signs.found.messages) if message.protocol == "mikey")
    assert signs.tone(number) == "accent"
    monkeypatch.setattr(Colours, "tone", lambda *args: pytest.fail("asked again"))
    assert signs.tone(number) == "accent"
    monkeypatch.undo()
    signs.paint(Colours([Colour("mikey", "bad")]))
    assert signs.tone(number) == "bad"


def test_of_a_case_that_is_not_known_yet_nothing_is_said():
    signs = Signs(None)
    assert (signs.sign(0), signs.tone(0)) == ("", "")
    signs.bookmark([(0, 1)])
    assert signs.marked == ()
