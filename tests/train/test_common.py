"""Splits that do not leak, and correlations worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from train.common import group_folds, kendall, one_per_group, partial_spearman, replace_parts, spearman


def test_folds_keep_groups_together_and_cover_all() -> None:
    groups = np.array([f"g{i % 37}" for i in range(200)])
    masks = list(group_folds(groups, 5, seed=1))
    assert (np.sum(masks, axis=0) == 1).all()
    for mask in masks:
        assert not set(groups[mask]) & set(groups[~mask])


def test_one_per_group() -> None:
    groups = np.array(["a", "a", "b", "c", "c"])
    rows = one_per_group(groups, np.random.default_rng(0), 10)
    assert sorted(groups[rows]) == ["a", "b", "c"]
    assert len(one_per_group(groups, np.random.default_rng(0), 2)) == 2


def test_correlations() -> None:
    a = np.array([1.0, 2, 3, 4])
    assert spearman(a, a**3) == kendall(a, a**3) == pytest.approx(1)
    assert spearman(a, np.ones(4)) == 0.0
    assert kendall(a, np.array([1.0, 2, 4, 3])) == pytest.approx(4 / 6)


def test_partial_correlation_sees_only_what_is_new() -> None:
    rng = np.random.default_rng(0)
    size, skill = rng.normal(size=(2, 4000))
    values = size + skill
    assert abs(partial_spearman(size + 0.01 * rng.normal(size=4000), values, size)) < 0.05
    assert partial_spearman(size + skill, values, size) == pytest.approx(1)
    assert 0.5 < partial_spearman(size + skill + rng.normal(size=4000), values, size) < 0.8


def test_a_part_of_a_table_is_written_among_the_others() -> None:
    before = pd.DataFrame({"space": ["b", "a", "a"], "labels": [9, 9, None], "tau": [0.1, 0.2, 1.0]})
    fresh = pd.DataFrame({"space": ["a", "a"], "labels": [9, None], "tau": [0.3, 2.0]})
    found = replace_parts(before, fresh, ["space", "labels"])
    assert found[["space", "tau"]].to_numpy().tolist() == [["a", 0.3], ["a", 2.0], ["b", 0.1]]
