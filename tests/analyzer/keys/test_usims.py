"""USIMs that run TUAK, and SIMs, through the whole program: from their keyrings to the media."""

from __future__ import annotations

import pytest

from analyzer.analysis import Options
from analyzer.report import Verdict
from sample_pcaps.casebook import cases
from sample_pcaps.forge_keys import made_up


def kinds(analysis):
    return {key.kind for key in analysis.story.chain.keys if key.value in analysis.story.chain.proven}


def origins(analysis, kind):
    return [key.origin for key in analysis.story.chain.keys if key.kind == kind]


def media(analysis):
    return [(m.packets, m.authenticated) for m in analysis.report.media if m.protocol == "srtp"]


@pytest.mark.parametrize("name", ["keyed_by_tuak", "keyed_by_a_sim"])
def test_everything_is_opened_down_to_the_media(sample, name):
    found = sample(name)
    assert found.report.verdict is Verdict.PASS
    assert found.report.diagnoses == ()
    assert media(found)
    assert all(packets == authenticated for packets, authenticated in media(found))
    assert not {j.verdict for j in found.report.judgements} & {Verdict.INCONC, Verdict.ERROR}


def test_tuak_begins_at_k_and_names_the_sizes_that_an_operator_chose(sample):
    found = sample("keyed_by_tuak")
    assert {"K", "Ks", "MRK", "MUK", "MSK", "MTK"} <= {key.kind for key in found.story.chain.keys}
    assert all(origin.startswith("tuak with RAND ") for origin in origins(found, "Ks"))
    variants = [key.variant for key in found.story.chain.keys if key.kind == "Ks"]
    assert variants == ["me", "me, RES 128, CK 256, IK 256 bit"]
    passed = {j.rule for j in found.report.judgements if j.verdict is Verdict.PASS}
    assert {"UB-05", "UB-06", "UB-07"} <= passed


@pytest.mark.parametrize(
    ("given", "other"), [("iterations = 2", "iterations = 1"), (made_up("K of TUAK 2", 32).hex(), "5a" * 32)]
)
def test_another_k_or_another_keccak_opens_nothing_of_the_second_ue(tell, given, other):
    story = cases()["keyed_by_tuak"].tell()
    keyring = story.keyring().replace(given, other)
    assert keyring != story.keyring()
    found = tell(story, keyring)
    chain = found.story.chain
    assert {key.impi for key in chain.keys if key.kind == "K" and key.value in chain.proven} == {
        "user1_private@home1.net"
    }
    assert len(origins(found, "Ks")) == 1
    assert {
        j.level for j in found.report.judgements if j.verdict is Verdict.FAIL
    } == set()  # a wrong key accuses nobody


def test_2g_gba_begins_at_kc_and_sres_and_has_no_k(sample):
    found = sample("keyed_by_a_sim")
    (origin,) = origins(found, "Ks")
    assert origin.startswith("2G GBA, Kc and SRES of the keyring with RAND ")
    assert "K" not in {key.kind for key in found.story.chain.keys}
    assert {"MRK", "MUK"} <= kinds(found)


@pytest.mark.parametrize("name", ["Kc", "SRES", "Ks-input"])
def test_each_of_three_goes_into_ks(tell, name):
    story = cases()["keyed_by_a_sim"].tell()
    length = {"Kc": 8, "SRES": 4, "Ks-input": 16}[name]
    keyring = story.keyring().replace(made_up(name, length).hex(), "5a" * length)
    found = tell(story, keyring.replace('[tls]\nkeylog = "sslkeys.log"', ""))
    assert origins(found, "Ks") == []


def test_zn_and_the_keyring_agree_on_the_key_of_a_sim(sample):
    (told,) = sample("keyed_by_a_sim").story.traffic.naf_keys
    assert told.type == 1  # 2G (TS 29.109 6.3.1.11)
    assert any(key.value == told.me_key for key in sample("keyed_by_a_sim").story.chain.keys if key.kind == "MUK")


def test_without_its_keyring_a_sim_is_known_by_zn_alone(tell):
    story = cases()["keyed_by_a_sim"].tell()
    found = tell(story, "", Options())
    assert origins(found, "Ks") == []
    assert "2G GBA" in origins(found, "Ks_NAF")[0]
