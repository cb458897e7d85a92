"""Statistics and export of a data set."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm.bench.dataset import read_manifest
from archlm.bench.export import export_onnx
from archlm.bench.schema import MANIFEST
from archlm.bench.stats import divergence, summarise
from archlm.bench.stats_page import write_page
from onnx_bench.errors import UserInputError
from onnx_bench.reader import read_graph


def test_counts_and_quantiles(data_set: Path) -> None:
    found = summarise(data_set)
    table = found.spaces()
    assert table.architectures.sum() == read_manifest(data_set)["architectures"]
    assert list(table.index) == ["mnasnet", "nasbench201", "nats_size"]
    assert (table["params 5%"] <= table["params median"]).all() and (
        table["params median"] <= table["params 95%"]
    ).all()
    proxy = found.tasks().loc["imagenet-1k-proxy", "mnasnet", "validation", "16"]
    assert (proxy["measurements"], proxy["min"], proxy["max"]) == (35, 50, 84)


def test_divergence_is_zero_for_equal_and_one_for_strangers(data_set: Path) -> None:
    shares = pd.DataFrame({"a": [0.5, 0.5, 0], "b": [0.5, 0.5, 0], "c": [0, 0, 1.0]}, index=["Conv", "Relu", "Gelu"])
    table = divergence(shares)
    assert table.loc["a", "b"] == 0 and table.loc["a", "c"] == pytest.approx(1)
    real = summarise(data_set).divergence
    assert (real.to_numpy() == real.to_numpy().T).all()
    assert 0 < real.loc["nasbench201", "nats_size"] < real.loc["nasbench201", "mnasnet"] < 1


def test_the_page_shows_its_pictures(data_set: Path, tmp_path: Path) -> None:
    page = write_page(summarise(data_set), tmp_path / "page")
    text = page.read_text()
    for picture in ("counts", "sizes", "divergence", "values"):
        assert f"({picture}.svg)" in text
        assert (page.parent / f"{picture}.svg").read_text().count("<path") > 5
    assert "| nats_size | 20 |" in text


def test_export_writes_files_that_read_back(data_set: Path, tmp_path: Path) -> None:
    files = list(export_onnx(data_set, tmp_path, space="mnasnet", limit=3))
    assert len(files) == 3
    for file in files:
        assert read_graph(file.read_bytes(), trusted=True).fingerprint() == file.stem
    files[1].unlink()
    before = files[0].stat().st_mtime_ns
    assert list(export_onnx(data_set, tmp_path, space="mnasnet", limit=3)) == files
    assert files[1].exists() and files[0].stat().st_mtime_ns == before
    assert len(list(islice(export_onnx(data_set, tmp_path / "all"), 5))) == 5
    with pytest.raises(UserInputError, match="no architecture of space 'darts'"):
        list(export_onnx(data_set, tmp_path, space="darts"))


def test_export_writes_nothing_beside_its_target(data_set: Path, tmp_path: Path) -> None:
    good = {"space": "nats_size", "fingerprint": "0" * 32}
    for column, value in (
        ("space", str(tmp_path / "elsewhere")), ("space", ".."), ("space", "a/b"), ("space", ""), ("space", None),
        ("fingerprint", "../evil"), ("fingerprint", "0" * 31), ("fingerprint", "0" * 32 + "\n"), ("fingerprint", None),
    ):  # fmt: skip
        folder = tmp_path / "foreign"
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "architectures").mkdir(parents=True)
        shutil.copy(data_set / MANIFEST, folder)
        row = {name: pa.array([text], pa.string()) for name, text in (good | {column: value}).items()}
        graph = pq.read_table(next((data_set / "architectures").glob("*.parquet")), columns=["graph"])["graph"][:1]
        pq.write_table(pa.table(row | {"graph": graph}), folder / "architectures" / "00000.parquet")
        with pytest.raises(UserInputError, match=r"something else than names|1 empty cells"):
            list(export_onnx(folder, tmp_path / "in" / "target"))
        assert {path.name for path in tmp_path.iterdir()} == {"foreign"}


def test_a_page_that_cannot_be_written_is_said(data_set: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserInputError, match="cannot write to"):
        write_page(summarise(data_set), tmp_path / "file" / "page")
