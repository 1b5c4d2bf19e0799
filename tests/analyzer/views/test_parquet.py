"""Parquet tables hold what the csv views do, with types; without pyarrow that is said before any work is done."""

import csv
import importlib.util
import io
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer import cli
from analyzer.report import Report
from analyzer.views import parquet, view
from analyzer.views.parquet import TABLES, write

SAMPLES = Path(__file__).parents[3] / "sample_pcaps"
tables = pytest.importorskip("pyarrow.parquet")


def read(name, report, path):
    write(name, report, path)
    return tables.read_table(path)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_the_rows_of_its_csv_view(name, report, tmp_path):
    table = read(name, report, tmp_path / "a.parquet")
    head, *rows = csv.reader(io.StringIO(view(name.replace("parquet", "csv"))(report)))
    assert table.column_names == head
    told = [["" if cell is None else str(cell) for cell in row.values()] for row in table.to_pylist()]
    assert told == rows
    assert rows


def test_numbers_are_numbers(report, tmp_path):
    types = {
        name: {field.name: str(field.type) for field in read(name, report, tmp_path / "a.parquet").schema}
        for name in TABLES
    }
    assert types["parquet-messages"]["time"] == "double"
    assert types["parquet-messages"]["frame"] == types["parquet-keys"]["capture"] == "int64"
    assert types["parquet"]["capture"] == "string"
    assert types["parquet"]["message"] == "string"


def test_many_rows_go_out_in_batches(case, tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "BATCH", 4)
    path = tmp_path / "a.parquet"
    write("parquet", Report("1", (case, replace(case, name="b"))), path)
    file = tables.ParquetFile(path)
    assert file.metadata.num_rows == 2 * len(case.judgements)
    assert file.metadata.num_row_groups == 3


def test_nothing_is_a_table_without_rows(tmp_path):
    for name in TABLES:
        assert read(name, Report("1", ()), tmp_path / "a.parquet").num_rows == 0


def test_names_of_a_network_are_clean_text(case, tmp_path):
    evil = "a\x1b[31m\x00\udc80\u202eb"
    named = replace(case, name=evil, judgements=tuple(j._replace(message=evil) for j in case.judgements))
    table = read("parquet", Report("1", (named,)), tmp_path / "a.parquet")
    for text in table.column("case").to_pylist() + table.column("message").to_pylist():
        assert text == r"a\x1b[31m\x00\udc80\u202eb"


def test_tables_are_written_beside_other_outputs(tmp_path, capsys):
    path = tmp_path / "keys.parquet"
    assert cli.run(["validate", str(SAMPLES / "http_good"), "--output", f"parquet-keys={path}"]) == 0
    table = tables.read_table(path)
    assert {"K", "MUK", "MSK", "MTK"} <= set(table.column("kind").to_pylist())
    assert set(table.column("value").to_pylist()) == {None}
    assert cli.run(["validate", str(SAMPLES / "http_good"), "--output", f"parquet-keys={path}", "--show-keys"]) == 0
    assert all(tables.read_table(path).column("value").to_pylist())
    capsys.readouterr()


def test_a_table_that_cannot_be_written_costs_no_other_output(tmp_path, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "write", full)
    other = tmp_path / "a.json"
    case = str(SAMPLES / "http_good")
    args = ["validate", case, "--output", f"parquet={tmp_path / 'a.parquet'}", "--output", f"json={other}"]
    assert cli.run(args) == 3
    assert "a.parquet: cannot be written: No space left on device" in capsys.readouterr().err
    assert other.exists()


def test_without_pyarrow_it_is_said_what_brings_it(tmp_path, capsys, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(parquet, "find_spec", lambda name: None if name == "pyarrow" else found(name))
    assert cli.run(["validate", "nowhere.pcap", "--output", f"parquet={tmp_path / 'a.parquet'}"]) == 2
    assert "needs pyarrow: pip install 'keyshark[parquet]'" in capsys.readouterr().err


def test_a_table_cannot_go_to_a_terminal(capsys):
    assert cli.run(["validate", "nowhere.pcap", "--format", "parquet"]) == 2
    assert "is not one of" in capsys.readouterr().err
