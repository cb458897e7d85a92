"""`CrossScale`: from the cross-domain score to a task's values, for networks unlike the task's known ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.members.value_scale import ValueScale
from onnx_bench.arrays import Floats

KNOTS = 33
_NORMAL_95 = 1.6448536269514722


@dataclass(frozen=True)
class CrossScale:
    """An increasing map from score to the normal score of the task, with an error learnt on left-out spaces.

    Attributes:
        scores: Cross-domain scores at the knots, increasing.
        normals: Normal score within the task at each knot, not decreasing.
        error: Root mean square error in normal scores on networks of spaces that the map was not fitted on.
    """

    scores: tuple[float, ...]
    normals: tuple[float, ...]
    error: float

    @classmethod
    def fit(cls, scores: Floats, normals: Floats, weights: Floats, error: float = float("nan")) -> CrossScale:
        """Isotonic regression on the known networks of a task. Shapes: [B], [B], [B]."""
        from scipy.optimize import isotonic_regression  # for training alone

        order = np.argsort(scores, kind="stable")
        fitted = isotonic_regression(normals[order], weights=weights[order]).x
        knots = np.quantile(scores, np.linspace(0, 1, KNOTS))
        return cls(tuple(knots.tolist()), tuple(np.interp(knots, scores[order], fitted).tolist()), error)

    def to_normal(self, scores: Floats) -> Floats:
        """Shapes: [B] -> [B]."""
        return np.interp(scores, self.scores, self.normals)

    def beyond(self, scores: Floats) -> NDArray[np.int_]:
        """-1 for scores below all that the map was fitted on, 1 for those above, else 0. Shapes: [B] -> [B]."""
        return np.greater(scores, self.scores[-1]).astype(int) - np.less(scores, self.scores[0]).astype(int)

    def interval(self, scores: Floats, scale: ValueScale) -> tuple[Floats, Floats, Floats]:
        """5 %, 50 % and 95 % points in the task's unit, within the known values. Shapes: [B] -> three of [B]."""
        centre = self.to_normal(scores)
        reach = _NORMAL_95 * self.error
        return scale.to_value(centre - reach), scale.to_value(centre), scale.to_value(centre + reach)

    def to_json(self) -> dict[str, Any]:
        return {"scores": self.scores, "normals": self.normals, "error": self.error}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> CrossScale:
        return cls(tuple(body["scores"]), tuple(body["normals"]), float(body["error"]))
