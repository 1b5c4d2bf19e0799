"""`keyshark derive`: every published vector, and the self made chain, typed in as a person would."""

import hashlib
import hmac
import json
from pathlib import Path

import click
import pytest

from analyzer import cli

VECTORS = Path(__file__).parents[2] / "vectors"
CHAIN = json.loads((VECTORS / "chain.json").read_text())
VALUES = CHAIN["values"]
RES, CK, IK = "a54211d5e3ba50bf", "b40ba9a3c58b2a05bbf0d987b21bf8cb", "f769bcd751044604127672711c6d3441"
RAND, KS = VALUES["RAND"], VALUES["Ks = CK||IK"]
IMPI, BM_SC, SCF = "user1_private@home1.net", "bmsc.home1.net", "scf1.home1.net"
MSK, MIKEY_RAND = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "000102030405060708090a0b0c0d0e0f"
MTK, SALT = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "d0d1d2d3d4d5d6d7d8d9dadbdcdd"


def load(name):
    return json.loads((VECTORS / name).read_text())


def options(given):
    """Write options as they are typed."""
    return [item for name, value in given.items() for item in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture
def derived(told):
    """The steps of a derivation by their names, as JSON has them."""

    def run(step, **given):
        code, out = told("derive", step, *options(given), "--format", "json")
        assert code == 0
        found = json.loads(out)
        assert found["derived"] == step
        return {item["name"]: item["value"] for item in found["steps"]}

    return run


def complains(capsys, *args):
    code = cli.run(["derive", *args])
    out, err = capsys.readouterr()
    assert (code, out) == (2, "")
    return err


# ------------------------------------------------------------------------------------------------ AKA


@pytest.mark.parametrize("operator", ["op", "opc"])
@pytest.mark.parametrize("given", load("milenage.json")["sets"], ids=lambda s: f"set {s['set']}")
def test_milenage(derived, given, operator):
    asked = {name: given[name] for name in ("k", operator, "rand", "sqn", "amf")}
    found = derived("milenage", **asked)
    names = {
        "OPc": "opc", "MAC-A (f1)": "f1", "MAC-S (f1*)": "f1_star", "RES (f2)": "res", "CK (f3)": "ck",
        "IK (f4)": "ik", "AK (f5)": "ak", "AK* (f5*)": "ak_star",
    }  # fmt: skip
    assert {name: found[name] for name in names} == {name: given[key] for name, key in names.items()}
    assert found["Ks"] == given["ck"] + given["ik"]


@pytest.mark.parametrize("operator", ["op", "opc"])
@pytest.mark.parametrize("given", load("tuak.json")["sets"], ids=lambda s: f"set {s['set']}")
def test_tuak(derived, given, operator):
    asked = {name: given[name] for name in ("k", "rand", "sqn", "amf", "iterations")}
    asked[operator] = given["top" if operator == "op" else "topc"]
    sizes = {"mac_bits": "f1", "res_bits": "res", "ck_bits": "ck", "ik_bits": "ik"}
    found = derived("tuak", **asked, **{name: len(given[key]) * 4 for name, key in sizes.items()})
    names = {
        "TOPc": "topc", "MAC-A (f1)": "f1", "MAC-S (f1*)": "f1_star", "RES (f2)": "res", "CK (f3)": "ck",
        "IK (f4)": "ik", "AK (f5)": "ak", "AK* (f5*)": "ak_star",
    }  # fmt: skip
    assert {name: found[name] for name in names} == {name: given[key] for name, key in names.items()}


def test_a_challenge_and_an_auts_are_checked(derived):
    base = {"k": "465b5ce8b199b49faa5f0a2ee238a6bc", "opc": "cd63cb71954a9f4e48a5994e37a02baf", "rand": RAND}
    autn, auts = VALUES["AUTN = (SQN^AK)||AMF||MAC"], VALUES["AUTS (SQN_MS = SQN of set 1)"]
    found = derived("milenage", **base, autn=autn, auts=auts)
    assert (found["SQN in AUTN"], found["AMF in AUTN"], found["MAC in AUTN fits"]) == ("ff9bb4d0b607", "b9b9", "yes")
    assert (found["SQN_MS in AUTS"], found["MAC-S in AUTS fits"]) == ("ff9bb4d0b607", "yes")
    made = derived("milenage", **base, sqn="ff9bb4d0b607", amf="b9b9")
    assert (made["AUTN"], made["AUTS of this SQN"]) == (autn, auts)
    hidden = derived("milenage", **base, autn=made["AUTN for GBA_U"])
    assert hidden["MAC in AUTN fits"] == "yes, as changed for GBA_U"
    assert hidden["RES to send"] == "a54211d5e3ba50be"
    wrong = derived("milenage", **base, autn="00" * 16, auts="00" * 14)
    assert (wrong["MAC in AUTN fits"], wrong["MAC-S in AUTS fits"]) == ("no", "no")


# ------------------------------------------------------------------------------------------------ GBA


def test_ks_and_b_tid(derived):
    found = derived("ks", ck=CK, ik=IK, rand=RAND, bsf="bsf.home1.net")
    assert found == {"Ks": KS, "B-TID": VALUES["B-TID"]}


def test_ks_of_2g(derived):
    found = derived("ks", kc="eae4be823af9a08b", sres="46f8416a", ks_input="00" * 16, rand=RAND)
    assert found["key Kc || Kc || RAND"] == "eae4be823af9a08b" * 2 + RAND
    assert len(found["RES"]), len(found["Ks"]) == (32, 64)


@pytest.mark.parametrize(
    ("name", "fqdn", "ua_id"),
    [("http", BM_SC, "0100000003"), ("mbms", BM_SC, "0100000001"), ("sip", SCF, "0100000004")],
)
@pytest.mark.parametrize("run", [{"rand": RAND}, {"b_tid": VALUES["B-TID"]}], ids=["RAND", "B-TID"])
def test_ks_naf(derived, name, fqdn, ua_id, run):
    found = derived("ks-naf", ks=KS, impi=IMPI, fqdn=fqdn, **run)  # all three Ua ids are tried
    of = f", Ua id {ua_id}"
    ext, internal = VALUES[f"{name}: Ks_NAF / Ks_ext_NAF"], VALUES[f"{name}: Ks_int_NAF (gba-u)"]
    mrk = VALUES[f"{name}: MRK (from Ks_NAF/Ks_ext_NAF)"]
    assert found[f"NAF_Id{of}"] == VALUES[f"{name}: NAF_Id"]
    assert found[f"S for gba-me{of}"] == VALUES[f"{name}: KDF input S (gba-me)"]
    assert (found[f"Ks_NAF or Ks_ext_NAF{of}"], found[f"Ks_int_NAF{of}"]) == (ext, internal)
    for case, keys in (
        ("GBA_ME or 2G GBA", (ext, mrk)),
        ("GBA_U, UICC does MBMS", (internal, ext)),
        ("GBA_U, ME does", (ext, mrk)),
    ):
        assert (found[f"MUK with {case}{of}"], found[f"MRK with {case}{of}"]) == keys


@pytest.mark.parametrize("octets", [16, 32])
def test_gba_digest(derived, octets):
    # TS 33.220 B.5: FC, P0, L0 of 15 or 13, P1 of 48, and for Ks RESP
    h_a1, extr, resp = bytes(range(octets)), bytes(range(48)), bytes(range(100, 100 + octets))
    found = derived("gba-digest", h_a1=h_a1.hex(), tls_mk_extr=extr.hex(), resp=resp.hex())
    passwd = b"\x01GBA_Digest_RESP\x00\x0f" + extr + b"\x00\x30"
    ks = b"\x01GBA_Digest_Ks\x00\x0d" + extr + b"\x00\x30" + resp + octets.to_bytes(2, "big")
    assert (found["S for passwd"], found["S for Ks"]) == (passwd.hex(), ks.hex())
    assert found["passwd"] == hmac.new(h_a1, passwd, hashlib.sha256).hexdigest()
    assert found["Ks"] == hmac.new(h_a1, ks, hashlib.sha256).hexdigest()
    assert "Ks" not in derived("gba-digest", h_a1=h_a1.hex(), tls_mk_extr=extr.hex())


def test_another_ua_id(derived):
    found = derived("ks-naf", ks=KS, rand=RAND, impi=IMPI, fqdn=BM_SC, ua_id="0100000002")
    assert found["NAF_Id, Ua id 0100000002"] == BM_SC.encode().hex() + "0100000002"
    assert not any("0100000003" in name for name in found)


def test_mrk(derived):
    found = derived("mrk", ks_naf=VALUES["http: Ks_NAF / Ks_ext_NAF"])
    assert found["S"] == "016d626d732d6d726b0008"
    assert found["MRK"] == VALUES["http: MRK (from Ks_NAF/Ks_ext_NAF)"]
    assert found["password"] == VALUES["Ua password base64(MRK)"]


# ------------------------------------------------------------------------------------------------ digest


@pytest.mark.parametrize("given", load("digest.json"), ids=lambda d: d["source"])
def test_published_digests(derived, given):
    asked = {name: value for name, value in given.items() if name not in ("source", "response")}
    assert derived("digest", **asked)["response"] == given["response"]


def test_ub(derived, tmp_path):
    answer = tmp_path / "answer"
    answer.write_bytes(CHAIN["ub_body"].encode())
    found = derived(
        "digest", username=IMPI, realm="bsf.home1.net", res=RES, uri="/", nonce=VALUES["nonce (no server data)"],
        qop="auth-int", nc="00000001", cnonce="0a4f113b", algorithm="AKAv1-MD5", answer=answer,
    )  # fmt: skip
    assert found["HA1"] == VALUES["Ub HA1 (AKAv1-MD5, password = binary RES)"]
    assert found["HA2"] == VALUES['Ub HA2 (GET, uri "/", auth-int, empty body)']
    assert found["response"] == VALUES["Ub response"]
    assert found["rspauth"] == VALUES['Ub rspauth (uri "/", body below)']


@pytest.mark.parametrize("qop", ["auth", "auth-int"])
def test_ua(derived, tmp_path, qop):
    body = tmp_path / "body"
    body.write_bytes(CHAIN["ua_body"].encode())
    found = derived(
        "digest", username=VALUES["B-TID"], realm=f"3GPP-bootstrapping@{BM_SC}", method="POST", qop=qop,
        mrk=VALUES["http: MRK (from Ks_NAF/Ks_ext_NAF)"], uri="/keymanagement?requesttype=register",
        nonce="6629fae49393a05397450978507c4ef1", nc="00000001", cnonce="6629fae49393a053", body=body,
    )  # fmt: skip
    for name in ("HA1", "HA2", "response"):
        assert found[f"{name}, base64 of MRK"] == VALUES[f"Ua digest {name} ({qop})"]
    assert len({found[f"response, {way}"] for way in ("base64 of MRK", "MRK as octets", "MRK in hex")}) == 3


def test_akav2_needs_all_three(derived, capsys):
    asked = {"username": "u", "realm": "r", "uri": "/", "nonce": "n", "algorithm": "AKAv2-MD5", "res": RES}
    first = derived("digest", **(asked | {"algorithm": "AKAv1-MD5"}))
    assert derived("digest", **asked, ck=CK, ik=IK)["HA1"] != first["HA1"]
    assert "RES, IK and CK" in complains(capsys, "digest", *options(asked))


# ------------------------------------------------------------------------------------------------ MIKEY, SRTP


def test_msk_message(derived):
    whole, mac = VALUES["MSK msg: complete UDP payload (217 octets)"], VALUES["MSK msg: MAC"]
    found = derived(
        "mikey-psk", psk=VALUES["MSK msg: PSK = MUK (10.4.1 Ks_NAF)"], csb_id="c0ffee01", rand=MIKEY_RAND, t="07",
        data=VALUES["MSK msg: encr data"], plain=VALUES["MSK msg: plaintext key data"], covered=whole.removesuffix(mac),
    )  # fmt: skip
    assert found["label of encr_key"] == f"150533e1ffc0ffee01{MIKEY_RAND}"
    for name, value in (
        ("encr_key", "encr_key"), ("auth_key", "auth_key"), ("salt", "salt"), ("IV", "IV"),
        ("decrypted", "plaintext key data"), ("encrypted", "encr data"), ("MAC", "MAC"),
    ):  # fmt: skip
        assert found[name] == VALUES[f"MSK msg: {value}"]


@pytest.mark.parametrize(
    ("variant", "covers"),
    [
        ("raw IDs + 4-octet T", (BM_SC.encode().hex() + VALUES["B-TID"].encode().hex(), "00000007")),
        ("raw IDs + 8-octet T", (BM_SC.encode().hex() + VALUES["B-TID"].encode().hex(), "0000000000000007")),
    ],
)
def test_verification_message(derived, variant, covers):
    covered = VALUES["Verification msg without ver data"] + "".join(covers)
    found = derived("mac", key=VALUES["MSK msg: auth_key"], data=covered)
    assert found["MAC"] == VALUES[f"Verification MAC, variant {variant}"]


def test_mtk_message(derived):
    whole = VALUES["MTK msg: complete UDP payload (96 octets)"]
    plain = VALUES["MTK msg: plaintext key data"]
    data = whole[-42 - len(plain) : -42]
    found = derived(
        "mikey-psk", psk=MSK, csb_id="0badcafe", rand=MIKEY_RAND, t="00000001", data=data, covered=whole[:-40]
    )
    assert found["encr_key"] == VALUES["MTK msg: encr_key (from MSK, MIKEY-RAND of MSK msg, own CSB ID)"]
    assert (found["auth_key"], found["salt"]) == (VALUES["MTK msg: auth_key"], VALUES["MTK msg: salt"])
    assert (found["decrypted"], found["MAC"]) == (plain, whole[-40:])


def test_whole_messages(derived, capsys):
    msk, mtk = VALUES["MSK msg: complete UDP payload (217 octets)"], VALUES["MTK msg: complete UDP payload (96 octets)"]
    muk = VALUES["MSK msg: PSK = MUK (10.4.1 Ks_NAF)"]
    found = derived("mikey-psk", psk=muk, message=msk)
    assert (found["decrypted"], found["MAC fits"]) == (VALUES["MSK msg: plaintext key data"], "yes")
    assert found["MAC"] == found["MAC in the message"] == VALUES["MSK msg: MAC"]
    found = derived("mikey-psk", psk=MSK, message=mtk, rand=MIKEY_RAND)
    assert (found["decrypted"], found["MAC fits"]) == (VALUES["MTK msg: plaintext key data"], "yes")
    wrong = derived("mikey-psk", psk="5a" * 32, message=msk)
    assert wrong["MAC fits"] == "no"
    assert "decrypted" not in wrong
    assert derived("mikey-psk", psk=MSK, message=mtk, rand=MIKEY_RAND, csb_id="01")["MAC fits"] == "no"
    assert "--rand" in complains(capsys, "mikey-psk", "--psk", MSK, "--message", mtk)
    for broken in ("5a5a5a", msk[:-2], VALUES["Verification msg without ver data"]):
        assert "no whole MIKEY message" in complains(capsys, "mikey-psk", "--psk", MSK, "--message", broken)


def test_download_keys(derived):
    found = derived("mikey-tgk", tgk=MTK, csb_id="0badcafe", rand=MIKEY_RAND)
    for cs_id, named in (("00", "1 octet 00"), ("00000000", "4 octets 00000000")):
        assert found[f"auth_key, cs_id {cs_id}"] == VALUES[f"Download auth key 160 bit (cs_id {named})"]
        assert found[f"encr_key, cs_id {cs_id}"] == VALUES[f"Download enc key 128 bit (cs_id {named})"]


@pytest.mark.parametrize("given", load("hmac.json"), ids=lambda h: h["source"])
def test_published_macs(derived, given):
    asked = {name: given[name] for name in ("key", "data", "mac_alg")}
    assert derived("mac", **asked)["MAC"] == given["mac"]


@pytest.mark.parametrize("protocol", ["SRTP", "SRTCP"])
def test_session_keys_of_the_chain(derived, protocol):
    found = derived("srtp", key=MTK, salt=SALT)
    for name, value in (("encryption key", "enc key"), ("authentication key", "auth key"), ("salt", "salt")):
        assert found[f"{protocol} {name}"] == VALUES[f"{protocol} session {value}"]


@pytest.mark.parametrize("given", load("srtp.json")["key_derivation"], ids=lambda k: k["source"])
def test_published_session_keys(derived, given):
    asked = {"key": given["master_key"], "salt": given["master_salt"], "auth_length": len(given["auth_key"]) // 2}
    found = derived("srtp", **asked)
    assert found["SRTP encryption key"] == given["encr_key"]
    assert (found["SRTP authentication key"], found["SRTP salt"]) == (given["auth_key"], given["salt"])


def test_published_key_stream(derived):
    given = load("srtp.json")["rfc3711_b2"]
    for block, blocks in ((0, given["first_blocks"]), (given["block"], given["later_blocks"])):
        found = derived("aes-cm", key=given["key"], iv=given["iv"], block=block, blocks=3)
        assert "".join(found.values()) == blocks


# ------------------------------------------------------------------------------------------------ a person at a desk


def test_text_has_every_step_on_a_line(told):
    code, out = told("derive", "mrk", "--ks-naf", VALUES["http: Ks_NAF / Ks_ext_NAF"])
    assert code == 0
    head, *rows = out.splitlines()
    assert head.split() == ["step", "value", "clause"]
    assert [row.split()[0] for row in rows] == ["S", "MRK", "password"]
    assert VALUES["http: MRK (from Ks_NAF/Ks_ext_NAF)"] in out


def test_octets_come_from_a_file_or_are_asked_for(derived, tmp_path, monkeypatch):
    secret = VALUES["http: Ks_NAF / Ks_ext_NAF"]
    file = tmp_path / "key.hex"
    file.write_text(f"{secret[:32].upper()} {secret[32:]}\n")
    asked = []
    monkeypatch.setattr(click, "prompt", lambda text, **how: asked.append((text, how)) or secret)
    expected = derived("mrk", ks_naf=secret)
    assert derived("mrk", ks_naf=f"@{file}") == derived("mrk", ks_naf="-") == expected
    assert asked == [("ks-naf", {"hide_input": True, "err": True})]


def test_help_warns_of_the_history(told):
    code, out = told("derive", "--help")
    assert code == 0
    assert "history of the shell" in out


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (["mrk", "--ks-naf", "5a5a5a5a5a"], "has 5 octets, must have 32"),
        (["mrk", "--ks-naf", "5a5a5a5a5"], "an odd number"),
        (["mrk", "--ks-naf", "5a5a5a5a5g"], "not a hex digit"),
        (["mrk", "--ks-naf", "@/nowhere/at/all"], "cannot be read"),
        (["mikey-psk", "--psk", "5a5a5a5a5a"], "give --message"),
        (["mikey-psk", "--psk", "5a5a5a5a5a", "--csb-id", "5a5a5a5a5a", "--rand", "00"], "at most 4"),
        (["mikey-psk", "--psk", "5a5a5a5a5a", "--csb-id", "01", "--rand", "00", "--data", "5a5a5a"], "need --t"),
        (
            ["mikey-psk", "--psk", "5a5a5a5a", "--csb-id", "1a", "--rand", "00", "--encr-alg", "2", "--data", "5a5a5a5a"],
            "AES key wrap",
        ),
        (["ks", "--ck", "5a" * 16], "--ck and --ik"),
        (["ks", "--kc", "5a" * 8, "--sres", "5a5a5a5a", "--ks-input", "5a" * 16], "--rand"),
        (["ks-naf", "--ks", "5a" * 32, "--impi", "a", "--fqdn", "b", "--b-tid", "none"], "give --rand"),
        (["milenage", "--k", "5a" * 16, "--rand", "5a" * 16], "either --op or --opc"),
        (["milenage", "--k", "5a" * 16, "--opc", "5a" * 16, "--rand", "5a" * 16, "--sqn", "5a" * 6], "--sqn and --amf"),
        (
            ["tuak", "--k", "5a" * 16, "--op", "5a" * 32, "--rand", "5a" * 16, "--mac-bits", "128", "--autn", "5a" * 16],
            "64 bits",
        ),
        (["digest", "--username", "u", "--realm", "r", "--uri", "/", "--nonce", "n"], "one of --password"),
        (
            ["digest", "--username", "u", "--realm", "r", "--uri", "/", "--nonce", "n", "--res", "5a", "--algorithm", "X"],
            "not supported",
        ),
    ],
)  # fmt: skip
def test_complaints_say_what_is_wrong_and_show_no_octet(capsys, args, reason):
    err = complains(capsys, *args)
    assert reason in err
    assert "5a5a5a" not in err
