"""Vectors that the tests of the forge read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[1] / "vectors"


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Return a vector file by name."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())


@pytest.fixture(scope="session")
def chain(vectors: Callable[[str], Any]) -> dict[str, Any]:
    """The self made chain from K to SRTP."""
    loaded: dict[str, Any] = vectors("chain")
    return loaded


@pytest.fixture(scope="session")
def value(chain: dict[str, Any]) -> Callable[[str], bytes]:
    """Octets of the chain by name."""
    return lambda name: bytes.fromhex(chain["values"][name])
