import json
from pathlib import Path

import pytest

from analyzer.keys import aka, tuak

SETS = json.loads((Path(__file__).parents[2] / "vectors" / "tuak.json").read_text())["sets"]


def octets(given):
    return {name: bytes.fromhex(v) for name, v in given.items() if isinstance(v, str)}


def autn_of(g):
    return bytes(a ^ b for a, b in zip(g["sqn"], g["ak"], strict=True)) + g["amf"]


def sizes_of(g):
    return aka.Sizes(len(g["res"]), len(g["ck"]), len(g["ik"]))


each_set = pytest.mark.parametrize("given", SETS, ids=[s["set"] for s in SETS])


@each_set
def test_tuak(given):
    """K, MAC, RES, CK and IK of every size, and Keccak once or twice."""
    g, iterations = octets(given), given["iterations"]
    base = {"k": g["k"], "topc": g["topc"], "rand": g["rand"], "iterations": iterations}
    assert tuak.topc(top=g["top"], k=g["k"], iterations=iterations) == g["topc"]
    mac = {"sqn": g["sqn"], "amf": g["amf"], "mac_length": len(g["f1"])}
    assert tuak.f1(**base, **mac) == g["f1"]
    assert tuak.f1_star(**base, **mac) == g["f1_star"]
    keys = tuak.f2345(**base, res_length=len(g["res"]), ck_length=len(g["ck"]), ik_length=len(g["ik"]))
    assert (keys.res, keys.ck, keys.ik, keys.ak) == (g["res"], g["ck"], g["ik"], g["ak"])
    assert tuak.f5_star(**base) == g["ak_star"]


@each_set
def test_a_challenge_tells_the_sizes(given):
    """The sizes go into AK, so only with the right ones does MAC fit the SQN that comes out."""
    g, iterations = octets(given), given["iterations"]
    base = {"k": g["k"], "opc": g["topc"], "rand": g["rand"], "algorithm": "tuak", "iterations": iterations}
    mac = tuak.f1(k=g["k"], topc=g["topc"], rand=g["rand"], sqn=g["sqn"], amf=g["amf"], iterations=iterations)
    (run,) = aka.runs(**base, autn=autn_of(g) + mac)
    assert (run.mac_ok, run.sqn, run.res, run.ck, run.ik) == (True, g["sqn"], g["res"], g["ck"], g["ik"])
    assert run.variant == sizes_of(g).named
    assert bool(run.variant) is (sizes_of(g) != aka.Sizes())
    (wrong,) = aka.runs(**base, autn=autn_of(g) + bytes(8))
    assert wrong.mac_ok is False


@each_set
def test_without_autn_every_size_may_be(given):
    g = octets(given)
    runs = aka.runs(
        k=g["k"], opc=g["topc"], rand=g["rand"], autn=None, algorithm="tuak", iterations=given["iterations"]
    )
    assert len(runs) == len(aka.SIZES) == 16
    assert (g["ck"], g["ik"]) in [(run.ck, run.ik) for run in runs]


@each_set
def test_auts_goes_through_tuak(given):
    g, iterations = octets(given), given["iterations"]
    base = {"k": g["k"], "opc": g["topc"], "rand": g["rand"], "algorithm": "tuak", "iterations": iterations}
    sqn_ms = bytes(6)
    mac_s = tuak.f1_star(
        k=g["k"], topc=g["topc"], rand=g["rand"], sqn=sqn_ms, amf=bytes(2), iterations=iterations
    )  # fmt: skip
    assert aka.check_auts(**base, auts=g["ak_star"] + mac_s) == sqn_ms
    assert aka.check_auts(**base, auts=g["ak_star"] + bytes(8)) is None
    assert aka.derive_opc(k=g["k"], op=g["top"], algorithm="tuak", iterations=iterations) == g["topc"]


@pytest.mark.parametrize(("k", "top"), [(15, 32), (16, 31), (0, 32), (33, 32)])
def test_wrong_lengths_are_refused(k, top):
    with pytest.raises(ValueError):
        tuak.topc(top=bytes(top), k=bytes(k))
