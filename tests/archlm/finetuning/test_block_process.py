"""The process against scikit-learn, and against what a process must do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

from archlm.finetuning.block_process import BlockProcess, BlockScale
from archlm.finetuning.sample import FEATURES, Sample
from archlm.finetuning.selection import ALL
from archlm.members import gaussian_process
from archlm.members.gaussian_process import KERNELS, NOISES, Explanation, Kernel
from encoders.decorrelation import decorrelation
from encoders.features import NAMES
from tests.archlm.finetuning.samples import made_up, quality


def library(kernel: Kernel, noise: float, variance: float) -> GaussianProcessRegressor:
    """The same kernel in scikit-learn."""
    return GaussianProcessRegressor(
        ConstantKernel(variance * max(kernel.linear, 1e-12), "fixed") * DotProduct(1e-6, "fixed")
        + ConstantKernel(variance * max(1 - kernel.linear, 1e-12), "fixed") * Matern(kernel.length, "fixed", nu=1.5)
        + WhiteKernel(variance * noise, "fixed"), optimizer=None,
    )  # fmt: skip


@pytest.mark.parametrize("kernel", [Kernel(0.0, 1.0), Kernel(0.25, 2.0), Kernel(1.0, 1.0)])
def test_answers_of_one_kernel_are_those_of_scikit_learn(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussian_process, "KERNELS", (kernel,))
    monkeypatch.setattr(gaussian_process, "NOISES", np.array([0.3]))
    sample, fresh = made_up(25), made_up(10, seed=1)
    target = quality(sample)
    found = BlockProcess.fit(sample, target, ALL)
    process = found.process
    other = library(kernel, 0.3, process.variance[0]).fit(process.inputs, (target - process.mean) / process.spread)
    points = found.scale.apply(fresh) / np.sqrt(len(ALL))
    mean, deviation = other.predict(points, return_std=True)
    np.testing.assert_allclose(found.predict(fresh), process.mean + process.spread * mean, rtol=1e-6)
    np.testing.assert_allclose(found.deviation(fresh), process.spread * deviation, rtol=1e-4)


def test_kernels_are_weighed_by_the_likelihood_of_scikit_learn() -> None:
    """With the variance that explains the labels best, which differs from the integral by what kernels share."""
    sample = made_up(25)
    process = BlockProcess.fit(sample, quality(sample), ALL).process
    target = (quality(sample) - process.mean) / process.spread
    ours, theirs = [], []
    for kernel in KERNELS:
        one = Explanation.of(kernel, process.inputs, target)
        for noise, variance, evidence in zip(NOISES, one.variance, one.evidence, strict=True):
            other = library(kernel, noise, variance).fit(process.inputs, target)
            ours.append(evidence)
            theirs.append(other.log_marginal_likelihood_value_)
    np.testing.assert_allclose(np.array(ours) - ours[0], np.array(theirs) - theirs[0], atol=1e-5)
    likely = np.exp(np.array(ours) - max(ours)).reshape(len(KERNELS), len(NOISES))
    places = [KERNELS.index(kernel) for kernel in process.kernels]
    np.testing.assert_allclose(process.masses, likely[places] / likely[places].sum(), rtol=1e-9)
    assert likely[places].sum() > 0.8 * likely.sum() and len(places) < len(KERNELS)


def test_what_it_says_of_labels_it_has_not_seen_is_what_fits_without_them_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaussian_process, "KERNELS", (Kernel(0.25, 2.0),))
    monkeypatch.setattr(gaussian_process, "NOISES", np.array([0.3]))
    sample = made_up(12)
    process = BlockProcess.fit(sample, quality(sample), ALL).process
    target = (quality(sample) - process.mean) / process.spread
    doubts = []
    for place in range(len(target)):
        others = np.arange(len(target)) != place
        other = library(process.kernels[0], 0.3, process.variance[0]).fit(process.inputs[others], target[others])
        doubts.append(other.predict(process.inputs[[place]], return_std=True)[1][0])
    assert process.typical_deviation == pytest.approx(process.spread * np.median(doubts), rel=1e-5)


def test_many_labels_choose_their_kernels_by_some(monkeypatch: pytest.MonkeyPatch) -> None:
    sample, fresh = made_up(150), made_up(60, seed=1)
    whole = BlockProcess.fit(sample, quality(sample), ALL)
    monkeypatch.setattr(gaussian_process, "_JUDGES", 60)
    some = BlockProcess.fit(sample, quality(sample), ALL)
    assert some.process.inputs.shape == whole.process.inputs.shape and some.process.weights.shape[-1] == 150
    assert np.corrcoef(some.predict(fresh), whole.predict(fresh))[0, 1] > 0.98


def test_it_learns_from_every_block() -> None:
    sample, fresh = made_up(150), made_up(60, seed=1)
    error = BlockProcess.fit(sample, quality(sample), ALL).predict(fresh) - quality(fresh)
    assert np.std(error) < 0.7 * np.std(quality(fresh))


def test_far_away_it_is_less_sure() -> None:
    sample = made_up(40)
    process = BlockProcess.fit(sample, quality(sample), ALL)
    away = Sample({name: block + 5.0 for name, block in sample.blocks.items()})
    assert np.median(process.deviation(away)) > 1.2 * np.median(process.deviation(sample))
    assert process.process.typical_deviation > 0


def test_blocks_count_the_same_however_wide() -> None:
    sample = made_up(200)
    points = BlockScale.fit(sample, ALL).apply(sample)
    widths = [sample.blocks[name].shape[1] for name in ALL]
    parts = np.split(points, np.cumsum(widths)[:-1], axis=1)
    for part in parts:
        assert np.isclose(np.square(part).sum(axis=1).mean(), 1.0, atol=0.05)


def test_features_that_go_together_count_less_often() -> None:
    """A feature beside five copies of another one: by itself it is a sixth of a distance, decorrelated more."""
    numbers = np.random.default_rng(0).normal(size=(200, 2))
    features = np.zeros((200, len(NAMES)))
    features[:, :5], features[:, 5] = numbers[:, :1], numbers[:, 1]
    sample = replace(made_up(200), blocks={FEATURES: features})
    plain = BlockScale.fit(sample, [FEATURES]).apply(sample)
    turned = BlockScale.fit(replace(sample, decorrelation=decorrelation([features])), [FEATURES]).apply(sample)
    share = [np.square(points[:, 5]).sum() / np.square(points).sum() for points in (plain, turned)]
    assert share[0] == pytest.approx(1 / 6) and share[1] > 0.25


def test_what_does_not_vary_among_the_labelled_says_nothing() -> None:
    sample = made_up(20)
    sample.blocks["features"][:, 3] = 2.0
    process = BlockProcess.fit(sample, quality(sample), ALL)
    moved = Sample({name: block.copy() for name, block in sample.blocks.items()})
    moved.blocks["features"][:, 3] = 1e9
    np.testing.assert_array_equal(process.predict(moved), process.predict(sample))


def test_arrays_round_trip() -> None:
    sample = made_up(12)
    process = BlockProcess.fit(sample, quality(sample), ("size", "vectors"))
    back = BlockProcess.from_arrays(process.to_arrays(), ("size", "vectors"))
    np.testing.assert_array_equal(back.predict(sample), process.predict(sample))
    np.testing.assert_array_equal(back.deviation(sample), process.deviation(sample))
