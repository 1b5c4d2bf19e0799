import os
import stat

import pytest

from analyzer.keys.keyfile import add, added
from analyzer.keys.keyring import KeyringError, load_keyring

KEY, OTHER = "00112233445566778899aabbccddeeff", "ff" * 16
MUK = {"ue": [{"impi": "u@h", "naf": [{"fqdn": "bmsc", "muk": KEY * 2}]}]}
MSK = {"msk": [{"key_domain": "26f210", "msk_id": "00010001", "value": KEY}]}
OLD = f"""\
# mine
[[ue]]
impi = "u@h"  # the one
k = "{KEY}"
opc = "{KEY}"

[[msk]]
key_domain = "26f210"
msk_id = "00010002"
value = "{KEY}"
"""


def test_a_new_file_is_for_nobody_else(tmp_path):
    path = tmp_path / "new.keys.toml"
    add(path, [MUK, MSK])
    ring = load_keyring(path)
    assert ring.warnings == ()
    assert ring.ues[0].naf[0].muk == bytes.fromhex(KEY * 2)
    assert len(ring.msks) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["new.keys.toml"]


def test_what_stands_there_stays_and_a_ue_takes_its_new_keys(tmp_path):
    path = tmp_path / "keyring.toml"
    path.write_text(OLD)
    path.chmod(0o644)
    add(path, [MUK, MSK, {"esp": {"sa": [{"spi": "0x00000001"}]}}])
    text = path.read_text()
    for line in OLD.splitlines():
        assert line in text
    ring = load_keyring(path)
    assert [(ue.impi, len(ue.naf), ue.k is not None) for ue in ring.ues] == [("u@h", 1, True)]
    assert (len(ring.msks), len(ring.esp)) == (2, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_would_contradict_is_refused_and_nothing_is_written(tmp_path):
    path = tmp_path / "keyring.toml"
    path.write_text(OLD)
    with pytest.raises(KeyringError, match="k: is there already, with another value"):
        add(path, [{"ue": [{"impi": "u@h", "k": OTHER, "opc": OTHER}]}])
    with pytest.raises(KeyringError, match=r"\[\[msk\]\] 2 msk_id: is there twice"):
        add(path, [{"msk": [{"key_domain": "26f210", "msk_id": "00010002", "value": OTHER}]}])
    assert path.read_text() == OLD
    assert os.listdir(tmp_path) == ["keyring.toml"]


@pytest.mark.parametrize("old", ["not = [toml", "[other]\n", f'msk = "{KEY}"\n', "msk = []\n"])
def test_what_is_no_keyring_is_not_touched_and_not_shown(tmp_path, old):
    path = tmp_path / "keyring.toml"
    path.write_text(old)
    if old == "msk = []\n":  # an array, to which no table can be added as TOML has it
        add(path, [MUK])
        assert load_keyring(path).ues
        return
    with pytest.raises(KeyringError) as raised:
        add(path, [MUK])
    assert KEY not in str(raised.value)
    assert path.read_text() == old


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there.toml").write_text(OLD)
    (tmp_path / "link.toml").symlink_to(tmp_path / "there.toml")
    add(tmp_path / "link.toml", [MSK])
    assert (tmp_path / "link.toml").is_symlink()
    assert len(load_keyring(tmp_path / "there.toml").msks) == 2


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        add(tmp_path / "no" / "keyring.toml", [MUK])


def test_the_same_key_twice_is_one():
    once = added("k", "", [{"ue": [{"impi": "u", "k": KEY, "opc": KEY}]}])
    assert added("k", once, [{"ue": [{"impi": "u", "k": KEY, "opc": KEY}]}]) == once
