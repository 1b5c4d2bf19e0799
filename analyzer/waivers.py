"""Waivers: broken rules that somebody accepts for a reason, until a day. They are shown, and do not count.

A table in case.toml or in a file of its own:

    [[waive]]
    rule = "MS-16"                      # a code, or the beginning of codes
    reason = "BM-SC 4.2 is fixed in spring, ticket 1234"
    until = 2027-03-31                  # the last day
    ue = "user1_private@home1.net"      # optional: only of the UE with this identity
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from analyzer.capture.case import ConfigError, read_toml
from analyzer.report import Judgement, UeReport, Verdict

TABLE = "waive"
KEYS = ("rule", "reason", "until", "ue")
WAIVED = (Verdict.FAIL, Verdict.INCONC)  # a crash of ours is nobody's to waive


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is accepted: judgements of rules whose code begins with `rule`, of one UE or of all; told by a file."""

    rule: str
    reason: str
    until: date
    ue: str = ""
    source: str = ""

    def has_expired(self, today: date | None) -> bool:
        return today is not None and today > self.until

    @property
    def told(self) -> str:
        return f"{self.reason} (until {self.until.isoformat()})"


def load(path: str, codes: Iterable[str]) -> tuple[Waiver, ...]:
    """Read a file of waivers; raises ConfigError that names file, table and key."""
    told = read_toml(path)
    for name in told:
        if name != TABLE:
            raise ConfigError(path, name, "", f"unknown; known is {TABLE}")
    return read(path, told.get(TABLE, []), codes)


def read(path: str, told: object, codes: Iterable[str]) -> tuple[Waiver, ...]:
    """Return the waivers of a table; `codes` are those of the rules that there are."""
    if not isinstance(told, list | tuple):
        raise ConfigError(path, TABLE, "", f"is not a list of tables: write [[{TABLE}]]")
    known = tuple(codes)
    return tuple(_waiver(path, entry, known) for entry in told)


def _waiver(path: str, entry: object, known: Sequence[str]) -> Waiver:
    if not isinstance(entry, Mapping):
        raise ConfigError(path, TABLE, "", f"is not a list of tables: write [[{TABLE}]]")
    for key in entry:
        if key not in KEYS:
            raise ConfigError(path, TABLE, str(key), f"unknown; known are {', '.join(KEYS)}")
    for key in ("rule", "reason", "ue"):
        value = entry.get(key, "" if key == "ue" else None)
        if not isinstance(value, str) or (key != "ue" and not value.strip()):
            raise ConfigError(path, TABLE, key, "is missing" if value is None else "is not a text in quotes")
    until = entry.get("until")
    if not isinstance(until, date) or isinstance(until, datetime):
        raise ConfigError(path, TABLE, "until", "is missing" if until is None else "is not a day: write 2027-03-31")
    rule = str(entry["rule"]).strip().upper()
    if not any(code.startswith(rule) for code in known):
        raise ConfigError(path, TABLE, "rule", f"no rule begins with {rule}: `keyshark rules` lists them")
    return Waiver(rule, str(entry["reason"]).strip(), until, str(entry.get("ue", "")), path)


def expired(waivers: Iterable[Waiver], today: date | None) -> tuple[str, ...]:
    """Return a line for each waiver whose last day is over."""
    return tuple(
        f"{waiver.source}: the waiver of {waiver.rule} has expired on {waiver.until.isoformat()} and does not count"
        for waiver in waivers
        if waiver.has_expired(today)
    )


def apply(
    judgements: Iterable[Judgement], ues: Iterable[UeReport], waivers: Iterable[Waiver], today: date | None
) -> tuple[Judgement, ...]:
    """Return the judgements, those that a waiver covers with its reason."""
    live = [waiver for waiver in waivers if not waiver.has_expired(today)]
    if not live:
        return tuple(judgements)
    names = {ue.id: {*ue.impi, *ue.impu, *ue.b_tid, *ue.addresses} for ue in ues}
    return tuple(_covered(judgement, names.get(judgement.ue or "", set()), live) for judgement in judgements)


def _covered(judgement: Judgement, names: set[str], waivers: Sequence[Waiver]) -> Judgement:
    if judgement.verdict not in WAIVED:
        return judgement
    for waiver in waivers:
        if judgement.rule.startswith(waiver.rule) and (not waiver.ue or waiver.ue in names):
            return judgement._replace(waived=waiver.told)
    return judgement
