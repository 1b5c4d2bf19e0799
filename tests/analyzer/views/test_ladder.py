"""The key tree of a UE."""

from dataclasses import replace

from analyzer.report import KeyReport
from analyzer.views.ladder import keys, tree
from analyzer.views.tables import draw

NO_ID = {"key_domain": None, "msk_id": None, "mtk_id": None, "b_tid": None, "naf": None}


def key(kind, fingerprint, *parents, value=None, status="derived", valid=None, **ids):
    return KeyReport(kind, NO_ID | ids, status, fingerprint, value, "here", valid or {}, None, None, parents)


CHAIN = (
    key("MUK", "bbbbbbbb", "bbbbbbbb"),  # the same octets as its Ks_NAF
    key("Ks_NAF", "bbbbbbbb", "aaaaaaaa", naf="bmsc.net"),
    key("MRK", "cccccccc", "bbbbbbbb"),
    key("K", "99999999", status="supplied"),
    key("Ks", "aaaaaaaa", "99999999", b_tid="b@bsf", valid={"expires": 0.0}),
    key("MSK", "dddddddd", "bbbbbbbb", key_domain="26f210", msk_id="00010002", valid={"mtk_from": 1, "mtk_to": 9}),
    key("MTK", "eeeeeeee", "dddddddd", msk_id="00010002", mtk_id="0001"),
    key("MTK", None, status="no-key", msk_id="00010003", mtk_id="0001"),
)


def test_each_key_stands_under_the_one_it_came_from():
    shape = [(branch, found.kind) for found, branch in tree(CHAIN)]
    assert shape == [
        ("", "K"),
        ("└ ", "Ks"),
        ("  └ ", "Ks_NAF"),
        ("    ├ ", "MUK"),
        ("    │ └ ", "MSK"),
        ("    │   └ ", "MTK"),
        ("    └ ", "MRK"),
        ("", "MTK"),
    ]


def test_ids_validity_and_owners(case):
    rows = [
        row[0].lstrip(" │└├") + "|" + "|".join(row[1:]) for row in keys(case, replace(case.ues[0], keys=CHAIN)).rows
    ]
    assert rows == [
        "K|99999999|-|supplied: here",
        "Ks|aaaaaaaa|1970-01-01T00:00:00Z|derived: here, B-TID b@bsf",
        "Ks_NAF|bbbbbbbb|-|derived: here, for bmsc.net",
        "MUK|bbbbbbbb|-|derived: here",
        "MSK 26f210/00010002|dddddddd|MTK 1-9|derived: here",
        "MTK 0001|eeeeeeee|-|derived: here",
        "MRK|cccccccc|-|derived: here",
        "MTK 00010003/0001|-|-|no-key: here",
    ]


def test_values_are_there_when_the_report_has_them(case):
    assert "value" not in keys(case, case.ues[0]).columns
    shown = tuple(replace(found, value="00ff") for found in CHAIN[:1]) + CHAIN[1:2]
    ue = replace(case.ues[0], keys=shown)
    table = keys(replace(case, ues=(ue,)), ue)
    assert [row[2] for row in table.rows] == ["-", "00ff"]


def test_is_narrow_enough(case):
    text = draw(keys(case, replace(case.ues[0], keys=CHAIN)), 80)
    assert max(map(len, text.splitlines())) <= 80
