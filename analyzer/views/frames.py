"""Frames as evidence, named as Wireshark numbers them."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.report import Evidence

MAX_FRAMES = 8  # of one judgement; the JSON report has them all


def frames(evidence: Iterable[Evidence], several: bool) -> str:
    """Name frames as Wireshark numbers them; `[1] 12` is frame 12 of the second capture."""
    told = [f"[{e.capture}] {e.frame}" if several else str(e.frame) for e in evidence]
    more = f" and {len(told) - MAX_FRAMES} more" if len(told) > MAX_FRAMES else ""
    return f"frame{'s' if len(told) > 1 else ''} {', '.join(told[:MAX_FRAMES])}{more}"
