"""Trees and graph networks fitted to labels."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from archlm.finetuning.sample import Sample
from archlm.finetuning.signal_line import SignalLine
from archlm.finetuning.trees import Trees
from archlm.finetuning.tuned_networks import TunedNetworks
from encoders import features, tensors
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.graph_onnx import export_graph_model
from encoders.quality_model import QualityModel
from encoders.task_descriptor import SIZE
from onnx_bench import spaces
from onnx_bench.errors import CheckpointError
from tests.archlm.finetuning.samples import made_up, quality


@pytest.mark.parametrize(("block", "columns"), [("size", [0, 2]), ("described", [0])])
def test_a_signal_line_never_falls_and_comes_back(block: str, columns: list[int]) -> None:
    sample = made_up(12)
    signal = sample.blocks[block][:, columns].sum(axis=1)
    rising = SignalLine.fit(sample, signal, block)
    found = rising.predict(sample)
    assert np.corrcoef(found, signal)[0, 1] > 0.9
    falling = SignalLine.fit(sample, 3.0 - signal, block)
    assert np.ptp(falling.predict(sample)) == 0 and np.isclose(falling.predict(sample)[0], falling.level)
    np.testing.assert_array_equal(SignalLine.from_arrays(rising.to_arrays(), block).predict(sample), found)


TASK = np.full(SIZE, 0.3, np.float32)


def test_trees_learn_and_come_back() -> None:
    sample, fresh = made_up(400), made_up(200, seed=1)
    trees = Trees.fit(sample, quality(sample), ("size", "vectors"))
    found = trees.predict(fresh)
    assert np.corrcoef(found, quality(fresh))[0, 1] > 0.8
    back = Trees.from_arrays(trees.to_arrays(), ("size", "vectors"))
    np.testing.assert_array_equal(back.predict(fresh), found)
    broken = trees.to_arrays() | {"inputs": np.array([3])}
    with pytest.raises(CheckpointError):
        Trees.from_arrays(broken, ("size",))
    with pytest.raises(ValueError, match="trees of 12 columns are asked about 4"):
        Trees.from_arrays(trees.to_arrays(), ("size",)).predict(fresh)


@pytest.fixture(scope="module")
def cells() -> Sample:
    space, rng = spaces.get("nasbench201", stem_channels=8, cells_per_stage=1, stages=2), random.Random(0)
    graphs = [space.build(space.sample(rng)) for _ in range(60)]
    table = features.compute_many(graphs)
    arrays = GraphBatch.of([tensors.to_arrays(graph) for graph in graphs])
    return Sample.from_arrays(table, np.zeros((60, 2)), np.zeros((60, 1)), np.zeros(60), np.zeros(60), arrays)


def test_networks_learn_the_labels_and_come_back(cells: Sample) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = GraphNetwork(GraphNetworkConfig(width=16, layers=2, embedding=8))
    encoder.standardise(torch.from_numpy(cells.graphs.x_num), torch.from_numpy(cells.features).float())  # type: ignore[union-attr]
    model = QualityModel(encoder, 8)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.01)
    start = export_graph_model(model)
    target = (cells.features[:, 0] - cells.features[:, 0].mean()) / cells.features[:, 0].std()
    rows = np.arange(60)
    tuned = TunedNetworks.fit(cells.take(rows < 40), target[:40], [start], TASK)
    held = cells.take(rows >= 40)
    before = TunedNetworks((start,), TASK).predict(held)
    after = tuned.predict(held)
    assert np.abs(after - target[40:]).mean() < 0.5 * np.abs(before - target[40:]).mean()
    assert np.corrcoef(after, target[40:])[0, 1] > 0.9
    back = TunedNetworks.from_arrays(tuned.to_arrays())
    np.testing.assert_array_equal(back.predict(held), after)
    assert tuned.files[0] != start
