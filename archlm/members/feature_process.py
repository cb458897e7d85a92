"""`FeatureProcess`: a Gaussian process on every feature, for tasks that few networks were measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.members.gaussian_process import GaussianProcess, Kernel, distances, read_kernels
from encoders.features import NAMES
from onnx_bench.arrays import Floats

_REACH = 3.0
"""Deviations at which features are cut off: no farther is it trusted to go on. Exporters of an untrained network count
its norms or do not, which in a tiny one is sixteen deviations. With 6, real networks of unseen families are ranked as
well in 25 folds (by .003 of tau better in the first 15)."""
_LEAST = 1e-6
_STEPS = 32


@dataclass(frozen=True)
class FeatureProcess:
    """The mean of a Gaussian process over standardised features; how sure an answer is comes from held-out networks.

    Where trees see the same leaf, it goes on along what it has learnt: families of networks that nobody measured are
    ranked better.

    Attributes:
        centre: [F] mean of the features.
        factor: [F] what the distance from it is multiplied by.
        inputs: [N, F] the measured networks, standardised.
        kernels: K.
        weights: [K, N] of the measured networks.
        level: What is predicted far from every one of them.
    """

    centre: Floats
    factor: Floats
    inputs: Floats
    kernels: tuple[Kernel, ...]
    weights: Floats
    level: float

    @classmethod
    def fit(cls, features: Floats, scores: Floats) -> FeatureProcess:
        """Shapes: [N, F], [N]."""
        deviation = features.std(axis=0)
        factor = np.where(deviation > _LEAST, 1.0 / np.maximum(deviation, _LEAST), 0.0)
        scale = cls(features.mean(axis=0), factor, np.zeros((0, features.shape[1])), (), np.zeros((0, 0)), 0.0)
        found = GaussianProcess.fit(scale.placed(features), scores)
        weights = found.spread * found.mean_weights
        return cls(scale.centre, factor, found.inputs, found.kernels, weights, found.mean)

    def placed(self, features: Floats) -> Floats:
        """Networks as points of squared length about 1. Shapes: [B, F] -> [B, F]."""
        return np.clip((features - self.centre) * self.factor, -_REACH, _REACH) / np.sqrt(features.shape[1])

    def score(self, features: Floats) -> Floats:
        """Normal score within the task. Shapes: [B, F] -> [B]."""
        points = self.placed(features)
        products, apart = points @ self.inputs.T, distances(points, self.inputs)
        found = np.full(len(points), self.level)
        for kernel, weights in zip(self.kernels, self.weights, strict=True):
            found += kernel.between(products, apart) @ weights
        return found

    def contributions(self, features: Floats) -> Floats:
        """What each feature adds to the score of the mean network.

        Integrated gradients (Sundararajan et al. 2017) from the mean network on. Shapes: [B, F] -> [B, F].
        """
        points = self.placed(features)
        found = np.zeros_like(points)
        for step in range(_STEPS):
            at = points * ((step + 0.5) / _STEPS)
            for kernel, weights in zip(self.kernels, self.weights, strict=True):
                found += points * kernel.gradients(at, self.inputs, weights) / _STEPS
        return found

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return {
            "centre": self.centre, "factor": self.factor, "inputs": self.inputs, "kernels": np.array(self.kernels),
            "weights": self.weights, "level": np.array(self.level),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> FeatureProcess:
        """Inverse of `to_arrays`.

        Raises:
            ValueError: Shapes do not fit together, or numbers are no numbers.
        """
        centre, factor, inputs, weights = (arrays[k].astype(float) for k in ("centre", "factor", "inputs", "weights"))
        kernels = read_kernels(arrays["kernels"])
        if {centre.shape, factor.shape, inputs.shape[1:]} != {(len(NAMES),)}:
            raise ValueError(f"{inputs.shape} inputs of a process with {centre.shape} and {factor.shape} scales")
        if weights.shape != (len(kernels), len(inputs)):
            raise ValueError(f"{weights.shape} weights of {len(kernels)} kernels and {len(inputs)} networks")
        if not all(np.isfinite(values).all() for values in arrays.values()):
            raise ValueError("numbers of a process that are not finite")
        return cls(centre, factor, inputs, kernels, weights, float(arrays["level"]))
