"""`TaughtScore`: a score with one more target, learned from what a predictor says of a sample of one space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generators.codes import Codes
from generators.score import NoiseAwareScore
from generators.targets import LogScale


class TaughtScore(nn.Module):
    """A score whose last target is new; it alone comes from a copy that was trained further.

    Args:
        base: Knows all other targets.
        tuned: A copy of it that was taught the new one, its only output.
        target: Name of the new one.
    """

    def __init__(self, base: NoiseAwareScore, tuned: NoiseAwareScore, target: str) -> None:
        super().__init__()
        self.base, self.tuned = base, tuned
        self.targets, self.spaces = (*base.targets, f"taught {target}"), base.spaces

    def targets_in(self, space: str) -> tuple[str, ...]:
        """As of the base."""
        return self.base.targets_in(space)

    def scale(self, space: str, target: str) -> LogScale:
        """As of the base."""
        return self.base.scale(space, target)

    def forward(self, codes: Codes, signal: Tensor, space: str) -> Tensor:
        """Expected values, the new target last. Shapes: signal [B]; returns [B, T + 1]."""
        return torch.cat([self.base(codes, signal, space), self.tuned(codes, signal, space)], dim=1)
