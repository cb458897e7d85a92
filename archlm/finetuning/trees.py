"""`Trees`: LightGBM on a few hundred labels and more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from archlm.booster_text import read_booster, write_booster
from archlm.finetuning.sample import Sample
from archlm.members.task_model import SMALL, TaskModelConfig
from onnx_bench.arrays import Floats

_SEVERAL = 2000
"""Labels: below, small trees, and one thread, for threads that wait for each other cost more than they bring."""
_ROUNDS = 1500
_LEAST_ROUNDS = 20
_PATIENCE = 50
_HELD_OUT = 0.15


@dataclass(frozen=True)
class Trees:
    """Stopped early on a part of the labels, then fitted to all of them with as many rounds.

    Attributes:
        names: Blocks that are read.
        inputs: Their columns together.
        booster: What was fitted.
    """

    names: tuple[str, ...]
    inputs: int
    booster: lgb.Booster

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, names: Sequence[str], seed: int = 0, threads: int = 2) -> Trees:
        """Shapes: N networks, [N]; `threads` is the most."""
        table = _table(sample, names)
        many = len(scores) >= _SEVERAL
        config = TaskModelConfig() if many else SMALL
        parameters = config.parameters(threads if many else 1, seed)
        parameters["min_data_in_leaf"] = min(config.min_leaf, max(len(scores) // 10, 2))
        held = np.random.default_rng(seed).permutation(len(scores)) < max(int(_HELD_OUT * len(scores)), 1)
        train = lgb.Dataset(table[~held], scores[~held])
        stopped = lgb.train(
            parameters, train, _ROUNDS, valid_sets=[lgb.Dataset(table[held], scores[held], reference=train)],
            callbacks=[lgb.early_stopping(_PATIENCE, verbose=False)],
        )  # fmt: skip
        rounds = max(stopped.best_iteration, _LEAST_ROUNDS)
        return cls(tuple(names), table.shape[1], lgb.train(parameters, lgb.Dataset(table, scores), rounds))

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B].

        Raises:
            ValueError: The trees read another number of columns.
        """
        table = _table(sample, self.names)
        if table.shape[1] != self.inputs:
            raise ValueError(f"trees of {self.inputs} columns are asked about {table.shape[1]}")
        scores: Floats = np.asarray(self.booster.predict(table, num_threads=1))
        return scores

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint; the names of the blocks are kept apart."""
        text = np.frombuffer(write_booster(self.booster).encode(), np.uint8)
        return {"booster": text, "inputs": np.array([self.inputs])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> Trees:
        """Raises CheckpointError where the trees are damaged."""
        inputs = int(arrays["inputs"][0])
        return cls(tuple(names), inputs, read_booster(arrays["booster"].tobytes().decode(), inputs, "fine-tuned trees"))


def _table(sample: Sample, names: Sequence[str]) -> Floats:
    return np.concatenate([sample.blocks[name] for name in names], axis=1)
