import json
from pathlib import Path

import pytest

from analyzer.keys import aka, tuak

SETS = json.loads((Path(__file__).parents[2] / "vectors" / "tuak.json").read_text())["sets"]


@pytest.mark.parametrize("given", SETS, ids=[s["set"] for s in SETS])
def test_tuak(given):
    g = {name: bytes.fromhex(v) for name, v in given.items() if name != "set"}
    base = {"k": g["k"], "topc": g["topc"], "rand": g["rand"]}
    assert tuak.topc(top=g["top"], k=g["k"]) == g["topc"]
    assert tuak.f1(**base, sqn=g["sqn"], amf=g["amf"], mac_length=len(g["f1"])) == g["f1"]
    keys = tuak.f2345(**base, res_length=len(g["res"]))
    assert (keys.res, keys.ck, keys.ik, keys.ak) == (g["res"], g["ck"], g["ik"], g["ak"])
    assert tuak.f5_star(**base) == g["ak_star"]


def test_f1_star_of_set_1():
    g = {name: bytes.fromhex(v) for name, v in SETS[0].items() if name != "set"}
    assert tuak.f1_star(k=g["k"], topc=g["topc"], rand=g["rand"], sqn=g["sqn"], amf=g["amf"]) == g["f1_star"]


def test_run_and_auts_go_through_tuak():
    g = {name: bytes.fromhex(v) for name, v in SETS[0].items() if name != "set"}
    autn = bytes(a ^ b for a, b in zip(g["sqn"], g["ak"], strict=True)) + g["amf"] + g["f1"]
    base = {"k": g["k"], "opc": g["topc"], "rand": g["rand"], "algorithm": "tuak"}
    run = aka.run(**base, autn=autn, res_length=4)
    assert (run.mac_ok, run.sqn, run.res, run.ck) == (True, g["sqn"], g["res"], g["ck"])
    sqn_ms = bytes(6)
    mac_s = tuak.f1_star(k=g["k"], topc=g["topc"], rand=g["rand"], sqn=sqn_ms, amf=bytes(2))
    assert aka.check_auts(**base, auts=g["ak_star"] + mac_s) == sqn_ms
    assert aka.check_auts(**base, auts=g["ak_star"] + bytes(8)) is None
    assert aka.derive_opc(k=g["k"], op=g["top"], algorithm="tuak") == g["topc"]


def test_lengths_enter_the_keys():
    base = {"k": bytes(32), "topc": bytes(32), "rand": bytes(16)}
    assert len({tuak.f2345(**base, res_length=n).ck for n in tuak.RES_LENGTHS}) == len(tuak.RES_LENGTHS)
    long = tuak.f2345(**base, ck_length=32, ik_length=32)
    assert (len(long.ck), len(long.ik)) == (32, 32)


@pytest.mark.parametrize(("k", "top"), [(15, 32), (16, 31), (0, 32), (33, 32)])
def test_wrong_lengths_are_refused(k, top):
    with pytest.raises(ValueError):
        tuak.topc(top=bytes(top), k=bytes(k))
