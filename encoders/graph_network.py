"""`GraphNetwork`: an architecture's graph as one vector."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from encoders import operator_ids
from encoders.bidirectional_conv import BidirectionalConv
from encoders.features import NAMES
from encoders.tensors import FEATURES


@dataclass(frozen=True)
class GraphNetworkConfig:
    """Size of a graph network."""

    width: int = 96
    layers: int = 5
    embedding: int = 64


class GraphNetwork(torch.nn.Module):
    """Node features -> rounds of `BidirectionalConv` -> mean, maximum and sum over nodes, joined with global features.

    Node numbers and global features are standardised by buffers that `standardise` fills from training networks, and
    cut off at `_REACH` deviations, so that no stranger drives the network beyond what it has learnt from.

    Shapes:
        x_op: [N] int64; x_num: [N, F]; producers, readers: [E]; graph: [N] int64, sorted; features: [B, G].
        returns: [B, D] with D = `config.embedding`.
    """

    number_mean: Tensor
    number_std: Tensor
    feature_mean: Tensor
    feature_std: Tensor

    def __init__(self, config: GraphNetworkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.operators = torch.nn.Embedding(operator_ids.COUNT, width)
        self.numbers = torch.nn.Linear(len(FEATURES), width)
        self.rounds = torch.nn.ModuleList([BidirectionalConv(width) for _ in range(config.layers)])
        self.norm = torch.nn.LayerNorm(width)
        self.globals = torch.nn.Linear(len(NAMES), width)
        self.readout = torch.nn.Sequential(
            torch.nn.Linear(4 * width, 2 * config.embedding), torch.nn.GELU(),
            torch.nn.Linear(2 * config.embedding, config.embedding),
        )  # fmt: skip
        self.register_buffer("number_mean", torch.zeros(len(FEATURES)))
        self.register_buffer("number_std", torch.ones(len(FEATURES)))
        self.register_buffer("feature_mean", torch.zeros(len(NAMES)))
        self.register_buffer("feature_std", torch.ones(len(NAMES)))

    def standardise(self, numbers: Tensor, features: Tensor) -> None:
        """Take means and deviations from training networks. Shapes: numbers [N, F], features [B, G]."""
        self.number_mean.copy_(numbers.mean(0))
        self.number_std.copy_(numbers.std(0).clamp_min(_LEAST))
        self.feature_mean.copy_(features.mean(0))
        self.feature_std.copy_(features.std(0).clamp_min(_LEAST))

    def forward(
        self, x_op: Tensor, x_num: Tensor, producers: Tensor, readers: Tensor, graph: Tensor, features: Tensor
    ) -> Tensor:
        """The vectors of B graphs."""
        numbers = ((x_num - self.number_mean) / self.number_std).clamp(-_REACH, _REACH)
        x = self.operators(x_op) + self.numbers(numbers)
        scale = self._scales(producers, readers, x)
        for conv in self.rounds:
            x = conv(x, producers, readers, scale)
        x = self.norm(x)
        whole = ((features - self.feature_mean) / self.feature_std).clamp(-_REACH, _REACH)
        pooled = self._pool(x, graph, features.shape[0])
        return self.readout(torch.cat([*pooled, torch.relu(self.globals(whole))], dim=1))

    def _scales(self, producers: Tensor, readers: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """1 / producers and 1 / sqrt(readers) of every node. Shapes: [N, 1] each."""
        ones = torch.ones_like(producers, dtype=x.dtype)
        counts = [x.new_zeros(x.shape[0]).scatter_add(0, end, ones).clamp_min(1.0) for end in (readers, producers)]
        return (1.0 / counts[0])[:, None], counts[1].rsqrt()[:, None]

    def _pool(self, x: Tensor, graph: Tensor, graphs: int) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, maximum and damped sum over the nodes of each graph. Shapes: [N, D] -> three of [B, D]."""
        index = graph[:, None].expand_as(x)
        total = x.new_zeros(graphs, x.shape[1]).scatter_add(0, index, x)
        count = x.new_zeros(graphs).scatter_add(0, graph, torch.ones_like(x[:, 0])).clamp_min(1.0)[:, None]
        largest = x.new_full((graphs, x.shape[1]), -_FAR).scatter_reduce(0, index, x, "amax")
        return total / count, largest, total / _USUAL_NODES


_LEAST = 0.02
"""Least deviation to divide by: what hardly varies among training networks must not dominate a stranger."""
_REACH = 6.0
_FAR = 1e4
_USUAL_NODES = 100.0
