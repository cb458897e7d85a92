"""Pages are counted by what they say of themselves, which is what a reader would believe."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onnx_bench.records.bounded_batches import bounded_batches
from onnx_bench.records.parquet_footer import stored_parts
from onnx_bench.records.parquet_pages import unpacked_pages

TEXTS = [f"{i} " * 50 for i in range(2000)]
HEADER = 40
"""Bytes that the header of a page takes at most, without statistics."""


def counted(path: Path) -> list[tuple[int, pq.ColumnChunkMetaData]]:
    """Of each column of each row group what its pages have, and what the metadata says of it."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as stored, pq.ParquetFile(path) as table:
        groups = map(table.metadata.row_group, range(table.num_row_groups))
        columns = [group.column(i) for group in groups for i in range(group.num_columns)]
        parts = [part for group in stored_parts(stored) for part in group]
        return [(unpacked_pages(stored, part), column) for part, column in zip(parts, columns, strict=True)]


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("packed", ["none", "zstd", "snappy"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_pages_of_every_kind_have_what_the_metadata_says(
    tmp_path: Path, version: str, packed: str, dictionary: bool
) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"text": TEXTS, "number": [i or None for i in range(2000)], "list": [[1.5, 2.5]] * 2000})
    pq.write_table(
        table, path, compression=packed, use_dictionary=dictionary, data_page_version=version, data_page_size=5000,
        row_group_size=1500, write_page_checksum=True,
    )  # fmt: skip
    found = counted(path)
    assert len(found) == 6
    pages = 0
    for size, column in found:
        headers = column.total_uncompressed_size - size
        assert headers > 0
        pages = max(pages, headers // HEADER)
    assert pages > 10, "of one page there is nothing to walk"


def numbered(value: int) -> bytes:
    """A whole number as Thrift's compact protocol writes it."""
    left, written = value << 1, bytearray()
    while left > 127:
        written.append(left & 127 | 128)
        left >>= 7
    return bytes([*written, left])


def test_a_page_that_says_it_is_huge_is_refused_whatever_the_metadata_says(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": ["a" * 100_000] * 3}), path, use_dictionary=False, compression="zstd")
    content = path.read_bytes()
    size = numbered(counted(path)[0][0])
    assert content.count(size) == 1, "in the header of the page: the metadata counts the header as well"
    path.write_bytes(content.replace(size, numbered((1 << 20) - 1), 1))
    assert counted(path)[0][0] == (1 << 20) - 1
    with pytest.raises(pa.ArrowCapacityError, match="unpacks to more than"):
        next(bounded_batches(path, ["text"], 10, 1 << 19))


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff" * 12, b"\x00" * 12, b"\x1b" * 12, b"\x1c" * 12, b"\x15\x02\x19\xfc" + b"\xff" * 8,
        b"\x1c" * 5000, b"\x19" * 5000,  # structs, and lists, inside each other
    ],
)  # fmt: skip
def test_damaged_headers_are_refused(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": TEXTS}), path, use_dictionary=False)
    content = path.read_bytes()
    path.write_bytes(content[:4] + damage + content[4 + len(damage) :])
    with pytest.raises(pa.ArrowInvalid, match="column 'text' has"):
        counted(path)
