"""Fewer labels would have left larger errors, and the curve says how much larger."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.finetuning.learning_curve import LEAST, LearningCurve
from archlm.finetuning.selection import CHOSEN, Candidates, choose
from tests.archlm.finetuning.samples import made_up, quality

TASK = np.zeros(4, np.float32)


@pytest.mark.parametrize(("labels", "points"), [(5, (4,)), (14, (5, 11)), (50, (5, 10, 20, 40))])
def test_each_point_has_half_of_the_labels_of_the_next(labels: int, points: tuple[int, ...]) -> None:
    sample = made_up(labels)
    values = quality(sample)
    candidates = Candidates.suited(labels, (), TASK, threads=1)
    choice = choose(candidates, sample, values, logarithmic=False)
    told: list[str] = []
    curve = LearningCurve.of(candidates, choice, sample, values, logarithmic=False, progress=told.append)
    assert curve.labels == points and min(points) >= min(LEAST, labels - 1)
    assert all(f"learning curve, {part} labels" in told for part in points[:-1])
    assert LearningCurve.from_json(curve.to_json()) == curve


def test_the_error_falls_to_that_of_cross_validation() -> None:
    sample = made_up(80)
    values = quality(sample)
    candidates = Candidates.suited(80, (), TASK, threads=1).only(["gaussian process, sizes", "gaussian process"])
    choice = choose(candidates, sample, values, logarithmic=False, seed=3)
    curve = LearningCurve.of(candidates, choice, sample, values, logarithmic=False, seed=3)
    assert curve.labels == (8, 16, 32, 64)
    assert curve.errors[0] > curve.errors[-1] and max(curve.errors) < 2
    assert curve.errors[-1] == pytest.approx(choice.errors[CHOSEN])
