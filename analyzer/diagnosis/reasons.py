"""Why: from a trouble back over the chain to the first link that is broken.

media ← MTK ← MSK ← request ← registration ← authorization ← Zn ← bootstrapping
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analyzer.diagnosis.answers import Reason, answered, no_keys, unreachable
from analyzer.diagnosis.effects import CERTAIN, EFFECTS, LIKELY
from analyzer.diagnosis.findings import plain
from analyzer.diagnosis.macs import of_mac
from analyzer.diagnosis.trouble import FORBIDDEN, UNAUTHORIZED, Known, Trouble, troubles
from analyzer.judging import Run
from analyzer.report import Judgement

# What a link hangs on, the nearest first
BEFORE: dict[str, tuple[str, ...]] = {
    "http-initiation": ("gba-bootstrapping",),
    "sip-initiation": ("gba-usage", "gba-bootstrapping"),
    "http-registration": ("gba-usage", "http-initiation", "gba-bootstrapping"),
    "http-deregistration": ("gba-usage", "http-registration", "gba-bootstrapping"),
    "http-msk-request": ("gba-usage", "http-registration", "http-initiation", "gba-bootstrapping"),
    "sip-deauthorization": ("gba-usage", "sip-initiation", "gba-bootstrapping"),
    "sip-msk-refresh": ("gba-usage", "sip-initiation", "gba-bootstrapping"),
    "ks-naf-refresh": ("gba-usage", "gba-bootstrapping", "sip-initiation"),
    "msk-delivery": (
        "http-msk-request", "sip-msk-refresh", "ks-naf-refresh", "http-registration", "sip-initiation", "gba-usage",
        "gba-bootstrapping",
    ),
    "solicited-pull": ("msk-delivery", "http-registration", "sip-initiation"),
}  # fmt: skip
LINKS = {
    "gba-bootstrapping": "bootstrapping",
    "gba-usage": "Zn",
    "http-initiation": "INVITE and authorization",
    "sip-initiation": "SIP registration",
    "http-registration": "registration",
    "http-msk-request": "MSK request",
    "sip-msk-refresh": "MSK request",
    "ks-naf-refresh": "Ks_NAF refresh",
    "msk-delivery": "MSK delivery",
    "http-deregistration": "deregistration",
    "sip-deauthorization": "deregistration",
    "solicited-pull": "solicited pull",
    "mtk-delivery": "MTK delivery",
    "media": "media",
}
MAX_DEPTH = 4  # failed runs that explain each other


def reasons(known: Known, trouble: Trouble, depth: int = 0) -> tuple[list[Reason], list[str]]:
    """Return the causes of a trouble, the likeliest first, and the links before it that were found sound."""
    own = [*unreachable(known, trouble), *_judged(known, trouble)]
    if own:
        return own, list(_sound(known, trouble))
    blamed = list(answered(known, trouble))
    if depth >= MAX_DEPTH:
        return blamed, []
    passed: list[str] = []
    for kind in BEFORE.get(trouble.run.procedure.kind, ()):
        run = _last(known, trouble, kind)
        if run is None or not _concerns(kind, trouble):
            continue
        found = list(_blamed(known, trouble, run, depth))
        if found:
            sure = any(reason.confidence == CERTAIN for reason in found)
            return found if sure else found + blamed, passed
        passed.append(LINKS[kind])
    return blamed, passed


def _concerns(kind: str, trouble: Trouble) -> bool:
    """Say whether an answer can be about a link: an overloaded server says nothing of an authorization."""
    if trouble.code is None or kind == "gba-usage":
        return True
    if kind == "gba-bootstrapping":
        return trouble.code in (UNAUTHORIZED, FORBIDDEN)
    return trouble.code in (FORBIDDEN, 404)


def _judged(known: Known, trouble: Trouble) -> Iterator[Reason]:
    """Yield the causes that rules broken by the run itself show; those that make just this symptom."""
    for judgement in known.broken.get(trouble.name, ()):
        effect = EFFECTS[judgement.rule]
        if trouble.answer is None and trouble.asked is None and effect.symptom != trouble.symptom:
            continue
        if trouble.asked is not None and effect.symptom not in ("", trouble.symptom):
            continue
        cause, confidence = effect.cause, effect.confidence
        if judgement.rule == "MS-16":
            cause, confidence = of_mac(known, trouble, judgement)
        if trouble.run.procedure.kind == "gba-bootstrapping" and trouble.run.first("request") is None:
            confidence = LIKELY  # it began before the capture
        yield _reason(known, trouble, judgement, cause, confidence)


def _reason(known: Known, trouble: Trouble, judgement: Judgement, cause: str, confidence: str) -> Reason:
    text = plain(known, trouble, judgement)
    return Reason(cause, confidence, text, judgement.remedy, judgement.evidence, judgement.waived)


def _last(known: Known, trouble: Trouble, kind: str) -> Run | None:
    """Return the last run of a kind that the UE of a trouble went through before it, other than its own."""
    if trouble.ue is None:
        return None
    found = [
        run for run in known.story.runs_of(trouble.ue, kind)
        if run is not trouble.run and run.start <= trouble.time and run.first(run.procedure.steps[0].name) is not None
    ]  # fmt: skip
    return found[-1] if found else None


def _blamed(known: Known, trouble: Trouble, run: Run, depth: int) -> Iterator[Reason]:
    """Yield what in an earlier run explains a trouble: the rules that it broke, or why it failed itself."""
    name = known.name(run)
    for judgement in known.broken.get(name, ()):
        if EFFECTS[judgement.rule].symptom in ("", trouble.symptom):
            sure = CERTAIN if depth == 0 else LIKELY
            yield _reason(known, replace(trouble, run=run), judgement, EFFECTS[judgement.rule].cause, sure)
    if name in known.broken:
        return
    if run.procedure.kind == "gba-usage":
        yield from no_keys(known, run)
    elif run.outcome != "success":
        for earlier in troubles(known.only(run)):
            yield from reasons(known, earlier, depth + 1)[0]


def _sound(known: Known, trouble: Trouble) -> Iterator[str]:
    """Yield the links before a trouble that broke nothing."""
    for kind in BEFORE.get(trouble.run.procedure.kind, ()):
        run = _last(known, trouble, kind)
        if run is not None and run.outcome == "success" and known.name(run) not in known.broken:
            yield LINKS[kind]
