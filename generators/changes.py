"""Single changes of block graphs: another value in one place, or one edge more or fewer."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from generators.codes import Codes
from generators.frame import Frame


class Changes(NamedTuple):
    """The V changes that a space allows: V1 of values, then V2 of edges.

    Attributes:
        places: Where a value changes. Shapes: [V1].
        channels: Columns of the channel that changes. Shapes: [V1, F].
        values: The channel's columns afterwards. Shapes: [V1, F].
        edges: Which edges are flipped. Shapes: [V2, 2].
    """

    places: Tensor
    channels: Tensor
    values: Tensor
    edges: Tensor

    @classmethod
    def of(cls, frame: Frame, with_edges: bool = True) -> Changes:
        """All changes of a space; those of edges can be left out where they mean nothing."""
        width = frame.allowed.shape[1]
        places, channels, values = [], [], []
        for channel in frame.channels:
            allowed = frame.allowed[:, channel]
            for place, column in allowed.nonzero().tolist():
                if allowed[place].sum() > 1:
                    mask, value = torch.zeros(width, dtype=torch.bool), torch.zeros(width)
                    mask[channel], value[channel.start + column] = True, 1
                    places.append(place)
                    channels.append(mask)
                    values.append(value)
        edges = frame.free.nonzero() if with_edges else torch.zeros(0, 2, dtype=torch.long)
        return cls(torch.tensor(places), torch.stack(channels), torch.stack(values), edges)

    @property
    def total(self) -> int:
        """V."""
        return len(self.places) + len(self.edges)

    def gains(self, codes: Codes, slopes: Codes) -> Tensor:
        """What every change is worth to first order. Shapes: B graphs and the gradients there to [B, V]."""
        at = slopes.nodes[:, self.places]
        by_nodes = ((self.values - codes.nodes[:, self.places] * self.channels) * at).sum(dim=2)
        i, j = self.edges.unbind(dim=1)
        by_edges = (1 - 2 * codes.edges[:, i, j]) * slopes.edges[:, i, j]
        return torch.cat([by_nodes, by_edges], dim=1)

    def apply(self, codes: Codes, chosen: Tensor) -> Codes:
        """Make changes, those of a graph side by side. Shapes: B graphs, chosen [B, K], to B * K graphs."""
        batch, count = chosen.shape
        graph = torch.arange(batch)[:, None].expand(batch, count)
        nodes, edges = codes.nodes[graph], codes.edges[graph]
        is_value = chosen < len(self.places)
        b, k = is_value.nonzero(as_tuple=True)
        change = chosen[b, k]
        place = self.places[change]
        nodes[b, k, place] = torch.where(self.channels[change], self.values[change], nodes[b, k, place])
        b, k = (~is_value).nonzero(as_tuple=True)
        i, j = self.edges[chosen[b, k] - len(self.places)].unbind(dim=1)
        edges[b, k, i, j] = 1 - edges[b, k, i, j]
        return Codes(nodes.flatten(0, 1), edges.flatten(0, 1))
