"""From long-term keys, NAF keys and what the capture shows to MUK and MRK."""

import pytest

from analyzer.keys import gba as arithmetic
from sample_pcaps import forge_diameter as diameter
from sample_pcaps import good
from sample_pcaps.story import Story


def muks(analysis):
    return [key for keys in analysis.story.chain.muks.values() for key in keys]


def test_every_reading_of_a_ks_is_a_candidate(tell):
    """Three Ua ids, and for each Ks_NAF and Ks_int_NAF: 33.246 6.1 leaves open which UICC it is."""
    story = Story("short", by_sip=False)
    story.bootstrap()
    story.register()
    analysis = tell(story)
    (b_tid,) = analysis.story.chain.muks
    derived = [key for key in muks(analysis) if key.status == "derived" and key.parents[0].parents]
    assert {key.ua_id for key in derived} >= {arithmetic.UA_HTTP, arithmetic.UA_SIP, arithmetic.UA_MBMS}
    run = story.ue.last
    values = {key.value for key in derived}
    assert run.naf_key("bmsc.home1.net", arithmetic.UA_HTTP) in values
    assert run.naf_key("bmsc.home1.net", arithmetic.UA_HTTP, "gba-u") in values
    assert b_tid == run.b_tid


def test_the_wrong_k_gives_no_key(tell):
    """AUTN does not verify: the run stays on record, and nothing it gives is proven."""
    story = good.http_good()
    ring = story.keyring().replace(story.ue.k.hex(), "00" * 16)
    chain = tell(story, ring).story.chain
    assert [run.mac_ok for run in chain.aka.values()] == [False]
    assert [key.status for key in chain.keys if key.kind == "K"] == ["supplied"]
    assert story.ue.k not in chain.proven
    assert bytes(16) not in chain.proven


def test_keys_of_another_subscriber_are_not_tried(tell):
    story = good.http_good()
    ring = story.keyring().replace(story.ue.impi, "somebody@else.net")
    assert tell(story, ring).story.chain.aka == {}


def test_gba_u_keys_of_the_keyring(tell):
    """A UICC that does MBMS: MUK is Ks_int_NAF, MRK Ks_ext_NAF itself."""
    story = Story.begun_by_http()
    run = story.ue.last
    ext, internal = (run.naf_key("bmsc.home1.net", arithmetic.UA_HTTP, label) for label in ("gba-me", "gba-u"))
    ring = (
        f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.naf]]\nfqdn = "bmsc.home1.net"\nb_tid = "{run.b_tid}"\n'
        f'ks_ext_naf = "{ext.hex()}"\nks_int_naf = "{internal.hex()}"\n'
    )
    chain = tell(story, ring).story.chain
    assert internal in {key.value for key in chain.muks[run.b_tid]}
    assert ext in {key.value for key in chain.mrks[run.b_tid]}
    assert arithmetic.mrk(ks_naf=ext) in {key.value for key in chain.mrks[run.b_tid]}


def test_keys_seen_on_zn_say_where(tell):
    story = good.http_good()
    seen = [key for key in tell(story, "").story.chain.keys if key.kind == "Ks_NAF"]
    assert seen
    assert all(key.status == "seen" and key.origin.startswith("Zn, frame ") and key.frame for key in seen)


def test_a_lifetime_of_the_keyring_wins(tell):
    story = Story.begun_by_http()
    run = story.ue.last
    ring = (
        f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.gba]]\nb_tid = "{run.b_tid}"\nks = "{run.vector.ks.hex()}"\n'
        "lifetime = 2025-01-01T00:00:00Z\n"
    )
    keys = tell(story, ring).story.chain.ks[run.b_tid]
    assert {key.expires for key in keys} == {1735689600 * 10**9}


@pytest.mark.parametrize(("number", "named"), [(0, ""), (1, ", 2G GBA"), (2, ", GBA_Digest")])
def test_the_gba_type_of_zn_is_named(tell, number, named):
    story = Story.begun_by_http()

    def typed(avps):
        return [(code, number.to_bytes(4, "big") if code == diameter.GBA_TYPE else data) for code, data in avps]

    story.register(zn={"bia_avps": typed})
    (key,) = [key for key in tell(story, "").story.chain.keys if key.kind == "Ks_NAF"]
    assert key.origin == f"Zn, frame {key.frame}{named}"
