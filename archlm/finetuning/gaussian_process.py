"""`GaussianProcess`: few labels, exactly, with a deviation for every answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.sample import Sample

Floats = NDArray[np.float64]

_REACH = 6.0
"""Deviations at which inputs are cut off."""
_LEAST = 1e-6
_LEAST_SHARE = 0.1
"""Of the noise, that rounding may leave of a variance."""


@dataclass(frozen=True)
class BlockScale:
    """Standardises blocks by the labelled networks and lets each block count the same, however wide it is.

    Attributes:
        names: Of the blocks, in the order of the columns.
        mean: [D].
        factor: [D] what the distance from the mean is multiplied by.
        width: [D] square root of the width of each column's block.
    """

    names: tuple[str, ...]
    mean: Floats
    factor: Floats
    width: Floats

    @classmethod
    def fit(cls, sample: Sample, names: Sequence[str]) -> BlockScale:
        """Means and deviations of the labelled networks."""
        table = np.concatenate([sample.blocks[name] for name in names], axis=1)
        deviation = table.std(axis=0)
        width = np.concatenate([np.full(n, np.sqrt(n)) for n in (sample.blocks[name].shape[1] for name in names)])
        # What does not vary among the labelled says nothing.
        factor = np.where(deviation > _LEAST, 1.0 / np.maximum(deviation, _LEAST), 0.0)
        return cls(tuple(names), table.mean(axis=0), factor, width)

    def apply(self, sample: Sample) -> Floats:
        """Shapes: B networks -> [B, D]."""
        table = np.concatenate([sample.blocks[name] for name in self.names], axis=1)
        return np.clip((table - self.mean) * self.factor, -_REACH, _REACH) / self.width


@dataclass(frozen=True)
class GaussianProcess:
    """A linear part and a Matern part (nu = 1.5) over standardised blocks; scikit-learn finds the hyperparameters.

    The process is kept as arrays, so that an answer needs numpy alone.

    Attributes:
        scale: Of the inputs.
        inputs: [N, D] the labelled networks.
        weights: [N] of the mean.
        inverse: [N, N] inverse of the kernel matrix, noise included.
        linear, smooth, length, noise: Hyperparameters: variances of both parts, length, variance of the noise.
        mean: What is predicted far from every label.
        spread: Deviation of the labels.
    """

    scale: BlockScale
    inputs: Floats
    weights: Floats
    inverse: Floats
    linear: float
    smooth: float
    length: float
    noise: float
    mean: float
    spread: float

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, names: Sequence[str]) -> GaussianProcess:
        """Maximise the marginal likelihood of the labels. Shapes: N networks, [N]."""
        import warnings

        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

        scale = BlockScale.fit(sample, names)
        inputs = scale.apply(sample)
        mean, spread = float(scores.mean()), float(scores.std()) or 1.0
        flat = ConstantKernel(1.0, (1e-4, 1e3)) * DotProduct(_LEAST, "fixed")
        smooth = ConstantKernel(1.0, (1e-3, 1e3)) * Matern(2.0 * np.sqrt(len(names)), (0.1, 100.0), nu=1.5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a hyperparameter at its bound is an answer
            found: Any = GaussianProcessRegressor(
                flat + smooth + WhiteKernel(0.1, (1e-3, 10.0))
            ).fit(inputs, (scores - mean) / spread)
        kernel = found.kernel_
        linear, noise = float(kernel.k1.k1.k1.constant_value), float(kernel.k2.noise_level)
        variance, length = float(kernel.k1.k2.k1.constant_value), float(kernel.k1.k2.k2.length_scale)
        root = np.linalg.inv(found.L_)
        return cls(scale, inputs, found.alpha_, root.T @ root, linear, variance, length, noise, mean, spread)

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        return self.mean + self.spread * (self._shared(self.scale.apply(sample)) @ self.weights)

    def deviation(self, sample: Sample) -> Floats:
        """Deviations of fresh measurements from `predict`. Shapes: B networks -> [B]."""
        points = self.scale.apply(sample)
        shared = self._shared(points)
        own = self.linear * np.square(points).sum(axis=1) + self.smooth + self.noise
        variance = own - np.einsum("bn,nm,bm->b", shared, self.inverse, shared, optimize=True)
        return self.spread * np.sqrt(np.maximum(variance, _LEAST_SHARE * self.noise))

    @property
    def typical_deviation(self) -> float:
        """Median deviation, at the labelled networks, of an answer that has not seen the label it is compared with."""
        return self.spread * float(np.median(1.0 / np.sqrt(np.diag(self.inverse))))

    def _shared(self, points: Floats) -> Floats:
        """Covariances with the labelled networks. Shapes: [B, D] -> [B, N]."""
        return self.linear * (points @ self.inputs.T) + self.smooth * _matern(points, self.inputs, self.length)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint; the names of the blocks are kept apart."""
        numbers = [self.linear, self.smooth, self.length, self.noise, self.mean, self.spread]
        return {
            "inputs": self.inputs, "weights": self.weights, "inverse": self.inverse, "numbers": np.array(numbers),
            "input_mean": self.scale.mean, "input_factor": self.scale.factor, "input_width": self.scale.width,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> GaussianProcess:
        scale = BlockScale(tuple(names), arrays["input_mean"], arrays["input_factor"], arrays["input_width"])
        numbers = (float(value) for value in arrays["numbers"])
        return cls(scale, arrays["inputs"], arrays["weights"], arrays["inverse"], *numbers)


def distances(a: Floats, b: Floats) -> Floats:
    """Euclidean. Shapes: [A, D], [B, D] -> [A, B]."""
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


def _matern(a: Floats, b: Floats, length: float) -> Floats:
    """Shapes: [A, D], [B, D] -> [A, B]."""
    steps = np.sqrt(3.0) * distances(a, b) / length
    return (1.0 + steps) * np.exp(-steps)
