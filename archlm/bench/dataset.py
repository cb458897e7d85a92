"""Load a data set that `archlm bench build` made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from archlm.bench.schema import CODE, MANIFEST, MEASUREMENTS, unpack_graph
from archlm.bench.shards import BATCH_ROWS, batches, check_once, shards
from onnx_bench.errors import MalformedModelError, MalformedRecordsError, UserInputError
from onnx_bench.graph import ArchGraph
from onnx_bench.records.parquet_footer import StoredPart

if TYPE_CHECKING:
    import datasets

_MANIFEST_KEYS = {
    "entries": int, "architectures": int, "measurements": int, "skipped": int, "parts": list, "not_built": list,
}  # fmt: skip
_MANY_ROWS = 50_000
"""Of numbers and short texts at a time."""


def load(folder: str | Path, task: str | None = None, split: str | None = None) -> datasets.Dataset:
    """The architectures of a built data set, memory-mapped.

    Args:
        folder: Where it was built.
        task: Only architectures measured on this task, once for each measurement, with its columns (`value`, `split`,
            `epochs`, `runs`, `note`, `source`, `licence`) and under the name that its source uses.
        split: With `task`: only measurements on this part of the data (`validation` or `test`).

    Raises:
        UserInputError: The folder holds no finished data set of this version, or a damaged one, or nothing was measured
            on the task.
    """
    import datasets

    read_manifest(folder)
    check_once(folder, "architectures")  # `datasets` sets no limits, and says nothing of the file
    files = list(map(str, shards(folder, "architectures")))
    table = datasets.load_dataset("parquet", data_files=files, split="train")
    assert isinstance(table, datasets.Dataset), "a single split was asked for"
    if task is None:
        return table
    measured = measurements(folder, task)
    if split is not None:
        measured = measured.filter(pc.equal(measured["split"], split))
    if not measured.num_rows:
        raise UserInputError(f"{folder} holds no measurements on task {task!r}{f', split {split!r}' if split else ''}")
    place = {fingerprint: i for i, fingerprint in enumerate(table["fingerprint"])}
    owners = measured["fingerprint"].to_pylist()
    if lost := next((f for f in owners if f not in place), None):
        raise MalformedRecordsError(f"{folder} has measurements of {lost}, but no such architecture; build it again")
    rows = table.select([place[f] for f in owners]).remove_columns(["space", "arch"])
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
        if found == CODE:
            _check_kinds(manifest, _MANIFEST_KEYS)
            for part in manifest["parts"]:
                _check_kinds(part, dict.fromkeys(("recorded_params", "equal_params"), int))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserInputError(
            f"{folder} holds no finished data set ({type(error).__name__}: {error}); make one with archlm bench build"
        ) from error
    if found != CODE:
        raise UserInputError(f"{folder} is of format {found!s:.80}, this version reads {CODE}; build it again")
    return manifest


def _check_kinds(body: dict[str, Any], kinds: dict[str, type]) -> None:
    if not isinstance(body, dict) or not all(isinstance(body[name], kind) for name, kind in kinds.items()):
        raise TypeError(f"{MANIFEST} has values of another kind")


def architectures(folder: str | Path, columns: list[str], rows: int = BATCH_ROWS) -> Iterator[pa.Table]:
    """Some columns of the architectures, in order, piece by piece.

    Raises:
        MalformedRecordsError: A file is damaged.
    """
    return map(pa.Table.from_batches, ([batch] for batch in batches(folder, "architectures", columns, rows)))


def measurements(folder: str | Path, task: str | None = None) -> pa.Table:
    """All measurements, or those on one task.

    Raises:
        MalformedRecordsError: A file is damaged.
    """
    if task is None:
        return pa.Table.from_batches(batches(folder, "measurements", MEASUREMENTS.names, _MANY_ROWS), MEASUREMENTS)
    found = batches(folder, "measurements", MEASUREMENTS.names, _MANY_ROWS, lambda group: _may_hold(group, task))
    return pa.Table.from_batches((batch.filter(pc.equal(batch["task"], task)) for batch in found), MEASUREMENTS)


def measurement_rows(folder: str | Path, task: str, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    """Some columns of the measurements on one task, row by row, without pandas, which filters of pyarrow import.

    Raises:
        MalformedRecordsError: A file is damaged.
    """
    asked = ["task", *columns]
    for batch in batches(folder, "measurements", asked, _MANY_ROWS, lambda group: _may_hold(group, task)):
        for row in zip(*(batch[name].to_pylist() for name in asked), strict=True):
            if row[0] == task:
                yield row[1:]


def read_packed(folder: str | Path, fingerprint: str, packed: bytes) -> ArchGraph:
    """The graph in a row of the architectures.

    Raises:
        MalformedRecordsError: The row is damaged.
    """
    try:
        return unpack_graph(packed)
    except MalformedModelError as error:
        raise MalformedRecordsError(
            f"{folder}: the graph of architecture {fingerprint} is damaged ({error}); build the data set again, or "
            "fetch it again"
        ) from error


def _may_hold(group: Sequence[StoredPart], task: str) -> bool:
    found = next((part for part in group if part.path == "task"), None)  # a foreign shard may have it anywhere
    if found is None or found.least is None or found.most is None:
        return True
    return found.least <= task.encode() <= found.most
