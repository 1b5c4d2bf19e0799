"""The keys of a UE as a tree: under each key those that came from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer.report import CaseReport, KeyReport, OpenedReport, UeReport
from analyzer.views.ink import plural
from analyzer.views.tables import Table, moment

KINDS = {
    "msk": "MSK", "mtk": "MTK", "pull": "pull", "verification": "verification", "digest": "digest", "dcf": "DCF",
}  # fmt: skip
MAX_FRAMES = 8  # that are named of one kind

# A key comes from one of the kinds before it; the octets of a MUK are those of its Ks_NAF, so kinds tell them apart.
RANKS = {"K": 0, "Ks": 1, "Ks_NAF": 2, "Ks_ext_NAF": 2, "Ks_int_NAF": 2, "MUK": 3, "MRK": 3, "MSK": 4, "MTK": 5}


def keys(case: CaseReport, ue: UeReport) -> Table:
    """One row a key, the long-term key first; values only where the report has them."""
    shown = any(key.value is not None for other in case.ues for key in other.keys)
    columns = ("key", "fingerprint", *(("value",) if shown else ()), "valid until", "origin")
    parents = {fingerprint for key in ue.keys for fingerprint in key.parents}
    rows = tuple(_row(key, branch, key.fingerprint in parents, shown) for key, branch in tree(ue.keys))
    return Table(columns, rows, folded=frozenset({"origin"}), indent="  ")


def tree(found: Sequence[KeyReport]) -> Iterator[tuple[KeyReport, str]]:
    """Yield keys in the order of their tree, each with the branches that lead to it."""
    below: dict[int | None, list[int]] = {}
    for place, key in enumerate(found):
        below.setdefault(_parent(found, key), []).append(place)

    def walk(place: int, branch: str, stem: str) -> Iterator[tuple[KeyReport, str]]:
        yield found[place], branch
        children = below.get(place, [])
        for child in children:
            last = child == children[-1]
            yield from walk(child, stem + ("└ " if last else "├ "), stem + ("  " if last else "│ "))

    for root in sorted(below.get(None, []), key=lambda place: RANKS[found[place].kind]):
        yield from walk(root, "", "")


def _parent(found: Sequence[KeyReport], key: KeyReport) -> int | None:
    """Return the place of the nearest key that a key came from, None where none is there."""
    rank = RANKS[key.kind]
    above = [p for p, other in enumerate(found) if other.fingerprint in key.parents and RANKS[other.kind] < rank]
    return max(above, key=lambda place: RANKS[found[place].kind], default=None)


def _row(key: KeyReport, branch: str, parent: bool, shown: bool) -> tuple[str, ...]:
    return (
        f"{branch}{key.kind} {_id(key, rooted=not branch)}".rstrip(),
        key.fingerprint or "-",
        *((key.value or "-",) if shown else ()),
        _valid(key),
        "; ".join((", ".join((f"{key.status}: {key.origin}", *_owner(key))), *_use(key, parent))),
    )


def _id(key: KeyReport, rooted: bool) -> str:
    """Return the id of an MSK or MTK; that of the MSK stands above an MTK unless it is not known."""
    parts: tuple[str, ...] = {"MSK": ("key_domain", "msk_id"), "MTK": ("msk_id", "mtk_id")}.get(key.kind, ())
    if key.kind == "MTK" and not rooted:
        parts = ("mtk_id",)
    return "/".join(value for name in parts if (value := key.id[name]))


def _use(key: KeyReport, parent: bool) -> Iterator[str]:
    """Tell what verified under a key, by kind, and that nothing did under one that was supplied and led to no other."""
    if key.state not in (None, "held"):
        yield str(key.state)
    by_kind: dict[str, list[OpenedReport]] = {}
    for opened in key.opened:
        by_kind.setdefault(opened.what, []).append(opened)
    told = [_told(what, found) for what, found in by_kind.items()]
    if told:
        yield f"opened {', '.join(told)}"
    elif key.status == "supplied" and not parent:
        yield "opened nothing"


def _told(what: str, found: Sequence[OpenedReport]) -> str:
    if what in ("srtp", "srtcp"):
        count = sum(opened.count for opened in found)
        packets, frame = plural(count, f"{what.upper()} packet"), found[0].frame
        return f"{packets} from frame {frame} on" if count > 1 else f"{packets} in frame {frame}"
    frames = " ".join(str(opened.frame) for opened in found[:MAX_FRAMES])
    more = f" and {len(found) - MAX_FRAMES} more" if len(found) > MAX_FRAMES else ""
    readings = dict.fromkeys(opened.reading for opened in found if opened.reading)
    return f"{KINDS[what]} {frames}{more}" + (f" ({', '.join(readings)})" if readings else "")


def _owner(key: KeyReport) -> Iterator[str]:
    """Tell the B-TID of a Ks and the NAF of what comes from it; all below has them too."""
    if key.kind == "Ks" and key.id["b_tid"]:
        yield f"B-TID {key.id['b_tid']}"
    if RANKS[key.kind] == RANKS["Ks_NAF"] and key.id["naf"]:
        yield f"for {key.id['naf']}"


def _valid(key: KeyReport) -> str:
    if key.valid.get("mtk_from") is not None:
        return f"MTK {key.valid['mtk_from']}-{key.valid.get('mtk_to')}"
    expires = key.valid.get("expires")
    return moment(expires) if isinstance(expires, int | float) else "-"
