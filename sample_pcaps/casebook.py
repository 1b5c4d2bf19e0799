"""The cases: each a function that returns its finished story, registered by a decorator."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sample_pcaps
from sample_pcaps.story import Story

CASE_MODULES = ("good", "fault")  # beginnings of the names of the modules that hold cases

Tell = Callable[[], Story]


@dataclass(frozen=True)
class Case:
    """A case: its story, which rules it breaks (none for a good one), what stands in its keyring, and its profile."""

    name: str
    breaks: tuple[str, ...]
    told: str
    tell: Tell
    runs: bool = False
    msks: tuple[bytes, ...] = ()
    profile: str = ""

    @property
    def good(self) -> bool:
        return not self.breaks

    def keyring(self, story: Story) -> str:
        """Return the keyring file of the case."""
        return story.keyring(runs=self.runs, msks=self.msks)


_cases: dict[str, Case] = {}


def case(
    *, breaks: Sequence[str] = (), runs: bool = False, msks: Sequence[bytes] = (), profile: str = ""
) -> Callable[[Tell], Tell]:
    """Register a function as a case; its name is that of the folder, its docstring says what is right or wrong.

    `breaks` lists the rule codes that the case breaks. `runs` adds the bootstrapping runs to the keyring, `msks`
    the MSKs named: for captures in which they are not to be seen. `profile` is what its case.toml says of the texts
    that it is to be judged by.
    """

    def register(tell: Tell) -> Tell:
        name = tell.__name__
        told = inspect.getdoc(tell)
        if not told:
            raise ValueError(f"case {name} does not say what it shows")
        if name in _cases:
            raise ValueError(f"two cases are named {name}")
        _cases[name] = Case(name, tuple(breaks), told, tell, runs, tuple(msks), profile)
        return tell

    return register


def cases() -> Mapping[str, Case]:
    """Return all cases by name; every module good*.py and fault*.py of this package is looked into."""
    for module in sorted(found.name for found in pkgutil.iter_modules(sample_pcaps.__path__)):
        if module.startswith(CASE_MODULES):
            importlib.import_module(f"sample_pcaps.{module}")
    return dict(sorted(_cases.items()))
