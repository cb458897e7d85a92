"""Measured values beside predictions: from the user's own data set, and only where it is asked for."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from archlm import Predictor
from archlm.bench.build import build
from archlm.bench.plan import make_plan
from archlm.record_store import RecordStore
from onnx_bench import records
from onnx_bench.errors import UserInputError
from onnx_bench.spaces import get

GOOD = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
TWINS = (
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|",
    "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_3x3~2|",
)
"""Isomorphic."""
OTHER = "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_3x3~1|none~2|"


def write_store(folder: Path) -> Path:
    """Three architectures with made-up values: the first column of a task holds them, the others less."""
    described = records.get_source("nasbench201_table").reader.__self__  # type: ignore[attr-defined]  # the columns
    values = {GOOD: 94.5, TWINS[0]: 70.0, TWINS[1]: 72.0}
    first = {column.task: column.name for column in reversed(described.columns)}
    columns = {
        name: [value - (name not in first.values()) for value in values.values()]
        for name in (column.name for column in described.columns)
    }
    params = [get("nasbench201").build(arch, normalised=False).params for arch in values]
    source = folder / "records"
    source.mkdir()
    pq.write_table(pa.table(columns | {"arch": list(values), "params": params}), source / "nasbench201.parquet")
    build(folder / "data", make_plan(source), processes=1)
    return folder / "data"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained()


def test_a_measured_network_is_answered_with_both_values(predictor: Predictor, store: Path) -> None:
    items = [("nasbench201", GOOD), b"no model", ("nasbench201", OTHER)]
    table = predictor.predict(items, ["cifar10", "transnas/jigsaw"], records=store)
    assert table.measured[0] == 94.5 and table.measured[1:].isna().all()
    plain = predictor.predict(items, ["cifar10", "transnas/jigsaw"])
    assert plain.measured.isna().all() and "measured" not in plain.neighbours[0][0]
    same = [name for name in table.columns if name not in ("measured", "neighbours")]
    assert table[same].equals(plain[same])


def test_neighbours_are_found_by_name(predictor: Predictor, store: Path) -> None:
    found = predictor.predict([("nasbench201", GOOD)], ["cifar10"], records=store).neighbours[0]
    assert [n["measured"] for n in found if n["name"] == GOOD] == [94.5]
    assert {n["measured"] for n in found if n["name"] != GOOD} == {None}


def test_the_label_of_a_neighbour_stays_where_the_store_does_not_know_it(store: Path) -> None:
    near = {"space": "measured", "name": GOOD, "measured": 3.5}
    RecordStore(store).add_to([{"neighbours": [near]}], [get("nasbench201").build(GOOD)], "cifar10")
    assert near["measured"] == 3.5


def test_isomorphic_names_are_one_architecture(store: Path) -> None:
    known = RecordStore(store).measured("cifar10")
    assert len(known.prints) == 3 and sorted(known.values.values()) == [71.0, 94.5]
    graph = get("nasbench201").build(TWINS[0])
    assert known.values[graph.fingerprint()] == 71.0 and known.prints["nasbench201", TWINS[1]] == graph.fingerprint()


def test_a_task_that_the_store_does_not_know(store: Path) -> None:
    assert RecordStore(store).measured("imagenet-1k") == ({}, {})


def test_a_folder_that_holds_no_data_set(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="make one with archlm bench build"):
        predictor.predict([("nasbench201", GOOD)], records=tmp_path)


def test_damaged_measurements(tmp_path: Path) -> None:
    folder = write_store(tmp_path)
    (file,) = (folder / "measurements").iterdir()
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UserInputError, match=r"cannot be read .* build the data set again"):
        RecordStore(folder).measured("cifar10")
