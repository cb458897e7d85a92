"""`GraphMember`: graph networks that read the whole graph; strong on networks like those they were trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archlm.members.onnx_network import OnnxNetwork
from encoders import tensors
from encoders.graph_batch import GraphBatch
from encoders.tensors import GraphArrays
from onnx_bench.arrays import Floats
from onnx_bench.graph import ArchGraph

MOST_NODES = 2000
"""Nodes that are run at once: what fits into a processor's cache is fastest, and memory stays small."""


@dataclass(frozen=True)
class GraphMember:
    """The mean of several networks, trained from different seeds.

    Attributes:
        networks: With the inputs of `encoders.graph_network.GraphNetwork` and `tasks`.
    """

    networks: tuple[OnnxNetwork, ...]

    def ask(
        self, graphs: Sequence[ArchGraph], features: Floats, tasks: NDArray[np.float32]
    ) -> tuple[Floats, NDArray[np.float32]]:
        """Normal scores of quality, and the vectors of the first network.

        Shapes:
            graphs: B normalised graphs.
            features: [B, F].
            tasks: [T, K] descriptors.
            returns: [B, T] and [B, D].
        """
        scores, vectors = [], []
        for some, rows in _batches([tensors.to_arrays(graph) for graph in graphs]):
            inputs = GraphBatch.of(some).inputs(features[rows]) | {"tasks": tasks}
            found = [network.run(inputs) for network in self.networks]
            scores.append(np.mean([score for score, _ in found], axis=0))
            vectors.append(found[0][1])
        return np.concatenate(scores), np.concatenate(vectors)


def _batches(graphs: list[GraphArrays]) -> Iterator[tuple[list[GraphArrays], slice]]:
    start = nodes = 0
    for end, graph in enumerate(graphs):
        if end > start and nodes + len(graph.x_op) > MOST_NODES:
            yield graphs[start:end], slice(start, end)
            start, nodes = end, 0
        nodes += len(graph.x_op)
    if graphs:
        yield graphs[start:], slice(start, len(graphs))
