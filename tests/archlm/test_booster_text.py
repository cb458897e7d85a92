"""Text models: a round trip, and every kind of damage is refused before LightGBM reads it."""

from __future__ import annotations

import re

import lightgbm as lgb
import numpy as np
import pytest

from archlm.booster_text import read_booster, write_booster
from onnx_bench.errors import CheckpointError


@pytest.fixture(scope="module")
def text() -> str:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    data = lgb.Dataset(x, x[:, 0] * 2 + x[:, 1])
    return write_booster(lgb.train({"verbosity": -1, "num_leaves": 7, "num_threads": 1}, data, 5))


def test_round_trip_predicts_the_same(text: str) -> None:
    x = np.random.default_rng(1).normal(size=(50, 4))
    booster = read_booster(text, 4, "model")
    np.testing.assert_array_equal(booster.predict(x), read_booster(write_booster(booster), 4, "model").predict(x))


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"left_child=\S+", "left_child=99", "children do not form a tree"),
        (r"left_child=\S+", "left_child=0", "children do not form a tree"),
        (r"right_child=\S+", "right_child=-77", "children do not form a tree"),
        (r"split_feature=\S+", "split_feature=4", "feature that does not exist"),
        (r"split_feature=\S+", "split_feature=-1", "feature that does not exist"),
        (r"split_feature=\S+", "split_feature=", "differ in length"),
        (r"threshold=\S+", "threshold=", "differ in length"),
        (r"leaf_value=\S+", "leaf_value=", "differ in length"),
        (r"leaf_count=\S+", "leaf_count=", "differ in length"),
        (r"leaf_value=\S+", "leaf_value=nan", "not finite"),
        (r"threshold=\S+", "threshold=1e999", "not finite"),
        (r"shrinkage=\S+", "shrinkage=inf", "not finite"),
        (r"decision_type=\d+", "decision_type=1", "no comparison of numbers"),
        (r"split_feature=\d", "split_feature=0_0", "unreadable"),
        (r"shrinkage=\S+\n", "shrinkage=1\nshrinkage=1\n", "not those of a tree"),
        (r"shrinkage=\S+\n", "shrinkage=1\n\nsplit_feature=99\n", "not those of a tree"),
        (r"shrinkage=\S+\n", "shrinkage=1\nlanguage=1\n", "not those of a tree"),
        (r"shrinkage=\S+\n", "", "not those of a tree"),
        (r"shrinkage=\S+\n", "shrinkage=1\rnum_cat=1\n", "not a LightGBM model"),
        (r"Tree=1", "Tree=2", "tree 1: it is not where it belongs"),
        (r"num_class=1", "num_class=9", "no plain regression trees"),
        (r"objective=regression", "objective=poisson", "no plain regression trees"),
        (r"num_class=1\n", "num_class=1\nnum_class=9\n", "not a LightGBM model"),
        (r"num_class=1\n", "num_class=1\naverage_output=1\n", "not a LightGBM model"),
        (r"feature_names=\S+", "feature_names=", "LightGBM can read"),
        (r"num_leaves=\d+", "num_leaves=1000000000", "leaves"),
        (r"num_leaves=\d+", "num_leaves=x", "unreadable"),
        (r"num_cat=0", "num_cat=1", "categorical"),
        (r"max_feature_idx=3", "max_feature_idx=9", "not a LightGBM model of 4 features"),
        (r"^tree\n", "eert\n", "not a LightGBM model"),
        (r"end of trees", "", "truncated"),
        (r"tree_sizes=\d+", "tree_sizes=", "another number of trees"),
    ],
)
def test_damage_is_named(text: str, pattern: str, replacement: str, message: str) -> None:
    damaged = re.sub(pattern, replacement, text, count=1)
    assert damaged != text
    with pytest.raises(CheckpointError, match=message):
        read_booster(damaged, 4, "model")


@pytest.mark.parametrize(
    ("pattern", "replacement"),
    [(r"(shrinkage=\S+)", r"\1 "), (r"tree_sizes=\d+", "tree_sizes=7"), (r"tree_sizes=\d+", "tree_sizes=99999999")],
)
def test_wrong_offsets_of_trees_are_not_followed(text: str, pattern: str, replacement: str) -> None:
    x = np.random.default_rng(1).normal(size=(50, 4))
    edited = re.sub(pattern, replacement, text, count=1)
    assert edited != text
    np.testing.assert_array_equal(
        read_booster(edited, 4, "model").predict(x), read_booster(text, 4, "model").predict(x)
    )


def test_trees_of_one_leaf_are_read() -> None:
    x = np.zeros((40, 4))
    text = write_booster(lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(x, np.arange(40.0)), 1))
    assert "num_leaves=1\n" in text
    np.testing.assert_allclose(read_booster(text, 4, "model").predict(x), 19.5)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncation_is_refused(text: str, part: float) -> None:
    with pytest.raises(CheckpointError):
        read_booster(text[: int(len(text) * part)], 4, "model")
