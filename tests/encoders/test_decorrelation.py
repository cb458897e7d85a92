"""How features go together within spaces."""

from __future__ import annotations

import numpy as np
import pytest

from encoders.decorrelation import decorrelation
from onnx_bench.arrays import Floats


def drawn(covariance: list[list[float]], seed: int = 0) -> Floats:
    """Features of 4,000 networks."""
    return np.random.default_rng(seed).multivariate_normal(np.zeros(len(covariance)), covariance, 4000)


def test_half_of_a_correlation_is_taken_out() -> None:
    features = drawn([[1.0, 0.8, 0.0], [0.8, 1.0, 0.0], [0.0, 0.0, 1.0]])
    turned = features @ decorrelation([features])
    before, after = np.linalg.eigvalsh(np.cov(features.T)), np.linalg.eigvalsh(np.cov(turned.T))
    np.testing.assert_allclose(after / after.sum(), np.sqrt(before) / np.sqrt(before).sum(), rtol=0.03)
    assert after.sum() == pytest.approx(before.sum(), rel=0.03)
    assert 0.3 < np.corrcoef(turned.T)[0, 1] < 0.6


def test_scales_and_levels_of_spaces_do_not_matter() -> None:
    one, other = drawn([[1.0, 0.5], [0.5, 1.0]]), drawn([[1.0, -0.2], [-0.2, 1.0]], seed=1)
    moved = other * np.array([1e-3, 1e4]) + 7.0
    np.testing.assert_allclose(decorrelation([one, other]), decorrelation([one, moved]), rtol=1e-9)


def test_where_a_feature_does_not_vary_says_nothing_of_it() -> None:
    features = drawn([[1.0, 0.6, 0.3], [0.6, 1.0, 0.1], [0.3, 0.1, 1.0]])
    without = features.copy()
    without[:, 0] = 3.0
    full, some = decorrelation([features]), decorrelation([features, without])
    assert np.corrcoef(full[0], some[0])[0, 1] > 0.99
    never = decorrelation([without])
    assert np.count_nonzero(never[0]) == 1 and never[0, 0] == pytest.approx(1.0, abs=0.05)


def test_repeated_features_are_told_apart_from_one_but_not_blown_up() -> None:
    features = drawn([[1.0, 0.0], [0.0, 1.0]])
    doubled = np.concatenate([features[:, :1]] * 5 + [features[:, 1:]], axis=1)
    turned = doubled @ decorrelation([doubled])
    assert np.isfinite(turned).all()
    shares = np.square(turned).mean(axis=0)
    assert shares[:5].sum() / shares[5] < 0.5 * 5, "five copies of a feature count less than five features"
