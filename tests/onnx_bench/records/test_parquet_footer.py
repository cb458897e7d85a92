"""The metadata at the end of a parquet file says what pyarrow says, and damage to it ends no process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm.finetuning.table_rows import read_rows
from onnx_bench.errors import InvalidTableError
from onnx_bench.records.parquet_footer import stored_parts

ROWS = 60


@pytest.fixture
def file(tmp_path: Path) -> Path:
    columns = {"arch": [f"a{i:02}" for i in range(ROWS)], "y": [i / 2 for i in range(ROWS)], "pair": [[1, 2]] * ROWS}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet", row_group_size=25)
    return tmp_path / "t.parquet"


@contextmanager
def opened(path: Path) -> Iterator[mmap]:
    with path.open("rb") as plain, mmap(plain.fileno(), 0, access=ACCESS_READ) as stored:
        yield stored


def footer_at(content: bytes) -> int:
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


@pytest.mark.parametrize("dictionary", [True, False])
def test_it_says_what_pyarrow_says(file: Path, dictionary: bool) -> None:
    pq.write_table(pq.read_table(file), file, row_group_size=25, use_dictionary=dictionary)
    with opened(file) as stored, pq.ParquetFile(file) as table:
        groups = stored_parts(stored)
        assert [len(group) for group in groups] == [3, 3, 3]
        for place, group in enumerate(groups):
            for number, part in enumerate(group):
                said = table.metadata.row_group(place).column(number)
                first = said.dictionary_page_offset if said.has_dictionary_page else said.data_page_offset
                assert (part.path, part.start, part.size) == (said.path_in_schema, first, said.total_compressed_size)
    assert (groups[1][0].least, groups[1][0].most) == (b"a25", b"a49")


def test_no_damage_to_it_ends_the_process(file: Path) -> None:
    """Among them a histogram of levels that lacks one, an exception of C++ that nobody catches in pyarrow."""
    pq.write_table(pq.read_table(file, columns=["arch", "y"]), file)
    content, refused = file.read_bytes(), 0
    for at in range(footer_at(content), len(content) - 8):
        file.write_bytes(content[:at] + b"\0" + content[at + 1 :])
        try:
            list(read_rows(file, "y"))
        except InvalidTableError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("damage", [b"\xff" * 40, b"\x19" * 40, b"\x00" * 40, b"\x1c" * 40])
def test_what_is_no_metadata_is_refused(file: Path, damage: bytes) -> None:
    content = bytearray(file.read_bytes())
    content[footer_at(content) : footer_at(content) + len(damage)] = damage
    file.write_bytes(content)
    with opened(file) as stored, pytest.raises(pa.ArrowInvalid, match="the metadata at its end is damaged"):
        stored_parts(stored)
