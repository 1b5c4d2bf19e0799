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


def test_the_fields_of_a_protected_packet_are_those_of_srtp(found):
    case = found("http_good")
    for group in case.analysis.story.media:
        message = read_guest(case.analysis.captures[0].path, (0, group.frame), lambda: False)
        fields = MediaKeys(case.analysis).fields(message)
        values = {each.name: each.value for each in fields}
        assert values[f"{group.protocol}.mki"] == group.mki
        assert len(values[f"{group.protocol}.auth_tag"]) >= 10
        assert "rtcp.encrypted" in values or "srtp.enc_payload" in values
        covered = {octet for each in fields for octet in range(each.start, each.end)}
        assert covered == set(range(len(message.payload.data)))


def test_a_packet_in_the_clear_has_the_fields_of_its_dissector(found):
    case = found("media_in_the_clear")
    clear = next(group for group in case.analysis.story.media if group.mki is None)
    message = read_guest(case.analysis.captures[0].path, (0, clear.frame), lambda: False)
    assert MediaKeys(case.analysis).fields(message) is None
    assert MediaKeys(case.analysis).fields(case.messages[0]) is None
