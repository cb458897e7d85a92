"""Intervals from the residuals of held-out networks: split-conformal, with a width that follows the predicted value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnx_bench.arrays import Floats

LEVEL = 0.9
CONFORMAL_LEAST = 40
"""Residuals from which on their own quantiles give an interval; of fewer, Student's t with their deviation."""
LEAST_PER_BIN = 60
MOST_BINS = 12


@dataclass(frozen=True)
class ConformalBands:
    """Quantiles of the residuals of held-out networks, by bins of the predicted value.

    Bins are conformal on their own (Mondrian conformal prediction, Vovk et al. 2005): a new network exchangeable with
    the held-out ones lies within [low, high] with probability at least `LEVEL`, whatever its predicted value.

    Attributes:
        edges: Inner borders of the bins, increasing.
        low: For each bin the residual (measured - predicted) at the lower 5 %.
        middle: The median residual.
        high: At the upper 5 %.
    """

    edges: tuple[float, ...]
    low: tuple[float, ...]
    middle: tuple[float, ...]
    high: tuple[float, ...]

    @classmethod
    def fit(cls, predicted: Floats, measured: Floats) -> ConformalBands:
        """Take the bands from networks that the model did not see. Shapes: [B], [B]."""
        bins = int(np.clip(len(predicted) // LEAST_PER_BIN, 1, MOST_BINS))
        edges = np.unique(np.quantile(predicted, np.arange(1, bins) / bins)) if bins > 1 else np.zeros(0)
        edges = edges[edges > predicted.min()]  # below an edge there are some
        place = np.searchsorted(edges, predicted, side="right")
        residual = measured - predicted
        tables = [
            (_outer(-part), float(np.median(part)), _outer(part))
            for part in (np.sort(residual[place == b]) for b in range(len(edges) + 1))
        ]
        return cls(tuple(edges.tolist()), tuple(-t[0] for t in tables), tuple(t[1] for t in tables),
                   tuple(t[2] for t in tables))  # fmt: skip

    def interval(self, predicted: Floats, widen: float | Floats = 1.0) -> tuple[Floats, Floats, Floats]:
        """5 %, 50 % and 95 % points. Shapes: [B] -> three of [B].

        Args:
            predicted: Predicted values.
            widen: Factor on the distance of both ends from the median, [B] where networks differ in it.
        """
        place = np.searchsorted(np.asarray(self.edges), predicted, side="right")
        low, middle, high = (np.asarray(t)[place] for t in (self.low, self.middle, self.high))
        centre = predicted + middle
        return centre - widen * (middle - low), centre, centre + widen * (high - middle)

    def misses(self, predicted: Floats, measured: Floats) -> Floats:
        """How far the values lie from the median, 1 at either end of the interval. Shapes: [B], [B] -> [B].

        Where the interval has no width on that side, in the mean width of all.
        """
        low, middle, high = self.interval(predicted)
        reach = np.where(measured > middle, high - middle, middle - low)
        usual = reach.mean() or 1.0
        return np.asarray(np.abs(measured - middle) / np.where(reach > 0, reach, usual))

    def to_json(self) -> dict[str, Any]:
        return {"edges": self.edges, "low": self.low, "middle": self.middle, "high": self.high}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> ConformalBands:
        return cls(*(tuple(body[key]) for key in ("edges", "low", "middle", "high")))


def widths_by_space(widths: Mapping[str, float], spaces: NDArray[np.str_]) -> Floats:
    """The factor of each network's space, 1 of spaces that have none. Shapes: [B] names -> [B]."""
    return np.array([widths.get(space, 1.0) for space in spaces.tolist()])


def student_reach(residuals: Floats) -> float:
    """How far on either side of zero a fresh residual lies in 90 % of cases, by Student's t. Shapes: [B], 2 or more."""
    from scipy.stats import t  # for fitting alone

    count = len(residuals)
    return float(t.ppf((1 + LEVEL) / 2, count - 1)) * sqrt(np.mean(np.square(residuals)) * (1 + 1 / count))


def _outer(values: Floats) -> float:
    """The conformal quantile that a fresh value exceeds with probability at most (1 - LEVEL) / 2."""
    ordered = np.sort(values)
    rank = ceil((len(ordered) + 1) * (1 + LEVEL) / 2)
    return float(ordered[min(rank, len(ordered)) - 1])
