"""Tables are read by the description of their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from onnx_bench.errors import MalformedRecordsError
from onnx_bench.records.source import Entry, Measurement
from onnx_bench.records.table import Column, Table

TABLE = Table(
    columns=(
        Column("acc", "cifar10", "test", 200, "runs", 100.0, "of the last epoch", "acc_std"),
        Column("ms", "latency/raspi4", "none"),
    ),
    key=("a", "b"),
    arch=lambda a, b: f"{a}-{int(b)}",
    params="params_m",
    params_factor=1e6,
    remarks=("tag",),
    valid="trained",
)
ROW = {
    "a": "x",
    "b": 3,
    "acc": 0.5,
    "acc_std": 0.012,
    "runs": 2.0,
    "ms": 7,
    "params_m": 1.25,
    "tag": "t",
    "trained": True,
}


def write(path: Path, *changes: dict[str, Any]) -> Path:
    """A table with one row for each of `changes` to `ROW`."""
    rows = [ROW | change for change in changes]
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in rows[0]}), path)
    return path


def test_every_cell_becomes_what_its_column_says(tmp_path: Path) -> None:
    [entry] = TABLE.read(write(tmp_path / "t.parquet", {}))
    assert entry == Entry(
        "x-3",
        (
            Measurement("cifar10", 50.0, "test", 200, 2, "acc; of the last epoch; std 1.2; tag t"),
            Measurement("latency/raspi4", 7.0, "none", None, 1, "ms; tag t"),
        ),
        params=1_250_000,
    )


def test_an_empty_cell_is_no_measurement(tmp_path: Path) -> None:
    file = write(
        tmp_path / "t.parquet", {"acc": None, "runs": None}, {"acc": float("nan"), "params_m": None, "acc_std": None}
    )
    first, second = TABLE.read(file)
    assert [m.task for m in first.measurements] == [m.task for m in second.measurements] == ["latency/raspi4"]
    assert (first.params, second.params) == (1_250_000, None)


def test_a_row_that_does_not_count_lists_its_architecture_alone(tmp_path: Path) -> None:
    first, second = TABLE.read(write(tmp_path / "t.parquet", {"trained": False}, {}))
    assert first.measurements == () and len(second.measurements) == 2


def test_order_is_that_of_the_file_across_batches(tmp_path: Path) -> None:
    file = write(tmp_path / "t.parquet", *({"b": i} for i in range(9000)))
    assert [entry.arch for entry in TABLE.read(file)] == [f"x-{i}" for i in range(9000)]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"acc": float("inf")}, "acc holds inf, expected a finite number"),
     ({"params_m": float("nan")}, "params_m holds nan"),
     ({"runs": 0.0}, "acc has a value from runs = 0.0 training runs"),
     ({"runs": None}, "runs = None training runs"),
     ({"runs": 1.5}, "runs = 1.5 training runs"),
     ({"b": None}, "b = None names no architecture")],
)  # fmt: skip
def test_a_value_that_cannot_be_is_an_error(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedRecordsError, match=message):
        list(TABLE.read(write(tmp_path / "t.parquet", {}, change)))


def test_text_where_a_number_belongs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MalformedRecordsError, match="ms holds 'fast', expected a finite number"):
        list(TABLE.read(write(tmp_path / "t.parquet", {"ms": "fast"})))


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": ["x"], "b": [1]}), file)
    with pytest.raises(MalformedRecordsError, match=r"lacks the columns tag, trained, params_m, .*it has a, b"):
        list(TABLE.read(file))


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "t.parquet", {})
    whole = file.read_bytes()
    for damaged in (b"", b"PAR1", whole[: len(whole) // 2], b"<html>not found</html>"):
        file.write_bytes(damaged)
        with pytest.raises(MalformedRecordsError, match="cannot be read as a table"):
            list(TABLE.read(file))


def test_a_csv_file_reads_the_same(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    names = ",".join(ROW)
    file.write_text(f"{names},more\nx,3,0.5,0.012,2.0,7,1.25,t,true,1\nx,4,,,,8,,u,true,2\n")
    first, second = TABLE.read(file)
    assert [first] == list(TABLE.read(write(tmp_path / "t.parquet", {})))
    assert second == Entry("x-4", (Measurement("latency/raspi4", 8.0, "none", None, 1, "ms; tag u"),))


@pytest.mark.parametrize("text", ["", "a,b\n1\n", "a,b\n"])
def test_a_damaged_csv_file_is_an_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(text)
    with pytest.raises(MalformedRecordsError, match=r"cannot be read as a table|lacks the columns"):
        list(TABLE.read(file))


def test_a_long_text_in_every_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnx_bench.records.table.LIMIT_BYTES", 1 << 20)
    tags = pa.DictionaryArray.from_arrays(pa.array([0] * 1024, pa.int32()), ["x" * 2000])
    rows = {name: [value] * 1024 for name, value in ROW.items()} | {"tag": tags}
    pq.write_table(pa.table(rows), tmp_path / "t.parquet")
    with pytest.raises(MalformedRecordsError, match="unpacks to more than 1 MiB"):
        list(TABLE.read(tmp_path / "t.parquet"))


def test_a_column_of_lists_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MalformedRecordsError, match="column 'tag' holds list"):
        list(TABLE.read(write(tmp_path / "t.parquet", {"tag": ["t"]})))
