"""`GraphBatch`: many architectures as one disjoint graph, the input of the graph network. Needs numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.tensors import FEATURES, GraphArrays

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class GraphBatch:
    """B graphs with N nodes and E edges together; those of one graph stand together.

    Shapes:
        x_op: [N] operator ids, see `encoders.operator_ids`.
        x_num: [N, F] numbers, see `encoders.tensors.FEATURES`.
        producers, readers: [E] the nodes at both ends of each edge, counted within the batch.
        node_ends, edge_ends: [B] where the nodes and edges of each graph end.
    """

    x_op: Ints
    x_num: NDArray[np.float32]
    producers: Ints
    readers: Ints
    node_ends: Ints
    edge_ends: Ints

    def __len__(self) -> int:
        return len(self.node_ends)

    @property
    def graph(self) -> Ints:
        """The graph that each node belongs to. Shapes: [N]."""
        return np.repeat(np.arange(len(self)), np.diff(self.node_ends, prepend=0))

    @classmethod
    def of(cls, graphs: Sequence[GraphArrays]) -> GraphBatch:
        """Put graphs side by side."""
        nodes = np.array([len(g.x_op) for g in graphs], np.int64)
        edges = np.array([g.edge_index.shape[1] for g in graphs], np.int64)
        node_ends, edge_ends = np.cumsum(nodes), np.cumsum(edges)
        index = np.concatenate([np.zeros((2, 0), np.int64), *[g.edge_index for g in graphs]], axis=1)
        producers, readers = index + np.repeat(node_ends - nodes, edges)
        return cls(
            np.concatenate([np.zeros(0, np.int64), *[g.x_op for g in graphs]]),
            np.concatenate([np.zeros((0, len(FEATURES)), np.float32), *[g.x_num for g in graphs]]),
            producers, readers, node_ends, edge_ends,
        )  # fmt: skip

    def inputs(self, features: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """What `encoders.graph_network.GraphNetwork.forward` takes, by name. Shapes: features [B, G]."""
        return {
            "x_op": self.x_op, "x_num": self.x_num, "producers": self.producers, "readers": self.readers,
            "graph": self.graph, "features": features.astype(np.float32),
        }  # fmt: skip

    def take(self, rows: Ints) -> GraphBatch:
        """The graphs at `rows`, in that order. Shapes: rows [B'] -> B' graphs."""
        nodes, node_starts = _sizes(self.node_ends)
        edges, edge_starts = _sizes(self.edge_ends)
        node_ends, edge_ends = np.cumsum(nodes[rows]), np.cumsum(edges[rows])
        picked = _ranges(node_starts[rows], nodes[rows])
        wired = _ranges(edge_starts[rows], edges[rows])
        moved = np.repeat(node_ends - nodes[rows] - node_starts[rows], edges[rows])
        return GraphBatch(
            self.x_op[picked], self.x_num[picked], self.producers[wired] + moved, self.readers[wired] + moved,
            node_ends, edge_ends,
        )  # fmt: skip

    @classmethod
    def join(cls, batches: Sequence[GraphBatch]) -> GraphBatch:
        """Several batches as one."""
        nodes = np.cumsum([0, *[len(b.x_op) for b in batches]])
        edges = np.cumsum([0, *[len(b.producers) for b in batches]])
        return cls(
            np.concatenate([b.x_op for b in batches]),
            np.concatenate([b.x_num for b in batches]),
            np.concatenate([b.producers + n for b, n in zip(batches, nodes, strict=False)]),
            np.concatenate([b.readers + n for b, n in zip(batches, nodes, strict=False)]),
            np.concatenate([b.node_ends + n for b, n in zip(batches, nodes, strict=False)]),
            np.concatenate([b.edge_ends + n for b, n in zip(batches, edges, strict=False)]),
        )


def _sizes(ends: Ints) -> tuple[Ints, Ints]:
    sizes = np.diff(ends, prepend=0)
    return sizes, ends - sizes


def _ranges(starts: Ints, sizes: Ints) -> Ints:
    """The positions start, start + 1, ... of every range, one range after another."""
    ends = np.cumsum(sizes)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - sizes), sizes)
