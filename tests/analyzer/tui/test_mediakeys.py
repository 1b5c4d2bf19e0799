import pytest

from analyzer.tui.guests import read_guest
from analyzer.tui.mediakeys import MediaKeys


def told(case, frame):
    path = case.analysis.captures[0].path
    message = read_guest(path, (0, frame), lambda: False)
    return "".join(cell.text for cell in MediaKeys(case.analysis).told(message))


def test_a_packet_names_the_key_that_it_is_under(found):
    case = found("http_good")
    groups = {(group.protocol, group.mki): group for group in case.analysis.story.media}
    for (protocol, mki), group in groups.items():
        (key,) = case.analysis.story.chain.mtks[group.key_domain, mki[:4], mki[4:]][:1]
        words = told(case, group.frame)
        assert words.startswith(f"✓ under MTK {mki[4:].hex()} of MSK {mki[:4].hex()}, {key.fingerprint}, "), protocol
        count = group.packets
        assert words.endswith(f": {count} of {count} packet{'s' if count > 1 else ''} under it authenticate")


@pytest.mark.parametrize(
    ("sample", "sign", "words"),
    [
        ("packets_with_a_wrong_tag", "✗", "under it authenticate"),
        ("media_in_the_clear", "!", "in the clear: no MKI that is known"),
        ("mki_of_an_mtk_never_sent", "?", "which is not at hand"),
    ],
)
def test_what_is_wrong_with_a_stream_is_said_of_its_packets(found, sample, sign, words):
    case = found(sample)
    (line, *_) = [line for group in case.analysis.story.media if (line := told(case, group.frame)) and line[0] == sign]
    assert words in line


def test_a_message_that_is_no_media_packet_has_none(found):
    case = found("http_good")
    assert MediaKeys(case.analysis).told(case.messages[0]) == ()
