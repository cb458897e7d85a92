"""The two losses of the neural members: ranking first, then a weighted regression."""

from __future__ import annotations

import torch
from torch import Tensor

TOP_WEIGHT = 1.0
"""How much more a network at the top of its task weighs than one at the bottom."""
_LEAST_VARIANCE = 0.1
"""Of the targets of a space, in normal scores of the task over all its spaces: errors are not blown up beyond it."""


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
    """Squared error in normal scores as a share of the variance of the batch, the better half of a task weighing more.

    A space whose networks lie close together among all those of a task would otherwise hardly be learnt.

    Shapes:
        scores, targets: [B, T]; a target that was not measured is NaN. All of one search space.
        returns: scalar; 0 where nothing was measured.
    """
    known = ~targets.isnan()
    wanted = targets.nan_to_num(0.0)
    count = known.sum(0).clamp_min(1)
    mean = wanted.sum(0) / count
    variance = ((wanted - mean) ** 2 * known).sum(0) / count
    weight = (1.0 + TOP_WEIGHT * torch.sigmoid(wanted)) * known
    error = (scores - wanted) ** 2 / variance.clamp_min(_LEAST_VARIANCE)
    return (weight * error).sum() / weight.sum().clamp_min(1e-6)
