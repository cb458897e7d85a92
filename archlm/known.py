"""The index of known architectures: nearest ones to a network, and how familiar it is.

It holds names, embeddings and predicted values, no measured ones. An embedding is a network's feature vector beside its
vector of the graph network (`embed`): the first sees what is strange in numbers, the second what is strange in wiring.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.answer import FAMILIAR
from onnx_bench.arrays import Floats

GUEST = "torchvision:"
"""Ahead of names of torchvision's networks, which are too few for a space of their own and stand among timm's."""
NEAREST = 3
"""How many neighbours an answer names."""
_BATCH = 256
_LEAST = 1e-9
"""Distance below which networks count as one."""
_REACH = 1e4
"""Deviations beyond which a stranger is not told apart from another: squares must fit into float32."""


class Nearest(NamedTuple):
    """For B queries: positions [B, K] in the index, nearest first, and their distances [B, K]."""

    places: NDArray[np.int64]
    distances: Floats


class Familiarity(NamedTuple):
    """How well B networks are known.

    Shapes:
        share: [B] of the held-out networks like them that were at least as far from the known ones: a conformal
            p-value, of networks that are like the known ones at most 5 % get less than 0.05.
        strange: [B] 0 while a network is familiar, 1 from twice as far on; it grows with the logarithm of the distance
            from where `share` falls below `FAMILIAR`.
        near: the nearest known ones.
    """

    share: Floats
    strange: Floats
    near: Nearest


@dataclass(frozen=True)
class KnownArchitectures:
    """R known architectures in a standardised space of D dimensions.

    Attributes:
        names: [R] descriptions in the language of their space; of guests (`GUEST`) with its name ahead.
        spaces: [R] names of the spaces.
        kinds: [R] the space, and which task's head it is where it is not the space's default one: networks of one kind
            tell which distances are usual among them.
        points: float32 [R, D], standardised embeddings.
        centre: [D], mean of the embeddings.
        scale: [D], their deviation.
        familiar: For each kind the sorted distances of its own held-out networks from the index.
        predicted: [R, T] predicted normal scores of quality, in the order of the predictor's tasks.
    """

    names: tuple[str, ...]
    spaces: tuple[str, ...]
    kinds: tuple[str, ...]
    points: NDArray[np.float32]
    centre: Floats
    scale: Floats
    familiar: dict[str, Floats]
    predicted: NDArray[np.floating[Any]]

    @classmethod
    def fit(cls, names: Sequence[str], spaces: Sequence[str], embeddings: Floats) -> KnownArchitectures:
        """Index known architectures with default heads; `familiar` and `predicted` are left to be filled in.

        Args:
            names: [R].
            spaces: [R].
            embeddings: [R, D].
        """
        labels = np.array(spaces)
        distinct = np.unique(labels)
        # Spaces count the same; what does not vary among the known must not hide a network in which it does.
        centre = np.mean([embeddings[labels == s].mean(axis=0) for s in distinct], axis=0)
        scale = np.sqrt(np.mean([np.square(embeddings[labels == s] - centre).mean(axis=0) for s in distinct], axis=0))
        scale = np.maximum(scale, 0.02)
        points = _placed(embeddings, centre, scale)
        return cls(tuple(names), tuple(spaces), tuple(spaces), points, centre, scale, {}, np.zeros((len(names), 0)))

    def with_kind(self, kind: str, space: str, names: Sequence[str], embeddings: Floats) -> KnownArchitectures:
        """The same index with networks of a space that have another head; its scales stay.

        Args:
            kind: Of all of them.
            space: Of all of them.
            names: [N].
            embeddings: [N, D].
        """
        points = _placed(embeddings, self.centre, self.scale)
        count = len(names)
        return replace(
            self, names=(*self.names, *names), spaces=(*self.spaces, *[space] * count),
            kinds=(*self.kinds, *[kind] * count), points=np.concatenate([self.points, points]),
            predicted=np.zeros((len(self.names) + count, 0)),
        )  # fmt: skip

    def with_predictions(self, predicted: NDArray[np.floating[Any]]) -> KnownArchitectures:
        """The same index with predicted normal scores. Shapes: [R, T]."""
        return replace(self, predicted=predicted)

    @cached_property
    def labels(self) -> NDArray[np.str_]:
        """`spaces` as an array. Shapes: [R]."""
        return np.array(self.spaces)

    @cached_property
    def kind_codes(self) -> tuple[list[str], NDArray[np.int64]]:
        """The K different kinds, and which of them each architecture is of. Shapes: [K], [R]."""
        codes = {kind: code for code, kind in enumerate(dict.fromkeys(self.kinds))}
        return list(codes), np.array([codes[kind] for kind in self.kinds], dtype=np.int64)

    @cached_property
    def kinds_of(self) -> dict[str, set[str]]:
        """The kinds of each space."""
        found: dict[str, set[str]] = {}
        for space, kind in set(zip(self.spaces, self.kinds, strict=True)):
            found.setdefault(space, set()).add(kind)
        return found

    @cached_property
    def squares(self) -> NDArray[np.float32]:
        """Squared lengths of `points`. Shapes: [R]."""
        return np.square(self.points).sum(axis=1)

    def of_spaces(self, spaces: Collection[str]) -> NDArray[np.bool_]:
        """Mask of the architectures of these spaces, to be searched alone. Shapes: [R]."""
        return np.isin(self.labels, list(spaces))

    def of_kind(self, kind: str) -> NDArray[np.bool_]:
        """Mask of the architectures of a kind; the name of a space is that of its networks with the default head."""
        kinds, codes = self.kind_codes
        return np.equal(codes, kinds.index(kind))

    def describe(self, near: Nearest, row: int, predicted: Sequence[float] | None = None) -> list[dict[str, Any]]:
        """The neighbours of one query as an answer names them, nearest first, with what is `predicted` for each."""
        values = [None] * len(near.places[row]) if predicted is None else predicted
        return [
            {**self._named(place), "distance": float(distance), "predicted": value}
            for place, distance, value in zip(near.places[row], near.distances[row], values, strict=True)
        ]

    def _named(self, place: int) -> dict[str, Any]:
        space, name = self.spaces[place], self.names[place]
        return {"space": GUEST[:-1] if name.startswith(GUEST) else space, "name": name.removeprefix(GUEST)}

    def nearest(self, embeddings: Floats, count: int = NEAREST, only: NDArray[np.bool_] | None = None) -> Nearest:
        """The `count` nearest known architectures. Shapes: [B, D] -> [B, count].

        Args:
            embeddings: Of the queries.
            count: How many.
            only: [R] mask of the architectures to search.
        """
        members = np.arange(len(self.points)) if only is None else np.flatnonzero(only)
        points = self.points[members]
        squares = self.squares[members]
        places, distances = [], []
        for start in range(0, len(embeddings), _BATCH):
            query = np.clip((embeddings[start : start + _BATCH] - self.centre) / self.scale, -_REACH, _REACH)
            query = query.astype(np.float32)
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

    def novelty(self, embeddings: Floats, only: NDArray[np.bool_] | None = None) -> Floats:
        """Distance to the nearest known architecture: a known one is none, however lonely. Shapes: [B, D] -> [B]."""
        return self.nearest(embeddings, 1, only).distances[:, 0]

    def familiarity(self, embeddings: Floats, only: NDArray[np.bool_] | None = None) -> Familiarity:
        """How well networks are known. Shapes: [B, D] -> B.

        Each is compared with the kinds of the space that it is nearest to, one by one, as these were among themselves;
        the kind says that knows it best, for no other can know its own.

        Args:
            embeddings: Of the queries.
            only: [R] mask of the spaces to search, each of them whole.
        """
        near = self.nearest(embeddings, NEAREST, only)
        share, times = np.zeros(len(embeddings)), np.full(len(embeddings), np.inf)
        spaces = self.labels[near.places[:, 0]]
        for space in np.unique(spaces):
            here = np.flatnonzero(spaces == space)
            kinds = self.kinds_of[str(space)]
            for kind in kinds:
                usual = self.familiar[kind]
                alone = len(kinds) == 1  # then its nearest is the nearest of all
                novelty = near.distances[here, 0] if alone else self.novelty(embeddings[here], self.of_kind(kind))
                beyond = len(usual) - np.searchsorted(usual, novelty, side="left")
                share[here] = np.maximum(share[here], (beyond + 1) / (len(usual) + 1))
                times[here] = np.minimum(times[here], novelty / max(self.edge(kind), _LEAST))
        return Familiarity(share, np.clip(np.log2(np.maximum(times, 1.0)), 0.0, 1.0), near)

    def edge(self, kind: str) -> float:
        """The largest distance that is familiar to a kind."""
        usual = self.familiar[kind]
        strange = ceil(FAMILIAR * (len(usual) + 1)) - 1
        return float(usual[-strange]) if strange else float("inf")


def _placed(embeddings: Floats, centre: Floats, scale: Floats) -> NDArray[np.float32]:
    """Standardised, as exact as they are stored. Shapes: [R, D], [D], [D] -> [R, D]."""
    return ((embeddings - centre) / scale).astype(np.float16).astype(np.float32)


def embed(features: Floats, vectors: NDArray[np.float32]) -> Floats:
    """The embedding of networks. Shapes: feature vectors [B, F], vectors of the graph network [B, V] -> [B, F + V]."""
    return np.concatenate([features, vectors], axis=1)
