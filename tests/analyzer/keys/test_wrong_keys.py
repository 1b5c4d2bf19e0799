"""A key of the keyring that opens nothing is no evidence: wherever a slip of the pen stands, no node is blamed for it."""

import re
from ipaddress import ip_address

import pytest

from sample_pcaps import good

STORIES = {"http": good.http_good, "sip": good.sip_good}
ENTRIES = ("k", "ck", "ks", "ks_naf", "ks_u", "muk", "msk", "mtk", "res")
HIDDEN = {
    "all is seen": (),
    "no Zn": (("bm_sc", "bsf"), ("scf", "bsf")),
    "no Ub": (("ue", "bsf"),),
    "neither Zn nor POST": (("bm_sc", "bsf"), ("scf", "bsf"), ("scf", "bm_sc")),
    "neither Ub nor Zn nor POST": (("ue", "bsf"), ("bm_sc", "bsf"), ("scf", "bsf"), ("scf", "bm_sc")),
}


def ring(story, entry):
    """Write a keyring that enters the chain at one point; every value is a wrong one."""
    secrets = story.secrets()
    lines = []
    for ue in secrets["ues"]:
        lines.append(f'[[ue]]\nimpi = "{ue["impi"]}"\nimpu = ["{ue["impu"]}"]')
        if entry == "k":
            lines.append(f'k = "{ue["k"].hex()}"\nopc = "{ue["opc"].hex()}"')
        for run in ue["runs"]:
            naf = f'[[ue.naf]]\nfqdn = "{run["naf_fqdn"]}"\nb_tid = "{run["b_tid"]}"'
            given = {
                "ck": f'[[ue.gba]]\nb_tid = "{run["b_tid"]}"\nck = "{run["ck"].hex()}"\nik = "{run["ik"].hex()}"',
                "ks": f'[[ue.gba]]\nb_tid = "{run["b_tid"]}"\nks = "{run["ks"].hex()}"',
                "res": f'[[ue.gba]]\nb_tid = "{run["b_tid"]}"\nres = "{run["res"].hex()}"',
                "ks_naf": f'{naf}\nks_naf = "{run["ks_naf"].hex()}"',
                "ks_u": f'{naf}\nks_ext_naf = "{run["ks_naf"].hex()}"\nks_int_naf = "{run["ks_int_naf"].hex()}"',
                "muk": f'{naf}\nmuk = "{run["muk"].hex()}"\nmrk = "{run["mrk"].hex()}"',
            }
            lines.append(given.get(entry, ""))
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
    names = r"(?:k|ck|ks|ks_\w+|muk|mrk|value|res)"
    return re.sub(rf'^({names} = ")(..)', r"\g<1>5a", "\n".join(lines), flags=re.MULTILINE)


def without(story, legs):
    addresses = story.addresses
    nodes = {"ue": addresses.ues[0], "bm_sc": addresses.bm_sc, "scf": addresses.scf, "bsf": addresses.bsf}
    for leg in legs:
        ends = {ip_address(nodes[name]).packed for name in leg}
        story.tape.packets = [(time, p) for time, p in story.tape.packets if {p[26:30], p[30:34]} != ends]
    return story


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("variant", STORIES)
def test_blames_nobody(tell, variant, entry, hidden):
    story = without(STORIES[variant](), HIDDEN[hidden])
    blamed = {
        (j.rule, j.message)
        for j in tell(story, ring(story, entry)).report.judgements
        if str(j.verdict) == "fail" and j.level != "info"
    }
    own = {(j.rule, j.message) for j in tell(story, "").report.judgements if str(j.verdict) == "fail"}
    assert blamed <= own


def slips(story):
    """Keyrings whose keys are right, and whose names are not."""
    ring = story.keyring()
    runs = story.secrets()["ues"][0]["runs"]
    k, opc, impi = story.ue.k.hex(), story.ue.opc.hex(), story.ue.impi
    naf = f'\n[[ue.naf]]\nfqdn = "{runs[0]["naf_fqdn"]}"\n'
    yield ring.replace(opc, "5a" + opc[2:])
    yield ring.replace(f'opc = "{opc}"', f'op = "{opc}"')
    yield ring.replace(impi, f"{impi}.")
    yield ring.replace(impi, impi.upper())
    yield f'{ring}{naf}b_tid = "{runs[0]["b_tid"]}"\nmuk = "{runs[0]["ks_int_naf"].hex()}"\n'
    yield f'{ring}{naf}ua_id = "0100000002"\nks_naf = "{runs[0]["ks"].hex()}"\n'
    yield f'[[ue]]\nimpi = "{impi}"\n[[ue.naf]]\nfqdn = "other.net"\nmuk = "{runs[0]["ks_int_naf"].hex()}"\n'
    yield f'[[ue]]\nimpi = "{impi}"\n[[ue.gba]]\nks = "{k * 2}"\n'
    yield f'[[ue]]\nimpi = "{impi}"\n[[ue.gba]]\nkc = "{k[:16]}"\nsres = "{k[:8]}"\nks_input = "{k}"\n'


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("variant", STORIES)
def test_neither_does_a_slip_in_a_name(tell, variant, hidden, number):
    story = without(STORIES[variant](), HIDDEN[hidden])
    keyring = tuple(slips(story))[number]
    blamed = {(j.rule, j.message) for j in tell(story, keyring).report.judgements if str(j.verdict) == "fail"}
    own = {(j.rule, j.message) for j in tell(story, "").report.judgements if str(j.verdict) == "fail"}
    assert {
        found for found in blamed if found[0] != "UB-06"
    } <= own  # which is of level info, and speaks of the keyring


@pytest.mark.parametrize("variant", STORIES)
def test_says_why(tell, variant):
    story = without(STORIES[variant](), HIDDEN["neither Ub nor Zn nor POST"])
    wrong = {"MS-16": ring(story, "muk"), "MT-10": ring(story, "msk"), "SR-04": ring(story, "mtk")}
    for rule, keyring in wrong.items():
        told = [j for j in tell(story, keyring).report.judgements if j.rule == rule]
        assert told
        assert {str(j.verdict) for j in told} == {"inconc"}
        assert any("the keyring's key opened nothing" in j.message for j in told)
