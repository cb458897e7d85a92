"""`shards`, `batches`, `check_once`: the tables of a built data set, a bounded part at a time; damage is named.

A data set may come from anywhere: a shard is read only as far as its columns, its sizes and its names are those that
`archlm bench build` writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from archlm.bench.merge import SHARD_ROWS
from archlm.bench.schema import ARCHITECTURES, MEASUREMENTS
from onnx_bench.errors import MalformedRecordsError
from onnx_bench.reading.text import printable
from onnx_bench.records.bounded_batches import bounded_batches
from onnx_bench.records.parquet_footer import StoredPart

LIMIT_BYTES = 512 << 20
"""Most bytes that the cells of a batch, and a stored part of a column, take."""
BATCH_ROWS = 1000
PARTS = {"architectures": ARCHITECTURES, "measurements": MEASUREMENTS}
MAY_BE_EMPTY = {"epochs", "runs"}
NAMES = {"fingerprint": r"^[0-9a-f]{32}$", "space": r"^[a-z][a-z0-9_]*$", "task": r"^[a-z0-9][a-z0-9/_.-]*$"}
"""How the names in a column read."""
_SHOWN = 300


def shards(folder: str | Path, part: str) -> list[Path]:
    """The files of a part of a data set, in order.

    Raises:
        MalformedRecordsError: There is none.
    """
    found = sorted((Path(folder) / part).glob("*.parquet"))
    if not found:
        raise MalformedRecordsError(f"{folder} has no {part}; build it again with archlm bench build")
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raises MalformedRecordsError, with the name of a shard, where it turns out to be damaged."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise MalformedRecordsError(
            f"{path} cannot be read ({printable(str(error))[:_SHOWN]}); it is damaged, or not of archlm bench build: "
            "build the data set again, or fetch this file again"
        ) from error


def batches(
    folder: str | Path, part: str, columns: list[str], rows: int = BATCH_ROWS,
    wanted: Callable[[Sequence[StoredPart]], bool] = lambda _: True,
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    """Some columns of a part of a data set.

    Args:
        folder: The data set.
        part: One of `PARTS`.
        columns: Those to read.
        rows: Most rows of a batch.
        wanted: Which row groups to read.

    Raises:
        MalformedRecordsError: A file is damaged, or is no shard.
    """
    for path in shards(folder, part):
        yield from _batches_of(path, part, columns, rows, wanted)


def check_once(folder: str | Path, part: str) -> None:
    """Reads a part of a data set whole, but for files that this process has read so since they were changed.

    Raises:
        MalformedRecordsError: A file is damaged, or is no shard.
    """
    for path in shards(folder, part):
        with reading(path):
            found = path.stat()
        _check_file(path, part, (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))


@lru_cache(maxsize=10_000)
def _check_file(path: Path, part: str, _: tuple[int, ...]) -> None:
    for _batch in _batches_of(path, part, PARTS[part].names, BATCH_ROWS, lambda _: True):
        pass


def _batches_of(
    path: Path, part: str, columns: list[str], rows: int, wanted: Callable[[Sequence[StoredPart]], bool]
) -> Iterator[pa.RecordBatch]:
    with reading(path):
        if not path.is_file():  # of a pipe nothing would ever be read
            raise pa.ArrowInvalid("it is no file")
        schema, total = pq.read_schema(path), 0
        for name in columns:
            expected = PARTS[part].field(name)
            if not any(field.name == name and field.type == expected.type for field in schema):
                raise pa.ArrowTypeError(f"it has no column {name} of type {expected.type}")
        for batch, _ in bounded_batches(path, columns, rows, LIMIT_BYTES, wanted):
            total += batch.num_rows
            if total > SHARD_ROWS:
                raise pa.ArrowCapacityError(f"it has more than {SHARD_ROWS:,} rows")
            _check(batch)
            yield batch


def _check(batch: pa.RecordBatch) -> None:
    """Raises pyarrow.ArrowInvalid for cells that no build writes."""
    batch.validate(full=True)
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if column.null_count and name not in MAY_BE_EMPTY:
            raise pa.ArrowInvalid(f"column {name} has {column.null_count} empty cells")
        if name in NAMES and not pc.all(pc.match_substring_regex(column, NAMES[name])).as_py():
            raise pa.ArrowInvalid(f"column {name} holds something else than names")
        if name == "value" and not pc.all(pc.is_finite(column)).as_py():
            raise pa.ArrowInvalid("column value holds something else than finite numbers")
