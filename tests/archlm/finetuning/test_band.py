"""The interval of a fine-tuned task holds what it says of fresh networks, and its picture says so."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.conformal import CONFORMAL_LEAST, LEVEL
from archlm.finetuning.finetuned import _band
from archlm.finetuning.report import LEVELS, held, inside_bands


@pytest.mark.parametrize("count", [CONFORMAL_LEAST, 60, 100])
def test_the_band_holds_what_it_says_of_fresh_residuals(count: int) -> None:
    rng, inside = np.random.default_rng(count), []
    for _ in range(300):
        low, _, high = _band(rng.standard_t(4, count))
        fresh = rng.standard_t(4, 1000)
        inside.append(np.mean((low <= fresh) & (fresh <= high)))
    assert abs(np.mean(inside) - LEVEL) < 0.01
    low, high = held(count)
    assert 0.84 < np.mean([low <= share <= high for share in inside]) < 0.97


@pytest.mark.parametrize("count", [20, 45])
def test_the_picture_of_calibration_shows_no_fault_where_there_is_none(count: int) -> None:
    rng = np.random.default_rng(count)
    shares = np.mean([inside_bands(rng.normal(size=count)) for _ in range(300)], axis=0)
    assert abs(shares[-1] - LEVELS[-1]) < 0.02
