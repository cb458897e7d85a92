"""`TaughtScore`: a score with more targets, learned from what a predictor says of a sample of one space."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from generators.codes import Codes
from generators.score import NoiseAwareScore
from generators.targets import LinearScale, LogScale


class TaughtScore(nn.Module):
    """A score whose last targets are new; they alone come from a copy that was trained further.

    Args:
        base: Knows all other targets.
        tuned: A copy of it that was taught the new ones, its only outputs.
        target: Name of the new quality; `None` where there is none.
        scales: Of the new targets that are limited or kept low, after it.
    """

    def __init__(
        self, base: NoiseAwareScore, tuned: NoiseAwareScore, target: str | None,
        scales: Mapping[str, LinearScale] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.base, self.tuned, self.scales = base, tuned, dict(scales or {})
        taught = () if target is None else (f"taught {target}",)
        self.targets, self.spaces = (*base.targets, *taught, *self.scales), base.spaces

    def targets_in(self, space: str) -> tuple[str, ...]:
        """As of the base."""
        return self.base.targets_in(space)

    def scale(self, space: str, target: str) -> LogScale | LinearScale:
        """Of a new target, else as of the base."""
        return self.scales[target] if target in self.scales else self.base.scale(space, target)

    def forward(self, codes: Codes, signal: Tensor, space: str) -> Tensor:
        """Expected values, the new targets last. Shapes: signal [B]; returns [B, T + new ones]."""
        return torch.cat([self.base(codes, signal, space), self.tuned(codes, signal, space)], dim=1)
