"""`FeatureModel`: what is learnt of a task from features alone, for networks like those it was measured on."""

from __future__ import annotations

from dataclasses import dataclass

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
    def fit(cls, features: Floats, values: Floats, *, seed: int = 0) -> FeatureModel:
        """Train on measured networks. Shapes: [B, F], [B]."""
        trees = TaskModel.fit(features, values, seed=seed)
        few = len(values) < FEW
        return cls(trees, FeatureProcess.fit(features, trees.scale.to_score(values)) if few else None)

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
