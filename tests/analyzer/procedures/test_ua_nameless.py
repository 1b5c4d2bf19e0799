"""Requests on Ua that name nobody, of several UEs behind one address, all at once: told apart, or nobody is blamed."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from analyzer.report import Verdict
from sample_pcaps.forge_text import Edit
from sample_pcaps.stage_nat import behind_nat
from sample_pcaps.story import Story
from sample_pcaps.story_mikey import SECOND_MSK

NAT = "192.0.2.1"
UES = 4
NAMELESS = {name: Edit(headers={"X-3GPP-Intended-Identity": None}) for name in ("request", "authorized")}
WHOLE = {"request": 1, "challenge": 1, "authorized": 1, "answer": 1}
SEEN = {"all": (), "no Ub, no Zn": ("bsf",), "Ua and MIKEY alone": ("bsf", "scf", "p_cscf")}


def begun(ues=UES):
    story = Story("nat", by_sip=False, ues=ues)
    for ue in story.ues:
        story.bootstrap(ue)
        story.invite(ue)
    return story


def woven(story, at, step):
    """Let all UEs do the same, each 3 ms after the one before, while its messages are 5 ms apart."""
    for ue in story.ues:
        story.at(at + 0.003 * ue.number)
        step(ue)


def told():
    story = begun()
    woven(story, 10, lambda ue: story.register(ue, edits=NAMELESS))
    story.at(12)
    story.keys_and_media()
    woven(story, 20, lambda ue: story.msk_request(ue, challenge=True, edits=NAMELESS))
    story.at(21)
    for ue in story.ues:
        story.msk(ue, SECOND_MSK)
    story.linger(60)
    return story


def packets(story, without=()):
    """Return what a probe outside the NAT sees, without the legs of some nodes."""
    translated = behind_nat([ue.ip for ue in story.ues], NAT, {})
    unseen = {ip_address(getattr(story.addresses, node)).packed for node in without}
    moved = ((time, translated(frame)) for time, frame in story.tape.sorted())
    return [(time, frame) for time, frame in moved if not {frame[26:30], frame[30:34]} & unseen]


def shapes(analysis, *kinds):
    runs = [
        run for _, run in analysis.runs if run.procedure.kind in (kinds or ("http-registration", "http-msk-request"))
    ]
    return [{name: len(found) for name, found in run.steps.items()} for run in runs]


def failed(analysis):
    return {j.rule for j in analysis.report.judgements if j.verdict >= Verdict.FAIL}


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("keyring", [True, False])
def test_each_request_goes_on_with_its_own_answer(tell_merged, seen, keyring):
    story = told()
    found = tell_merged([packets(story, SEEN[seen])], story.keyring() if keyring else "")
    assert shapes(found) == [WHOLE] * (2 * UES)
    owners = [run.ue.b_tid for _, run in found.runs if run.procedure.kind == "http-registration"]
    assert sorted(owners) == sorted((ue.last.b_tid,) for ue in story.ues)
    assert failed(found) == {"DG-16"}  # that they name nobody
    assert found.report.diagnoses == ()


def test_ues_that_only_b_tids_tell_apart_stay_as_many(tell_merged):
    story = told()
    found = tell_merged([packets(story, SEEN["Ua and MIKEY alone"])], story.keyring())
    assert [ue.b_tid for ue in found.report.ues] == [(ue.last.b_tid,) for ue in story.ues]
    assert {ue.addresses for ue in found.report.ues} == {(NAT,)}


def test_one_ue_that_goes_over_to_a_new_b_tid_stays_one(tell):
    story = Story("one", by_sip=False)
    for _ in range(2):
        story.bootstrap()
        story.wait(0.2)
        story.register(edits=NAMELESS)
        story.msk()
        story.wait(30)
    bsf = ip_address(story.addresses.bsf).packed
    story.tape.packets = [
        (time, frame) for time, frame in story.tape.packets if bsf not in (frame[26:30], frame[30:34])
    ]
    (ue,) = tell(story).report.ues
    assert (ue.impi, ue.impu, len(ue.b_tid)) == ((), (), 2)


def fixed_nonce(story):
    """Let the BM-SC offer everybody the same nonce, as servers without a memory do."""
    octets = story.octets
    story.octets = lambda what, length: b"\xab" * length if what == "nonce" else octets(what, length)


def test_a_nonce_that_everybody_gets_ties_by_the_connection_too(tell_merged):
    story = begun()
    fixed_nonce(story)
    woven(story, 10, lambda ue: story.register(ue, edits=NAMELESS))
    story.linger(60)
    found = tell_merged([packets(story)], story.keyring())
    assert shapes(found) == [WHOLE] * UES
    assert "DG-11" not in failed(found)


def test_what_nothing_ties_blames_nobody(tell_merged):
    """The same nonce for all, and each request on a connection of its own: any of them may have gone on."""
    story = begun()
    fixed_nonce(story)
    woven(story, 10, lambda ue: story.register(ue, retry=False, edits={"request": NAMELESS["request"]}))
    woven(
        story, 11, lambda ue: story.register(ue, challenge=False, zn=True, edits={"authorized": NAMELESS["authorized"]})
    )
    story.linger(60)
    found = tell_merged([packets(story)], story.keyring())
    assert shapes(found) == [{"request": 1, "challenge": 1}] * UES + [{"authorized": 1, "answer": 1}] * UES
    assert failed(found) == {"DG-16"}
    unclear = [j for j in found.report.judgements if j.rule == "DG-11" and j.verdict is Verdict.INCONC]
    assert len(unclear) == UES
    assert all("names nobody" in j.message for j in unclear)
    assert found.report.diagnoses == ()


def test_alone_at_its_address_a_ue_without_a_name_has_to_answer(tell):
    story = begun(1)
    story.register(retry=False, edits={"request": NAMELESS["request"]})
    story.linger(60)
    assert "DG-11" in failed(tell(story))
