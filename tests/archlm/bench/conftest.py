"""A small data set, built once: records that a test wrote, and samples of two spaces."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm.bench.build import build
from archlm.bench.plan import Part, make_plan
from onnx_bench import records, spaces

ENTRIES, DISTINCT = 36, 30
SAMPLES = 60
"""Of NAS-Bench-201; some are equal."""


@pytest.fixture(scope="session", autouse=True)
def small_chunks() -> Iterator[None]:
    """So that a part has several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archlm.bench.plan.CHUNK", 25)
        yield


def write_records(folder: Path) -> None:
    """A table of the MnasNet space with made-up values: 30 architectures, five of them twice, and one bad name."""
    source = records.get_source("mnasnet_table")
    space, rng = spaces.get(source.space), random.Random(0)
    archs = [space.sample(rng) for _ in range(DISTINCT)]
    archs += [*archs[:5], "no architecture"]
    described = source.reader.__self__  # type: ignore[attr-defined]  # the table's columns
    columns = {name: [50.0 + i for i in range(ENTRIES)] for name in described.used()}
    params = [space.build(arch, normalised=False).params / 1e6 for arch in archs[:-1]]
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns | {"arch": archs, "params_m": [*params, 1.0]}), folder / "mnasnet.parquet")


def plan(folder: Path | None, seed: int = 0) -> list[Part]:
    return make_plan(folder, samples=[("nasbench201", SAMPLES), ("nats_size", 20)], seed=seed)


@pytest.fixture(scope="session")
def record_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records")
    write_records(folder)
    return folder


@pytest.fixture(scope="session")
def data_set(tmp_path_factory: pytest.TempPathFactory, record_folder: Path) -> Path:
    """A finished data set; tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("bench") / "built"
    build(folder, plan(record_folder), processes=1)
    return folder


def digest(folder: Path) -> str:
    """Of names and contents of everything in a data set but its chunks."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and name.parts[0] != "parts":
            whole.update(f"{name}\0".encode() + path.read_bytes())
    return whole.hexdigest()
