"""`BlockProcess`: a Gaussian process on what is known of measured networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archlm.finetuning.sample import FEATURES, Sample
from archlm.members.gaussian_process import GaussianProcess
from onnx_bench.arrays import Floats

_REACH = 6.0
"""Deviations at which inputs are cut off."""
_LEAST = 1e-6


@dataclass(frozen=True)
class BlockScale:
    """Standardises blocks by the labelled networks and lets each block count the same, however wide it is.

    Attributes:
        names: Of the blocks, in the order of the columns.
        mean: [D].
        factor: [D] what the distance from the mean is multiplied by.
        decorrelation: [F, F] what standardised features are multiplied by.
    """

    names: tuple[str, ...]
    mean: Floats
    factor: Floats
    decorrelation: Floats

    @classmethod
    def fit(cls, sample: Sample, names: Sequence[str]) -> BlockScale:
        """Means and deviations of the labelled networks."""
        table = np.concatenate([sample.blocks[name] for name in names], axis=1)
        deviation = table.std(axis=0)
        # What does not vary among the labelled says nothing.
        factor = np.where(deviation > _LEAST, 1.0 / np.maximum(deviation, _LEAST), 0.0)
        return cls(tuple(names), table.mean(axis=0), factor, sample.decorrelation)

    def apply(self, sample: Sample) -> Floats:
        """Shapes: B networks -> [B, D]."""
        parts, begin = [], 0
        for name in self.names:
            block = sample.blocks[name]
            end = begin + block.shape[1]
            part = np.clip((block - self.mean[begin:end]) * self.factor[begin:end], -_REACH, _REACH)
            if name == FEATURES:
                part = part @ self.decorrelation
            parts.append(part / np.sqrt(block.shape[1]))
            begin = end
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class BlockProcess:
    """A Gaussian process over standardised blocks.

    Attributes:
        scale: Of the inputs.
        process: Over the scaled networks.
    """

    scale: BlockScale
    process: GaussianProcess

    @classmethod
    def fit(cls, sample: Sample, scores: Floats, names: Sequence[str]) -> BlockProcess:
        """Shapes: N networks, [N]."""
        scale = BlockScale.fit(sample, names)
        return cls(scale, GaussianProcess.fit(_placed(scale, sample), scores))

    def predict(self, sample: Sample) -> Floats:
        """Mean scores. Shapes: B networks -> [B]."""
        return self.process.predict(_placed(self.scale, sample))

    def deviation(self, sample: Sample) -> Floats:
        """Deviations of fresh measurements from `predict`. Shapes: B networks -> [B]."""
        return self.process.deviation(_placed(self.scale, sample))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint; the names of the blocks are kept apart."""
        return self.process.to_arrays() | {
            "input_mean": self.scale.mean, "input_factor": self.scale.factor,
            "decorrelation": self.scale.decorrelation,
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], names: Sequence[str]) -> BlockProcess:
        """Inverse of `to_arrays`. Raises ValueError where shapes do not fit together."""
        scale = BlockScale(tuple(names), arrays["input_mean"], arrays["input_factor"], arrays["decorrelation"])
        process = GaussianProcess.from_arrays(arrays)
        if {scale.mean.shape, scale.factor.shape} != {process.inputs.shape[1:]}:
            raise ValueError(f"scales {scale.mean.shape} and {scale.factor.shape} of {process.inputs.shape} inputs")
        return cls(scale, process)


def _placed(scale: BlockScale, sample: Sample) -> Floats:
    """Networks as points whose squared length is about 1. Shapes: B networks -> [B, D]."""
    return scale.apply(sample) / np.sqrt(len(scale.names))
