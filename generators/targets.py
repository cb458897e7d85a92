"""What conditions and scores speak of: qualities and costs, each on a scale of its space.

A quality is the normal score of its rank among random architectures of the space, a cost the standardised logarithm.
Both are about -3 to 3 in every space, and only the order of qualities matters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from onnx_bench.arrays import Floats
from onnx_bench.tasks.latency import PREFIX as LATENCY

COSTS = ("params", "macs", "depth")
"""Costs that are read from the graph alone."""


def is_quality(target: str) -> bool:
    """Whether a target is a quality, of which more is better; else it is a cost."""
    return target not in COSTS and not target.startswith(LATENCY)


class LogScale(NamedTuple):
    """Centre and spread of the logarithm of a cost in a space."""

    centre: float
    spread: float

    @classmethod
    def of(cls, costs: Floats) -> LogScale:
        """The scale of a sample of positive costs."""
        logs = np.log(np.maximum(costs, 1e-9))
        return cls(float(logs.mean()), float(max(logs.std(), 1e-3)))

    def to_normal(self, costs: Floats) -> Floats:
        """Standardised logarithms; of shape [B], like `costs`."""
        return (np.log(np.maximum(costs, 1e-9)) - self.centre) / self.spread

    def to_cost(self, normal: Floats) -> Floats:
        """Inverse of `to_normal`."""
        return np.exp(normal * self.spread + self.centre)


class LinearScale(NamedTuple):
    """Centre and spread of any value in a space; with a negative spread, more of it counts as less."""

    centre: float
    spread: float

    @classmethod
    def of(cls, values: Floats, *, turned: bool = False) -> LinearScale:
        """The scale of a sample of values, turned round if asked for."""
        spread = float(values.std()) or 1.0  # where all are the same any will do
        return cls(float(values.mean()), -spread if turned else spread)

    def to_normal(self, values: Floats) -> Floats:
        """Standardised values; of shape [B], like `values`."""
        return (values - self.centre) / self.spread

    def to_cost(self, normal: Floats) -> Floats:
        """Inverse of `to_normal`."""
        return normal * self.spread + self.centre


def normal_scores(values: Floats, ties: Floats | None = None) -> Floats:
    """Normal quantiles of the ranks of B values, more being better.

    Args:
        values: What is ranked. Shapes: [B].
        ties: What decides between equal values. Shapes: [B].
    """
    from scipy.stats import norm, rankdata  # slow to import, and training alone ranks

    ranks = rankdata(values)
    if ties is not None:
        order = np.lexsort((ties, ranks))
        ranks = np.empty(len(values))
        ranks[order] = np.arange(1, len(values) + 1)
        # Values that are equal in both respects have one rank.
        _, which = np.unique(np.stack([values, ties]), axis=1, return_inverse=True)
        which = which.ravel()
        ranks = (np.bincount(which, ranks) / np.bincount(which))[which]
    return norm.ppf((ranks - 0.5) / len(values))
