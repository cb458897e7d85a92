"""`unpacked_pages`: what the pages of a stored column take unpacked, by their own headers.

The metadata at the end of a parquet file says how large a column is, but a reader sets memory aside for what each page
says of itself. Only the headers are read here: a struct of Thrift's compact protocol before each page.
"""

from __future__ import annotations

from mmap import mmap

import pyarrow as pa
import pyarrow.parquet as pq

_UNPACKED, _PACKED = 2, 3
"""Fields of a page header: bytes of the page behind it, unpacked and as stored."""
_TRUE, _FALSE, _BYTE, _I16, _I64, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 4, 6, 7, 8, 9, 10, 12
_DEEPEST = 8
"""Structs and lists inside each other; the format has four."""
_HEADER_BYTES = 1 << 16
_MOST_PAGES = 100_000
"""Of a column of a row group: pages are of about a megabyte."""


def unpacked_pages(stored: mmap, column: pq.ColumnChunkMetaData) -> int:
    """Bytes that all pages of a column of a row group have unpacked.

    Args:
        stored: The file.
        column: Of the file's metadata.

    Raises:
        pyarrow.ArrowInvalid: There are no such pages.
    """
    first, dictionary = column.data_page_offset, column.dictionary_page_offset
    at = min(first, dictionary) if column.has_dictionary_page and dictionary else first
    end, total, pages = at + column.total_compressed_size, 0, 0
    if not 0 <= at <= end <= len(stored):
        raise pa.ArrowInvalid(f"column {column.path_in_schema!r} lies outside of the file")
    while at < end:
        header, pages = _Header(stored, at, min(end, at + _HEADER_BYTES)), pages + 1
        try:
            sizes = header.struct()
            unpacked, packed = sizes[_UNPACKED], sizes[_PACKED]
        except (IndexError, KeyError) as error:
            raise pa.ArrowInvalid(f"column {column.path_in_schema!r} has a damaged page header") from error
        at = header.at + packed
        if unpacked < 0 or packed < 0 or at > end or pages > _MOST_PAGES:
            raise pa.ArrowInvalid(f"column {column.path_in_schema!r} has a page that ends outside of it, or too many")
        total += unpacked
    return total


class _Header:
    """Reads at `at`, never at `end` or behind. Every method raises IndexError where there is no such thing."""

    def __init__(self, stored: mmap, at: int, end: int) -> None:
        self.stored, self.at, self.end = stored, at, end

    def struct(self, depth: int = 0) -> dict[int, int]:
        """Moves behind a struct; its whole numbers by field."""
        found, field = {}, 0
        while byte := self._byte():
            field = field + (byte >> 4) if byte >> 4 else self._number()
            kind = byte & 15
            if kind not in (_TRUE, _FALSE):  # the value of a field is in its kind
                found[field] = self._value(kind, depth + 1)
        return found

    def _value(self, kind: int, depth: int) -> int:
        """Moves behind a value; its number if it is a whole one, else 0."""
        if depth > _DEEPEST:
            raise IndexError
        if _I16 <= kind <= _I64:
            return self._number()
        if kind in (_TRUE, _FALSE, _BYTE):
            self._skip(1)
        elif kind == _DOUBLE:
            self._skip(8)
        elif kind == _BINARY:
            self._skip(self._varint())
        elif kind in (_LIST, _SET):
            byte = self._byte()
            for _ in range(byte >> 4 if byte >> 4 < 15 else self._varint()):
                self._value(byte & 15, depth + 1)
        elif kind == _STRUCT:
            self.struct(depth)
        else:  # the format has no map in a page header
            raise IndexError
        return 0

    def _skip(self, count: int) -> None:
        if count > self.end - self.at:
            raise IndexError
        self.at += count

    def _byte(self) -> int:
        self._skip(1)
        return self.stored[self.at - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise IndexError

    def _number(self) -> int:
        """A whole number with its sign in the lowest bit."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
