"""`RelativeBand`: by which factors measurements leave what was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEVEL = 0.9
CONFORMAL_LEAST = 40
"""Measurements from which on their own quantiles give the band; of fewer, Student's t with their deviation."""


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
        ratios = np.sort(np.log(measured / predicted))
        count = len(ratios)
        if count < CONFORMAL_LEAST:
            from scipy.stats import t  # for fitting alone

            reach = float(t.ppf((1 + LEVEL) / 2, count - 1)) * sqrt(np.mean(np.square(ratios)) * (1 + 1 / count))
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
