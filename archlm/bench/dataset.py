"""Load a data set that `archlm bench build` made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archlm.bench.schema import CODE, MANIFEST, MEASUREMENTS
from onnx_bench.errors import UserInputError

if TYPE_CHECKING:
    import datasets

_MANIFEST_KEYS = {
    "entries": int, "architectures": int, "measurements": int, "skipped": int, "parts": list, "not_built": list,
}  # fmt: skip


def load(folder: str | Path, task: str | None = None, split: str | None = None) -> datasets.Dataset:
    """The architectures of a built data set, memory-mapped.

    Args:
        folder: Where it was built.
        task: Only architectures measured on this task, once for each measurement, with its columns (`value`, `split`,
            `epochs`, `runs`, `note`, `source`, `licence`) and under the name that its source uses.
        split: With `task`: only measurements on this part of the data (`validation` or `test`).

    Raises:
        UserInputError: The folder holds no finished data set of this version, or nothing was measured on the task.
    """
    import datasets

    read_manifest(folder)
    table = datasets.load_dataset("parquet", data_files=_files(folder, "architectures"), split="train")
    assert isinstance(table, datasets.Dataset), "a single split was asked for"
    if task is None:
        return table
    measured = measurements(folder, task)
    if split is not None:
        measured = measured.filter(pc.equal(measured["split"], split))
    if not measured.num_rows:
        raise UserInputError(f"{folder} holds no measurements on task {task!r}{f', split {split!r}' if split else ''}")
    place = {fingerprint: i for i, fingerprint in enumerate(table["fingerprint"])}
    rows = table.select([place[f] for f in measured["fingerprint"].to_pylist()]).remove_columns(["space", "arch"])
    for name in measured.column_names:
        if name != "fingerprint":
            rows = rows.add_column(name, measured[name].to_pylist())
    return rows


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """What the build said of itself.

    Raises:
        UserInputError: There is no finished data set of this version.
    """
    path = Path(folder) / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_bytes())
        found = manifest["format"]
        if found == CODE and not all(isinstance(manifest[name], kind) for name, kind in _MANIFEST_KEYS.items()):
            raise TypeError(f"{MANIFEST} has values of another kind")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserInputError(
            f"{folder} holds no finished data set ({type(error).__name__}: {error}); make one with archlm bench build"
        ) from error
    if found != CODE:
        raise UserInputError(f"{folder} is of format {found!s:.80}, this version reads {CODE}; build it again")
    return manifest


def architectures(folder: str | Path, columns: list[str], rows: int = 1000) -> Iterator[pa.Table]:
    """Some columns of the architectures, in order, piece by piece."""
    for file in _files(folder, "architectures"):
        for batch in pq.ParquetFile(file).iter_batches(rows, columns=columns):
            yield pa.Table.from_batches([batch])


def measurements(folder: str | Path, task: str | None = None) -> pa.Table:
    """All measurements, or those on one task."""
    filters = [("task", "=", task)] if task is not None else None
    return pa.concat_tables([pq.read_table(file, filters=filters) for file in _files(folder, "measurements")])


def measurement_rows(folder: str | Path, task: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Some columns of the measurements on one task, row by row, without pandas, which filters of pyarrow import."""
    for path in _files(folder, "measurements"):
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                if _may_hold(file.metadata.row_group(group), task):
                    table = file.read_row_group(group, columns=["task", *columns])
                    for row in zip(*(table[name].to_pylist() for name in ("task", *columns)), strict=True):
                        if row[0] == task:
                            yield row[1:]


def _may_hold(group: pq.RowGroupMetaData, task: str) -> bool:
    found = group.column(MEASUREMENTS.get_field_index("task")).statistics
    return found is None or not found.has_min_max or found.min <= task <= found.max


def _files(folder: str | Path, part: str) -> list[str]:
    return sorted(map(str, (Path(folder) / part).glob("*.parquet")))
