"""The rank trees learn a ranking, weigh rows as told, and say what moved the score."""

from __future__ import annotations

import numpy as np
import pytest

from archlm.members.rank_trees import RankTrees, RankTreesConfig
from onnx_bench.arrays import Floats

CONFIG = RankTreesConfig(members=3, rounds=40, min_leaf=5, feature_fraction=0.8)
FEATURES = 6


@pytest.fixture(scope="module")
def table() -> Floats:
    return np.random.default_rng(0).normal(size=(400, FEATURES))


def truth(table: Floats) -> Floats:
    return table[:, 0] - 0.5 * table[:, 1]


@pytest.fixture(scope="module")
def trees(table: Floats) -> RankTrees:
    return fit(table[:300], truth(table[:300]))


def fit(table: Floats, target: Floats, weights: Floats | None = None, seed: int = 0) -> RankTrees:
    weights = np.ones(len(table)) if weights is None else weights
    return RankTrees.fit(table, target, weights, seed=seed, config=CONFIG, threads=1)


def test_ranks_what_it_has_not_seen(trees: RankTrees, table: Floats) -> None:
    assert len(trees.boosters) == CONFIG.members
    assert np.corrcoef(trees.score(table[300:]), truth(table[300:]))[0, 1] > 0.9


def test_alone_as_in_a_batch(trees: RankTrees, table: Floats) -> None:
    score = trees.score(table)
    assert score.shape == (len(table),) and len(np.unique(score)) > 100
    assert [trees.score(table[[i]])[0] for i in (0, 7, 399)] == score[[0, 7, 399]].tolist()


def test_score_is_the_mean_of_different_members(trees: RankTrees, table: Floats) -> None:
    single = np.stack([RankTrees((booster,)).score(table) for booster in trees.boosters])
    np.testing.assert_allclose(single.mean(axis=0), trees.score(table))
    assert np.abs(single[0] - single[1]).max() > 1e-3


def test_seed_decides(trees: RankTrees, table: Floats) -> None:
    again, other = (fit(table[:300], truth(table[:300]), seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.score(table), trees.score(table))
    assert np.abs(other.score(table) - trees.score(table)).max() > 1e-3


def test_contributions_follow_the_score(trees: RankTrees, table: Floats) -> None:
    parts = trees.contributions(table)
    assert parts.shape == table.shape
    base = trees.score(table) - parts.sum(axis=1)
    np.testing.assert_allclose(base, base[0], atol=1e-6)
    assert np.abs(parts).mean(axis=0).argsort()[-2:].tolist() == [1, 0], "what matters in truth matters most"


def test_rows_without_weight_teach_nothing(table: Floats) -> None:
    target = truth(table)
    target[200:] *= -1
    weights = np.repeat([1.0, 0.0], 200)
    for part, shares in ((slice(0, 200), weights), (slice(200, 400), 1 - weights)):
        assert np.corrcoef(fit(table, target, shares).score(table[part]), target[part])[0, 1] > 0.9
