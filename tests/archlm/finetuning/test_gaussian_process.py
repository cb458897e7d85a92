"""The process against scikit-learn, and against what a process must do."""

from __future__ import annotations

import numpy as np

from archlm.finetuning.gaussian_process import BlockScale, GaussianProcess
from archlm.finetuning.sample import Sample
from archlm.finetuning.selection import ALL
from tests.archlm.finetuning.samples import made_up, quality


def test_answers_are_those_of_scikit_learn() -> None:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

    sample, fresh = made_up(25), made_up(10, seed=1)
    target = quality(sample)
    found = GaussianProcess.fit(sample, target, ALL)
    kernel = (
        ConstantKernel(found.linear, "fixed") * DotProduct(1e-6, "fixed")
        + ConstantKernel(found.smooth, "fixed") * Matern(found.length, "fixed", nu=1.5)
        + WhiteKernel(found.noise, "fixed")
    )
    other = GaussianProcessRegressor(kernel).fit(found.scale.apply(sample), (target - found.mean) / found.spread)
    mean, deviation = other.predict(found.scale.apply(fresh), return_std=True)
    np.testing.assert_allclose(found.predict(fresh), found.mean + found.spread * mean, rtol=1e-6)
    np.testing.assert_allclose(found.deviation(fresh), found.spread * deviation, rtol=1e-4)


def test_it_learns_from_every_block() -> None:
    sample, fresh = made_up(150), made_up(60, seed=1)
    error = GaussianProcess.fit(sample, quality(sample), ALL).predict(fresh) - quality(fresh)
    assert np.std(error) < 0.7 * np.std(quality(fresh))


def test_far_away_it_is_less_sure() -> None:
    sample = made_up(40)
    process = GaussianProcess.fit(sample, quality(sample), ALL)
    away = Sample({name: block + 5.0 for name, block in sample.blocks.items()})
    assert np.median(process.deviation(away)) > 1.2 * np.median(process.deviation(sample))
    assert process.typical_deviation > 0


def test_blocks_count_the_same_however_wide() -> None:
    sample = made_up(200)
    points = BlockScale.fit(sample, ALL).apply(sample)
    widths = [sample.blocks[name].shape[1] for name in ALL]
    parts = np.split(points, np.cumsum(widths)[:-1], axis=1)
    for part in parts:
        assert np.isclose(np.square(part).sum(axis=1).mean(), 1.0, atol=0.05)


def test_what_does_not_vary_among_the_labelled_says_nothing() -> None:
    sample = made_up(20)
    sample.blocks["features"][:, 3] = 2.0
    process = GaussianProcess.fit(sample, quality(sample), ALL)
    moved = Sample({name: block.copy() for name, block in sample.blocks.items()})
    moved.blocks["features"][:, 3] = 1e9
    np.testing.assert_array_equal(process.predict(moved), process.predict(sample))


def test_arrays_round_trip() -> None:
    sample = made_up(12)
    process = GaussianProcess.fit(sample, quality(sample), ("size", "vectors"))
    back = GaussianProcess.from_arrays(process.to_arrays(), ("size", "vectors"))
    np.testing.assert_array_equal(back.predict(sample), process.predict(sample))
    np.testing.assert_array_equal(back.deviation(sample), process.deviation(sample))
