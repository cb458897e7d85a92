"""The blend listens to each member as much as it deserves."""

from __future__ import annotations

import json

import numpy as np
import pytest

from archlm.members.blend import MEMBERS, Blend, blend_by_space, error_moments
from onnx_bench.arrays import Floats


@pytest.fixture
def target() -> Floats:
    return np.random.default_rng(0).normal(size=2000)


def members(target: Floats, *noise: float) -> Floats:
    """Scores whose errors are independent, with a deviation for each member. Shapes: [B, M]."""
    rng = np.random.default_rng(1)
    return target[:, None] + rng.normal(size=(len(target), len(noise))) * noise


def fit(scores: Floats, target: Floats) -> Blend:
    return Blend.fit(error_moments(scores, target))


def error(scores: Floats, target: Floats) -> float:
    return float(np.square(scores - target).mean())


@pytest.mark.parametrize("noise", [(0.1, 0.2, 0.3), (3.0, 1.0, 2.0), (5.0, 5.0, 0.01), (0.0, 0.0, 0.0)])
def test_weights_are_shares(target: Floats, noise: tuple[float, ...]) -> None:
    weights = fit(members(target, *noise), target).weights
    assert len(weights) == len(MEMBERS)
    assert sum(weights) == pytest.approx(1) and min(weights) >= 0


@pytest.mark.parametrize("best", range(len(MEMBERS)))
def test_finds_the_best_member(target: Floats, best: int) -> None:
    noise = [4.0] * len(MEMBERS)
    noise[best] = 0.1
    weights = fit(members(target, *noise), target).weights
    assert weights == tuple(float(place == best) for place in range(len(MEMBERS)))


def test_two_noisy_members_beat_either(target: Floats) -> None:
    scores = members(target, 0.5, 6.0, 0.5)
    seen, unseen = slice(0, 1000), slice(1000, None)
    blend = fit(scores[seen], target[seen])
    assert blend.weights == pytest.approx((0.5, 0.0, 0.5), abs=0.11)
    single = min(error(scores[unseen, member], target[unseen]) for member in range(len(MEMBERS)))
    assert error(blend.score(scores[unseen]), target[unseen]) < 0.7 * single


def test_errors_that_agree_do_not_cancel(target: Floats) -> None:
    """A member that repeats another's errors adds nothing; a worse one with errors of its own does."""
    scores = members(target, 0.5, 0.6, 0.7)
    scores[:, 1] = target + 1.2 * (scores[:, 0] - target)
    weights = fit(scores, target).weights
    assert weights[1] == 0 and weights[2] >= 0.2


def test_no_weights_in_tenths_are_better(target: Floats) -> None:
    scores = members(target, 0.5, 0.8, 1.1)
    best = error(fit(scores, target).score(scores), target)
    for first in range(11):
        for second in range(11 - first):
            other = Blend((first / 10, second / 10, (10 - first - second) / 10))
            assert best <= error(other.score(scores), target) + 1e-9


def test_score_is_the_weighted_mean() -> None:
    found = Blend((0.5, 0.3, 0.2)).score(np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 10.0]]))
    assert found == pytest.approx([1.7, 1.7])


def test_moments_give_the_error_of_every_blend(target: Floats) -> None:
    scores = members(target, 0.5, 1.0, 2.0)
    moments, weights = error_moments(scores, target), np.array([0.2, 0.5, 0.3])
    assert weights @ moments @ weights == pytest.approx(error(scores @ weights, target))
    assert error_moments(scores[:0], target[:0]).tolist() == np.zeros((3, 3)).tolist(), "no networks, no errors"


def test_each_space_has_its_blend() -> None:
    blends = {"cells": Blend((1.0, 0.0, 0.0)), "modules": Blend((0.0, 0.0, 1.0)), "unused": Blend((0.0, 1.0, 0.0))}
    scores = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    spaces = np.array(["cells", "modules", "cells"])
    assert blend_by_space(blends, scores, spaces).tolist() == [1.0, 6.0, 7.0]
    with pytest.raises(KeyError):
        blend_by_space(blends, scores[:1], np.array(["elsewhere"]))


def test_round_trip_through_json() -> None:
    blend = Blend((0.5, 0.3, 0.2))
    body = json.loads(json.dumps(blend.to_json()))
    assert body == {"features": 0.5, "graph": 0.3, "text": 0.2}
    assert Blend.from_json(dict(reversed(body.items()))) == blend, "by name, not by order"
