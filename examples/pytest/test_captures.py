"""Captures of a lab as tests: `pip install keyshark pytest`, then `pytest` in this folder."""

from pathlib import Path

import pytest

CAPTURES = sorted((Path(__file__).parent / "captures").glob("*.pcapng"))


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)
def test_capture(keyshark, capture):
    keyshark.validate(capture).assert_pass(ignore=["EX-03"])


def test_registration_brings_a_key_to_each_ue(keyshark):
    (case,) = keyshark.validate("captures/registration.pcapng").cases
    for ue in case.report.ues:
        assert [key for key in ue.keys if key.kind == "MSK" and key.status == "decrypted"], ue.id
