"""New keys: another of each, derived from one another as the old ones were, and a keyring that holds them."""

import base64

from analyzer.keys import gba
from analyzer.keys.keyring import load_keyring


def test_the_chain_holds_from_top_to_bottom(anonymised):
    both = anonymised("http_good")
    rekeyed, chain = both.anonymiser.rekeyed, both.before.story.chain
    kinds = set()
    for keys in chain.muks.values():
        for muk in keys:
            parent = muk.parents[0]
            assert rekeyed.key(muk) == rekeyed.key(parent) != muk.value
            ks = parent.parents[0] if parent.parents else None
            if ks is not None and parent.kind == "Ks_NAF":
                kinds.add(parent.kind)
                assert rekeyed.key(parent) == gba.ks_naf(
                    ks=rekeyed.key(ks), rand=rekeyed.rand(ks.rand), impi=rekeyed.text(ks.impi),
                    naf_id=gba.naf_id(fqdn=rekeyed.text(parent.naf), ua_id=parent.ua_id),
                )  # fmt: skip
    assert kinds == {"Ks_NAF"}


def test_keys_are_proven_by_the_same_as_before(anonymised):
    both = anonymised("sip_good")
    old, new = ([(key.kind, key.status) for key in each.story.chain.keys] for each in (both.before, both.after))
    assert sorted(old) == sorted(new)
    values = [{key.value for key in each.story.chain.keys} for each in (both.before, both.after)]
    assert values[0] & values[1] == set()


def test_the_keyring_can_be_loaded(anonymised, tmp_path):
    both = anonymised("mid_capture")
    path = tmp_path / "keyring.toml"
    path.write_text(both.anonymiser.rekeyed.keyring(both.before.keyring))
    path.chmod(0o600)
    (old,), (new,) = both.before.keyring.ues, load_keyring(str(path)).ues
    assert len(new.k) == 16
    assert not {old.k, old.opc, old.impi} & {new.k, new.opc, new.impi}
    assert new.gba[0].b_tid.partition("@")[0] == base64.b64encode(new.gba[0].rand).decode()
    assert new.gba[0].lifetime == old.gba[0].lifetime


def test_nonces_and_auts_of_a_resynchronisation(anonymised):
    both = anonymised("second_challenges")
    rekeyed = both.anonymiser.rekeyed
    before, after = both.before.story.chain.resynchronisations, both.after.story.chain.resynchronisations
    assert sorted(before.values()) == sorted(after.values()) != []
    assert all(before.values())
    assert rekeyed.nonce("no base64!") is None
    assert rekeyed.nonce(base64.b64encode(bytes(31)).decode()) is None
    assert rekeyed.auts(bytes(16), bytes(14)) != bytes(14)
    assert rekeyed.autn(bytes(16), bytes(16)) == bytes(16)  # 2G GBA
