"""From values to what is fitted, and back."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.finetuning.target_scale import MANY, TargetScale


@pytest.mark.parametrize("count", [5, MANY - 1, MANY, 200])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_values_come_back(count: int, logarithmic: bool) -> None:
    values = np.exp(np.random.default_rng(count).normal(2.0, 0.3, count))
    scale = TargetScale.fit(values, logarithmic)
    scores = scale.to_scores(values)
    assert (np.argsort(scores) == np.argsort(values)).all()
    inside = np.abs(scores) < scale.limit
    assert inside.mean() > 0.7
    tolerance = 0.25 if count >= MANY else 1e-9  # knots stand between the ranks of a sample
    np.testing.assert_allclose(scale.to_values(scores[inside]), values[inside], rtol=tolerance)


@pytest.mark.parametrize("count", [6, 50])
def test_a_better_network_than_all_measured_can_be_predicted(count: int) -> None:
    values = np.random.default_rng(0).normal(50.0, 5.0, count)
    scale = TargetScale.fit(values, logarithmic=False)
    top = scale.to_scores(np.array([values.max()]))
    assert scale.to_values(top + 0.5)[0] > values.max()
    assert scale.to_values(-top - 5.0)[0] < values.min()


def test_one_failed_training_hardly_moves_the_rest() -> None:
    values = np.array([90.0, 91.0, 92.0, 93.0, 94.0, 94.5])
    scores = TargetScale.fit(values, logarithmic=False).to_scores(values)
    failed = np.append(values, 10.0)
    found = TargetScale.fit(failed, logarithmic=False).to_scores(failed)
    assert found[-1] >= -3.0
    assert np.ptp(found[:-1]) > 0.6 * np.ptp(scores)


def test_costs_stay_positive() -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    scale = TargetScale.fit(values, logarithmic=True)
    assert (scale.to_values(np.linspace(-20, 20, 9)) > 0).all()


def test_json_round_trip() -> None:
    scale = TargetScale.fit(np.random.default_rng(1).normal(size=40), logarithmic=False)
    assert TargetScale.from_json(scale.to_json()) == scale


def test_ties_do_not_break_the_order() -> None:
    values = np.repeat([1.0, 2.0, 3.0], 10)
    scale = TargetScale.fit(values, logarithmic=False)
    assert np.isfinite(scale.to_scores(values)).all() and np.isfinite(scale.to_values(np.linspace(-4, 4, 50))).all()
    assert (np.diff(scale.to_values(np.linspace(-4, 4, 50))) >= 0).all()


@pytest.mark.parametrize("count", [1, MANY - 1, MANY, 30])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_labels_that_are_all_the_same_are_predicted_as_they_are(count: int, logarithmic: bool) -> None:
    scale = TargetScale.fit(np.full(count, 90.0), logarithmic)
    assert scale.to_scores(np.array([90.0])) == 0
    assert scale.to_values(np.zeros(1)) == pytest.approx(90)
    assert np.isfinite(scale.to_scores(np.array([1.0, 91.0]))).all()


@pytest.mark.filterwarnings("error")
def test_labels_far_apart_have_no_infinite_answers() -> None:
    scale = TargetScale.fit(np.geomspace(1e-100, 1e100, 5), logarithmic=True)
    found = scale.to_values(np.array([-20.0, 20.0]))
    assert 0 < found[0] < 1e-100 and 1e100 < found[1] < np.inf
