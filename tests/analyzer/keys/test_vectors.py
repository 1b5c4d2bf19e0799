"""Challenges of every kind of GBA and what the keyring makes of them."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.keys import digests, tuak
from analyzer.keys.aka import AkaRun, Sizes
from analyzer.keys.keyring import GbaRun
from analyzer.keys.vectors import Challenge, fits
from sample_pcaps.forge_keys import Vector, made_up, milenage, xor
from sample_pcaps.stage import Gba
from sample_pcaps.story import Story

SETS = json.loads((Path(__file__).parents[2] / "vectors" / "tuak.json").read_text())["sets"]
RAND = made_up("RAND of a rarer kind", 16)
KS_INPUT = made_up("Ks-input", 16)
NAF = "bmsc.home1.net"


def without_zn(story):
    """Keep the bootstrapping and what is between UE and BM-SC."""
    story.tape.packets = [(t, p) for t, p in story.tape.packets if b"\x0f\x1c" not in p[34:38]]  # Diameter's port
    return story


def checked(analysis):
    """What the requests with a digest came to, in the order of time."""
    chain = analysis.story.chain
    messages = [m for m in analysis.story.traffic.messages if id(m) in chain.digests and m.body.is_request]
    return [chain.digest(message) for message in messages]


def kinds(analysis):
    """The keys that something proved, below Ks."""
    return {(key.kind, key.origin) for key in analysis.story.chain.keys if key.kind in ("MUK", "MRK")}


def verdicts(analysis, code):
    return [str(judgement.verdict) for judgement in analysis.report.judgements if judgement.rule == code]


def gba_u(*, flipped, muk_on_uicc=True, zn=False):
    """A BSF that hides GBA_U in the MAC of its AUTN, and a UE that uses the keys of one of the cases."""
    story = Story("gba_u", by_sip=False)
    vector = milenage(story.ue.k, story.ue.opc, RAND, (64).to_bytes(6, "big"))
    hidden = xor(vector.autn[8:], hashlib.sha1(vector.ik).digest()[:8])
    res = vector.res[:-1] + bytes([vector.res[-1] ^ 1]) if flipped else vector.res
    nonce = base64.b64encode(RAND + vector.autn[:8] + hidden).decode()
    story.bootstrap(rand=RAND, nonce=nonce, res=res, xres=res)
    story.invite()
    run = story.ue.last
    ext, internal = (run.naf_key(NAF, story.ua_id, label) for label in ("gba-me", "gba-u"))
    password = base64.b64encode(ext if muk_on_uicc else run.mrk(NAF, story.ua_id))
    story.register(password=password, zn={"uicc_key": internal, "aware": True} if zn else None)
    story.msk(muk=internal if muk_on_uicc else ext)
    return story if zn else without_zn(story)


@pytest.mark.parametrize("flipped", [True, False])
def test_gba_u_is_seen_by_its_autn(tell, flipped):
    """Spec contradiction 20: the last bit of RES is changed, or is not; neither is held against the UE."""
    analysis = tell(gba_u(flipped=flipped))
    (run,) = analysis.story.chain.aka.values()
    assert (run.mac_ok, run.gba_u) == (True, True)
    ub, ua = checked(analysis)
    assert (ub.ok, ub.variant) == (True, digests.FLIPPED_RES if flipped else "")
    assert ua.ok
    assert verdicts(analysis, "UB-05") == verdicts(analysis, "UB-08") == ["pass"]


@pytest.mark.parametrize("zn", [True, False])
def test_gba_u_with_a_uicc_that_does_mbms(tell, zn):
    """MUK is Ks_int_NAF, MRK is Ks_ext_NAF."""
    analysis = tell(gba_u(flipped=True, zn=zn))
    assert kinds(analysis) == {("MUK", "Ks_int_NAF is the MUK"), ("MRK", "Ks_ext_NAF is the MRK")}
    assert {key.kind for key in analysis.story.chain.keys} >= {"K", "Ks", "Ks_ext_NAF", "Ks_int_NAF", "MSK"}


def test_gba_u_with_a_uicc_that_does_not(tell):
    """MUK is Ks_ext_NAF, MRK is derived from it."""
    analysis = tell(gba_u(flipped=True, muk_on_uicc=False))
    assert kinds(analysis) == {("MUK", "Ks_ext_NAF is the MUK"), ("MRK", "KDF of Ks_ext_NAF")}


def test_gba_me(tell):
    analysis = tell(without_zn(_registered()))
    assert kinds(analysis) == {("MUK", "Ks_NAF is the MUK"), ("MRK", "KDF of Ks_NAF")}


def _registered():
    story = Story.registered_by_http()
    story.msk()
    return story


@pytest.mark.parametrize("kind", ["u", "u-me"])
def test_the_type_of_the_keyring_names_the_keys(tell, kind):
    story = without_zn(gba_u(flipped=True, muk_on_uicc=kind == "u"))
    run = story.ue.last
    ring = (
        f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.gba]]\nb_tid = "{run.b_tid}"\n'
        f'ks = "{run.vector.ks.hex()}"\ntype = "{kind}"\n'
    )
    (muk,) = [key for key in tell(story, ring).story.chain.keys if key.kind == "MUK"]
    assert muk.origin == ("Ks_int_NAF is the MUK" if kind == "u" else "Ks_ext_NAF is the MUK")


# ------------------------------------------------------------------------------------------------ 2G


def kdf(key, *params):
    return hmac.digest(key, b"\x01" + b"".join(p + len(p).to_bytes(2, "big") for p in params), "sha256")


def of_2g(kc, sres):
    key = kc + kc + RAND
    ks = kdf(key, KS_INPUT, b"3gpp-gba-ks", sres)
    return Vector(RAND, bytes(16), kdf(key, b"3gpp-gba-res", sres)[:16], ks[:16], ks[16:])


def by_2g(kc, sres):
    story = Story("2g", by_sip=False)
    vector = of_2g(kc, sres)
    nonce = base64.b64encode(RAND + bytes(16) + KS_INPUT).decode()
    story.bootstrap(rand=RAND, nonce=nonce, res=vector.res, xres=vector.res)
    story.ue.gba[-1] = Gba(vector, story.ue.impi, story.ue.last.b_tid, story.ue.last.lifetime)
    story.invite()
    story.register()
    story.msk()
    return without_zn(story)


def test_2g_from_kc_and_sres(tell):
    kc, sres = made_up("Kc", 8), made_up("SRES", 4)
    story = by_2g(kc, sres)
    ring = f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.gba]]\nkc = "{kc.hex()}"\nsres = "{sres.hex()}"\ntype = "2g"\n'
    analysis = tell(story, ring)
    assert [check.ok for check in checked(analysis)] == [True, True]
    assert kinds(analysis) == {("MUK", "Ks_NAF is the MUK"), ("MRK", "KDF of Ks_NAF")}
    (ks,) = [key for key in analysis.story.chain.keys if key.kind == "Ks"]
    assert ks.origin.startswith("2G GBA, Kc and SRES of the keyring with RAND ")
    assert not [key for key in analysis.story.chain.keys if key.kind == "K"]


@pytest.mark.parametrize("choice", ["SRES#1", "SRES#2"])
def test_2g_from_the_k_of_a_usim(tell, choice):
    """The operator chooses of two SRES (TS 55.205 4); the one that fits is named."""
    ue = Story("2g", by_sip=False).ue
    made = milenage(ue.k, ue.opc, RAND, bytes(6))
    kc = xor(xor(made.ck[:8], made.ck[8:]), xor(made.ik[:8], made.ik[8:]))
    sres = xor(made.res[:4], made.res[4:]) if choice == "SRES#1" else made.res[:4]
    story = by_2g(kc, sres)
    analysis = tell(story)
    assert [check.ok for check in checked(analysis)] == [True, True]
    (ks,) = [key for key in analysis.story.chain.keys if key.kind == "Ks"]
    assert ks.variant == f"2g, {choice}"
    assert ks.parents[0].kind == "K"


def test_2g_without_server_data_has_no_ks(tell):
    ring = '[[ue]]\nimpi = "user1_private@home1.net"\n[[ue.gba]]\nkc = "{}"\nsres = "{}"\n'.format("00" * 8, "00" * 4)
    story = Story("2g", by_sip=False)
    story.bootstrap(rand=RAND, nonce=base64.b64encode(RAND + bytes(16)).decode())
    assert tell(story, ring).story.chain.ks == {}


# ------------------------------------------------------------------------------------------------ TUAK


@pytest.mark.parametrize("given", SETS, ids=[f"set {s['set']}" for s in SETS])
@pytest.mark.parametrize("operator", ["op", "opc"])
def test_tuak_of_every_size(tell, given, operator):
    """From K and TOP to the MSK, whatever the operator has chosen: the sizes are named where they are not the usual."""
    g = {name: bytes.fromhex(v) for name, v in given.items() if isinstance(v, str)}
    mac = tuak.f1(
        k=g["k"], topc=g["topc"], rand=g["rand"], sqn=g["sqn"], amf=g["amf"], iterations=given["iterations"]
    )  # fmt: skip
    autn = xor(g["sqn"], g["ak"]) + g["amf"] + mac
    story = Story("tuak", by_sip=False)
    story.bootstrap(
        rand=g["rand"], nonce=base64.b64encode(g["rand"] + autn).decode(), res=g["res"], xres=g["res"]
    )  # fmt: skip
    vector = Vector(g["rand"], autn, g["res"], g["ck"], g["ik"])
    story.ue.gba[-1] = Gba(vector, story.ue.impi, story.ue.last.b_tid, story.ue.last.lifetime)
    story.invite()
    story.register()
    story.msk()
    ring = (
        f'[[ue]]\nimpi = "{story.ue.impi}"\nalgorithm = "tuak"\niterations = {given["iterations"]}\n'
        f'k = "{given["k"]}"\n{operator} = "{given["topc" if operator == "opc" else "top"]}"\n'
    )
    analysis = tell(without_zn(story), ring)
    assert [check.ok for check in checked(analysis)] == [True, True]
    (ks,) = [key for key in analysis.story.chain.keys if key.kind == "Ks"]
    assert ks.value == g["ck"] + g["ik"]
    assert ks.variant == ", ".join(filter(None, ("me", Sizes(len(g["res"]), len(g["ck"]), len(g["ik"])).named)))
    assert [key.kind for key in analysis.story.chain.keys if key.kind == "MSK"] == ["MSK"]


# ------------------------------------------------------------------------------------------------ RES, AKAv2


def test_res_of_the_keyring_checks_ub(tell):
    story = Story.begun_by_http()
    run = story.ue.last
    ring = f'[[ue]]\nimpi = "{run.impi}"\n[[ue.gba]]\nrand = "{run.vector.rand.hex()}"\nres = "{{}}"\n'
    (right,) = checked(tell(story, ring.format(run.vector.res.hex())))
    (wrong,) = checked(tell(story, ring.format("00" * 8)))
    assert (right.ok, wrong.ok) == (True, False)


def test_res_that_is_wrong_blames_nobody(tell):
    story = Story.begun_by_http()
    ring = f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.gba]]\nres = "{"00" * 8}"\n'
    assert verdicts(tell(story, ring), "UB-05") == ["inconc"]


@pytest.mark.parametrize("second", [True, False])
def test_akav2(tell, second):
    """RFC 4169: the password is made of RES, IK and CK; that of AKAv1 is told apart."""
    story = Story("akav2", by_sip=False)
    vector = milenage(story.ue.k, story.ue.opc, RAND, (64).to_bytes(6, "big"))
    made = hmac.digest(vector.res + vector.ik + vector.ck, b"http-digest-akav2-password", "md5")
    password = base64.b64encode(made) if second else vector.res
    story.bootstrap(rand=RAND, challenge={"algorithm": "AKAv2-MD5"}, res=password, xres=password)
    (check,) = checked(tell(story))
    assert (check.ok, check.variant) == (True, "" if second else "the password of AKAv1")


# ------------------------------------------------------------------------------------------------ AUTS


def resynchronised(**more):
    story = Story("auts", by_sip=False)
    story.bootstrap(resync=True, **more)
    return story


def test_auts_tells_sqn_of_the_uicc(tell):
    (sqn,) = tell(resynchronised()).story.chain.resynchronisations.values()
    assert int.from_bytes(sqn, "big") == 128


def test_auts_of_another_k(tell):
    story = resynchronised()
    chain = tell(story, story.keyring().replace(story.ue.k.hex(), "00" * 16)).story.chain
    assert list(chain.resynchronisations.values()) == [b""]


def test_without_k_nothing_is_said_of_auts(tell):
    assert tell(resynchronised(), "").story.chain.resynchronisations == {}


# ------------------------------------------------------------------------------------------------ pieces


@pytest.mark.parametrize(
    ("entry", "fitting"),
    [
        (GbaRun(), True),
        (GbaRun(rand=RAND), True),
        (GbaRun(rand=bytes(16)), False),
        (GbaRun(b_tid=f"{base64.b64encode(RAND).decode()}@bsf.home1.net"), True),
        (GbaRun(b_tid=f"{base64.b64encode(bytes(16)).decode()}@bsf.home1.net"), False),
        (GbaRun(b_tid="no RAND in it"), False),
        (GbaRun(rand=RAND, b_tid="no RAND in it"), True),
    ],
)
def test_a_run_of_the_keyring_fits_a_rand(entry, fitting):
    assert fits(entry, RAND) is fitting


def test_only_zeros_make_an_autn_of_2g():
    assert Challenge(RAND, bytes(16)).is_2g
    assert not Challenge(RAND, bytes(15) + b"\1").is_2g
    assert not Challenge(RAND).is_2g


def test_no_octet_is_in_a_repr():
    run = AkaRun(b"\xaa" * 8, b"\xbb" * 16, b"\xcc" * 16, b"", b"", None, False)
    assert not any(octet in repr(replace(run, variant="x")) for octet in ("\\xaa", "\\xbb", "\\xcc"))
