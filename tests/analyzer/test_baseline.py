"""A baseline: what is written is read again, and what is none says so."""

import json

import pytest

from analyzer.baseline import Baseline, BaselineError, load, text
from analyzer.findings import Finding

FINDINGS = [
    Finding("b" * 32, "b", "MS-16", "fail", "ue\x1b", "msk-delivery", "wrong"),
    Finding("c" * 32, "a", "MS-17", "inconc", "", "", "unclear"),
    Finding("a" * 32, "b", "MS-02", "fail", "u", "", ""),
]


def test_what_is_written_is_read_again_and_in_order(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text("".join(text(FINDINGS, "1.0")))
    found = load(str(path))
    assert found.known == {"a": {"c" * 32}, "b": {"a" * 32, "b" * 32}}
    assert found.of("b") == {"a" * 32, "b" * 32}
    assert found.of("z") == frozenset()
    assert found.digest
    assert "".join(text(reversed(FINDINGS), "1.0")) == path.read_text()
    assert [entry["rule"] for entry in json.loads(path.read_text())["findings"]] == ["MS-17", "MS-02", "MS-16"]
    assert len(path.read_text().splitlines()) == 5  # a finding a line
    assert "\x1b" not in path.read_text()


def test_none_is_a_baseline_too(tmp_path):
    path = tmp_path / "baseline.json"
    path.write_text("".join(text([], "1.0")))
    assert load(str(path)).known == {} == Baseline().known


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is no JSON"),
        (b"\xff", "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b"[]", "is no baseline of keyshark"),
        (b'{"schema_version": "1.0"}', "is no baseline of keyshark"),
        (b'{"baseline": 2, "findings": []}', "is no baseline of keyshark"),
        (b'{"baseline": 1}', r"findings\[0\]: has no case and fingerprint"),
        (b'{"baseline": 1, "findings": [{"case": "a", "fingerprint": "12"}]}', r"findings\[0\]"),
        (b'{"baseline": 1, "findings": {"a": 1}}', r"findings\[0\]"),
    ],
)
def test_what_is_none_says_so(octets, why, tmp_path):
    path = tmp_path / "baseline.json"
    path.write_bytes(octets)
    with pytest.raises(BaselineError, match=f"baseline.json: {why}"):
        load(str(path))


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(BaselineError, match="cannot be read: No such file"):
        load(str(tmp_path / "no.json"))
