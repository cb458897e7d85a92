"""Single changes of block graphs: another value in one place, or one edge more or fewer."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from generators.codes import Codes
from generators.frame import Frame


class Changes(NamedTuple):
    """The V changes that a space allows.

    Attributes:
        channels: Columns of the channel that changes, one entry for each change of a value.
        places: Where. Shapes: [V1].
        columns: What is set. Shapes: [V1].
        edges: Which edges are flipped. Shapes: [V2, 2].
    """

    channels: tuple[slice, ...]
    places: Tensor
    columns: Tensor
    edges: Tensor

    @classmethod
    def of(cls, frame: Frame) -> Changes:
        """All changes of a space."""
        channels, places, columns = [], [], []
        for channel in frame.channels:
            allowed = frame.allowed[:, channel]
            for place, column in allowed.nonzero().tolist():
                if allowed[place].sum() > 1:
                    channels.append(channel)
                    places.append(place)
                    columns.append(channel.start + column)
        return cls(tuple(channels), torch.tensor(places), torch.tensor(columns), frame.free.nonzero())

    def __len__(self) -> int:
        return len(self.places) + len(self.edges)

    def apply(self, codes: Codes) -> Codes:
        """Every change of every graph, the changes of a graph side by side. Shapes: B graphs to B * V."""
        batch, total = len(codes.nodes), len(self)
        nodes = codes.nodes[:, None].repeat(1, total, 1, 1)
        edges = codes.edges[:, None].repeat(1, total, 1, 1)
        for row, (channel, place, column) in enumerate(
            zip(self.channels, self.places.tolist(), self.columns.tolist(), strict=True)
        ):
            nodes[:, row, place, channel] = 0
            nodes[:, row, place, column] = 1
        for row, (i, j) in enumerate(self.edges.tolist(), len(self.places)):
            edges[:, row, i, j] = 1 - edges[:, row, i, j]
        return Codes(nodes.view(batch * total, *nodes.shape[2:]), edges.view(batch * total, *edges.shape[2:]))
