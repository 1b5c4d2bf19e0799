from analyzer.tui.guests import guest_summary, read_guest

CAPTURE = "sample_pcaps/http_good/capture.pcapng"


def test_a_media_packet_is_read_by_its_frame(found):
    for group in found("http_good").analysis.story.media:
        message = read_guest(CAPTURE, (0, group.frame), lambda: False)
        assert message.frame == group.frame
        assert message.protocol == group.protocol.removeprefix("s")
        assert (message.payload.dst, message.payload.dport) == (group.destination, group.port)
        told = guest_summary(message)
        assert told.startswith(f"SSRC {group.ssrc:#010x}, ")
        assert (f"port {group.port}" in told) == (message.protocol == "rtp")


def test_frames_that_hold_no_media_give_nothing(found):
    sip = found("http_good").messages[0].frame
    assert read_guest(CAPTURE, (0, sip), lambda: False) is None
    assert read_guest(CAPTURE, (0, 999_999), lambda: False) is None
    assert read_guest("gone.pcap", (0, 1), lambda: False) is None


def test_reading_stops_when_nobody_wants_it(found):
    group = found("http_good").analysis.story.media[0]
    assert read_guest(CAPTURE, (0, group.frame), lambda: True) is None
