"""`keyshark sessions`: every UE with what is known of it and its procedures, and where to look if there is none."""


def test_each_ue_is_shown_with_all_its_procedures(told, sample, samples):
    code, out = told("sessions", str(samples / "two_ues"))
    assert code == 0
    ues = sample("two_ues").report.ues
    assert [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")] == [ue.id for ue in ues]
    rows = {words[0]: words for words in map(str.split, out.splitlines()) if words}
    for ue in ues:
        assert all(text in out for text in (*ue.impi, *ue.impu, *ue.b_tid, *ue.addresses, *ue.services))
        assert all(rows[procedure.id][1] == procedure.kind for procedure in ue.procedures)


def test_without_ues_it_says_where_to_look(told, silent):
    assert told("sessions", silent) == (
        0,
        "no UE: 0 messages were found, see `keyshark info` and `keyshark packets`\n",
    )
