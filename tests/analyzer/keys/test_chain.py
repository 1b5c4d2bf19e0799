from analyzer.keys.chain import Chain, Checked
from analyzer.keys.key import Key


def key(kind, value=b"v" * 16, **more):
    return Key(kind, value, "test", "derived", **more)


def test_using_a_key_uses_what_it_came_from():
    root = key("K", b"k" * 16)
    middle = key("Ks", b"s" * 32, parents=(root,))
    chain = Chain()
    chain.use(key("MUK", b"m" * 32, parents=(middle,)))
    assert [known.kind for known in chain.keys] == ["K", "Ks", "MUK"]


def test_a_key_is_known_once():
    chain = Chain()
    chain.use(key("MSK", msk_id=b"\0\1\0\1"))
    chain.use(key("MSK", msk_id=b"\0\1\0\1"))
    chain.use(key("MSK", msk_id=b"\0\1\0\2"))
    assert len(chain.keys) == 2


def test_a_key_seen_and_derived_hangs_on_what_it_comes_from():
    seen = Key("Ks_NAF", b"n" * 32, "Zn, frame 7", "seen", b_tid="b")
    derived = Key("Ks_NAF", b"n" * 32, "Ks", "derived", b_tid="b", parents=(key("Ks", b"s" * 32, b_tid="b"),))
    chain = Chain()
    chain.use(seen)
    chain.use(derived)
    chain.use(seen)
    (naf,) = [known for known in chain.keys if known.kind == "Ks_NAF"]
    assert (naf.status, naf.origin, naf.parents) == ("seen", "Zn, frame 7", derived.parents)


def test_candidates_begin_with_the_own_b_tid():
    one, other = key("MUK", b_tid="one"), key("MUK", b_tid="other")
    chain = Chain(muks={"one": [one], "other": [other]})
    assert list(chain.candidates("other")) == [other, one]
    assert list(chain.candidates(None)) == [one, other]
    assert list(chain.candidates("third")) == [one, other]


def test_what_was_not_checked_is_unknown():
    message = object()
    chain = Chain()
    assert chain.digest(message) == Checked(None)
    assert chain.verification(message) == Checked(None)
    assert chain.opening(message) is None
    assert chain.closing(message) is None
