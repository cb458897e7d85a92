"""`RelativeBand`: by which factors measurements leave what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp

import numpy as np

from archlm.conformal import CONFORMAL_LEAST, LEVEL, student_reach
from onnx_bench.arrays import Floats

_MOST = 300.0
"""Logarithm of the largest factor, for measurements that no device could give: products stay numbers."""


@dataclass(frozen=True)
class RelativeBand:
    """Factors on a prediction: 90 % of measurements lie between `low` and `high` times it.

    Attributes:
        low: At 5 %.
        middle: The median.
        high: At 95 %.
    """

    low: float
    middle: float
    high: float

    @classmethod
    def fit(cls, predicted: Floats, measured: Floats) -> RelativeBand:
        """Take the band from networks that the predictions have not seen, at least two. Shapes: [B], [B]."""
        ratios = np.sort(np.clip(np.log(measured / predicted), -_MOST, _MOST))
        count = len(ratios)
        if count < CONFORMAL_LEAST:
            reach = min(student_reach(ratios), _MOST)
            return cls(exp(-reach), 1.0, exp(reach))
        rank = min(ceil((count + 1) * (1 + LEVEL) / 2), count)
        return cls(exp(ratios[count - rank]), exp(np.median(ratios)), exp(ratios[rank - 1]))

    def interval(self, predicted: Floats) -> tuple[Floats, Floats, Floats]:
        """5 %, 50 % and 95 % points. Shapes: [B] -> three of [B]."""
        return self.low * predicted, self.middle * predicted, self.high * predicted

    def to_json(self) -> tuple[float, float, float]:
        return self.low, self.middle, self.high

    @classmethod
    def from_json(cls, body: Sequence[float]) -> RelativeBand:
        low, middle, high = map(float, body)
        return cls(low, middle, high)
