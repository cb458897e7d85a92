"""A damaged or foreign shard is answered by an error that names it, whatever reads it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm.bench.dataset import load
from archlm.bench.export import export_onnx
from archlm.bench.schema import pack_graph
from archlm.bench.shards import batches, check_once
from archlm.bench.stats import summarise
from archlm.bench.verify import verify
from archlm.record_store import RecordStore
from onnx_bench import spaces
from onnx_bench.errors import MalformedRecordsError

TASK = "imagenet-1k-proxy"
READERS: dict[str, Callable[[Path], Any]] = {
    "stats": summarise,
    "verify": lambda folder: list(verify(folder)),
    "load": load,
    "load a task": lambda folder: load(folder, TASK),
    "export": lambda folder: list(export_onnx(folder, folder / "files")),
    "records": lambda folder: RecordStore(folder).measured(TASK),
}
OF_MEASUREMENTS = ("stats", "verify", "load a task", "records")
OF_ARCHITECTURES = ("stats", "verify", "load", "load a task", "export")


@pytest.fixture
def folder(data_set: Path, tmp_path: Path) -> Path:
    shutil.copytree(data_set, tmp_path / "data", ignore=shutil.ignore_patterns("parts"))
    return tmp_path / "data"


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def scratched(content: bytes) -> bytes:
    """Other bytes in the first page, whose header and end stay."""
    return content[:60] + bytes(byte ^ 255 for byte in content[60:90]) + content[90:]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("damage", [cut, scratched, lambda _: b"", lambda _: b"<html>not found</html>"])
def test_damaged_files_are_named(folder: Path, reader: str, damage: Callable[[bytes], bytes]) -> None:
    part = "measurements" if reader in OF_MEASUREMENTS else "architectures"
    (file,) = (folder / part).glob("*.parquet")
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(MalformedRecordsError, match=rf"{file} cannot be read .* build the data set again"):
        READERS[reader](folder)


@pytest.mark.parametrize("part", ["architectures", "measurements"])
def test_a_part_that_is_missing_is_named(folder: Path, part: str) -> None:
    shutil.rmtree(folder / part)
    for reader in OF_MEASUREMENTS if part == "measurements" else OF_ARCHITECTURES:
        with pytest.raises(MalformedRecordsError, match=f"has no {part}; build it again"):
            READERS[reader](folder)


FOREIGN: dict[str, tuple[str, str, Any, str]] = {
    "another type": ("measurements", "value", "94.5", "no column value of type double"),
    "an empty cell": ("measurements", "task", None, "column task has 1 empty cells"),
    "no number": ("measurements", "value", float("nan"), "something else than finite numbers"),
    "no name of a task": ("measurements", "task", "$\\frac{1}$ <b>", "column task holds something else than names"),
    "no name of a space": ("architectures", "space", "../x", "column space holds something else than names"),
    "no fingerprint": ("architectures", "fingerprint", "0" * 31, "column fingerprint holds something else"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_cells_that_no_build_writes_are_refused(folder: Path, case: str) -> None:
    part, column, cell, said = FOREIGN[case]
    (file,) = (folder / part).glob("*.parquet")
    table = pq.read_table(file)
    kind = pa.string() if isinstance(cell, str) else table.schema.field(column).type
    place = table.column_names.index(column)
    if kind == table.schema.field(column).type:
        values = pa.array([cell, *table[column].to_pylist()[1:]], kind)
    else:
        values = pa.array([cell] * table.num_rows, kind)
    pq.write_table(table.set_column(place, column, values), file)
    with pytest.raises(MalformedRecordsError, match=f"{file} cannot be read .*{said}"):
        list(batches(folder, part, [column]))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_refused_at_once(folder: Path, make: Callable[[Path], None]) -> None:
    make(folder / "measurements" / "00001.parquet")
    with pytest.raises(MalformedRecordsError, match=r"00001\.parquet cannot be read \(it is no file\)"):
        list(batches(folder, "measurements", ["task"]))


def test_columns_may_stand_in_another_order(folder: Path) -> None:
    before, rows = RecordStore(folder).measured(TASK), load(folder, TASK).to_pandas()
    (file,) = (folder / "measurements").glob("*.parquet")
    table = pq.read_table(file)
    pq.write_table(table.select(table.column_names[::-1]), file)
    assert before.values and RecordStore(folder).measured(TASK) == before
    assert load(folder, TASK).to_pandas().equals(rows)


def test_texts_that_are_no_text_are_refused(folder: Path) -> None:
    (file,) = (folder / "measurements").glob("*.parquet")
    table = pq.read_table(file)
    bad = pa.array([b"\xff\xfe"] * table.num_rows, pa.binary()).view(pa.string())
    pq.write_table(table.set_column(table.column_names.index("note"), "note", bad), file)
    with pytest.raises(MalformedRecordsError, match="UTF8"):
        list(batches(folder, "measurements", ["note"]))


@pytest.mark.parametrize("graph", [b"", b"no graph", pack_graph(spaces.get("nats_size").build("8:8:8:8:8"))[:-9]])
def test_a_damaged_graph_is_named_by_its_fingerprint(folder: Path, graph: bytes) -> None:
    (file,) = (folder / "architectures").glob("*.parquet")
    table = pq.read_table(file)
    graphs = pa.array([graph, *table["graph"].to_pylist()[1:]], pa.binary())
    pq.write_table(table.set_column(table.column_names.index("graph"), "graph", graphs), file)
    named = f"the graph of architecture {table['fingerprint'][0].as_py()} is damaged .*build the data set again"
    for reader in ("stats", "export"):
        with pytest.raises(MalformedRecordsError, match=named):
            READERS[reader](folder)
    (check,) = [check for check in verify(folder) if check.name == "graphs have their fingerprints"]
    assert not check.ok and check.found.startswith("1 of")


def test_a_shard_has_no_more_rows_than_a_build_writes(folder: Path) -> None:
    (file,) = (folder / "measurements").glob("*.parquet")
    table = pq.read_table(file)
    rows = table.take(pa.array([0] * 100_001))
    pq.write_table(rows, file)
    assert file.stat().st_size < 20_000
    with pytest.raises(MalformedRecordsError, match="more than 100,000 rows"):
        list(batches(folder, "measurements", ["task", "value"], 50_000))


def test_a_file_is_checked_again_once_it_has_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = load(folder, TASK).to_pandas()
    with monkeypatch.context() as patch:
        patch.setattr("archlm.bench.shards._check", lambda _: pytest.fail("it was read again"))
        check_once(folder, "architectures")
    assert load(folder, TASK).to_pandas().equals(table)
    (file,) = (folder / "architectures").glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(MalformedRecordsError, match=str(file)):
        load(folder, TASK)
