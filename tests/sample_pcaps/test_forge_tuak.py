"""TUAK of the samples against TS 35.233, Keccak against SHA-3 of Python, and 2G GBA as TS 33.220 writes it."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from sample_pcaps.forge_keys import xor
from sample_pcaps.forge_tuak import Sim, Tuak, permute

RATE = 136  # octets, of SHA3-256


@pytest.mark.parametrize("length", [0, 1, 135, 136, 300])
def test_the_permutation_makes_sha_3(length):
    """The sponge of FIPS 202 4 on it, with the padding of 6.1, is what hashlib computes."""
    said = bytes(range(256)) * 2
    padded = bytearray(said[:length] + b"\x06")
    padded += bytes(-len(padded) % RATE)
    padded[-1] |= 0x80
    state = bytes(200)
    for at in range(0, len(padded), RATE):
        block = bytes(padded[at : at + RATE]) + bytes(200 - RATE)
        state = permute(xor(state, block))
    assert state[:32] == hashlib.sha3_256(said[:length]).digest()


def test_tuak_gives_the_published_sets(vectors):
    for entry in vectors("tuak")["sets"]:
        g = {name: bytes.fromhex(v) for name, v in entry.items() if isinstance(v, str)}
        chosen = Tuak(len(g["res"]), len(g["ck"]), len(g["ik"]), entry["iterations"])
        assert chosen.topc(g["k"], g["top"]) == g["topc"]
        vector = chosen.vector(g["k"], g["topc"], g["rand"], g["sqn"], g["amf"])
        assert (vector.res, vector.ck, vector.ik) == (g["res"], g["ck"], g["ik"])
        assert vector.autn[:8] == xor(g["sqn"], g["ak"]) + g["amf"]
        assert chosen.f5_star(g["k"], g["topc"], g["rand"]) == g["ak_star"]
        if len(g["f1"]) == 8:  # the only length that AUTN has room for
            assert vector.autn[8:] == g["f1"]
            assert chosen.f1(g["k"], g["topc"], g["rand"], g["sqn"], g["amf"], star=True) == g["f1_star"]
            auts = chosen.auts(g["k"], g["topc"], g["rand"], g["sqn"])
            assert auts[:6] == xor(g["sqn"], g["ak_star"])


def test_a_sim_gives_ks_and_res_of_its_sres_and_kc():
    kc, sres, rand, ks_input = bytes(range(8)), b"\1\2\3\4", bytes(range(16)), bytes(range(16, 32))
    vector = Sim(kc, sres).vector(rand, ks_input)
    key = kc + kc + rand
    text = b"\x01" + ks_input + b"\x00\x10" + b"3gpp-gba-ks\x00\x0b" + sres + b"\x00\x04"
    assert vector.ks == hmac.digest(key, text, "sha256")
    assert vector.res == hmac.digest(key, b"\x013gpp-gba-res\x00\x0c" + sres + b"\x00\x04", "sha256")[:16]
    assert not any(vector.autn)
