"""The index of known architectures: nearest ones to a network, and how familiar it is.

It holds names, features and predicted values, no measured ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEAREST = 3
"""How many neighbours a distance is taken over and an answer names."""
_BATCH = 256


class Nearest(NamedTuple):
    """For B queries: positions [B, K] in the index, nearest first, and their distances [B, K]."""

    places: NDArray[np.int64]
    distances: Floats


@dataclass(frozen=True)
class KnownArchitectures:
    """R known architectures in standardised feature space.

    Attributes:
        names: [R] descriptions in the language of their space.
        spaces: [R] names of the spaces.
        points: float32 [R, F], standardised features.
        centre: [F], mean of the features.
        scale: [F], their deviation.
        familiar: For each space the sorted distances of its own held-out networks from the index.
    """

    names: tuple[str, ...]
    spaces: tuple[str, ...]
    points: NDArray[np.float32]
    centre: Floats
    scale: Floats
    familiar: dict[str, Floats]

    @classmethod
    def fit(cls, names: Sequence[str], spaces: Sequence[str], features: Floats) -> KnownArchitectures:
        """Index known architectures; `familiar` is left to be filled with novelties measured on it.

        Args:
            names: [R].
            spaces: [R].
            features: [R, F].
        """
        labels = np.array(spaces)
        distinct = np.unique(labels)
        # Spaces count the same; a feature that does not vary among the known must not hide a network in which it does.
        centre = np.mean([features[labels == s].mean(axis=0) for s in distinct], axis=0)
        scale = np.sqrt(np.mean([np.square(features[labels == s] - centre).mean(axis=0) for s in distinct], axis=0))
        scale = np.maximum(scale, 0.02)
        points = ((features - centre) / scale).astype(np.float32)
        return cls(tuple(names), tuple(spaces), points, centre, scale, {})

    def features(self, places: NDArray[np.int64]) -> Floats:
        """Features of the known architectures at `places`. Shapes: [B] -> [B, F]."""
        return self.points[places].astype(np.float64) * self.scale + self.centre

    def nearest(self, features: Floats, count: int = NEAREST, only: NDArray[np.bool_] | None = None) -> Nearest:
        """The `count` nearest known architectures. Shapes: [B, F] -> [B, count].

        Args:
            features: Of the queries.
            count: How many.
            only: [R] mask of the architectures to search.
        """
        members = np.arange(len(self.points)) if only is None else np.flatnonzero(only)
        points = self.points[members]
        squares = np.square(points).sum(axis=1)
        places, distances = [], []
        for start in range(0, len(features), _BATCH):
            query = ((features[start : start + _BATCH] - self.centre) / self.scale).astype(np.float32)
            gap = squares - 2 * query @ points.T + np.square(query).sum(axis=1, keepdims=True)
            best = np.argpartition(gap, min(count, len(members) - 1), axis=1)[:, :count]
            # float32 differences of large squares are rough: measure the chosen again.
            exact = np.sqrt(np.square(points[best] - query[:, None]).sum(axis=2, dtype=np.float64))
            order = np.argsort(exact, axis=1, kind="stable")
            places.append(members[np.take_along_axis(best, order, axis=1)])
            distances.append(np.take_along_axis(exact, order, axis=1))
        if not places:
            return Nearest(np.zeros((0, count), dtype=np.int64), np.zeros((0, count)))
        return Nearest(np.concatenate(places), np.concatenate(distances))

    def novelty(self, features: Floats, only: NDArray[np.bool_] | None = None) -> tuple[Floats, Nearest]:
        """Mean distance to the nearest known architectures, and these. Shapes: [B, F] -> [B]."""
        near = self.nearest(features, NEAREST, only)
        return near.distances.mean(axis=1), near

    def in_distribution(self, features: Floats, only: NDArray[np.bool_] | None = None) -> tuple[Floats, Nearest]:
        """Share of the held-out networks of the nearest space that were at least as far. Shapes: [B, F] -> [B].

        A conformal p-value: of networks that are like the known ones, at most 5 % get less than 0.05.
        """
        novelty, near = self.novelty(features, only)
        shares = []
        for value, place in zip(novelty, near.places[:, 0], strict=True):
            usual = self.familiar[self.spaces[place]]
            beyond = len(usual) - np.searchsorted(usual, value, side="left")
            shares.append((beyond + 1) / (len(usual) + 1))
        return np.array(shares), near
