import os
import stat
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import gba
from analyzer.keys.keyring import EspSa, GbaRun, Keyring, KeyringError, MskEntry, MtkEntry, NafKeys, load_keyring, merge

# one keyring that uses everything of contract 3
FULL = """
[[ue]]
impi = "user1_private@home1.net"
impu = ["sip:user1_public1@home1.net", "tel:+358501234567"]
k = "46 5B 5C E8 B1 99 B4 9F AA 5F 0A 2E E2 38 A6 BC"
opc = "cd:63:cb:71:95:4a:9f:4e:48:a5:99:4e:37:a0:2b:af"

  [[ue.gba]]
  b_tid = "I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
  rand = "23553cbe9637a89d218ae64dae47bf35"
  ck = "b40ba9a3c58b2a05bbf0d987b21bf8cb"
  ik = "f769bcd751044604127672711c6d3441"
  res = "a54211d5e3ba50bf"
  lifetime = 2026-01-01T00:00:00.5+01:00
  type = "u-me"

  [[ue.gba]]
  ks = "b40ba9a3c58b2a05bbf0d987b21bf8cbf769bcd751044604127672711c6d3441"

  [[ue.naf]]
  fqdn = "bmsc.home1.net"
  ua_id = "0100000003"
  b_tid = "I1U8vpY3qJ0hiuZNrke/NQ==@bsf.home1.net"
  ks_ext_naf = "d3ef5aa76f14a5f301de614fce334acc5b31d94e42bf2f65843e1269d71926a6"
  ks_int_naf = "d563eb79889a3dea1fa222ccda24ac88b0e29433ac8f64d2b71f0516ac3afeee"

  [[ue.naf]]
  fqdn = "bmsc.home1.net"
  muk = "d3ef5aa76f14a5f301de614fce334acc5b31d94e42bf2f65843e1269d71926a6"
  mrk = "a6cf8db3f7ffb110cecd0520ebd1d6b4afc203e5eb48528363c0ea30fd60ef03"

[[ue]]
impi = "user2_private@home1.net"

[[msk]]
key_domain = "26f210"
msk_id = "00010002"
value = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
rand = "000102030405060708090a0b0c0d0e0f"

[[mtk]]
key_domain = "26f210"
msk_id = "00010002"
mtk_id = "0001"
value = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
salt = "d0d1d2d3d4d5d6d7d8d9dadbdcdd"

[[esp.sa]]
spi = "0000abcd"
src = "2001:DB8::1"
dst = "10.0.0.2"
encryption = "aes-cbc"
encryption_key = "000102030405060708090a0b0c0d0e0f"
integrity = "hmac-sha-1-96"
integrity_key = "000102030405060708090a0b0c0d0e0f10111213"

[[esp.sa]]
spi = 305419896

[tls]
keylog = "sslkeys.log"
"""


def write(folder, text, mode=0o600):
    path = folder / "keyring.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def wrong(folder, text):
    path = write(folder, text)
    with pytest.raises(KeyringError) as caught:
        load_keyring(path)
    assert caught.value.file == str(path)
    assert str(path) in str(caught.value)
    assert caught.value.table in str(caught.value)
    assert caught.value.key in str(caught.value)
    assert caught.value.reason in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


def test_everything_of_the_contract(tmp_path):
    ring = load_keyring(write(tmp_path, FULL))
    one, two = ring.ues
    assert (one.impi, one.impu[1], one.algorithm) == ("user1_private@home1.net", "tel:+358501234567", "milenage")
    assert one.k == bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc")
    assert one.opc == bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")
    run, other = one.gba
    assert (run.rand, run.type) == (gba.rand_of(run.b_tid), "u-me")
    assert run.lifetime == 1767222000_500_000_000
    assert other == GbaRun(ks=gba.ks(ck=run.ck, ik=run.ik))
    assert one.naf[0].ua_id == gba.UA_HTTP
    assert one.naf[0].ks_ext_naf == one.naf[1].muk
    assert one.naf[1].ua_id == gba.UA_MBMS
    assert (two.k, two.opc, two.gba, two.naf) == (None, None, (), ())
    msk_id = bytes.fromhex("00010002")
    domain = bytes.fromhex("26f210")
    assert ring.msks == (MskEntry(domain, msk_id, bytes(range(0xA0, 0xB0)), bytes(range(16))),)
    assert ring.mtks == (MtkEntry(domain, msk_id, b"\x00\x01", bytes(range(0xC0, 0xD0)), bytes(range(0xD0, 0xDE))),)
    assert ring.esp[0] == EspSa(
        0xABCD, "2001:db8::1", "10.0.0.2", "aes-cbc", bytes(range(16)), "hmac-sha-1-96", bytes(range(20))
    )
    assert ring.esp[1] == EspSa(0x12345678)
    assert (ring.keylog, ring.path) == (tmp_path / "sslkeys.log", tmp_path / "keyring.toml")
    assert ring.warnings == ()


def test_op_becomes_opc(tmp_path):
    # TS 35.208 set 1
    text = '[[ue]]\nimpi="a"\nk="465b5ce8b199b49faa5f0a2ee238a6bc"\nop="cdc202d5123e20f62b6d676ac72cb318"'
    assert load_keyring(write(tmp_path, text)).ues[0].opc == bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf")


def test_top_becomes_topc(tmp_path):
    # TS 35.233 set 1
    text = f'[[ue]]\nimpi="a"\nalgorithm="tuak"\nk="{"ab" * 16}"\nop="{"55" * 32}"'
    assert load_keyring(write(tmp_path, text)).ues[0].opc.hex().startswith("bd04d9530e87513c")


@pytest.mark.parametrize("text", ["", "# nothing\n", "\ufeff[tls]\n", "[esp]\n"])
def test_an_empty_keyring_is_one(tmp_path, text):
    ring = load_keyring(write(tmp_path, text))
    assert (ring.ues, ring.msks, ring.mtks, ring.esp, ring.keylog) == ((), (), (), (), None)


H16, H32 = "5a" * 16, "5a" * 32
UE = '[[ue]]\nimpi="a"\n'
MSK = f'[[msk]]\nkey_domain="26f210"\nmsk_id="00010002"\nvalue="{H16}"\n'
MTK = f'[[mtk]]\nkey_domain="26f210"\nmsk_id="00010002"\nmtk_id="0001"\nvalue="{H16}"\n'
SA = '[[esp.sa]]\nspi="00000001"\n'
NAF = UE + '[[ue.naf]]\nfqdn="b"\n'
GBA = UE + "[[ue.gba]]\n"
U1, G1, N1 = "[[ue]] 1", "[[ue]] 1 [[ue.gba]] 1", "[[ue]] 1 [[ue.naf]] 1"


@pytest.mark.parametrize(
    ("text", "table", "key", "reason"),
    [
        ("[[uee]]", "", "uee", "did you mean ue?"),
        ("ue = 1", "", "ue", "must be tables: [[ue]]"),
        ("ue = [1]", "", "ue", "must be tables: [[ue]]"),
        ("[ue]", "", "ue", "must be tables: [[ue]]"),
        ("tls = 1", "", "tls", "must be a table: [tls]"),
        ("[tls]\nfile='x'", "[tls]", "file", "unknown key"),
        ("[tls]\nkeylog=1", "[tls]", "keylog", "must be a string"),
        ("[esp]\nspi=1", "[esp]", "spi", "unknown key"),
        ("[[ue]]", U1, "impi", "is missing"),
        ('[[ue]]\nimpi=""', U1, "impi", "not empty"),
        ("[[ue]]\nimpi=5", U1, "impi", "must be a string"),
        (UE + "impu='x'", U1, "impu", "must be a list"),
        (UE + "impu=[1]", U1, "impu", "must be a string"),
        (UE + "ki='00'", U1, "ki", "unknown key"),
        (UE + f"k='{H16}'", U1, "k", "needs opc or op too"),
        (UE + f"opc='{H16}'", U1, "opc", "needs k too"),
        (UE + f"op='{H16}'", U1, "op", "needs k too"),
        (UE + f"k='{H16}'\nopc='{H16}'\nop='{H16}'", U1, "op", "cannot be given with opc"),
        (UE + f"k='{H32}'\nopc='{H16}'", U1, "k", "has 32 octets, must have 16 for milenage"),
        (UE + f"k='{H16}'\nopc='{H16}'\nalgorithm='tuak'", U1, "opc", "must have 32 for tuak"),
        (UE + "k='5a5'", U1, "k", "has 3 hex digits, an odd number"),
        (UE + "k='5a5x'", U1, "k", "not a hex digit"),
        (UE + "k='5a5é'", U1, "k", "not a hex digit"),
        (UE + "k='5a'", U1, "k", "has 1 octets, must have 16 or 32"),
        (UE + "k=55", U1, "k", "hex string in quotes"),
        (UE + "algorithm='comp128'", U1, "algorithm", "one of milenage, tuak"),
        (UE + "algorithm=[]", U1, "algorithm", "one of milenage, tuak"),
        (UE + UE, "[[ue]] 2", "impi", "is there twice"),
        (UE + "gba=1", U1, "gba", "must be tables: [[ue.gba]]"),
        (GBA + "lifetme='00'", G1, "lifetme", "did you mean lifetime?"),
        (GBA + f"rand='{H32}'", G1, "rand", "has 32 octets, must have 16"),
        (GBA + f"ck='{H16}'", G1, "ck", "needs ik too"),
        (GBA + f"ik='{H16}'", G1, "ik", "needs ck too"),
        (GBA + f"ks='{'00' * 32}'\nck='{H16}'\nik='{H16}'", G1, "ks", "is not ck and ik"),
        (GBA + "type='ME'", G1, "type", "one of me, u, u-me, 2g"),
        (GBA + "lifetime='2026-01-01T00:00:00Z'", G1, "lifetime", "without quotes"),
        (GBA + "lifetime=2026-01-01T00:00:00", G1, "lifetime", "with its offset"),
        (GBA + "lifetime=2026-01-01", G1, "lifetime", "with its offset"),
        (GBA + "b_tid='x'\n[[ue.gba]]\nb_tid='x'", "[[ue]] 1 [[ue.gba]] 2", "b_tid", "is there twice"),
        (GBA + f"rand='{H16}'\n[[ue.gba]]\nrand='{H16}'", "[[ue]] 1 [[ue.gba]] 2", "rand", "is there twice"),
        (UE + "[[ue]]\nimpi='b'\n[[ue.gba]]\nx=1", "[[ue]] 2 [[ue.gba]] 1", "x", "unknown key"),
        (UE + "[[ue.naf]]", N1, "fqdn", "is missing"),
        (NAF + "ua_id='01000001'", N1, "ua_id", "has 4 octets, must have 5"),
        (NAF + f"muk='{H16}'", N1, "muk", "must have 32"),
        (NAF + f"ks_naf='{H32}'\nks_ext_naf='{H32}'", N1, "ks_ext_naf", "cannot be given with ks_naf"),
        (NAF + "[[ue.naf]]\nfqdn='b'\nua_id='0100000001'", "[[ue]] 1 [[ue.naf]] 2", "fqdn", "is there twice"),
        ("[[msk]]", "[[msk]] 1", "key_domain", "is missing"),
        (MSK.replace("26f210", "26f2"), "[[msk]] 1", "key_domain", "has 2 octets, must have 3"),
        (MSK.replace(H16, "5a" * 15), "[[msk]] 1", "value", "has 15 octets, must have 16 or 24 or 32"),
        (MSK + "rand=''", "[[msk]] 1", "rand", "has 0 octets, must have 1 to 255"),
        (MSK + MSK, "[[msk]] 2", "msk_id", "is there twice"),
        (MTK.replace('"0001"', '"00000001"'), "[[mtk]] 1", "mtk_id", "has 4 octets, must have 2"),
        (MTK + "salt='00'", "[[mtk]] 1", "salt", "must have 14"),
        (MTK + MTK, "[[mtk]] 2", "mtk_id", "is there twice"),
        ("[[esp.sa]]", "[[esp.sa]] 1", "spi", "is missing"),
        ("[[esp.sa]]\nspi=true", "[[esp.sa]] 1", "spi", "must be an SPI"),
        ("[[esp.sa]]\nspi=4294967296", "[[esp.sa]] 1", "spi", "must be an SPI"),
        ("[[esp.sa]]\nspi='01'", "[[esp.sa]] 1", "spi", "has 1 octets, must have 4"),
        (SA + "src='bsf.home1.net'", "[[esp.sa]] 1", "src", "must be an IP address"),
        (SA + "encryption='rot13'", "[[esp.sa]] 1", "encryption", "must be one of"),
        (SA + SA, "[[esp.sa]] 2", "spi", "is there twice"),
        (SA + f"integrity_key='{H16}'", "[[esp.sa]] 1", "integrity_key", "is given, but integrity is null"),
        (SA + "encryption='aes-cbc'", "[[esp.sa]] 1", "encryption_key", "is missing for aes-cbc"),
        (SA + f"integrity='hmac-md5-96'\nintegrity_key='{H16}5a'", "[[esp.sa]] 1", "integrity_key", "must have 16 for"),
        (SA + f"encryption='aes-gcm'\nencryption_key='{H16}'", "[[esp.sa]] 1", "encryption_key", "must have 20 or 28"),
        (
            SA + f"encryption='aes-gcm'\nencryption_key='{H16}5a5a5a5a'\nintegrity='hmac-md5-96'\nintegrity_key='{H16}'",
            "[[esp.sa]] 1", "integrity", "cannot be given with aes-gcm",
        ),
        (
            SA + f"encryption='aes-cbc'\nencryption_key='{H16}'\nintegrity='aes-gmac'\nintegrity_key='{H16}5a5a5a5a'",
            "[[esp.sa]] 1", "encryption", "cannot be given with aes-gmac",
        ),
        (UE + "k = 5a5a\n", "", "", "is not TOML at line 3, column 6"),
        ("[[ue]", "", "", "is not TOML at"),
        ('impi = "never ends', "", "", "is not TOML at"),
        (b"\xff\xfe", "", "", "is not UTF-8 at octet 0"),
        ("a = " + "9" * 5000, "", "", "is not TOML"),
        ("a = " + "[" * 100_000, "", "", "is nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path, text, table, key, reason):
    error = wrong(tmp_path, text)
    assert (error.table, error.key) == (table, key)
    assert reason in error.reason
    assert "5a5" not in str(error)


def test_what_differs_is_no_duplicate(tmp_path):
    text = MSK + MSK.replace("00010002", "00010003") + MTK + MTK.replace('"0001"', '"0002"') + SA + SA + "src='::1'"
    ring = load_keyring(write(tmp_path, text))
    assert (len(ring.msks), len(ring.mtks), len(ring.esp)) == (2, 2, 2)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(KeyringError, match="cannot be read") as caught:
            load_keyring(path)
        assert caught.value.file == str(path)


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
@pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o644, 1), (0o660, 1)])
def test_a_keyring_that_others_can_read_warns(tmp_path, mode, warned):
    path = write(tmp_path, UE, mode)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    warnings = load_keyring(path).warnings
    assert len(warnings) == warned
    assert all(str(path) in warning and f"{mode:o}" in warning for warning in warnings)


def test_merge_holds_each_entry_once(tmp_path):
    (tmp_path / "b").mkdir()
    one = load_keyring(write(tmp_path, UE + MSK))
    two = load_keyring(write(tmp_path / "b", UE + "[[ue.naf]]\nfqdn='b'\n" + MSK + MTK + "[tls]\nkeylog='/k'", 0o644))
    both = merge([one, two, one])
    assert (len(both.ues), len(both.msks), len(both.mtks)) == (2, 1, 1)
    assert (both.path, str(both.keylog), both.warnings) == (one.path, "/k", two.warnings)
    assert both.ues[1].naf == (NafKeys("b"),)
    assert merge([]) == Keyring()


@settings(max_examples=100)
@given(
    st.binary(min_size=16, max_size=16),
    st.lists(st.sampled_from(["", " ", ":", "-", "  "]), min_size=16, max_size=16),
    st.booleans(),
)
def test_hex_of_any_form_is_read(tmp_path_factory, octets, between, upper):
    digits = "".join(f"{octet:02x}{gap}" for octet, gap in zip(octets, between, strict=True))
    path = write(tmp_path_factory.mktemp("ring"), MSK.replace(H16, digits.upper() if upper else digits))
    assert load_keyring(path).msks[0].value == octets


@pytest.mark.parametrize("before", ["0x", "0X", "  0x", "0x "])
def test_hex_may_say_that_it_is_hex(tmp_path, before):
    assert load_keyring(write(tmp_path, MSK.replace(H16, before + H16))).msks[0].value == bytes.fromhex(H16)


@pytest.mark.parametrize("value", ["0x10001", '"0x10001"', '"0X00010001"', '"00 01 00 01"', '"00010001"', "65537"])
def test_an_spi_in_any_form_is_read(tmp_path, value):
    assert load_keyring(write(tmp_path, f"[[esp.sa]]\nspi = {value}")).esp[0].spi == 0x10001


@pytest.mark.parametrize("value", ["0", '"0x0"', '"00000000"', '"0x100010001"', "true"])
def test_an_spi_that_is_none_is_refused(tmp_path, value):
    assert wrong(tmp_path, f"[[esp.sa]]\nspi = {value}").key == "spi"


def test_an_address_of_a_packet_has_no_zone(tmp_path):
    assert load_keyring(write(tmp_path, '[[esp.sa]]\nspi = 1\nsrc = "fe80::1%eth0"')).esp[0].src == "fe80::1"


def test_lengths_that_may_be_are_all_of_those_named(tmp_path):
    text = f'[[ue]]\nimpi = "a"\n[[ue.gba]]\nres = "{"00" * 20}"'
    assert wrong(tmp_path, text).reason == "has 20 octets, must have 4 to 16 or 32"


@settings(max_examples=150)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))))
def test_any_file_is_a_keyring_or_a_keyring_error(tmp_path_factory, content):
    path = write(tmp_path_factory.mktemp("ring"), content)
    with suppress(KeyringError):
        load_keyring(path)
