"""Guidance: which values to prefer at each step, by the gradient of an objective over noisy graphs.

First-order discrete guidance: the log-probability of a value is raised by what the objective would gain from it, to
first order (Nisonoff et al., Unlocking Guidance for Discrete State-Space Diffusion, ICLR 2025, arXiv:2406.01572).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generators.codes import Codes

Objective = Callable[[Codes, Tensor, str], Tensor]
"""`(codes, signal, space)` to a value for each of B graphs, more being better; differentiable in the codes."""


@dataclass(frozen=True)
class ScoreObjective:
    """A weighted sum of targets, less what exceeds budgets.

    Attributes:
        score: Expects the targets.
        weights: Of each target; positive where more is better. Shapes: [T] or [B, T].
        budgets: Most that targets may be, on the scale of the space.
        penalty: What a unit beyond a budget costs.
    """

    score: Callable[[Codes, Tensor, str], Tensor]
    weights: Tensor
    budgets: Mapping[int, float]
    penalty: float = 3.0

    def __call__(self, codes: Codes, signal: Tensor, space: str) -> Tensor:
        found = self.score(codes, signal, space)
        value = (found * self.weights).sum(dim=1)
        for place, most in self.budgets.items():
            # The smooth margin keeps off the budget, for what is expected of a noisy graph is not yet certain.
            excess = torch.nn.functional.softplus((found[:, place] - most) * 8) / 8
            value = value - self.penalty * excess
        return value


def gradient(objective: Objective, codes: Codes, signal: Tensor, space: str) -> Codes:
    """What the objective gains, to first order, from every value and every edge. Shapes: as the codes."""
    nodes = codes.nodes.detach().requires_grad_()
    edges = codes.edges.detach().requires_grad_()
    with torch.enable_grad():
        value = objective(Codes(nodes, edges), signal, space).sum()
        # An objective need not look at both.
        by_nodes, by_edges = torch.autograd.grad(value, (nodes, edges), allow_unused=True, materialize_grads=True)
    return Codes(by_nodes, by_edges)
