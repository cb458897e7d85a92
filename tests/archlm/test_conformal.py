"""Intervals cover what they promise, also where the error depends on the prediction."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.conformal import ConformalBands, widths_by_space


@pytest.mark.parametrize("seed", range(3))
def test_coverage_on_fresh_data(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        predicted = rng.uniform(0, 10, n)
        return predicted, predicted + rng.normal(0.3, 0.1 + predicted / 5)

    bands = ConformalBands.fit(*draw(3000))
    predicted, measured = draw(20000)
    low, middle, high = bands.interval(predicted)
    inside = (low <= measured) & (measured <= high)
    assert 0.885 < inside.mean() < 0.925
    # As good where errors are small as where they are large.
    assert 0.85 < inside[predicted < 2].mean() < 0.95
    assert 0.85 < inside[predicted > 8].mean() < 0.95
    assert np.abs(np.mean(measured > middle) - 0.5) < 0.03


def test_few_networks_give_one_wide_band() -> None:
    predicted = np.arange(20.0)
    bands = ConformalBands.fit(predicted, predicted + np.linspace(-1, 1, 20))
    assert bands.edges == ()
    low, _, high = bands.interval(np.array([5.0]))
    assert (low[0], high[0]) == (4.0, 6.0)
    assert ConformalBands.from_json(bands.to_json()) == bands


def test_widths_let_the_spaces_of_a_task_differ() -> None:
    rng = np.random.default_rng(0)
    wide = np.arange(4000) % 4 == 0
    predicted = rng.uniform(0, 10, 4000)
    measured = predicted + rng.normal(0, np.where(wide, 3.0, 1.0))
    spaces = np.where(wide, "wide", "narrow")
    bands = ConformalBands.fit(predicted, measured)

    def covered(widths: dict[str, float]) -> list[float]:
        low, _, high = bands.interval(predicted, widths_by_space(widths, spaces))
        return [float(((low <= measured) & (measured <= high))[spaces == name].mean()) for name in ("wide", "narrow")]

    misses = bands.misses(predicted, measured)
    assert np.isclose(np.mean(misses <= 1), 0.9, atol=0.02)
    usual = misses.mean()
    shared = covered({})
    own = covered({name: float(misses[spaces == name].mean() / usual) for name in ("wide", "narrow")})
    assert shared[0] < 0.75 < 0.94 < shared[1]
    assert all(0.85 < share < 0.95 for share in own)


def test_equal_predictions_leave_no_bin_empty() -> None:
    predicted = np.repeat([1.0, 2.0], [150, 50])
    measured = predicted + np.linspace(-0.1, 0.1, 200)
    bands = ConformalBands.fit(predicted, measured)
    low, middle, high = bands.interval(np.array([0.5, 1.0, 2.0, 3.0]))
    assert np.isfinite([low, middle, high]).all() and (low < middle).all() and (middle < high).all()


def test_misses_of_bands_without_width_are_finite() -> None:
    predicted = np.arange(100.0)
    bands = ConformalBands.fit(predicted, predicted)
    assert (bands.misses(predicted, predicted) == 0).all()
    assert np.isfinite(bands.misses(predicted, predicted + 1)).all()
