"""The training-free prior: size against pooling, with scales frozen from source networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from encoders.features import NAMES
from onnx_bench.arrays import Floats

SIZE = NAMES.index("log_dense_sqrt_macs")
POOLING = NAMES.index("pool_share")
POOLING_WEIGHT = 0.7


@dataclass(frozen=True)
class TrainingFreePrior:
    """P = ((S - mean S) - k (Q - mean Q)) / sd.

    S is the log of the sum of sqrt(MACs) over weighted layers other than depthwise convolutions (these mix no
    channels), Q the share of pooling among the layers of an input-output path, averaged over paths by the signal they
    carry. k = 0.7 sd(S) / sd(Q) within the source spaces. No accuracy enters, and every scale is of the sources, so a
    network scores the same alone as in any batch.

    Attributes:
        size_mean: Mean of S over the sources.
        pooling_mean: Mean of Q.
        exchange: k, how much S one unit of Q costs.
        std: Deviation of the raw score within source spaces.
    """

    size_mean: float
    pooling_mean: float
    exchange: float
    std: float

    @classmethod
    def fit(cls, spaces: Sequence[Floats]) -> TrainingFreePrior:
        """Take the scales from the features [B, F] of each source space; spaces count the same.

        Only spaces in which pooling varies say what pooling is worth; without any, it is worth nothing.
        """
        size = [x[:, SIZE] for x in spaces]
        pooling = [x[:, POOLING] for x in spaces]
        rates = [s.std() / q.std() for s, q in zip(size, pooling, strict=True) if q.std() > 1e-3]
        exchange = POOLING_WEIGHT * float(np.exp(np.mean(np.log(rates)))) if rates else 0.0
        spread = [float((s - exchange * q).std()) for s, q in zip(size, pooling, strict=True)]
        return cls(
            float(np.mean([s.mean() for s in size])), float(np.mean([q.mean() for q in pooling])), exchange,
            float(np.sqrt(np.mean(np.square(spread)))) or 1.0,
        )  # fmt: skip

    def score(self, features: Floats) -> Floats:
        """Higher is better. Shapes: [B, F] -> [B]."""
        return self.contributions(features).sum(axis=1)

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to the score. Shapes: [B, F] -> [B, F]."""
        parts = np.zeros_like(features)
        parts[:, SIZE] = (features[:, SIZE] - self.size_mean) / self.std
        parts[:, POOLING] = -self.exchange * (features[:, POOLING] - self.pooling_mean) / self.std
        return parts

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> TrainingFreePrior:
        return cls(**body)
