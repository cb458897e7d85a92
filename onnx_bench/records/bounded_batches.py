"""`bounded_batches`: columns of a parquet file, a part at a time, no part larger than a limit.

A text that stands in every row is stored once, so a file of a kilobyte can hold a gigabyte of cells. Here such columns
stay as they are packed until their unpacked size is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_CELL_BYTES = 8
"""Of any cell; those of its text come on top."""


def bounded_batches(path: Path, columns: Sequence[str], rows: int, limit: int) -> Iterator[tuple[pa.RecordBatch, int]]:
    """The columns, at most `rows` rows at a time, each time with the bytes that all cells of the batch have unpacked.

    Args:
        path: The file.
        columns: Those to read.
        rows: Most rows of a batch.
        limit: Most bytes of a batch unpacked, and of a stored part of a column.

    Raises:
        pyarrow.ArrowException: It is no such file, a column is missing, there twice or holds lists or records, or the
            limit is exceeded.
        OSError: It cannot be read.
    """
    schema = pq.read_schema(path)
    for name in columns:
        if schema.names.count(name) != 1:
            raise pa.ArrowInvalid(f"it has {schema.names.count(name)} columns called {name!r}, expected one")
        if pa.types.is_nested(kind := schema.field(name).type):
            raise pa.ArrowTypeError(f"column {name!r} holds {kind}, expected numbers or text")
    with pq.ParquetFile(path, read_dictionary=list(columns)) as file:
        for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
            for part in map(group.column, range(group.num_columns)):
                if part.path_in_schema in columns:
                    _check(part.total_uncompressed_size, limit)
        for batch in file.iter_batches(rows, columns=list(columns)):
            size = sum(map(_unpacked_bytes, batch.columns))
            _check(size, limit)
            yield pa.RecordBatch.from_arrays(list(map(_unpacked, batch.columns)), batch.schema.names), size


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise pa.ArrowCapacityError(f"a part of it unpacks to more than {limit >> 20} MiB")


def _unpacked(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _unpacked_bytes(column: pa.Array) -> int:
    packed = isinstance(column, pa.DictionaryArray)
    values = column.dictionary if packed else column
    size: int = _CELL_BYTES * len(column)
    if pa.types.is_primitive(values.type) or pa.types.is_decimal(values.type) or pa.types.is_null(values.type):
        return size
    lengths = pc.binary_length(values)
    return size + (pc.sum(lengths.take(column.indices) if packed else lengths).as_py() or 0)
