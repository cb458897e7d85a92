"""Block graphs as tensors: one-hot channels of every place, and the adjacency."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from generators.block_graph import BlockGraph
from generators.vocabulary import Vocabulary


class Codes(NamedTuple):
    """B block graphs of one layout, in any state of noise.

    Shapes:
        nodes: [B, N, F], one-hot in the columns of every channel; edges: [B, N, N], 1 where j reads i, i < j.
    """

    nodes: Tensor
    edges: Tensor

    @classmethod
    def of(cls, vocabulary: Vocabulary, graphs: Sequence[BlockGraph]) -> Codes:
        """The codes of block graphs with the same number of blocks."""
        size = len(graphs[0].blocks)
        nodes = np.zeros((len(graphs), size, len(vocabulary)), np.float32)
        edges = np.zeros((len(graphs), size, size), np.float32)
        columns = [vocabulary.columns(block) for graph in graphs for block in graph.blocks]
        np.put_along_axis(nodes.reshape(-1, len(vocabulary)), np.array(columns), 1, axis=1)
        joined = [(row * size + i) * size + j for row, graph in enumerate(graphs) for i, j in graph.edges]
        edges.reshape(-1)[joined] = 1
        return cls(torch.from_numpy(nodes), torch.from_numpy(edges))

    def take(self, rows: Tensor | slice) -> Codes:
        """Some of the graphs."""
        return Codes(self.nodes[rows], self.edges[rows])

    def float(self) -> Codes:
        """As numbers to compute with."""
        return Codes(self.nodes.float(), self.edges.float())
