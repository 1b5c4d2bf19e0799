from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys.entry import KINDS, entered, tables, wrong
from analyzer.keys.keyring import TABLES, KeyringError

BY_NAME = {kind.name: kind for kind in KINDS}
KEY = "00112233445566778899aabbccddeeff"
VALUES = {
    "impi": "u@home1.net", "b_tid": "b@bsf", "fqdn": "bmsc.home1.net", "ua_id": "0100000001", "k": KEY, "opc": KEY,
    "algorithm": "milenage", "ks": KEY * 2, "rand": KEY, "ck": KEY, "ik": KEY, "res": "0011223344556677",
    "ks_naf": KEY * 2, "ks_ext_naf": KEY * 2, "ks_int_naf": KEY * 2, "muk": KEY * 2, "mrk": KEY * 2,
    "key_domain": "26f210", "msk_id": "00010001", "mtk_id": "0001", "value": KEY, "salt": KEY[:28],
    "spi": "0x00010001", "src": "10.0.0.1", "dst": "10.0.0.2", "encryption": "aes-cbc", "encryption_key": KEY,
    "integrity": "hmac-md5-96", "integrity_key": KEY,
}  # fmt: skip


TYPED_KINDS = [kind for kind in KINDS if kind.table != "tls"]


@pytest.mark.parametrize("kind", TYPED_KINDS, ids=lambda kind: kind.name)
def test_every_kind_makes_a_keyring_of_its_fields(kind):
    values = {place.name: VALUES.get(place.name, "") for place in kind.places}
    ring = entered(kind, {name: f" {value} " for name, value in values.items()})
    assert len(ring.ues) + len(ring.msks) + len(ring.mtks) + len(ring.esp) == 1
    assert ring.path is None
    assert KEY not in repr(ring)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_fields_are_those_of_the_keyring(kind):
    for place in kind.places:
        assert place.name in TABLES["ue" if place.name == "impi" else kind.table].keys
        value = __file__ if place.is_file else VALUES.get(place.name, KEY)
        assert wrong(kind, place.name, value) == ""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_without_a_secret_there_is_no_key(kind):
    values = {place.name: VALUES.get(place.name, "") for place in kind.places if place not in kind.keys}
    with pytest.raises(KeyringError, match="is missing") as raised:
        entered(kind, values)
    assert raised.value.key in {place.name for place in kind.keys}


def test_a_key_log_is_a_file_that_a_keyring_in_any_folder_can_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "keys.log").write_text("")
    for text in ("keys.log", " ~/keys.log ", str(tmp_path / "keys.log")):
        ring = entered(BY_NAME["TLS"], {"keylog": text})
        assert ring.keylog == tmp_path / "keys.log"
        assert tables(BY_NAME["TLS"], {"keylog": text}) == {"tls": {"keylog": str(tmp_path / "keys.log")}}
    for text in ("elsewhere.log", str(tmp_path), "~nobody-of-this-name/x"):
        assert wrong(BY_NAME["TLS"], "keylog", text) == "there is no such file"
        with pytest.raises(KeyringError, match="keylog: there is no such file"):
            entered(BY_NAME["TLS"], {"keylog": text})


@pytest.mark.parametrize(
    ("kind", "field", "text", "why"),
    [
        ("K", "k", "0011", "has 2 octets, must have 16 or 32"),
        ("MUK", "muk", "00112", "has 5 hex digits, an odd number"),
        ("MSK", "value", "xyz", "holds what is not a hex digit"),
        ("ESP", "encryption", "rot13", "must be one of null, aes-cbc, des-ede3-cbc, aes-gcm"),
        ("ESP", "src", "nowhere", "must be an IP address"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_reason(kind, field, text, why):
    assert wrong(BY_NAME[kind], field, text) == why
    with pytest.raises(KeyringError) as raised:
        entered(BY_NAME[kind], VALUES | {"op": "", field: text})
    assert (raised.value.key, raised.value.reason) == (field, why)


def test_what_is_missing_beside_a_key_is_said():
    with pytest.raises(KeyringError, match=r"k: needs opc or op too"):
        entered(BY_NAME["K"], {"impi": "u", "k": KEY})
    with pytest.raises(KeyringError, match=r"fqdn: is missing"):
        entered(BY_NAME["MUK"], {"impi": "u", "muk": KEY * 2})
    with pytest.raises(KeyringError, match=r"impi: is missing"):
        entered(BY_NAME["MUK"], {"fqdn": "f", "muk": KEY * 2})


def test_a_ue_holds_what_is_of_its_bootstrapping_or_naf():
    assert tables(BY_NAME["MRK"], {"impi": "u", "fqdn": "f", "mrk": KEY}) == {
        "ue": [{"impi": "u", "naf": [{"fqdn": "f", "mrk": KEY}]}]
    }


@given(kind=st.sampled_from(KINDS), text=st.text(max_size=40))
def test_whatever_is_typed_is_taken_or_refused_without_its_value(kind, text):
    for place in kind.places:
        told = wrong(kind, place.name, text)
        assert isinstance(told, str)
    values = dict.fromkeys([place.name for place in kind.places], text)
    with suppress(KeyringError):
        entered(kind, values)
