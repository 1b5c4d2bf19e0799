"""UEs of both variants behind one address: as many as there are, each with what it would come to alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from analyzer.report import Verdict
from sample_pcaps.forge_keys import made_up
from sample_pcaps.stage import KEY_DOMAIN
from sample_pcaps.stage_nat import behind_nat
from sample_pcaps.story import Story

NAT = "192.0.2.1"
UES = 10  # of each variant
MSKS = {
    False: tuple(map(bytes.fromhex, ("00010001", "00010002"))),
    True: tuple(map(bytes.fromhex, ("00050001", "00050002"))),
}


class House(Story):
    """UEs of the HTTP variant."""

    def __init__(self, by_sip=False, ues=UES):
        super().__init__("house", by_sip=by_sip, ues=ues)


class OtherHouse(House):
    """UEs of the SIP variant, with other names, octets, keys and group, at the same nodes."""

    def __init__(self, ues=UES):
        super().__init__(True, ues)
        self.addresses = replace(self.addresses, group="239.7.7.7")
        self.wait(0.003)

    def _ue(self, number):
        return super()._ue(number + 40)

    def count(self, what):
        return super().count(what) + 5000


def told(story, nat, wrong=None):
    """Tell the life of all UEs of a story, step by step all of them; `wrong` gets an MSK that is not under its MUK."""
    first, second = MSKS[story.by_sip]
    posted = {"key_info": {"ue_ip": NAT}} if nat else {}

    def begin(ue):
        story.sip("register", ue, **posted) if story.by_sip else story.register(ue)

    for ue in story.ues:
        story.bootstrap(ue)
    for ue in story.ues if not story.by_sip else ():
        story.invite(ue)
    for ue in story.ues:
        begin(ue)
    story.keys_and_media(first)
    for ue in story.ues:
        pairs = ((KEY_DOMAIN, second),)
        story.sip("msk-request", ue, pairs=pairs) if story.by_sip else story.msk_request(ue, pairs=pairs)
        bad = {"muk": made_up("another MUK", 32), "verify": False} if ue.number == wrong else {}
        story.msk(ue, second, **bad)
    story.wait(0.2)
    story.mtk(second, 1, times=2, interval=0.5)
    story.media(second, 1, packets=10)
    story.at(3500)
    for ue in story.ues:
        story.bootstrap(ue)  # under the TMPI that it has by now
    for ue in story.ues:
        begin(ue)
        story.msk(ue, second)
    for ue in story.ues:
        story.sip("deregister", ue) if story.by_sip else story.deregister(ue)
        for msk_id in (first, second):
            story.msk(ue, msk_id, seq=(2, 1), sp=None)
        story.bye(ue)
    return story


def packets(stories, nat):
    """Put the packets of stories into one capture, behind one NAT where there is one."""
    ports = {}
    found = []
    for story in stories:
        moved = behind_nat([ue.ip for ue in story.ues], NAT, ports) if nat else bytes
        found += [(time, moved(frame)) for time, frame in story.tape.packets]
    return found


def both(tell_merged, nat, keyring=True, ues=UES, **more):
    stories = [told(House(ues=ues), nat, **more), told(OtherHouse(ues=ues), nat)]
    return tell_merged([packets(stories, nat)], "\n".join(s.keyring() for s in stories) if keyring else "")


def verdicts(report):
    """How often each rule came to what, by the names of the UE; what is sent to all is judged once, and left out."""
    kinds = {procedure.id: procedure.kind for ue in report.ues for procedure in ue.procedures}
    names = {ue.id: (ue.impi, ue.impu) for ue in report.ues}
    found = {name: Counter() for name in names.values()}
    for judgement in report.judgements:
        if judgement.ue is not None and kinds[judgement.procedure] not in ("mtk-delivery", "media"):
            found[names[judgement.ue]][judgement.rule, str(judgement.verdict)] += 1
    return found


@pytest.mark.parametrize("keyring", [True, False])
def test_twenty_ues_behind_one_address_stay_twenty(tell_merged, keyring):
    apart, together = both(tell_merged, False, keyring).report, both(tell_merged, True, keyring).report
    assert len(together.ues) == 2 * UES
    assert all(ue.addresses == (NAT,) for ue in together.ues)
    assert all(len(ue.impi) == len(ue.impu) == 1 and len(ue.b_tid) == 2 for ue in together.ues)
    assert verdicts(together) == verdicts(apart)
    assert not any(j.verdict >= Verdict.FAIL for j in together.judgements)
    assert together.diagnoses == ()
    kinds = [Counter(p.kind for p in ue.procedures) for ue in together.ues]
    assert len({frozenset(kind.items()) for kind in kinds}) == 2  # one life for each variant


def test_each_comes_to_what_it_would_alone(tell_merged):
    alone, together = both(tell_merged, True, ues=1).report, both(tell_merged, True).report
    assert len(alone.ues) == 2
    found = verdicts(together)
    for name, own in verdicts(alone).items():
        assert {rule: count for rule, count in found[name].items() if rule[0] != "EX-09"} == own  # no storm alone


def test_only_the_ue_that_fails_is_named(tell_merged):
    report = both(tell_merged, True, wrong=7).report
    assert len(report.ues) == 2 * UES
    (ue,) = [ue for ue in report.ues if ue.impi == ("user7_private@home1.net",)]
    assert {diagnosis.ue for diagnosis in report.diagnoses} == {ue.id}
    assert report.diagnoses[0].cause == "msk-corrupted"  # its MUK opens another
    assert {j.ue for j in report.judgements if j.verdict is Verdict.FAIL and j.level == "shall"} == {ue.id}


def test_a_port_that_nobody_answered_from_is_wrong(tell):
    story = Story.registered_by_http()
    story.msk(dport=2270, verify=False)
    story.linger(3)
    assert [j.verdict for j in tell(story).report.judgements if j.rule == "MS-01"] == [Verdict.FAIL]
