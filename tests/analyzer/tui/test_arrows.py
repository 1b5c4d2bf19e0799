from dataclasses import replace

from analyzer.tui.arrows import SAID_AGAIN, _folded, arrows, compressed
from analyzer.tui.cells import Mark
from analyzer.tui.rungs import label, lanes

NODES = ("ue", "im-cn", "scf", "bm-sc", "bsf", "multicast")


def test_the_story_of_a_ue_has_all_nodes_and_goes_by_time(found):
    index = found("http_good")
    drawn = arrows(index, index.sessions[0])
    assert lanes(drawn) == NODES
    assert [each.time for each in drawn] == sorted(each.time for each in drawn)
    titles = [each.title for each in drawn]
    for title in ("INVITE", "authorize", "register", "401", "BIR", "BIA", "MSK", "verify", "MTK", "SRTP", "SRTCP"):
        assert title in titles, title


def test_an_msk_message_goes_from_bm_sc_to_ue_and_an_mtk_to_the_group(found):
    index = found("http_good")
    ways = {each.title: (each.source, each.target) for each in arrows(index, index.sessions[0])}
    assert ways["MSK"] == ("bm-sc", "ue")
    assert ways["verify"] == ("ue", "bm-sc")
    assert ways["MTK"] == ("bm-sc", "multicast")
    assert ways["authorize"] == ("scf", "bm-sc")
    assert ways["BIR"] == ("bm-sc", "bsf")


def test_repeats_are_one_arrow_that_knows_where_they_were(found):
    index = found("http_good")
    repeated = [each for each in arrows(index, index.sessions[0]) if each.title == "MTK" and each.count > 1]
    assert repeated
    assert label(repeated[0], True).startswith(f"×{repeated[0].count} ")
    assert repeated[0].place not in repeated[0].repeats


def test_what_failed_is_marked_on_its_arrow(found):
    index = found("mtk_outside_window")
    failed = [each for each in arrows(index, index.sessions[0]) if each.mark is Mark.FAIL]
    assert [each.title for each in failed] == ["MTK"]


def test_arrows_know_their_procedures_and_the_rules_that_fail(found):
    index = found("mtk_outside_window")
    (failed,) = [each for each in arrows(index, index.sessions[0]) if each.mark is Mark.FAIL]
    assert failed.broken == ("MT-07",)
    (name,) = failed.runs
    assert dict(index.runs_of(index.sessions[0]))[name].procedure.kind == "mtk-delivery"


def test_a_handshake_of_tls_is_one_arrow_with_its_messages(found):
    index = found("http_over_tls")
    shakes = [each for each in arrows(index, index.sessions[0]) if each.title == "TLS"]
    assert [each.place[1] for each in shakes] == [30, 131, 190]
    assert (shakes[0].source, shakes[0].target, shakes[0].is_whole) == ("ue", "bm-sc", True)
    assert "bmsc.home1.net" in shakes[0].detail
    assert (0, 31) in shakes[0].repeats


def test_a_line_a_procedure_has_all_of_its_messages(found):
    index = found("http_good")
    session = index.sessions[0]
    every = arrows(index, session)
    few = compressed(index, session, every)
    assert len(few) < len(every) / 2
    assert {each.title for each in few if each.is_whole} == {run.procedure.kind for _, run in index.runs_of(session)}
    assert {place for each in few for place in (each.place, *each.repeats)} == {
        place for each in every for place in (each.place, *each.repeats)
    }
    register = next(each for each in few if each.title == "http-registration")
    assert (register.source, register.target) == ("ue", "bm-sc")
    assert register.detail.startswith("4 messages in 0.")
    assert register.detail.endswith("s, success")


def test_sip_that_is_sent_again_is_folded_across_what_was_said_meanwhile(found):
    index = found("http_good")
    first, other = [each for each in arrows(index, index.sessions[0]) if each.title == "INVITE"][:2]
    assert first.message.payload.transport == "udp"
    again = replace(first, time=first.time + 5 * 10**8, place=(0, 900))
    late = replace(first, time=first.time + SAID_AGAIN + 1, place=(0, 901))
    folded = _folded([first, other, again, late])
    assert [(each.place, each.count) for each in folded] == [(first.place, 2), (other.place, 1), ((0, 901), 1)]
