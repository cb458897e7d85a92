"""`unpacked_pages`: what the pages of a stored column take unpacked, by their own headers.

The metadata at the end of a parquet file says how large a column is, but a reader sets memory aside for what each page
says of itself. Only the headers are read here: a struct of Thrift's compact protocol before each page.
"""

from __future__ import annotations

from mmap import mmap

import pyarrow as pa

from onnx_bench.records.parquet_footer import StoredPart
from onnx_bench.records.thrift import I32, Thrift

_UNPACKED, _PACKED = 2, 3
"""Fields of a page header: bytes of the page behind it, unpacked and as stored."""
_SIZES = {(_UNPACKED, I32): Thrift.number, (_PACKED, I32): Thrift.number}
_HEADER_BYTES = 1 << 16
_MOST_PAGES = 100_000
"""Of a column of a row group: pages are of about a megabyte."""


def unpacked_pages(stored: mmap, part: StoredPart) -> int:
    """Bytes that all pages of a column of a row group have unpacked.

    Args:
        stored: The file.
        part: From its footer.

    Raises:
        pyarrow.ArrowInvalid: There are no such pages.
    """
    at, end, total, pages = part.start, part.start + part.size, 0, 0
    if not 0 <= at <= end <= len(stored):
        raise pa.ArrowInvalid(f"column {part.path!r} lies outside of the file")
    while at < end:
        header, pages = Thrift(stored, at, min(end, at + _HEADER_BYTES)), pages + 1
        try:
            sizes = header.struct(_SIZES)
            unpacked, packed = sizes[_UNPACKED], sizes[_PACKED]
        except (IndexError, KeyError) as error:
            raise pa.ArrowInvalid(f"column {part.path!r} has a damaged page header") from error
        at = header.at + packed
        if unpacked < 0 or packed < 0 or at > end or pages > _MOST_PAGES:
            raise pa.ArrowInvalid(f"column {part.path!r} has a page that ends outside of it, or too many")
        total += unpacked
    return total
