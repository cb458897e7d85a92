"""LightGBM on every feature of the networks of one task, for networks like those it was trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from archlm.members.value_scale import ValueScale
from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class TaskModelConfig:
    """Size of a full model."""

    rounds: int = 400
    leaves: int = 31
    learning_rate: float = 0.05
    min_leaf: int = 20
    feature_fraction: float = 0.7
    bagging_fraction: float = 0.8

    def parameters(self, threads: int, seed: int) -> dict[str, Any]:
        """In the words of LightGBM, all but the rounds."""
        return {
            "objective": "regression", "num_leaves": self.leaves, "learning_rate": self.learning_rate,
            "min_data_in_leaf": self.min_leaf, "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction, "bagging_freq": 1, "num_threads": threads, "seed": seed,
            "verbosity": -1, "deterministic": True,
        }  # fmt: skip


SMALL = TaskModelConfig(rounds=250, leaves=7, learning_rate=0.04, min_leaf=10, feature_fraction=0.4)
"""For tasks with a few hundred networks."""
FEW = 2000
"""Measured networks below which a task has few."""


@dataclass(frozen=True)
class TaskModel:
    """Trees predict the normal score of a network's rank in the task; `scale` turns it into the task's unit.

    Ranks make the fit indifferent to the long lower tail of accuracies that a squared error would chase.
    """

    booster: lgb.Booster
    scale: ValueScale

    @classmethod
    def fit(
        cls, features: Floats, values: Floats, weights: Floats | None = None, *, seed: int = 0,
        config: TaskModelConfig | None = None, threads: int = 2,
    ) -> TaskModel:  # fmt: skip
        """Train on measured networks. Shapes: features [B, F], values [B], weights [B]."""
        config = config or (TaskModelConfig() if len(values) >= FEW else SMALL)
        scale = ValueScale.fit(values)
        data = lgb.Dataset(features, scale.to_score(values), weight=weights)
        return cls(lgb.train(config.parameters(threads, seed), data, config.rounds), scale)

    def score(self, features: Floats) -> Floats:
        """Normal score within the task. Shapes: [B, F] -> [B]."""
        scores: Floats = np.asarray(self.booster.predict(features, num_threads=1))
        return scores

    def predict(self, features: Floats) -> Floats:
        """Values in the task's unit. Shapes: [B, F] -> [B]."""
        return self.scale.to_value(self.score(features))

    def contributions(self, features: Floats) -> Floats:
        """SHAP values of the score, without the base value. Shapes: [B, F] -> [B, F]."""
        values: Floats = np.asarray(self.booster.predict(features, pred_contrib=True, num_threads=1))
        return values[:, :-1]
