"""`SignalLine`: a line through the labels over one signal that needs no label, for when the labels say little else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.sample import SIGNALS, Sample
from onnx_bench.arrays import Floats

SIGNAL_COLUMNS = {
    "size": (SIGNALS.index("training-free prior"), SIGNALS.index("MACs")),
    "described": (0,),
}
"""Which columns of a block make its signal."""
_RIDGE = 0.1
_LEAST = 1e-6


@dataclass(frozen=True)
class SignalLine:
    """score = level + slope * the mean of the standardised columns, and the slope is not negative.

    Larger networks are better and cost more, and what the graph network says of the description of a task is meant to
    rise with it: a dozen labels can say the opposite by chance.

    Attributes:
        block: A key of `SIGNAL_COLUMNS`.
        mean, deviation: [C] of the labelled networks.
        level: Mean score of the labels.
        slope: Of the line.
    """

    block: str
    mean: Floats
    deviation: Floats
    level: float
    slope: float

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, block: str) -> SignalLine:
        """Shapes: N networks, [N]."""
        signals = sample.blocks[block][:, SIGNAL_COLUMNS[block]]
        mean, deviation = signals.mean(axis=0), np.maximum(signals.std(axis=0), _LEAST)
        signal = ((signals - mean) / deviation).mean(axis=1)
        slope = float(signal @ (scores - scores.mean())) / (float(signal @ signal) + _RIDGE * len(scores))
        return cls(block, mean, deviation, float(scores.mean()), max(slope, 0.0))

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        signals = (sample.blocks[self.block][:, SIGNAL_COLUMNS[self.block]] - self.mean) / self.deviation
        return self.level + self.slope * signals.mean(axis=1)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint; the name of the block is kept apart."""
        return {"mean": self.mean, "deviation": self.deviation, "line": np.array([self.level, self.slope])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], block: str) -> SignalLine:
        level, slope = map(float, arrays["line"])
        return cls(block, arrays["mean"], arrays["deviation"], level, slope)
