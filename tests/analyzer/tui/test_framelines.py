"""Lines of frames, before anything is known of the case and after."""

import pytest

from analyzer.config import DEFAULT_COLUMNS
from analyzer.tui.framelines import FRAME, frame_row, look_into, message_of
from analyzer.tui.roll import Roll
from analyzer.tui.signs import BOOKMARK, Signs


def framed(case):
    roll = Roll((case.analysis.captures[0].path,))
    list(roll.frames.fill())
    return roll.frames


@pytest.fixture
def frames(found):
    """The frames of a sample."""
    return framed(found("http_good"))


def line(found, frames, number, names=DEFAULT_COLUMNS, signs=None):
    frame = frames.frame(number - 1)
    return [cell.text for cell in frame_row(found, frame, str(number), "t", names, signs or Signs(found)).cells]


def test_a_frame_is_told_by_its_headers_until_its_message_is_known(found, frames):
    case = found("http_good")
    sip = next(message for message in case.messages if message.protocol == "sip")
    early, late = line(None, frames, sip.frame), line(case, frames, sip.frame)
    assert early[:3] == [" ", str(sip.frame), "t"]
    assert early[3:5] == late[3:5] == [sip.payload.src, sip.payload.dst]
    assert late[5] == "SIP"
    assert late[7] == case.summary(sip)
    assert message_of(None, (0, sip.frame)) is None
    assert message_of(case, (0, sip.frame)) is sip
    assert message_of(case, None) is None


def test_a_frame_that_is_part_of_a_message_names_the_one_that_completes_it(found):
    case = found("http_in_fragments")
    frames = framed(case)
    message = next(each for each in case.messages if len(each.payload.frames) > 1)
    part = line(case, frames, message.payload.frames[0])
    assert part[7].startswith(f"[part of {message.protocol.upper()} in frame {message.frame}] ")


def test_signs_and_fields_are_of_the_frame_that_completes_a_message(found, frames):
    case = found("http_good")
    at, invite = next((n, m) for n, m in enumerate(case.messages) if getattr(m.body, "method", "") == "INVITE")
    signs = Signs(case)
    signs.bookmarks.add(at)
    assert line(case, frames, invite.frame, ("sip.Method",), signs) == [f"✓{BOOKMARK}", "INVITE"]
    assert line(case, frames, 1, ("sip.Method",), signs)[1] == ""


def test_what_is_in_a_frame_without_a_message_is_its_headers(found, frames):
    message, layer = look_into(found("http_good"), frames, 0)
    assert message.protocol == FRAME
    assert layer.message is message
    media = found("http_good").analysis.story.media[0]
    message, layer = look_into(found("http_good"), frames, media.frame - 1)
    assert message.protocol in ("rtp", "rtcp")
    assert layer.title == "FRAME"
