"""Columns stay packed until it is known how large they are unpacked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onnx_bench.records.bounded_batches import bounded_batches

LONG = "x" * 10_000


@pytest.fixture(params=[True, False], ids=["dictionary", "text"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """One long text in each of a hundred rows."""
    names = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), [LONG])
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"name": names if request.param else names.cast(pa.string()), "other": [1] * 100}), path)
    assert path.stat().st_size < 5000
    return path


def test_a_repeated_text_is_counted_in_every_row(file: Path) -> None:
    batches = list(bounded_batches(file, ["name"], 60, 1 << 20))
    assert [size for _, size in batches] == [60 * 10_008, 40 * 10_008]
    assert all(batch.schema == pa.schema({"name": pa.string()}) for batch, _ in batches)
    assert [text for batch, _ in batches for text in batch.column("name").to_pylist()] == [LONG] * 100


@pytest.mark.parametrize("limit", [60 * 10_008 - 1, 5000])
def test_the_limit_is_of_batches_and_of_stored_parts(file: Path, limit: int) -> None:
    with pytest.raises(pa.ArrowCapacityError, match="unpacks to more than"):
        next(bounded_batches(file, ["name"], 60, limit))


def test_every_kind_of_number_and_text_is_counted(tmp_path: Path) -> None:
    columns = {
        "int": [1, None], "real": [0.5, None], "truth": [True, None], "decimal": [Decimal("1.5"), None],
        "none": pa.nulls(2), "bytes": [b"abc", None], "code": pa.array([b"abcd", None], pa.binary(4)),
        "large": pa.array(["ab", None], pa.large_string()),
        "level": pa.DictionaryArray.from_arrays(pa.array([0, None], pa.int8()), [7]),
    }  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    [(batch, size)] = bounded_batches(tmp_path / "t.parquet", list(columns), 10, 1 << 20)
    assert size == 8 * 2 * len(columns) + 3 + 4 + 2
    assert batch.num_rows == 2


def test_nested_values_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [[1]], "b": [{"c": 1}], "d": [1]}), tmp_path / "t.parquet")
    for name in ("a", "b"):
        with pytest.raises(pa.ArrowTypeError, match=f"column '{name}' holds"):
            next(bounded_batches(tmp_path / "t.parquet", [name, "d"], 10, 1 << 20))
    assert [size for _, size in bounded_batches(tmp_path / "t.parquet", ["d"], 10, 1 << 20)] == [8]


def test_a_column_is_there_once(tmp_path: Path) -> None:
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    for name, count in (("a", 2), ("b", 0)):
        with pytest.raises(pa.ArrowInvalid, match=f"it has {count} columns called '{name}'"):
            next(bounded_batches(tmp_path / "t.parquet", [name], 10, 1 << 20))
