"""The samples, and how keys of theirs would look if they were shown."""

import base64
import tomllib
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
KEYS = ("k", "opc", "op", "ks", "ck", "ik", "ks_naf", "ks_ext_naf", "ks_int_naf", "muk", "mrk", "value", "salt")


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


def _values(table):
    for name, value in table.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _values(item)
            elif name in KEYS:
                yield bytes.fromhex(item)


@pytest.fixture(scope="session")
def entered():
    """The keys that stand in the keyring of a sample."""
    return lambda name: set(_values(tomllib.loads((SAMPLES / name / "keyring.toml").read_text())))


@pytest.fixture(scope="session")
def shown():
    """The keys that a text shows: as hex, as base64, or as hex of either where octets are shown as hex."""

    def find(text, secrets):
        lowered = text.lower()
        found = set()
        for secret in secrets:
            digits, characters = secret.hex(), base64.b64encode(secret).rstrip(b"=")[:-1]
            forms = (
                digits,
                characters.decode().lower(),
                characters.hex(),
                digits.encode().hex(),
                digits.upper().encode().hex(),
            )
            if any(form in lowered for form in forms):
                found.add(secret)
        return found

    return find
