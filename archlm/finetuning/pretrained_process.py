"""`PretrainedProcess`: a Gaussian process whose kernel was learnt on other tasks: few labels need not say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.gaussian_process import BlockScale, matern
from archlm.finetuning.sample import Sample
from archlm.finetuning.signal_line import SIGNAL_COLUMNS

Floats = NDArray[np.float64]

BLOCKS = ("size", "described", "features", "vectors", "scores")
"""What the process sees."""


@dataclass(frozen=True)
class PretrainedKernel:
    """Hyperparameters that draws of few labels have in common over tasks and spaces; `train.kernel` learns them.

    Each of `BLOCKS` is standardised by the labelled networks and counts as if it had one column.

    Attributes:
        linear: Of each block, variance of its linear part.
        reach: Of each block, inverse length in the Matern part (nu = 1.5), which all blocks share.
        smooth: Variance of the Matern part.
        noise: Variance of the noise.
        slopes: Of the mean, along the signals of a `SignalLine`: `size` and `described`.
    """

    linear: tuple[float, ...]
    reach: tuple[float, ...]
    smooth: float
    noise: float
    slopes: Mapping[str, float]

    def mean_slopes(self, widths: Sequence[int]) -> Floats:
        """Slope of the mean along each column, of blocks with so many. Shapes: [D]."""
        found = []
        for block, width in zip(BLOCKS, widths, strict=True):
            slopes = np.zeros(width)
            if columns := SIGNAL_COLUMNS.get(block):
                slopes[list(columns)] = self.slopes[block] * np.sqrt(width) / len(columns)
            found.append(slopes)
        return np.concatenate(found)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> PretrainedKernel:
        linear, reach = (tuple(float(body[name][i]) for i in range(len(BLOCKS))) for name in ("linear", "reach"))
        slopes = {block: float(body["slopes"][block]) for block in SIGNAL_COLUMNS}
        return cls(linear, reach, float(body["smooth"]), float(body["noise"]), slopes)


@dataclass(frozen=True)
class PretrainedProcess:
    """The posterior mean of that process; kept as arrays, so that an answer needs numpy alone.

    Attributes:
        scale: Of the inputs.
        inputs: [N, D] the labelled networks.
        weights: [N] of the posterior mean.
        linear, reach, slopes: [D] of each column: root of the variance, inverse length, slope of the mean.
        smooth: Variance of the Matern part.
        mean, spread: Of the labels.
    """

    scale: BlockScale
    inputs: Floats
    weights: Floats
    linear: Floats
    reach: Floats
    slopes: Floats
    smooth: float
    mean: float
    spread: float

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, kernel: PretrainedKernel) -> PretrainedProcess:
        """Condition on the labels. Shapes: N networks, [N]."""
        scale = BlockScale.fit(sample, BLOCKS)
        widths = [sample.blocks[name].shape[1] for name in BLOCKS]
        mean, spread = float(scores.mean()), float(scores.std()) or 1.0
        process = cls(
            scale, scale.apply(sample), np.zeros(len(scores)), np.repeat(np.sqrt(kernel.linear), widths),
            np.repeat(kernel.reach, widths), kernel.mean_slopes(widths), kernel.smooth, mean, spread,
        )  # fmt: skip
        covariance = process._shared(process.inputs) + kernel.noise * np.eye(len(scores))
        residual = (scores - mean) / spread - process.inputs @ process.slopes
        process.weights[:] = np.linalg.solve(covariance, residual)
        return process

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        points = self.scale.apply(sample)
        return self.mean + self.spread * (points @ self.slopes + self._shared(points) @ self.weights)

    def _shared(self, points: Floats) -> Floats:
        """Covariances with the labelled networks. Shapes: [B, D] -> [B, N]."""
        linear = (points * self.linear) @ (self.inputs * self.linear).T
        return linear + self.smooth * matern(points * self.reach, self.inputs * self.reach, 1.0)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return {
            "inputs": self.inputs, "weights": self.weights, "linear": self.linear, "reach": self.reach,
            "slopes": self.slopes, "numbers": np.array([self.smooth, self.mean, self.spread]),
            "input_mean": self.scale.mean, "input_factor": self.scale.factor, "input_width": self.scale.width,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> PretrainedProcess:
        scale = BlockScale(BLOCKS, arrays["input_mean"], arrays["input_factor"], arrays["input_width"])
        parts = (arrays[name] for name in ("inputs", "weights", "linear", "reach", "slopes"))
        return cls(scale, *parts, *(float(value) for value in arrays["numbers"]))
