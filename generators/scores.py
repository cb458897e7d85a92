"""`Scores`: what the denoiser thinks of every value at every place, as decoders ask it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from generators.block_graph import ABSENT, BlockGraph, Value
from generators.vocabulary import Vocabulary
from onnx_bench.arrays import Floats

Chosen = TypeVar("Chosen", bound=Value)

CERTAIN = 20.0
"""Log-odds of what is certain."""


@dataclass(frozen=True)
class Scores:
    """Of one architecture of N places.

    Attributes:
        vocabulary: Names the columns.
        nodes: Log-probability of every value. Shapes: [N, F].
        edges: Log-odds of the edge from i to j. Shapes: [N, N].
    """

    vocabulary: Vocabulary
    nodes: Floats
    edges: Floats

    @classmethod
    def certain(cls, vocabulary: Vocabulary, graph: BlockGraph) -> Scores:
        """Scores that leave no doubt about `graph`."""
        size = len(graph.blocks)
        nodes, edges = np.full((size, len(vocabulary)), -CERTAIN), np.full((size, size), -CERTAIN)
        for place, block in enumerate(graph.blocks):
            nodes[place, vocabulary.columns(block)] = 0.0
        for i, j in graph.edges:
            edges[i, j] = CERTAIN
        return cls(vocabulary, nodes, edges)

    def of(self, place: int, channel: str, value: Value | None) -> float:
        """Log-probability of a value."""
        return float(self.nodes[place, self.vocabulary.column(channel, value)])

    def best(self, place: int, channel: str, choices: Sequence[Chosen]) -> Chosen:
        """The likeliest of `choices`."""
        return max(choices, key=lambda value: self.of(place, channel, value))

    def count(self, places: Sequence[int], counts: Sequence[int]) -> int:
        """How many of `places`, from the first, hold a block: the likeliest of `counts`."""
        absent = [self.of(place, "op", ABSENT) for place in places]
        present = [float(np.log(-np.expm1(min(a, -1e-9)))) for a in absent]
        return max(counts, key=lambda n: sum(present[:n]) + sum(absent[n:]))

    def source(self, place: int, sources: Sequence[int]) -> int:
        """The likeliest place that `place` reads."""
        return max(sources, key=lambda i: float(self.edges[i, place]))
