"""Steps of a story: what they send, and what an edit changes in it."""

import pytest

from sample_pcaps.clock import START
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage import SECOND
from sample_pcaps.story import Story


def frames(story):
    return b"".join(frame for _, frame in story.tape.sorted())


def times(story, needle):
    return [time for time, frame in story.tape.sorted() if needle in frame]


def test_the_same_story_twice_is_the_same_octets():
    one, other = Story.registered_by_http(), Story.registered_by_http()
    for story in (one, other):
        story.keys_and_media()
    assert one.capture() == other.capture()
    assert one.secrets() == other.secrets()


def test_stories_begin_where_their_variant_does():
    by_http, by_sip = frames(Story.begun_by_http()), frames(Story.begun_by_sip())
    assert b"requesttype=authorize" in by_http
    assert b"requesttype=register" not in by_http
    assert b"requesttype=sip-based-register" in by_sip


@pytest.mark.parametrize("begin", [Story.begun_by_http, Story.begun_by_sip])
def test_ipv6_stories_name_no_ipv4_address(begin):
    story = begin(ipv6=True)
    story.keys_and_media()
    assert b"IP6 ff0e::1:2:3" in frames(story)
    assert b"10.1.0.11" not in frames(story)
    assert all(frame[12:14] == b"\x86\xdd" for _, frame in story.tape.sorted())


def test_edit_of_a_message_that_the_step_lacks_is_refused():
    story = Story.begun_by_http()
    with pytest.raises(ValueError, match="no message named reply"):
        story.register(edits={"reply": Edit(drop=True)})
    with pytest.raises(ValueError, match="no such time"):
        story.invite(authorize="sometimes")


def test_headers_drop_and_change_before_the_digest():
    story = Story.begun_by_http()
    story.register(edits={"authorized": Edit(headers={"X-3GPP-Intended-Identity": None, "Accept": "text/plain"})})
    sent = frames(story)
    assert sent.count(b"X-3GPP-Intended-Identity") == 1
    assert sent.count(b"Accept: text/plain") == 1


def test_claim_changes_a_directive_and_not_the_response():
    def response(edit):
        story = Story.begun_by_http()
        story.register(edits={"authorized": edit})
        return frames(story).rsplit(b'response="', 1)[1][:32]

    assert response(Edit(claim={"nc": "00000009"})) == response(Edit())
    assert response(Edit(digest={"nc": "00000009"})) != response(Edit())


def test_dropped_message_is_not_there_and_the_rest_is_as_before():
    story = Story.begun_by_http(lifetime=60)
    story.register(edits={"answer": Edit(drop=True)})
    assert frames(story).count(b"register-response+xml") == 0
    assert story.ue.used == story.ue.last.b_tid


def test_shift_moves_one_message_alone():
    usual, moved = Story.begun_by_http(), Story.begun_by_http()
    usual.msk()
    moved.msk(edits={"msk": Edit(shift=1.5)})
    assert moved.now == usual.now
    at = b"\x08\xdd\x08\xdd"  # from and to port 2269
    assert max(times(moved, at)) - min(times(moved, at)) > SECOND


def test_repeat_sends_again():
    story = Story.begun_by_http()
    story.mtk(edits={"mtk": Edit(repeat=2)})
    assert len(times(story, b"\x08\xdd\x08\xdd")) == 3


def test_authorization_is_sent_when_it_is_told():
    def order(when):
        story = Story("order", by_sip=False)
        story.bootstrap()
        story.invite(authorize=when)
        posts, oks = times(story, b"requesttype=authorize"), times(story, b"SIP/2.0 200 OK")
        return [posts[0] < oks[0] if posts else None, times(story, b"HTTP/1.1 200 OK")[-1] < oks[0]]

    assert order("before") == [True, True]
    assert order("late") == [True, False]
    assert order("after") == [False, False]
    assert order("never")[0] is None


def test_resynchronisation_carries_auts_and_a_fresh_rand():
    story = Story("resync", by_sip=False)
    run = story.bootstrap(resync=True)
    sent = frames(story)
    assert sent.count(b"auts=") == 1
    assert sent.count(b"401 Unauthorized") == 2
    assert run.b_tid.encode() in sent


def test_bootstrapping_can_stop_short():
    story = Story("short", by_sip=False)
    story.bootstrap(stop_after="challenge")
    assert b"401 Unauthorized" in frames(story)
    assert b"BootstrappingInfo" not in frames(story)


def test_second_bootstrapping_uses_the_tmpi_only_where_both_sides_know_it():
    story = Story("tmpi", by_sip=False)
    story.bootstrap()
    story.bootstrap()
    assert frames(story).count(b"@tmpi.bsf.home1.net") == 2
    old = Story("no tmpi", by_sip=False)
    old.bootstrap(server="sample-bsf/1.0")
    old.bootstrap()
    assert b"@tmpi." not in frames(old)


def test_zn_is_asked_once_for_a_b_tid_and_on_demand():
    bootstrapping_info = b"\x00\x01\x36\x01\x00\x00\x04"  # command 310, application 16777220
    story = Story.registered_by_http()
    story.msk_request()
    assert len(times(story, bootstrapping_info)) == 2
    story.msk_request(zn=True)
    assert len(times(story, bootstrapping_info)) == 4


def test_renegotiation_repeats_the_request_with_credentials():
    story = Story.begun_by_http()
    story.register()
    story.register(challenge=True, preauthorize=True, retry=False)
    assert frames(story).count(b"Authorization: Digest") == 2 + 2
    assert frames(story).count(b"nc=00000002") == 1


def test_media_goes_on_over_the_turn_of_the_sequence_numbers():
    story = Story.registered_by_http()
    seen = []

    def note(n, arguments):
        seen.append((arguments["seq"], arguments["roc"]))
        return None if n == 0 else arguments

    story.mtk()
    before = len(story.tape.packets)
    story.media(packets=40, change=note)
    assert (65535, 0) in seen
    assert (0, 1) in seen
    assert len(story.tape.packets) - before == 39 + 1


def test_counters_count_by_b_tid_and_by_msk():
    story = Story.registered_by_http()
    story.msk()
    story.msk()
    story.mtk()
    story.mtk(mtk_id=2)
    assert story.ue.counters == {story.ue.last.b_tid: 2}
    assert next(iter(story.msks.values())).counter == 2


def test_cut_begins_the_capture_later():
    story = Story.begun_by_http()
    story.linger(5)
    story.cut(4)
    assert [time > START + 4 * SECOND for time, _ in story.tape.packets] == [True]


def test_keyring_names_what_a_capture_lacks():
    story = Story.registered_by_http()
    story.msk()
    plain, full = story.keyring(), story.keyring(runs=True, msks=list(story.msks))
    assert story.ue.k.hex() in plain
    assert "ue.gba" not in plain
    assert story.ue.last.vector.rand.hex() in full
    assert next(iter(story.msks.values())).key.hex() in full


def test_ims_registration_keeps_its_call_id_until_it_is_begun_anew():
    story = Story("ims", by_sip=False)
    story.attach()
    first = story.ue.registration
    story.detach()
    assert story.ue.registration == first
    story.attach()
    assert story.ue.registration != first
    packets = [packet for _, packet in story.tape.sorted()]
    assert [b"\r\nExpires: 0\r\n" in packet for packet in packets] == [False, False, True, True, False, False]
    assert [first.encode() in packet for packet in packets] == [True] * 4 + [False] * 2


def test_announcement_names_the_group_of_the_story():
    story = Story("announced", by_sip=False)
    story.announce(wait=3, back_off=7)
    (body,) = [packet for _, packet in story.tape.sorted() if b"securityDescription" in packet]
    assert b'waitTime="3" maxBackOff="7"' in body
    assert b'flowID="239.1.2.3:5000"' in body
