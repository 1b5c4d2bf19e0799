"""case.toml without what its writer remarked: comments, and the reasons of waivers."""

from __future__ import annotations

import re

_STRING = r"\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*'"
_REMARK = re.compile(rf"({_STRING})|#[^\n]*")
_REASON = re.compile(rf"(\breason[\"']?\s*=\s*)({_STRING})")
_LETTER = re.compile(r"[^\s]")


def without_remarks(text: str) -> str:
    """Return TOML that means the same."""
    text = _REMARK.sub(lambda found: found[1] or "", text)
    return _REASON.sub(lambda found: found[1] + _hidden(found[2]), text)


def _hidden(string: str) -> str:
    """Return a string with its quotes in which no letter is told."""
    size = 3 if string[:3] in ('"""', "'''") and len(string) > 5 else 1
    return string[:size] + _LETTER.sub("x", string[size:-size]) + string[-size:]
