"""`GaussianProcess`: few labels, exactly, with a deviation for every answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnx_bench.arrays import Floats

_LEAST = 1e-6
_LEAST_SHARE = 0.1
"""Of the noise, that rounding may leave of a variance."""


class Kernel(NamedTuple):
    """A linear part and a Matern part (nu = 1.5), of variance about 1 together.

    Attributes:
        linear: Share of the linear part.
        length: Of the Matern part.
    """

    linear: float
    length: float

    def between(self, products: Floats, apart: Floats) -> Floats:
        """Covariances of points from their products and distances. Shapes: [B, N], [B, N] -> [B, N]."""
        steps = np.sqrt(3.0) * apart / self.length
        return self.linear * products + (1.0 - self.linear) * (1.0 + steps) * np.exp(-steps)

    def gradients(self, points: Floats, inputs: Floats, weights: Floats) -> Floats:
        """Of the covariances with N inputs, summed by their weights. Shapes: [B, D], [N, D], [N] -> [B, D]."""
        pull = np.exp(-np.sqrt(3.0) * distances(points, inputs) / self.length) * weights
        smooth = 3.0 / self.length**2 * (pull @ inputs - pull.sum(axis=1, keepdims=True) * points)
        return self.linear * (weights @ inputs) + (1.0 - self.linear) * smooth

    def own(self, squares: Floats) -> Floats:
        """Variances of points from their products with themselves. Shapes: [B] -> [B]."""
        return self.linear * squares + 1.0 - self.linear


KERNELS = (
    *(Kernel(linear, length) for linear in (0.0, 0.25, 0.5, 0.75) for length in (0.5, 1.0, 2.0, 4.0)), Kernel(1.0, 1.0),
)  # fmt: skip
NOISES = np.geomspace(0.01, 10.0, 7)
"""Variances of the noise, in those of the kernel."""
_JUDGES = 300
"""Labels that tell which kernels are probable, where there are more: these alone are fitted to all."""
_LEAST_MASS = 0.01
"""Probability of a kernel below which it is left out."""


class Explanation(NamedTuple):
    """How a kernel explains N labels with each of Q noises; the variance of both together is integrated out.

    Shapes:
        evidence: [Q] logarithm of the likelihood, up to what kernels share; variance: [Q] of the kernel; weights:
            [Q, N] of the mean; values: [Q, N] eigenvalues of the kernel matrix with its noise; vectors: [N, N].
    """

    evidence: Floats
    variance: Floats
    weights: Floats
    values: Floats
    vectors: Floats

    @classmethod
    def of(cls, kernel: Kernel, points: Floats, target: Floats) -> Explanation:
        """Shapes: points [N, D], target [N]."""
        values, vectors = np.linalg.eigh(kernel.between(points @ points.T, distances(points, points)))
        noisy = np.maximum(values, 0.0) + NOISES[:, None]
        turned = target @ vectors
        variance = np.maximum((np.square(turned) / noisy).mean(axis=1), _LEAST**2)  # labels may all be the same
        evidence = -0.5 * (np.log(noisy).sum(axis=1) + len(target) * np.log(variance))
        return cls(evidence, variance, (turned / noisy) @ vectors.T, noisy, vectors)

    def inverse(self, factors: Floats) -> Floats:
        """Sum of the inverse matrices times a factor each. Shapes: [Q] -> [N, N]."""
        return (self.vectors * (factors[:, None] / self.values).sum(axis=0)) @ self.vectors.T

    @property
    def precision(self) -> Floats:
        """Diagonals of the inverse matrices. Shapes: -> [Q, N]."""
        return (1.0 / self.values) @ np.square(self.vectors).T


@dataclass(frozen=True)
class GaussianProcess:
    """Gaussian processes over standardised points, averaged by how well each explains the labels.

    A dozen labels are explained about as well by many kernels, and the one that does it best is often luck: so a grid
    of them answers, each as far as it is probable (Bayesian model averaging, Hoeting et al. 1999). The processes are
    kept as arrays, so that an answer needs numpy alone.

    Attributes:
        inputs: [N, D] the labelled points, of squared length about 1.
        kernels: K that are probable.
        masses: [K, Q] probability of each with each of Q noises.
        weights: [K, Q, N] of their means.
        inverse: [K, N, N] their inverse matrices by probability and variance.
        variance: [K] of the kernels, by probability.
        noise: Variance of the noise.
        typical: See `typical_deviation`, in `spread`.
        mean: What is predicted far from every label.
        spread: Deviation of the labels.
    """

    inputs: Floats
    kernels: tuple[Kernel, ...]
    masses: Floats
    weights: Floats
    inverse: Floats
    variance: Floats
    noise: float
    typical: float
    mean: float
    spread: float

    @classmethod
    def fit(cls, points: Floats, scores: Floats) -> GaussianProcess:
        """Ask the labels how probable each kernel is. Shapes: [N, D], [N]."""
        mean, spread = float(scores.mean()), float(scores.std()) or 1.0
        target = (scores - mean) / spread
        judges = np.linspace(0, len(target) - 1, min(len(target), _JUDGES)).astype(int)
        found = [Explanation.of(kernel, points[judges], target[judges]) for kernel in KERNELS]
        probable = np.flatnonzero(_probabilities(found).sum(axis=1) >= _LEAST_MASS)
        kernels, found = tuple(KERNELS[place] for place in probable), [found[place] for place in probable]
        if len(judges) < len(target):
            found = [Explanation.of(kernel, points, target) for kernel in kernels]
        masses = _probabilities(found)
        weights = np.stack([one.weights for one in found])
        variances = np.stack([one.variance for one in found])
        precision = np.stack([one.precision for one in found])
        # What the processes say of each label without it.
        doubt = np.einsum("kq,kqn->n", masses * variances, 1.0 / precision)
        doubt += _disagreement(target - weights / precision, masses)
        inverse = [one.inverse(factors) for one, factors in zip(found, masses * variances, strict=True)]
        return cls(
            points, kernels, masses, weights, np.stack(inverse), (masses * variances).sum(axis=1),
            float((masses * variances * NOISES).sum()), float(np.median(np.sqrt(doubt))), mean, spread,
        )  # fmt: skip

    def predict(self, points: Floats) -> Floats:
        """Mean scores. Shapes: [B, D] -> [B]."""
        means = [one @ weights for one, weights in zip(self._shared(points), self.mean_weights, strict=True)]
        return self.mean + self.spread * np.sum(means, axis=0)

    @property
    def mean_weights(self) -> Floats:
        """Weights of the labels in the mean, by kernel, over all noises. Shapes: -> [K, N]."""
        return np.einsum("kq,kqn->kn", self.masses, self.weights)

    def deviation(self, points: Floats) -> Floats:
        """Deviations of fresh measurements from `predict`. Shapes: [B, D] -> [B]."""
        squares = np.square(points).sum(axis=1)
        variance, means = np.full(len(points), self.noise), []
        for place, shared in enumerate(self._shared(points)):
            variance += self.variance[place] * self.kernels[place].own(squares)
            variance -= np.einsum("bn,nm,bm->b", shared, self.inverse[place], shared, optimize=True)
            means.append(self.weights[place] @ shared.T)
        variance = np.maximum(variance, _LEAST_SHARE * self.noise) + _disagreement(np.stack(means), self.masses)
        return self.spread * np.sqrt(variance)

    @property
    def typical_deviation(self) -> float:
        """Median deviation, at the labelled points, of an answer that has not seen the label it is compared with."""
        return self.spread * self.typical

    def _shared(self, points: Floats) -> Iterator[Floats]:
        """Covariances with the labelled points, by each kernel. Shapes: [B, D] -> K of [B, N]."""
        products, apart = points @ self.inputs.T, distances(points, self.inputs)
        return (kernel.between(products, apart) for kernel in self.kernels)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """For a checkpoint."""
        return {
            "inputs": self.inputs, "kernels": np.array(self.kernels), "masses": self.masses, "weights": self.weights,
            "inverse": self.inverse, "variance": self.variance,
            "numbers": np.array([self.noise, self.typical, self.mean, self.spread]),
        }  # fmt: skip

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> GaussianProcess:
        """Inverse of `to_arrays`.

        Raises:
            ValueError: Shapes do not fit together, or what must be positive is not.
        """
        kernels = read_kernels(arrays["kernels"])
        masses, (labels, _) = arrays["masses"], arrays["inputs"].shape
        shapes = {
            "masses": (len(kernels), masses.shape[-1]), "weights": (*masses.shape, labels),
            "inverse": (len(kernels), labels, labels), "variance": (len(kernels),),
        }  # fmt: skip
        if odd := [f"{name} {arrays[name].shape}" for name, shape in shapes.items() if arrays[name].shape != shape]:
            raise ValueError(f"{', '.join(odd)} of a process with {len(kernels)} kernels and {labels} networks")
        noise, typical, mean, spread = map(float, arrays["numbers"])
        if not min(noise, typical, spread) > 0:
            raise ValueError(f"a process with noise {noise:g}, typical deviation {typical:g} and spread {spread:g}")
        return cls(
            arrays["inputs"], kernels, arrays["masses"], arrays["weights"], arrays["inverse"], arrays["variance"],
            noise, typical, mean, spread,
        )  # fmt: skip


def read_kernels(rows: NDArray[Any]) -> tuple[Kernel, ...]:
    """Kernels of a checkpoint. Shapes: [K, 2]. Raises ValueError where a length is not positive."""
    kernels = tuple(Kernel(*map(float, row)) for row in rows)
    if any(not kernel.length > 0 for kernel in kernels):
        raise ValueError("kernels of a process whose lengths are not positive")
    return kernels


def _probabilities(found: Sequence[Explanation]) -> Floats:
    """Of K kernels with Q noises each, all as probable before the labels. Shapes: -> [K, Q]."""
    evidence = np.stack([one.evidence for one in found])
    likely = np.exp(evidence - evidence.max())
    return np.asarray(likely / likely.sum())


def _disagreement(means: Floats, masses: Floats) -> Floats:
    """Variance between the means of processes. Shapes: [K, Q, B], [K, Q] -> [B]."""
    centre = np.einsum("kq,kqb->b", masses, means)
    return np.einsum("kq,kqb->b", masses, np.square(means - centre))


def distances(a: Floats, b: Floats) -> Floats:
    """Euclidean. Shapes: [A, D], [B, D] -> [A, B]."""
    squares = np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))
