"""Which samples break each rule: samples.tsv, which `make samples` writes out of the cases."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

TABLE = Path(__file__).with_name("samples.tsv")


@lru_cache(maxsize=1)
def samples() -> dict[str, tuple[str, ...]]:
    """Return the names of the samples that break a rule and nothing else that is demanded, by its code."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return {code: tuple(names.split()) for code, names in (line.split("\t") for line in lines)}
