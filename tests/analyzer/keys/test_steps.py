"""Steps of the arithmetic by themselves; that their values are right is shown through the command, vector by vector."""

import pytest

from analyzer.keys import gba, steps
from analyzer.keys.aka import Sizes


def names(found):
    return [step.name for step in found]


def test_steps_come_in_the_order_of_the_chain():
    found = tuple(steps.mikey_psk(
        psk=bytes(32), csb_id=1, rand=bytes(16), t=7, prf=0, encr_alg=1, mac_alg=1, data=b"\1", plain=b"\1", covered=b"\2"
    ))  # fmt: skip
    assert names(found) == [
        "label of encr_key", "encr_key", "label of auth_key", "auth_key", "label of salt", "salt", "IV", "decrypted",
        "encrypted", "MAC",
    ]  # fmt: skip
    assert all(step.clause for step in found)


@pytest.mark.parametrize(("encr_alg", "has_iv"), [(0, False), (1, True), (2, False), (3, True)])
def test_only_counter_mode_has_an_iv(encr_alg, has_iv):
    found = steps.mikey_psk(
        psk=bytes(32),
        csb_id=1,
        rand=bytes(16),
        t=7,
        prf=1,
        encr_alg=encr_alg,
        mac_alg=2,
        data=None,
        plain=None,
        covered=None,
    )
    assert ("IV" in names(found)) is has_iv


def test_a_long_mac_fits_into_no_autn():
    given = {"k": bytes(32), "op": None, "opc": bytes(32), "rand": bytes(16), "sqn": bytes(6), "amf": bytes(2)}
    long = names(steps.of_tuak(**given, sizes=Sizes(), mac=16, iterations=1))
    short = names(steps.of_tuak(**given, sizes=Sizes(), mac=8, iterations=1))
    assert set(short) - set(long) == {"AUTN", "AUTN for GBA_U", "AUTS of this SQN"}


def test_muk_and_mrk_of_every_case_are_told_for_each_ua_id():
    found = names(steps.ks_naf(
        ks=bytes(32), rand=bytes(16), impi="i", fqdn="f", ua_ids=(gba.UA_HTTP, gba.UA_SIP)
    ))  # fmt: skip
    assert len([name for name in found if name.startswith("MUK with ")]) == 6
    assert len(set(found)) == len(found)


def test_no_octet_is_in_a_repr():
    assert "aaaa" not in repr(steps.Step("x", "aaaa"))
