"""`bounded_batches`: columns of a parquet file, a part at a time, no part larger than a limit.

A text that stands in every row is stored once, so a file of a kilobyte can hold a gigabyte of cells. Here such columns
stay as they are packed until their unpacked size is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from onnx_bench.records.parquet_footer import StoredPart, stored_parts
from onnx_bench.records.parquet_pages import unpacked_pages

_CELL_BYTES = 8
"""Of any cell; those of its text come on top."""


def bounded_batches(
    path: Path, columns: Sequence[str], rows: int, limit: int,
    wanted: Callable[[Sequence[StoredPart]], bool] = lambda _: True,
) -> Iterator[tuple[pa.RecordBatch, int]]:  # fmt: skip
    """The columns, at most `rows` rows at a time, each time with the bytes that all cells of the batch have unpacked.

    Args:
        path: The file.
        columns: Those to read; numbers, text, or vectors of a fixed number of numbers.
        rows: Most rows of a batch.
        limit: Most bytes of a batch unpacked, and of a stored part of a column.
        wanted: Which row groups to read.

    Raises:
        pyarrow.ArrowException: It is no such file, a column is missing, there twice or holds lists or records, or the
            limit is exceeded.
        OSError: It cannot be read.
    """
    schema = pq.read_schema(path)
    for name in columns:
        if schema.names.count(name) != 1:
            raise pa.ArrowInvalid(f"it has {schema.names.count(name)} columns called {name!r}, expected one")
        if pa.types.is_nested(kind := schema.field(name).type) and not _is_vector(kind):
            raise pa.ArrowTypeError(f"column {name!r} holds {kind}, expected numbers or text")
    packed = [name for name in columns if not pa.types.is_nested(schema.field(name).type)]
    with pq.ParquetFile(path, read_dictionary=packed) as file:
        with open(path, "rb") as plain, mmap(plain.fileno(), 0, access=ACCESS_READ) as stored:
            groups = {place: group for place, group in enumerate(stored_parts(stored)) if wanted(group)}
            for part in chain.from_iterable(groups.values()):
                if not {part.path, part.path.partition(".")[0]}.isdisjoint(columns):
                    _check(unpacked_pages(stored, part), limit)
        for batch in file.iter_batches(rows, row_groups=list(groups), columns=list(columns)):
            size = sum(map(_unpacked_bytes, batch.columns))
            _check(size, limit)
            yield pa.RecordBatch.from_arrays(list(map(_unpacked, batch.columns)), batch.schema.names), size


def _is_vector(kind: pa.DataType) -> bool:
    return pa.types.is_fixed_size_list(kind) and pa.types.is_primitive(kind.value_type)


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise pa.ArrowCapacityError(f"a part of it unpacks to more than {limit >> 20} MiB")


def _unpacked(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _unpacked_bytes(column: pa.Array) -> int:
    packed = isinstance(column, pa.DictionaryArray)
    values = column.dictionary if packed else column
    size: int = _CELL_BYTES * len(column)
    if _is_vector(values.type):
        return size * int(values.type.list_size)
    if pa.types.is_primitive(values.type) or pa.types.is_decimal(values.type) or pa.types.is_null(values.type):
        return size
    lengths = pc.binary_length(values)
    return size + (pc.sum(lengths.take(column.indices) if packed else lengths).as_py() or 0)
