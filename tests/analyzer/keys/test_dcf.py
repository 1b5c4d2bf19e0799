"""DCFs by hand: what is signed, and contents in CBC, in counter mode and in the clear."""

import hmac
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from analyzer.keys import dcf
from analyzer.keys.mikey import UndecryptableError
from dissectors import dissect
from dissectors.base import Payload
from dissectors.dcf import Content, Dcf
from sample_pcaps.forge_flute import box
from sample_pcaps.forge_keys import aes_counter

KEY, AUTH, IV = bytes(range(16)), b"a" * 20, bytes(range(16, 32))
PLAIN = b"a picture that moves"
FTYP = box(b"ftyp", b"odcf", bytes((0, 0, 0, 2)), full=False)
FREE = box(b"free", b"rest", full=False)
# NIST SP 800-38A F.2.1 and F.5.1, the first block of each
NIST = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
BLOCK = bytes.fromhex("6bc1bee22e409f96e93d7e117393172a")


def content(data, encryption=dcf.AES_CBC, padding=dcf.RFC_2630, length=20):
    return Content("video/mp4", encryption, padding, length, data=data)


def cbc(plain, key=KEY):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor()
    return IV + encryptor.update(plain)


def padded(plain):
    count = 16 - len(plain) % 16
    return plain + bytes((count,)) * count


def read(data) -> Dcf:
    body = dissect(Payload(data, "udp", "a", 1, "b", 2, 0, 1, 1), "dcf").body
    assert isinstance(body, Dcf)
    return body


def signed(over, *, before=FREE, behind=b""):
    """A file whose signature is over what `over` makes of the three parts around its value, and of these as boxes."""
    empty = FTYP + before + box(b"mdri", box(b"odfs", b"\1", bytes(20)), full=False) + behind
    value = len(empty) - len(behind) - 20
    mac = hmac.digest(AUTH, over(empty, value), "sha1")
    return empty[:value] + mac + empty[value + 20 :]


@pytest.mark.parametrize(
    ("over", "reading"),
    [
        (lambda data, value: data[: value - 13 - 8] + data[value + 20 :], dcf.BEFORE_MUTABLE),
        (lambda data, value: data[:value], "signature over all before it"),
        (lambda data, value: data[: value - 13], "signature over all before its box"),
        (lambda data, value: data[: value - 13] + data[value + 20 :], "signature over all but its box"),
        (lambda data, value: data, "signature over all, zeros in its place"),
    ],
)
def test_what_is_signed_is_tried_in_turn(over, reading):
    data = signed(over, behind=FREE)
    assert dcf.verify(auth_key=AUTH, data=data, body=read(data)) == reading
    assert dcf.verify(auth_key=b"b" * 20, data=data, body=read(data)) is None
    other = data.replace(b"rest", b"Rest", 1)
    assert dcf.verify(auth_key=AUTH, data=other, body=read(other)) is None


def test_the_mutable_box_may_stand_last():
    data = signed(lambda data, value: data[: value - 13 - 8])
    assert dcf.verify(auth_key=AUTH, data=data, body=read(data)) == dcf.BEFORE_MUTABLE


def test_no_signature_and_other_methods_verify_nothing():
    data = signed(lambda data, value: data[:value])
    none = FTYP + FREE
    assert dcf.verify(auth_key=AUTH, data=none, body=read(none)) is None
    null = data.replace(b"odfs\0\0\0\0\1", b"odfs\0\0\0\0\0")
    assert dcf.verify(auth_key=AUTH, data=null, body=read(null)) is None


def test_contents_are_decrypted():
    assert dcf.decrypt(encr_key=KEY, content=content(cbc(padded(PLAIN)))) == PLAIN
    assert dcf.decrypt(encr_key=KEY, content=content(IV + aes_counter(KEY, IV, PLAIN), dcf.AES_CTR, 0)) == PLAIN
    assert dcf.decrypt(encr_key=KEY, content=content(PLAIN, dcf.CLEAR, 0)) == PLAIN
    whole = content(cbc(padded(PLAIN)), padding=0, length=0)
    assert dcf.decrypt(encr_key=KEY, content=whole) == padded(PLAIN)


def test_published_vectors():
    first = bytes.fromhex("000102030405060708090a0b0c0d0e0f7649abac8119b246cee98e9b12e9197d")
    assert dcf.decrypt(encr_key=NIST, content=content(first, padding=0, length=16)) == BLOCK
    counter = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff874d6191b620e3261bef6864990db6ce")
    assert dcf.decrypt(encr_key=NIST, content=content(counter, dcf.AES_CTR, 0, 16)) == BLOCK


@pytest.mark.parametrize(
    "wrong",
    [
        content(b""),
        content(IV[:15]),
        content(IV),
        content(IV + b"x" * 17),
        content(cbc(padded(PLAIN)), length=19),
        content(cbc(PLAIN[:15] + b"\0")),
        content(cbc(PLAIN[:15] + b"\x11")),
        content(cbc(PLAIN[:14] + b"\1\2")),
        content(cbc(padded(PLAIN)), encryption=3),
        content(cbc(padded(PLAIN), key=b"k" * 16)),
    ],
)
def test_what_does_not_fit(wrong):
    with pytest.raises(UndecryptableError):
        dcf.decrypt(encr_key=KEY, content=wrong)


@given(st.binary(max_size=80), st.integers(0, 4), st.integers(0, 2), st.integers(0, 40))
def test_hostile_contents_raise_one_error_only(data, encryption, padding, length):
    try:
        plain = dcf.decrypt(encr_key=KEY, content=content(data, encryption, padding, length))
    except UndecryptableError:
        return
    assert len(plain) <= len(data)


@given(st.binary(max_size=60))
def test_cbc_comes_back(plain):
    assert dcf.decrypt(encr_key=KEY, content=replace(content(cbc(padded(plain))), plaintext_length=len(plain))) == plain


@given(st.binary(max_size=70), st.sampled_from([(dcf.AES_CBC, dcf.RFC_2630), (dcf.AES_CTR, 0), (dcf.CLEAR, 0)]))
def test_what_is_encrypted_decrypts(plain, how):
    method, padding = how
    old = content(IV if method else b"", method, padding, 0)
    made = dcf.encrypt(encr_key=KEY, content=old, plain=plain)
    assert dcf.decrypt(encr_key=KEY, content=replace(old, data=made)) == plain
    assert made[:16] == IV or method == dcf.CLEAR


def test_whole_blocks_need_no_padding():
    old = content(IV, dcf.AES_CBC, 0, 0)
    assert dcf.encrypt(encr_key=KEY, content=old, plain=BLOCK) == cbc(BLOCK)
