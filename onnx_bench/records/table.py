"""`Table`: a table of records, parquet or CSV, described by its columns, and read by that description."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records.bounded_batches import bounded_batches
from onnx_bench.records.source import Entry, Measurement, Split

BATCH_ROWS = 4096
LIMIT_BYTES = 256 << 20
"""Most bytes that the cells of a batch of a parquet file take."""


@dataclass(frozen=True)
class Column:
    """What one column of a table measures.

    Attributes:
        name: Name of the column.
        task: Name of the task.
        split: Part of the data set that was scored.
        epochs: Training epochs, see `Measurement`.
        runs: Training runs a value averages, or the name of the column that says it row by row.
        factor: By what a recorded number is multiplied to be in the task's unit.
        remark: What a reader must know before comparing values; follows the column's name in the note.
        spread: The column of the standard deviation between runs, which the note then says.
    """

    name: str
    task: str
    split: Split
    epochs: int | None = None
    runs: int | str = 1
    factor: float = 1.0
    remark: str = ""
    spread: str = ""

    def note(self, row: Mapping[str, Any], remarks: Iterable[str] = ()) -> str:
        """The note of a measurement: the column, what is known of it, and of the row."""
        spread = f"std {row[self.spread] * self.factor:.3g}" if self.spread and row[self.spread] is not None else ""
        return "; ".join(filter(None, (self.name, self.remark, spread, *remarks)))


@dataclass(frozen=True)
class Table:
    """What every column of a table is for.

    Attributes:
        columns: Those that hold measurements; the first of a task is the one that the task's protocol describes.
        unused: Those that are left out on purpose, with the reason; `*` stands for any part of a name.
        key: Columns that `arch` is called with to name the architecture.
        arch: From the values of `key` to the architecture string.
        params: The column of recorded parameters, as trained for the default task of the space.
        params_factor: By what its values are multiplied to be a count.
        remarks: Columns whose values end the note of every measurement of a row.
        valid: A column of booleans; a row where it is false lists its architecture without measurements.
    """

    columns: tuple[Column, ...] = ()
    unused: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ("arch",)
    arch: Callable[..., str] = str
    params: str = ""
    params_factor: float = 1
    remarks: tuple[str, ...] = ()
    valid: str = ""

    def used(self) -> list[str]:
        """Names of the columns to read."""
        names = [*self.key, *self.remarks, self.valid, self.params]
        for column in self.columns:
            names += [column.name, column.spread, column.runs if isinstance(column.runs, str) else ""]
        return list(dict.fromkeys(filter(None, names)))

    def read(self, path: Path) -> Iterator[Entry]:
        """One entry for each row, in the order of the file.

        Raises:
            MalformedRecordsError: The file is no parquet table, lacks a column, or holds a value that cannot be.
        """
        for row in read_rows(path, self.used()):
            yield self.entry(row, path)

    def entry(self, row: Mapping[str, Any], path: Path) -> Entry:
        """The entry of one row."""
        try:
            arch = self.arch(*(row[name] for name in self.key))
        except (TypeError, ValueError, IndexError) as error:
            found = ", ".join(f"{name} = {row[name]!r:.80}" for name in self.key)
            raise MalformedRecordsError(f"{path}: {found} names no architecture: {error}") from error
        params = row[self.params] if self.params else None
        if params is not None:
            params = round(_finite(self.params, params, path) * self.params_factor)
        return Entry(arch, self.measurements(row, path), params=params)

    def measurements(self, row: Mapping[str, Any], path: Path) -> tuple[Measurement, ...]:
        """The values of one row; an empty cell is none."""
        if self.valid and not row[self.valid]:
            return ()
        remarks = [f"{name} {row[name]}" for name in self.remarks]
        return tuple(
            Measurement(c.task, number, c.split, c.epochs, _runs(c, row, path), c.note(row, remarks))
            for c in self.columns
            if (number := _number(c, row[c.name], path)) is not None
        )


def _number(column: Column, value: Any, path: Path) -> float | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return _finite(column.name, value, path) * column.factor


def _finite(column: str, value: Any, path: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MalformedRecordsError(f"{path}: {column} holds {value!r:.80}, expected a finite number")
    return value


def _runs(column: Column, row: Mapping[str, Any], path: Path) -> int:
    if isinstance(column.runs, int):
        return column.runs
    count = row[column.runs]
    if not isinstance(count, int | float) or count < 1 or count != int(count):
        raise MalformedRecordsError(f"{path}: {column.name} has a value from {column.runs} = {count!r} training runs")
    return int(count)


def read_rows(path: Path, columns: list[str], batch_rows: int = BATCH_ROWS) -> Iterator[dict[str, Any]]:
    """The rows of a parquet file or, by its suffix, a CSV file; a part of them is held at a time.

    Args:
        path: The file.
        columns: Those to read.
        batch_rows: Rows of a parquet file that are held at a time.

    Raises:
        MalformedRecordsError: It is no such file, lacks one of `columns`, or its cells are larger than the limit.
    """
    try:
        batches = _csv(path, columns) if path.suffix == ".csv" else _parquet(path, columns, batch_rows)
        for batch in batches:
            values = [batch.column(name).to_pylist() for name in columns]
            for row in zip(*values, strict=True):
                yield dict(zip(columns, row, strict=True))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise MalformedRecordsError(f"{path} cannot be read as a table: {error}") from error


def _parquet(path: Path, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
    _check_columns(columns, pq.read_schema(path).names, path)
    for batch, _ in bounded_batches(path, columns, batch_rows, LIMIT_BYTES):
        yield batch


def _csv(path: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    with pc.open_csv(path) as file:
        _check_columns(columns, file.schema.names, path)
        yield from file


def _check_columns(columns: list[str], found: list[str], path: Path) -> None:
    if lacking := [name for name in columns if name not in found]:
        raise MalformedRecordsError(f"{path} lacks the columns {', '.join(lacking)}; it has {', '.join(found)[:400]}")
