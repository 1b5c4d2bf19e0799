import hashlib

import pytest

from analyzer.keys.key import Key


def test_fingerprint_is_of_the_octets_alone():
    key = Key("MSK", bytes(range(16)), "keyring", "supplied", msk_id=b"\x00\x01\x00\x02")
    assert key.fingerprint == hashlib.sha256(bytes(range(16))).hexdigest()[:8]
    assert Key("MUK", bytes(range(16)), "elsewhere", "seen").fingerprint == key.fingerprint
    assert Key("MSK", bytes(16), "keyring", "supplied").fingerprint != key.fingerprint


def test_a_key_is_a_value():
    key = Key("K", b"k", "keyring", "supplied")
    assert key == Key("K", b"k", "keyring", "supplied")
    assert "value" not in repr(key)
    assert "salt" not in repr(key)
    assert len({key, Key("K", b"k", "keyring", "supplied"), Key("K", b"l", "keyring", "supplied")}) == 2
    with pytest.raises(AttributeError):
        key.kind = "Ks"  # type: ignore[misc]


def test_parents_lead_back():
    root = Key("K", b"k", "keyring", "supplied")
    assert Key("Ks", b"s", "milenage", "derived", parents=(root,)).parents[0] is root
