"""Slips of the pen in a keyring are named, values never; what is right, or of no use here, is no suspect."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from analyzer.keys.suspects import MAX_SUSPECTS, suspects
from sample_pcaps.story import Story


@pytest.fixture
def looked(tell):
    def look(story, keyring):
        found = tell(story, keyring)
        return suspects(found.story.traffic, found.keyring, found.story.chain)

    return look


@pytest.fixture(scope="module")
def story():
    told = Story.registered_by_http()
    told.keys_and_media()
    return without(told, told.addresses.bsf, told.addresses.bm_sc)  # Zn would show the keys


def without(story, *ends):
    pair = {ip_address(end).packed for end in ends}
    story.tape.packets = [p for p in story.tape.packets if {p[1][26:30], p[1][30:34]} != pair]
    return story


def run_of(story):
    return story.secrets()["ues"][0]["runs"][0]


def entry(story, table, **values):
    lines = [f'[[ue]]\nimpi = "{story.ue.impi}"\n[[ue.{table}]]']
    lines += [f'{name} = "{value.hex() if isinstance(value, bytes) else value}"' for name, value in values.items()]
    return "\n".join(lines) + "\n"


def test_a_right_keyring_has_none(looked, story):
    assert looked(story, story.keyring()) == ()
    assert looked(story, "") == ()


def roots(story):
    k, opc = story.ue.k, story.ue.opc
    ring = story.keyring()
    yield ring.replace("opc =", "op ="), "the op given is an OPc"
    yield ring.replace(k.hex(), "!").replace(opc.hex(), k.hex()).replace("!", opc.hex()), "K and opc are mixed up"
    yield ring.replace(k.hex(), k[::-1].hex()), "of K the octets are in reverse order"
    words = b"".join(opc[at : at + 4][::-1] for at in range(0, 16, 4))
    yield ring.replace(opc.hex(), words.hex()), "of OP or OPc the octets of each word are in reverse order"
    yield ring.replace(story.ue.impi, story.ue.impi.partition("@")[0]), "spell"
    yield ring.replace(story.ue.impi, story.ue.impi.upper()), "spell"


@pytest.mark.parametrize("number", range(6))
def test_k_and_opc_that_are_mixed_up_are_told(looked, story, number):
    keyring, reason = tuple(roots(story))[number]
    found = looked(story, keyring)
    assert [suspect.kind for suspect in found] == ["K"]
    assert found[0].fits
    assert reason in found[0].reason
    assert story.ue.k.hex() not in repr(found)


def uses(story):
    run = run_of(story)
    b_tid, fqdn = run["b_tid"], run["naf_fqdn"]
    yield entry(story, "naf", fqdn=fqdn, b_tid=b_tid, muk=run["mrk"]), "the value is a MRK, no MUK"
    yield entry(story, "naf", fqdn=fqdn, b_tid=b_tid, muk=run["ks_naf"][::-1]), "in reverse order"
    yield entry(story, "naf", fqdn=fqdn, b_tid=b_tid, ks_naf=run["ks"]), "the value is a Ks, no Ks_NAF"
    yield entry(story, "gba", b_tid=b_tid, ks=run["ks_naf"]), "the value is a Ks_NAF, no Ks"
    yield entry(story, "gba", b_tid=b_tid, ks=run["ik"] + run["ck"]), "the halves are the wrong way round"


@pytest.mark.parametrize("number", range(5))
def test_what_a_value_is_instead_is_told(looked, story, number):
    keyring, reason = tuple(uses(story))[number]
    found = looked(story, keyring)
    assert [suspect.fits for suspect in found] == [True]
    assert reason in found[0].reason


def test_another_ua_id_is_found(looked):
    story = Story("another ua id", by_sip=False)
    story.ua_id = bytes.fromhex("0100000007")
    story.bootstrap()
    story.invite()
    story.register()
    story.msk()
    without(story, story.addresses.bsf, story.addresses.bm_sc)
    (found,) = looked(story, story.keyring())
    assert (found.kind, found.fits) == ("K", True)
    assert "Ua id 0100000007" in found.reason


def test_another_value_is_told_as_that(looked, story):
    (found,) = looked(story, story.keyring().replace(story.ue.k.hex(), "5a" * 16))
    assert not found.fits
    assert "another one" in found.reason


def test_a_user_who_is_not_there_hints_at_another_capture(looked, story):
    keyring = f'[[ue]]\nimpi = "somebody@else.net"\nk = "{"5a" * 16}"\nopc = "{"5b" * 16}"\n'
    (found,) = looked(story, keyring)
    assert "another capture?" in found.reason
    assert looked(story, story.keyring() + keyring) == ()  # all that is there is open: others may stand beside


def test_an_msk_of_another_name_is_found(looked):
    story = Story.registered_by_http()
    story.keys_and_media()
    (msk,) = story.secrets()["msks"]
    for leg in ((story.addresses.bsf, story.addresses.bm_sc), (story.ue.ip, story.addresses.bsf)):
        without(story, *leg)
    lines = f'[[msk]]\nkey_domain = "{msk["key_domain"].hex()}"\nmsk_id = "00010009"\nvalue = "{msk["value"].hex()}"\n'
    (found,) = looked(story, lines)
    assert (found.kind, found.fits, found.reason) == ("MSK", True, "it is MSK 00010001")


def test_only_some_are_looked_into(looked, story):
    many = "".join(f'[[ue]]\nimpi = "u{n}@else.net"\nk = "{n:032x}"\nopc = "{n:032x}"\n' for n in range(1, 40))
    assert len(looked(story, many)) == MAX_SUSPECTS
