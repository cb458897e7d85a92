"""What is learnt from features alone: trees, and a Gaussian process where few networks were measured."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.members import feature_model
from archlm.members.feature_model import FeatureModel
from archlm.members.feature_process import FeatureProcess
from encoders.features import NAMES
from onnx_bench.arrays import Floats


def networks(count: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Features, and values that rise with two of them. Shapes: [B, F], [B]."""
    features = np.random.default_rng(seed).normal(size=(count, len(NAMES)))
    return features, 70.0 + 2.0 * features[:, 0] + np.tanh(features[:, 1])


def error(predicted: Floats, values: Floats) -> float:
    return float(np.abs(predicted - values).mean())


def test_few_networks_are_answered_by_trees_and_a_process_better_than_by_trees() -> None:
    features, values = networks(150)
    fresh, truth = networks(100, seed=1)
    model = FeatureModel.fit(features, values)
    assert model.process is not None
    np.testing.assert_allclose(
        model.score(fresh), 0.5 * (model.trees.score(fresh) + model.process.score(fresh)), rtol=1e-12
    )
    assert error(model.predict(fresh), truth) < error(model.trees.predict(fresh), truth)


def test_many_networks_are_left_to_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feature_model, "FEW", 100)
    features, values = networks(120)
    model = FeatureModel.fit(features, values)
    assert model.process is None
    np.testing.assert_array_equal(model.score(features), model.trees.score(features))


def test_contributions_are_the_way_from_the_mean_network() -> None:
    features, values = networks(150)
    process = FeatureProcess.fit(features, (values - values.mean()) / values.std())
    moved = process.contributions(features[:20])
    way = process.score(features[:20]) - process.score(process.centre[None])
    np.testing.assert_allclose(moved.sum(axis=1), way, atol=1e-3)
    assert np.abs(moved).mean(axis=0).argmax() == 0


def test_a_process_comes_back_and_must_fit_together() -> None:
    features, values = networks(40)
    process = FeatureProcess.fit(features, values)
    arrays = process.to_arrays()
    np.testing.assert_array_equal(FeatureProcess.from_arrays(arrays).score(features), process.score(features))
    for name in ("inputs", "factor", "weights"):
        with pytest.raises(ValueError, match=r"of a process|weights of"):
            FeatureProcess.from_arrays(arrays | {name: arrays[name][..., :-1]})
    for wrong in ({"level": np.array(np.nan)}, {"kernels": np.zeros_like(arrays["kernels"])}):
        with pytest.raises(ValueError, match=r"not finite|not positive"):
            FeatureProcess.from_arrays(arrays | wrong)


def test_what_does_not_vary_says_nothing() -> None:
    features, values = networks(40)
    features[:, 2] = 1.0
    process = FeatureProcess.fit(features, values)
    moved = features.copy()
    moved[:, 2] = 1e9
    np.testing.assert_array_equal(process.score(moved), process.score(features))
