"""Who helps with a large case: parts of the work go out as pickles and are done by others, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Part(Protocol):
    """A part of the work that whoever helps can do: it is pickled, and so is what comes of it."""

    def follow(self) -> object: ...


class Answer(Protocol):
    """What will come of a part: a pickle, or None where it was lost."""

    def done(self) -> bool: ...

    def result(self) -> bytes | None: ...

    def add_done_callback(self, call: Callable[[Any], object], /) -> object: ...


Ask = Callable[[bytes], Answer]  # takes a part, as a pickle


class Helpers(Protocol):
    """Who does parts of the work beside this process: `count` of them at once. An executor has them."""

    @property
    def count(self) -> int: ...

    def helping(self) -> AbstractContextManager[Ask]:
        """Let parts be asked for; what goes on still when the context ends, ends with it."""
        ...


def answered(answer: Answer) -> bytes | None:
    """Wait for what comes of a part; None where it was lost, in whatever way."""
    try:
        return answer.result()
    except Exception:  # noqa: BLE001  # whatever became of who helped: who asked does it alone
        return None
