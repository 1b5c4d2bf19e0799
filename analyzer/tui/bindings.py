"""Keys and the actions they stand for: each has a name, by which the config file gives it other keys."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType


def key(keys: str, action: str, description: str, show: bool = False) -> Binding:
    """Return a binding whose name is its description in small letters: "Go to frame" is `go-to-frame`."""
    return Binding(keys, action, description, show=show, id=name_of(description))


def name_of(description: str) -> str:
    """Return the name of an action."""
    return "-".join("".join(c if c.isalnum() else " " for c in description.lower()).split())


def named(bindings: Iterable[BindingType]) -> dict[str, Binding]:
    """Return the bindings that a config file can change, by name."""
    return {each.id: each for each in bindings if isinstance(each, Binding) and each.id}
