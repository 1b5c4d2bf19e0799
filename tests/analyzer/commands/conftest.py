"""The samples, and how keys of theirs would look if they were shown."""

import base64
import tomllib
from pathlib import Path

import pytest

from analyzer import cli
from sample_pcaps.forge import pcapng

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
KEYS = ("k", "opc", "op", "ks", "ck", "ik", "ks_naf", "ks_ext_naf", "ks_int_naf", "muk", "mrk", "value", "salt")


@pytest.fixture(scope="session")
def samples() -> Path:
    return SAMPLES


@pytest.fixture
def told(capsys):
    """Run a command; of its talk only the warning of keyrings that are readable, as a checkout has them, is right."""

    def run(*args):
        code = cli.run(list(args))
        out, err = capsys.readouterr()
        assert [line for line in err.splitlines() if not line.startswith("warning: ")] == []
        return code, out

    return run


@pytest.fixture
def silent(tmp_path):
    """Where a capture is in which nobody says anything."""
    path = tmp_path / "silent.pcapng"
    path.write_bytes(pcapng([]))
    return str(path)


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
