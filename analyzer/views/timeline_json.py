"""The key refresh timeline as JSON knows it: times in s since 1970, octets as hex (docs/diagnosis.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analyzer.diagnosis.gaps import Gap
from analyzer.diagnosis.requests import Asked
from analyzer.diagnosis.timeline import Bootstrapped, GroupLine, MskCame, MtkSent, MukUsed, OnAir, Timeline
from analyzer.report import Evidence, seconds
from analyzer.views.plain import Plain, plain

Values = dict[str, Plain]


def values(lines: Iterable[Timeline]) -> list[Plain]:
    """Return the timelines of all UEs."""
    return [_ue(line) for line in lines]


def _ue(line: Timeline) -> Values:
    return {
        "ue": line.ue,
        "name": line.name,
        "bootstrappings": [_at(one.time, one.place) | _ks(one) for one in line.bootstrapped],
        "muks": [_at(one.time, one.place) | {"fingerprint": one.fingerprint} | _ks(one) for one in line.muks],
        "key_groups": [_group(group) for group in line.groups],
    }


def _ks(one: Bootstrapped | MukUsed) -> Values:
    return {"b_tid": one.b_tid, "expires": None if one.until is None else seconds(one.until)}


def _group(group: GroupLine) -> Values:
    return {
        "key_domain": None if group.key_domain is None else group.key_domain.hex(),
        "key_group": group.key_group.hex(),
        "requests": [_request(one) for one in group.asked],
        "msks": [_msk(one) for one in group.msks],
        "mtks": [_mtk(one) for one in group.mtks],
        "on_air": [_aired(one) for one in group.on_air],
        "gaps": [_gap(one) for one in group.gaps],
        "could_not_decrypt": _sum(group.gaps),
    }


def _request(one: Asked) -> Values:
    groups: list[Plain] = [f"{(domain or b'').hex()}/{number.hex()}" for domain, number in one.groups]
    because = None if one.because is None else plain(one.because)
    told: Values = {"kind": one.kind, "why": one.why, "because": because, "outcome": one.outcome, "key_groups": groups}
    return _at(one.time, one.place) | told


def _msk(one: MskCame) -> Values:
    window = one.window or (None, None)
    return _at(one.time, one.place) | {
        "msk_id": one.msk_id.hex(),
        "mtk_from": window[0],
        "mtk_to": window[1],
        "invalidates": one.invalidates,
        "fingerprint": one.fingerprint,
        "muk": one.muk,
        "astray": one.astray,
    }


def _mtk(one: MtkSent) -> Values:
    return _at(one.time, one.place) | {
        "msk_id": one.msk_id.hex(),
        "mtk_id": one.mtk_id.hex(),
        "fingerprint": one.fingerprint,
        "times": one.times,
        "last": seconds(one.last),
    }


def _aired(one: OnAir) -> Values:
    destination = f"[{one.destination}]" if ":" in one.destination else one.destination
    return _at(one.time, one.place) | {
        "mki": one.mki.hex(),
        "destination": f"{destination}:{one.port}",
        "packets": one.packets,
        "last": seconds(one.last),
    }


def _gap(one: Gap) -> Values:
    return {
        "begin": seconds(one.begin),
        "end": seconds(one.end),
        "seconds": seconds(one.end - one.begin),
        "mki": one.mki.hex(),
        "packets": one.packets,
        "exact": one.exact,
        "why": one.why,
        "fault": one.fault or None,
        "evidence": plain(one.evidence),
    }


def _sum(gaps: Sequence[Gap]) -> Values:
    return {
        "seconds": seconds(sum(gap.end - gap.begin for gap in gaps)),
        "packets": sum(gap.packets for gap in gaps),
        "exact": all(gap.exact for gap in gaps),
    }


def _at(time: int, place: Evidence) -> Values:
    return {"time": seconds(time), "capture": place.capture, "frame": place.frame}
