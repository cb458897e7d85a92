"""`NoiseAwareScore`: what quality and costs to expect of a block graph that is still noisy.

A distilled predictor: its gradient says which values to prefer while there is still a choice (Dhariwal and Nichol,
2021; An et al., DiffusionNAG, ICLR 2024, arXiv:2305.16943; Nisonoff et al., ICLR 2025, arXiv:2406.01572).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from torch import Tensor, nn

from generators.block_graph import Value
from generators.codes import Codes
from generators.graph_transformer import GraphTransformer, NoiseLevel
from generators.space_places import place_ranges, vocabulary_from
from generators.targets import LogScale
from onnx_bench.errors import UnknownNameError


class NoiseAwareScore(ModelMixin, ConfigMixin):  # type: ignore[misc]  # diffusers ships no types
    """Expected values of all targets.

    Args:
        vocabulary: Values of the channels.
        spaces: Names of the spaces.
        targets: Names of what is told, see `generators.targets`.
        width: D.
        layers: Number of layers.
        heads: Attention heads.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self, vocabulary: Mapping[str, Sequence[Value | None]], spaces: Sequence[str], targets: Sequence[str],
        width: int = 96, layers: int = 4, heads: int = 4,
    ) -> None:  # fmt: skip
        super().__init__()  # type: ignore[no-untyped-call]
        self.targets, self.spaces = tuple(targets), tuple(spaces)
        self.ranges = place_ranges(spaces)
        self.trunk = GraphTransformer(
            len(vocabulary_from(vocabulary)), self.ranges[spaces[-1]][1], width, layers, heads
        )
        self.level = NoiseLevel(width)
        self.space = nn.Embedding(len(spaces), width)
        self.gate = nn.Linear(width, width)
        self.head = nn.Sequential(nn.Linear(2 * width, 2 * width), nn.SiLU(), nn.Linear(2 * width, len(targets)))

        # The scale of every target in every space: value = centre + spread * score, of the logarithm for costs.
        self.register_buffer("centres", torch.full((len(spaces), len(targets)), torch.nan))
        self.register_buffer("spreads", torch.full((len(spaces), len(targets)), torch.nan))

    def targets_in(self, space: str) -> tuple[str, ...]:
        """Names of the targets that are known in a space."""
        known = ~self.centres[self.spaces.index(space)].isnan()
        return tuple(name for name, is_known in zip(self.targets, known.tolist(), strict=True) if is_known)

    def scale(self, space: str, target: str) -> LogScale:
        """The scale of a cost in a space.

        Raises:
            UnknownNameError: The target is not known there.
        """
        if target not in self.targets_in(space):
            raise UnknownNameError(
                f"the generator knows no {target!r} in {space}; it knows {', '.join(self.targets_in(space))}"
            )
        row, place = self.spaces.index(space), self.targets.index(target)
        return LogScale(float(self.centres[row, place]), float(self.spreads[row, place]))

    def hidden(self, codes: Codes, signal: Tensor, space: str) -> Tensor:
        """What the head reads. Shapes: signal [B]; returns [B, 2 D]."""
        place = torch.tensor(self.spaces.index(space))
        context = self.level(signal) + self.space(place)
        h = self.trunk(codes.nodes, codes.edges, torch.arange(*self.ranges[space]), context)
        return torch.cat([(h * self.gate(h).sigmoid()).sum(dim=1) / h.shape[1] ** 0.5, context], dim=1)

    def forward(self, codes: Codes, signal: Tensor, space: str) -> Tensor:
        """Expected values on the scales of the space. Shapes: signal [B]; returns [B, T]."""
        return self.head(self.hidden(codes, signal, space))
