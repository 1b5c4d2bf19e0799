"""The rows of the csv views as Apache Parquet, for whoever asks of a million at once: the same columns, with types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from types import ModuleType

from analyzer.report import Report
from analyzer.views.ink import clean
from analyzer.views.rows import Cell, Row

# name → module that has the columns and rows
TABLES: Mapping[str, str] = {
    "parquet": "analyzer.views.csv",
    "parquet-keys": "analyzer.views.csv_keys",
    "parquet-messages": "analyzer.views.csv_messages",
}
EXTRA = "keyshark[parquet]"  # that brings what writes it
BATCH = 20_000  # rows that are in memory at once
WHOLE = frozenset({"frame"})  # numbers
SECONDS = frozenset({"time"})  # since 1970 UTC


def is_there() -> bool:
    """Say whether what writes Parquet is installed."""
    return find_spec("pyarrow") is not None


def write(name: str, report: Report, path: Path) -> None:
    """Write a table of a report to a file; `name` is one of TABLES. Raises OSError."""
    import pyarrow  # noqa: PLC0415  # an extra
    from pyarrow.parquet import ParquetWriter  # noqa: PLC0415

    table = import_module(TABLES[name])
    schema = pyarrow.schema([(column, _type(pyarrow, table, column)) for column in table.COLUMNS])
    rows: Iterator[Row] = table.rows(report)
    with path.open("wb") as file, ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := list(islice(rows, BATCH)):
            arrays = [
                pyarrow.array(map(_cell, cells), field.type)
                for cells, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _type(pyarrow: ModuleType, table: ModuleType, column: str) -> object:
    if column in WHOLE or (column == "capture" and "frame" in table.COLUMNS):  # of judgements it is a path
        return pyarrow.int64()
    return pyarrow.float64() if column in SECONDS else pyarrow.string()


def _cell(value: Cell) -> Cell:
    return clean(value) if isinstance(value, str) else value
