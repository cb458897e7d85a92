"""`Denoiser`: what was there before the noise, for block graphs of any known space, under conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from generators.block_graph import Value
from generators.codes import Codes
from generators.frame import Frame
from generators.graph_transformer import GraphTransformer, NoiseLevel
from generators.space_places import place_ranges, vocabulary_from


class Denoiser(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers ships no types
    """A graph transformer with a head for the values of the blocks and one for the edges.

    Conditions are values of targets, any number of them (see `generators.targets`); those that are not set are unknown
    to the network, which was trained with all subsets (Ho and Salimans, Classifier-Free Diffusion Guidance, 2022).

    Args:
        vocabulary: Values of the channels.
        spaces: Names of the spaces.
        targets: Names of what can be a condition.
        width: D.
        layers: Number of layers.
        heads: Attention heads.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, vocabulary: Mapping[str, Sequence[Value | None]], spaces: Sequence[str], targets: Sequence[str],
        width: int = 64, layers: int = 4, heads: int = 4,
    ) -> None:  # fmt: skip
        super().__init__()  # type: ignore[no-untyped-call]
        self.targets, self.spaces = tuple(targets), tuple(spaces)
        self.vocabulary = vocabulary_from(vocabulary)
        columns = len(self.vocabulary)
        self.ranges = place_ranges(spaces)
        ends = self.ranges[spaces[-1]][1]
        self.trunk = GraphTransformer(columns, ends, width, layers, heads)
        self.level = NoiseLevel(width)
        self.space = nn.Embedding(len(spaces), width)
        self.condition = nn.Sequential(nn.Linear(2 * len(targets), width), nn.SiLU(), nn.Linear(width, width))
        self.node_head = nn.Linear(width, columns)
        self.edge_from, self.edge_to = nn.Linear(width, width), nn.Linear(width, width)
        self.edge_bias = nn.Parameter(torch.zeros(()))
        self.register_buffer("marginals", torch.zeros(ends, columns))
        for space, (start, end) in self.ranges.items():
            self.register_buffer(f"edge_marginals_{space}", torch.zeros(end - start, end - start))

    def frame(self, space: str) -> Frame:
        """What may stand where in a space."""
        start, end = self.ranges[space]
        edges: Tensor = getattr(self, f"edge_marginals_{space}")
        return Frame.of(self.vocabulary, space, self.marginals[start:end], edges)

    def forward(
        self, codes: Codes, signal: Tensor, space: str, conditions: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Logits of the clean values and log-odds of the clean edges.

        Args:
            codes: B noisy graphs of `space`.
            signal: How much of each is left. Shapes: [B].
            space: Its name.
            conditions: Values of the targets, NaN where they are not set. Shapes: [B, T].

        Shapes:
            returns [B, N, F] and [B, N, N].
        """
        batch = len(codes.nodes)
        if conditions is None:
            conditions = torch.full((batch, len(self.targets)), torch.nan)
        known = ~conditions.isnan()
        told = self.condition(torch.cat([conditions.nan_to_num(), known.float()], dim=1))
        place = torch.tensor(self.spaces.index(space))
        context = self.level(signal) + self.space(place) + told
        h = self.trunk(codes.nodes, codes.edges, torch.arange(*self.ranges[space]), context)
        edges = self.edge_from(h) @ self.edge_to(h).transpose(1, 2) / h.shape[-1] ** 0.5 + self.edge_bias
        return self.node_head(h), edges
