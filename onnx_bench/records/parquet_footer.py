"""`stored_parts`: where the columns of a parquet file lie, by the metadata at its end.

pyarrow tells the same, but ends the process where that metadata is damaged: it lets exceptions of C++ out of
`RowGroupMetaData.column`.
"""

from __future__ import annotations

from mmap import mmap
from typing import Any, NamedTuple

import pyarrow as pa

from onnx_bench.records.thrift import BINARY, I64, LIST, STRUCT, Thrift

_TAIL = 8
"""Bytes at the end: the length of the metadata, and the mark of the format."""
_GROUPS, _COLUMNS, _METADATA = 4, 1, 3
"""Fields: of the file, of a row group, of a column."""
_PATH, _SIZE, _DATA, _DICTIONARY, _STATISTICS = 3, 7, 9, 11, 12
"""Of a column's metadata."""
_MOST, _LEAST = 5, 6
"""Of its statistics."""


class StoredPart(NamedTuple):
    """A column of a row group.

    Attributes:
        path: Names of the column and of what it is in, joined by dots.
        start: Of its first page in the file.
        size: Of all its pages as they are stored.
        least, most: Its smallest and its largest value as they are stored, where they are known.
    """

    path: str
    start: int
    size: int
    least: bytes | None
    most: bytes | None


def stored_parts(stored: mmap) -> list[list[StoredPart]]:
    """The columns of each row group.

    Args:
        stored: The file.

    Raises:
        pyarrow.ArrowInvalid: Its metadata is damaged.
    """
    end = len(stored) - _TAIL
    footer = Thrift(stored, end - int.from_bytes(stored[end : end + 4], "little"), end)
    try:
        if footer.at < 0:
            raise IndexError
        return footer.struct({(_GROUPS, LIST): lambda it: it.items(_group)})[_GROUPS]
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise pa.ArrowInvalid("the metadata at its end is damaged") from error


def _group(stored: Thrift) -> list[StoredPart]:
    return stored.struct({(_COLUMNS, LIST): lambda it: it.items(_part)})[_COLUMNS]


def _part(stored: Thrift) -> StoredPart:
    found = stored.struct({(_METADATA, STRUCT): _metadata})[_METADATA]
    first, dictionary = found[_DATA], found.get(_DICTIONARY, 0)
    statistics = found.get(_STATISTICS, {})
    return StoredPart(
        b".".join(found[_PATH]).decode(), min(first, dictionary) if dictionary > 0 else first, found[_SIZE],
        statistics.get(_LEAST), statistics.get(_MOST),
    )  # fmt: skip


def _metadata(stored: Thrift) -> dict[int, Any]:
    return stored.struct({
        (_PATH, LIST): lambda it: it.items(Thrift.binary), (_SIZE, I64): Thrift.number, (_DATA, I64): Thrift.number,
        (_DICTIONARY, I64): Thrift.number,
        (_STATISTICS, STRUCT): lambda it: it.struct({(_MOST, BINARY): Thrift.binary, (_LEAST, BINARY): Thrift.binary}),
    })  # fmt: skip
