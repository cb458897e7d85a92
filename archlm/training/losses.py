"""The two losses of the neural members: ranking first, then a weighted regression."""

from __future__ import annotations

import torch
from torch import Tensor

TOP_WEIGHT = 1.0
"""How much more a network at the top of its task weighs than one at the bottom."""


def ranking_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Pairwise logistic loss (RankNet, Burges et al. 2005) over the pairs of a batch, pairs weighed by their distance.

    Shapes:
        scores, targets: [B, T]; a target that was not measured is NaN. All of one search space, so that only
            differences within a space are learnt.
        returns: scalar; 0 where no pair can be compared.
    """
    gap = targets[:, None] - targets[None]
    better = gap > 0  # NaN compares as false
    weight = torch.where(better, gap, torch.zeros(())).clamp_max(1.0)
    loss = torch.nn.functional.softplus(scores[None] - scores[:, None])
    return (weight * loss).sum() / weight.sum().clamp_min(1e-6)


def weighted_regression_loss(scores: Tensor, targets: Tensor) -> Tensor:
    """Squared error in normal scores, the better half of a task weighing more.

    Shapes:
        scores, targets: [B, T]; a target that was not measured is NaN.
        returns: scalar; 0 where nothing was measured.
    """
    known = ~targets.isnan()
    wanted = targets.nan_to_num(0.0)
    weight = (1.0 + TOP_WEIGHT * torch.sigmoid(wanted)) * known
    return (weight * (scores - wanted) ** 2).sum() / weight.sum().clamp_min(1e-6)
