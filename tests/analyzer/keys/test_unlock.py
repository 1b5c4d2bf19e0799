"""Every key of the good stories opens, from each entry point of the keyring and from what the capture shows alone."""

from ipaddress import ip_address

import pytest

from analyzer.correlate import bodies
from analyzer.keys.keyring import Keyring
from analyzer.keys.unlock import unlock
from sample_pcaps import good
from sample_pcaps.faults_ms import msk_with_a_rand_for_each_ue
from sample_pcaps.story import Story

STORIES = {"http": good.http_good, "sip": good.sip_good}


def between(story, one, other):
    """Drop what two nodes said to each other: the capture point did not see it."""
    ends = {ip_address(one).packed, ip_address(other).packed}
    story.tape.packets = [(time, p) for time, p in story.tape.packets if {p[26:30], p[30:34]} != ends]


def without_zn(story):
    for node in (story.addresses.bm_sc, story.addresses.scf):
        between(story, node, story.addresses.bsf)
    return story


def without_posts(story):
    between(story, story.addresses.scf, story.addresses.bm_sc)
    return story


def ring(story, entry):
    """Write a keyring that enters the chain at one point."""
    secrets = story.secrets()
    lines = []
    for ue in secrets["ues"]:
        lines.append(f'[[ue]]\nimpi = "{ue["impi"]}"\nimpu = ["{ue["impu"]}"]')
        if entry == "k":
            lines.append(f'k = "{ue["k"].hex()}"\nopc = "{ue["opc"].hex()}"')
        for run in ue["runs"]:
            if entry in ("ck", "ks"):
                lines.append(f'[[ue.gba]]\nb_tid = "{run["b_tid"]}"')
            if entry == "ck":
                lines.append(f'ck = "{run["ck"].hex()}"\nik = "{run["ik"].hex()}"')
            if entry == "ks":
                lines.append(f'ks = "{run["ks"].hex()}"')
            if entry in ("ks_naf", "muk"):
                lines.append(
                    f'[[ue.naf]]\nfqdn = "{run["naf_fqdn"]}"\nb_tid = "{run["b_tid"]}"\n{entry} = "{run[entry].hex()}"'
                )
            if entry == "muk":
                lines.append(f'mrk = "{run["mrk"].hex()}"')
    for msk in secrets["msks"] if entry == "msk" else ():
        lines.append(
            f'[[msk]]\nkey_domain = "{msk["key_domain"].hex()}"\nmsk_id = "{msk["msk_id"].hex()}"\n'
            f'value = "{msk["value"].hex()}"\nrand = "{msk["rand"].hex()}"'
        )
    for mtk in secrets["mtks"] if entry == "mtk" else ():
        lines.append(
            f'[[mtk]]\nkey_domain = "{mtk["key_domain"].hex()}"\nmsk_id = "{mtk["msk_id"].hex()}"\n'
            f'mtk_id = "{mtk["mtk_id"]:04x}"\nvalue = "{mtk["value"].hex()}"\nsalt = "{mtk["salt"].hex()}"'
        )
    return "\n".join(lines) + "\n"


def media_is_open(analysis):
    assert analysis.story.media
    for group in analysis.story.media:
        assert group.authenticated == group.packets, group
        assert (group.failed, group.no_key) == (0, 0)


def opened(analysis, wanted):
    """All MIKEY messages of a kind, and those of them that were opened."""
    chosen = [m for m in analysis.story.traffic.mikey if wanted(bodies.mikey(m))]
    assert chosen
    return len(chosen), sum(analysis.story.chain.opening(m) is not None for m in chosen)


@pytest.mark.parametrize("variant", STORIES)
@pytest.mark.parametrize("entry", ["k", "ck", "ks", "ks_naf", "muk"])
def test_everything_opens_from(tell, variant, entry):
    story = without_posts(without_zn(STORIES[variant]()))
    analysis = tell(story, ring(story, entry))
    for wanted in (bodies.is_msk_message, bodies.is_mtk_message):
        total, open_ = opened(analysis, wanted)
        assert open_ == total
    media_is_open(analysis)
    checked = analysis.story.chain.verifications.values()
    assert checked
    assert all(check.ok for check in checked)


@pytest.mark.parametrize("variant", STORIES)
def test_media_opens_from_msks(tell, variant):
    story = without_posts(without_zn(STORIES[variant]()))
    analysis = tell(story, ring(story, "msk"))
    assert opened(analysis, bodies.is_msk_message)[1] == 0
    total, open_ = opened(analysis, bodies.is_mtk_message)
    assert open_ == total
    media_is_open(analysis)


@pytest.mark.parametrize("variant", STORIES)
def test_media_opens_from_mtks(tell, variant):
    story = without_posts(without_zn(STORIES[variant]()))
    media_is_open(tell(story, ring(story, "mtk")))


@pytest.mark.parametrize("variant", STORIES)
def test_nothing_but_zn(tell, variant):
    analysis = tell(without_posts(STORIES[variant]()), "")
    for wanted in (bodies.is_msk_message, bodies.is_mtk_message):
        total, open_ = opened(analysis, wanted)
        assert open_ == total
    media_is_open(analysis)


def test_nothing_but_the_post(tell):
    analysis = tell(without_zn(good.sip_good()), "")
    total, open_ = opened(analysis, bodies.is_msk_message)
    assert open_ == total
    media_is_open(analysis)
    assert {key.status for key in analysis.story.chain.keys if key.kind == "MUK"} == {"seen"}


def test_without_any_key_all_stays_shut(tell):
    analysis = tell(without_posts(without_zn(good.http_good())), "")
    chain = analysis.story.chain
    assert chain.keys == []
    assert chain.opened == {}
    assert len(chain.shut) == len([m for m in analysis.story.traffic.mikey if bodies.mikey(m).data_type == 0])
    assert all(shut.tried == 0 for shut in chain.shut.values())
    assert all(group.authenticated == 0 for group in analysis.story.media)


def test_the_digests_of_the_http_story_hold(tell):
    analysis = tell(good.http_good())
    checked = list(analysis.story.chain.digests.values())
    assert len(checked) >= 8  # Ub; register, MSK request and deregister; an answer each
    assert all(check.ok for check in checked)
    assert {check.variant for check in checked} == {""}


def test_the_ua_id_that_fitted_is_named(tell):
    story = without_posts(without_zn(good.sip_good()))
    muks = [key for key in tell(story).story.chain.keys if key.kind == "MUK"]
    assert muks
    assert all("0100000004" in key.variant for key in muks)


def test_only_proven_keys_are_in_the_chain(tell):
    """Three Ua ids are tried for each NAF; only those that opened something are keys of the report."""
    story = without_posts(without_zn(good.http_good()))
    chain = tell(story).story.chain
    assert len([key for key in chain.keys if key.kind == "MUK"]) == 1
    assert sum(len(keys) for keys in chain.muks.values()) > 1


def test_counter_left_aligned_in_the_iv(tell):
    """Spec contradiction 3: another reading of T as 64 bits is found, and named."""
    story = Story.registered_by_http()

    def left(keys, csb_id, t, data):
        return right(keys, csb_id, t << 32, data)

    from sample_pcaps import forge_mikey

    right = forge_mikey.encrypted
    forge_mikey.encrypted = left
    try:
        story.msk()
    finally:
        forge_mikey.encrypted = right
    (opened_message,) = tell(story).story.chain.opened.values()
    assert opened_message.variant == "counter left aligned in the IV"
    assert opened_message.plain.error is None


def test_mtk_under_the_csb_id_of_the_msk_message(tell):
    """Spec contradiction 4."""
    from sample_pcaps import forge_mikey

    story = Story.registered_by_http()
    story.msk(csb_id=0x11223344)
    held = next(iter(story.msks.values()))
    derive = forge_mikey.keys_of
    forge_mikey.keys_of = lambda psk, csb_id, rand: derive(psk, 0x11223344, rand)
    try:
        story.mtk(csb_id=0x55667788)
    finally:
        forge_mikey.keys_of = derive
    assert held
    analysis = tell(story)
    (mtk,) = [m for m in analysis.story.traffic.mikey if bodies.is_mtk_message(bodies.mikey(m))]
    assert analysis.story.chain.opening(mtk).variant == "CSB ID of the MSK message"


def test_an_mtk_opens_under_either_rand(tell):
    """Spec contradiction 5: two UEs were given different RANDs with one MSK; one of them fits."""
    analysis = tell(msk_with_a_rand_for_each_ue())
    total, open_ = opened(analysis, bodies.is_mtk_message)
    assert open_ == total


def test_nothing_to_unlock():
    from analyzer.correlate.traffic import correlate

    chain = unlock(correlate((), 0, 0), Keyring())
    assert (chain.keys, chain.opened, chain.shut) == ([], {}, {})
