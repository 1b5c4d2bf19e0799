"""Vectors that several tests here read."""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[2] / "vectors"


@pytest.fixture(scope="session")
def chain() -> dict[str, Any]:
    """The self made chain from K to SRTP; its values by name, hex where they are octets."""
    loaded: dict[str, Any] = json.loads((VECTORS / "chain.json").read_text())
    return loaded


@pytest.fixture(scope="session")
def value(chain: dict[str, Any]) -> Any:
    """Octets of the chain by name."""
    return lambda name: bytes.fromhex(chain["values"][name])
