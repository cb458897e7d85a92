"""`ValueScale`: between the values of a task and normal scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, sqrt
from typing import Any

import numpy as np

from onnx_bench.arrays import Floats

KNOTS = 129


def normal_scores(values: Floats) -> Floats:
    """Standard normal quantiles of the ranks, ties sharing their mean rank. Shapes: [B] -> [B]."""
    from scipy.stats import norm, rankdata  # for training alone: slow to import

    scores: Floats = norm.ppf((rankdata(values) - 0.5) / len(values))
    return scores


def percentiles(scores: Floats) -> Floats:
    """Share of a standard normal population below each score, 0 to 100. Shapes: [B] -> [B]."""
    return np.array([50.0 * (1.0 + erf(score / sqrt(2.0))) for score in scores])


@dataclass(frozen=True)
class ValueScale:
    """Piecewise linear, increasing map between values and the normal scores of their ranks.

    Attributes:
        scores: Increasing normal scores at the knots.
        values: The task's value at each knot, not decreasing.
    """

    scores: tuple[float, ...]
    values: tuple[float, ...]

    @classmethod
    def fit(cls, values: Floats) -> ValueScale:
        """Take the knots from measured values. Shapes: [B]."""
        scores = normal_scores(values)
        order = np.argsort(values, kind="stable")
        # Evenly spaced in score, so that both tails keep their shape.
        knots = np.linspace(scores.min(), scores.max(), KNOTS)
        return cls(tuple(knots.tolist()), tuple(np.interp(knots, scores[order], values[order]).tolist()))

    def to_score(self, values: Floats) -> Floats:
        """Shapes: [B] -> [B]."""
        rising = np.asarray(self.values) + np.arange(KNOTS) * 1e-12  # np.interp wants distinct abscissae
        return np.interp(values, rising, self.scores)

    def to_value(self, scores: Floats) -> Floats:
        """Shapes: [B] -> [B]; beyond the knots the nearest known value."""
        return np.interp(scores, self.scores, self.values)

    def percentile(self, values: Floats) -> Floats:
        """Share of the known networks below each value, 0 to 100. Shapes: [B] -> [B]."""
        return percentiles(self.to_score(values))

    def to_json(self) -> dict[str, Any]:
        return {"scores": self.scores, "values": self.values}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> ValueScale:
        return cls(tuple(body["scores"]), tuple(body["values"]))
