"""`NeuralMembers`: the graph networks and the text encoder, asked about all tasks at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from archlm.members.graph_member import GraphMember
from archlm.members.text_member import TextMember
from onnx_bench.graph import ArchGraph

Floats = NDArray[np.float64]


class NeuralScores(NamedTuple):
    """What the neural members say of B networks.

    Shapes:
        graph, text: [B, T] normal scores of quality.
        vectors: [B, D] of the graph network, for the index of known architectures.
        truncated: [B] whether the text encoder saw the beginning of the text alone.
    """

    graph: Floats
    text: Floats
    vectors: NDArray[np.float32]
    truncated: NDArray[np.bool_]


@dataclass(frozen=True)
class NeuralMembers:
    """Both members and the tasks that they were trained on.

    Attributes:
        graph: Reads the graph.
        text: Reads the text.
        tasks: [T] names.
        descriptors: [T, K], see `encoders.task_descriptor`.
    """

    graph: GraphMember
    text: TextMember
    tasks: tuple[str, ...]
    descriptors: NDArray[np.float32]

    def ask(self, graphs: Sequence[ArchGraph], features: Floats) -> NeuralScores:
        """Scores on all tasks, and vectors. Shapes: B normalised graphs, features [B, F]."""
        scores, vectors = self.graph.ask(graphs, features, self.descriptors)
        read, truncated = self.text.ask(graphs, self.descriptors)
        return NeuralScores(scores, read, vectors, truncated)
