"""`Blend`: how the members of a familiar network's answer are joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnx_bench.arrays import Floats

MEMBERS = ("features", "graph", "text")
"""`FeatureModel`, the graph networks, the text encoder; in the order of the weights."""
_STEPS = 10


def error_moments(scores: Floats, target: Floats) -> Floats:
    """Second moments of the members' errors: w' C w is the squared error of a blend with weights w.

    Shapes:
        scores: [B, M] of the members; target: [B] normal scores of the measured values.
        returns: [M, M].
    """
    gap = scores - target[:, None]
    return gap.T @ gap / max(len(gap), 1)


@dataclass(frozen=True)
class Blend:
    """A weighted mean of normal scores; the weights sum to 1.

    Attributes:
        weights: One for each of `MEMBERS`.
    """

    weights: tuple[float, ...]

    @classmethod
    def fit(cls, moments: Floats) -> Blend:
        """The weights, in tenths, with the least squared error. Shapes: moments [M, M], see `error_moments`."""
        shares = [s for s in product(range(_STEPS + 1), repeat=len(MEMBERS)) if sum(s) == _STEPS]
        grid = np.array(shares) / _STEPS
        best = grid[np.argmin(np.einsum("km,mn,kn->k", grid, moments, grid))]
        return cls(tuple(best.tolist()))

    @property
    def reads_text(self) -> bool:
        """Whether the text encoder takes part."""
        return self.weights[MEMBERS.index("text")] > 0

    def score(self, scores: Floats) -> Floats:
        """Shapes: [B, M] -> [B]."""
        return scores @ np.asarray(self.weights)

    def to_json(self) -> dict[str, Any]:
        return dict(zip(MEMBERS, self.weights, strict=True))

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Blend:
        return cls(tuple(float(body[name]) for name in MEMBERS))


def blend_by_space(blends: Mapping[str, Blend], scores: Floats, spaces: NDArray[np.str_]) -> Floats:
    """Each network by the blend of its space. Shapes: [B, M], [B] names -> [B]."""
    found = np.zeros(len(scores))
    for name in np.unique(spaces):
        here = spaces == name
        found[here] = blends[str(name)].score(scores[here])
    return found
