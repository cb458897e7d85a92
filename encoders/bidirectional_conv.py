"""`BidirectionalConv`: one round in which every node hears from its producers and from its readers."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.nn import MessagePassing


class BidirectionalConv(MessagePassing):  # type: ignore[misc]  # torch-geometric ships no types
    """x + W3 relu(W0 u + mean over producers of W1 u + sum over readers of W2 u), with u the layer norm of x.

    The feed-forward over both directions of the edges is what carries graph transformers on architectures (NN-Former,
    2025, section 4); it needs no attention. The mean over producers keeps dense connections in range; a node with many
    readers is one that matters, so these are summed, damped by the square root of their number.

    Shapes:
        x: [N, D] node states.
        producers, readers: [E] both ends of every edge.
        returns: [N, D].
    """

    def __init__(self, width: int) -> None:
        super().__init__(aggr="sum")
        self.norm = torch.nn.LayerNorm(width)
        self.inner = torch.nn.Linear(width, 3 * width)
        self.outer = torch.nn.Linear(width, width)

    def forward(self, x: Tensor, producers: Tensor, readers: Tensor, scale: tuple[Tensor, Tensor]) -> Tensor:
        """One round. `scale`: [N, 1] what the sums over producers and over readers are multiplied by."""
        own, forward, backward = self.inner(self.norm(x)).chunk(3, dim=1)
        down = self.propagate(torch.stack([producers, readers]), x=forward) * scale[0]
        up = self.propagate(torch.stack([readers, producers]), x=backward) * scale[1]
        return x + self.outer(torch.relu(own + down + up))
