"""`SizeLine`: a line through the labels over the size of a network, for when the labels say little else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.sample import SIGNALS, Sample

Floats = NDArray[np.float64]

_COLUMNS = [SIGNALS.index("training-free prior"), SIGNALS.index("MACs")]
_RIDGE = 0.1
_LEAST = 1e-6


@dataclass(frozen=True)
class SizeLine:
    """score = level + slope * (standardised prior + standardised log MACs) / 2, and the slope is not negative.

    Larger networks are better and cost more: the one thing that needs no label. A dozen labels can say the opposite by
    chance.

    Attributes:
        mean, deviation: [2] of the labelled networks.
        level: Mean score of the labels.
        slope: Of the line.
    """

    mean: Floats
    deviation: Floats
    level: float
    slope: float

    @classmethod
    def fit(cls, sample: Sample, scores: Floats) -> SizeLine:
        """Shapes: N networks, [N]."""
        signals = sample.blocks["size"][:, _COLUMNS]
        mean, deviation = signals.mean(axis=0), np.maximum(signals.std(axis=0), _LEAST)
        size = ((signals - mean) / deviation).mean(axis=1)
        slope = float(size @ (scores - scores.mean())) / (float(size @ size) + _RIDGE * len(scores))
        return cls(mean, deviation, float(scores.mean()), max(slope, 0.0))

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        signals = (sample.blocks["size"][:, _COLUMNS] - self.mean) / self.deviation
        return self.level + self.slope * signals.mean(axis=1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return {"mean": self.mean, "deviation": self.deviation, "line": np.array([self.level, self.slope])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> SizeLine:
        level, slope = map(float, arrays["line"])
        return cls(arrays["mean"], arrays["deviation"], level, slope)
