"""`FeatureModel`: what is learnt of a task from features alone, for networks like those it was measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archlm.members.feature_process import FeatureProcess
from archlm.members.task_model import FEW, TaskModel
from archlm.members.value_scale import ValueScale
from onnx_bench.arrays import Floats


@dataclass(frozen=True)
class FeatureModel:
    """LightGBM, and where few networks were measured the mean of it and a Gaussian process.

    Attributes:
        trees: Of all measured networks.
        process: Of the same; `None` where there are `FEW` or more.
    """

    trees: TaskModel
    process: FeatureProcess | None

    @classmethod
    def fit(
        cls, features: Floats, values: Floats, otherwise: Floats | None = None, *, seed: int = 0
    ) -> FeatureModel:  # fmt: skip
        """Train on measured networks; of few of them trees see one drawing alone.

        Args:
            features: [B, F], as the task draws them.
            values: [B].
            otherwise: [D, B, F] of the same networks drawn in D other ways, with other heads, from which is
                learnt that the head does not matter.
            seed: Of the trees.
        """
        others = np.zeros((0, *features.shape)) if otherwise is None else otherwise
        if len(values) >= FEW:
            drawn = np.concatenate([features, *others])
            return cls(TaskModel.fit(drawn, np.tile(values, 1 + len(others)), seed=seed), None)
        trees = TaskModel.fit(features, values, seed=seed)
        mixed = features.copy()  # copies of one network would look like certainty to a process
        for other in others[:1]:
            mixed[1::2] = other[1::2]
        return cls(trees, FeatureProcess.fit(mixed, trees.scale.to_score(values)))

    @property
    def scale(self) -> ValueScale:
        """Between normal scores and values of the task."""
        return self.trees.scale

    def score(self, features: Floats) -> Floats:
        """Normal score within the task. Shapes: [B, F] -> [B]."""
        score = self.trees.score(features)
        return score if self.process is None else 0.5 * (score + self.process.score(features))

    def predict(self, features: Floats) -> Floats:
        """Values in the task's unit. Shapes: [B, F] -> [B]."""
        return self.scale.to_value(self.score(features))

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to the average score of trees, and to a process's score of the average network.

        Shapes: [B, F] -> [B, F].
        """
        moved = self.trees.contributions(features)
        return moved if self.process is None else 0.5 * (moved + self.process.contributions(features))
