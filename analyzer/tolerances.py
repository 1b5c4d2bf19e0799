"""How long a rule waits before it finds fault: times that a specification gives, or that we chose where none does.

A table `[tolerances]` in case.toml or in the config file sets them for a case, or for all. Names are those of the
fields with a hyphen for each underscore, values are seconds:

    [tolerances]
    msk-after-grant = 30
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

TABLE = "tolerances"
SECOND = 10**9  # ns
LONGEST = 366 * 86400  # s; what is longer was meant in another unit
OURS = "ours"  # no text has a figure


class ToleranceError(ValueError):
    """A value of a table of tolerances that cannot be used: its key, "" for the table itself, and why."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.key = key
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One time: its name, default in ns, the rules that it is for, where the figure comes from, and what it is."""

    name: str
    default: int
    rules: tuple[str, ...]
    source: str
    told: str


def _time(seconds: float, rules: str, source: str, told: str) -> int:
    """Return a field of `Tolerances`, which mypy sees as what it holds: nanoseconds."""
    default: int = field(
        default=round(seconds * SECOND), metadata={"rules": tuple(rules.split()), "source": source, "told": told}
    )
    return default


@dataclass(frozen=True, slots=True)
class Tolerances:
    """All of them, in ns."""

    sip_answer: int = _time(
        32, "SI-19 SB-05", "RFC 3261 17.1.1.2 and 13.3.1.4, 64 * T1",
        "until a request of SIP is answered, or its 200 acknowledged",
    )  # fmt: skip
    http_answer: int = _time(
        10, "SI-08 SI-12 SI-13 SB-12 SB-13 SB-17 EX-09", OURS, "until a BM-SC answers a POST, and an SCF has sent one"
    )
    diameter_answer: int = _time(30, "ZN-11", OURS, "until a BSF answers on Zn: a NAF makes its UE wait no longer")
    digest_retry: int = _time(
        20, "DG-11 DG-14", OURS, "in which a UE comes back after a 401, and does not after another refusal"
    )
    early_renewal: int = _time(300, "DG-10", OURS, "before Ks expires, in which a UE renews it for that reason alone")
    bootstrapping_again: int = _time(10, "UB-15", OURS, "after a bootstrapping, in which a UE needs no other")
    switched_off: int = _time(2, "UB-17", OURS, "of silence of a UE, in which it may have been switched off and on")
    msk_after_grant: int = _time(
        10, "RG-04 RG-07 RG-08 RG-10", OURS, "after a registration or MSK request was granted, until its MSK comes"
    )
    msk_after_deregistration: int = _time(1, "RG-07", OURS, "in which an MSK may still be on its way to a UE that left")
    msk_after_bye: int = _time(60, "SI-17", OURS, "after the end of its session, in which a UE may still get MSKs")
    msk_refresh: int = _time(10, "EX-03", OURS, "with the last MTK of an MSK in use, until the next MSK comes")
    msk_repeat: int = _time(30, "MS-23", OURS, "without verification, until the MSK is sent again")
    verification: int = _time(2, "MS-19", OURS, "until a UE verifies an MSK message")
    pull_answer: int = _time(
        10, "MS-28 EX-08", OURS, "until a UE answers a solicited pull, as TS 33.246 6.3.2.2.4 has no back-off there"
    )
    unknown_msk: int = _time(
        30, "SR-11", OURS, "in which a UE asks for an MSK that it lacks, where no longer back-off is announced"
    )
    back_off: int = _time(0.2, "RG-13", OURS, "by which a request may come before the back-off is over")
    mtk_after_media: int = _time(0.2, "MT-12", OURS, "by which an MTK may come after the first packet under it")
    mtk_repeat: int = _time(60, "MT-13", OURS, "until an MTK in use is repeated")
    media_after_msk: int = _time(10, "SR-10", OURS, "in which media goes over to another MSK when one was taken back")
    clock: int = _time(
        2, "EX-01 EX-02 MS-18 MS-25 MS-29 ZN-05 ZN-06", OURS,
        "by which the clocks of BSF, NAF, UE and probe may differ where a lifetime is looked at",
    )  # fmt: skip

    def changed(self) -> tuple[tuple[Tolerance, int], ...]:
        """Return those that are not as they were meant, and what they are in ns."""
        return tuple((known, now) for known in TOLERANCES if (now := _of(self, known)) != known.default)


def _of(tolerances: Tolerances, known: Tolerance) -> int:
    value: int = getattr(tolerances, known.name.replace("-", "_"))
    return value


AS_MEANT = Tolerances()
TOLERANCES: tuple[Tolerance, ...] = tuple(
    Tolerance(found.name.replace("_", "-"), getattr(AS_MEANT, found.name), **found.metadata)
    for found in fields(Tolerances)
)


def read(table: object) -> dict[str, int]:
    """Return the times of a table, by the names of the fields of `Tolerances`, in ns; raises ToleranceError."""
    if not isinstance(table, Mapping):
        raise ToleranceError("", "is not a table")
    names = [known.name for known in TOLERANCES]
    return {_known(name, names).replace("-", "_"): _nanoseconds(name, value) for name, value in table.items()}


def seconds(time: int) -> str:
    """Return ns as seconds in words: 10, 0.2."""
    return f"{time / SECOND:g}"


def _known(name: str, names: list[str]) -> str:
    if name not in names:
        raise ToleranceError(name, f"unknown; known are {', '.join(names)}")
    return name


def _nanoseconds(name: str, value: object) -> int:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ToleranceError(name, "is not a number of seconds")
    if not 0 <= value <= LONGEST:
        raise ToleranceError(name, f"is not between 0 and {LONGEST} seconds")
    return round(value * SECOND)
