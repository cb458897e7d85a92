"""Every hostile input that the reader accepts is encoded, read back and answered like any other network."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from archlm import Predictor
from encoders import features, work
from encoders.tensors import to_arrays
from encoders.text import encode
from onnx_bench.errors import UnsupportedGraphError
from onnx_bench.graph import ArchGraph
from onnx_bench.reader import read_many
from tests import hostile
from tests.encoders.test_text import assert_round_trip

ACCEPTED = tuple(name for name, case in hostile.CASES.items() if case.error is None)


@pytest.fixture(scope="module")
def graphs() -> dict[str, ArchGraph]:
    found = dict(zip(ACCEPTED, read_many([hostile.CASES[name].make() for name in ACCEPTED]), strict=True))
    return {name: graph for name, graph in found.items() if isinstance(graph, ArchGraph)}


@pytest.mark.parametrize("name", ACCEPTED)
def test_encoders(graphs: dict[str, ArchGraph], name: str) -> None:
    graph = graphs[name]
    assert np.isfinite(list(features.compute(graph).values())).all()
    assert np.isfinite(to_arrays(graph).x_num).all()
    assert np.isfinite(work.compute_many([graph])).all()
    assert encode(graph)
    assert_round_trip(graph)


@pytest.mark.parametrize("name", ACCEPTED)
def test_writers(graphs: dict[str, ArchGraph], name: str) -> None:
    if graphs[name].num_nodes < 2000:  # larger ones take long, and are of the same operators
        with suppress(UnsupportedGraphError):
            assert graphs[name].to_onnx().SerializeToString()


def test_predictor(graphs: dict[str, ArchGraph]) -> None:
    predictor = Predictor.from_pretrained()
    tasks = ("cifar10", next(task for task in predictor.tasks if task.startswith("latency/")))
    rows = list(predictor.answers(graphs.values(), tasks))
    assert len(rows) == len(tasks) * len(ACCEPTED)
    assert all(row["error"] is None and np.isfinite(row["mean"]) for row in rows)
