"""The losses against values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, log

import pytest
import torch
from torch import Tensor

from archlm.training.losses import TOP_WEIGHT, ranking_loss, weighted_regression_loss

NAN = float("nan")
Loss = Callable[[Tensor, Tensor], Tensor]
BOTH = pytest.mark.parametrize("loss", [ranking_loss, weighted_regression_loss])


def column(*values: float) -> Tensor:
    """One task. Shapes: [B, 1]."""
    return torch.tensor(values)[:, None]


def softplus(x: float) -> float:
    return log(1 + exp(x))


def test_ranking_of_one_pair() -> None:
    assert ranking_loss(column(2.0, 0.5), column(1.0, 0.0)).item() == pytest.approx(softplus(-1.5))
    assert ranking_loss(column(2.0, 0.5), column(0.0, 0.1)).item() == pytest.approx(softplus(1.5))


def test_ranking_weighs_pairs_by_their_distance_up_to_one() -> None:
    scores, targets = column(0.3, -0.2, 1.0), column(0.0, 0.5, 3.0)
    pairs = [(0.5, softplus(0.3 + 0.2)), (1.0, softplus(0.3 - 1.0)), (1.0, softplus(-0.2 - 1.0))]
    expected = sum(weight * loss for weight, loss in pairs) / 2.5
    assert ranking_loss(scores, targets).item() == pytest.approx(expected)


def test_ranking_compares_within_a_task_alone() -> None:
    scores, targets = torch.tensor([[1.0, 5.0], [0.0, 7.0]]), torch.tensor([[1.0, 9.0], [0.0, 9.0]])
    assert ranking_loss(scores, targets).item() == pytest.approx(softplus(-1.0)), "the second task is a tie"


def test_ranking_heeds_differences_alone() -> None:
    scores, targets = torch.randn(6, 2), torch.randn(6, 2)
    torch.testing.assert_close(ranking_loss(scores + 40, targets - 3), ranking_loss(scores, targets))


def test_regression_counts_errors_as_shares_of_the_variance_down_to_a_tenth() -> None:
    wide, narrow = column(-2.0, 2.0), column(-1.0, 1.0)
    torch.testing.assert_close(weighted_regression_loss(wide * 0, wide), weighted_regression_loss(narrow * 0, narrow))
    close = column(0.01, -0.01)
    assert weighted_regression_loss(close + 1.0, close).item() == pytest.approx(1.0 / 0.1)


def test_regression_weighs_the_better_half_more() -> None:
    low, high = (1 + TOP_WEIGHT / (1 + exp(-y)) for y in (-2.0, 2.0))
    expected = (low * 1.0**2 + high * 0.5**2) / (low + high) / 4.0  # the variance of the targets
    found = weighted_regression_loss(column(-1.0, 1.5), column(-2.0, 2.0))
    assert found.item() == pytest.approx(expected)
    missed_low, missed_high = (
        weighted_regression_loss(column(*scores), column(-2.0, 2.0)) for scores in ((-1.0, 2.0), (-2.0, 1.0))
    )
    assert missed_high > missed_low


@BOTH
def test_what_was_not_measured_is_ignored(loss: Loss) -> None:
    scores = torch.tensor([[0.4, 1.0], [1.2, 2.0], [-0.3, -9.0]], requires_grad=True)
    targets = torch.tensor([[0.0, NAN], [1.0, NAN], [NAN, 0.5]])
    full = loss(scores, targets)
    if loss is ranking_loss:  # the one network measured on the second task has none to be compared with
        torch.testing.assert_close(full, loss(scores[:2, :1], targets[:2, :1]))
    else:
        parts = [(scores[:2, :1], targets[:2, :1]), (scores[2:, 1:], targets[2:, 1:])]
        weights = [(1 + TOP_WEIGHT * torch.sigmoid(wanted)).sum() for _, wanted in parts]
        expected = sum(w * loss(*part) for w, part in zip(weights, parts, strict=True)) / sum(weights)
        torch.testing.assert_close(full, expected)
    full.backward()
    assert scores.grad is not None and scores.grad.isfinite().all()
    assert (scores.grad[targets.isnan()] == 0).all() and (scores.grad[:2, 0] != 0).all()


@BOTH
@pytest.mark.parametrize("targets", [column(NAN, NAN), column(NAN, NAN, NAN), torch.full((2, 0), NAN)], ids=len)
def test_nothing_measured_is_no_loss(loss: Loss, targets: Tensor) -> None:
    assert_no_loss(loss, targets)


@pytest.mark.parametrize("targets", [column(1.0, 1.0), column(1.0, NAN), column(1.0)])
def test_no_pair_is_no_ranking_loss(targets: Tensor) -> None:
    assert_no_loss(ranking_loss, targets)


def assert_no_loss(loss: Loss, targets: Tensor) -> None:
    scores = torch.randn(targets.shape, requires_grad=True)
    found = loss(scores, targets)
    found.backward()
    assert found.item() == 0
    assert scores.grad is not None and (scores.grad == 0).all()


@BOTH
def test_a_better_order_loses_less(loss: Loss) -> None:
    """The same scores, given to the networks in ever worse order."""
    targets = torch.linspace(-2, 2, 8)[:, None]
    swapped = targets[[1, 0, 2, 3, 4, 5, 7, 6]]
    shifted = targets.roll(3, 0)
    losses = [loss(scores, targets).item() for scores in (targets, swapped, shifted, -targets)]
    assert losses[0] < losses[1] < losses[2] < losses[3]


@BOTH
def test_a_step_downhill_improves_the_order(loss: Loss) -> None:
    scores, targets = torch.zeros(3, 1, requires_grad=True), column(-1.0, 0.0, 1.0)
    loss(scores, targets).backward()
    assert scores.grad is not None
    assert (-scores.grad).squeeze().diff().min() > 0
