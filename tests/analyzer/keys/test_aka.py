import hashlib
import json
from pathlib import Path

import pytest

from analyzer.keys import aka

SETS = json.loads((Path(__file__).parents[2] / "vectors" / "milenage.json").read_text())["sets"]
hex_sets = pytest.mark.parametrize(
    "given", [{k: bytes.fromhex(v) for k, v in s.items() if k != "set"} for s in SETS], ids=[s["set"] for s in SETS]
)


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


@hex_sets
def test_milenage(given):
    base = {name: given[name] for name in ("k", "opc", "rand")}
    with_sqn = base | {"sqn": given["sqn"], "amf": given["amf"]}
    keys = aka.f2345(**base)
    assert aka.opc(k=given["k"], op=given["op"]) == given["opc"]
    assert aka.f1(**with_sqn) == given["f1"]
    assert aka.f1_star(**with_sqn) == given["f1_star"]
    assert (keys.res, keys.ck, keys.ik, keys.ak) == (given["res"], given["ck"], given["ik"], given["ak"])
    assert aka.f5_star(**base) == given["ak_star"]


@hex_sets
def test_run_reads_the_challenge_of_its_own_k(given):
    autn = xor(given["sqn"], given["ak"]) + given["amf"] + given["f1"]
    run = aka.run(k=given["k"], opc=given["opc"], rand=given["rand"], autn=autn)
    assert (run.mac_ok, run.gba_u, run.sqn, run.amf) == (True, False, given["sqn"], given["amf"])
    assert (run.res, run.ck, run.ik) == (given["res"], given["ck"], given["ik"])


@hex_sets
def test_run_sees_the_mac_that_a_bsf_changed_for_gba_u(given):
    mac = xor(given["f1"], hashlib.sha1(given["ik"]).digest()[:8])
    autn = xor(given["sqn"], given["ak"]) + given["amf"] + mac
    run = aka.run(k=given["k"], opc=given["opc"], rand=given["rand"], autn=autn)
    assert (run.mac_ok, run.gba_u, run.sqn) == (True, True, given["sqn"])


def test_run_says_that_a_mac_is_wrong():
    given = {k: bytes.fromhex(v) for k, v in SETS[0].items() if k != "set"}
    autn = xor(given["sqn"], given["ak"]) + given["amf"] + given["f1"]
    for at in range(len(autn)):
        changed = autn[:at] + bytes([autn[at] ^ 1]) + autn[at + 1 :]
        run = aka.run(k=given["k"], opc=given["opc"], rand=given["rand"], autn=changed)
        assert (run.mac_ok, run.gba_u) == (False, False)


def test_run_without_autn_cannot_tell():
    given = {k: bytes.fromhex(v) for k, v in SETS[0].items() if k != "set"}
    run = aka.run(k=given["k"], opc=given["opc"], rand=given["rand"], autn=None)
    assert (run.mac_ok, run.sqn, run.ck) == (None, b"", given["ck"])


@pytest.mark.parametrize(
    "wrong", [{"rand": bytes(15)}, {"autn": bytes(15)}, {"autn": b""}, {"k": bytes(15)}, {"opc": b""}]
)
@pytest.mark.parametrize("algorithm", aka.ALGORITHMS)
def test_run_refuses_wrong_lengths(wrong, algorithm):
    given = {"k": bytes(16), "opc": bytes(16 if algorithm == "milenage" else 32), "rand": bytes(16), "autn": bytes(16)}
    aka.run(**given, algorithm=algorithm)
    with pytest.raises(ValueError):
        aka.run(**(given | wrong), algorithm=algorithm)


def test_an_unknown_algorithm_is_refused():
    with pytest.raises(ValueError, match="comp128"):
        aka.run(k=bytes(16), opc=bytes(16), rand=bytes(16), autn=bytes(16), algorithm="comp128")


def test_check_auts_of_the_chain(value):
    given = {k: bytes.fromhex(v) for k, v in SETS[0].items() if k != "set"}
    auts = value("AUTS (SQN_MS = SQN of set 1)")
    base = {name: given[name] for name in ("k", "opc", "rand")}
    assert aka.check_auts(**base, auts=auts) == given["sqn"]
    assert aka.check_auts(**base, auts=auts[:-1] + bytes([auts[-1] ^ 1])) is None
    with pytest.raises(ValueError):
        aka.check_auts(**base, auts=auts[:-1])


def test_flipped_res_changes_the_last_bit_only():
    assert aka.flipped_res(res=b"\x01\x02") == b"\x01\x03"


def test_a_usim_stands_in_for_a_sim():
    """TS 55.206, test set 1: GSM-MILENAGE."""
    given = {k: bytes.fromhex(v) for k, v in SETS[0].items() if k != "set"}
    assert aka.kc(ck=given["ck"], ik=given["ik"]).hex() == "eae4be823af9a08b"
    assert aka.sres(res=given["res"]) == (
        ("SRES#1", bytes.fromhex("46f8416a")), ("SRES#2", bytes.fromhex("a54211d5"))
    )  # fmt: skip


def test_milenage_has_one_size():
    given = {k: bytes.fromhex(v) for k, v in SETS[0].items() if k != "set"}
    base = {"k": given["k"], "opc": given["opc"], "rand": given["rand"]}
    assert [run.variant for run in aka.runs(**base, autn=None)] == [""]
    assert [run.mac_ok for run in aka.runs(**base, autn=bytes(16))] == [False]
