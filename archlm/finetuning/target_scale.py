"""`TargetScale`: between the values of a new target and the numbers that learners fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from archlm.members.value_scale import normal_scores
from onnx_bench.arrays import Floats

MANY = 10
"""From so many labels on, their ranks are known well enough to be what is fitted."""
KNOTS = 33
_MOST = 3.0
"""Deviations beyond which a label of few counts as if it lay there: one failed training must not hide the rest."""
_NO_SPREAD = 1.0
"""Where all labels are the same, as they may be in a part of a cross-validation: any width will do."""
_DEVIATION = 1.4826
"""Of a normal distribution, in units of its median absolute deviation."""
_LOGARITHM_MOST = 700.0
"""Beyond it values are no numbers: labels far apart can have intervals that reach so far."""


@dataclass(frozen=True)
class TargetScale:
    """Increasing and piecewise linear; beyond its ends it goes on with the usual slope, so a record can be predicted.

    Attributes:
        logarithmic: Whether values are fitted by their logarithm (costs: latency, energy, perplexity).
        scores: What is fitted, at the knots, increasing.
        values: The value, or its logarithm, at each knot, increasing.
        slope: Values per score beyond the ends.
        limit: Largest distance from 0 of what is fitted.
    """

    logarithmic: bool
    scores: tuple[float, ...]
    values: tuple[float, ...]
    slope: float
    limit: float

    @classmethod
    def fit(cls, values: Floats, logarithmic: bool) -> TargetScale:
        """By median and median deviation where labels are few or all the same, else normal scores of ranks.

        Shapes: [B].
        """
        plain = np.log(values) if logarithmic else values
        middle = float(np.median(plain))
        spread = _DEVIATION * float(np.median(np.abs(plain - middle))) or float(plain.std()) or _NO_SPREAD
        if len(values) < MANY or not np.ptp(plain):
            return cls(logarithmic, (-1.0, 1.0), (middle - spread, middle + spread), spread, _MOST)
        ranks = normal_scores(plain)
        order = np.argsort(plain, kind="stable")
        knots = np.linspace(ranks.min(), ranks.max(), KNOTS)
        found = np.interp(knots, ranks[order], plain[order])
        rising = np.maximum.accumulate(found + np.arange(KNOTS) * spread * 1e-9)
        return cls(logarithmic, tuple(knots.tolist()), tuple(rising.tolist()), spread, float(knots[-1]) + 1.0)

    def to_scores(self, values: Floats, *, limited: bool = True) -> Floats:
        """Shapes: [B] -> [B]. `limited`: no farther from 0 than what is fitted."""
        plain = np.log(values) if self.logarithmic else values
        found = _line(plain, np.array(self.values), np.array(self.scores), 1.0 / self.slope)
        return np.clip(found, -self.limit, self.limit) if limited else found

    def to_values(self, scores: Floats) -> Floats:
        """Shapes: [B] -> [B]."""
        plain = _line(scores, np.array(self.scores), np.array(self.values), self.slope)
        return np.exp(np.clip(plain, -_LOGARITHM_MOST, _LOGARITHM_MOST)) if self.logarithmic else plain

    def to_json(self) -> dict[str, Any]:
        return {
            "logarithmic": self.logarithmic, "scores": self.scores, "values": self.values, "slope": self.slope,
            "limit": self.limit,
        }  # fmt: skip

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> TargetScale:
        return cls(
            bool(body["logarithmic"]), tuple(body["scores"]), tuple(body["values"]), float(body["slope"]),
            float(body["limit"]),
        )  # fmt: skip


def _line(x: Floats, xs: Floats, ys: Floats, slope: float) -> Floats:
    inside: Floats = np.interp(x, xs, ys)
    return inside + slope * (np.minimum(x - xs[0], 0.0) + np.maximum(x - xs[-1], 0.0))
