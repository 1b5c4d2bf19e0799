"""Pseudonyms: of the same form and length, always the same, and never what they stand for."""

import base64
import ipaddress
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.anonymous import huffman
from analyzer.anonymous.pseudonyms import Pseudonyms

NAMES = Pseudonyms(b"secret")


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_words_keep_their_form(word):
    made = NAMES.word(word)
    assert len(made) == len(word)
    assert made == NAMES.word(word)
    for old, new in zip(word, made, strict=True):
        assert (old.islower(), old.isupper(), old.isdigit()) == (new.islower(), new.isupper(), new.isdigit())
        assert (old == new) == (not old.isalnum())


@pytest.mark.parametrize(
    "words", [[f"{number:04}" for number in range(1500)], list("abcdefghijklmnopqrstuvwxyz"), list("0123456789")]
)
def test_no_two_words_have_one_pseudonym(words):
    names = Pseudonyms(b"secret")
    made = [names.word(word) for word in words]
    assert len(set(made)) >= len(words) * (0.99 if len(words) > 10 else 0.9)
    assert made == [names.word(word) for word in words]
    assert not [word for word, new in zip(words, made, strict=True) if word == new]


def test_case_makes_no_other_word():
    assert NAMES.word("Bsf").lower() == NAMES.word("BSF").lower() == NAMES.word("bsf")


@given(st.text(alphabet=string.ascii_lowercase + string.digits, min_size=1, max_size=20))
@example("262011234567890")
@example("test")
def test_words_are_as_long_in_the_huffman_code_of_http2(word):
    assert huffman.bits(NAMES.word(word)) == huffman.bits(word)


def test_of_a_word_only_the_length_of_its_code_is_told():
    made = [Pseudonyms(bytes([secret])).word("262011234567890") for secret in range(64)]
    for at in range(15):  # 0, 1 and 2 have five bits, the others six
        assert len({huffman.bits(word[at]) for word in made}) == 2


@given(st.ip_addresses())
def test_addresses_are_as_long_in_the_huffman_code_of_http2(address):
    assert huffman.bits(NAMES.address(str(address))) == huffman.bits(str(address))


@given(st.binary(min_size=16, max_size=16))
def test_base64_of_a_rand_stays_base64_of_16_octets(rand):
    text = base64.b64encode(rand).decode()
    made = NAMES.encoded(text)
    octets = base64.b64decode(made, validate=True)
    assert len(octets) == 16
    assert octets != rand
    assert base64.b64encode(octets).decode() == made
    if text.count("A") + text.count("X") + text.count("Z") < 4:  # no other large letters are as long as these
        assert huffman.bits(made) == huffman.bits(text)
    assert [at for at, c in enumerate(made) if c in "+/="] == [at for at, c in enumerate(text) if c in "+/="]


@given(st.ip_addresses())
def test_addresses_keep_their_length_and_what_they_are_for(address):
    made = ipaddress.ip_address(NAMES.address(str(address)))
    assert len(str(made)) == len(str(address))
    assert made.packed == NAMES.packed(address.packed)
    assert (made.version, made.is_multicast, made.is_unspecified) == (
        address.version, address.is_multicast, address.is_unspecified
    )  # fmt: skip


@given(st.lists(st.ip_addresses(v=4), min_size=2, max_size=2, unique=True))
def test_two_addresses_stay_two_and_share_as_much(pair):
    one, other = (address.packed for address in pair)
    made = [NAMES.packed(octets) for octets in (one, other)]
    assert made[0] != made[1]
    shared = next(at for at in range(4) if one[at] != other[at])
    assert made[0][:shared] == made[1][:shared]


@pytest.mark.parametrize("text", ["10.0.0.1", "239.1.2.3", "2001:db8::1", "fe80::1", "ff0e::1:2", "192.168.101.200"])
def test_ordinary_addresses_become_others(text):
    assert NAMES.address(text) != text
    assert len(NAMES.address(text)) == len(text)


@pytest.mark.parametrize("text", ["0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "no address", "10.0.0"])
def test_what_is_nobodys_stays(text):
    assert NAMES.address(text) == text


def test_addresses_that_are_written_otherwise():
    assert NAMES.address("2001:DB8::1") == NAMES.address("2001:db8::1").upper()
    long = NAMES.address("2001:0db8:0000:0000:0000:0000:0000:0001")
    assert ipaddress.ip_address(long) == ipaddress.ip_address(NAMES.address("2001:db8::1"))


def test_hosts_are_replaced_label_by_label():
    bsf, bmsc = NAMES.host("bsf.home1.net"), NAMES.host("bmsc.home1.net")
    assert bsf.partition(".")[2] == bmsc.partition(".")[2]
    assert (len(bsf), bsf[-4:]) == (13, ".net")
    assert NAMES.host("ims.mnc001.mcc262.3gppnetwork.org")[:7] == "ims.mnc"
    assert "001" not in NAMES.host("ims.mnc001.mcc262.3gppnetwork.org")


def test_hardware_addresses_keep_whether_they_are_of_a_group():
    assert NAMES.hardware(bytes.fromhex("020a00000001"))[0] & 3 == 2
    assert NAMES.hardware(bytes.fromhex("01005e010203"))[0] & 3 == 3
    assert NAMES.hardware(b"\xff" * 6) == b"\xff" * 6


def test_the_secret_is_not_shown():
    assert "secret" not in repr(NAMES)
