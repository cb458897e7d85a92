"""Training learns to rank, goes on where it was interrupted, and asking in parts is asking."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from archlm.members.value_scale import normal_scores
from archlm.training import quality_training
from archlm.training.batches import BatchConfig, TrainingSpace
from archlm.training.quality_training import QualityTrainingConfig, ask, loaded, train_quality
from encoders import features
from encoders.graph_batch import GraphBatch
from encoders.graph_network import GraphNetwork, GraphNetworkConfig
from encoders.quality_model import QualityModel
from encoders.task_descriptor import describe_many
from encoders.tensors import to_arrays
from onnx_bench import spaces
from onnx_bench.arrays import Floats
from onnx_bench.tasks import get_task

CONFIG = GraphNetworkConfig(width=16, layers=2, embedding=16)
TRAINED, HELD_OUT = 100, 50
ROWS = np.arange(TRAINED, TRAINED + HELD_OUT)


@dataclass(frozen=True)
class Sample:
    """Networks of one space, those to train on before those held out."""

    graphs: GraphBatch
    features: Floats

    def space(self, name: str, tasks: Mapping[str, Floats], count: int | None = None) -> TrainingSpace:
        """The first `count` networks with the values of some tasks."""
        chosen = np.arange(len(self.graphs))[:count]
        return TrainingSpace(
            name, lambda rows: self.graphs.take(rows).inputs(self.features[rows]),
            np.stack([normal_scores(values)[chosen] for values in tasks.values()], axis=1).astype(np.float32),
            describe_many([get_task(task) for task in tasks]), np.diff(self.graphs.node_ends, prepend=0)[chosen],
        )  # fmt: skip

    def feature(self, name: str) -> Floats:
        return self.features[:, features.NAMES.index(name)]


def sample(name: str, **skeleton: int) -> Sample:
    space, rng = spaces.get(name, **skeleton), random.Random(0)
    graphs = [space.build(space.sample(rng)).normalise() for _ in range(TRAINED + HELD_OUT)]
    return Sample(GraphBatch.of([to_arrays(graph) for graph in graphs]), features.compute_many(graphs))


@pytest.fixture(scope="module")
def cells() -> Sample:
    torch.set_num_threads(1)
    return sample("nasbench201", stem_channels=8, cells_per_stage=1, stages=2)


@pytest.fixture(scope="module")
def modules() -> Sample:
    return sample("transnas_macro")


def fresh(cells: Sample, modules: Sample, seed: int = 0) -> QualityModel:
    torch.manual_seed(seed)
    encoder = GraphNetwork(CONFIG)
    encoder.standardise(
        torch.from_numpy(np.concatenate([cells.graphs.x_num, modules.graphs.x_num])),
        torch.from_numpy(np.concatenate([cells.features, modules.features])).float(),
    )
    return QualityModel(encoder, CONFIG.embedding)


def truths(cells: Sample, modules: Sample) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Two spaces and two tasks; on one of them what is good on the other is bad."""
    good = cells.feature("log_macs") - 3 * cells.feature("pool_share")
    return {"cifar10": good, "ptb": -good}, {"cifar10": modules.feature("mean_path")}


def test_learns_to_rank_networks_it_has_not_seen(cells: Sample, modules: Sample, tmp_path: Path) -> None:
    of_cells, of_modules = truths(cells, modules)
    first, second = cells.space("cells", of_cells, TRAINED), modules.space("modules", of_modules, TRAINED)
    first.targets[::3, 1] = np.nan  # not everything is measured on every task
    model = fresh(cells, modules)
    config = QualityTrainingConfig(steps=160, ranking=0.1, learning_rate=3e-3, batch=BatchConfig(networks=40))
    train_quality(model, [first, second], config, tmp_path, quiet=True)
    assert not model.training
    for whole in (cells.space("cells", of_cells), modules.space("modules", of_modules)):
        scores, vectors = ask(model, whole, ROWS)
        assert scores.shape == (HELD_OUT, len(whole.tasks)) and vectors.shape == (HELD_OUT, CONFIG.embedding)
        for task in range(len(whole.tasks)):
            target = whole.targets[ROWS, task]
            assert spearmanr(scores[:, task], target)[0] > 0.8, (whole.name, task)
            assert np.square(scores[:, task] - target).mean() < 0.5 * target.var(), "values, not the order alone"
    good, bad = ask(model, cells.space("cells", of_cells), ROWS)[0].T
    assert spearmanr(good, bad)[0] < -0.8, "the descriptor tells the tasks apart"


class Interruption(Exception):
    """The power went out."""


def test_an_interrupted_run_ends_with_the_same_weights(cells: Sample, modules: Sample, tmp_path: Path) -> None:
    of_cells, of_modules = truths(cells, modules)
    parts = [cells.space("cells", of_cells, TRAINED), modules.space("modules", of_modules, TRAINED)]
    config = QualityTrainingConfig(steps=12, ranking=0.5, batch=BatchConfig(networks=8))
    calls = 0

    def counted(inputs: Callable[[Any], Any], last: float) -> Callable[[Any], Any]:
        def wrapped(rows: NDArray[np.int64]) -> Any:
            nonlocal calls
            calls += 1
            if calls > last:
                raise Interruption
            return inputs(rows)

        return wrapped

    def run(seed: int, folder: Path, last: float = np.inf) -> QualityModel:
        nonlocal calls
        calls = 0
        model = fresh(cells, modules, seed)
        counting = [replace(part, inputs=counted(part.inputs, last)) for part in parts]
        train_quality(model, counting, config, folder, checkpoints=4, quiet=True)
        return model

    whole = run(0, tmp_path / "whole").state_dict()
    assert calls == config.steps
    with pytest.raises(Interruption):
        run(0, tmp_path / "cut", last=9)
    resumed = run(1, tmp_path / "cut").state_dict()  # other fresh weights: those of the checkpoint count
    assert 0 < calls < config.steps - 3, "it did not start again"
    untrained = fresh(cells, modules).state_dict()
    for name, values in whole.items():
        torch.testing.assert_close(resumed[name], values, rtol=0, atol=0)
    assert any(not torch.equal(untrained[name], values) for name, values in whole.items())


@pytest.mark.parametrize(("share", "ranked", "regressed"), [(0.0, 0, 8), (0.25, 2, 8), (1.0, 8, 0)])
def test_ranking_comes_first(
    cells: Sample, modules: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, ranked: int,
    regressed: int,
) -> None:  # fmt: skip
    seen: list[str] = []

    def spied(name: str) -> Callable[[Tensor, Tensor], Tensor]:
        loss: Callable[[Tensor, Tensor], Tensor] = getattr(quality_training, name)

        def wrapped(scores: Tensor, targets: Tensor) -> Tensor:
            seen.append(name)
            return loss(scores, targets)

        return wrapped

    for name in ("ranking_loss", "weighted_regression_loss"):
        monkeypatch.setattr(quality_training, name, spied(name))
    part = modules.space("modules", truths(cells, modules)[1], 20)
    config = QualityTrainingConfig(steps=8, ranking=share, batch=BatchConfig(networks=4))
    train_quality(fresh(cells, modules), [part], config, tmp_path, quiet=True)
    assert (seen.count("ranking_loss"), seen.count("weighted_regression_loss")) == (ranked, regressed)
    assert "ranking_loss" not in seen[2 * ranked :]


def test_a_quiet_training_prints_nothing(
    modules: Sample, cells: Sample, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    part = modules.space("modules", truths(cells, modules)[1], 20)
    config = QualityTrainingConfig(steps=2, batch=BatchConfig(networks=4))
    train_quality(fresh(cells, modules), [part], config, tmp_path, quiet=True)
    assert capfd.readouterr().out == ""


def test_asking_in_parts_is_asking(cells: Sample, modules: Sample) -> None:
    model = fresh(cells, modules).train()
    space = cells.space("cells", truths(cells, modules)[0])
    scores, vectors = ask(model, space)
    assert scores.shape == (TRAINED + HELD_OUT, 2) and scores.dtype == np.float64
    assert not model.training and scores.std(axis=0).min() > 1e-4
    parts = ask(model, space, batch=7)
    np.testing.assert_allclose(parts[0], scores, atol=1e-5)
    np.testing.assert_allclose(parts[1], vectors, atol=1e-5)
    rows = np.array([5, 149, 5, 0])
    np.testing.assert_allclose(ask(model, space, rows)[0], scores[rows], atol=1e-5)
    other = describe_many([get_task("glue/cola"), get_task("ptb"), get_task("cifar10")])
    turned = ask(model, space, rows, other)[0]
    np.testing.assert_allclose(turned[:, [2, 1]], scores[rows], atol=1e-5)


def test_stored_weights_are_taken_over(cells: Sample, modules: Sample) -> None:
    model, other = fresh(cells, modules, 0), fresh(cells, modules, 1).train()
    space = cells.space("cells", truths(cells, modules)[0])
    assert loaded(other, model.state_dict()) is other and not other.training
    np.testing.assert_array_equal(ask(other, space, ROWS)[0], ask(model, space, ROWS)[0])
