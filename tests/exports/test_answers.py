"""The final answer does not depend on how a network was exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from archlm import Predictor
from tests.exports.networks import NETWORKS
from tests.exports.table import Cell, row
from tests.exports.ways import QUICK, WAYS

MOST = 0.05
"""Points of accuracy, or of the task's unit, that answers may lie apart."""
TASKS = ("imagenet-1k", "cifar10", "glue/score")


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.from_pretrained()


def assert_one_answer(predictor: Predictor, cells: Sequence[Cell]) -> None:
    graphs = [cell.graph for cell in cells if cell.graph is not None]
    assert len(graphs) > 1
    table = predictor.predict(graphs, TASKS)
    assert table.error.isna().all()
    spread = table.groupby("task")[["mean", "q05", "q95"]].agg(lambda values: values.max() - values.min())
    assert (spread < MOST).all(axis=None), spread


@pytest.mark.parametrize("network", ["resnet", "vit_multihead", "bert"])
def test_quick_ways_have_one_answer(predictor: Predictor, network: str, export_cache: Path) -> None:
    assert_one_answer(predictor, row(network, QUICK, export_cache))


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_all_ways_have_one_answer(predictor: Predictor, network: str, export_cache: Path) -> None:
    assert_one_answer(predictor, row(network, WAYS, export_cache))
