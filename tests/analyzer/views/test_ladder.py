"""The key tree of a UE."""

from dataclasses import replace

from analyzer.report import KeyReport, OpenedReport
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


def test_what_a_key_opened_is_told(case):
    opened = (
        OpenedReport("msk", 0, 3, 1, ""), OpenedReport("msk", 0, 9, 1, ""),
        OpenedReport("verification", 0, 4, 1, "raw IDs + 4-octet T"),
    )  # fmt: skip
    media = (OpenedReport("srtp", 0, 7, 40, ""), OpenedReport("srtp", 0, 70, 2, ""), OpenedReport("srtcp", 0, 8, 1, ""))
    found = (
        replace(CHAIN[0], opened=opened),
        replace(CHAIN[5], state="invalidated, frame 9"),
        replace(CHAIN[6], opened=media),
        key("MRK", "ffffffff", status="supplied"),
        key("K", "99999999", status="supplied"),
        key("Ks", "aaaaaaaa", "99999999"),
    )
    origins = {row[0].lstrip(" │└├").split()[0]: row[-1] for row in keys(case, replace(case.ues[0], keys=found)).rows}
    assert origins == {
        "MUK": "derived: here; opened MSK 3 9, verification 4 (raw IDs + 4-octet T)",
        "MSK": "derived: here; invalidated, frame 9",
        "MTK": "derived: here; opened 42 SRTP packets from frame 7 on, 1 SRTCP packet in frame 8",
        "MRK": "supplied: here; opened nothing",
        "K": "supplied: here",
        "Ks": "derived: here",
    }


def test_not_every_frame_is_named(case):
    many = tuple(OpenedReport("mtk", 0, frame, 1, "") for frame in range(1, 31))
    (row,) = keys(case, replace(case.ues[0], keys=(replace(CHAIN[5], opened=many),))).rows
    assert row[-1].endswith("opened MTK 1 2 3 4 5 6 7 8 and 22 more")


def test_values_are_there_when_the_report_has_them(case):
    assert "value" not in keys(case, case.ues[0]).columns
    shown = tuple(replace(found, value="00ff") for found in CHAIN[:1]) + CHAIN[1:2]
    ue = replace(case.ues[0], keys=shown)
    table = keys(replace(case, ues=(ue,)), ue)
    assert [row[2] for row in table.rows] == ["-", "00ff"]


def test_is_narrow_enough(case):
    text = draw(keys(case, replace(case.ues[0], keys=CHAIN)), 80)
    assert max(map(len, text.splitlines())) <= 80
