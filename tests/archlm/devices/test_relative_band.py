"""Bands cover what they promise, few measurements or many."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.devices.relative_band import RelativeBand


@pytest.mark.parametrize("count", [5, 12, 39, 40, 400])
def test_coverage(count: int) -> None:
    rng, inside = np.random.default_rng(count), []
    for _ in range(200):
        predicted = rng.uniform(1, 100, count + 50)
        measured = predicted * np.exp(0.1 * rng.normal(size=count + 50))
        low, _, high = RelativeBand.fit(predicted[:count], measured[:count]).interval(predicted[count:])
        inside.append(np.mean((low <= measured[count:]) & (measured[count:] <= high)))
    assert 0.88 < np.mean(inside) < 0.96


def test_ends_are_above_zero_however_few_and_wrong() -> None:
    band = RelativeBand.fit(np.array([1.0, 10.0, 100.0]), np.array([10.0, 1.0, 1000.0]))
    assert 0 < band.low < 1 < band.high < np.inf
    assert RelativeBand.from_json(band.to_json()) == band


@pytest.mark.parametrize("count", [3, 40])
def test_factors_stay_numbers_whatever_was_measured(count: int) -> None:
    measured = np.resize([1e-140, 1.0, 1e140], count)
    band = RelativeBand.fit(np.ones(count), measured)
    assert 0 < band.low < 1 < band.high < np.inf
