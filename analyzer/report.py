"""The report: what contract 5 promises, as frozen values. Views turn it into text; nothing here knows how.

What a report has a hundred thousand of are named tuples: made in a third of the time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

SCHEMA_VERSION = "1.0"
SECOND = 10**9  # ns


def seconds(time: int) -> float:
    """Return ns as a report has them."""
    return round(time / SECOND, 9)


class Verdict(IntEnum):
    """TTCN-3 verdicts: a worse one overwrites a better."""

    NONE = 0
    PASS = 1
    INCONC = 2
    FAIL = 3
    ERROR = 4

    def __str__(self) -> str:
        return self.name.lower()


class Evidence(NamedTuple):
    capture: int
    frame: int


@dataclass(frozen=True, slots=True)
class CaptureReport:
    path: str
    format: str
    packets: int
    bytes: int
    first: float | None
    last: float | None
    link_types: tuple[str, ...]
    truncated: bool
    problems: tuple[str, ...]


class StepReport(NamedTuple):
    name: str
    from_: str
    to: str
    capture: int
    frame: int
    time: float
    protocol: str
    summary: str


@dataclass(frozen=True, slots=True)
class ProcedureReport:
    id: str
    kind: str
    clause: str
    outcome: str  # success, failure, incomplete
    start: float
    end: float
    steps: tuple[StepReport, ...]


@dataclass(frozen=True, slots=True)
class OpenedReport:
    """What verified under a key: the message, or the first packet of as many as `count`."""

    what: str  # msk, mtk, pull, verification, digest, srtp, srtcp, dcf
    capture: int
    frame: int
    count: int
    reading: str  # of the specifications, where they leave a choice


@dataclass(frozen=True, slots=True)
class KeyReport:
    kind: str
    id: dict[str, str | None]  # key_domain, msk_id, mtk_id, b_tid, naf
    status: str  # supplied, seen, derived, decrypted, mac-failed, no-key
    fingerprint: str | None
    value: str | None = field(repr=False)  # hex; None unless --show-keys
    origin: str
    valid: dict[str, int | float | str | None]
    capture: int | None
    frame: int | None
    parents: tuple[str, ...] = ()  # fingerprints of the keys it came from
    opened: tuple[OpenedReport, ...] = ()
    state: str | None = None  # of an MSK that MIKEY brought: held, invalidated, dropped


@dataclass(frozen=True, slots=True)
class UeReport:
    id: str
    impi: tuple[str, ...]
    impu: tuple[str, ...]
    b_tid: tuple[str, ...]
    addresses: tuple[str, ...]
    services: tuple[str, ...]
    procedures: tuple[ProcedureReport, ...]
    keys: tuple[KeyReport, ...]


class Judgement(NamedTuple):
    rule: str
    name: str
    verdict: Verdict
    level: str  # shall, should, info
    ue: str | None
    procedure: str | None
    clause: str
    message: str
    remedy: str
    evidence: tuple[Evidence, ...]
    traceback: str | None = None  # of a rule that crashed
    waived: str | None = None  # why it does not count, and until when

    @property
    def counts(self) -> bool:
        """Whether the verdict of a case and the exit code heed it."""
        return self.level != "info" and self.waived is None


def verdict_of(judgements: Sequence[Judgement]) -> Verdict:
    """Return the verdict of a case: the worst of all rules that count, and of those that crashed."""
    worst = Verdict.NONE
    for judgement in judgements:
        if judgement.verdict > worst and (judgement.counts or judgement.verdict is Verdict.ERROR):
            worst = judgement.verdict
    return worst


@dataclass(frozen=True, slots=True)
class Diagnosis:
    ue: str | None
    symptom: str
    cause: str
    confidence: str  # certain, likely, possible
    message: str
    remedy: str
    evidence: tuple[Evidence, ...]
    waived: str | None = None  # where the broken rule that it rests on is: why, and until when


@dataclass(frozen=True, slots=True)
class MediaReport:
    destination: str
    ssrc: str
    key_domain: str | None
    msk_id: str | None
    mtk_id: str | None
    packets: int
    authenticated: int
    failed: int
    no_key: int
    not_checked: int
    first: float
    last: float
    protocol: str = "srtp"  # srtp, srtcp, rtp (in the clear)


@dataclass(frozen=True, slots=True)
class DownloadReport:
    """One DCF that names an MTK: what its signature and its contents came to under it."""

    source: str
    destination: str
    capture: int
    frame: int
    key_domain: str | None
    msk_id: str | None
    mtk_id: str | None
    content_types: tuple[str, ...]
    octets: int
    signature: str  # verified, failed, no-key, none
    content: str  # decrypted, clear, failed, no-key


@dataclass(frozen=True, slots=True)
class MalformedReport:
    capture: int
    frame: int
    protocol: str
    field: str
    offset: int
    reason: str


class LegReport(NamedTuple):
    """Where a message was seen; `seconds` after it was seen first."""

    capture: int
    frames: tuple[int, ...]
    seconds: float
    interface: int
    tunnels: tuple[str, ...]  # outermost first
    hops: int | None  # that its IP packet could still go


@dataclass(frozen=True, slots=True)
class SightingsReport:
    """A message that was seen more than once: where first, and all its legs, that one too."""

    capture: int
    frame: int
    legs: tuple[LegReport, ...]


@dataclass(frozen=True, slots=True)
class ClockReport:
    """The clock of captures that one probe wrote, held against that of another capture of the case.

    `added` are the seconds that were added to their times, as `source` says: case.toml, estimate, or none. `behind`
    is what `pairs` packets seen in both tell, None where they tell nothing, and `spread` how far they are apart.
    """

    captures: tuple[int, ...]
    against: int | None
    added: float
    source: str
    behind: float | None
    spread: float | None
    pairs: int


@dataclass(frozen=True, slots=True)
class ToleranceReport:
    """A time of `analyzer.tolerances` that case.toml or the config file has set: its name, now and as it was meant."""

    name: str
    seconds: float
    default: float


@dataclass(frozen=True, slots=True)
class CaseReport:
    name: str
    verdict: Verdict
    captures: tuple[CaptureReport, ...]
    ues: tuple[UeReport, ...]
    judgements: tuple[Judgement, ...]
    diagnoses: tuple[Diagnosis, ...]
    media: tuple[MediaReport, ...]
    malformed: tuple[MalformedReport, ...]
    sightings: tuple[SightingsReport, ...] = ()
    clocks: tuple[ClockReport, ...] = ()
    downloads: tuple[DownloadReport, ...] = ()
    profile: str | None = None  # that was judged by; None where nothing was judged
    tolerances: tuple[ToleranceReport, ...] = ()  # those that somebody has set


@dataclass(frozen=True, slots=True)
class Totals:
    """How many cases ended how."""

    version: str  # of keyshark
    verdicts: Mapping[Verdict, int]

    @property
    def verdict(self) -> Verdict:
        return max((verdict for verdict, count in self.verdicts.items() if count), default=Verdict.NONE)

    @property
    def cases(self) -> int:
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Report:
    version: str  # of keyshark
    cases: Sequence[CaseReport]

    @property
    def totals(self) -> Totals:
        return Totals(self.version, Counter(case.verdict for case in self.cases))

    @property
    def verdict(self) -> Verdict:
        return max((case.verdict for case in self.cases), default=Verdict.NONE)


def with_paths(case: CaseReport, paths: Mapping[str, str]) -> CaseReport:
    """Return a case whose captures are called otherwise: as they were named, where they were read from copies."""
    if not paths:
        return case
    return replace(case, captures=tuple(replace(each, path=paths.get(each.path, each.path)) for each in case.captures))
