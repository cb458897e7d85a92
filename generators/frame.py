"""`Frame`: what may stand where in the codes of a space, and how often it does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from generators.codes import Codes
from generators.layouts import get_layout
from generators.vocabulary import Vocabulary

_FLOOR = 0.02
"""Least share of a value that is allowed: rare values must be reachable from noise."""


class Frame(NamedTuple):
    """Of a space with N places.

    Attributes:
        channels: The columns of the channels in which some place has a choice.

    Shapes:
        base: [N, F], the columns of all other channels; allowed: [N, F], whether a value may stand in a place;
        marginals: [N, F], how often it does, 1 in total for every channel; free: [N, N], whether an edge may or may
        not be there; fixed: [N, N], whether it is always there; edge_marginals: [N, N], how often a free edge is.
    """

    channels: tuple[slice, ...]
    base: Tensor
    allowed: Tensor
    marginals: Tensor
    free: Tensor
    fixed: Tensor
    edge_marginals: Tensor

    @classmethod
    def of(cls, vocabulary: Vocabulary, space: str, marginals: Tensor, edge_marginals: Tensor) -> Frame:
        """The frame of a space."""
        layout = get_layout(space)
        allowed = torch.from_numpy(np.stack([vocabulary.allowed(place) for place in layout.places]))
        channels = tuple(columns for columns in vocabulary.ranges if (allowed[:, columns].sum(dim=1) > 1).any())
        base = allowed.float()
        for columns in channels:
            base[:, columns] = 0
        size = len(layout.places)
        free, fixed = torch.zeros(2, size, size, dtype=torch.bool)
        for mask, edges in ((free, layout.free_edges), (fixed, layout.fixed_edges)):
            for i, j in edges:
                mask[i, j] = True
        return cls(channels, base, allowed, marginals, free, fixed, edge_marginals)


def marginals_of(vocabulary: Vocabulary, space: str, sample: Codes) -> tuple[Tensor, Tensor]:
    """How often every allowed value, and every free edge, occurs in a sample of a space. Shapes: [N, F], [N, N]."""
    layout = get_layout(space)
    allowed = torch.from_numpy(np.stack([vocabulary.allowed(place) for place in layout.places])).float()
    marginals = torch.zeros_like(allowed)
    for columns in vocabulary.ranges:
        part = (sample.nodes[..., columns].mean(dim=0) + _FLOOR) * allowed[:, columns]
        marginals[:, columns] = part / part.sum(dim=1, keepdim=True)
    edges = torch.zeros(len(layout.places), len(layout.places))
    share = sample.edges.mean(dim=0).clamp(_FLOOR, 1 - _FLOOR)
    for i, j in layout.free_edges:
        edges[i, j] = share[i, j]
    return marginals, edges
