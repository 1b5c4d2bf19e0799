import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.keys import gba

IMPI = "user1_private@home1.net"
NAFS = [
    ("http", "bmsc.home1.net", gba.UA_HTTP),
    ("mbms", "bmsc.home1.net", gba.UA_MBMS),
    ("sip", "scf1.home1.net", gba.UA_SIP),
]


@pytest.mark.parametrize(("name", "fqdn", "ua_id"), NAFS)
def test_naf_keys_of_the_chain(name, fqdn, ua_id, value):
    ks, rand = value("Ks = CK||IK"), value("RAND")
    naf_id = gba.naf_id(fqdn=fqdn, ua_id=ua_id)
    assert naf_id == value(f"{name}: NAF_Id")
    ks_naf = gba.ks_naf(ks=ks, rand=rand, impi=IMPI, naf_id=naf_id)
    assert ks_naf == value(f"{name}: Ks_NAF / Ks_ext_NAF")
    assert gba.ks_int_naf(ks=ks, rand=rand, impi=IMPI, naf_id=naf_id) == value(f"{name}: Ks_int_NAF (gba-u)")
    assert gba.mrk(ks_naf=ks_naf) == value(f"{name}: MRK (from Ks_NAF/Ks_ext_NAF)")


def test_ks_is_ck_and_ik():
    assert gba.ks(ck=b"c" * 16, ik=b"i" * 16) == b"c" * 16 + b"i" * 16


def test_kdf_takes_any_length_without_raising():
    assert len(gba.kdf(key=b"k", fc=1, params=(bytes(70_000),))) == 32
    assert len(gba.kdf(key=b"", fc=0, params=())) == 32


def test_text_that_utf8_cannot_hold_does_not_raise():
    assert gba.naf_id(fqdn="\ud800", ua_id=gba.UA_MBMS).endswith(gba.UA_MBMS)


def test_b_tid_of_the_chain(chain, value):
    assert gba.b_tid(rand=value("RAND"), bsf="bsf.home1.net") == chain["values"]["B-TID"]
    assert gba.rand_of(chain["values"]["B-TID"]) == value("RAND")


@pytest.mark.parametrize(
    "b_tid",
    ["", "@", "@bsf", "AAAA@bsf", "I1U8vpY3qJ0hiuZNrke/NQ==", "I1U8vpY3qJ0hiuZNrke/N@bsf", "I1U8vpY3 J0hiuZNrke/NQ==@b",
     "é@bsf", "\ud800@bsf", f"{base64.b64encode(bytes(17)).decode()}@bsf"],
)  # fmt: skip
def test_no_rand_in_what_is_no_b_tid(b_tid):
    assert gba.rand_of(b_tid) is None


@settings(max_examples=100)
@given(rand=st.binary(min_size=16, max_size=16), bsf=st.text())
def test_b_tid_gives_its_rand_back(rand, bsf):
    assert gba.rand_of(gba.b_tid(rand=rand, bsf=bsf)) == rand


@settings(max_examples=100)
@given(st.text())
def test_rand_of_takes_any_text(text):
    assert gba.rand_of(text) is None or len(gba.rand_of(text)) == 16
