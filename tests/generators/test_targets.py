"""Scales of qualities and costs."""

from __future__ import annotations

import numpy as np
import pytest

from generators.costs import costs, depth
from generators.targets import LogScale, is_quality, normal_scores
from onnx_bench import spaces


def test_normal_scores_keep_the_order_and_only_it() -> None:
    values = np.random.default_rng(0).exponential(size=1000) ** 5
    scores = normal_scores(values)
    assert (np.argsort(scores) == np.argsort(values)).all()
    assert abs(scores.mean()) < 1e-9 and scores.std() == pytest.approx(1.0, abs=0.01)
    assert np.allclose(scores, normal_scores(np.log(values)))


def test_equal_values_have_equal_scores_unless_something_decides() -> None:
    values, ties = np.array([1.0, 2.0, 2.0, 3.0, 2.0]), np.array([0.0, 1.0, 2.0, 0.0, 1.0])
    alone, decided = normal_scores(values), normal_scores(values, ties)
    assert alone[1] == alone[2] == alone[4]
    assert decided[0] < decided[1] == decided[4] < decided[2] < decided[3]


def test_log_scale_goes_both_ways() -> None:
    costs_ = np.array([1e5, 3e5, 2e6])
    scale = LogScale.of(costs_)
    assert np.allclose(scale.to_cost(scale.to_normal(costs_)), costs_)
    assert abs(scale.to_normal(costs_).mean()) < 1e-9


def test_kinds_of_targets() -> None:
    assert is_quality("cifar10") and is_quality("transnas/jigsaw")
    assert not is_quality("params") and not is_quality("latency/raspi4")


def test_depth_counts_layers_on_the_longest_path() -> None:
    space = spaces.get("nasbench201")
    cell = "|{}~0|+|none~0|{}~1|+|skip_connect~0|none~1|{}~2|"
    deep = space.build(cell.format(*["nor_conv_3x3"] * 3), normalised=False)
    flat = space.build(cell.format("none", "none", "none"), normalised=False)
    assert depth(deep) - depth(flat) == 3 * 15  # three stages of five cells
    assert costs(deep)["params"] == deep.params and costs(deep)["macs"] == deep.macs
