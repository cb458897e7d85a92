"""`Signals`: what is computed once for networks, whatever they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from archlm.known import embed
from archlm.members.neural_members import NeuralScores
from archlm.weights_store import Weights
from encoders import features
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph


class Signals(NamedTuple):
    """Of B networks.

    Shapes:
        given: B graphs, as trained where that is known; graphs: the same, normalised; features: [B, F]; neural: of the
            same B, `None` where B is 0.
    """

    given: tuple[ArchGraph, ...]
    graphs: tuple[ArchGraph, ...]
    features: Floats
    neural: NeuralScores | None

    @classmethod
    def of(cls, weights: Weights, graphs: Sequence[ArchGraph]) -> Signals:
        """Ask all members about graphs that are normalised, or as a search space draws them with `normalised=False`."""
        if not graphs:
            return cls((), (), np.zeros((0, len(features.NAMES))), None)
        normalised = tuple(graph.normalise() for graph in graphs)
        table = features.compute_many(normalised)
        return cls(tuple(graphs), normalised, table, weights.neural.ask(normalised, table))

    @property
    def embedding(self) -> Floats:
        """Where the networks lie among the known ones. Shapes: [B, D]."""
        return self.features if self.neural is None else embed(self.features, self.neural.vectors)
