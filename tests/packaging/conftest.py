"""The scripts of packaging/, which is no package: it would stand in the way of PyPI's of that name."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PACKAGING = Path(__file__).parents[2] / "packaging"


@pytest.fixture
def script():
    def load(name):
        spec = importlib.util.spec_from_file_location(f"keyshark_packaging_{name}", PACKAGING / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
