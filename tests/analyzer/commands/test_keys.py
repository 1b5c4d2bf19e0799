"""`keyshark keys`: the ladder of every UE, and what to do where there is none."""


def test_several_cases_are_told_apart(told, samples):
    _, out = told("keys", str(samples / "http_good"), str(samples / "sip_good"))
    assert out.startswith("http_good\nue1")
    assert "\n\nsip_good\nue1" in out


def test_each_ue_has_a_ladder_below_its_identities(told, sample, samples):
    code, out = told("keys", str(samples / "two_ues"))
    assert code == 0
    ues = sample("two_ues").report.ues
    assert len(ues) == 2
    for ue, block in zip(ues, out.split("\n\n"), strict=True):
        first, head, *rows = block.splitlines()
        assert first.split() == [ue.id, *ue.impi, *ue.impu]
        assert head.split() == ["key", "fingerprint", "valid", "until", "origin"]
        assert len(rows) == len(ue.keys)
        assert all(any(key.fingerprint in row for row in rows) for key in ue.keys)


def test_without_keys_it_says_how_to_give_some(told, silent):
    assert told("keys", silent) == (0, "no keys: give some with --keys FILE, see docs/keyring.md\n")
